"""Late interaction in pictures: MaxSim on a few tokens, the residual codec, the two-stage search.

MaxSim: Khattab and Zaharia 2020, ColBERT. Residual codec: Santhanam et al. 2022, ColBERTv2. Search
by centroids: Santhanam et al. 2022, PLAID. What the pictures show is computed, not painted by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, Rectangle
from matplotlib.patheffects import withStroke

from lib._diagram_paper import (
    MODEL,
    PASSAGE,
    QUERY,
    Diagram,
    numbers,
    paper,
    words,
)
from lib._plot_colours import PALETTE, ink_on
from lib._plot_labels import INK, SMALL, fit
from lib.plots import WIDTH, _array, _axes

_SHOWN, _LEFT, _CELL = 8, 1.5, 0.49  # numbers of a vector; inches to the first, and of each
_CENTROIDS, _NUMBER = 24, 17  # those that are drawn by chance; the one that is shown
_MOST_COLUMNS, _MOST_ROWS = 9, 12  # of a MaxSim grid whose numbers can be read on a telephone


def max_sim_steps(
    similarities: Any,
    query_words: Sequence[str],
    document_words: Sequence[str],
    *,
    title: str = "MaxSim: the largest of each row, summed",
) -> Diagram:
    """Return a grid of dot products, the largest of each row ringed, and their sum beside it.

    similarities: (query tokens, document tokens), at most 12 by 9, so that the numbers can be read;
    query_words, document_words: a word a token. Where two are equally large the first is ringed.
    Raises ValueError for other shapes, and for numbers that are not finite.
    """
    table = _array(similarities)
    if table.shape != (len(query_words), len(document_words)) or not table.size:
        raise ValueError(
            f"max_sim_steps: similarities is {table.shape} for {len(query_words)} query words and "
            f"{len(document_words)} document words; expected (query words, document words)"
        )
    if table.shape[0] > _MOST_ROWS or table.shape[1] > _MOST_COLUMNS:
        raise ValueError(
            f"max_sim_steps: similarities is {table.shape}; a grid with numbers has at most "
            f"({_MOST_ROWS}, {_MOST_COLUMNS}): draw a longer passage by plots.heatmap"
        )
    if not np.isfinite(table).all():
        raise ValueError("max_sim_steps: a similarity is not finite; leave padding out")
    rows, columns = table.shape
    best, largest = table.argmax(axis=1), table.max(axis=1)
    size = (WIDTH, 1.8 + 0.36 * rows)
    fig, ax = _axes(title, "tokens of the passage", "tokens of the query", size=size)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    shades = {"vmin": min(0, table.min()), "vmax": max(1, table.max())}
    image = ax.imshow(table, cmap="cividis_r", aspect="auto", **shades)
    ax.xaxis.tick_top()  # the words right above their columns, the sum below
    ax.xaxis.set_label_position("top")
    ax.xaxis.labelpad = 7  # else it reads on into the words
    ax.set_xticks(range(columns + 1), [*document_words, "largest"])
    if max(map(len, document_words)) * columns > 40:
        for label in ax.get_xticklabels():
            label.set(rotation=40, ha="left", rotation_mode="anchor")
    ax.get_xticklabels()[-1].set_fontweight("bold")
    ax.set_yticks(range(rows), query_words)
    ax.tick_params(length=0)
    for (row, column), value in np.ndenumerate(table):
        style: dict[str, Any] = {"color": ink_on(list(image.to_rgba(value)))}
        if column == best[row]:
            style["fontweight"] = "bold"
            ax.add_patch(_ring((column, row)))
        words(ax, column, row, _number(value), **style)
    for row, value in enumerate(largest):
        words(ax, columns, row, _number(value), fontweight="bold")
    ax.plot([columns - 0.4, columns + 0.4], [rows - 0.45] * 2, color=INK, linewidth=1.2)
    words(ax, columns - 0.5, rows + 0.05, "their sum, the score:", ha="right")
    words(ax, columns, rows + 0.05, _number(largest.sum()), fontweight="bold")
    ax.set(xlim=(-0.5, columns + 0.5), ylim=(rows + 0.45, -0.5))
    fit(fig, ax)
    said = ", ".join(
        f"{word} {_number(value)} at {document_words[column]}"
        for word, value, column in zip(query_words, largest, best)
    )
    alt = (
        f"A grid of dot products, {rows} query tokens by {columns} passage tokens, with the largest "
        f"of each row in a ring: {said}. Their sum, the score, is {_number(largest.sum())}."
    )
    return Diagram(fig, alt)


def _ring(middle: tuple[float, float]) -> Ellipse:
    """Black on white, so that it is seen on every shade."""
    ring = Ellipse(middle, 0.95, 0.86, fill=False, linewidth=1.8, edgecolor="black")
    ring.set_path_effects([withStroke(linewidth=4, foreground="white")])
    return ring


def _number(value: float) -> str:
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def residual_codec(bits: int = 2, seed: int = 0) -> Diagram:
    """Return how a token vector becomes the number of its centroid and a few bits a number.

    bits: 1, 2 or 4. The eight numbers, buckets and bytes in the picture are computed from unit
    vectors drawn by `seed`; the sizes at its foot are those of a vector of 128 numbers.
    Raises ValueError for other bits.
    """
    if bits not in (1, 2, 4):
        raise ValueError(f"residual_codec: bits is {bits!r}; expected 1, 2 or 4, which fill a byte")
    token, centroid, residuals = _around_centroids(seed)
    first = (token - centroid).round(2)
    edges = np.quantile(residuals, np.arange(1, 2**bits) / 2**bits)
    spelled = [f"{bucket:0{bits}b}" for bucket in np.searchsorted(edges, first)]
    in_one = 8 // bits
    packed = [int("".join(spelled[i : i + in_one]), 2) for i in range(0, _SHOWN, in_one)]
    unit = "1 bit" if bits == 1 else f"{bits} bits"
    fig, ax = paper(f"A token vector as a centroid and {unit} a number", 5.9)
    for y, name, values, fill in (
        (5.52, "token vector of length 1", token, PASSAGE),
        (5.12, f"its nearest centroid, number {_NUMBER}", centroid, MODEL),
        (4.72, "residual, their difference", first, QUERY),
    ):
        _row(ax, y, name, [_number(value) for value in values], fill=fill)
    _buckets(ax, residuals.ravel(), edges, bits)
    _row(ax, 2.32, "bucket of each number", spelled, fill=QUERY)
    said = [f"byte {byte}" for byte in packed]
    _row(ax, 1.92, "packed into bytes", said, width=in_one * _CELL, fill=QUERY)
    sizes = _sizes(ax)
    alt = (
        f"A token vector of {_SHOWN} numbers and length 1, its nearest centroid, number {_NUMBER}, and "
        f"the residual, which is their difference and small: {', '.join(map(_number, first))}. A histogram of residuals is cut "
        f"into {2**bits} buckets of equally many numbers, at {', '.join(map(_number, edges))}. The "
        f"numbers fall into the buckets {', '.join(spelled)}, which are packed into bytes: "
        f"{', '.join(map(str, packed))}. Of 128 numbers: {sizes}."
    )
    return Diagram(fig, alt)


def _around_centroids(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One token vector and its nearest centroid, to two decimals, and the residuals of all tokens.

    Tokens and centroids have length 1; returned are (8,), (8,) and (tokens, 8).
    """
    rng = np.random.default_rng(seed)
    centroids = _of_length_1(rng.normal(size=(_CENTROIDS, _SHOWN)))
    around = centroids[rng.integers(_CENTROIDS, size=2000)]
    tokens = _of_length_1(around + rng.normal(0, 0.1, around.shape))
    nearest = (tokens @ centroids.T).argmax(axis=1)
    first = tokens[nearest == _NUMBER][0]
    return first.round(2), centroids[_NUMBER].round(2), tokens - centroids[nearest]


def _of_length_1(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _row(
    ax: Axes, y: float, name: str, values: Sequence[str], *, fill: str, width: float = 0
) -> None:
    """Draw a row of cells with its name at the left."""
    words(ax, _LEFT - 0.1, y + 0.13, name, _LEFT - 0.15, ha="right")
    numbers(ax, _LEFT, y, values, width=width or _CELL, fills=fill)


def _buckets(ax: Axes, values: np.ndarray, edges: np.ndarray, bits: int) -> None:
    """Draw the histogram of residuals with the buckets' edges and names."""
    inner = ax.inset_axes((_LEFT, 3.25, _SHOWN * _CELL, 1.05), transform=ax.transData)
    inner.set_xlim(-0.36, 0.36)
    inner.hist(values, bins=72, range=(-0.36, 0.36), color=PALETTE[5])
    for edge in edges:
        inner.axvline(edge, color=INK, linestyle="--", linewidth=1)
    inner.spines[["top", "right", "left"]].set_visible(False)
    inner.set_yticks([])
    inner.tick_params(labelsize=SMALL, colors=INK)
    inner.set_xlabel("value of a residual's number", fontsize=SMALL, color=INK)
    share = {1: "half", 2: "a quarter", 4: "a sixteenth"}[bits]
    text = f"{2**bits} buckets; each holds {share} of all numbers"
    words(ax, _LEFT - 0.1, 3.8, text, _LEFT - 0.15, ha="right")
    middles = (np.r_[-0.28, edges] + np.r_[edges, 0.28]) / 2
    named = {place: f"{place:0{bits}b}" for place in range(2**bits)}
    if bits == 4:  # sixteen names would not fit over sixteen buckets
        named = {0: "0000", 15: "1111"}
    top = inner.get_ylim()[1]
    for place, name in named.items():
        words(inner, middles[place], 1.06 * top, name, fontweight="bold")


def _sizes(ax: Axes) -> str:
    """Draw what a vector takes, to scale, and return it in words."""
    said = []
    for row, (name, parts) in enumerate(
        (
            ("2 bytes a number", (256,)),
            ("4 bits a number", (4, 64)),
            ("2 bits a number", (4, 32)),
            ("1 bit a number", (4, 16)),
        )
    ):
        y = 1.21 - 0.36 * row
        words(ax, _LEFT - 0.1, y + 0.13, name, _LEFT - 0.15, ha="right")
        at = _LEFT
        for part, fill in zip(parts, (MODEL, QUERY) if len(parts) > 1 else (PASSAGE,)):
            width = _SHOWN * _CELL * part / 256
            ax.add_patch(Rectangle((at, y), width, 0.26, facecolor=fill, edgecolor=INK))
            at += width
        total = f"{sum(parts)} bytes"
        if len(parts) > 1:
            total += f" = centroid {parts[0]} + residual {parts[1]}"
        words(ax, (_LEFT if len(parts) == 1 else at) + 0.1, y + 0.13, total, ha="left", zorder=4)
        said.append(f"{name} {total}")
    words(ax, 0.1, 1.62, "What a vector of 128 numbers takes", ha="left", fontweight="bold")
    return "; ".join(said)
