"""Where the words of a figure stand, so that none covers another and none runs off."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

INK = "#222222"
QUIET = "#767676"
# Figures are 5.6 inches wide at most: on a page of 390 pixels 9 points are then 8.7 pixels high.
SMALL = 9.0  # points, of all words but the title
_END_WIDTH = 17  # characters
LEADER = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3}


def place_labels(fig: Figure, ax: Axes, xy: np.ndarray, words: Sequence[str]) -> None:
    """Put each word beside its point, at the first of sixteen places where it covers nothing.

    Eight touch the point, the others are farther off and have a line to it.
    """
    fig.draw_without_rendering()  # the layout decides the pixel positions that overlap is about
    fig.set_layout_engine("none")
    renderer = fig.canvas.get_renderer()  # type: ignore[attr-defined] # agg's canvas, and others
    pixels = ax.transData.transform(xy)
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in pixels]
    frame = ax.get_window_extent(renderer)
    places = [
        ((far * dx, far * dy), ha, va)
        for far in (6, 16)
        for dx, ha in ((1, "left"), (-1, "right"), (0, "center"))
        for dy, va in ((0, "center"), (1, "bottom"), (-1, "top"))
        if dx or dy
    ]
    for word, point in zip(words, xy):
        for offset, ha, va in places:
            label = ax.annotate(
                word,
                point,
                xytext=offset,
                textcoords="offset points",
                fontsize=SMALL,
                color=INK,
                zorder=4,
                ha=ha,
                va=va,
                arrowprops=LEADER if 16 in map(abs, offset) else None,
            )
            label.update_positions(renderer)
            box = Text.get_window_extent(label, renderer)  # of the word alone, without its line
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1
            inside = inside and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and box.count_overlaps(taken) == 0:
                taken.append(box)
                break
            label.remove()


def label_ends(fig: Figure, ax: Axes, ends: list[tuple[float | None, float, str, str]]) -> None:
    """Name each line beside the right edge, spread so that no two names touch.

    ends: x (None: the edge) and y of the line's end in data, its name and colour.
    """
    if not ends:
        return
    fig.draw_without_rendering()
    line = 1.25 * SMALL * fig.dpi / 72 / ax.get_window_extent().height  # as a share of the axes
    edge = ax.get_xlim()[1]
    share = ax.transAxes.inverted()
    wanted = []
    for x, y, name, ink in ends:
        height = share.transform(ax.transData.transform((edge if x is None else x, y)))[1]
        wanted.append((height, x, y, textwrap.fill(name, _END_WIDTH), ink))
    wanted.sort(key=lambda end: end[0])
    halves = [line * (1 + end[3].count("\n")) / 2 for end in wanted]
    gaps = [a + b + line / 6 for a, b in pairwise(halves)]  # between neighbours' middles
    heights = [min(max(end[0], 0.0), 1.0) for end in wanted]
    for i, gap in enumerate(gaps):
        heights[i + 1] = max(heights[i + 1], heights[i] + gap)
    over = max(0.0, heights[-1] - 1.0)
    heights = [h - over for h in heights]
    for i in reversed(range(len(gaps))):
        heights[i] = min(heights[i], heights[i + 1] - gaps[i])
    for place, (_, x, y, name, ink) in zip(heights, wanted):
        ax.annotate(
            name,
            (edge if x is None else x, y),
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=SMALL,
            color=INK,
            arrowprops={
                "arrowstyle": "-",
                "color": ink,
                "linewidth": 1.0,
                "shrinkA": 1,
                "relpos": (0, 0.5),  # from the name's left edge, so that it crosses no other name
            },
            annotation_clip=False,
        )


def label_peaks(ax: Axes, peaks: list[tuple[float | None, float, str, str]]) -> None:
    """Name each line beside its highest point: the first from the left at its left, others at the right.

    peaks: x (None: the right edge) and y of the point in data, the line's name and colour.
    """
    edge = ax.get_xlim()[1]
    ordered = sorted((edge if x is None else x, y, name) for x, y, name, _ in peaks)
    for place, (x, y, name) in enumerate(ordered):
        left = place == 0 and len(ordered) > 1
        ax.annotate(
            textwrap.fill(name, _END_WIDTH),
            (x, y),
            xytext=(-8 if left else 8, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=SMALL,
            color=INK,
        )


def name_verticals(fig: Figure, ax: Axes, positions: Mapping[str, float]) -> int:
    """Write names over the axes at x positions, in as many rows as they need; return how many."""
    fig.draw_without_rendering()
    renderer = fig.canvas.get_renderer()  # type: ignore[attr-defined]
    taken: list[list[Bbox]] = []
    for name, position in sorted(positions.items(), key=lambda item: item[1]):
        style: dict[str, Any] = {"ha": "center", "fontsize": SMALL, "color": QUIET}
        style |= {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        label = ax.annotate(name, (position, 1), xytext=(0, 2), **style)
        box = label.get_window_extent(renderer).padded(3)
        level = 0
        while level < len(taken) and any(box.x0 < b.x1 and b.x0 < box.x1 for b in taken[level]):
            level += 1
        taken += [[]] if level == len(taken) else []
        taken[level].append(box)
        label.xyann = (0, 2 + 1.25 * SMALL * level)
    return len(taken)


def fit(fig: Figure, ax: Axes, notes: Sequence[str] = (), above: int = 0) -> None:
    """Break lines where a label is longer than its axis, and write the notes over the axes.

    above: rows of names that stand there already, see `name_verticals`.
    """
    if notes:
        pad = 5 + 1.25 * SMALL * above
        ax.set_title("\n".join(notes), loc="left", fontsize=SMALL, color=INK, pad=pad)
    fig.draw_without_rendering()
    frame = ax.get_window_extent()
    wrap(ax.xaxis.label, frame.width)
    wrap(ax.yaxis.label, frame.height, upright=True)
    if notes:
        title = ax._left_title  # type: ignore[attr-defined] # matplotlib has no other way to it
        title.set_text("\n".join(_wrapped(title, note, frame.width) for note in notes))


def wrap(text: Text, pixels: float, upright: bool = False) -> None:
    """Break the lines of `text` so that none is longer than `pixels`; upright: it reads upwards."""
    text.set_text(_wrapped(text, text.get_text(), pixels, upright))


def thin_ticks(fig: Figure, ax: Axes) -> None:
    """Empty every label on the x axis that would touch the one before it; the last one stays."""
    fig.draw_without_rendering()
    labels = [label for label in ax.get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent().padded(2) for label in labels]
    kept = [len(labels) - 1]
    for i in range(len(labels) - 1):
        before = [boxes[j].x1 for j in kept if j < i]
        if boxes[i].x1 < boxes[-1].x0 and all(end < boxes[i].x0 for end in before):
            kept.append(i)
    ticks = ax.get_xticks()
    ax.set_xticks(ticks, [x.get_text() if i in kept else "" for i, x in enumerate(labels)])


def short_number(value: float) -> str:
    """A number of a tick in few characters: 24, 0.5, 1,024, 10k, 1M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if value >= 10_000 and value >= size and not value % (size / 10):
            return f"{value / size:g}{unit}"
    return f"{value:,.0f}" if value == round(value) else f"{value:g}"


def _wrapped(text: Text, content: str, pixels: float, upright: bool = False) -> str:
    kept = text.get_text()
    result = content
    for width in range(len(content), 9, -1):
        result = textwrap.fill(content, width, break_long_words=False, break_on_hyphens=False)
        text.set_text(result)
        box = text.get_window_extent()
        if (box.height if upright else box.width) <= pixels:
            break
    text.set_text(kept)
    return result
