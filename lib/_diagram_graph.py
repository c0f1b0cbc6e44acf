"""Approximate search in miniature: a walk over the layers of HNSW, and the cells that IVF probes.

HNSW: Malkov and Yashunin 2018. IVF: Sivic and Zisserman 2003, Video Google; in faiss, Jégou et al.
2011. Sixty points in the plane; the walk is walked and the cells are probed by the code below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lib._diagram_paper import Diagram
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET, SMALL
from lib.plots import DPI, WIDTH

_POINTS, _LINKS, _CELLS, _PROBED = 60, 3, 7, 2
_SEED = 165  # of a walk with steps on every layer
_LINK = "#AAAAAA"


@dataclass(frozen=True)
class _Walk:
    """What HNSW did on one layer."""

    there: np.ndarray  # the points of the layer
    links: list[tuple[int, int]]
    path: list[int]  # from where the layer was entered to where no neighbour was nearer
    compared: int  # distances to the query that were computed for the first time


@dataclass(frozen=True)
class _Probe:
    """What IVF did."""

    centroids: np.ndarray  # (cells, 2)
    cell: np.ndarray  # of each point
    probed: list[int]
    best: int

    @property
    def compared(self) -> int:
        return len(self.centroids) + int(np.isin(self.cell, self.probed).sum())


def search_graph() -> Diagram:
    """Return how HNSW walks down three layers to a query's neighbour, and which cells IVF probes."""
    points, query = _data()
    walks, probe = _walked(points, query), _probed(points, query)
    nearest = int(_far(points, query).argmin())
    fig = Figure(
        figsize=(WIDTH, 6.8),
        dpi=DPI,
        facecolor="white",
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, hspace=0.06),
    )
    FigureCanvasAgg(fig)
    title = "Two ways to compare a query with few points only"
    fig.suptitle(title, x=0.015, ha="left", fontsize=11, fontweight="bold", color=INK)
    panels = fig.subplots(2, 2).ravel()
    for layer, (ax, walk) in enumerate(zip(panels, walks)):
        _draw_walk(ax, points, query, walk, len(walks) - 1 - layer)
    _draw_probe(panels[3], points, query, probe)
    panels[0].plot([], [], "*", color=PALETTE[1], markersize=12, label="query")
    panels[0].plot([], [], "o", color=INK, label="compared")
    panels[0].plot([], [], "o", color=QUIET, mfc="white", label="not compared")
    panels[0].plot([], [], "+", color=PALETTE[0], markersize=9, mew=2, label="centroid")
    panels[0].plot([], [], "o", markersize=11, mfc="none", color=PALETTE[1], label="found")
    panels[0].plot([], [], "s", color=PALETTE[0], markersize=8, label="start of a layer")
    panels[0].plot([], [], color=PALETTE[0], marker=">", linewidth=2.2, label="step of the walk")
    panels[0].plot([], [], color=_LINK, linewidth=1.6, label="link")
    fig.legend(
        loc="outside lower center",
        ncols=4,
        columnspacing=1.1,
        handletextpad=0.2,
        frameon=False,
        fontsize=SMALL,
    )
    walked = sum(walk.compared for walk in walks)
    steps = "; ".join(
        f"layer {len(walks) - 1 - i}, {len(w.there)} points, {len(w.path) - 1} steps"
        for i, w in enumerate(walks)
    )
    alt = (
        f"{_POINTS} points in the plane and a query, four times. HNSW walks from a point to its "
        f"neighbour that is nearest to the query until none is nearer, then one layer down; a square marks "
        f"where a layer begins: {steps}. "
        f"It compares {walked} of {_POINTS} points and "
        f"{_ends(walks[-1].path[-1] == nearest)}. IVF compares the query with {_CELLS} centroids and "
        f"with the points of the {_PROBED} nearest cells, {probe.compared} in all, and "
        f"{_ends(probe.best == nearest)}."
    )
    return Diagram(fig, alt)


def _ends(found: bool) -> str:
    return "finds the nearest point" if found else "misses the nearest point"


def _data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(_SEED)
    return rng.uniform(0, 1, (_POINTS, 2)), rng.uniform(0.55, 0.8, 2)


def _far(points: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The distance of each point to the query."""
    return np.linalg.norm(points - query, axis=-1)


def _walked(points: np.ndarray, query: np.ndarray) -> list[_Walk]:
    """Walk from the top layer down; a layer holds a third of the points of the one below."""
    order = np.random.default_rng(_SEED + 1).permutation(len(points))
    layers = [np.sort(order[: len(points) // size]) for size in (12, 3, 1)]
    at, walks = int(layers[0][np.argmax(_far(points[layers[0]], query))]), []
    seen: set[int] = set()
    for there in layers:
        links = _linked(points, there)
        path, before = [at], len(seen)
        seen.add(at)
        while True:
            near = [b if a == at else a for a, b in links if at in (a, b)]
            seen |= set(near)
            best = min([at, *near], key=lambda point: _far(points[point], query))
            if best == at:
                break
            path.append(at := best)
        walks.append(_Walk(there, links, path, len(seen) - before))
    return walks


def _linked(points: np.ndarray, there: np.ndarray) -> list[tuple[int, int]]:
    """Link every point of a layer with its nearest ones there, in both directions."""
    pairs = set()
    for point in there:
        order = there[np.argsort(_far(points[there], points[point]))]
        pairs |= {(min(point, x), max(point, x)) for x in order[1 : _LINKS + 1].tolist()}
    return sorted((int(a), int(b)) for a, b in pairs)


def _probed(points: np.ndarray, query: np.ndarray) -> _Probe:
    """Cut the plane into cells by k-means, and look into the nearest ones."""
    centroids = points[np.random.default_rng(_SEED).choice(len(points), _CELLS, replace=False)]
    for _ in range(20):
        cell = _cells(points, centroids)
        centroids = np.stack([points[cell == c].mean(axis=0) for c in range(_CELLS)])
    probed = np.argsort(_far(centroids, query))[:_PROBED].tolist()
    candidates = np.flatnonzero(np.isin(cell, probed))
    best = int(candidates[_far(points[candidates], query).argmin()])
    return _Probe(centroids, cell, probed, best)


def _cells(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[..., None, :] - centroids, axis=-1).argmin(axis=-1)


def _panel(ax: Axes, title: str, below: str, query: np.ndarray) -> None:
    ax.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), aspect="equal", xticks=[], yticks=[])
    ax.set_title(title, fontsize=SMALL, fontweight="bold", color=INK)
    ax.set_xlabel(below, fontsize=SMALL, color=INK)
    ax.plot(*query, "*", color=PALETTE[1], markersize=15, mec="white", zorder=6)


def _draw_walk(ax: Axes, points: np.ndarray, query: np.ndarray, walk: _Walk, layer: int) -> None:
    steps = len(walk.path) - 1
    below = f"{steps} step{'' if steps == 1 else 's'}, {walk.compared} new comparisons"
    _panel(ax, f"HNSW, layer {layer}: {len(walk.there)} points", below, query)
    ends = [points[list(link)] for link in walk.links]
    ax.add_collection(LineCollection(ends, colors=_LINK, linewidths=0.8, zorder=1))
    near = {x for pair in walk.links if set(pair) & set(walk.path) for x in pair}
    _dots(ax, points[walk.there], np.isin(walk.there, list(near)))
    ax.plot(*points[walk.path[0]], "s", color=PALETTE[0], markersize=8, zorder=4)
    if not layer:
        _found(ax, points[walk.path[-1]])
    style: dict[str, Any] = {"color": PALETTE[0], "arrowstyle": "-|>", "linewidth": 2.2}
    style |= {"shrinkA": 0, "shrinkB": 0, "mutation_scale": 13}
    for a, b in zip(walk.path, walk.path[1:]):
        ax.annotate("", points[b], points[a], arrowprops=style, zorder=5)


def _draw_probe(ax: Axes, points: np.ndarray, query: np.ndarray, probe: _Probe) -> None:
    below = f"{_CELLS} centroids + {probe.compared - _CELLS} points compared"
    _panel(ax, f"IVF: {_PROBED} of {_CELLS} cells probed", below, query)
    side = np.linspace(-0.04, 1.04, 200)
    grid = _cells(np.stack(np.meshgrid(side, side), axis=-1), probe.centroids)
    ax.contourf(side, side, np.isin(grid, probe.probed), levels=[0.5, 1.5], colors=["#DCEBF7"])
    for cell in range(_CELLS):
        ax.contour(side, side, grid == cell, levels=[0.5], colors=[QUIET], linewidths=0.8)
    _dots(ax, points, np.isin(probe.cell, probe.probed))
    _found(ax, points[probe.best])
    ax.plot(*probe.centroids.T, "+", color=PALETTE[0], markersize=9, mew=2, zorder=4)


def _dots(ax: Axes, points: np.ndarray, compared: np.ndarray) -> None:
    ax.plot(*points[compared].T, "o", color=INK, markersize=4.5, zorder=3)
    ax.plot(*points[~compared].T, "o", color=QUIET, mfc="white", markersize=4.5, zorder=2)


def _found(ax: Axes, point: np.ndarray) -> None:
    ax.plot(*point, "o", markersize=11, mfc="none", color=PALETTE[1], mew=1.8, zorder=5)
