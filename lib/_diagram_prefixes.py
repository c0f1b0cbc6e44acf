"""Prefixes of vectors in pictures: what a cut does to scores, and what the Matryoshka loss adds up.

Kusupati et al. 2022, Matryoshka Representation Learning. What the pictures show is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lib._diagram_paper import MODEL, PASSAGE, QUERY, Diagram, arrow, box, paper, words
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

_LEFT, _CELL, _ROW = 1.05, 0.46, 0.4  # inches to the first number, of a number, of a row
_MOST_NUMBERS, _MOST_ROWS, _MOST_DIMS = 4, 5, 7
_LONG = 2.9  # inches of the longest prefix


def cut_vectors(
    query: Sequence[float],
    passages: Mapping[str, Sequence[float]],
    dim: int,
    *,
    name: str = "question",
) -> Diagram:
    """Return what is left of a query and its passages when only the first `dim` numbers are kept.

    query: two to four numbers; passages: name -> as many numbers, two to five of them. Beside each row
    stand its cosine with the query by all numbers, the length that is left, the dot product of what is
    left, and its cosine; the best of each column is bold.
    Raises ValueError for other sizes, a `dim` that cuts nothing, and a row of which nothing is left.
    """
    asked, rows = _rows(query, passages, dim)
    lengths = np.linalg.norm(rows[:, :dim], axis=1)
    own = float(np.linalg.norm(asked[:dim]))
    dots = rows[:, :dim] @ asked[:dim]
    whole = rows @ asked / np.linalg.norm(rows, axis=1) / np.linalg.norm(asked)
    columns = {
        "cosine, all numbers": whole,
        "length after the cut": lengths,
        "dot product after the cut": dots,
        "cosine after the cut": dots / lengths / own,
    }
    height = 1.05 + _ROW * (len(rows) + 1)
    fig, ax = paper(f"Vectors of {len(asked)} numbers, cut to {dim}", height)
    top = height - 0.72
    right = _LEFT + len(asked) * _CELL + 0.1
    step = (WIDTH - 0.1 - right) / len(columns)
    for place, heading in enumerate(columns):
        words(ax, right + (place + 0.5) * step, top + 0.42, heading, step - 0.08)
    _cells(ax, top - 0.25, name, asked, dim, QUERY)
    words(ax, right + 1.5 * step, top - 0.25, _number(own))
    for row, (title, values) in enumerate(zip(passages, rows)):
        y = top - 0.25 - _ROW * (row + 1)
        _cells(ax, y, title, values, dim, PASSAGE)
        for place, (heading, column) in enumerate(columns.items()):
            best = heading != "length after the cut" and column[row] == column.max()
            style: dict[str, Any] = {"fontweight": "bold"} if best else {}
            words(ax, right + (place + 0.5) * step, y, _number(column[row]), **style)
    words(
        ax,
        0.1,
        0.16,
        "Grey and dashed: cut off. Bold: the nearest passage by that column.",
        ha="left",
    )
    told = "; ".join(
        f"{title} ({', '.join(_number(x) for x in values)}) "
        + ", ".join(f"{heading} {_number(column[row])}" for heading, column in columns.items())
        for row, (title, values) in enumerate(zip(passages, rows))
    )
    alt = (
        f"A table of vectors. The {name} is ({', '.join(_number(x) for x in asked)}); its first {dim} numbers "
        f"have the length {_number(own)}. Passages: {told}."
    )
    return Diagram(fig, alt)


def _rows(
    query: Sequence[float], passages: Mapping[str, Sequence[float]], dim: int
) -> tuple[np.ndarray, np.ndarray]:
    asked, lists = np.array(query, dtype=float), list(passages.values())
    if not 2 <= len(lists) <= _MOST_ROWS or not 2 <= asked.size <= _MOST_NUMBERS:
        raise ValueError(
            f"cut_vectors: {asked.size} numbers and {len(lists)} passages; expected 2 to "
            f"{_MOST_NUMBERS} numbers and 2 to {_MOST_ROWS} passages"
        )
    if any(len(values) != asked.size for values in lists) or not 1 <= dim < asked.size:
        raise ValueError(
            f"cut_vectors: dim is {dim}, the vectors have {[asked.size, *map(len, lists)]} numbers; "
            "expected one length for all and a dim below it"
        )
    rows = np.array(lists, dtype=float)
    if not np.isfinite(rows).all() or not np.stack([asked, *rows])[:, :dim].any(axis=1).all():
        raise ValueError(
            f"cut_vectors: of some row no length is left in the first {dim} numbers; expected finite "
            "rows that are not all 0 there"
        )
    return asked, rows


def _cells(ax: Axes, y: float, name: str, values: np.ndarray, dim: int, fill: str) -> None:
    """A row of numbers with its name; those behind `dim` are grey and dashed."""
    words(ax, _LEFT - 0.1, y, name, _LEFT - 0.15, ha="right")
    for place, value in enumerate(values):
        kept = place < dim
        look: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.8, "facecolor": fill}
        if not kept:
            look = {"edgecolor": QUIET, "linestyle": (0, (3, 2)), "facecolor": "white"}
        at = (_LEFT + place * _CELL + 0.015, y - 0.14)
        ax.add_patch(Rectangle(at, _CELL - 0.03, 0.28, **look))
        ink = INK if kept else QUIET
        words(ax, _LEFT + (place + 0.5) * _CELL, y, _number(value), zorder=4, color=ink)


def nested_prefixes(
    dims: Sequence[int], weights: Sequence[float] | None = None, *, loss: str = "MNRL"
) -> Diagram:
    """Return the Matryoshka loss: prefixes of one vector, the same loss for each, their weighted sum.

    dims: two to seven lengths, falling; the first is the whole vector. weights: one each, 1 by default.
    Raises ValueError for other dims or another number of weights.
    """
    weights = [1.0] * len(dims) if weights is None else weights
    falls = all(a > b for a, b in pairwise(dims))
    if not 2 <= len(dims) <= _MOST_DIMS or not falls or dims[-1] < 1 or len(weights) != len(dims):
        raise ValueError(
            f"nested_prefixes: dims are {list(dims)} and weights {list(weights)}; expected 2 to "
            f"{_MOST_DIMS} falling lengths and a weight for each"
        )
    height = 0.82 + 0.46 * len(dims)
    fig, ax = paper(f"One vector of {dims[0]} numbers, {len(dims)} embeddings", height)
    middle = height - 0.5 - 0.23 * (len(dims) - 1)
    words(ax, 0.1, height - 0.12, "the first numbers, renormalised", ha="left", weight="bold")
    for row, (dim, weight) in enumerate(zip(dims, weights)):
        y = height - 0.5 - 0.46 * row
        _prefix(ax, y, dim, dims[0])
        box(ax, 3.5, y - 0.16, 0.72, 0.32, loss, fill=MODEL)
        arrow(ax, (3.1, y), (3.5, y))
        words(ax, 4.43, y, f"x {weight:g}")
        arrow(ax, (4.65, y), (4.88, middle + 0.2 * np.sign(round(y - middle, 6))))
    box(ax, 4.88, middle - 0.3, 0.66, 0.6, "sum: the loss", fill=QUERY)
    deep = (
        f"Numbers 1 to {dims[-1]} stand in all {len(dims)} prefixes, numbers {dims[1] + 1} to "
        f"{dims[0]} in one."
    )
    words(ax, 0.1, 0.2, deep, ha="left")
    each = ", ".join(f"{dim} (times {weight:g})" for dim, weight in zip(dims, weights))
    alt = (
        f"Bars under each other, each the beginning of the same vector of {dims[0]} numbers, drawn to "
        f"scale: the first {each} of them. An arrow leads from each bar to a box {loss}, and from there to "
        f"one sum, the loss. {deep}"
    )
    return Diagram(fig, alt)


def _prefix(ax: Axes, y: float, dim: int, long: int) -> None:
    """A bar to scale, the rest of the vector behind it as a dashed frame, the number on it or beside it."""
    wide = _LONG * dim / long
    if dim < long:
        frame: dict[str, Any] = {"linestyle": (0, (3, 2)), "edgecolor": QUIET, "linewidth": 0.8}
        ax.add_patch(Rectangle((0.15, y - 0.13), _LONG, 0.26, facecolor="white", **frame))
    ax.add_patch(
        Rectangle((0.15, y - 0.13), wide, 0.26, facecolor=PASSAGE, edgecolor=INK, linewidth=1.0)
    )
    inside = wide > 0.5
    x, ha = (0.15 + wide / 2, "center") if inside else (0.15 + wide + 0.07, "left")
    words(ax, x, y, str(dim), ha=ha, weight="bold", zorder=4)


def _number(value: float) -> str:
    text = f"{round(float(value), 2) + 0.0:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")
