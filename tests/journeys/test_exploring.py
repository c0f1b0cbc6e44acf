"""A reader of a lesson's page, and a learner in JupyterLab, explore by mouse and by keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from harness import paths
from harness.execute import page as pages
from harness.learner import jupyterlab
from lib import _max_sim_map, explore, metrics, plots
from lib._ranked_list import values_of
from lib.word_vectors import WordVectors
from tests.journeys import axe, jupyter
from tests.journeys.sliders import WITH_SLIDERS
from tests.lib import test_explore_pooling
from tests.tiers import some

CHROMIUM = jupyter.find_chromium()
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on this machine's PATH"),
]

TELEPHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
GRADES = [1, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]
ELSEWHERE = [2]
MAP_ALT = "A map of the similarities between a query's words and those of a passage."
CURVE_ALT = "Recall against speed of two indexes: HNSW is above IVF at every speed."
TABLE_ALT = "A table of eight models with their limits, prices and published scores."
LIST_ALT = "Twelve passages in ranked order; four of them are relevant."
PROSE = """# 99 To explore

A formula $\\frac{1}{2} \\sum_i x_i$ in a line, and one below:

$$\\operatorname{MaxSim}(q, d) = \\sum_{i=1}^{m} \\max_j q_i \\cdot d_j$$

| a | table | of | many | columns | that | are | wide | beyond | a | telephone |
|---|---|---|---|---|---|---|---|---|---|---|
| one | two | three | four | five | six | seven | eight | nine | ten | eleven |
"""
LONG_LINE = "very_long_name = another_long_name + " * 8 + "0"


def similarities() -> dict:
    rng = np.random.default_rng(0)
    words = ["bladder", "control", "lost"]
    lists = [[f"word{i}" for i in range(n)] for n in (12, 5, 8)]
    passages = [
        (f"Passage {i}", tokens, rng.uniform(0, 1, (len(words), len(tokens))))
        for i, tokens in enumerate(lists)
    ]
    return {
        "bladder control lost": (words, passages),
        "control": (["control"], passages_of_one(passages)),
    }


def passages_of_one(passages: list) -> list:
    return [(name, tokens, table[:1]) for name, tokens, table in passages]


def everything() -> tuple:
    """The four things to explore."""
    curves = {
        "HNSW": ("efSearch", [(8, 0.7, 5200.0), (16, 0.85, 3100.0), (32, 0.93, 1800.0)]),
        "IVF": ("nprobe", [(1, 0.5, 9000.0), (4, 0.8, 4000.0), (16, 0.9, 1500.0)]),
    }
    passages = [(f"Passage {i} & more", grade) for i, grade in enumerate(GRADES)]
    return (
        explore.max_sim_map(similarities(), title="Which word answers which?"),
        explore.ranked_list(passages, title="Worth of an order", query="q", elsewhere=ELSEWHERE),
        explore.recall_speed(curves, title="Recall and speed", exact=300),
        explore.model_table(title="Models to choose from", texts=4_000, tokens=2_000_000),
    )


@pytest.fixture
def notebook(monkeypatch) -> nbformat.NotebookNode:
    """A notebook as it is after a run, with everything to explore in it."""
    outputs: list = []

    def display(data, raw):
        outputs.append(nbformat.v4.new_output("display_data", data=json.loads(json.dumps(data))))

    monkeypatch.setattr("IPython.display.display", display)
    a_map, a_list, curves, table = everything()
    still = plots.bars(["a"], [1.0], title="A still picture", value_label="height")
    cells = [nbformat.v4.new_markdown_cell(PROSE)]
    for name, shown in (
        ("Map", (a_map, MAP_ALT, still)),
        ("List", (a_list, LIST_ALT)),
        ("Curves", (curves, CURVE_ALT, still)),
        ("Map again", (a_map, MAP_ALT, still)),
        ("Table", (table, TABLE_ALT)),
    ):
        outputs.clear()
        explore.explore(*shown)
        hidden = {"jupyter": {"source_hidden": True}}
        cells.append(nbformat.v4.new_markdown_cell(f"## {name}"))
        cells.append(nbformat.v4.new_code_cell(LONG_LINE, outputs=[*outputs], metadata=hidden))
    wide = nbformat.v4.new_output("stream", name="stdout", text="x" * 300)
    cells.append(nbformat.v4.new_code_cell(LONG_LINE, outputs=[wide]))
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"course": {"lesson": "99", "title": "To explore"}}
    )


@pytest.fixture
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox"] if jupyter.AS_ROOT else []
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=options)


class Reader:
    """Somebody who opens a file in a browser that reaches no network."""

    def __init__(self, browser, file: Path, size: dict = DESK, scheme: str = "light") -> None:
        context = browser.new_context(viewport=size, color_scheme=scheme)
        context.set_default_timeout(jupyter.ANSWERS_WITHIN_MS)
        self.refused: list[str] = []
        self.errors: list[str] = []
        context.route(lambda url: not url.startswith(("file:", "data:")), self._refuse)
        self.page = context.new_page()
        self.read: list[str] = []
        self.page.on("request", lambda request: self.read.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(file.as_uri())
        self.page.wait_for_load_state("networkidle")

    def _refuse(self, route) -> None:
        self.refused.append(route.request.url)
        route.abort()

    def files(self) -> set[str]:
        """The names of the files that the page read."""
        return {Path(url).name for url in self.read if url.startswith("file:")}

    def sideways(self) -> float:
        """How many pixels the page scrolls sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def wait_for_controls(self) -> None:
        self.page.locator(".explorable select, .explorable input").last.wait_for()


@pytest.fixture
def file(notebook, tmp_path) -> Path:
    path = tmp_path / "99_to_explore.html"
    pages.write(path, notebook)
    return path


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_whole_without_a_network_and_kept_from_nobody(browser, file, size, scheme):
    reader = Reader(browser, file, size, scheme)
    reader.wait_for_controls()
    assert reader.refused == []
    assert reader.errors == []
    assert reader.files() == {file.name, pages.PLOTLY_SCRIPT}
    assert reader.sideways() <= 0
    boxes = [formula.bounding_box() for formula in reader.page.locator("math").all()]
    assert len(boxes) == 2
    assert all(box["width"] > 10 and box["height"] > 8 for box in boxes)
    for figure in reader.page.locator(".plotly-figure .main-svg").all():
        assert figure.bounding_box()["width"] <= size["width"]
    dark = (
        reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
        != "rgb(255, 255, 255)"
    )
    assert dark == (scheme == "dark")
    reader.page.locator("details.folded-code > summary").first.click()
    assert reader.sideways() <= 0
    assert axe.violations(reader.page) == []


def test_contents_lead_to_their_sections(browser, file):
    reader = Reader(browser, file)
    reader.wait_for_controls()
    links = reader.page.locator("nav a")
    assert links.all_text_contents() == ["Map", "List", "Curves", "Map again", "Table"]
    links.nth(1).click()
    heading = reader.page.locator("h2", has_text="List")
    assert 0 <= heading.bounding_box()["y"] < 100
    assert reader.page.locator("nav").bounding_box()["y"] == 0, "it stays beside the text"
    narrow = Reader(browser, file, TELEPHONE)
    assert not narrow.page.locator("nav a").first.is_visible()
    narrow.page.locator("nav summary").press("Enter")
    narrow.page.locator("nav a").nth(2).click()
    assert 0 <= narrow.page.locator("h2", has_text="Curves").bounding_box()["y"] < 844


def drawn(figure) -> dict:
    """What plotly has drawn."""
    return figure.evaluate(
        """gd => ({
            words: gd.data[0].y, z: gd.data[0].z, height: gd._fullLayout.height,
            rings: gd.data.slice(2).map(trace => [trace.x?.[0], trace.y?.[0]]),
        })"""
    )


def test_a_map_is_driven_by_keys_and_a_second_one_stays_as_it_is(browser, file):
    reader = Reader(browser, file)
    reader.wait_for_controls()
    figures = reader.page.locator(".plotly-figure")
    passage = reader.page.get_by_label("Passage (MaxSim)", exact=True)
    query = reader.page.get_by_label("Query", exact=True)
    said = reader.page.locator(".explorable-reading").first.get_by_role("status")
    above = [control.first.bounding_box() for control in (query, passage)]
    assert all(box["y"] + box["height"] <= figures.first.bounding_box()["y"] for box in above)
    before = drawn(figures.last)
    passage.first.focus()
    reader.page.keyboard.press("ArrowDown")
    (_, (_, tokens, table)) = list(enumerate(similarities()["bladder control lost"][1]))[1]
    reader.page.wait_for_function(
        "n => document.querySelector('.plotly-figure').data[0].y.length === n", arg=len(tokens)
    )
    now = drawn(figures.first)
    assert now["words"] == tokens
    np.testing.assert_allclose(np.array(now["z"]), table.T, atol=5e-4)
    assert now["height"] == before["height"] - 7 * _max_sim_map.ROW
    assert f"MaxSim is {table.max(axis=1).sum():.3f}" in said.text_content()
    rows = reader.page.locator(".explorable-table").first.locator("tbody tr")
    assert rows.count() == 4
    query.first.focus()
    reader.page.keyboard.press("ArrowDown")
    rows.nth(2).wait_for(state="detached")
    assert passage.first.input_value() == "0"
    assert rows.count() == 2
    assert drawn(figures.last) == before
    assert figures.first.get_attribute("aria-label") == MAP_ALT


def test_sliders_move_their_own_ring_and_tell_its_numbers(browser, file):
    reader = Reader(browser, file)
    reader.wait_for_controls()
    slider = reader.page.get_by_label("efSearch of HNSW")
    slider.focus()
    reader.page.keyboard.press("ArrowRight")
    place = reader.page.locator(".plotly-figure").nth(1)
    reader.page.wait_for_function("gd => gd.data[2].x[0] === 1800", arg=place.element_handle())
    assert drawn(place)["rings"][:2] == [[1800, 0.93], [4000, 0.8]]
    assert slider.get_attribute("aria-valuetext") == "efSearch 32"
    said = reader.page.locator(".explorable-reading").nth(1).get_by_role("status").text_content()
    assert "HNSW with efSearch 32: recall@10 0.930, 1,800 queries per second." in said
    assert "IVF with nprobe 4: recall@10 0.800" in said


def a_budget() -> object:
    """Three systems, of which the sliders say which fit; of lesson 10."""
    systems = {
        "words": (400_000, 1.5, metrics.Interval(0.51, 0.49, 0.53)),
        "vectors": (1_800_000, 12.0, metrics.Interval(0.66, 0.64, 0.68)),
        "reranked": (1_900_000, 70.0, metrics.Interval(0.69, 0.67, 0.71)),
    }
    return explore.budget(systems, title="What fits the budget?")


def some_ranks() -> object:
    """Where two questions' passages stand with three sizes of a training set; of lesson 08."""
    queries, ranks = ["bent fingers", "too many toes"], [[900, 3], [12, 1], [1, 1]]
    return explore.ranks_by_size([0, 100, 1_000], ranks, queries, [0.5, 0.6, 0.7], title="Ranks")


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
def test_two_sliders_of_a_budget_decide_together_what_fits(browser, monkeypatch, tmp_path, size):
    outputs: list = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, raw: outputs.append(nbformat.v4.new_output("display_data", data=data)),
    )
    still = plots.bars(["a"], [1.0], title="A still picture", value_label="height")
    explore.explore(a_budget(), "Three systems by bytes and quality, and which of them fit.", still)
    heading = nbformat.v4.new_markdown_cell("# 99 To explore")
    cells = [heading, nbformat.v4.new_code_cell("1", outputs=outputs)]
    course = {"course": {"lesson": "99", "title": "To explore"}}
    path = tmp_path / "99_budget.html"
    pages.write(path, nbformat.v4.new_notebook(cells=cells, metadata=course))
    reader = Reader(browser, path, size)
    reader.wait_for_controls()
    page, said = reader.page, reader.page.locator(".explorable-reading").get_by_role("status")
    figure = page.locator(".plotly-figure").element_handle()
    ringed = "([gd, at]) => (gd.data[3].x[0] ?? null) === at"
    page.wait_for_function(ringed, arg=[figure, 1_800_000])
    assert "reranked with 0.690 [0.670, 0.710]: it needs 70 ms a query." in said.text_content()
    page.get_by_label("milliseconds a query may take").press("End")
    page.wait_for_function(ringed, arg=[figure, 1_900_000])
    assert "No other has a higher nDCG@10." in said.text_content()
    page.get_by_label("bytes the index may take").press("Home")
    page.wait_for_function(ringed, arg=[figure, 400_000])
    assert page.get_by_label("bytes the index may take").get_attribute("aria-valuetext") == "400 kB"
    slider = page.get_by_label("milliseconds a query may take")
    place = slider.bounding_box()
    slider.click(position={"x": 3, "y": place["height"] / 2})
    assert "With 400 kB and 1.5 ms a query 1 of 3 systems fits." in said.text_content()
    assert (reader.refused, reader.errors) == ([], [])
    assert reader.sideways() <= 0
    assert axe.violations(page) == []


def some_words() -> object:
    """A map of twenty words with two fields; of lesson 01."""
    names = [f"word{i}" for i in range(20)]
    places = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    vectors = WordVectors(names, places)
    nearest = {name: vectors.most_similar(name, 6) for name in names}
    fields = {"first": names[:3], "second": names[9:12]}
    given = {"title": "Twenty words", "share": 0.5}
    return explore.word_neighbours(names, places, nearest, fields, **given)


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
def test_a_map_of_words_lights_up_what_the_keys_choose(browser, monkeypatch, tmp_path, size):
    outputs: list = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, raw: outputs.append(nbformat.v4.new_output("display_data", data=data)),
    )
    still = plots.bars(["a"], [1.0], title="A still picture", value_label="height")
    explore.explore(some_words(), "Twenty words on a map, in two fields.", still)
    heading = nbformat.v4.new_markdown_cell("# 99 To explore")
    cells = [heading, nbformat.v4.new_code_cell("1", outputs=outputs)]
    course = {"course": {"lesson": "99", "title": "To explore"}}
    path = tmp_path / "99_words.html"
    pages.write(path, nbformat.v4.new_notebook(cells=cells, metadata=course))
    reader = Reader(browser, path, size)
    reader.wait_for_controls()
    page, said = reader.page, reader.page.locator(".explorable-reading").get_by_role("status")
    assert said.text_content() == "The field 'first': word0, word1, word2."
    figure = page.locator(".plotly-figure").element_handle()
    chosen = page.get_by_label("Show")
    chosen.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "gd => gd.data[1].x.length === 6 && gd.data[2].x.length === 1", arg=figure
    )
    assert said.text_content().startswith("word0: of its 6 nearest words by all numbers, ")
    assert page.locator(".explorable-table tbody tr").count() == 6
    assert (reader.refused, reader.errors) == ([], [])
    assert reader.sideways() <= 0
    assert axe.violations(page) == []


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (TELEPHONE, "dark")])
def test_two_lists_choose_a_text_and_its_pooling(browser, monkeypatch, tmp_path, size, scheme):
    outputs: list = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, raw: outputs.append(nbformat.v4.new_output("display_data", data=data)),
    )
    still = plots.bars(["a"], [1.0], title="A still picture", value_label="height")
    explore.explore(test_explore_pooling.a_figure(), "Tokens of two texts by two poolings.", still)
    heading = nbformat.v4.new_markdown_cell("# 99 To explore")
    cells = [heading, nbformat.v4.new_code_cell("1", outputs=outputs)]
    course = {"course": {"lesson": "99", "title": "To explore"}}
    path = tmp_path / "99_pooling.html"
    pages.write(path, nbformat.v4.new_notebook(cells=cells, metadata=course))
    reader = Reader(browser, path, size, scheme)
    reader.wait_for_controls()
    page, said = reader.page, reader.page.locator(".explorable-reading").get_by_role("status")
    assert "each of the 4 tokens weighs 25%" in said.text_content()
    figure = page.locator(".plotly-figure").element_handle()
    page.get_by_label("Pooling", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("gd => gd.data[0].text.join() === '10%,50%,40%,0%'", arg=figure)
    assert "red weighs most, 50%" in said.text_content()
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("gd => gd.data[0].text.join() === '20%,80%'", arg=figure)
    # The other list stays as it was.
    assert page.get_by_label("Pooling", exact=True).input_value() == "1"
    assert page.locator(".explorable-table tbody tr").count() == 2
    assert (reader.refused, reader.errors) == ([], [])
    assert reader.sideways() <= 0
    assert axe.violations(page) == []


def order(page) -> list[int]:
    """The passages' first ranks, from 0, in the order that they are in now."""
    return page.locator(".ranked-list li").evaluate_all(
        "items => items.map(item => Number(item.querySelector('.passage').textContent.match(/\\d+/)[0]))"
    )


def values(page) -> list[float]:
    return page.locator(".ranked-list [data-metric]").evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.value))"
    )


def expected(places: list[int]) -> list[float]:
    """Of `lib.metrics`, for a list in this order."""
    relevant = [dict(enumerate([*GRADES, *ELSEWHERE]))]
    k = 10
    average_precision = values_of([GRADES[i] for i in places], ELSEWHERE, k)[2]
    return [
        float(metrics.recall_at_k([places], relevant, k)[0]),
        float(metrics.mrr_at_k([places], relevant, len(places))[0]),
        average_precision,
        float(metrics.ndcg_at_k([places], relevant, k)[0]),
    ]


def test_any_order_of_the_list_has_the_values_of_the_library(browser, file):
    reader = Reader(browser, file)
    page = reader.page
    assert order(page) == list(range(12))
    assert values(page) == pytest.approx(expected(order(page)), abs=1e-9)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        wanted = torch.randperm(12, generator=generator).tolist()
        page.evaluate(
            """wanted => {
                const list = document.querySelector(".ranked-list ol");
                const first = [...list.children].sort((a, b) =>
                    a.textContent.match(/Passage (\\d+)/)[1] - b.textContent.match(/Passage (\\d+)/)[1]);
                list.append(...wanted.map(i => first[i]));
            }""",
            wanted,
        )
        # one step by a key and back: the script computes the order that it finds
        page.locator(".ranked-list .handle").nth(5).press("ArrowDown")
        assert values(page) == pytest.approx(expected(order(page)), abs=1e-9)
        assert sorted(order(page)) == list(range(12))


def test_the_list_is_reordered_by_keys_buttons_mouse_and_finger(browser, file):
    reader = Reader(browser, file)
    page = reader.page
    page.get_by_label("Move: Passage 0").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert order(page)[:4] == [1, 2, 0, 3]
    said = page.locator(".ranked-list").get_by_role("status")
    assert "Passage 0 & more: now at rank 3." in said.text_content()
    assert page.evaluate("document.activeElement.className") == "handle", "the focus stays with it"
    up = page.get_by_label("Up: Passage 0")
    up.press("Enter")
    up.press("Enter")
    assert order(page)[:3] == [0, 1, 2]
    assert up.is_disabled()
    assert page.evaluate("document.activeElement.className") == "handle"
    page.get_by_role("button", name="Best order").click()
    assert [GRADES[i] for i in order(page)] == sorted(GRADES, reverse=True)
    assert values(page)[:3] == pytest.approx([4 / 5, 1, 4 / 5])
    page.get_by_role("button", name="As it came").click()
    assert order(page) == list(range(12))

    first, fourth = (page.locator(".ranked-list li").nth(i) for i in (0, 3))
    start = first.locator(".passage").bounding_box()
    end = fourth.bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 90, end["y"] + end["height"] - 2, steps=6)
    assert order(page)[3] == 0, "it follows the mouse at once"
    page.mouse.up()
    assert order(page)[:4] == [1, 2, 3, 0]
    assert "from rank 1 to 4" in said.text_content()
    assert values(page) == pytest.approx(expected(order(page)), abs=1e-9)


def test_the_table_of_models_is_filtered_and_sorted(browser, file):
    page = Reader(browser, file).page
    table, said = page.locator(".model-table"), page.locator(".model-table [role=status]")

    def names() -> list[str]:
        return table.locator("tbody tr:visible th").all_text_contents()

    def cell(name: str, column: int) -> str:
        return table.locator("tbody tr", has_text=name).locator("td").nth(column).text_content()

    first = names()
    assert len(first) == 8
    assert (cell("3-large", 4), cell("3-large", 5)) == ("0.26", "49.2")
    table.get_by_label("Their tokens in all").fill("10000000")
    table.get_by_label("Texts in your corpus").fill("1000000")
    assert (cell("3-large", 4), cell("3-large", 5)) == ("1.3", "12,288.0")
    table.get_by_label("Dollars at most").fill("1")
    assert names() == ["text-embedding-3-small", "voyage-3"]
    assert "2 of 8 models fit: text-embedding-3-small, voyage-3." in said.text_content()
    table.get_by_label("MTEB of at least").fill("60")
    assert names() == ["text-embedding-3-small"], "what nobody states fails the filter"
    table.get_by_label("Where it runs").select_option("open")
    assert said.text_content() == "No model fits: loosen a filter."
    table.get_by_role("button", name="Start again").press("Enter")
    page.wait_for_function(
        "document.querySelectorAll('.model-table tbody tr[hidden]').length === 0"
    )
    assert names() == first
    head = table.get_by_role("button", name="MTEB", exact=True)
    head.press("Enter")
    assert names()[0] == "gte-Qwen2-7B-instruct"
    assert names()[-1] == "voyage-3", "not stated comes last, whichever way"
    head.press("Enter")
    assert (names()[0], names()[-1]) == ("all-MiniLM-L6-v2", "voyage-3")


COLUMNS = "table => [...table.querySelectorAll('tbody tr')].map(row => [...row.cells].map(c => c.textContent))"


@pytest.mark.parametrize("lesson", some(WITH_SLIDERS, keep="04_hard_negatives".__eq__))
def test_the_slider_of_a_lesson_shows_another_state(browser, tmp_path, lesson):
    solved = nbformat.read(paths.root() / "solutions" / f"{lesson}.ipynb", as_version=4)
    (figure,) = (
        output.data[pages.PLOTLY]
        for cell in solved.cells
        for output in cell.get("outputs", [])
        if pages.PLOTLY in output.get("data", {})
    )
    driven = figure["layout"]["meta"]["explore"]
    state = [control["start"] for control in driven["controls"]]
    moved = next(i for i, control in enumerate(driven["controls"]) if control["slides"])
    state[moved] += 1
    options = driven["controls"][moved]["options"]
    names = [".".join(map(str, state))]
    if not driven["joint"]:
        names = [f"{control}.{chosen}" for control, chosen in enumerate(state)]
    told = [driven["readings"][name] for name in names]

    file = tmp_path / f"{lesson}.html"
    pages.write(file, solved)
    reader = Reader(browser, file)
    reader.wait_for_controls()
    page = reader.page
    drawn = page.locator(".plotly-figure").first
    before = drawn.evaluate("gd => JSON.stringify(gd.data)")
    slider = page.locator(".explorable-controls input[type=range]").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([gd, before]) => JSON.stringify(gd.data) !== before", arg=[drawn.element_handle(), before]
    )
    assert slider.get_attribute("aria-valuetext") == options[state[moved]]
    said = page.locator(".explorable-reading").first
    sentence = " ".join(reading["sentence"] for reading in told)
    assert said.get_by_role("status").text_content() == sentence
    shown = [
        said.locator("table").nth(n).evaluate(COLUMNS) for n in range(said.locator("table").count())
    ]
    assert shown == [reading["rows"] for reading in told if reading["rows"]]
    assert (reader.refused, reader.errors) == ([], [])


LESSONS = [path.stem for path in sorted((paths.root() / "solutions").glob("[0-9]*.ipynb"))]
READ = (
    "02_pooling",
    "03_mnrl",
    "06_late_interaction",
    "07_metrics",
    "08_fine_tuning",
    "10_capstone",
)


@pytest.mark.parametrize("lesson", some(LESSONS, keep=lambda one: one in READ))
def test_a_real_lesson_is_whole_without_a_network_at_any_width(browser, tmp_path, lesson):
    source = paths.root() / "solutions" / f"{lesson}.ipynb"
    file = tmp_path / f"{lesson}.html"
    solved = nbformat.read(source, as_version=4)
    pages.write(file, solved)
    for size, scheme in ((DESK, "light"), (TELEPHONE, "dark")):
        reader = Reader(browser, file, size, scheme)
        assert reader.refused == []
        assert reader.errors == []
        assert axe.violations(reader.page) == []
        assert reader.sideways() <= 0
        for formula in reader.page.locator("math").all():
            assert formula.bounding_box()["width"] > 4
        targets = reader.page.locator("nav a").evaluate_all(
            "links => links.filter(a => !document.getElementById(a.hash.slice(1))).length"
        )
        assert targets == 0
    assert reader.page.locator("nav a").count() >= 8
    assert "$\\" not in reader.page.locator("main").inner_text()
    alts = reader.page.locator("main img").evaluate_all("images => images.map(i => i.alt)")
    assert alts
    assert all(len(alt) >= 20 for alt in alts)


CODE = """\
from tests.journeys.test_exploring import a_budget, everything, some_ranks
from lib import plots
from lib.explore import explore
a_map, a_list, curves, table = everything()
still = plots.bars(["a"], [1.0], title="A still picture", value_label="height")
"""
CALLS = [
    f"explore(a_map, {MAP_ALT!r}, still)",
    f"explore(a_list, {LIST_ALT!r})",
    f"explore(curves, {CURVE_ALT!r}, still)",
    "explore(some_ranks(), 'Two questions and the ranks of their passages.', still)",
    "explore(a_budget(), 'Three systems by bytes and quality, and which fit.', still)",
]


def test_in_jupyterlab_the_arrow_keys_move_what_is_explored_not_the_notebook(browser, tmp_path):
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    cells = [nbformat.v4.new_code_cell(source) for source in [CODE, *CALLS, "print('the end')"]]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    file = work / "explore.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), file)
    command = jupyterlab.command(work, file, [])
    variables = {**jupyterlab.environment({}), "PYTHONPATH": str(paths.root())}
    with jupyter.server(command, work, home, **variables) as address:
        page = browser.new_page(viewport=DESK)
        elsewhere: list[str] = []
        near = (address, "data:", "blob:", address.replace("http", "ws"))
        page.on("request", lambda r: None if r.url.startswith(near) else elsewhere.append(r.url))
        notebook = jupyter.Notebook(page, file, tmp_path / "screens")
        notebook.open(address)
        notebook.run_all()

        passage = notebook.cell(1).get_by_label("Passage (MaxSim)", exact=True)
        passage.focus()
        page.keyboard.press("ArrowDown")
        assert passage.input_value() == "1"
        assert page.evaluate("document.activeElement.tagName") == "SELECT"
        figure = notebook.cell(1).locator(".js-plotly-plot")
        assert passage.bounding_box()["y"] < figure.bounding_box()["y"]
        assert figure.get_attribute("aria-label") == MAP_ALT
        notebook.shoot("map", notebook.cell(1))

        handle = notebook.cell(2).locator(".handle").first
        handle.focus()
        page.keyboard.press("ArrowDown")
        assert order(page)[:2] == [1, 0]
        assert values(page) == pytest.approx(expected(order(page)), abs=1e-9)
        notebook.shoot("list", notebook.cell(2))

        slider = notebook.cell(3).get_by_label("nprobe of IVF")
        slider.focus()
        page.keyboard.press("ArrowRight")
        assert "nprobe 16" in notebook.cell(3).get_by_role("status").text_content()
        notebook.theme("JupyterLab Dark")
        assert notebook.cell(3).locator(".main-svg").first.bounding_box()["height"] == 410
        notebook.shoot("dark", notebook.cell(3))

        sizes = notebook.cell(4).get_by_label("pairs to train on")
        sizes.focus()
        page.keyboard.press("ArrowRight")
        assert sizes.get_attribute("aria-valuetext") == "1,000"
        assert "0.700" in notebook.cell(4).get_by_role("status").text_content()
        notebook.shoot("ranks", notebook.cell(4))

        time = notebook.cell(5).get_by_label("milliseconds a query may take")
        time.focus()
        page.keyboard.press("End")
        assert "No other has a higher" in notebook.cell(5).get_by_role("status").text_content()
        notebook.shoot("budget", notebook.cell(5))

        # Saved and opened again: JupyterLab shows a picture first, and the controls wake the figure.
        notebook.cell(6).locator(".jp-InputPrompt").click()
        page.keyboard.press("Control+s")
        page.locator(".jp-mod-dirty").wait_for(state="detached")
        page.reload()
        notebook.wait_for_kernel()
        passage = notebook.cell(1).get_by_label("Passage (MaxSim)", exact=True)
        passage.select_option("2")
        said = notebook.cell(1).get_by_role("status").text_content()
        assert said.startswith("MaxSim is")
        assert elsewhere == []
        page.close()
