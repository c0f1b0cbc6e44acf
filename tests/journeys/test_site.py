"""A reader of the site: opens pages, folds, explores and searches, by mouse and by keys, offline."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup

import lib
from tests.journeys import axe, jupyter, site_pages

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
FIRST_PAINT_MS = 1_000
# One of each kind; the others are made by the same templates.
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
WIDER = "document.documentElement.scrollWidth - innerWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
PAINT = """
() => new Promise(done => {
  const read = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  const wait = () => read() === undefined ? setTimeout(wait, 20) : done(read());
  wait();
})
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return site_pages.built(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def address(folder):
    with site_pages.served(folder) as found:
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
        return self.page


@pytest.fixture
def reader(browser, address):
    made: list[Reader] = []

    def make(**settings) -> Reader:
        made.append(Reader(browser, address, **settings))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
        assert one.elsewhere == []
        assert one.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_keeps_anybody_out_or_asks_another_host(reader, theme):
    one = reader(color_scheme=theme)
    for name in PAGES:
        page = one.open(name)
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert axe.violations(page) == [], f"{name}, {theme}"


def test_text_fits_on_a_telephone(reader):
    one = reader(viewport=TELEPHONE)
    for name in PAGES:
        page = one.open(name)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(WIDER) <= 0, name


@pytest.fixture(scope="module")
def parsed(folder):
    """Every page, read."""
    pages = [path for path in folder.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 60
    return {p: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in pages}


def test_every_picture_has_words_and_every_page_is_small(parsed):
    for path, found in parsed.items():
        images = found.find_all("img")
        for image in images:
            assert image.get("alt", "").strip(), f"{path.name}: {image.get('src')}"
        files = {(path.parent / image["src"]).resolve() for image in images}
        size = path.stat().st_size + sum(file.stat().st_size for file in files)
        assert size < LARGEST_PAGE, f"{path.name}: {size:,} bytes"


def test_no_page_shows_a_hidden_check_or_loads_from_elsewhere(parsed):
    for path, found in parsed.items():
        assert "BEGIN HIDDEN" not in found.text, path.name
        for tag in found.find_all(["script", "img", "iframe", "source"], src=True):
            assert not re.match(r"(https?:)?//", tag["src"]), f"{path.name}: {tag['src']}"
        for tag in found.find_all("link", href=True):
            assert not re.match(r"(https?:)?//", tag["href"]), f"{path.name}: {tag['href']}"


def test_a_lesson_is_painted_within_a_second(reader):
    page = reader().open("lessons/06_late_interaction.html")
    times = []
    for _ in range(3):
        page.reload(wait_until="load")
        times.append(page.evaluate(PAINT))
    assert min(times) < FIRST_PAINT_MS


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
    place = page.locator(".explorable-controls").first
    place.locator("select, input").first.wait_for()
    said = page.locator(".explorable-reading [role=status]").first
    before = said.text_content()
    last = place.locator("select, input").last
    last.focus()
    page.keyboard.press(
        "ArrowDown" if last.evaluate("n => n.tagName") == "SELECT" else "ArrowRight"
    )
    page.wait_for_function(
        "before => document.querySelector('.explorable-reading [role=status]').textContent !== before",
        arg=before,
    )
    assert page.locator(".plotly-figure svg").count() > 0


def test_the_theme_is_chosen_by_a_button_and_stays(reader):
    one = reader(color_scheme="light")
    page = one.open("index.html")
    page.locator(".theme-switch-button").first.click()
    page.get_by_role("button", name="Dark", exact=False).or_(
        page.get_by_text("Dark", exact=True)
    ).first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page = one.open("leaderboard.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_search_finds_by_meaning_and_by_words(reader):
    page = reader().open("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("ignore filler positions when averaging")
    page.keyboard.press("Enter")
    page.locator("#meaning li").first.wait_for()
    pages = page.locator("#meaning li a").evaluate_all("links => links.map(a => a.href)")
    assert any("02_pooling" in link for link in pages[:3]), pages
    page.locator("#meaning li a").first.click()
    page.wait_for_load_state()
    assert page.url == pages[0]
    page = reader().open("search.html?q=padding")
    page.locator("#search-results li").first.wait_for()


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
