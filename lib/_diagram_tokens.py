"""A text on its way to one vector: tokens, layers, one vector a token, and the mean of the real ones.

Source: Devlin et al. 2019, BERT (tokens and layers); Reimers and Gurevych 2019, Sentence-BERT (pooling).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lib._diagram_paper import (
    LINE,
    MODEL,
    PASSAGE,
    QUERY,
    Diagram,
    arrow,
    box,
    numbers,
    paper,
    vector,
    words,
)
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

_MOST = 7  # tokens that have room side by side
_SIDE = 1.05  # inches, for what is said on the left
_CELL, _TALL = 0.62, 0.27  # inches, of a number


def text_to_vector(text: str, tokens: Sequence[str], layers: int = 6) -> Diagram:
    """Return the way of a text through an encoder, from its tokens to one vector.

    tokens: of the text, the special ones among them, two to seven; layers: how many the encoder has.
    Raises ValueError for fewer or more tokens.
    """
    if not 2 <= len(tokens) <= _MOST:
        raise ValueError(f"text_to_vector: {len(tokens)} tokens; expected 2 to {_MOST}")
    fig, ax = paper("From a text to one vector", 5.0)
    wide = (WIDTH - _SIDE - 0.15) / len(tokens)
    places = [_SIDE + wide * (i + 0.5) for i in range(len(tokens))]
    middle, span = (places[0] + places[-1]) / 2, wide * len(tokens)
    _step(ax, 4.75, "text")
    box(ax, middle - 1.3, 4.6, 2.6, 0.3, text, fill=PASSAGE)
    _step(ax, 4.15, "tokens")
    for at, token in zip(places, tokens):
        if not token.startswith("["):  # the special ones do not stand in the text
            arrow(ax, (at, 4.6), (at, 4.3))
        box(ax, at - wide / 2 + 0.02, 4.0, wide - 0.04, 0.3, token, fill=PASSAGE)
        arrow(ax, (at, 4.0), (at, 3.76))
        bottom, _ = vector(ax, at, 3.5, fill="white")
        arrow(ax, (at, bottom), (at, 2.94))
        arrow(ax, (at, 2.34), (at, 2.1))
        bottom, _ = vector(ax, at, 1.84, fill=QUERY)
        arrow(ax, (at, bottom), (at, 1.28))
    _step(ax, 3.5, "a table's rows")
    said = f"layers 1 to {layers}: in each, every token reads all tokens of the text"
    box(ax, middle - span / 2, 2.34, span, 0.6, said, fill=MODEL)
    _step(ax, 2.64, "the transformer")
    _step(ax, 1.84, "one vector a token")
    box(ax, middle - span / 2, 0.98, span, 0.3, "pooling, such as the mean", fill=MODEL)
    arrow(ax, (middle, 0.98), (middle, 0.74))
    vector(ax, middle, 0.46, fill=QUERY)
    _step(ax, 0.46, "one vector a text")
    alt = (
        f"From top to bottom: the text '{text}' becomes the tokens {', '.join(tokens)}. Each token takes "
        f"its row of a table. {layers} layers follow, the transformer; in each of them every token reads "
        "all tokens of the text. Out come as many vectors as there were tokens, and pooling, such as the "
        "mean, makes one vector of them."
    )
    return Diagram(fig, alt)


def _step(ax: Axes, y: float, name: str) -> None:
    words(ax, 0.08, y, name, _SIDE - 0.1, ha="left", fontweight="bold")


def attention_step(tokens: Sequence[str], scores: Sequence[float], reader: int) -> Diagram:
    """Return how one token reads the others: scores, their softmax, and the sum by these weights.

    tokens: two to five; scores: one a token, how well it fits what the reader looks for; reader: the
    token that reads. Raises ValueError for other numbers of them, or scores that are not finite.
    """
    values = np.asarray(scores, dtype=float)
    fits = 2 <= len(tokens) <= 5 and values.shape == (len(tokens),) and 0 <= reader < len(tokens)
    if not fits or not np.isfinite(values).all():
        raise ValueError(
            f"attention_step: {len(tokens)} tokens, scores {list(scores)}, reader {reader}; expected 2 "
            "to 5 tokens, a finite score for each, and one of them"
        )
    grown = np.exp(values)
    weights = grown / grown.sum()
    name = tokens[reader]
    fig, ax = paper(f"Self-attention: what '{name}' takes from each token", 3.75)
    wide = (WIDTH - _SIDE - 0.95) / len(tokens)
    places = [_SIDE + wide * (i + 0.5) for i in range(len(tokens))]
    box(ax, places[reader] - wide / 2 + 0.03, 3.38, wide - 0.06, 0.3, name, fill=QUERY)
    _step(ax, 3.53, "the reader")
    _step(ax, 2.55, "all tokens")
    for at, token, weight in zip(places, tokens, weights):
        box(ax, at - wide / 2 + 0.03, 2.4, wide - 0.06, 0.3, token, fill=PASSAGE)
        ax.plot([places[reader], at], [3.38, 2.7], color=INK, linewidth=0.6 + 7 * weight, zorder=1)
    rows = (
        ("score", [f"{v:g}" for v in values], ""),
        ("e to the score", [f"{v:.2f}" for v in grown], f"sum {grown.sum():.2f}"),
        ("weight", [f"{v:.2f}" for v in weights], f"sum {weights.sum():.0f}"),
    )
    for row, (said, cells, total) in enumerate(rows):
        bottom = 1.92 - 0.36 * row
        _step(ax, bottom + 0.13, said)
        fill = QUERY if said == "weight" else "white"
        numbers(ax, _SIDE, bottom, cells, width=wide, fills=fill)
        words(ax, WIDTH - 0.85, bottom + 0.13, total, ha="left")
    parts = " + ".join(f"{w:.2f} {t}" for w, t in zip(weights, tokens))
    words(ax, WIDTH / 2, 0.74, f"what '{name}' takes =", fontweight="bold")
    words(ax, WIDTH / 2, 0.74 - 1.6 * LINE, parts, WIDTH - 0.2)
    words(ax, WIDTH / 2, 0.14, "(each word stands for its vector)", color=INK)
    told = "; ".join(
        f"{t} has score {v:g}, e to the score {g:.2f}, weight {w:.2f}"
        for t, v, g, w in zip(tokens, values, grown, weights)
    )
    alt = (
        f"The token '{name}' reads all tokens, itself among them, by lines that are thicker the larger the "
        f"weight. {told}. The second row adds up to {grown.sum():.2f}; each weight is its share, and the "
        f"weights add up to 1. What '{name}' takes is the sum of the tokens' vectors by these weights: "
        f"{parts}."
    )
    return Diagram(fig, alt)


def masked_mean(tokens: Sequence[Sequence[float]], mask: Sequence[int]) -> Diagram:
    """Return which numbers enter the mean of a text's real tokens, and what a mean without mask gives.

    tokens: two to five vectors of two numbers; mask: 1 for a real token, 0 for padding.
    Raises ValueError for other shapes, and for a text without a real token.
    """
    table, real = np.asarray(tokens, dtype=float), np.asarray(mask)
    fits = table.ndim == 2 and table.shape[1] == 2 and 2 <= len(table) <= 5
    if not fits or real.shape != (len(table),) or not {*real.tolist()} <= {0, 1} or not real.any():
        raise ValueError(
            f"masked_mean: tokens are {table.shape}, the mask is {list(mask)}; expected 2 to 5 tokens of "
            "2 numbers, 1 or 0 for each, and a 1 among them"
        )
    fig, ax = paper("Which numbers enter the mean", 3.3)
    step = (WIDTH - _SIDE - 1.45) / len(table)
    places = [_SIDE + step * (i + 0.5) for i in range(len(table))]
    for row, name in ((2.55, "vectors"), (2.0, "mask"), (1.2, "what counts")):
        _step(ax, row, name)
    kept = table * real[:, None]
    for at, own, left, one in zip(places, table, kept, real):
        fill, line = (QUERY, "solid") if one else ("white", (0, (3, 2)))
        words(ax, at, 3.02, "token" if one else "padding", fontweight="bold" if one else "normal")
        for shown, top in ((own, 2.82), (left, 1.47)):
            for place, value in enumerate(shown):
                ax.add_patch(
                    Rectangle(
                        (at - _CELL / 2, top - _TALL * (place + 1)),
                        _CELL,
                        _TALL,
                        facecolor=fill,
                        edgecolor=INK if one else QUIET,
                        linewidth=0.9,
                        linestyle=line,
                    )
                )
                words(ax, at, top - _TALL * (place + 0.5), f"{value:g}", zorder=4)
        words(ax, at, 2.0, f"{one}", fontweight="bold")
        arrow(ax, (at, 1.87), (at, 1.5))
    for first, second in pairwise(places):
        words(ax, (first + second) / 2, 1.2, "+")
    total, count = kept.sum(axis=0), int(real.sum())
    mean, wrong = total / count, table.sum(axis=0) / len(table)
    right = WIDTH - 0.72
    words(ax, right, 2.0, f"count {count}")
    words(ax, right, 1.2, f"= sum {_pair(total)}")
    words(ax, 0.08, 0.66, "with the mask", ha="left", fontweight="bold")
    words(ax, WIDTH - 0.08, 0.66, f"{_pair(total)} / {count} = {_pair(mean)}", ha="right")
    words(ax, 0.08, 0.3, "if the mask is forgotten", ha="left", fontweight="bold")
    forgotten = f"{_pair(table.sum(axis=0))} / {len(table)} = {_pair(wrong)}"
    words(ax, WIDTH - 0.08, 0.3, forgotten, ha="right")
    told = "; ".join(
        f"{'token' if m else 'padding'} {_pair(v)}, mask {m}" for v, m in zip(table, real)
    )
    alt = (
        f"The vectors of a text in a batch, with their mask: {told}. Times the mask, padding (drawn with "
        f"dashed lines) becomes 0: the sum is {_pair(total)}, the count of 1s is {count}, the mean "
        f"{_pair(mean)}. If the mask is forgotten, {_pair(table.sum(axis=0))} is divided by {len(table)}, "
        f"which gives {_pair(wrong)}."
    )
    return Diagram(fig, alt)


def _pair(values: Sequence[float] | np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.3g}" for value in values) + ")"
