"""Fine-tuning in pictures: the loop from pairs to the best step, and what is trained of an encoder."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from lib._diagram_paper import MODEL, PASSAGE, QUERY, Diagram, arrow, box, paper, rule, words
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

_LAYERS = 6  # of all-MiniLM-L6-v2
_WIDE, _GAP = 1.5, 0.45  # inches, of a box in the loop and of the arrow to the next
_LEFTS = [0.1 + place * (_WIDE + _GAP) for place in range(3)]


def fine_tuning_loop() -> Diagram:
    """Return the loop of fine-tuning: training pairs, loss, step; validation; the test set, once."""
    fig, ax = paper("Fine-tuning: two loops, and one look at the test set", 4.5)
    first = ("training pairs: a batch of them", "encoder: a vector for each text")
    _row(ax, 3.55, "Every step", (*first, "loss: is the own passage nearest?"), QUERY)
    right, middle = _LEFTS[2] + _WIDE / 2, _LEFTS[1] + _WIDE / 2
    ax.plot([right, right, middle], [3.55, 3.19, 3.19], color=INK, linewidth=1.1)
    arrow(ax, (middle, 3.19), (middle, 3.55))
    words(ax, (middle + right) / 2, 3.06, "the gradient changes the weights")
    rule(ax, 2.88)
    then = (
        "validation questions",
        "evaluator: a score of this step",
        "best so far? keep the weights",
    )
    _row(ax, 1.95, "Every few steps", then, PASSAGE)
    words(ax, right, 1.8, "no gain for long: stop")
    rule(ax, 1.58)
    last = ("test questions", "encoder with the best weights", "the number that you report")
    _row(ax, 0.55, "Once, at the end", last, PASSAGE)
    end = "Nothing is chosen by the test set: it would flatter the choice."
    words(ax, WIDTH / 2, 0.25, end)
    alt = (
        "Three rows of boxes joined by arrows. Every step: training pairs go through the encoder to the "
        "loss, which asks whether each query's own passage is nearest, and the gradient goes back and "
        "changes the encoder's weights. Every few steps: validation questions go through the "
        "evaluator, whose score decides whether these weights are the best so far and are kept; without a gain for long, "
        "training stops. Once, at the end: test questions go through the encoder with the best weights "
        "and give the number that is reported. Nothing is chosen by the test set."
    )
    return Diagram(fig, alt)


def _row(ax: Axes, bottom: float, name: str, parts: Sequence[str], fill: str) -> None:
    """Three boxes under a name, joined by arrows."""
    words(ax, 0.1, bottom + 0.81, name, ha="left", weight="bold")
    for left, part, shade in zip(_LEFTS, parts, (fill, MODEL, "white")):
        box(ax, left, bottom, _WIDE, 0.62, part, fill=shade)
    for left in _LEFTS[1:]:
        arrow(ax, (left - _GAP, bottom + 0.31), (left, bottom + 0.31))


def trained_parts() -> Diagram:
    """Return three ways to train an encoder: a matrix behind it, its last layer, all of it."""
    fig, ax = paper("What is trained, and what is frozen", 4.35)
    ways = (
        ("a head", 0, "0.15 million numbers"),
        ("the last layer", 1, "1.8 million"),
        ("all layers", _LAYERS + 1, "22.6 million"),
    )
    step = (WIDTH - 0.2) / len(ways)
    for place, (name, trained, size) in enumerate(ways):
        _stack(ax, 0.1 + place * step, step - 0.25, name, trained, size)
    words(
        ax,
        WIDTH / 2,
        0.16,
        "Grey and dashed: frozen, computed once for each text. Blue, in bold: trained.",
    )
    alt = (
        "Three stacks of the same encoder, from the word embeddings at the bottom over six layers to the "
        "mean at the top. A head: everything is frozen and a matrix behind the mean is trained, 0.15 "
        "million numbers. The last layer: word embeddings and layers 1 to 5 are frozen, layer 6 is "
        "trained, 1.8 million. All layers: everything is trained, 22.6 million. What is frozen is "
        "computed once for each text."
    )
    return Diagram(fig, alt)


def _stack(ax: Axes, left: float, width: float, name: str, trained: int, size: str) -> None:
    """One encoder; trained: how many of its parts are, counted from the last layer."""
    middle, tall, gap = left + width / 2, 0.3, 0.38
    parts = ["word embeddings", *(f"layer {n}" for n in range(1, _LAYERS + 1))]
    words(ax, middle, 4.2, name, weight="bold")
    words(ax, middle, 3.99, size)
    for place, part in enumerate(parts):
        _part(ax, left, 0.42 + gap * place, width, tall, part, len(parts) - place <= trained)
    top = 0.42 + gap * len(parts)
    words(ax, middle, top + 0.08, "mean of the tokens")
    if not trained:
        _part(ax, left, top + 0.25, width, tall, "matrix 384 x 384", trained=True)


def _part(
    ax: Axes, left: float, bottom: float, width: float, tall: float, text: str, trained: bool
) -> None:
    look = {} if trained else {"linestyle": "--", "edgecolor": QUIET}
    box(ax, left, bottom, width, tall, fill=QUERY if trained else MODEL, **look)
    weight = "bold" if trained else "normal"
    words(ax, left + width / 2, bottom + tall / 2, text, zorder=4, weight=weight)
