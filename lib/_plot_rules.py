"""The house rules of figures, which `show` holds every figure to.

A figure has a title, an axis with numbers has a label, words can be read on a page of 390 pixels,
colours that differ have names, and an axis of heights that is cut says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

PAGE = 390  # pixels of a telephone's page
PAGE_DPI = 110  # pixels of the page an inch, at most; the image has more, for fine screens
SMALLEST = 8.5  # pixels of the page, of a word
CUT = "does not start at 0"


def require_house_rules(fig: Figure) -> None:
    """Raise ValueError with every house rule that `fig` breaks, and what to do about it."""
    broken = list(_broken(fig))
    if broken:
        raise ValueError("show: " + "; ".join(broken))


def words_of(fig: Figure) -> list[Text]:
    """Return what can be read in a figure."""
    return [text for text in fig.findobj(Text) if text.get_visible() and text.get_text().strip()]


def pixels_of(text: Text, fig: Figure) -> float:
    """Return the size of a word in pixels on a page of 390."""
    return float(text.get_fontsize()) * min(PAGE / fig.get_figwidth(), PAGE_DPI) / 72


def _broken(fig: Figure) -> Iterator[str]:
    if not any([fig.get_suptitle().strip(), *(ax.get_title().strip() for ax in fig.axes)]):
        yield "the figure has no title; say in a few words what it shows"
    for ax in fig.findobj(Axes):  # those inside others, too
        if ax.axison and ax.get_visible():
            yield from _axis(ax.xaxis, "x")
            yield from _axis(ax.yaxis, "y")
            yield from _bars(ax)
            yield from _cut(ax, fig)
            yield from _colours(ax, fig)
    small = [text for text in words_of(fig) if pixels_of(text, fig) < SMALLEST]
    if small:
        first = min(small, key=Text.get_fontsize)
        yield (
            f"{first.get_text()!r} is {pixels_of(first, fig):.1f} pixels high on a page of {PAGE}; "
            f"expected {SMALLEST} or more: make the figure narrower (lib.plots.WIDTH) or the "
            "words larger (lib.plots' functions do both)"
        )


def _axis(axis: Axis, name: str) -> Iterator[str]:
    """Ticks that are names explain themselves; numbers need a label with their unit."""
    ticks = [tick.get_text().strip() for tick in axis.get_ticklabels() if tick.get_visible()]
    if axis.get_label_text().strip() or not any(ticks):
        return
    if all(_is_number(tick) for tick in ticks if tick):
        yield f"the {name} axis has numbers and no label; say what they are, with their unit"


def _is_number(text: str) -> bool:
    plain = text.replace("\N{MINUS SIGN}", "-").replace(",", "").rstrip("kM%")
    try:
        float(plain)
    except ValueError:
        return text.startswith("$")  # a power of ten
    return True


def _bars(ax: Axes) -> Iterator[str]:
    """A bar's length is its value only where the axis begins at 0."""
    limits = {"horizontal": ax.get_xlim(), "vertical": ax.get_ylim()}
    for way in {getattr(container, "orientation", "") for container in ax.containers}:
        low, high = sorted(limits.get(way, (0.0, 0.0)))
        if not low <= 0 <= high:
            yield f"{way} bars stand on an axis from {low:.3g} to {high:.3g}; let it begin at 0"


def _cut(ax: Axes, fig: Figure) -> Iterator[str]:
    """A curve may do without 0, and says so."""
    low, high = sorted(ax.get_ylim())
    if low <= 0 <= high or ax.get_yscale() != "linear" or not _curves(ax):
        return
    if CUT not in " ".join(" ".join(text.get_text().split()) for text in words_of(fig)):
        yield (
            f"the y axis begins at {low:.3g}, not at 0; let it, or write into the figure: the "
            f"vertical axis {CUT}"
        )


def _colours(ax: Axes, fig: Figure) -> Iterator[str]:
    """Colours that differ have a name each, in a legend or beside what they colour."""
    colours = {to_hex(line.get_color()) for line in _curves(ax)}
    for points in ax.collections:
        faces = np.asarray(points.get_facecolor())
        if len(faces) == 1 and len(np.asarray(points.get_offsets())) > 1:
            colours.add(to_hex(tuple(faces[0])))
    own = ax.get_legend()
    legends = [*fig.legends, *([own] if own else [])]
    named = len(ax.texts) + sum(len(legend.get_texts()) for legend in legends)
    if len(colours) > 1 and named < len(colours):
        yield f"{len(colours)} colours have {named} names; name each in a legend or beside it"


def _curves(ax: Axes) -> list[Line2D]:
    """Lines through three points or more, which rules and whiskers are not."""
    return [line for line in ax.lines if len(np.asarray(line.get_xdata())) > 2]
