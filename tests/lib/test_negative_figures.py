"""The figures of lesson 04: readable, and with the numbers in their words."""

import math

import pytest
import torch

from lib import negative_figures as figures
from lib.data import CourseSet, Split
from lib.finetune import History
from lib.leaderboard import Row
from lib.metrics import Interval
from lib.tuple_training import Taught
from tests.lib.figures import require_readable, written

NOTHING = Split([], [], [], [])
NAMES = [f"term {i}" for i in range(15)]
COURSE = CourseSet(
    "toy", NAMES, NAMES, NAMES, NAMES, [(), *[("term 0",)] * 14], NOTHING, NOTHING, NOTHING, "", "",
    "", "",
)  # fmt: skip
HISTORIES = {
    "random": History([0.1, 0.01, 0.001], [1.0, 0.1, 0.01]),
    "the encoder's nearest": History([2.1, 1.0, 0.5, 0.4], [3.0, 2, 1, 1]),
}


def test_the_losses_are_cut_to_the_shorter_and_named_at_both_ends():
    figure, alt = figures.loss_left(HISTORIES)
    require_readable(figure)
    assert "over 3 steps" in alt
    assert "with the encoder's nearest negatives from 2.10 to 0.50" in alt
    assert f"{math.log(5):.2f}" in alt


def test_a_word_s_share_is_bm25_s():
    figure, alt = figures.word_share()
    require_readable(figure)
    for length, share in ((0.5, 0.52), (1, 0.40), (3, 0.21)):
        assert share == pytest.approx(1 / (1 + 1.5 * (0.25 + 0.75 * length)), abs=0.005)
        assert f"{share:.2f} for one occurrence" in alt


def test_relatives_are_told_at_the_first_and_the_last_rank():
    rows = torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]])
    figure, alt = figures.kin_by_rank({"miner": rows, "BM25": rows / 2}, 0.01)
    require_readable(figure)
    assert "miner 50% at rank 1 and 25.0% at rank 3" in alt
    assert "random passages 1.0%" in alt


def test_margins_stand_beside_what_they_are_compared_with():
    qualities = {0.0: 0.7, 0.05: 0.72, 0.4: 0.69}
    figure, alt = figures.by_margin(qualities, {"no margin": 0.66, "random": 0.62})
    require_readable(figure)
    assert "0.720 at 5%" in alt
    assert "no margin 0.660" in alt


def test_candidates_come_with_their_words_and_a_still_picture():
    angles = torch.linspace(0, 1.4, 15)
    passages = torch.stack([angles.cos(), angles.sin()], dim=1)
    asked = passages[2:4]
    mined = torch.tensor([[1, 3, *range(4, 15)], [2, 4, *range(5, 15), 1]])
    shown = figures.margin_search(
        COURSE, {"two": 0, "three": 1}, (asked, passages), torch.tensor([2, 3]), mined, depth=3
    )
    require_readable(shown.still)
    assert "'two'" in written(shown.still)
    assert "the right passage, term 2, has 1.000" in shown.alt
    assert f"term 1 {math.cos(0.1):.3f} (sibling)" in shown.alt
    assert len(shown.figure.frames) == 2 * 9


def test_differences_and_the_board_name_their_numbers():
    low, high = torch.full((40,), 0.4), torch.full((40,), 0.5)
    figure, alt = figures.differences(
        Taught({"a": high, "b": low}), [("a", "b")], "Which is better?"
    )
    require_readable(figure)
    assert "a minus b +0.100 [+0.100, +0.100], above 0" in alt
    half = Interval(0.5, 0.4, 0.6)
    figure, alt = figures.board([Row("BM25", "04", 9, half, half, half, "task")])
    require_readable(figure)
    assert alt.endswith("BM25 0.50.")


def test_pictures_of_one_query_are_drawn_from_its_rows():
    passages = torch.eye(15)
    asked = torch.zeros(15)
    asked[:4] = torch.tensor([0.5, 0.6, 0.4, 0.1])
    rows = (torch.tensor([0]), torch.tensor([1, 2]), torch.tensor([3, 9]))
    _, alt = figures.pulls(COURSE, "query", (asked, passages), *rows)
    assert "The positive, term 0, has 0.50" in alt
    assert "term 1 0.60" in alt
    assert "term 9 0.00" in alt
    _, alt = figures.unmarked(COURSE, "query", torch.tensor(1), torch.tensor([0, 2]))
    assert "term 1: marked, yes" in alt
    assert "term 0: not marked, in part: parent" in alt
    assert "term 2: not marked, no: sibling" in alt
