"""The neighbours of a query at every length: who stays, moves, enters and leaves."""

import pytest

from lib import explore
from lib._explore_show import KEY, LARGEST
from tests.lib.figures import require_contrast, require_readable, written

LENGTHS = [384, 32, 8]
TITLES = [f"passage {i}" for i in range(30)]
MOVED = [
    TITLES[1],
    TITLES[0],
    *TITLES[2:9],
    TITLES[20],
    TITLES[9],
    *TITLES[10:20],
]  # 9 left, 20 came
GONE = TITLES[::-1][:15]
ANSWERS = {"a <query>": TITLES[0], "another": TITLES[3]}
QUALITIES = {"untrained": [0.57, 0.38, 0.09], "head": [0.75, 0.64, 0.24]}


def rankings() -> dict:
    lists = [TITLES, MOVED, GONE]
    return {model: dict.fromkeys(ANSWERS, lists) for model in QUALITIES}


def a_figure(**changes):
    given = {
        "lengths": LENGTHS,
        "rankings": rankings(),
        "qualities": QUALITIES,
        "answers": ANSWERS,
    }
    return explore.neighbours_by_length(**(given | changes), title="Neighbours")


def spec(figure) -> dict:
    return figure.layout.meta[KEY]


def test_three_controls_and_a_frame_for_each_model_query_and_length():
    figure = a_figure()
    models, queries, slider = spec(figure)["controls"]
    assert spec(figure)["joint"]
    assert models["options"] == list(QUALITIES)
    assert queries["options"] == list(ANSWERS)
    assert slider["options"] == ["384", "32", "8"]
    assert slider["slides"]
    names = [f"{m}.{q}.{at}" for m in range(2) for q in range(2) for at in range(3)]
    assert [frame.name for frame in figure.frames] == names == list(spec(figure)["readings"])


def test_the_ring_stands_at_the_bytes_and_the_quality_of_the_length():
    for frame in a_figure().frames:
        m, _, at = map(int, frame.name.split("."))
        ring = frame.data[0]
        assert (ring.x, ring.y) == ((4 * LENGTHS[at],), ([*QUALITIES.values()][m][at],))
        assert frame.traces == (2, 3)


def test_the_list_says_who_stayed_moved_and_entered():
    frames = {frame.name: frame.data[1] for frame in a_figure().frames}
    whole, short = frames["0.0.0"], frames["0.0.1"]
    assert set(whole.marker.symbol) == {"circle"}
    assert whole.text[0] == "<b>1. passage 0</b>", "the answer is bold"
    assert short.text[:2] == ("1. passage 1 (2)", "<b>2. passage 0 (1)</b>")
    assert short.marker.symbol[:3] == ("triangle-up", "triangle-down", "circle")
    assert short.text[9] == "10. passage 20 (21)"
    assert short.marker.symbol[9] == "star"


def test_the_words_say_how_many_stayed_and_who_left():
    readings = spec(a_figure())["readings"]
    said = readings["0.0.1"]["sentence"]
    assert "untrained, 32 numbers, 128 bytes a passage: nDCG@10 of all queries 0.380" in said
    assert "9 of the 10 neighbours by all numbers are left, and the answer is at rank 2." in said
    assert said.endswith("Left: passage 9 (now 11).")
    assert "Left" not in readings["0.0.0"]["sentence"]
    assert "the answer is below rank 15." in readings["1.0.2"]["sentence"]
    *_, last, answer = readings["0.0.1"]["rows"]
    assert last == ["10", "passage 20", "21"]
    assert answer == ["2", "the answer: passage 0", "1"]
    assert readings["1.0.2"]["rows"][-1][0] == "below 15"


def test_a_passage_from_below_the_list_at_full_length_is_said_to_be_over_it():
    lists = [TITLES[:10], MOVED, GONE]
    found = {model: dict.fromkeys(ANSWERS, lists) for model in QUALITIES}
    frames = {frame.name: frame.data[1] for frame in a_figure(rankings=found).frames}
    assert frames["0.0.1"].text[9] == "10. passage 20 (&gt;10)"


def test_long_titles_are_cut_and_marks_in_them_are_words():
    titles = [f"<b>{i} " + "long word " * 6 for i in range(12)]
    found = {model: dict.fromkeys(ANSWERS, [titles] * 3) for model in QUALITIES}
    figure = a_figure(rankings=found)
    assert all("&lt;b&gt;" in text and "\u2026" in text for text in figure.frames[0].data[1].text)


def test_the_first_state_is_the_first_frame_and_the_figure_is_small():
    figure = a_figure()
    assert figure.data[2:] == figure.frames[0].data
    assert len(figure.to_json()) < LARGEST


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lengths": [8, 32, 384]}, "falling from the whole"),
        ({"qualities": {"untrained": [0.5] * 3}}, "the same one to 3 models"),
        ({"answers": {}}, "and a query"),
        ({"qualities": {"untrained": [0.5], "head": [0.5] * 3}}, "and 1 qualities"),
        ({"answers": {"a <query>": TITLES[0]}}, "has 2 queries"),
        (
            {"rankings": {m: {q: [TITLES, TITLES] for q in ANSWERS} for m in QUALITIES}},
            "has 2 lists",
        ),
        (
            {"rankings": {m: {q: [TITLES[:9]] * 3 for q in ANSWERS} for m in QUALITIES}},
            "expected one of 10 or more",
        ),
    ],
)
def test_numbers_that_do_not_fit_are_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        a_figure(**changes)


def test_the_still_picture_joins_what_both_lists_hold():
    figure = explore.neighbour_lists(
        {"all": TITLES, "the first 32": MOVED}, TITLES[0], title="Two lists"
    )
    require_readable(figure)
    require_contrast(figure)
    assert len(figure.axes[0].lines) == 9
    bold = [text.get_text() for text in figure.axes[0].texts if text.get_weight() == "bold"]
    assert bold == ["all", "1. passage 0", "the first 32", "2. passage 0"]
    assert "10. passage 20" in written(figure)


@pytest.mark.parametrize("lists", [{"all": TITLES}, {"all": TITLES, "few": TITLES[:9]}])
def test_a_still_picture_of_other_lists_is_refused(lists):
    with pytest.raises(ValueError, match="expected two of 10 or more"):
        explore.neighbour_lists(lists, TITLES[0], title="Two lists")
