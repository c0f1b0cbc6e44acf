"""PCA in a picture: the direction in which points have most of their length, against the first axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from lib._diagram_paper import Diagram, arrow, words
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET, SMALL
from lib.plots import DPI, WIDTH

_POINTS, _MARKED = 40, 5  # of these, those that are followed into both rows
_TALL = 4.5  # inches


def principal_direction(seed: int = 0) -> Diagram:
    """Return points in the plane, and what is left of them in one number: the first, or along PCA.

    Points and shares of squared length are computed from numbers drawn by `seed`; nothing is
    centred, as in `lib.matryoshka.principal_directions`.
    """
    points = _points(seed)
    _, _, axes = np.linalg.svd(points, full_matrices=False)
    direction = axes[0] * np.sign(axes[0, 0])
    along = {"first number": points[:, 0], "PCA direction": points @ direction}
    shares = {name: float((x**2).sum() / (points**2).sum()) for name, x in along.items()}
    fig = Figure(figsize=(WIDTH, _TALL), dpi=DPI, facecolor="white")
    FigureCanvasAgg(fig)
    title = "One number instead of two: the first, or one of a turned axis"
    fig.suptitle(title, x=0.015, ha="left", fontsize=11, fontweight="bold", color=INK)
    limit = 1.08 * float(np.abs(points).max())
    _cloud(fig.add_axes((0.2, 0.43, 0.6, 0.48)), points, direction, limit)
    for row, (name, values) in enumerate(along.items()):
        ax = fig.add_axes((0.24, 0.24 - 0.165 * row, 0.54, 0.07))
        _strip(ax, values, limit * 1.15, PALETTE[0] if row == 0 else PALETTE[2])
        ax.set_xlabel("the number of each point", fontsize=SMALL, color=INK, labelpad=1)
        style: dict[str, Any] = {
            "fontsize": SMALL,
            "color": INK,
            "va": "center",
            "transform": ax.transAxes,
        }
        ax.text(1.03, 0.5, f"{shares[name]:.0%} of the\nsquared length", ha="left", **style)
        ax.text(-0.03, 0.5, f"{name}\nalone", ha="right", fontweight="bold", **style)
    alt = (
        f"{_POINTS} points in the plane, scattered most along a slanted line, which is the PCA direction. "
        "Below, each point as one number on a line: by its first number "
        f"{shares['first number']:.0%} of the squared length is left, by its number along the PCA "
        f"direction {shares['PCA direction']:.0%}."
    )
    return Diagram(fig, alt)


def _points(seed: int) -> np.ndarray:
    """Points (n, 2), long along a line that neither axis follows."""
    rng = np.random.default_rng(seed)
    angle = np.radians(52)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (rng.normal(size=(_POINTS, 2)) * [1.0, 0.25]) @ turn


def _cloud(ax: Axes, points: np.ndarray, direction: np.ndarray, limit: float) -> None:
    ax.plot(*points[_MARKED:].T, "o", color=QUIET, markersize=4)
    for place, point in enumerate(points[:_MARKED]):
        halo = [withStroke(linewidth=3, foreground="white")]
        look = {"fontweight": "bold", "zorder": 6, "path_effects": halo}
        words(ax, point[0], point[1], "abcde"[place], None, **look)
    for end, colour, name, offset in (
        (np.array([limit, 0]), PALETTE[0], "first axis", (0, -12)),
        (direction * limit, PALETTE[2], "PCA direction", (-8, 4)),
    ):
        arrow(ax, tuple(-end), tuple(end), color=colour, linewidth=2, mutation_scale=14, zorder=3)
        ax.annotate(
            name,
            tuple(end),
            xytext=offset,
            textcoords="offset points",
            ha="right",
            fontsize=SMALL,
            color=INK,
            fontweight="bold",
        )
    ax.set(xlim=(-1.25 * limit, 1.25 * limit), ylim=(-limit, limit), aspect="equal")
    ax.set_xlabel("first number", fontsize=SMALL, color=INK)
    ax.set_ylabel("second number", fontsize=SMALL, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=SMALL, colors=INK)
    ax.locator_params(nbins=5)


def _strip(ax: Axes, values: np.ndarray, limit: float, colour: str) -> None:
    """Points as numbers on one line; the marked ones with their letters above."""
    ax.axhline(0, color=INK, linewidth=0.8, zorder=1)
    ax.plot(values, np.zeros(len(values)), "|", color=colour, markersize=9, zorder=3)
    for place, value in enumerate(values[:_MARKED]):
        ax.text(
            value,
            0.55,
            "abcde"[place],
            fontsize=SMALL,
            color=INK,
            ha="center",
            va="bottom",
            fontweight="bold",
        )
    ax.set(xlim=(-limit, limit), ylim=(-1, 1))
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(labelsize=SMALL, colors=INK, pad=1)
    ax.locator_params(axis="x", nbins=5)
