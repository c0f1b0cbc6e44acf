"""Figures that a reader can use without colour, without a mouse and without eyes.

Each function draws one kind of figure and returns it; `show(fig, alt)` displays it with its text
alternative. Colours are Okabe and Ito's eight, which stay apart under the common forms of colour
blindness; whatever a colour says is also said by a marker and by a label beside it.

Figures are made without pyplot: no window, no global state, nothing to close, any backend.
Numbers may be lists, arrays or tensors on any device.
"""

from __future__ import annotations

import base64
import html
import io
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lib._plot_labels import INK, label_ends, place_labels

# Okabe and Ito 2008, Color Universal Design; yellow is left out: on white it cannot be seen.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
QUIET = "#767676"
SHORTEST_ALT = 20
_LONGEST_NAME = 36  # characters
DPI = 110


def show(fig: Figure, alt: str) -> None:
    """Display `fig` as a PNG whose output carries `alt`, the figure in words.

    alt: at least 20 characters: what is plotted and what it shows, for who cannot see it.
    Raises ValueError for a shorter one. Outside a notebook it prints `alt`.

    The alt text is given three times, because no one place serves all readers. JupyterLab 4.6 and
    the default page of nbconvert 7.17 ignore `metadata["image/png"]["alt"]`, but both prefer
    text/html to image/png and keep the <img alt> in it, in a notebook that is not trusted, too;
    nbconvert's "classic" page reads the metadata; a terminal prints text/plain. So that two copies
    of the image weigh little, it is stored with a palette of 256 colours: 10 to 20 kB.
    """
    if len(alt.strip()) < SHORTEST_ALT:
        raise ValueError(
            f"show: alt is {alt!r}, {len(alt.strip())} characters; expected {SHORTEST_ALT} or "
            "more: say what is plotted and what it shows"
        )
    from IPython.display import display

    encoded = base64.b64encode(_small_png(fig)).decode("ascii")
    image = (
        f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(alt)}" '
        'style="max-width: 100%">'
    )
    display(
        {"image/png": encoded, "text/html": image, "text/plain": alt},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:  # a figure of the caller's own, made with pyplot, would be shown twice
        pyplot.close(fig)


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
    fig, ax = _axes(title, x_label, y_label, size=(7.0, 5.2))
    for i, name in enumerate(names):
        rows = [r for r in range(len(words)) if groups is None or groups[r] == name]
        x, y = xy[rows].T
        ax.scatter(x, y, s=26, color=PALETTE[i], marker=MARKERS[i], label=name or None, zorder=3)
    ax.margins(0.12)
    if groups is not None:
        fig.legend(
            loc="outside lower center",
            ncols=len(names) if sum(map(len, names)) < 50 else 4,
            frameon=False,
        )
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
    references: Mapping[str, float] | None = None,
    log_x: bool = False,
    log_y: bool = False,
) -> Figure:
    """Lines over one x axis, each named at its right end.

    x: (n,); series: name -> (n,), at most seven; bands: name -> (low (n,), high (n,)), an interval
    drawn behind the line of that name; references: name -> height of a dashed horizontal line.
    Write units into the labels: "time (s)". NaN leaves a gap. Raises ValueError for other shapes.
    """
    xs = _array(x)
    if not series or len(series) > len(PALETTE):
        raise ValueError(f"curve: {len(series)} series; expected 1 to {len(PALETTE)}")
    fig, ax = _axes(title, x_label, y_label)
    if log_x:
        ax.set_xscale("log")
        if len(xs) <= 8:
            ax.set_xticks(xs, [f"{value:,g}" for value in xs])
            ax.minorticks_off()
    elif xs.size and not (xs % 1).any():  # no step 1.5 on an axis of whole steps
        ax.xaxis.set_major_locator(
            MaxNLocator(nbins="auto", steps=[1, 2, 2.5, 5, 10], integer=True)
        )
    if log_y:
        ax.set_yscale("log")
    ends = []
    for i, (name, values) in enumerate(series.items()):
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
            ends.append((xs[seen[-1]], ys[seen[-1]], name, PALETTE[i]))
    for name, height in (references or {}).items():
        ax.axhline(height, color=QUIET, linestyle="--", linewidth=1.2, zorder=1)
        ends.append((None, float(height), name, QUIET))
    label_ends(fig, ax, ends)
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
    """A table of numbers as shades, with the numbers written in while there are 150 or fewer.

    values: (rows, columns); limits: the values of the lightest and the darkest shade (default: the
    smallest and the largest value). NaN cells stay white. Raises ValueError for other shapes.
    """
    table = _array(values)
    if table.shape != (len(row_labels), len(column_labels)):
        raise ValueError(
            f"heatmap: values is {table.shape} for {len(row_labels)} row labels and "
            f"{len(column_labels)} column labels; expected one label a row and a column"
        )
    rows, columns = table.shape
    low, high = limits or (np.nanmin(table), np.nanmax(table))
    size = (float(np.clip(2.6 + 0.55 * columns, 4.5, 9.0)), float(np.clip(1.8 + 0.4 * rows, 3, 8)))
    fig, ax = _axes(title, x_label, y_label, size=size)
    ax.grid(False)
    image = ax.imshow(table, cmap="cividis_r", vmin=low, vmax=high, aspect="auto")
    slanted = max((len(label) for label in column_labels), default=0) > 5
    ax.set_xticks(range(columns), column_labels)
    if slanted:
        for label in ax.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(rows), row_labels)
    ax.tick_params(length=0)
    fig.colorbar(image, ax=ax, label=value_label, shrink=0.9)
    if table.size <= 150:
        middle = (low + high) / 2
        for (row, column), value in np.ndenumerate(table):
            if not np.isnan(value):
                ink = "white" if value > middle else INK
                text = f"{round(value, decimals) + 0.0:.{decimals}f}"  # + 0.0: no "-0.00"
                ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=8)
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
) -> Figure:
    """Horizontal bars in the given order, first on top, each with its value and its interval.

    labels: n; values: (n,); intervals: n pairs (low, high), drawn as whiskers; references: name ->
    a dashed vertical line, such as chance or a baseline. Raises ValueError for other shapes.
    """
    numbers = _array(values)
    if numbers.shape != (len(labels),):
        raise ValueError(f"bars: values is {numbers.shape} for {len(labels)} labels; give one each")
    if intervals is not None and len(intervals) != len(labels):
        raise ValueError(
            f"bars: {len(intervals)} intervals for {len(labels)} labels; give one each"
        )
    fig, ax = _axes(title, value_label, "", size=(7.0, 1.5 + 0.42 * len(labels)))
    ax.grid(False, axis="y")
    rows = np.arange(len(labels))
    ax.barh(rows, numbers, color=PALETTE[5], height=0.62, zorder=2)
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
            fontsize=9,
            color=INK,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    for name, position in (references or {}).items():
        ax.axvline(position, color=QUIET, linestyle="--", linewidth=1.2, zorder=3)
        ax.annotate(
            name,
            (position, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=QUIET,
        )
    # in two lines, if need be: a long name would leave no room for the bars and what is below them
    ax.set_yticks(rows, [textwrap.fill(label, _LONGEST_NAME) for label in labels])
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.margins(x=0.12)
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
        [f"{row.system} ({row.lesson})" for row in rows],
        [interval.mean for interval in found],
        [(interval.low, interval.high) for interval in found],
        title="Leaderboard: what patients say, what clinicians write",
        value_label=f"{title} on the test queries, with 95% interval",
    )


def _axes(
    title: str, x_label: str, y_label: str, size: tuple[float, float] = (6.6, 4.0)
) -> tuple[Figure, Axes]:
    fig = Figure(figsize=size, dpi=DPI, layout="constrained")
    FigureCanvasAgg(fig)  # measures text, whatever backend the notebook has chosen
    ax = fig.add_subplot()
    # over the whole figure: over the axes alone a long title would run off the right edge
    fig.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
    ax.set_xlabel(x_label, color=INK)
    ax.set_ylabel(y_label, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#E4E4E4", linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9, colors=INK)
    return fig, ax


def _small_png(fig: Figure) -> bytes:
    """The figure as a PNG of 256 colours."""
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    fig.savefig(full, format="png", dpi=fig.dpi, facecolor="white")
    with Image.open(full) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            small, format="png", optimize=True
        )
    return small.getvalue()


def _array(values: Any) -> np.ndarray:
    """Numbers as float64 on the CPU: the one place where a tensor leaves its device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().double()
    return np.asarray(values, dtype=float)
