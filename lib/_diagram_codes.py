"""Quantised numbers in pictures: steps on a number line for int8, signs and differing bits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lib._diagram_paper import MODEL, PASSAGE, QUERY, Diagram, arrow, numbers, paper, words
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

_STEPS, _LEAST = 255, -128  # of int8 codes: one less than their number, and the lowest
_FROM, _TO = 0.55, WIDTH - 0.55  # inches, the ends of a number line
_SHOWN = 4  # steps in the close-up
_LEFT, _CELL = 1.15, 0.4  # inches to the first number, and of each
_NUMBERS, _MOST_PASSAGES = 8, 3


def int8_steps(known: Sequence[float], value: float) -> Diagram:
    """Return one dimension's range as 255 steps, and a value in a close-up of the step that it falls into.

    known: the passages' values in this dimension, two or more and not all equal: their smallest gets
    the code -128, their largest 127. value: inside that range, coded in the close-up.
    Raises ValueError for other numbers.
    """
    low, high = (float(f(known)) for f in (min, max)) if len(known) > 1 else (0.0, 0.0)
    if not (math.isfinite(high - low) and low < high and low <= value <= high):
        raise ValueError(
            f"int8_steps: {list(known)} with the value {value}; expected two or more finite numbers "
            "that differ, and a value among them"
        )
    step = (high - low) / _STEPS
    count = math.floor((value - low) / step)
    first = min(max(count - 1, 0), _STEPS - _SHOWN)
    fig, ax = paper("int8: a number becomes the number of its step", 3.15)
    words(
        ax,
        0.1,
        3.0,
        "One dimension: the range of the passages in 255 steps",
        ha="left",
        weight="bold",
    )
    _line(ax, 2.32, known, (low, high))
    where = _FROM + (_TO - _FROM) * (value - low) / (high - low)
    for end, edge in ((_FROM, first), (_TO, first + _SHOWN)):
        start = _FROM + (_TO - _FROM) * edge / _STEPS
        ax.plot([start, end], [2.2, 1.32], color=QUIET, linewidth=0.8, linestyle=(0, (3, 2)))
    arrow(ax, (where, 2.68), (where, 2.37), color=PALETTE[1], linewidth=1.6)
    words(ax, where, 2.78, f"{value:g}", color=INK, weight="bold")
    codes = _close_up(ax, (low, step), value, (first, count))
    middle = low + (count + 0.5) * step
    said = (
        f"{value:g} lies in step {count} and is stored as {_signed(count + _LEAST)}. Read back as the "
        f"step's middle, it is {middle:.4g}."
    )
    outside = "What lies outside the range gets the code of its nearer end."
    words(ax, 0.1, 0.22, f"{said} {outside}", WIDTH - 0.2, ha="left")
    alt = (
        f"A number line from {low:g}, code {_signed(_LEAST)}, to {high:g}, code 127, with the passages' "
        f"values on it. {outside} A close-up shows {_SHOWN} steps "
        f"of {step:.3g} each, with the codes {', '.join(codes)}. {said}"
    )
    return Diagram(fig, alt)


def _line(ax: Axes, y: float, known: Sequence[float], ends: tuple[float, float]) -> None:
    """The whole range with the passages' values, its codes below its ends."""
    low, high = ends
    ax.plot([_FROM, _TO], [y, y], color=INK, linewidth=1.4)
    for x, value, code in ((_FROM, low, _LEAST), (_TO, high, _LEAST + _STEPS)):
        ax.plot([x, x], [y - 0.08, y + 0.08], color=INK, linewidth=1.4)
        words(ax, x, y + 0.19, f"{value:g}")
        words(ax, x, y - 0.19, f"code {_signed(code)}", zorder=5)
    at = [_FROM + (_TO - _FROM) * (value - low) / (high - low) for value in known]
    ax.plot(at, [y] * len(at), "o", color=PALETTE[0], markersize=5, zorder=4)
    for x, end in ((_FROM, 0.1), (_TO, WIDTH - 0.1)):
        arrow(ax, (end, y), (x, y), color=QUIET, linestyle=(0, (2, 2)))


def _close_up(
    ax: Axes, scale: tuple[float, float], value: float, steps: tuple[int, int]
) -> list[str]:
    """Draw a few steps with their edges and codes; return the codes."""
    (low, step), (first, count) = scale, steps
    wide = (_TO - _FROM) / _SHOWN
    codes = []
    for place in range(_SHOWN):
        left, own = _FROM + place * wide, first + place == count
        fill = PASSAGE if own else "white"
        ax.add_patch(
            Rectangle((left, 0.98), wide, 0.34, facecolor=fill, edgecolor=INK, linewidth=1)
        )
        codes.append(_signed(first + place + _LEAST))
        weight = "bold" if own else "normal"
        words(ax, left + wide / 2, 0.82, f"code {codes[-1]}", weight=weight)
    for place in range(_SHOWN + 1):
        edge = f"{low + (first + place) * step:.4g}"
        words(ax, _FROM + place * wide, 0.6, edge, zorder=4)
        ax.plot([_FROM + place * wide] * 2, [0.68, 0.98], color=QUIET, linewidth=0.7)
    x = _FROM + wide * ((value - low) / step - first)
    ax.plot([x], [1.15], "o", color=PALETTE[1], markersize=7, zorder=5)
    return codes


def hamming_bits(query: Sequence[float], passages: Mapping[str, Sequence[float]]) -> Diagram:
    """Return the signs of a query and of passages as bits, their bytes, and where they differ.

    query: eight numbers, so that its bits fill one byte; passages: name -> eight numbers, one to three.
    A bit is 1 above 0; the first number is the highest bit, as in `lib.quantization.to_binary`.
    Raises ValueError for other sizes and numbers that are not finite.
    """
    rows = np.array([query, *passages.values()], dtype=float) if _fits(query, passages) else None
    if rows is None or not np.isfinite(rows).all():
        raise ValueError(
            f"hamming_bits: {len(query)} numbers and {[*map(len, passages.values())]} for the passages; "
            f"expected {_NUMBERS} finite numbers each and 1 to {_MOST_PASSAGES} passages"
        )
    bits = rows > 0
    packed = np.packbits(bits, axis=1)[:, 0]
    differ = bits != bits[0]
    block = 0.95
    fig, ax = paper(
        "Signs as bits, and the bits in which two texts differ", 0.5 + block * len(rows)
    )
    told = []
    for row, name in enumerate(["query", *passages]):
        top = 0.5 + block * (len(rows) - row) - 0.15
        fill = QUERY if row == 0 else PASSAGE
        words(ax, 0.1, top - 0.13, name, _LEFT - 0.15, ha="left", weight="bold")
        numbers(ax, _LEFT, top - 0.26, [_number(x) for x in rows[row]], width=_CELL, fills=fill)
        _bits(ax, top - 0.62, bits[row], differ[row])
        words(ax, 0.1, top - 0.49, "its bits", ha="left")
        right = _LEFT + _NUMBERS * _CELL + 0.1
        words(ax, right, top - 0.49, f"byte {packed[row]}", ha="left")
        count = int(differ[row].sum())
        if row:
            dot = int(np.where(bits[row] == bits[0], 1, -1).sum())
            words(ax, right, top - 0.13, f"Hamming {count}", ha="left", weight="bold")
            told.append(
                f"{name} has byte {packed[row]} and Hamming distance {count} (signs' dot product {dot})"
            )
    words(ax, 0.1, 0.2, "Bold, in a thick frame: a bit that differs from the query's.", ha="left")
    spelled = "".join(map(str, bits[0].astype(int)))
    alt = (
        f"Rows of {_NUMBERS} numbers with a bit below each, 1 where the number is above 0. The query's bits "
        f"are {spelled}, byte {packed[0]}. {'; '.join(told)}. Bits that differ from the query's have thick frames."
    )
    return Diagram(fig, alt)


def _fits(query: Sequence[float], passages: Mapping[str, Sequence[float]]) -> bool:
    sizes = {len(query), *map(len, passages.values())}
    return sizes == {_NUMBERS} and 1 <= len(passages) <= _MOST_PASSAGES


def _bits(ax: Axes, bottom: float, bits: np.ndarray, differ: np.ndarray) -> None:
    for place, (bit, other) in enumerate(zip(bits, differ)):
        look: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.8}
        if other:
            look = {"edgecolor": PALETTE[1], "linewidth": 2.4, "zorder": 3}
        left = _LEFT + place * _CELL
        look["facecolor"] = MODEL if bit else "white"
        ax.add_patch(Rectangle((left + 0.03, bottom), _CELL - 0.06, 0.27, **look))
        weight = "bold" if other else "normal"
        words(ax, left + _CELL / 2, bottom + 0.13, str(int(bit)), zorder=4, weight=weight)


def _signed(code: int) -> str:
    return str(code).replace("-", "\N{MINUS SIGN}")


def _number(value: float) -> str:
    return f"{round(float(value), 1) + 0.0:.1f}".replace("-", "\N{MINUS SIGN}")
