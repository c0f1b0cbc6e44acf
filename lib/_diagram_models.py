"""What is computed when, what is stored, how the score arises: three ways to compare two texts.

Bi-encoder: Reimers and Gurevych 2019, Sentence-BERT. Late interaction: Khattab and Zaharia 2020,
ColBERT. Cross-encoder: Nogueira and Cho 2019, Passage re-ranking with BERT.
"""

from __future__ import annotations

from matplotlib.axes import Axes

from lib._diagram_paper import (
    LINE,
    MODEL,
    PASSAGE,
    QUERY,
    Diagram,
    arrow,
    box,
    paper,
    rule,
    stored,
    vector,
    words,
)
from lib.plots import WIDTH

_COLUMN = WIDTH / 3
_APART = 0.43  # inches from a column's middle to the middle of its query, and of its passage
_TALL, _ROW = 3.35, 0.58  # inches: of the pictures, of a row of answers
_NAMES = ("Bi-encoder", "Late interaction", "Cross-encoder")
# What stands below the pictures, a row a question: (question, answer of each column).
_ROWS = (
    (
        "Before any query",
        (
            "every passage is read",
            "every passage is read",
            "nothing is computed",
        ),
    ),
    (
        "Stored (dashed frame)",
        ("one vector a passage", "one vector a token", "no vector"),
    ),
    (
        "For each query",
        (
            "the query is read once",
            "the query is read once",
            "the query is read again with every passage",
        ),
    ),
    (
        "The score of a passage",
        (
            "one dot product",
            "each query token's largest dot product, summed",
            "the number that the model returns",
        ),
    ),
)


def architectures() -> Diagram:
    """Return bi-encoder, late interaction and cross-encoder side by side.

    Above, how a score arises from a query and a passage; below, what is computed before any query
    comes, what is stored, what is computed for each query, and what the score is.
    """
    fig, ax = paper("Three ways to compare a query with a passage", _TALL + len(_ROWS) * _ROW)
    floor = len(_ROWS) * _ROW
    draw = (_bi_encoder, _late_interaction, _cross_encoder)
    for column, name in enumerate(_NAMES):
        middle = (column + 0.5) * _COLUMN
        words(ax, middle, floor + _TALL - 0.12, name, fontweight="bold")
        draw[column](ax, middle, floor)
    for row, (question, answers) in enumerate(_ROWS):
        top = floor - row * _ROW
        rule(ax, top)
        words(ax, 0.1, top - 0.7 * LINE, question, ha="left", fontweight="bold")
        for column, answer in enumerate(answers):
            middle = (column + 0.5) * _COLUMN
            words(ax, middle, top - 2.3 * LINE, answer, _COLUMN - 0.16)
    said = (
        f"{name}: "
        + "; ".join(f"{question.lower().split(' (')[0]}, {a[column]}" for question, a in _ROWS)
        for column, name in enumerate(_NAMES)
    )
    drawn = (
        "A bi-encoder makes one vector of the query and one of the passage, and late interaction one "
        "of each token; the passage's vectors are in a dashed frame: they are stored. A "
        "cross-encoder reads both texts at once and stores nothing."
    )
    return Diagram(fig, f"Three diagrams side by side. {drawn} {'. '.join(said)}.")


def _bi_encoder(ax: Axes, middle: float, floor: float) -> None:
    for side, name, fill in ((-1, "query", QUERY), (1, "passage", PASSAGE)):
        x = middle + side * _APART
        _read(ax, x, floor, name, fill)
        bottom, _ = vector(ax, x, floor + 1.48, fill=fill)
        arrow(ax, (x, bottom), (middle + side * 0.2, floor + 0.9))
    stored(ax, middle + _APART - 0.16, floor + 1.14, 0.32, 0.68)
    _score(ax, middle, floor, "dot product")


def _late_interaction(ax: Axes, middle: float, floor: float) -> None:
    for side, name, fill, tokens in ((-1, "query", QUERY, 3), (1, "passage", PASSAGE, 4)):
        x = middle + side * _APART
        _read(ax, x, floor, name, fill)
        for token in range(tokens):
            at = x + 0.18 * (token - (tokens - 1) / 2)
            bottom, _ = vector(ax, at, floor + 1.48, fill=fill)
        arrow(ax, (x, bottom), (middle + side * 0.2, floor + 0.9))
    stored(ax, middle + _APART - 0.4, floor + 1.14, 0.8, 0.68)
    _score(ax, middle, floor, "MaxSim")


def _cross_encoder(ax: Axes, middle: float, floor: float) -> None:
    for side, name, fill in ((-1, "query", QUERY), (1, "passage", PASSAGE)):
        x = middle + side * _APART
        box(ax, x - _APART + 0.04, floor + 2.72, 2 * _APART - 0.08, 0.3, name, fill=fill)
        arrow(ax, (x, floor + 2.72), (x, floor + 2.44))
    text = "model reads both at once: every token sees every other"
    box(ax, middle - 2 * _APART + 0.04, floor + 1.14, 4 * _APART - 0.08, 1.3, text, fill=MODEL)
    arrow(ax, (middle, floor + 1.14), (middle, floor + 0.9))
    _score(ax, middle, floor, "last layer")


def _read(ax: Axes, x: float, floor: float, name: str, fill: str) -> None:
    """Draw a text, the model that reads it, and the arrow to what comes out."""
    box(ax, x - _APART + 0.04, floor + 2.72, 2 * _APART - 0.08, 0.3, name, fill=fill)
    arrow(ax, (x, floor + 2.72), (x, floor + 2.44))
    box(ax, x - _APART + 0.04, floor + 2.14, 2 * _APART - 0.08, 0.3, "model", fill=MODEL)
    arrow(ax, (x, floor + 2.14), (x, floor + 1.84))


def _score(ax: Axes, middle: float, floor: float, how: str) -> None:
    box(ax, middle - 0.55, floor + 0.6, 1.1, 0.3, how)
    arrow(ax, (middle, floor + 0.6), (middle, floor + 0.34))
    words(ax, middle, floor + 0.22, "score", fontweight="bold")
