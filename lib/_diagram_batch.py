"""A batch in pictures: queries by passages, the softmax of its rows, and who is pulled and pushed.

Henderson et al. 2017, Efficient Natural Language Response Suggestion, section 4.4 (in-batch negatives);
Wang and Isola 2020 (alignment and uniformity on the hypersphere). What the pictures show is computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from lib._diagram_paper import PASSAGE, QUERY, Diagram, arrow, box, paper, words
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH, _array

_MOST_PAIRS, _MOST_ROWS = 5, 3
_LEFT = 1.75  # inches to the first passage
_NUMBER = 0.52  # inches of a cell with a number


def batch_of_pairs(queries: Sequence[str], titles: Sequence[str]) -> Diagram:
    """Return a batch as a square: its queries in the rows, the passages of these queries in the columns.

    queries: two to five; titles: of the passage of each. Raises ValueError for other numbers.
    """
    pairs = len(queries)
    if not 2 <= pairs <= _MOST_PAIRS or len(titles) != pairs:
        raise ValueError(
            f"batch_of_pairs: {pairs} queries and {len(titles)} titles; expected 2 to {_MOST_PAIRS}, "
            "and as many titles"
        )
    height = 1.5 + 0.62 * pairs
    fig, ax = paper(f"A batch of {pairs} pairs", height)
    wide, top = (WIDTH - 0.1 - _LEFT) / pairs, height - 0.82
    for column, title in enumerate(titles):
        box(ax, _LEFT + column * wide + 0.02, top, wide - 0.04, 0.8, title, fill=PASSAGE)
    for row, query in enumerate(queries):
        y = top - 0.62 * (row + 1)
        box(ax, 0.08, y + 0.02, _LEFT - 0.16, 0.58, query, fill=QUERY)
        for column in range(pairs):
            own = row == column
            frame: dict[str, Any] = {"edgecolor": INK, "linewidth": 2.6 if own else 0.8}
            at = (_LEFT + column * wide + 0.05, y + 0.06)
            fill = QUERY if own else "white"
            ax.add_patch(Rectangle(at, wide - 0.1, 0.5, facecolor=fill, **frame))
            style: dict[str, Any] = {"weight": "bold"} if own else {"color": QUIET}
            text = "its own" if own else "negative"
            words(ax, _LEFT + (column + 0.5) * wide, y + 0.31, text, **style)
    counted = f"{pairs} pairs on the diagonal, {pairs * (pairs - 1)} negatives off it."
    words(ax, 0.1, 0.3, f"Rows: queries. Columns: passages. {counted}", WIDTH - 0.2, ha="left")
    told = "; ".join(f"'{query}' with {title}" for query, title in zip(queries, titles))
    alt = (
        f"A square of {pairs} rows, the queries, and {pairs} columns, their passages. The pairs are {told}. "
        f"Framed on the diagonal stands each query's own passage; every other cell of its row is a negative: "
        f"{counted}"
    )
    return Diagram(fig, alt[:1200])


def softmax_rows(cosines: Any, scale: float) -> Diagram:
    """Return what becomes of a square of cosines: the shares of each row, and minus their logarithms.

    cosines: (batch, batch), two or three rows, the pairs on the diagonal; scale: what they are multiplied by.
    Raises ValueError for other shapes and a scale that is not above 0.
    """
    table = _array(cosines)
    rows = len(table)
    if not 2 <= rows <= _MOST_ROWS or table.shape != (rows, rows) or not scale > 0:
        raise ValueError(
            f"softmax_rows: cosines are {table.shape} and scale is {scale}; expected a square of 2 to "
            f"{_MOST_ROWS} rows, and more than 0"
        )
    powers = np.exp(scale * table)
    shares = powers / powers.sum(axis=1, keepdims=True)
    height = 1.1 + 0.42 * rows
    fig, ax = paper("From cosines to the loss, row by row", height)
    wide = min(_NUMBER, 1.42 / rows)
    second = 0.78 + rows * wide + 0.42
    third = second + max(rows * wide, 1.4) + 0.13
    top = height - 0.62
    words(ax, 0.78, top + 0.42, "cosines", ha="left", weight="bold")
    words(ax, second, top + 0.42, f"shares at scale {scale:g}", ha="left", weight="bold")
    words(ax, third, top + 0.42, "loss", ha="left", weight="bold")
    said = []
    for row in range(rows):
        y = top - 0.42 * row
        words(ax, 0.1, y, f"query {row}", ha="left")
        _row(ax, 0.78, y, table[row], row, wide)
        arrow(ax, (second - 0.34, y), (second - 0.06, y))
        _row(ax, second, y, shares[row], row, wide)
        own, loss = shares[row, row], -math.log(shares[row, row])
        words(
            ax, third, y, f"\N{MINUS SIGN}log {own:.2f} = {loss:.2f}", ha="left", fontweight="bold"
        )
        said.append(
            f"query {row}: cosines {', '.join(map(_number, table[row]))}, shares "
            f"{', '.join(map(_number, shares[row]))}, loss {loss:.2f}"
        )
    mean = -np.log(shares.diagonal()).mean()
    note = f"Framed: the diagonal, each query's own passage. Mean of the losses: {mean:.2f}."
    words(ax, 0.1, 0.2, note, ha="left")
    alt = (
        f"Two squares of numbers and a column. Left the cosines of {rows} queries with {rows} passages, right "
        f"of them their softmax shares at scale {scale:g}, and the loss, minus the logarithm of the share on "
        f"the diagonal. {'; '.join(said)}. {note}"
    )
    return Diagram(fig, alt)


def _row(ax: Axes, left: float, y: float, values: np.ndarray, own: int, wide: float) -> None:
    """A row of numbers, the own one framed and filled."""
    for place, value in enumerate(values):
        mine = place == own
        look: dict[str, Any] = {"facecolor": QUERY if mine else "white", "edgecolor": INK}
        at = (left + place * wide + 0.02, y - 0.16)
        look |= {"linewidth": 2.4 if mine else 0.8, "zorder": 3 if mine else 2}
        ax.add_patch(Rectangle(at, wide - 0.04, 0.32, **look))
        words(ax, left + (place + 0.5) * wide, y, _number(value), zorder=4)


def pull_and_push(negatives: Sequence[float] = (25.0, 75.0, 150.0), own: float = -40.0) -> Diagram:
    """Return a query on the unit circle, its own passage, and negatives, with the force on each cosine.

    negatives, own: angles from the query in degrees. The force is the gradient of MNRL at scale 5 with
    respect to each cosine, divided by the scale: a negative's goes down by its share of the softmax, the
    own one's up by what its share lacks. (Along the circle it would be multiplied by the angle's sine.)
    Raises ValueError without a negative, and for more than four.
    """
    if not 1 <= len(negatives) <= 4:
        raise ValueError(f"pull_and_push: {len(negatives)} negatives; expected 1 to 4")
    angles = [own, *negatives]
    powers = [math.exp(5 * math.cos(math.radians(angle))) for angle in angles]
    shares = [power / sum(powers) for power in powers]
    fig, ax = paper("What a step of training does to each cosine", 3.5)
    middle, radius = (1.75, 1.78), 1.25
    ax.add_patch(Circle(middle, radius, facecolor="none", edgecolor=QUIET, linewidth=1))
    names = ["own passage", *(f"negative {i + 1}" for i in range(len(negatives)))]

    def at(angle: float, far: float = 1.0) -> tuple[float, float]:
        turned = math.radians(90 - angle)
        return middle[0] + far * radius * math.cos(turned), middle[1] + far * radius * math.sin(
            turned
        )

    ax.plot(*at(0), "*", color=INK, markersize=15, zorder=4)
    words(ax, *at(0, 1.2), "query", weight="bold")
    said = []
    words(ax, 3.45, 3.2, "share of the softmax", ha="left", weight="bold")
    for row, (name, angle, share) in enumerate(zip(names, angles, shares)):
        mine = row == 0
        colour, marker = (PALETTE[0], "s") if mine else (PALETTE[1], "o")
        force = 1 - share if mine else share
        turn = 30 * force * (-np.sign(angle) if mine else np.sign(angle))
        ax.plot(*at(angle), marker, color=colour, markersize=9, zorder=4)
        letter = "own" if mine else str(row)
        words(ax, *at(angle, 0.78), letter, weight="bold", color=INK)
        if abs(turn) > 0.5:
            bend = "arc3,rad=" + ("0.12" if turn < 0 else "-0.12")
            start, end = at(angle, 1.1), at(angle + turn, 1.1)
            arrow(ax, start, end, color=colour, linewidth=2.2, connectionstyle=bend)
        does = "cosine up" if mine else "cosine down"
        y = 2.8 - 0.5 * row
        ax.plot(3.52, y, marker, color=colour, markersize=9)
        words(ax, 3.68, y, f"{name}: {share:.2f},\n{does} by {force:.2f}", ha="left")
        side = "left" if angle < 0 else "right"
        said.append(
            f"{name} at {abs(angle):g} degrees to the {side} has the share {share:.2f}, {does} by {force:.2f}"
        )
    alt = (
        f"A circle with the query on top. {'; '.join(said)}. Arrows along the circle, as long as the change of "
        "the cosine: the own passage moves towards the query, each negative away from it, the nearest one most."
    )
    return Diagram(fig, alt)


def _number(value: float) -> str:
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
