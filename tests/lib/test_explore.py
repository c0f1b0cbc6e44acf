import json
import re

import ir_measures
import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import _max_sim_map, explore, metrics, plots
from lib._explore_paper import log_ticks
from lib._explore_show import KEY, LARGEST, MIME, part, require_small
from lib._ranked_list import values_of
from lib.metrics import Interval

ALT = "Similarities of <query> & passage: the word bladder answers incontinence."
QUERIES = {"loss of bladder control": 4, "thick skin of the hands": 5}
CURVES = {
    "HNSW": ("efSearch", [(8, 0.7, 5200.0), (16, 0.85, 3100.0), (32, 0.93, 1800.0)]),
    "IVF": ("nprobe", [(1, 0.5, 9000.0), (4, 0.8, 4000.0)]),
}


def searches(seed: int = 0, passages: int = 3) -> dict:
    rng = np.random.default_rng(seed)
    found = {}
    for query, words in QUERIES.items():
        lists = [[f"w{i % 5}" for i in range(rng.integers(3, 12))] for _ in range(passages)]
        found[query] = (
            query.split()[:words],
            [
                (f"passage {i}", ws, rng.uniform(-1, 1, (words, len(ws))))
                for i, ws in enumerate(lists)
            ],
        )
    return found


def a_map(found: dict | None = None):
    return explore.max_sim_map(
        searches() if found is None else found, title="Which word answers which?"
    )


def spec(figure) -> dict:
    return figure.layout.meta[KEY]


def test_a_map_has_a_frame_for_each_query_with_each_of_its_passages():
    found = searches()
    frames = {frame.name: frame for frame in a_map(found).frames}
    assert list(frames) == [f"{s}.{p}" for s in range(2) for p in range(3)]
    for s, (words, passages) in enumerate(found.values()):
        for p, (_, tokens, table) in enumerate(passages):
            shades, framed = frames[f"{s}.{p}"].data
            np.testing.assert_allclose(np.array(shades.z), table.T, atol=5e-4)
            assert [word.rstrip("\u200b") for word in shades.x] == words
            assert [word.rstrip("\u200b") for word in shades.y] == tokens
            assert len(set(shades.y)) == len(tokens), "plotly would merge equal words"
            assert [list(shades.y).index(row) for row in framed.y] == table.argmax(axis=1).tolist()


def test_the_framed_numbers_add_up_to_max_sim():
    found = searches(seed=1)
    figure = a_map(found)
    for s, (words, passages) in enumerate(found.values()):
        for p, (_, tokens, table) in enumerate(passages):
            reading = spec(figure)["readings"][f"{s}.{p}"]
            score = torch.from_numpy(table).amax(dim=1).sum()
            *rows, last = reading["rows"]
            assert float(last[2]) == pytest.approx(float(score), abs=5e-4)
            assert sum(float(row[2]) for row in rows) == pytest.approx(float(score), abs=5e-3)
            assert [row[0] for row in rows] == words
            assert [row[1] for row in rows] == [tokens[i] for i in table.argmax(axis=1)]
            assert f"({float(score):.2f})" in spec(figure)["controls"][1]["options"][s][p]


def test_a_map_takes_tensors_and_begins_with_its_first_frame():
    words, passages = searches()["loss of bladder control"]
    as_tensors = [(name, ws, torch.from_numpy(table)) for name, ws, table in passages]
    figure = a_map({"q": (words, as_tensors)})
    assert figure.data == figure.frames[0].data
    assert figure.layout.height == figure.frames[0].layout.height
    heights = [frame.layout.height for frame in figure.frames]
    rows = [len(ws) for _, ws, _ in passages]
    assert len({height - _max_sim_map.ROW * n for height, n in zip(heights, rows)}) == 1


def test_tokens_that_look_like_marks_are_words():
    figure = a_map({"q": (["<s>", "a"], [("t", ["&", "<s>", "<s>"], np.eye(2, 3))])})
    assert figure.data[0].x == ("&lt;s&gt;", "a")
    assert figure.data[0].y == ("&amp;", "&lt;s&gt;", "&lt;s&gt;\u200b")
    assert spec(figure)["readings"]["0.0"]["rows"][0][:2] == ["<s>", "&"]
    assert "recall &lt; 1" in explore.recall_speed(CURVES, title="recall < 1").layout.title.text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.874, ".87"), (0.996, "1.0"), (1.0, "1.0"), (-0.05, "-.05"), (0.0, ".00"), (12.3, "12")],
)
def test_a_number_fits_its_frame(value, text):
    assert _max_sim_map._in_cell(value) == text


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({}, "no query came"),
        ({"q": (["a"], [])}, "'q' has no passage"),
        (
            {"q": (["a"] * 17, [("t", ["b"], np.ones((17, 1)))])},
            "17 tokens; expected 1",
        ),
        ({"q": (["a"], [("t", ["b"] * 65, np.ones((1, 65)))])}, "cut the passage"),
        ({"q": (["a"], [("t", ["b"], np.ones((2, 1)))])}, r"'t' is \(2, 1\) for 1"),
        ({"q": (["a"], [("t", ["b"], [[np.nan]])])}, "leave out the padding"),
    ],
)
def test_a_map_refuses_what_it_cannot_draw_and_says_why(found, says):
    with pytest.raises(ValueError, match=says):
        a_map(found)


def test_a_figure_over_the_limit_is_refused():
    words, tokens = ["a"] * 16, ["b"] * 64
    large = np.random.default_rng(0).uniform(-1, 1, (16, 64))
    with pytest.raises(ValueError, match=r"\d+ kB; expected 150 kB"):
        a_map({"q": (words, [(str(i), tokens, large) for i in range(25)])})
    figure = a_map()
    assert require_small("a_map", figure) is figure
    assert len(figure.to_json()) < LARGEST


@pytest.mark.parametrize("title", ["", "  "])
def test_no_figure_goes_without_a_title(title):
    with pytest.raises(ValueError, match="title"):
        explore.max_sim_map(searches(), title=title)
    with pytest.raises(ValueError, match="title"):
        explore.recall_speed(CURVES, title=title)
    with pytest.raises(ValueError, match="title"):
        explore.ranked_list([("a", 1)], title=title, query="q")


def test_each_index_has_a_slider_over_its_efforts_and_a_ring_that_follows():
    figure = explore.recall_speed(CURVES, title="Recall and speed", exact=300)
    controls = spec(figure)["controls"]
    assert [c["label"] for c in controls] == ["efSearch of HNSW", "nprobe of IVF"]
    assert all(c["slides"] for c in controls)
    assert controls[0]["options"] == ["efSearch 8", "efSearch 16", "efSearch 32"]
    frames = {frame.name: frame for frame in figure.frames}
    for c, (_, points) in enumerate(CURVES.values()):
        assert figure.data[c].y == tuple(recall for _, recall, _ in points)
        assert figure.data[c].x == tuple(speed for _, _, speed in points)
        for i, (_, recall, speed) in enumerate(points):
            frame = frames[f"{c}.{i}"]
            assert (frame.data[0].x, frame.data[0].y) == ((speed,), (recall,))
            assert figure.data[frame.traces[0]].marker.symbol.endswith("-open")
            said = spec(figure)["readings"][f"{c}.{i}"]["sentence"]
            assert f"recall@10 {recall:.3f}" in said
            assert f"{speed:,.0f} queries per second" in said
        start = controls[c]["start"]
        assert figure.data[len(CURVES) + c].x == frames[f"{c}.{start}"].data[0].x
    assert figure.data[-1].x == (300,)


def test_an_axis_that_does_not_begin_at_0_says_so():
    high = {"HNSW": ("efSearch", [(8, 0.9, 100.0), (16, 0.95, 80.0)])}
    assert "not from 0" in explore.recall_speed(high, title="t").layout.yaxis.title.text
    low = {"HNSW": ("efSearch", [(8, 0.1, 100.0), (16, 0.95, 80.0)])}
    figure = explore.recall_speed(low, title="t")
    assert "not from 0" not in figure.layout.yaxis.title.text
    assert figure.layout.yaxis.range[0] == 0


def test_fast_searches_are_told_in_thousands_so_that_ticks_stay_apart():
    points = [(8, 0.9, 200_000.0), (16, 0.95, 20_000.0)]
    axis = explore.recall_speed({"HNSW": ("efSearch", points)}, title="t").layout.xaxis
    assert axis.title.text.startswith("thousand queries per second")
    assert axis.ticktext == tuple(f"{tick / 1_000:g}" for tick in axis.tickvals)
    assert max(map(len, axis.ticktext)) <= 3
    slow = explore.recall_speed(CURVES, title="t", exact=300).layout.xaxis
    assert slow.title.text.startswith("queries per second")


@given(st.floats(0.01, 1e6), st.floats(1, 1e5))
def test_ticks_of_a_logarithmic_axis_are_few_and_round(low, times):
    ticks = log_ticks(low, low * times)
    assert len(ticks) <= 12 if times > 1e4 else len(ticks) <= 5
    for tick in ticks:
        assert f"{tick:e}"[0] in "1235"
        assert low / 1.2 <= tick <= low * times * 1.2


@pytest.mark.parametrize(
    ("curves", "says"),
    [
        ({}, "0 curves"),
        ({"a": ("ef", [])}, "expected \\(n, 3\\)"),
        ({"a": ("ef", [(1, 0.5)])}, "expected \\(n, 3\\)"),
        ({"a": ("ef", [(2, 0.5, 10.0), (1, 0.6, 9.0)])}, "rising"),
        ({"a": ("ef", [(1, 1.5, 10.0)])}, "recalls of 0 to 1"),
        ({"a": ("ef", [(1, 0.5, 0.0)])}, "positive queries"),
    ],
)
def test_recall_and_speed_refuse_what_they_cannot_draw(curves, says):
    with pytest.raises(ValueError, match=says):
        explore.recall_speed(curves, title="Recall and speed")
    with pytest.raises(ValueError, match="exact is -1"):
        explore.recall_speed(CURVES, title="Recall and speed", exact=-1)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=14),
    st.lists(st.integers(0, 2), max_size=4),
    st.integers(1, 12),
)
def test_the_values_of_an_order_are_trec_eval_s(found, elsewhere, k):
    names = [f"d{i:02}" for i in range(len(found) + len(elsewhere))]
    qrels = {"q": dict(zip(names, [*found, *elsewhere]))}
    run = {"q": {name: float(-rank) for rank, name in enumerate(names[: len(found)])}}
    wanted = [ir_measures.R @ k, ir_measures.RR, ir_measures.AP, ir_measures.nDCG @ k]
    expected = ir_measures.calc_aggregate(wanted, qrels, run)
    values = values_of(found, elsewhere, k)
    if not any([*found, *elsewhere]):
        assert values == [0, 0, 0, 0]
    else:
        assert values == pytest.approx([expected[m] for m in wanted], abs=1e-6)


def a_list(**changes) -> BeautifulSoup:
    passages = [("Nocturia <at night>", 0), ("Neurogenic bladder", 2), ("Incontinence", 1)]
    made = explore.ranked_list(
        passages, **{"title": "What is it worth?", "query": "no control", "k": 2} | changes
    )
    assert made._repr_html_() == made.html
    return BeautifulSoup(made.html, "html.parser")


def test_a_ranked_list_can_be_read_without_its_script():
    page = a_list()
    items = page.find_all("li")
    assert [item.find(class_="rank").text for item in items] == ["1", "2", "3"]
    assert "Nocturia <at night>" in items[0].text
    assert "grade 2: relevant" in items[1].text
    assert [("cut" in item.get("class", [])) for item in items] == [False, True, False]
    shown = [cell.text for cell in page.select("td[data-metric]")]
    ndcg = float(metrics.ndcg_at_k([[0, 1, 2]], [{0: 0, 1: 2, 2: 1}], 2)[0])
    assert shown == ["0.500", "0.500", "0.583", f"{ndcg:.3f}"]


def test_every_button_of_a_ranked_list_says_what_it_moves():
    page = a_list()
    labels = [button["aria-label"] for button in page.select("li button")]
    assert len(labels) == len(set(labels)) == 9
    assert "Up: Neurogenic bladder" in labels
    assert page.find(role="status") is not None
    assert page.find(id=True) is None, "an id would be there twice if the cell were shown twice"


def test_passages_that_are_elsewhere_count():
    assert a_list(elsewhere=[2]).select_one("td[data-metric='0']").text == "0.333"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"k": 0}, "k=0"),
        ({"elsewhere": [3]}, r"\[3\] have no name"),
        ({"elsewhere": [-1]}, r"\[-1\]"),
    ],
)
def test_a_ranked_list_refuses_what_it_cannot_show(changes, says):
    with pytest.raises(ValueError, match=says):
        a_list(**changes)
    with pytest.raises(ValueError, match="0 passages"):
        explore.ranked_list([], title="t", query="q")


@pytest.fixture
def shown(monkeypatch):
    """What `explore` hands to the front end."""
    calls = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: calls.append(data))
    return calls


def still():
    return plots.bars(["a"], [1.0], title="A bar", value_label="height")


def test_a_plotly_figure_is_shown_with_controls_a_still_picture_and_words(shown):
    explore.explore(a_map(), ALT, still())
    controls, figure, reading = shown
    assert figure["text/plain"] == ALT
    json.dumps(figure[MIME])
    assert set(figure[MIME]) >= {"data", "layout", "frames", "config"}
    page = BeautifulSoup(controls["text/html"], "html.parser")
    assert page.find(class_="explorable")["data-alt"] == ALT
    assert page.find(id=True) is None
    page = BeautifulSoup(reading["text/html"], "html.parser")
    assert page.find(role="status") is not None
    image = page.select_one("details img")
    assert image["alt"] == ALT
    assert image["src"].startswith("data:image/png;base64,")
    assert page.find("summary").text == "As a still picture"
    assert page.find(id=True) is None


def test_a_ranked_list_is_text_and_needs_no_still_picture(shown):
    made = explore.ranked_list([("a", 1)], title="t", query="q")
    explore.explore(made, ALT)
    explore.explore(made, ALT, still())
    assert shown[0] == {"text/html": made.html, "text/plain": ALT}
    assert (
        BeautifulSoup(shown[1]["text/html"], "html.parser").select_one("details img")["alt"] == ALT
    )


def test_explore_refuses_a_figure_without_words_or_a_still_picture(shown):
    with pytest.raises(ValueError, match="expected 20 or more"):
        explore.explore(a_map(), "a map", still())
    with pytest.raises(ValueError, match="without a still picture"):
        explore.explore(a_map(), ALT)
    assert shown == []


@pytest.mark.parametrize("name", ["controls.js", "ranked_list.js", "model_table.js"])
def test_a_script_leaves_no_global_and_asks_no_network(name):
    text = part(name)
    body = re.sub(r"^//.*\n", "", text)
    assert body.startswith('(() => {\n  "use strict";')
    assert body.endswith("})();")
    assert "</" not in text, "it stands in a script element"
    assert not re.search(r"https?:|fetch\(|import\b|XMLHttpRequest|localStorage", text)


def test_nothing_that_is_shown_names_another_machine(shown):
    explore.explore(a_map(), ALT, still())
    explore.explore(explore.recall_speed(CURVES, title="t", exact=300), ALT, still())
    explore.explore(explore.ranked_list([("a", 1)], title="t", query="q"), ALT)
    quality = Interval(0.5, 0.4, 0.6)
    explore.explore(explore.budget({"a": (1e6, 10, quality)}, title="t"), ALT, still())
    assert not re.search(r"https?://(?!www\.w3\.org)|//cdn", json.dumps(shown))


SIZES, RANKS = [0, 100, 1000], [[1, 12, 4000], [1, 3, 900], [1, 1, 20]]
ASKED, WORTH = (
    ["webbed toes", "a question that is far too long for one line", "gum"],
    [0.5, 0.6, 0.7],
)


def test_the_slider_of_sizes_moves_each_query_to_its_rank():
    figure = explore.ranks_by_size(SIZES, RANKS, ASKED, WORTH, title="Ranks")
    said = figure.layout.meta["explore"]
    assert said["controls"][0]["options"] == ["0", "100", "1,000"]
    assert said["controls"][0]["start"] == 1
    assert list(figure.data[1].x) == [1, 3, 900]
    for place, ranks in enumerate(RANKS):
        (frame,) = [frame for frame in figure.frames if frame.name == f"0.{place}"]
        assert list(frame.data[0].x) == [min(rank, 1000) for rank in ranks]
        assert said["readings"][f"0.{place}"]["rows"][2][1] == f"{ranks[2]:,}"
    assert (
        "nDCG@10 of all test questions 0.700; of these 3 questions 2"
        in (said["readings"]["0.2"]["sentence"])
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"sizes": [0, 100]},
        {"sizes": [0, 100, 100]},
        {"ranks": [[1, 2], [1, 2], [1, 2]]},
        {"ranks": [[0, 1, 1], *RANKS[1:]]},
        {"queries": []},
        {"qualities": [0.5]},
    ],
)
def test_the_slider_of_sizes_refuses_what_does_not_fit(changes):
    given = {"sizes": SIZES, "ranks": RANKS, "queries": ASKED, "qualities": WORTH} | changes
    with pytest.raises(ValueError, match="ranks_by_size: "):
        explore.ranks_by_size(**given, title="Ranks")
