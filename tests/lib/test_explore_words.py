"""The map of words: what a list of fields and words lights up, and what is said of it."""

import pytest
import torch

from lib import explore
from lib._explore_show import KEY, LARGEST
from lib.word_vectors import WordVectors

WORDS = [f"word{i}" for i in range(30)] + ["<odd> & even"]
VECTORS = WordVectors(WORDS, torch.randn(31, 8, generator=torch.Generator().manual_seed(0)))
POINTS = VECTORS.vectors[:, :2].double()
NEAREST = {word: VECTORS.most_similar(word, 10) for word in WORDS}
FIELDS = {"low": ["word1", "word2"], "high": ["word9", "<odd> & even"]}


def a_map(**changes):
    given = {"words": WORDS, "points": POINTS, "nearest": NEAREST, "fields": FIELDS}
    return explore.word_neighbours(**(given | changes), title="Thirty words", share=0.25)


def state(figure, place: int):
    (frame,) = (frame for frame in figure.frames if frame.name == str(place))
    return frame, figure.layout.meta[KEY]["readings"][str(place)]


def test_a_list_goes_over_fields_and_their_words():
    figure = a_map()
    (control,) = figure.layout.meta[KEY]["controls"]
    assert not control["slides"]
    assert control["options"] == ["field: low", "field: high", "word1", "word2", "word9", WORDS[30]]
    assert len(figure.frames) == len(figure.layout.meta[KEY]["readings"]) == 6
    assert len(figure.to_json()) < LARGEST
    assert "keep 25% of the variance" in figure.layout.title.text


def test_every_word_is_a_point_that_tells_its_nearest():
    every = a_map().data[0]
    assert len(every.x) == len(WORDS)
    assert every.x[4] == pytest.approx(float(POINTS[4, 0]), rel=1e-3)
    assert every.text[4].endswith(", ".join(word for word, _ in NEAREST["word4"][:5]))
    assert every.text[30].startswith("<b>&lt;odd&gt; &amp; even</b>")


def test_a_field_lights_up_its_words_by_name():
    frame, reading = state(a_map(), 0)
    assert [list(frame.data[0].x), list(frame.data[1].x)] == [
        pytest.approx([float(POINTS[i, 0]) for i in (1, 2)], rel=1e-3),
        [],
    ]
    assert list(frame.data[0].text) == ["<b>word1</b>", "<b>word2</b>"]
    assert reading["sentence"] == "The field 'low': word1, word2."


def test_a_word_lights_up_its_ten_in_their_order_and_the_table_tells_their_rank_on_the_map():
    frame, reading = state(a_map(), 4)
    found = [WORDS.index(word) for word, _ in NEAREST["word9"]]
    assert list(frame.data[0].x) == pytest.approx([float(POINTS[i, 0]) for i in found], rel=1e-3)
    assert list(frame.data[0].text) == [f"<b>{rank}</b>" for rank in range(1, 11)]
    assert list(frame.data[1].text) == ["<b>word9</b>"]
    far = torch.cdist(POINTS[9:10], POINTS)[0]
    for row, (word, cosine) in zip(reading["rows"], NEAREST["word9"]):
        assert row[0].endswith(f". {word}")
        assert row[1] == f"{cosine:.2f}"
        assert int(row[2]) == int((far < far[WORDS.index(word)]).sum())
    near = sum(int(row[2]) <= 10 for row in reading["rows"])
    assert f"{near} are among the 10 nearest points" in reading["sentence"]


def test_the_figure_begins_with_the_first_field():
    figure = a_map()
    frame, _ = state(figure, 0)
    assert [list(part.x) for part in figure.data[1:]] == [list(part.x) for part in frame.data]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"points": POINTS[:5]}, "points are \\(5, 2\\) for 31 words"),
        ({"points": POINTS * float("nan")}, "all finite"),
        ({"fields": {}}, "at least one field"),
        ({"fields": {"none": []}}, "at least one field"),
        ({"fields": {"other": ["word1", "elsewhere"]}}, "elsewhere.* not on the map"),
        ({"nearest": NEAREST | {"word3": NEAREST["word3"][:4]}}, "'word3' has 4 nearest"),
        ({"nearest": NEAREST | {"word1": [("far", 0.1)] * 5}}, "far.* not on the map"),
        ({"words": ["word0"] * 31}, "1 of them different"),
    ],
)
def test_what_cannot_be_shown_is_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        a_map(**changes)
