"""Quality against cost: a figure of ways to build one thing, and which of them are worth having.

A point that another one beats in quality without costing more is never worth having. What is left is
the frontier, where more quality costs more (Pareto 1906, Manuale di economia politica).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lib import budget
from lib._plot_labels import INK, LEADER, QUIET, SMALL, fit
from lib.metrics import Interval
from lib.plots import PALETTE, WIDTH, _array, _axes

__all__ = ["frontier", "on_frontier"]

# Where a name may stand beside its point, (x, y) in points: above to the left of a point on the
# frontier nothing can lie, so that place comes first.
_PLACES = [
    ((far * dx, far * dy), ha, va)
    for far in (1, 2, 3)
    for dx, ha, dy, va in (
        (-5, "right", 3, "bottom"),
        (5, "left", -3, "top"),
        (7, "left", 0, "center"),
        (-5, "right", -3, "top"),
        (5, "left", 3, "bottom"),
    )
]
_NEAR = len(_PLACES)
# Farther off, where a line leads to the point: above first, where a crowded frontier leaves room.
_PLACES += [
    ((dx, dy), ha, "bottom" if dy > 0 else "top")
    for dy in (26, 40, -26, 54, -40)
    for dx, ha in ((-14, "right"), (0, "center"), (14, "left"))
]
_WORD = 5  # a word on a word cannot be read, one over a line can


def on_frontier(costs: Sequence[float], qualities: Sequence[float]) -> list[bool]:
    """Return for each point whether no other one is as cheap and as good, and better in one of both.

    costs, qualities: n numbers each; equal points are all on the frontier or none is.
    Raises ValueError when the two differ in number.
    """
    cost, quality = _array(costs), _array(qualities)
    if cost.ndim != 1 or cost.shape != quality.shape:
        raise ValueError(
            f"on_frontier: costs is {cost.shape} and qualities {quality.shape}; expected one of each "
            "a point"
        )
    stay = set(budget.frontier(cost.tolist(), quality.tolist()))
    return [row in stay for row in range(len(cost))]


def frontier(
    costs: Sequence[float],
    intervals: Sequence[Interval],
    labels: Sequence[str],
    *,
    title: str,
    x_label: str,
    y_label: str,
) -> Figure:
    """Named points of cost (log scale) and quality, with the frontier as a line of steps.

    costs: n numbers above 0; intervals: n, drawn as whiskers; labels: n names. A filled circle is on
    the frontier by its mean, a hollow square is not. Write units into the labels.
    Raises ValueError for other numbers of points, or a cost of 0 or less.
    """
    x = _array(costs)
    if not len(labels) or x.shape != (len(labels),) or len(intervals) != len(labels):
        raise ValueError(
            f"frontier: {x.shape} costs, {len(intervals)} intervals and {len(labels)} labels; "
            "expected one of each a point, and at least one point"
        )
    if not (x > 0).all():
        raise ValueError(f"frontier: a cost is {x.min():g}; a log scale begins above 0")
    y = np.array([interval.mean for interval in intervals])
    ends = np.array([[i.mean - i.low, i.high - i.mean] for i in intervals]).T  # (2, n)
    best = np.array(on_frontier(x.tolist(), y.tolist()))
    fig, ax = _axes(title, x_label, y_label, size=(WIDTH, 5.4))
    ax.set_xscale("log")
    kinds = (
        ("on the frontier", best, PALETTE[0], "o", PALETTE[0]),
        ("another costs no more and is better", ~best, QUIET, "s", "white"),
    )
    for name, rows, ink, marker, face in kinds:
        style: dict[str, Any] = {"color": ink, "mfc": face, "markersize": 6, "capsize": 2}
        ax.errorbar(x[rows], y[rows], ends[:, rows], fmt=marker, label=name, zorder=3, **style)
    order = np.lexsort((y, x))
    order = order[best[order]]
    ax.step(x[order], y[order], where="post", color=PALETTE[0], linewidth=1.2, zorder=2)
    ticks = 2.0 ** np.arange(np.floor(np.log2(x.min())), np.ceil(np.log2(x.max())) + 1)
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    ax.minorticks_off()
    ax.margins(x=0.16, y=0.1)
    fig.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=SMALL)
    fit(fig, ax, ["The vertical axis does not start at 0."] if ax.get_ylim()[0] > 0 else [])
    corners = np.repeat(np.stack([x, y], axis=1)[order], 2, axis=0)
    corners[1:-1:2, 0] = corners[2::2, 0]  # of the steps: right first, then up
    whiskers = [((a, low), (a, high)) for a, low, high in zip(x, y - ends[0], y + ends[1])]
    lines = [*whiskers, *pairwise(corners)]
    _name(fig, ax, np.stack([x, y], axis=1), labels, lines, np.argsort(~best, kind="stable"))
    return fig


def _name(
    fig: Figure,
    ax: Axes,
    points: np.ndarray,
    words: Sequence[str],
    lines: list,
    order: np.ndarray,
) -> None:
    """Put every word beside its point, where it covers least of points (n, 2), lines and words.

    Where it would cover another word beside its point, it stands farther off, with a line to it.
    """
    fig.draw_without_rendering()  # the layout decides the pixel positions that overlap is about
    fig.set_layout_engine("none")
    renderer = fig.canvas.get_renderer()  # type: ignore[attr-defined] # agg's canvas, and others
    to_pixels = ax.transData.transform
    taken = [Bbox.from_bounds(a - 5, b - 5, 10, 10) for a, b in to_pixels(points)]
    taken += [Bbox(np.sort(to_pixels(line), axis=0)).padded(1.5) for line in lines]
    named: list[Bbox] = []
    frame = ax.get_window_extent(renderer)
    for row in order:
        tried = []
        for place, (offset, ha, va) in enumerate(_PLACES):
            label = ax.annotate(
                words[row],
                points[row],
                xytext=offset,
                textcoords="offset points",
                fontsize=SMALL,
                color=INK,
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
                zorder=4,
                ha=ha,
                va=va,
                arrowprops=LEADER if place >= _NEAR else None,
            )
            label.update_positions(renderer)
            box = Text.get_window_extent(label, renderer)  # of the word alone, without its line
            outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y1 > frame.y1
            cost = box.count_overlaps(taken) + _WORD * box.count_overlaps(named) + 9 * outside
            away = place >= _NEAR / 3, place >= _NEAR  # not beside its point; with a line
            tried.append((cost + 0.7 * away[0] + 0.2 * away[1], place, label, box))
        tried.sort(key=lambda one: one[:2])
        named.append(tried[0][3])
        for _, _, label, _ in tried[1:]:
            label.remove()
