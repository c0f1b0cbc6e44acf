"""A reader of the site: opens pages, folds, explores and searches, by mouse and by keys, offline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from bs4 import BeautifulSoup

import lib
from tests.journeys import axe, jupyter, site_pages
from tests.journeys.sliders import WITH_SLIDERS

CHROMIUM = jupyter.find_chromium()
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on this machine's PATH"),
]

ROOT = Path(lib.__file__).parents[1]
TELEPHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
LARGEST_PAGE = 1_500_000  # bytes of a page, its pictures included; the shared scripts come once
FIRST_PAINT_MS = 1_000  # on a machine that paints a page without anything in EMPTY_MS
EMPTY_MS = 100
PAINTED = ["index.html", "lessons/02_pooling.html", "lessons/06_late_interaction.html"]
# One of each kind; `make thorough` goes over every page of all lessons.
PAGES = [
    "index.html",
    "lessons/index.html",
    "lessons/02_pooling.html",
    "lessons/06_late_interaction.html",
    "leaderboard.html",
    "open.html",
    "guides.html",
    "docs/threats.html",
    "reference/lib.pooling.html",
    "search.html?q=padding",
]
MOST_TABS = 150
DRAWN = "gd => JSON.stringify(gd.data)"
WIDER = "document.documentElement.scrollWidth - innerWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
SEARCHED = """
() => document.querySelector("#meaning [role=status]").textContent !== "Searching …"
  && document.querySelector(".search-summary").textContent.includes("Search finished")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return site_pages.built(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of the site with all lessons."""
    return site_pages.whole(ROOT, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def address(folder):
    with site_pages.served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def address_of_all(whole):
    with site_pages.served(whole) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if jupyter.AS_ROOT else []
        )
        yield started
        started.close()


class Reader:
    """A page of the browser that reaches the site and nothing else, and what it asked of others."""

    def __init__(self, browser, address: str, **settings) -> None:
        self.context = browser.new_context(**({"viewport": DESK} | settings))
        self.context.set_default_timeout(jupyter.ANSWERS_WITHIN_MS)
        self.page = self.context.new_page()
        self.address, self.elsewhere, self.errors = address, [], []
        self.context.route("**/*", self._let)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _let(self, route) -> None:
        url = route.request.url
        if url.startswith((self.address, "data:", "blob:")):
            route.continue_()
        else:
            self.elsewhere.append(url)
            route.abort()

    def open(self, name: str):
        self.page.goto(f"{self.address}/{name}", wait_until="load")
        if "?q=" in name:  # what was found comes later, the words around it last
            self.page.wait_for_function(SEARCHED)
            self.page.wait_for_load_state("networkidle")
        return self.page

    def tab_to(self, selector: str) -> None:
        """Press Tab until what is meant has the focus, as who has no mouse does."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("name => document.activeElement.matches(name)", selector):
                return
        raise AssertionError(f"{MOST_TABS} times Tab do not reach {selector}")


def readers(browser, address):
    """A function that makes readers of one site; in the end none has reached another host or an error."""
    made: list[Reader] = []

    def make(**settings) -> Reader:
        made.append(Reader(browser, address, **settings))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
        assert one.elsewhere == []
        assert one.errors == []


@pytest.fixture
def reader(browser, address):
    yield from readers(browser, address)


@pytest.fixture
def reader_of_all(browser, address_of_all):
    yield from readers(browser, address_of_all)


def html_of(folder: Path) -> list[Path]:
    """All pages of a site."""
    pages = sorted(path for path in folder.rglob("*.html") if "_static" not in path.parts)
    assert len(pages) > 60
    return pages


def names_of(folder: Path) -> list[str]:
    """The addresses of all pages of a site, with a search among them."""
    names = [path.relative_to(folder).as_posix() for path in html_of(folder)]
    return [*names, "search.html?q=padding"]


def require_open_to_all(one: Reader, names: list[str], theme: str) -> None:
    """No violation that axe finds on these pages, everything that folds open, in this theme."""
    for name in names:
        page = one.open(name)
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert axe.violations(page) == [], f"{name}, {theme}"


def require_narrow(one: Reader, names: list[str]) -> None:
    """No page is wider than the window, everything that folds open."""
    for name in names:
        page = one.open(name)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(WIDER) <= 0, name


def parsed_pages(folder: Path) -> dict[Path, BeautifulSoup]:
    return {p: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in html_of(folder)}


def require_small_with_words(pages: dict[Path, BeautifulSoup]) -> None:
    """Every picture has words, every page with its pictures is under the limit."""
    for path, found in pages.items():
        images = found.find_all("img")
        for image in images:
            assert image.get("alt", "").strip(), f"{path.name}: {image.get('src')}"
        files = {(path.parent / image["src"]).resolve() for image in images}
        size = path.stat().st_size + sum(file.stat().st_size for file in files)
        assert size < LARGEST_PAGE, f"{path.name}: {size:,} bytes"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_keeps_anybody_out_or_asks_another_host(reader, theme):
    require_open_to_all(reader(color_scheme=theme), PAGES, theme)


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_all_lessons_keeps_anybody_out(reader_of_all, whole, theme):
    require_open_to_all(reader_of_all(color_scheme=theme), names_of(whole), theme)


def test_text_fits_on_a_telephone(reader):
    require_narrow(reader(viewport=TELEPHONE), PAGES)


@pytest.mark.thorough
def test_the_text_of_every_page_fits_on_a_telephone(reader_of_all, whole):
    require_narrow(reader_of_all(viewport=TELEPHONE), names_of(whole))


@pytest.fixture(scope="module")
def parsed(folder):
    """Every page, read."""
    return parsed_pages(folder)


def test_every_picture_has_words_and_every_page_is_small(parsed):
    require_small_with_words(parsed)


@pytest.mark.thorough
def test_every_page_of_all_lessons_is_small_and_its_pictures_have_words(whole):
    found = parsed_pages(whole)
    assert {path.stem for path in found} >= {path.stem for path in (ROOT / "notebooks").iterdir()}
    require_small_with_words(found)


def test_no_page_shows_a_hidden_check_or_loads_from_elsewhere(parsed):
    for path, found in parsed.items():
        assert "BEGIN HIDDEN" not in found.text, path.name
        for tag in found.find_all(["script", "img", "iframe", "source"], src=True):
            assert not re.match(r"(https?:)?//", tag["src"]), f"{path.name}: {tag['src']}"
        for tag in found.find_all("link", href=True):
            assert not re.match(r"(https?:)?//", tag["href"]), f"{path.name}: {tag['href']}"


def test_pages_are_painted_within_a_second_at_the_first_visit(reader, folder):
    (folder / "_static" / "empty.html").write_text("<!doctype html><title>x</title><p>One word.")
    times: dict[str, list[float]] = {}
    for _ in range(3):
        for name in ("_static/empty.html", *PAINTED):
            # A browser that has been nowhere: nothing is in its cache.
            page = reader().open(name)
            times.setdefault(name, []).append(page.evaluate(site_pages.PAINT))
            page.context.close()
    slower = max(1, median(times.pop("_static/empty.html")) / EMPTY_MS)
    assert {n: t for n, t in times.items() if median(t) > FIRST_PAINT_MS * slower} == {}


def test_an_answer_opens_by_the_keyboard_and_not_before(reader):
    page = reader().open("lessons/02_pooling.html")
    fold = page.locator("details.fold", has_text="Show a worked answer of mean_pool")
    code = fold.locator("pre")
    assert not code.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert "clamp(min=1)" in code.text_content()
    assert code.is_visible()
    question = page.locator("details.fold", has_text="Show the answer to question 02-q1")
    assert not question.locator("section[role=status]").is_visible()
    question.locator("summary").click()
    assert question.locator("section[role=status]").is_visible()


def test_a_figure_is_explored_without_a_kernel(reader):
    page = reader().open("lessons/06_late_interaction.html")
    moved_by_a_key(page, "select", "ArrowDown")


@pytest.mark.thorough
@pytest.mark.parametrize("lesson", WITH_SLIDERS)
def test_a_slider_is_moved_by_the_keyboard_on_the_site(reader_of_all, lesson):
    page = reader_of_all().open(f"lessons/{lesson}.html")
    moved_by_a_key(page, "input[type=range]", "ArrowRight")


def moved_by_a_key(page, kind: str, key: str) -> None:
    """A key on a control changes what is said below the figure, and the figure."""
    control = page.locator(f".explorable-controls {kind}").last
    control.wait_for()
    said = page.locator(".explorable-reading [role=status]").first
    figure = page.locator(".plotly-figure").first
    words, drawn = said.text_content(), figure.evaluate(DRAWN)
    control.focus()
    page.keyboard.press(key)
    page.wait_for_function(
        f"([gd, drawn]) => ({DRAWN})(gd) !== drawn", arg=[figure.element_handle(), drawn]
    )
    assert said.text_content() != words
    assert figure.locator("svg").count() > 0


def test_the_theme_is_chosen_by_keys_and_stays(reader):
    one = reader(color_scheme="light")
    page = one.open("index.html")
    one.tab_to(".theme-switch-button")
    page.keyboard.press("Enter")
    one.tab_to(".theme-change-button[data-mode=dark]")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page = one.open("leaderboard.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_buttons_that_open_a_lesson_are_reached_by_keys(reader):
    one = reader()
    page = one.open("lessons/02_pooling.html")
    reached = []
    one.tab_to(".open-lesson a")
    while page.evaluate("document.activeElement.matches('.open-lesson a')"):
        reached.append(page.evaluate("document.activeElement.textContent"))
        page.keyboard.press("Tab")
    assert reached == ["On your machine", "Codespaces", "Colab", "Binder", "Which one?"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/open.html")


def test_the_menu_of_a_telephone_is_used_by_keys(reader):
    one = reader(viewport=TELEPHONE)
    page = one.open("lessons/02_pooling.html")
    menu = page.locator("#pst-primary-sidebar-modal")
    assert not menu.is_visible()
    one.tab_to(".primary-toggle")
    page.keyboard.press("Enter")
    menu.wait_for()
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.matches('.primary-toggle')")
    page.keyboard.press("Enter")
    one.tab_to("#pst-primary-sidebar-modal a[href$='leaderboard.html']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leaderboard.html")


def test_a_search_finds_by_meaning_and_by_words(reader):
    one = reader()
    page = one.open("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("ignore filler positions when averaging")
    page.keyboard.press("Enter")
    page.locator("#meaning li").first.wait_for()
    pages = page.locator("#meaning li a").evaluate_all("links => links.map(a => a.href)")
    assert any("02_pooling" in link for link in pages[:3]), pages
    one.tab_to("#meaning li a")
    page.keyboard.press("Enter")
    page.wait_for_url(pages[0])
    page = one.open("search.html?q=padding")
    links = page.locator("#search-results li a").evaluate_all("links => links.map(a => a.href)")
    one.tab_to("#search-results li a")
    page.keyboard.press("Enter")
    page.wait_for_url(links[0])


def test_the_browser_cuts_words_as_the_encoder_does(reader, encoder):
    texts = [
        "Naïve café: ÅNGSTRÖM, coöperation!",
        "e-mail a@b.c (50%)… don't—stop",
        "中文字 and vectors",
        "x" * 150,
        "tokenization of Matryoshka embeddings",
        "a\tb\u00a0c\n\u200bd",
    ]
    page = reader().open("search.html")
    numbers = page.evaluate(
        """async texts => {
          const { tokenNumbers } = await import("./_static/wordpiece.js");
          const lines = await (await fetch("./_static/meaning/vocabulary.txt")).text();
          const vocabulary = new Map(lines.split("\\n").map((piece, number) => [piece, number]));
          return texts.map(text => tokenNumbers(text, vocabulary));
        }""",
        texts,
    )
    assert numbers == encoder.tokenizer(texts, add_special_tokens=False)["input_ids"]


def expected(folder: Path, encoder, query: str) -> list[str]:
    """The titles that a query should give, computed from the files that the browser reads."""
    files = folder / "_static" / "meaning"
    described = json.loads((files / "index.json").read_text(encoding="utf-8"))

    def decoded(name: str, ranges: dict) -> np.ndarray:
        codes = np.fromfile(files / name, dtype=np.int8).reshape(-1, described["dim"])
        return np.array(ranges["low"]) + (codes + 128.5) * np.array(ranges["step"])

    numbers = encoder.tokenizer(query, add_special_tokens=False)["input_ids"]
    vector = decoded("tokens.bin", described["tokens"])[numbers].sum(axis=0)
    rows = decoded("passages.bin", described["passages"])
    scores = rows @ vector / np.linalg.norm(rows, axis=1)
    best = np.full(len(described["sections"]), -np.inf)
    np.maximum.at(best, described["owner"], scores)
    pages, titles = [], []
    for at in np.argsort(-best, kind="stable"):
        page, _, title, _, _ = described["sections"][at]
        if pages.count(page) < 2 and len(titles) < 8:
            pages.append(page)
            titles.append(title)
    return titles


def test_the_browser_finds_what_the_index_says(reader, folder, encoder):
    page = reader().open("search.html?q=mean+pooling+of+real+tokens")
    page.locator("#meaning li").first.wait_for()
    shown = page.locator("#meaning li a").all_text_contents()
    assert shown == expected(folder, encoder, "mean pooling of real tokens")
