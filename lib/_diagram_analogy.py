"""An analogy by 3CosAdd in a picture: a step between two unit vectors, taken from a third one.

Mikolov, Yih and Zweig 2013; Levy and Goldberg 2014. The answer is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from lib._diagram_paper import Diagram, arrow
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET, SMALL
from lib.plots import DPI, WIDTH


def analogy_arrows(degrees: Mapping[str, float], a: str, b: str, c: str) -> Diagram:
    """Return words on the unit circle, the step from a to b, and the same step taken from c.

    degrees: the direction of each word, a, b and c among them and one to three others. The answer is the
    other word whose direction is nearest to the point b - a + c. Raises ValueError for other words.
    """
    others = [word for word in degrees if word not in (a, b, c)]
    if len({a, b, c} & set(degrees)) != 3 or not 1 <= len(others) <= 3:
        raise ValueError(
            f"analogy_arrows: words are {list(degrees)}; expected {a}, {b}, {c} and one to three others"
        )
    at = {
        w: np.array([math.cos(math.radians(d)), math.sin(math.radians(d))])
        for w, d in degrees.items()
    }
    target = at[b] - at[a] + at[c]
    cosines = {word: float(at[word] @ target / np.linalg.norm(target)) for word in others}
    best = max(cosines, key=lambda word: cosines[word])
    fig, ax = _plane(np.stack([*at.values(), target]))
    ax.add_patch(Circle((0, 0), 1, fill=False, edgecolor=QUIET, linewidth=1))
    for start, end, name in ((at[a], at[b], "step"), (at[c], target, "same step")):
        arrow(ax, tuple(start), tuple(end), color=PALETTE[1], linewidth=2.2, mutation_scale=14)
        middle = (start + end) / 2
        _name(ax, name, middle, bold=False)
    ax.plot([0, target[0]], [0, target[1]], "--", color=QUIET, linewidth=1.2)
    for word, point in at.items():
        given = word in (a, b, c)
        ax.plot(*point, "o" if given else "s", color=INK if given else PALETTE[0], markersize=7)
        _name(ax, word, point)
    ax.plot(*target, "*", color=PALETTE[1], markersize=15, zorder=5)
    _name(ax, f"{b} \N{MINUS SIGN} {a} + {c}", target)
    told = ", ".join(f"{word} {cosine:.2f}" for word, cosine in cosines.items())
    alt = (
        f"Words as points on a circle of radius 1. An arrow leads from {a} to {b}, the same arrow from {c} "
        f"to a star, the point {b} minus {a} plus {c}. Cosines of the other words with that point: {told}. "
        f"The answer is {best}."
    )
    return Diagram(fig, alt)


def _plane(points: np.ndarray) -> tuple[Figure, Axes]:
    fig = Figure(
        figsize=(WIDTH, 3.9),
        dpi=DPI,
        facecolor="white",
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08),
    )
    FigureCanvasAgg(fig)
    title = "An analogy as a step between vectors of length one"
    fig.suptitle(title, x=0.015, ha="left", fontsize=11, fontweight="bold", color=INK)
    ax = fig.add_subplot()
    low, high = points.min(axis=0), points.max(axis=0)
    ax.set(xlim=(min(low[0], 0) - 0.3, max(high[0], 1) + 0.5), aspect="equal")
    ax.set(ylim=(min(low[1], 0) - 0.12, high[1] + 0.25))
    ax.set_xlabel("first number", fontsize=SMALL, color=INK)
    ax.set_ylabel("second number", fontsize=SMALL, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=SMALL, colors=INK)
    ax.locator_params(nbins=5)
    return fig, ax


def _name(ax: Axes, text: str, point: np.ndarray, bold: bool = True) -> None:
    ax.annotate(
        text,
        (point[0], point[1]),
        xytext=(7, 5),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=SMALL,
        fontweight="bold" if bold else "normal",
        color=INK,
        zorder=6,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )
