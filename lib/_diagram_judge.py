"""The capstone's way from two functions to points: who runs what, who measures, what is secret."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from matplotlib.axes import Axes

from lib._diagram_paper import (
    LINE,
    MODEL,
    PASSAGE,
    QUERY,
    Diagram,
    arrow,
    box,
    paper,
    stored,
    words,
)
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, SMALL

# The rules of the capstone in the words of its card: an import from the checks would run upwards.
_BYTES, _MILLISECONDS, _TIMES = 2_000_000, 50, "five"
_SHARES: Mapping[str, float] = MappingProxyType(
    {"BM25": 0.3, "encoder or hybrid": 0.5, "trained head": 1.0}
)
_MINE, _OTHER = 0.1, 3.0  # inches: where the column of your processes begins, and the judge's
_WIDE = 2.5


def how_it_is_judged() -> Diagram:
    """Return how `build_index` and `search` are run apart, what is measured, and what earns points."""
    fig, ax = paper("How the capstone is judged", 7.65)
    words(ax, _MINE + _WIDE / 2, 7.42, "your code, in a sandbox", fontweight="bold")
    words(ax, _OTHER + _WIDE / 2, 7.42, "the judge, who measures", fontweight="bold")
    _building(ax)
    _searching(ax)
    _points(ax)
    alt = (
        "From top to bottom, your code at the left, the judge at the right. The judge hands the "
        "passages, in an order of its own, and the training pairs to a fresh process that runs your build_index. This returns "
        "files; then the process ends. The judge counts the bytes of the files and of your cells' "
        f"text: {_BYTES:,} are allowed. A second fresh process runs your search. It gets these files "
        "and the hidden queries, which are secret until then, and nothing else; a first query is not scored; the judge's own clock "
        f"measures milliseconds a query: {_MILLISECONDS}, or {_TIMES} times the base encoder's. The "
        "rows that come back, the first ten of each query, are compared with the answers, which are secret for good: nDCG@10. "
        "A curve turns it into points: straight lines from none at 0 through "
        + ", ".join(f"{share:.0%} at {name}" for name, share in _SHARES.items())
        + ", all measured on the same queries. Over a budget points are lost evenly, and at twice "
        "of it none is left."
    )
    return Diagram(fig, alt)


def _step(
    ax: Axes, top: float, tall: float, heading: str, text: str, *, mine: bool, secret: bool = False
) -> None:
    """Draw what one of the two does, with a heading; a thick frame and the word say what is secret."""
    left = _MINE if mine else _OTHER
    fill, frame = PASSAGE if mine else QUERY, 2.6 if secret else 1.1
    box(ax, left, top - tall, _WIDE, tall, fill=fill, linewidth=frame)
    x = left + _WIDE / 2
    heading += " (secret)" if secret else ""
    words(ax, x, top - 0.07, heading, _WIDE - 0.1, va="top", fontweight="bold", zorder=4)
    words(ax, x, top - 0.07 - 1.3 * LINE, text, _WIDE - 0.14, va="top", zorder=4)


def _building(ax: Axes) -> None:
    middle, edge = _MINE + _WIDE / 2, _MINE + _WIDE
    _step(ax, 7.24, 0.6, "hands out", "passages in a new order; pairs", mine=False)
    arrow(ax, (_OTHER, 6.94), (edge, 6.94))
    text = "fresh: your cells and the encoder; ends when it has made the files"
    _step(ax, 7.24, 0.78, "process 1: build_index", text, mine=True)
    arrow(ax, (middle, 6.46), (middle, 6.2))
    stored(ax, _MINE + 0.15, 5.82, _WIDE - 0.3, 0.38)
    words(ax, middle, 6.01, "files: name and content")
    arrow(ax, (edge - 0.15, 6.01), (_OTHER, 6.01))
    text = f"of files and of your cells' text: {_BYTES:,} are allowed"
    _step(ax, 6.4, 0.78, "counts the bytes", text, mine=False)


def _searching(ax: Axes) -> None:
    middle, edge = _MINE + _WIDE / 2, _MINE + _WIDE
    arrow(ax, (middle, 5.82), (middle, 5.38))
    words(ax, middle + 0.1, 5.6, "nothing else", ha="left")
    _step(ax, 5.38, 0.6, "hidden queries", "after a first one, not scored", mine=False, secret=True)
    arrow(ax, (_OTHER, 5.08), (edge, 5.08))
    text = "fresh again: nothing is left in memory or on disk from process 1"
    _step(ax, 5.38, 0.78, "process 2: search", text, mine=True)
    arrow(ax, (middle, 4.6), (middle, 4.2))
    stored(ax, _MINE + 0.15, 3.82, _WIDE - 0.3, 0.38)
    words(ax, middle, 4.01, "rows: the first ten count")
    text = f"a query: {_MILLISECONDS} are allowed, or {_TIMES} times the base encoder's"
    _step(ax, 4.54, 0.78, "measures milliseconds", text, mine=False)
    arrow(ax, (edge - 0.15, 4.01), (_OTHER, 4.01))
    _step(ax, 3.52, 0.6, "right passages", "rows and these give nDCG@10", mine=False, secret=True)
    arrow(ax, (_OTHER + _WIDE / 2, 3.76), (_OTHER + _WIDE / 2, 3.52))


def _points(ax: Axes) -> None:
    """Draw the curve from quality to points, and what the budget leaves of them."""
    words(ax, 0.1, 3.1, "what the points are", ha="left", fontweight="bold")
    inner = ax.inset_axes((0.75, 0.85, 2.95, 1.5), transform=ax.transData)
    shares = [0.0, *_SHARES.values()]
    at = range(len(shares))
    line: dict[str, Any] = {
        "color": PALETTE[0],
        "linewidth": 2,
        "marker": "o",
        "markevery": [*at][1:],
    }
    inner.plot([*at, len(shares) - 0.4], [*shares, 1], **line)
    inner.set_xticks(at, ["0", *(name.replace(" ", "\n", 1) for name in _SHARES)])
    inner.set_yticks(shares, [f"{share:.0%}" for share in shares])
    inner.set_ylim(0, 1.08)
    inner.set_ylabel("share of the points", fontsize=SMALL, color=INK)
    inner.set_xlabel("nDCG@10 on the hidden queries", fontsize=SMALL, color=INK)
    inner.tick_params(labelsize=SMALL, colors=INK)
    inner.spines[["top", "right"]].set_visible(False)
    arrow(ax, (_OTHER + 0.25, 2.92), (2.6, 2.45))
    words(ax, 3.86, 1.6, "\N{MULTIPLICATION SIGN}", fontsize=14)
    text = "within both budgets all of it stays; at twice of one of them nothing; evenly between"
    box(ax, 4.05, 0.95, 1.45, 1.3, text, fill=MODEL)
