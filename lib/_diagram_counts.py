"""Counts in pictures: from a table of counts to PPMI, and from counts to the draw of a noise word.

Levy and Goldberg 2014; Mikolov et al. 2013. What the pictures show is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lib._diagram_paper import MODEL, PASSAGE, QUERY, Diagram, arrow, paper, words
from lib._plot_labels import INK
from lib.cooccurrence import ppmi
from lib.plots import WIDTH
from lib.word_vectors import noise_distribution

Counts = Mapping[str, Mapping[str, int]]

_ROW, _CELL, _NAME = 0.3, 0.5, 0.66  # inches
_FRAMES = ("-", (0, (3, 2)))  # of the worked pairs: the first solid, the second dashed
_BAR_LEFT, _BAR = 0.15, WIDTH - 0.3


def counts_to_ppmi(counts: Counts, pairs: Sequence[tuple[str, str]]) -> Diagram:
    """Return a table of counts beside its PPMI, and two pairs of words worked out below.

    counts: word -> context -> how often they met; one to four contexts, the same for all. pairs: two
    (word, context) that met. Raises ValueError for other sizes, and a pair that never met.
    """
    names, contexts = list(counts), list(next(iter(counts.values()), {}))
    if not 1 <= len(names) <= 6 or not 1 <= len(contexts) <= 3 or len(pairs) != 2:
        raise ValueError(
            f"counts_to_ppmi: {len(names)} words, {len(contexts)} contexts, {len(pairs)} pairs; "
            "expected up to 6 words, up to 3 contexts and 2 pairs"
        )
    table = torch.tensor([[float(row[c]) for c in contexts] for row in counts.values()])
    met = [table[names.index(word), contexts.index(context)] for word, context in pairs]
    if not all(met):
        raise ValueError(f"counts_to_ppmi: pairs are {list(pairs)}; expected two that met")
    height = 0.62 + _ROW * (len(names) + 1) + 0.95
    fig, ax = paper("From counts to PPMI", height)
    top = height - 0.5
    sums = [[f"{x:g}" for x in row] + [f"{row.sum():g}"] for row in table]
    total = [*(f"{x:g}" for x in table.sum(0)), f"{table.sum():g}"]
    shown = [[f"{x:.2f}" if x else "0" for x in row] for row in ppmi(table).tolist()]
    left, right = 0.05, WIDTH - 0.05 - _NAME - _CELL * len(contexts)
    _headed(ax, left, top, "seen together", [*contexts, "sum"])
    _headed(ax, right, top, "PPMI", contexts)
    for row, name in enumerate([*names, "sum"]):
        y = top - _ROW * (row + 1)
        last = row == len(names)
        _cells(ax, left, y, name, total if last else sums[row], "white" if last else QUERY)
        if not last:
            _cells(ax, right, y, name, shown[row], PASSAGE)
    middle = top - _ROW * (len(names) + 1) / 2
    gap = left + _NAME + _CELL * (len(contexts) + 1)
    arrow(ax, (gap + 0.08, middle), (right - 0.08, middle))
    told = []
    for place, (word, context) in enumerate(pairs):
        at = names.index(word), contexts.index(context)
        for start in (left, right):
            _frame(ax, start + _NAME + _CELL * at[1], top - _ROW * (at[0] + 1), _FRAMES[place])
        said = _worked(table, at, f"{word} and {context}")
        look = ("solid", "dashed")[place]
        words(ax, 0.1, 0.66 - 0.42 * place, f"{said} ({look} frame)", WIDTH - 0.2, ha="left")
        told.append(said)
    rows = "; ".join(
        f"{name} " + ", ".join(f"{c} {x}" for c, x in zip(contexts, row))
        for name, row in zip(names, sums)
    )
    alt = (
        f"A table of counts, and beside it the same cells as PPMI. Counts: {rows}. {' '.join(told)}"
    )
    return Diagram(fig, alt)


def _worked(table: torch.Tensor, at: tuple[int, int], pair: str) -> str:
    """One cell from its count to its PPMI, in a sentence."""
    row, column = (float(x) for x in (table[at[0]].sum(), table[:, at[1]].sum()))
    seen, total = float(table[at]), float(table.sum())
    expected = row * column / total
    ratio = seen / expected
    log = f"{math.log(ratio):.2f}".replace("-", "\N{MINUS SIGN}")
    cut = ", cut to 0" if ratio < 1 else ""
    return (
        f"{pair}: seen {seen:g}, expected {row:g} \N{MULTIPLICATION SIGN} {column:g} / {total:g} = "
        f"{expected:g}; ratio {seen:g} / {expected:g} = {ratio:g}, logarithm {log}{cut}."
    )


def _headed(ax: Axes, left: float, top: float, title: str, columns: Sequence[str]) -> None:
    words(ax, left + _NAME, top + 0.32, title, ha="left", weight="bold")
    for place, name in enumerate(columns):
        words(ax, left + _NAME + _CELL * (place + 0.5), top + 0.1, name, _CELL + 0.1)


def _cells(
    ax: Axes, left: float, bottom: float, name: str, values: Sequence[str], fill: str
) -> None:
    words(ax, left + _NAME - 0.06, bottom + _ROW / 2, name, ha="right")
    for place, text in enumerate(values):
        x = left + _NAME + _CELL * place
        own = "white" if text is values[-1] and fill == QUERY else fill
        look: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.6, "facecolor": own}
        ax.add_patch(Rectangle((x, bottom), _CELL, _ROW, **look))
        words(ax, x + _CELL / 2, bottom + _ROW / 2, text, zorder=4)


def _frame(ax: Axes, x: float, y: float, style: Any) -> None:
    look: dict[str, Any] = {"fill": False, "edgecolor": INK, "linewidth": 2.4, "linestyle": style}
    ax.add_patch(Rectangle((x + 0.02, y + 0.02), _CELL - 0.04, _ROW - 0.04, zorder=5, **look))


def shares_on_a_line(counts: Sequence[int], draws: Sequence[float], power: float = 0.75) -> Diagram:
    """Return the shares of words laid end to end from 0 to 1, raw and flattened, and where draws fall.

    counts: of words 0, 1, ..., two to five; draws: one to five numbers from 0 up to 1.
    Raises ValueError for other sizes and other draws.
    """
    inside = all(0 <= draw < 1 for draw in draws)
    if not 2 <= len(counts) <= 5 or not 1 <= len(draws) <= 5 or not inside:
        raise ValueError(
            f"shares_on_a_line: counts are {list(counts)} and draws {list(draws)}; expected two to "
            "five counts, and one to five draws from 0 up to 1"
        )
    fig, ax = paper("Drawing a noise word: shares laid end to end", 2.45)
    told = []
    for y, (name, exponent) in zip(
        (1.66, 0.62), (("count", 1.0), (f"count to the power of {power:g}", power))
    ):
        shares = noise_distribution(torch.tensor(counts, dtype=torch.double), exponent).tolist()
        words(ax, _BAR_LEFT, y + 0.62, f"in proportion to {name}", ha="left", weight="bold")
        ends = _bar(ax, y, shares)
        each = ", ".join(f"word {i} {share:.2f}" for i, share in enumerate(shares))
        told.append(f"in proportion to {name}: {each}")
    for draw in draws:
        x = _BAR_LEFT + draw * _BAR
        arrow(ax, (x, 0.2), (x, 0.6), linewidth=1.6)
        hit = sum(end <= draw for end in ends)
        words(ax, x, 0.1, f"draw {draw:g}", ha="left" if draw < 0.1 else "center")
        told.append(f"draw {draw:g} falls on word {hit}")
    alt = f"Two bars from 0 to 1, cut into one share for each word. {'; '.join(told).capitalize()}."
    return Diagram(fig, alt)


def _bar(ax: Axes, y: float, shares: Sequence[float]) -> list[float]:
    """Draw a bar of shares and where each ends; return these ends."""
    ends, start = [], 0.0
    for word, share in enumerate(shares):
        fill = (QUERY, PASSAGE, MODEL)[word % 3]
        at = (_BAR_LEFT + start * _BAR, y)
        ax.add_patch(Rectangle(at, share * _BAR, 0.3, facecolor=fill, edgecolor=INK, linewidth=0.8))
        long = share > 0.2
        words(ax, at[0] + share * _BAR / 2, y + 0.15, f"word {word}" if long else str(word))
        start += share
        ends.append(start)
        if word < len(shares) - 1:
            words(ax, _BAR_LEFT + start * _BAR, y + 0.4, f"{start:.2f}")
    return ends
