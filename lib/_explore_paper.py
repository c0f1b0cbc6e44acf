"""The paper of a plotly figure: `lib.plots` in its own words, so that both look alike."""

from __future__ import annotations

import html
import math
import textwrap
from typing import Any

from lib._plot_labels import INK, QUIET

_TITLE_WIDTH = 38  # characters; plotly breaks no line, and a telephone shows no more
# plotly's names for the markers of lib._plot_colours
SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x")


def paper(title: str, *below: str) -> dict[str, Any]:
    """A figure's layout, the same on a light and a dark page; below: lines under the title.

    Raises ValueError for a title that is empty.
    """
    if not title.strip():
        raise ValueError("a figure's title is empty; say in a few words what the figure shows")
    lines = [
        f"<b>{html.escape(line, quote=False)}</b>" for line in textwrap.wrap(title, _TITLE_WIDTH)
    ]
    lines += [
        f'<span style="font-size: 12px">{html.escape(line, quote=False)}</span>' for line in below
    ]
    return {
        "title": {
            "text": "<br>".join(lines),
            "font": {"size": 14},
            "x": 0.02,
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 18},
        },
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "margin": {"l": 16, "r": 14, "t": 32 + 19 * len(lines), "b": 10},
        "dragmode": False,  # a finger that moves over the figure scrolls the page
        "hoverlabel": {"font": {"family": "system-ui, sans-serif"}},
    }


def axis(grid: bool = True) -> dict[str, Any]:
    """What both axes of a figure share."""
    return {
        "automargin": True,
        "fixedrange": True,
        "showgrid": grid,
        "gridcolor": "#E4E4E4",
        "zeroline": False,
        "showline": grid,
        "linecolor": QUIET,
        "ticks": "",
    }


def named(text: str) -> dict[str, Any]:
    """An axis' title near its ticks, not at the edge of the paper."""
    return {"text": text, "standoff": 10}


def digits(values: Any) -> list[float]:
    """The values with four digits."""
    return [float(f"{value:.4g}") for value in values]


def log_ticks(low: float, high: float) -> list[float]:
    """At most five round numbers between two others, or just outside."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**decade for decade in decades for step in steps]
        found = [tick for tick in found if low / 1.1 <= tick <= high * 1.1]
        if len(found) <= 5:
            break
    return found
