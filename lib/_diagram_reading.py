"""What a model reads of a text: up to its limit, in chunks, and which token stands for all of it."""

from __future__ import annotations

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
    words,
)
from lib._plot_labels import INK
from lib.chunking import spans
from lib.plots import WIDTH

_LEFT, _RIGHT = 0.3, 0.3  # inches beside the drawing
_BAR = 0.3  # inches, the height of a text
_CELL = 0.62  # inches, the width of a token
_SHORT, _LONG = ["[CLS]", "gout", "[SEP]"], ["[CLS]", "my", "heart", "hurts", "[SEP]"]


def long_text(length: int, limit: int, size: int, overlap: int, fact: int) -> Diagram:
    """Return what becomes of a text of `length` tokens, cut at `limit`, and in chunks.

    size, overlap: of the chunks; fact: the token where something stands that is asked for.
    Raises ValueError unless 0 <= limit < fact < length and the chunks fit (`chunking.spans`).
    """
    if not 0 < limit <= fact < length:
        raise ValueError(
            f"long_text: length {length}, limit {limit}, fact at {fact}; expected a fact behind the "
            "limit and before the end"
        )
    chunks = spans(length, size, overlap)
    per_token = (WIDTH - _LEFT - _RIGHT) / length
    fig, ax = paper("A text that is longer than the limit", 4.05)

    def at(token: float) -> float:
        return _LEFT + token * per_token

    def bar(start: int, end: int, bottom: float, fill: str, hatch: str = "") -> None:
        ax.add_patch(
            Rectangle(
                (at(start), bottom),
                at(end) - at(start),
                _BAR,
                facecolor=fill,
                edgecolor=INK,
                linewidth=0.9,
                hatch=hatch,
            )
        )

    middle = at(fact)
    words(ax, _LEFT, 3.88, f"Whole: the model reads {limit} of {length} tokens", ha="left")
    bar(0, limit, 3.3, PASSAGE)
    bar(limit, length, 3.3, "white", "////")
    words(ax, at(limit / 2), 3.45, "read")
    words(ax, at((limit + length) / 2), 3.72, "never read")
    _fact(ax, middle, 3.16)
    arrow(ax, (at(limit / 2), 3.3), (at(limit / 2), 2.86))
    box(ax, at(limit / 2) - 1.2, 2.5, 2.4, 0.34, "one vector, without the fact", fill=MODEL)
    words(
        ax,
        _LEFT,
        2.2,
        f"In chunks of {size} tokens, {overlap} of them shared with the chunk before",
        ha="left",
    )
    holding = [place for place, (start, end) in enumerate(chunks) if start <= fact < end]
    for place, (start, end) in enumerate(chunks):
        bottom = 1.72 - 0.38 * (place % 2)
        bar(start, end, bottom, QUERY if place in holding else PASSAGE)
        words(ax, at((start + end) / 2), bottom + _BAR / 2, f"{place + 1}", zorder=4)
    ax.plot([middle, middle], [1.26, 2.06], color=INK, linewidth=1, linestyle=(0, (2, 2)), zorder=5)
    _fact(ax, middle, 1.16)
    arrow(ax, (WIDTH / 2, 1.04), (WIDTH / 2, 0.72))
    text = f"{len(chunks)} vectors, one for each chunk"
    box(ax, 0.55, 0.32, WIDTH - 1.1, 0.4, text, fill=MODEL)
    named = (
        "chunk" + "s" * (len(holding) > 1) + " " + " and ".join(f"{place + 1}" for place in holding)
    )
    words(ax, WIDTH / 2, 0.32 - LINE, f"the fact stands in {named}")
    alt = (
        f"A text of {length} tokens as a bar. Above, the model reads the first {limit} tokens and makes "
        f"one vector of them; the rest is hatched, never read, and a fact at token {fact} stands there. "
        f"Below, the same text in {len(chunks)} chunks of at most {size} tokens, {overlap} shared with "
        f"the chunk before; each has a vector of its own, and the fact stands in {named}."
    )
    return Diagram(fig, alt)


def _fact(ax: Axes, x: float, y: float) -> None:
    """Mark the place of the fact from below, with the words on the side that has room."""
    side = 1 if x < WIDTH - 1 else -1
    words(ax, x, y, "▲")
    words(ax, x + 0.14 * side, y, "the fact", ha="left" if side > 0 else "right", fontweight="bold")


def pooled_tokens() -> Diagram:
    """Return how two texts of unequal length lie in a batch of an encoder and of a decoder."""
    fig, ax = paper("Which token stands for the text", 4.3)
    texts = [_LONG, _SHORT]
    decoder = [[*row[1:-1], "[END]"] for row in texts]
    _batch(
        ax,
        3.1,
        "Encoder, mean or CLS: padding on the right",
        [row + ["pad"] * (len(_LONG) - len(row)) for row in texts],
        "every token sees every other: all are averaged, or the first is taken",
        ring=None,
    )
    _batch(
        ax,
        1.72,
        "Decoder, last token: padding on the left",
        [["pad"] * (len(decoder[0]) - len(row)) + row for row in decoder],
        "a token sees those before it: only the last has seen all",
        ring=3,
    )
    _batch(
        ax,
        0.34,
        "Decoder, padded on the right by mistake",
        [row + ["pad"] * (len(decoder[0]) - len(row)) for row in decoder],
        "the last place of a short text is padding: its vector means nothing",
        ring=3,
    )
    alt = (
        "Three batches of two texts, 'my heart hurts' and 'gout'. An encoder's begin with [CLS] and are padded on the right, "
        "every token sees every other, and all are averaged or the first is taken. A decoder is "
        "padded on the left, so the last place, ringed, holds the end token of both texts, which alone "
        "has seen the whole text. Padded on the right by mistake, the last place of the short text "
        "holds padding."
    )
    return Diagram(fig, alt)


def _batch(
    ax: Axes, bottom: float, title: str, rows: list[list[str]], below: str, ring: int | None
) -> None:
    """Draw a batch, its title above and what it means below; ring: the column that is pooled."""
    words(ax, _LEFT, bottom + 0.98, title, ha="left", fontweight="bold")
    left = (WIDTH - len(rows[0]) * _CELL) / 2
    for place, row in enumerate(rows):
        fills = ["white" if token == "pad" else (PASSAGE, QUERY)[place] for token in row]
        numbers(ax, left, bottom + 0.52 - 0.28 * place, row, width=_CELL, fills=fills)
    if ring is not None:
        ax.add_patch(
            Rectangle(
                (left + ring * _CELL - 0.03, bottom + 0.2),
                _CELL + 0.06,
                0.62,
                fill=False,
                edgecolor=INK,
                linewidth=2.4,
                zorder=6,
            )
        )
    words(ax, WIDTH / 2, bottom + 0.02, below, WIDTH - 0.2)
