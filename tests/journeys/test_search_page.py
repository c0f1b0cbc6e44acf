"""Somebody searches by the page: by keyboard and mouse, on a desk and on a telephone, in both themes."""

from __future__ import annotations

import os
import re
import threading

import nbformat
import pytest
import torch

from harness import paths
from harness.learner import jupyterlab
from lib.corpus_map import corpus_map
from lib.search_page import serve
from tests.journeys import axe, jupyter

CHROMIUM = jupyter.find_chromium()
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on this machine's PATH"),
]

TELEPHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PASSAGES = [f"Dish {i}. {'Boil the leek with salt. ' * (1 + 60 * (i == 2))}" for i in range(40)] + [
    f"{HOSTILE}. Nothing but {HOSTILE} and leeks."
]
TITLES = [*(f"Dish {i}" for i in range(40)), HOSTILE]


class System:
    """A search that does what its query says."""

    def __init__(self) -> None:
        self.waits, self.goes_on = threading.Event(), threading.Event()

    def __call__(self, query, k):
        if query == "raise":
            raise ValueError("no such dish")
        if query == "none":
            return []
        if query == "wait":
            self.waits.set()
            self.goes_on.wait(60)
        first = 7 if query == "seven" else 0
        return [(40, 0.99), *((first + row, 0.9 - row / 10) for row in range(k - 1))]


@pytest.fixture
def system():
    made = System()
    yield made
    made.goes_on.set()


@pytest.fixture
def served(system):
    vectors = torch.randn(41, 6, generator=torch.Generator().manual_seed(0))
    places = corpus_map(vectors, ["Abnormality of the leek"] * 20 + ["Bread"] * 21)
    examples = ["seven", "none"]
    with serve(system, PASSAGES, TITLES, places=places, title="Food", examples=examples) as page:
        yield page


@pytest.fixture
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox"] if jupyter.AS_ROOT else []
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=options)


class Reader:
    """Somebody who opens the page; what it does wrong is kept."""

    def __init__(self, browser, url: str, size: dict = DESK, scheme: str = "light") -> None:
        context = browser.new_context(viewport=size, color_scheme=scheme)
        context.set_default_timeout(jupyter.ANSWERS_WITHIN_MS)
        context.add_init_script(path=axe.script())  # the page's own policy refuses a script tag
        self.page = context.new_page()
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        self.page.on("dialog", lambda dialog: self.wrong.append(dialog.message))
        self.page.on(
            "request",
            lambda r: None if r.url.startswith((url, "data:")) else self.wrong.append(r.url),
        )
        self.page.goto(url)
        self.page.wait_for_load_state("networkidle")

    def ask(self, query: str) -> None:
        self.page.get_by_label("What are you looking for?").fill(query)
        self.page.keyboard.press("Enter")
        self.settled()

    def settled(self) -> None:
        self.page.wait_for_function(
            "() => !document.body.classList.contains('busy') &&"
            " ![...document.querySelectorAll('.matches')].some(m => m.textContent === '…')"
        )

    def fine(self) -> None:
        """axe finds nothing, nothing scrolls sideways, nothing went wrong."""
        assert self.page.evaluate(axe.FINDS) == []
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert self.wrong == []

    def hits(self) -> list[str]:
        return self.page.locator(".hit h2").all_text_contents()

    def focused(self) -> str:
        return self.page.evaluate("document.activeElement.className || document.activeElement.id")


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_whole_and_kept_from_nobody(browser, served, system, size, scheme):
    reader = Reader(browser, served.url, size, scheme)
    page, status = reader.page, reader.page.locator("#status")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    assert page.get_by_text("Type a question or a few words").is_visible()
    assert page.title() == "Food"
    reader.fine()
    reader.ask("leek")
    assert len(reader.hits()) == 10
    assert re.match(r"10 hits in [\d.]+ m?s\.$", status.text_content())
    assert page.locator(".marker").count() == 10
    assert page.locator(".hit").nth(1).locator("mark").first.text_content() == "leek"
    reader.fine()
    page.get_by_label("What are you looking for?").fill("wait")
    page.keyboard.press("Enter")
    assert system.waits.wait(10)
    assert status.text_content().startswith("Searching …")
    page.get_by_text("your function is still at work").wait_for()
    reader.fine()
    system.goes_on.set()
    reader.settled()
    reader.ask("none")
    assert page.get_by_text("Your search found no passage for “none”.").is_visible()
    reader.fine()
    reader.ask("raise")
    said = page.get_by_role("alert").text_content()
    assert said.startswith("search raised ValueError: no such dish, in line ")
    assert "this page goes on" in said
    assert reader.hits() == []
    reader.fine()
    reader.ask("leek")
    assert len(reader.hits()) == 10
    assert not page.get_by_role("alert").is_visible()


def test_what_a_corpus_holds_is_text_and_never_runs(browser, served):
    reader = Reader(browser, served.url)
    reader.ask(HOSTILE + " leek")
    assert reader.hits()[0] == HOSTILE
    assert HOSTILE in reader.page.locator(".hit .text").first.text_content()
    assert reader.page.locator("main img, main script").count() == 0
    refused = reader.page.evaluate(
        """() => { const s = document.createElement("script"); s.textContent = "window.ran = 1";
                   document.body.append(s); return window.ran === undefined; }"""
    )
    assert refused, "the page's policy lets no script in it run"
    reader.wrong = [said for said in reader.wrong if "Content Security Policy" not in said]
    assert reader.wrong == []


def test_hits_and_map_are_used_by_the_keyboard_alone(browser, served):
    reader = Reader(browser, served.url)
    page = reader.page
    assert reader.focused() == "query", "one can type at once"
    page.keyboard.type("leek")
    page.keyboard.press("Enter")
    reader.settled()
    rank = page.get_by_label("Hit 2: show it on the map")
    rank.focus()
    assert "on" in page.locator(".hit").nth(1).get_attribute("class").split()
    page.keyboard.press("Enter")
    marker = page.get_by_label("Hit 2 on the map: Dish 0")
    assert "on" in marker.get_attribute("class").split()
    assert page.locator("#place-name").text_content() == "Dish 0"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.querySelector('h2').textContent") == "Dish 0"
    page.locator("#chart").focus()
    names = set()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
        names.add(page.locator("#place-name").text_content())
    assert len(names) >= 3
    assert names <= set(TITLES)
    name = page.locator("#place-name").text_content()
    page.keyboard.press("Enter")
    reader.settled()
    assert page.get_by_label("What are you looking for?").input_value() == name
    reader.fine()


def test_the_map_tells_the_dot_under_the_mouse_and_searches_for_it(browser, served):
    reader = Reader(browser, served.url)
    page = reader.page
    box = page.locator("#chart").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    name = page.locator("#place-name").text_content()
    assert name in TITLES
    page.get_by_role("button", name="Search for this title").click()
    reader.settled()
    assert page.get_by_label("What are you looking for?").input_value() == name
    markers = [marker.bounding_box() for marker in page.locator(".marker").all()]
    middles = [(m["x"] + m["width"] / 2, m["y"] + m["height"] / 2) for m in markers]
    apart = [
        ((a - c) ** 2 + (b - d) ** 2) ** 0.5
        for i, (a, b) in enumerate(middles)
        for c, d in middles[:i]
    ]
    assert min(apart) > 18, "no marker hides another"


def test_back_leads_to_the_query_before_and_an_example_asks(browser, served):
    reader = Reader(browser, served.url)
    page = reader.page
    page.get_by_role("button", name="seven", exact=True).click()
    reader.settled()
    assert reader.hits()[1] == "Dish 7"
    reader.ask("leek")
    assert reader.hits()[1] == "Dish 0"
    page.go_back()
    page.get_by_text("Dish 7", exact=True).first.wait_for()
    assert page.get_by_label("What are you looking for?").input_value() == "seven"
    page.reload()
    page.locator(".hit").first.wait_for()
    assert page.title() == "seven – Food"


def test_a_long_passage_is_cut_and_opens(browser, served):
    reader = Reader(browser, served.url)
    reader.ask("leek")
    more = reader.page.get_by_role("button", name="Show all of it")
    assert more.count() == 1
    text = reader.page.locator(".hit").nth(3).locator(".text")
    before = text.bounding_box()["height"]
    more.press("Enter")
    assert text.bounding_box()["height"] > before + 40
    assert (
        reader.page.get_by_role("button", name="Show less").get_attribute("aria-expanded") == "true"
    )
    reader.fine()


def test_a_page_that_is_open_goes_on_with_the_next_search_and_says_when_it_has_ended(
    browser, served, system
):
    reader = Reader(browser, served.url)
    reader.ask("leek")
    with serve(lambda query, k: [0], ["Only one."], ["One"], title="Food") as after:
        reader.ask("leek")
        assert reader.hits() == ["One"]
        assert reader.page.locator("#corpus").text_content() == "1 passage"
        assert not reader.page.locator("#map").is_visible()
        reader.fine()
        after.close()
        reader.ask("leek")
        assert "The notebook does not answer" in reader.page.get_by_role("alert").text_content()


def test_an_explanation_that_fails_leaves_the_hits(browser, system):
    with serve(system, PASSAGES, TITLES, why=lambda query, row: 1 / 0, title="No why") as page:
        reader = Reader(browser, page.url)
        reader.ask("leek")
        assert len(reader.hits()) == 10
        assert "why raised ZeroDivisionError" in reader.page.get_by_role("alert").text_content()
        reader.fine()


def test_hits_are_there_before_their_explanation(browser, system):
    explained = threading.Event()

    def why(query, row):
        explained.wait(60)
        return ["leek"]

    with serve(system, PASSAGES, TITLES, why=why, title="Slow why") as page:
        reader = Reader(browser, page.url)
        reader.page.get_by_label("What are you looking for?").fill("leek")
        reader.page.keyboard.press("Enter")
        reader.page.locator(".hit").nth(9).wait_for()
        reader.page.wait_for_timeout(2_500)  # longer than a search may take without a word
        assert reader.page.locator("#status").text_content().startswith("10 hits in")
        assert reader.page.locator("mark").count() == 0
        explained.set()
        reader.page.locator("mark").first.wait_for()
        reader.fine()


CODE = """\
from lib.search_page import serve
page = serve(lambda query, k: [1, 0], ["Leek soup", "Bread and salt"], title="In the lab")
page
"""


def test_in_jupyterlab_the_link_opens_the_page_and_the_kernel_s_end_ends_it(browser, tmp_path):
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(CODE), nbformat.v4.new_code_cell("print('the end')")]
    file = work / "search.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), file)
    command = jupyterlab.command(work, file, [])
    variables = {
        **jupyterlab.environment({}),
        "PYTHONPATH": os.pathsep.join([str(paths.root()), os.environ.get("PYTHONPATH", "")]),
    }
    with jupyter.server(command, work, home, **variables) as address:
        notebook = jupyter.Notebook(browser.new_page(viewport=DESK), file, tmp_path / "screens")
        notebook.open(address)
        notebook.run_all()
        link = notebook.cell(0).get_by_role("link", name="Open your search page")
        with notebook.page.expect_popup() as popup:
            link.click()
        page = popup.value
        page.get_by_label("What are you looking for?").fill("bread")
        page.keyboard.press("Enter")
        page.locator(".hit h2").first.wait_for()
        assert page.locator(".hit h2").all_text_contents() == ["Bread and salt", "Leek soup"]
    page.get_by_label("What are you looking for?").fill("leek")
    page.keyboard.press("Enter")
    page.get_by_text("The notebook does not answer").wait_for()
