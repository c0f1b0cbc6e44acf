"""Figures that a reader can use without colour, without a mouse and without eyes.

Each function draws one kind of figure and returns it; `show(fig, alt)` displays it with its text
alternative. Colours are Okabe and Ito's eight, which stay apart under the common forms of colour
blindness; whatever a colour says is also said by a marker and by a label beside it, and a series
keeps its colour from figure to figure. A figure brings its own white paper, so that it can be read
on a dark page, and its words are large enough for a page of 390 pixels.

Figures are made without pyplot: no window, no global state, nothing to close, any backend.
Numbers may be lists, arrays or tensors on any device.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from lib._plot_colours import MARKERS, PALETTE, colours_of, ink_on
from lib._plot_labels import (
    INK,
    QUIET,
    SMALL,
    fit,
    label_ends,
    label_peaks,
    name_verticals,
    place_labels,
    short_number,
    thin_ticks,
    wrap,
)
from lib._plot_rules import require_house_rules
from lib._plot_show import show

__all__ = ["MARKERS", "PALETTE", "bars", "curve", "heatmap", "leaderboard"]
__all__ += ["require_house_rules", "show", "word_map"]

WIDTH = 5.6  # inches; a wider figure has words too small for a telephone, see SMALL
_LONGEST_NAME = 24  # characters
DPI = 150


def word_map(
    points: Any,
    words: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    title: str,
    x_label: str = "first component",
    y_label: str = "second component",
) -> Figure:
    """Words (or texts) as labelled points in a plane.

    points: (n, 2); words: n labels; groups: n names, at most seven different ones, each drawn with
    a colour, a marker and its name at the group's middle. Labels that would cover another one are
    moved around their point; one that fits nowhere is left out, its point stays.
    Raises ValueError when shapes do not fit.
    """
    xy = _array(points)
    if xy.ndim != 2 or xy.shape != (len(words), 2):
        raise ValueError(
            f"word_map: points is {xy.shape} for {len(words)} words; expected (n, 2): project the "
            "vectors to two dimensions first"
        )
    names: list[str] = list(dict.fromkeys(groups)) if groups is not None else [""]
    if groups is not None and len(groups) != len(words):
        raise ValueError(f"word_map: {len(groups)} groups for {len(words)} words; give one a word")
    if len(names) > len(PALETTE):
        raise ValueError(f"word_map: {len(names)} groups; at most {len(PALETTE)} can be told apart")
    fig, ax = _axes(title, x_label, y_label, size=(WIDTH, 5.2))
    for i, name in zip(colours_of(names), names):
        rows = [r for r in range(len(words)) if groups is None or groups[r] == name]
        x, y = xy[rows].T
        ax.scatter(x, y, s=26, color=PALETTE[i], marker=MARKERS[i], label=name or None, zorder=3)
    ax.margins(0.12)
    if groups is not None:
        fig.legend(
            loc="outside lower center",
            ncols=len(names) if sum(map(len, names)) + 4 * len(names) < 52 else 3,
            frameon=False,
            fontsize=SMALL,
        )
    fit(fig, ax)
    place_labels(fig, ax, xy, words)
    return fig


def curve(
    x: Any,
    series: Mapping[str, Any],
    *,
    title: str,
    x_label: str,
    y_label: str,
    bands: Mapping[str, tuple[Any, Any]] | None = None,
    band: str = "",
    references: Mapping[str, float] | None = None,
    regions: Mapping[str, tuple[float, float]] | None = None,
    log_x: bool = False,
    log_y: bool = False,
    at_peaks: bool = False,
) -> Figure:
    """Lines over one x axis, each named at its right end, or `at_peaks` beside its highest point.

    x: (n,); series: name -> (n,), at most seven; bands: name -> (low (n,), high (n,)), an interval
    drawn behind the line of that name; band: what the bands are, such as "lowest to highest of 3
    seeds", written into the figure; references: name -> height of a dashed horizontal line;
    regions: name -> (from, to) in x, shaded in turn. Write units into the labels: "time (s)". NaN
    leaves a gap. A vertical axis without its 0 says so. Raises ValueError for other shapes, bands
    that are not described, and bands of no series.
    """
    xs = _array(x)
    if not series or len(series) > len(PALETTE):
        raise ValueError(f"curve: {len(series)} series; expected 1 to {len(PALETTE)}")
    if bands and not band.strip():
        raise ValueError(
            "curve: bands came without band; say what they are: band='lowest to highest of 3 seeds'"
        )
    if strangers := [name for name in bands or {} if name not in series]:
        raise ValueError(f"curve: bands of {strangers}, which are no series: {list(series)}")
    fig, ax = _axes(title, x_label, y_label)
    if log_x:
        ax.set_xscale("log")
        if len(xs) <= 8:
            ax.set_xticks(xs, [short_number(value) for value in xs])
            ax.minorticks_off()
    elif xs.size and not (xs % 1).any():  # no step 1.5 on an axis of whole steps
        ax.xaxis.set_major_locator(
            MaxNLocator(nbins="auto", steps=[1, 2, 2.5, 5, 10], integer=True)
        )
    if log_y:
        ax.set_yscale("log")
    ends = []
    for i, (name, values) in zip(colours_of(list(series)), series.items()):
        ys = _array(values)
        if xs.ndim != 1 or ys.shape != xs.shape:
            raise ValueError(f"curve: {name!r} is {ys.shape} but x is {xs.shape}; expected equal")
        marker = MARKERS[i] if len(xs) <= 20 else None
        ax.plot(xs, ys, color=PALETTE[i], marker=marker, markersize=5, linewidth=1.8)
        if bands and name in bands:
            low, high = (_array(edge) for edge in bands[name])
            ax.fill_between(xs, low, high, color=PALETTE[i], alpha=0.18, linewidth=0)
        seen = np.flatnonzero(~np.isnan(ys))
        if seen.size:
            end = np.nanargmax(ys) if at_peaks else seen[-1]
            ends.append((xs[end], ys[end], name, PALETTE[i]))
    for name, height in (references or {}).items():
        ax.axhline(height, color=QUIET, linestyle="--", linewidth=1.2, zorder=1)
        ends.append((None, float(height), name, QUIET))
    for place, (start, stop) in enumerate((regions or {}).values()):
        ax.axvspan(start, stop, color=PALETTE[5], alpha=0.25 * (1 - place % 2), linewidth=0)
    notes = [f"Band: {band.strip().rstrip('.')}."] if bands else []
    bottom, top = ax.get_ylim()
    if not log_y and 0 < bottom < 0.25 * (top - bottom):
        ax.set_ylim(0, top)
    elif not log_y and not bottom <= 0 <= top:
        notes.append("The vertical axis does not start at 0.")
    middles = {name: _middle(ends, log_x) for name, ends in (regions or {}).items()}
    fit(fig, ax, notes, name_verticals(fig, ax, middles))
    label_peaks(ax, ends) if at_peaks else label_ends(fig, ax, ends)
    if log_x and len(xs) <= 8:
        thin_ticks(fig, ax)
    return fig


def heatmap(
    values: Any,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    title: str,
    value_label: str,
    x_label: str = "",
    y_label: str = "",
    limits: tuple[float, float] | None = None,
    decimals: int = 2,
) -> Figure:
    """A table of numbers as shades, with the numbers written in if their cells are wide enough.

    values: (rows, columns); limits: the values of the lightest and the darkest shade (default: the
    smallest and the largest value). NaN cells stay white. A number is black or white, whichever has
    more contrast with its cell. Raises ValueError for other shapes.
    """
    table = _array(values)
    if table.shape != (len(row_labels), len(column_labels)):
        raise ValueError(
            f"heatmap: values is {table.shape} for {len(row_labels)} row labels and "
            f"{len(column_labels)} column labels; expected one label a row and a column"
        )
    rows, columns = table.shape
    low, high = limits or (np.nanmin(table), np.nanmax(table))
    width, height = np.clip(2.6 + 0.55 * columns, 4.5, WIDTH), np.clip(1.8 + 0.4 * rows, 3, 8)
    fig, ax = _axes(title, x_label, y_label, size=(float(width), float(height)))
    ax.grid(False)
    image = ax.imshow(table, cmap="cividis_r", vmin=low, vmax=high, aspect="auto")
    slanted = max((len(label) for label in column_labels), default=0) > 5
    ax.set_xticks(range(columns), column_labels)
    if slanted:
        for label in ax.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(rows), row_labels)
    ax.tick_params(length=0)
    bar = fig.colorbar(image, ax=ax, shrink=0.9, aspect=25)
    bar.set_label(value_label, fontsize=SMALL, color=INK)
    bar.ax.tick_params(labelsize=SMALL, colors=INK)
    fit(fig, ax)
    wrap(bar.ax.yaxis.label, bar.ax.get_window_extent().height, upright=True)
    fig.draw_without_rendering()
    written = {  # + 0.0: no "-0.00"
        place: f"{round(value, decimals) + 0.0:.{decimals}f}"
        for place, value in np.ndenumerate(table)
        if not np.isnan(value)
    }
    cell = ax.get_window_extent().width / fig.dpi * 72 / max(columns, 1)  # points
    if max(map(len, written.values()), default=0) * 0.62 * SMALL <= cell:
        for (row, column), text in written.items():
            ink = ink_on(list(image.to_rgba(table[row, column])))
            ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=SMALL)
    return fig


def bars(
    labels: Sequence[str],
    values: Any,
    intervals: Sequence[tuple[float, float]] | None = None,
    *,
    title: str,
    value_label: str,
    references: Mapping[str, float] | None = None,
    decimals: int = 3,
    whiskers: str = "95% interval",
) -> Figure:
    """Horizontal bars in the given order, first on top, each with its value and its interval.

    labels: n; values: (n,); intervals: n pairs (low, high), drawn as whiskers; whiskers: what they
    are, written into the figure unless `value_label` says it; references: name -> a dashed vertical
    line, such as chance or a baseline. Raises ValueError for other shapes.
    """
    numbers = _array(values)
    if numbers.shape != (len(labels),):
        raise ValueError(f"bars: values is {numbers.shape} for {len(labels)} labels; give one each")
    if intervals is not None and len(intervals) != len(labels):
        raise ValueError(
            f"bars: {len(intervals)} intervals for {len(labels)} labels; give one each"
        )
    # in lines, if need be: a long name would leave no room for the bars and what is below them
    names = [_in_lines(label) for label in labels]
    row_height = max([0.4, *(0.16 * name.count("\n") + 0.3 for name in names)])  # inches
    fig, ax = _axes(title, value_label, "", size=(WIDTH, 1.6 + row_height * len(labels)))
    ax.grid(False, axis="y")
    rows = np.arange(len(labels))
    ax.barh(rows, numbers, color=PALETTE[5], edgecolor=PALETTE[0], height=0.62, zorder=2)
    reach = numbers
    if intervals is not None:
        low, high = np.array(intervals, dtype=float).T
        spread = np.clip([numbers - low, high - numbers], 0, None)
        ax.errorbar(
            numbers, rows, xerr=spread, fmt="none", ecolor=INK, elinewidth=1.3, capsize=3, zorder=4
        )
        reach = np.maximum(numbers, high)
    for row, number in enumerate(numbers):
        ax.annotate(
            f"{number:.{decimals}f}",
            (max(reach[row], 0), row),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=INK,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    for position in (references or {}).values():
        ax.axvline(position, color=QUIET, linestyle="--", linewidth=1.2, zorder=3)
    ax.set_yticks(rows, [name.replace("\u00a0", " ") for name in names])
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.margins(x=0.12)
    said = whiskers.casefold() in f"{title} {value_label}".casefold()
    notes = [] if intervals is None or said else [f"Whiskers: {whiskers}."]
    fit(fig, ax, notes, name_verticals(fig, ax, references or {}))
    return fig


def leaderboard(rows: Sequence[Any], *, metric: str = "ndcg_at_10") -> Figure:
    """The course's one retrieval task, system by system, as bars with 95% intervals.

    rows: leaderboard rows in the order to draw; of each it reads `system`, `lesson` and the
    attribute named by `metric`, an interval with `mean`, `low` and `high`.
    Raises ValueError when there is no row.
    """
    if not rows:
        raise ValueError("leaderboard: no rows yet; run a lesson to its end and it adds its own")
    found = [getattr(row, metric) for row in rows]
    title = metric.replace("_at_", "@").replace("ndcg", "nDCG").replace("mrr", "MRR")
    return bars(
        [f"{row.system}\u00a0({row.lesson})" for row in rows],
        [interval.mean for interval in found],
        [(interval.low, interval.high) for interval in found],
        title="Leaderboard: what patients say, what clinicians write",
        value_label=f"{title} on the test queries, with 95% interval",
    )


def _axes(
    title: str, x_label: str, y_label: str, size: tuple[float, float] = (WIDTH, 3.9)
) -> tuple[Figure, Axes]:
    if not title.strip():
        raise ValueError("a figure's title is empty; say in a few words what the figure shows")
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)  # inches of paper around it all
    fig = Figure(figsize=size, dpi=DPI, layout=layout, facecolor="white")
    FigureCanvasAgg(fig)  # measures text, whatever backend the notebook has chosen
    ax = fig.add_subplot()
    # over the whole figure: over the axes alone a long title would run off the right edge
    heading = fig.suptitle(title, x=0.015, ha="left", fontsize=11, fontweight="bold", color=INK)
    wrap(heading, 0.97 * size[0] * DPI)
    ax.set_xlabel(x_label, color=INK, fontsize=SMALL + 0.5)
    ax.set_ylabel(y_label, color=INK, fontsize=SMALL + 0.5)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#E4E4E4", linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=SMALL, colors=INK)
    return fig, ax


def _in_lines(label: str) -> str:
    long = max(map(len, label.split()), default=0) > _LONGEST_NAME
    return textwrap.fill(label, _LONGEST_NAME, break_on_hyphens=long)


def _middle(ends: tuple[float, float], log: bool) -> float:
    """The middle of two numbers as it is seen on a linear or a logarithmic axis."""
    return float(np.sqrt(ends[0] * ends[1]) if log else (ends[0] + ends[1]) / 2)


def _array(values: Any) -> np.ndarray:
    """Numbers as float64 on the CPU: the one place where a tensor leaves its device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().double()
    return np.asarray(values, dtype=float)
