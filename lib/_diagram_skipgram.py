"""Skip-gram in pictures: a window and its pairs, and one training step on the two tables of vectors.

Mikolov et al. 2013, Distributed Representations of Words and Phrases. Scores are computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from lib._diagram_paper import MODEL, PASSAGE, QUERY, Diagram, arrow, box, paper, words
from lib._plot_labels import QUIET
from lib.plots import WIDTH

_TALL = 0.34  # inches of a word's box
_LEAST, _MOST = 3, 7  # words of a sentence


def skipgram_window(
    sentence: Sequence[str], centre: int, reach: int, noise: Sequence[str] = ()
) -> Diagram:
    """Return a sentence with the window of one centre, the pairs that it gives, and noise words.

    sentence: three to seven words; centre: the place of the centre; reach: how far it sees on either
    side; noise: up to four words that are drawn to learn against. Raises ValueError for other sizes.
    """
    if not _LEAST <= len(sentence) <= _MOST or not 0 <= centre < len(sentence) or reach < 1:
        raise ValueError(
            f"skipgram_window: {len(sentence)} words, centre {centre}, reach {reach}; expected "
            f"{_LEAST} to {_MOST} words, a place among them and a reach of at least 1"
        )
    if len(noise) > 4:
        raise ValueError(f"skipgram_window: {len(noise)} noise words; expected at most 4")
    title = f"A window of reach {reach} around '{sentence[centre]}'"
    height = 2.55 if noise else 1.35
    fig, ax = paper(title + (", and noise" if noise else ""), height)
    y = height - 0.82
    middles = _sentence(ax, y, sentence, centre, reach)
    contexts = [i for i in range(len(sentence)) if 0 < abs(i - centre) <= reach]
    top = y + _TALL
    for i in contexts:
        bend = -0.45 if i > centre else 0.45
        style = {"connectionstyle": f"arc3,rad={bend / max(1, abs(i - centre)) ** 0.5}"}
        arrow(ax, (middles[centre], top), (middles[i], top), linewidth=1.4, **style)
    pairs = ", ".join(f"({sentence[centre]}, {sentence[i]})" for i in contexts)
    words(ax, 0.1, y - 0.2, f"pairs: {pairs}", WIDTH - 0.2, ha="left", va="top")
    if noise:
        words(ax, 0.1, y - 0.62, "noise words, drawn at random:", ha="left", weight="bold")
        _noise(ax, y - 1.13, noise)
        last = "A pair should get a high score, the centre with a noise word a low one."
        words(ax, 0.1, y - 1.35, last, WIDTH - 0.2, ha="left", va="top")
    far = [w for i, w in enumerate(sentence) if i != centre and i not in contexts]
    alt = (
        f"A sentence in boxes: {' '.join(sentence)}. The centre is {sentence[centre]}; its window reaches "
        f"{reach} {'word' if reach == 1 else 'words'} to either side. Arrows lead from it to its contexts. Pairs: {pairs}."
    )
    alt += f" Out of reach: {', '.join(far)}." if far else ""
    alt += f" Below, noise words with dashed frames: {', '.join(noise)}." if noise else ""
    return Diagram(fig, alt)


def _sentence(ax: Axes, y: float, sentence: Sequence[str], centre: int, reach: int) -> list[float]:
    """Draw a box a word; return the middle of each."""
    gap = 0.09
    sizes = [0.28 + 0.075 * len(word) for word in sentence]
    scale = min(1.0, (WIDTH - 0.2 - gap * (len(sentence) - 1)) / sum(sizes))
    x, middles = 0.1, []
    for i, (word, size) in enumerate(zip(sentence, sizes)):
        near = 0 < abs(i - centre) <= reach
        fill = QUERY if i == centre else PASSAGE if near else "white"
        look: dict[str, Any] = (
            {"linewidth": 2.4}
            if i == centre
            else {}
            if near
            else {"edgecolor": QUIET, "linestyle": (0, (3, 2))}
        )
        box(ax, x, y, size * scale, _TALL, word, fill=fill, **look)
        middles.append(x + size * scale / 2)
        x += size * scale + gap
    return middles


def _noise(ax: Axes, y: float, noise: Sequence[str]) -> None:
    for place, word in enumerate(noise):
        frame: dict[str, Any] = {"linestyle": (0, (3, 2))}
        box(ax, 0.1 + 1.36 * place, y, 1.26, _TALL, word, fill=MODEL, **frame)


def training_step(
    centre: tuple[str, Sequence[float]],
    context: tuple[str, Sequence[float]],
    noise: Mapping[str, Sequence[float]],
) -> Diagram:
    """Return the two tables of vectors, and what one pair with its noise words does to their rows.

    Each is a word with its vector of two numbers: the centre's own, the others' as contexts. One to
    three noise words. Beside each row of the second table stand its score, the sigmoid of it, and how
    strongly a training step pulls or pushes. Raises ValueError for other sizes.
    """
    rows = {context[0]: context[1], **noise}
    if not 1 <= len(noise) <= 3 or len(rows) != 1 + len(noise) or centre[0] in rows:
        raise ValueError(f"training_step: {list(noise)} as noise; expected 1 to 3 other words")
    if any(len(vector) != 2 for vector in (centre[1], *rows.values())):
        raise ValueError("training_step: expected vectors of two numbers")
    names = sorted([centre[0], *rows])
    height = 0.98 + 0.42 * len(names)
    fig, ax = paper("Two vectors a word, and one training step", height)
    top = height - 0.5
    for x, text, wide in (
        (0.78, "centre vectors", 1.3),
        (2.55, "context vectors", 1.3),
        (3.62, "score", 0.6),
        (4.17, "sigmoid", 0.6),
        (4.98, "the step", 1.0),
    ):
        words(ax, x, top + 0.22, text, wide, weight="bold")
    heights = {name: top - 0.2 - 0.42 * row for row, name in enumerate(names)}
    told = []
    for name, y in heights.items():
        used = name == centre[0]
        _row(ax, 0.1, y, name, centre[1] if used else None, QUERY)
        fill = PASSAGE if name == context[0] else MODEL
        _row(ax, 1.87, y, name, rows.get(name), fill)
        if name in rows:
            told.append(_scored(ax, y, name, centre[1], rows[name], name == context[0]))
            arrow(ax, (1.49, heights[centre[0]]), (1.85, y), linewidth=1.2)
    note = "Dots: not used by this pair. The score is the dot product along an arrow."
    words(ax, 0.1, 0.14, note, ha="left")
    own = ", ".join(_number(x) for x in centre[1])
    alt = (
        "Two tables with a row for each word: centre vectors and context vectors. The row of "
        f"{centre[0]}, ({own}), in the first is compared with rows of the second. {'; '.join(told)}. The "
        f"context vector of {centre[0]} itself is not used."
    )
    return Diagram(fig, alt)


def _row(
    ax: Axes, left: float, y: float, name: str, vector: Sequence[float] | None, fill: str
) -> None:
    used = vector is not None
    text = ", ".join(_number(x) for x in vector) if vector is not None else "\u2026"
    look: dict[str, Any] = {} if used else {"edgecolor": QUIET, "linestyle": (0, (3, 2))}
    words(ax, left + 0.52, y, name, 0.55, ha="right")
    box(ax, left + 0.57, y - 0.16, 0.8, 0.32, text, fill=fill if used else "white", **look)


def _scored(
    ax: Axes,
    y: float,
    name: str,
    centre: Sequence[float],
    vector: Sequence[float],
    is_context: bool,
) -> str:
    score = sum(a * b for a, b in zip(centre, vector))
    sigmoid = 1 / (1 + math.exp(-score))
    strength = 1 - sigmoid if is_context else sigmoid
    does = f"{'pulls' if is_context else 'pushes'}, {strength:.2f}"
    kind = "context" if is_context else "noise"
    words(ax, 3.62, y, _number(score))
    words(ax, 4.17, y, f"{sigmoid:.2f}")
    words(ax, 4.98, y, does)
    return f"{name} ({kind}): score {_number(score)}, sigmoid {sigmoid:.2f}, the step {does}"


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
