"""The frontier of cost and quality, against a plain loop, and the figure as a reader gets it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

from lib.metrics import Interval
from lib.plots_frontier import frontier, on_frontier

LABELS = {"title": "Bytes", "x_label": "bytes a passage (log scale)", "y_label": "nDCG@10"}
POINTS = {
    "16 x int8": (16, 0.52),
    "32 x int8": (32, 0.64),
    "384 bits": (48, 0.70),
    "384 bits, query x signs": (48, 0.72),
    "64 x int8": (64, 0.70),
    "16 x float32": (64, 0.51),
    "128 x int8": (128, 0.73),
    "384 x int8": (384, 0.75),
    "384 bits + int8": (432, 0.748),
    "128 x float32": (512, 0.73),
    "384 x float32": (1536, 0.7502),
}


def drawn() -> Figure:
    costs, means = zip(*POINTS.values())
    intervals = [Interval(mean, mean - 0.02, mean + 0.03) for mean in means]
    return frontier(costs, intervals, list(POINTS), **LABELS)


def by_loops(points: list[tuple[float, float]]) -> list[bool]:
    return [
        not any(c <= cost and q >= quality and (c, q) != (cost, quality) for c, q in points)
        for cost, quality in points
    ]


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), max_size=12))
def test_the_frontier_holds_what_no_other_point_beats(points):
    costs, qualities = zip(*points) if points else ((), ())
    assert on_frontier(costs, qualities) == by_loops(points)


def test_equal_points_stay_together():
    assert on_frontier([2, 2, 3], [0.5, 0.5, 0.5]) == [True, True, False]


def test_every_point_is_named_inside_the_axes_and_no_name_covers_another():
    fig = drawn()
    fig.draw_without_rendering()
    assert sorted(t.get_text() for t in fig.axes[0].texts) == sorted(POINTS)
    renderer, frame = fig.canvas.get_renderer(), fig.axes[0].get_window_extent()
    boxes = [Text.get_window_extent(t, renderer) for t in fig.axes[0].texts]
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_the_axis_is_logarithmic_with_plain_numbers_and_the_whiskers_are_the_intervals():
    ax = drawn().axes[0]
    assert ax.get_xscale() == "log"
    ticks = [t.get_text() for t in ax.get_xticklabels()]
    assert {"16", "1,024"} <= set(ticks)
    ends = {
        tuple(np.round(segment[:, 1], 4))
        for whiskers in ax.collections
        for segment in whiskers.get_segments()
    }
    assert ends == {(round(q - 0.02, 4), round(q + 0.03, 4)) for _, q in POINTS.values()}


def test_the_steps_go_through_the_frontier_alone():
    ax = drawn().axes[0]
    (steps,) = (line for line in ax.lines if line.get_drawstyle() == "steps-post")
    best = on_frontier(*zip(*POINTS.values()))
    wanted = [point for point, on in zip(POINTS.values(), best) if on]
    assert list(zip(*steps.get_data())) == wanted


def test_colour_is_not_all_that_tells_the_two_kinds_apart():
    ax = drawn().axes[0]
    markers = {line.get_marker() for line in ax.lines} & {"o", "s"}
    assert markers == {"o", "s"}
    assert len(drawn().legends[0].get_texts()) == 2


@pytest.mark.parametrize(
    ("costs", "labels", "message"),
    [
        ([1.0], ["a", "b"], "expected one of each"),
        ([0.0, 2.0], ["a", "b"], "begins above 0"),
        ([], [], "at least one point"),
    ],
)
def test_other_points_are_refused_in_a_sentence(costs, labels, message):
    intervals = [Interval(0.5, 0.4, 0.6)] * len(labels)
    with pytest.raises(ValueError, match=message):
        frontier(costs, intervals, labels, **LABELS)


def test_costs_and_qualities_come_in_pairs():
    with pytest.raises(ValueError, match="one of each"):
        on_frontier([1, 2], [0.5])


def test_words_are_large_enough_for_a_telephone_and_a_cut_axis_says_so():
    fig = drawn()
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert min(t.get_fontsize() for t in words) * 390 / fig.get_figwidth() / 72 >= 8.5
    assert "does not start at 0" in fig.axes[0].get_title("left")
