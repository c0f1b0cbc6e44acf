"""The paper, boxes, vectors and arrows of which a diagram is made.

A diagram is drawn on paper measured in inches, origin at the bottom left, so that a length on it can
be weighed against the size of its words. Words break where their box ends; what a fill says is also
said by words, since nothing in a diagram may rest on colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.text import Text

from lib._plot_labels import INK, QUIET, SMALL, wrap
from lib.plots import DPI, WIDTH

LINE = 1.25 * SMALL / 72  # inches, from one line of words to the next
QUERY, PASSAGE, MODEL = "#DCEBF7", "#FBE3D3", "#EDEDED"  # pale blue, pale orange, pale grey
_HEADING = 0.34  # inches above the drawing, for a title of one line


class Diagram(NamedTuple):
    """A figure and the same in words: `show(*architectures())`."""

    figure: Figure
    alt: str


def paper(title: str, height: float, lines: int = 1) -> tuple[Figure, Axes]:
    """Return a figure with its title, and axes in inches: (0, 0) to (WIDTH, height), without ticks.

    height: of the drawing, without the title's `lines`.
    """
    top = _HEADING + 0.19 * (lines - 1)
    fig = Figure(figsize=(WIDTH, height + top), dpi=DPI, facecolor="white")
    FigureCanvasAgg(fig)  # measures text, whatever backend the notebook has chosen
    heading = fig.suptitle(
        title,
        x=0.015,
        y=1 - 0.07 / (height + top),
        ha="left",
        va="top",
        fontsize=11,
        fontweight="bold",
        color=INK,
    )
    wrap(heading, 0.97 * WIDTH * DPI)
    ax = fig.add_axes((0, 0, 1, height / (height + top)))
    ax.set(xlim=(0, WIDTH), ylim=(0, height))
    ax.set_axis_off()
    return fig, ax


def words(
    ax: Axes, x: float, y: float, text: str, width: float | None = None, **style: Any
) -> Text:
    """Write `text` at (x, y), centred unless `style` says otherwise; no line is wider than `width`."""
    look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SMALL, "color": INK}
    written = ax.text(x, y, text, **(look | style))
    if width is not None:
        wrap(written, width * DPI)
    return written


def box(
    ax: Axes,
    left: float,
    bottom: float,
    width: float,
    height: float,
    text: str = "",
    *,
    fill: str = "white",
    **style: Any,
) -> FancyBboxPatch:
    """Draw a box with rounded corners and its words in the middle."""
    look: dict[str, Any] = {"edgecolor": INK, "linewidth": 1.1}
    shape = FancyBboxPatch(
        (left + 0.03, bottom + 0.03),
        width - 0.06,
        height - 0.06,
        boxstyle="round,pad=0.03,rounding_size=0.06",
        facecolor=fill,
        **(look | style),
    )
    ax.add_patch(shape)
    if text:
        words(ax, left + width / 2, bottom + height / 2, text, width - 0.08, zorder=4)
    return shape


def vector(
    ax: Axes, x: float, y: float, *, fill: str, cells: int = 4, cell: float = 0.13
) -> tuple[float, float]:
    """Draw an upright vector with its middle at (x, y); return the heights of its bottom and top."""
    bottom = y - cells * cell / 2
    for row in range(cells):
        ax.add_patch(
            Rectangle(
                (x - cell / 2, bottom + row * cell),
                cell,
                cell,
                facecolor=fill,
                edgecolor=INK,
                linewidth=0.8,
                zorder=3,
            )
        )
    return bottom, bottom + cells * cell


def arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], **style: Any
) -> FancyArrowPatch:
    """Draw an arrow from `start` to `end`."""
    look: dict[str, Any] = {
        "color": INK,
        "linewidth": 1.1,
        "arrowstyle": "-|>",
        "mutation_scale": 9,
    }
    drawn = FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **(look | style))
    ax.add_patch(drawn)
    return drawn


def stored(ax: Axes, left: float, bottom: float, width: float, height: float) -> None:
    """Draw the dashed frame that stands for what an index keeps."""
    ax.add_patch(
        Rectangle(
            (left, bottom),
            width,
            height,
            fill=False,
            edgecolor=INK,
            linewidth=1.3,
            linestyle=(0, (3, 2)),
            zorder=4,
        )
    )


def numbers(
    ax: Axes,
    left: float,
    bottom: float,
    values: Sequence[str],
    *,
    width: float,
    height: float = 0.26,
    fills: Sequence[str] | str = "white",
) -> None:
    """Draw a row of cells, each with its text."""
    shades = [fills] * len(values) if isinstance(fills, str) else fills
    for place, (text, fill) in enumerate(zip(values, shades)):
        at = left + place * width
        ax.add_patch(
            Rectangle((at, bottom), width, height, facecolor=fill, edgecolor=INK, linewidth=0.8)
        )
        words(ax, at + width / 2, bottom + height / 2, text, zorder=4)


def rule(ax: Axes, y: float) -> None:
    """Draw a thin line over the whole width."""
    ax.plot([0.1, WIDTH - 0.1], [y, y], color=QUIET, linewidth=0.7)
