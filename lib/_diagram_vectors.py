"""Vectors as arrows in the plane: the angle that the cosine sees, the line that the distance sees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Arc, Circle

from lib._diagram_paper import Diagram, arrow
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET, SMALL
from lib.plots import DPI, WIDTH

_MOST = 4  # other vectors, whose arcs and names have room
_SAME = 1.0  # degrees: arrows that are nearer to each other share their arc


def toy_vectors(
    query: Sequence[float], others: Mapping[str, Sequence[float]], *, name: str = "question"
) -> Diagram:
    """Return a query and other vectors as arrows from one point, with their angles and distances.

    query: two numbers; others: name -> two numbers, one to four of them; name: what the query is
    called. An arc is the angle between an arrow and the query's, a dashed line leads from tip to tip.
    Raises ValueError for none or more than four others, and for what is no arrow in the plane.
    """
    if not 1 <= len(others) <= _MOST:
        raise ValueError(f"toy_vectors: {len(others)} others; expected 1 to {_MOST}")
    asked = _tip(name, query)
    tips = {other: _tip(other, numbers) for other, numbers in others.items()}
    fig, ax = _plane(np.stack([asked, *tips.values(), np.zeros(2)]))
    angles = {other: _degrees(tip) - _degrees(asked) for other, tip in tips.items()}
    # The longest first: a shorter arrow of the same direction then lies on it and is seen.
    for other, tip in sorted(tips.items(), key=lambda item: -math.hypot(*item[1])):
        _arrow(ax, other, tip, PALETTE[0], left=angles[other] > 0)
        ax.plot(*np.stack([asked, tip]).T, "--", color=QUIET, linewidth=1.2, zorder=2)
    _arrow(ax, name, asked, INK)
    _arcs(ax, _degrees(asked), list(angles.values()), math.hypot(*asked))
    ax.plot([], [], color=PALETTE[1], linewidth=1.8, label=f"angle to the {name}")
    ax.plot([], [], "--", color=QUIET, linewidth=1.2, label="distance from tip to tip")
    fig.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=SMALL)
    told = "; ".join(
        f"{other} ({tip[0]:g}, {tip[1]:g}), {math.hypot(*tip):.2f} long, {abs(angles[other]):.0f} "
        f"degrees from the {name}, its tip {math.dist(tip, asked):.2f} away"
        for other, tip in tips.items()
    )
    return Diagram(
        fig,
        f"Arrows from one point in the plane. The {name} ({asked[0]:g}, {asked[1]:g}) is "
        f"{math.hypot(*asked):.2f} long. {told}.",
    )


def unit_vectors(vectors: Mapping[str, Sequence[float]]) -> Diagram:
    """Return vectors as arrows, and where each lies when it is normalised: on the circle of radius 1.

    vectors: name -> two numbers, two to four of them, in other directions. The words give each cosine
    with the first. Raises ValueError for fewer or more, and for what is no arrow in the plane.
    """
    if not 2 <= len(vectors) <= _MOST:
        raise ValueError(f"unit_vectors: {len(vectors)} vectors; expected 2 to {_MOST}")
    tips = {name: _tip(name, numbers) for name, numbers in vectors.items()}
    units = {name: tip / np.linalg.norm(tip) for name, tip in tips.items()}
    corners = [np.ones(2), np.zeros(2), *tips.values(), *units.values()]
    fig, ax = _plane(np.stack(corners), "Normalised: the same direction, length 1")
    circle = Circle((0, 0), 1, fill=False, color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)))
    ax.add_patch(circle)
    for name, tip in tips.items():
        _arrow(ax, name, tip, PALETTE[0])
        ax.plot(*units[name], "o", color=PALETTE[1], markersize=9, zorder=5)
    ax.plot([], [], "-", color=PALETTE[0], linewidth=2.2, label="vector")
    ax.plot([], [], "o", color=PALETTE[1], markersize=9, label="normalised")
    ax.plot([], [], "--", color=QUIET, linewidth=1.2, label="length 1")
    fig.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=SMALL)
    first, *others = tips
    told = "; ".join(
        f"{name} ({tip[0]:g}, {tip[1]:g}), {np.linalg.norm(tip):.2f} long, becomes "
        f"({units[name][0]:.2f}, {units[name][1]:.2f})"
        for name, tip in tips.items()
    )
    compared = "; ".join(
        f"{first} with {name}: dot product {tips[first] @ tips[name]:.2f}, cosine "
        f"{units[first] @ units[name]:.2f}"
        for name in others
    )
    return Diagram(
        fig,
        f"Arrows from one point, and a dashed circle of radius 1. Where an arrow's direction meets the "
        f"circle there is a dot, the normalised vector: {told}. {compared}.",
    )


def _tip(name: str, numbers: Sequence[float]) -> np.ndarray:
    tip = np.array(numbers, dtype=float)
    if tip.shape != (2,) or not np.isfinite(tip).all() or not tip.any():
        raise ValueError(
            f"a vector: {name!r} is {tip.tolist()}; expected two finite numbers, not both 0"
        )
    return tip


def _degrees(tip: np.ndarray) -> float:
    return math.degrees(math.atan2(tip[1], tip[0]))


def _plane(
    points: np.ndarray, title: str = "Vectors as arrows: length, angle, distance"
) -> tuple[Figure, Axes]:
    """Axes of equal units that hold the points, and room for a name beside each."""
    room = 0.1 * float(np.ptp(points, axis=0).max())
    low, high = points.min(axis=0) - room / 2, points.max(axis=0) + room
    wide, tall = high - low
    fig = Figure(
        figsize=(WIDTH, float(np.clip(1.2 + 4.8 * tall / wide, 2.2, 6.5))),
        dpi=DPI,
        facecolor="white",
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08),
    )
    FigureCanvasAgg(fig)
    fig.suptitle(title, x=0.015, ha="left", fontsize=11, fontweight="bold", color=INK)
    ax = fig.add_subplot()
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.set(xlabel="first number", ylabel="second number")
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set(fontsize=SMALL, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=SMALL, colors=INK)
    ax.locator_params(nbins=5)
    ax.grid(color="#E4E4E4", linewidth=0.7)
    ax.set_axisbelow(True)
    return fig, ax


def _arrow(ax: Axes, name: str, tip: np.ndarray, colour: str, left: bool = False) -> None:
    """Draw an arrow, and its name above the tip, at the side where no dashed line begins."""
    arrow(ax, (0, 0), (tip[0], tip[1]), color=colour, linewidth=2.2, mutation_scale=15, zorder=4)
    ax.annotate(
        name,
        (tip[0], tip[1]),
        xytext=(-4 if left else 4, 4),
        textcoords="offset points",
        ha="right" if left else "left",
        va="bottom",
        fontsize=SMALL,
        fontweight="bold",
        color=INK,
        zorder=6,
    )


def _arcs(ax: Axes, start: float, angles: Sequence[float], length: float) -> None:
    """Draw an arc from the query's direction by each angle, farther out from one to the next."""
    different: list[float] = []
    for angle in angles:
        if abs(angle) >= _SAME and all(abs(angle - other) >= _SAME for other in different):
            different.append(angle)
    for place, angle in enumerate(different):
        across = length * (0.7 + 0.35 * place)
        low, high = sorted((start, start + angle))
        ax.add_patch(
            Arc((0, 0), across, across, theta1=low, theta2=high, color=PALETTE[1], lw=1.8, zorder=3)
        )
