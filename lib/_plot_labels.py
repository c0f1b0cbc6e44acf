"""Where the words of a figure stand, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

INK = "#222222"


def place_labels(fig: Figure, ax: Axes, xy: np.ndarray, words: Sequence[str]) -> None:
    """Put each word beside its point, at the first of eight places where it covers nothing."""
    fig.draw_without_rendering()  # the layout decides the pixel positions that overlap is about
    fig.set_layout_engine("none")
    renderer = fig.canvas.get_renderer()  # type: ignore[attr-defined] # agg's canvas, and others
    pixels = ax.transData.transform(xy)
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in pixels]
    frame = ax.get_window_extent(renderer)
    places = [
        ((dx, dy), ha, va)
        for dx, ha in ((6, "left"), (-6, "right"), (0, "center"))
        for dy, va in ((0, "center"), (6, "bottom"), (-6, "top"))
        if dx or dy
    ]
    for word, point in zip(words, xy):
        for offset, ha, va in places:
            label = ax.annotate(
                word,
                point,
                xytext=offset,
                textcoords="offset points",
                fontsize=8.5,
                color=INK,
                zorder=4,
                ha=ha,
                va=va,
            )
            box = label.get_window_extent(renderer)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1
            inside = inside and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and box.count_overlaps(taken) == 0:
                taken.append(box)
                break
            label.remove()


def label_ends(fig: Figure, ax: Axes, ends: list[tuple[float | None, float, str, str]]) -> None:
    """Name each line beside the right edge, spread so that no two names touch."""
    if not ends:
        return
    fig.draw_without_rendering()
    height = ax.get_window_extent().height
    step = 13 * fig.dpi / 72 / height  # one line of text, as a share of the axes' height
    edge = ax.get_xlim()[1]
    share = ax.transAxes.inverted()
    wanted = [
        (share.transform(ax.transData.transform((edge if x is None else x, y)))[1], x, y, name, ink)
        for x, y, name, ink in ends
    ]
    wanted.sort(key=lambda end: end[0])
    heights = [min(max(end[0], 0.0), 1.0) for end in wanted]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + step)
    over = max(0.0, heights[-1] - 1.0)
    heights = [h - over for h in heights]
    for i in range(len(heights) - 2, -1, -1):
        heights[i] = min(heights[i], heights[i + 1] - step)
    for place, (_, x, y, name, ink) in zip(heights, wanted):
        ax.annotate(
            name,
            (edge if x is None else x, y),
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": ink, "linewidth": 1.0, "shrinkA": 1},
            annotation_clip=False,
        )
