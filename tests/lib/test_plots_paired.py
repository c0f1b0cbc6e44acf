"""Paired differences as a reader gets them: dots, intervals, and what they tell in words."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.metrics import Interval, bootstrap_interval
from lib.plots_paired import paired_differences
from tests.lib.figures import require_contrast, require_readable, written

LABELS = {"title": "What compression costs", "value_label": "difference of nDCG@10"}
UNDECIDED = "no difference can be told"
SOME = {
    "MaxSim less one vector": Interval(0.032, 0.011, 0.054),
    "4 bits less exact": Interval(-0.0004, -0.006, 0.005),
    "1 bit less exact, with query augmentation by mask tokens": Interval(-0.021, -0.034, -0.008),
}


def test_the_figure_and_its_words_say_each_difference_with_its_interval():
    figure, alt = paired_differences(SOME, **LABELS)
    for text in (written(figure), alt):
        assert "+0.032 [+0.011, +0.054]" in text
        assert "0.000 [\N{MINUS SIGN}0.006, +0.005]" in text
        assert "\N{MINUS SIGN}0.000" not in text
    assert "MaxSim less one vector +0.032 [+0.011, +0.054], above 0; 4 bits" in alt
    assert alt.endswith("below 0.")


def test_an_interval_that_holds_0_is_told_in_words_and_by_a_hollow_dot():
    figure, alt = paired_differences(SOME, **LABELS)
    assert written(figure).count(UNDECIDED) == alt.count(UNDECIDED) == 1
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True, False]


def test_it_can_be_read_on_a_telephone():
    figure, _ = paired_differences(SOME, **LABELS)
    require_readable(figure)
    require_contrast(figure)


def test_the_line_at_0_is_in_sight_where_every_difference_is_far_from_it():
    figure, _ = paired_differences({"a": Interval(0.5, 0.4, 0.6)}, **LABELS)
    low, high = figure.axes[0].get_xlim()
    assert low <= 0 <= high
    require_readable(figure)


def test_it_takes_what_the_bootstrap_gives_for_the_same_queries():
    first, second = torch.rand(2, 60, generator=torch.Generator().manual_seed(0))
    found = bootstrap_interval(first - second)
    figure, _ = paired_differences({"a": found}, **LABELS)
    whisker = next(line for line in figure.axes[0].lines if line.get_marker() == "None")
    ends = figure.axes[0].lines[1].get_xdata()
    assert list(ends) == [found.low, found.high]
    assert whisker is not None


LONG_NAMES = [
    "ColBERT minus one vector, both trained",
    "8 probes, 256 candidates, minus all",
    "cross-encoder minus late interaction",
]


@pytest.mark.parametrize("mean", [-0.021, 0.0, 0.3, -0.0004])
def test_a_long_name_takes_two_lines_and_leaves_the_numbers_their_place(mean):
    some = {name: Interval(mean, mean - 0.01, mean + 0.03) for name in LONG_NAMES}
    figure, _ = paired_differences(some, **LABELS)
    require_readable(figure)
    (ax,) = figure.axes
    assert [label.get_text().count("\n") for label in ax.get_yticklabels()] == [1, 1, 1]
    assert ax.get_window_extent().width > 0.22 * figure.bbox.width


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1))
@settings(max_examples=5, deadline=None)
def test_no_label_covers_another_whatever_the_numbers(rows):
    some = {
        f"system {i}": Interval(mean, mean - down, mean + up)
        for i, (mean, down, up) in enumerate(rows[:6])
    }
    require_readable(paired_differences(some, **LABELS).figure)


@pytest.mark.parametrize(
    ("differences", "says"),
    [
        ({}, "no difference came"),
        ({"a": Interval(0.5, 0.6, 0.7)}, "expected finite numbers with the mean inside"),
        ({"a": Interval(float("nan"), 0.6, 0.7)}, "'a' is nan"),
    ],
)
def test_what_is_no_difference_is_refused(differences, says):
    with pytest.raises(ValueError, match=says):
        paired_differences(differences, **LABELS)
