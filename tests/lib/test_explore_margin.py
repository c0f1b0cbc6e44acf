import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import explore
from lib._explore_show import KEY, LARGEST

FOUND = [
    ("Reversible <renal> failure", 0.76, "child"),
    ("Nephropathy", 0.62, "sibling"),
    ("Abnormal renal physiology", 0.59, "parent"),
    ("Nephritis", 0.56, "none of these"),
    ("Renal artery stenosis", 0.5, "none of these"),
]
SEARCHES = {
    "Renal failure": ("Renal insufficiency", 0.6, FOUND),
    "Below zero": ("Right", -0.5, [("a", -0.45, "child"), ("b", -0.55, "none of these")]),
}
TRAINED, LEFT, DROPPED, POSITIVE, LIMIT = range(5)


def a_line(searches=SEARCHES, **changes):
    return explore.margin_line(searches, title="Which are kept?", **changes)


def state(figure, name: str):
    (frame,) = (frame for frame in figure.frames if frame.name == name)
    return frame, figure.layout.meta[KEY]["readings"][name]


def test_a_list_and_a_slider_go_over_queries_and_margins_and_begin_at_5_percent():
    figure = a_line()
    spec = figure.layout.meta[KEY]
    query, margin = spec["controls"]
    assert spec["joint"]
    assert query["options"] == [*SEARCHES]
    assert margin["options"][:4] == ["none", "0%", "2%", "5%"]
    assert margin["options"][margin["start"]] == "5%"
    assert len(figure.frames) == len(spec["readings"]) == 2 * 9
    assert len(figure.to_json()) < LARGEST


@pytest.mark.parametrize(
    ("margin", "trained", "left", "dropped"),
    [
        (None, [0, 1], [2, 3, 4], []),
        (0.0, [2, 3], [4], [0, 1]),
        (0.05, [3, 4], [], [0, 1, 2]),
        (0.2, [], [], [0, 1, 2, 3, 4]),
    ],
)
def test_what_a_margin_keeps_is_filled_and_what_it_drops_is_crossed(margin, trained, left, dropped):
    figure = a_line(margins=[margin, 0.9], taken=2)
    frame, reading = state(figure, "0.0")
    assert [list(frame.data[part].y) for part in (TRAINED, LEFT, DROPPED)] == [
        trained,
        left,
        dropped,
    ]
    fates = [row[3] for row in reading["rows"]]
    assert [row for row, fate in enumerate(fates) if fate == "trains"] == trained
    assert [row for row, fate in enumerate(fates) if fate == "dropped"] == dropped
    assert list(frame.data[POSITIVE].x) == [0.6, 0.6]
    assert list(frame.data[LIMIT].x) == ([] if margin is None else [0.6 * (1 - margin)] * 2)


def test_the_sentence_counts_relatives_among_what_is_dropped_and_what_trains():
    _, reading = state(a_line(taken=2), "0.1")
    assert "limit at 0.600 and drops 2 of 5 candidates, 1 of them children" in reading["sentence"]
    assert (
        "Of the 2 negatives that are left to train, 1 is a child or parent." in reading["sentence"]
    )
    assert reading["rows"][0] == ["Reversible <renal> failure", "child", "0.760", "dropped"]


def test_a_positive_below_zero_has_its_limit_still_lower():
    frame, _ = state(a_line(margins=[0.0, 0.1]), "1.1")
    assert list(frame.data[LIMIT].x) == [-0.55, -0.55]
    assert list(frame.data[TRAINED].y) == [1]


def test_a_row_is_named_by_rank_title_and_relation_and_marks_are_escaped():
    frame, _ = state(a_line(), "0.3")
    names = list(frame.layout.yaxis.ticktext)
    assert names[0] == "1. Reversible &lt;renal&gt;<br>failure (child)"
    assert names[3] == "4. Nephritis"
    assert all(len(line) <= 34 for name in names for line in name.split("<br>"))


def test_the_figure_begins_with_the_first_query():
    figure = a_line()
    frame, _ = state(figure, "0.3")
    assert [list(a.y) for a in figure.data] == [list(b.y) for b in frame.data]
    assert figure.layout.yaxis.ticktext == frame.layout.yaxis.ticktext


@given(st.lists(st.floats(-1, 1, allow_nan=False), min_size=1, max_size=14), st.floats(-1, 1))
@settings(max_examples=15, deadline=None)
def test_every_candidate_has_one_fate_at_any_margin(scores, positive):
    found = [(f"c{i}", s, "sibling") for i, s in enumerate(sorted(scores, reverse=True))]
    for frame in a_line({"q": ("right", positive, found)}).frames:
        rows = [row for part in (TRAINED, LEFT, DROPPED) for row in frame.data[part].y]
        assert sorted(rows) == [*range(len(scores))]


@pytest.mark.parametrize(
    ("searches", "changes", "says"),
    [
        ({}, {}, "no query came"),
        ({"q": ("r", 0.5, [])}, {}, "0 candidates"),
        ({"q": ("r", 0.5, FOUND * 3)}, {}, "15 candidates"),
        ({"q": ("r", 0.5, FOUND[::-1])}, {}, "the highest first"),
        ({"q": ("r", float("nan"), FOUND)}, {}, "finite numbers"),
        (SEARCHES, {"margins": [0.2, 0.1]}, "rising shares"),
        (SEARCHES, {"margins": [0.1, None]}, "None in the first place"),
        (SEARCHES, {"margins": [None]}, "rising shares"),
    ],
)
def test_what_cannot_be_shown_is_refused(searches, changes, says):
    with pytest.raises(ValueError, match=says):
        a_line(searches, **changes)
