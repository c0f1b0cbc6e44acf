"""The gradient of a large batch in two passes (Gao et al. 2021), drawn: what is kept, and when."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from lib._diagram_paper import (
    MODEL,
    PASSAGE,
    QUERY,
    Diagram,
    arrow,
    box,
    paper,
    rule,
    vector,
    words,
)
from lib._plot_colours import PALETTE
from lib._plot_labels import QUIET
from lib.plots import WIDTH

_CHUNKS = 4


def two_passes() -> Diagram:
    """Return the two passes of a cached gradient over a batch of four chunks, and the loss between them."""
    fig, ax = paper("A gradient in two passes", 5.15)
    words(
        ax, 0.1, 5.02, "Pass 1: encode every chunk, keep only its vectors", ha="left", weight="bold"
    )
    for chunk in range(_CHUNKS):
        x = _x(chunk)
        box(ax, x - 0.5, 4.5, 1.0, 0.32, f"chunk {chunk + 1}", fill=PASSAGE)
        _encoder(ax, x, 3.85, kept=False)
        arrow(ax, (x, 4.5), (x, 4.25))
        arrow(ax, (x, 3.85), (x, 3.62))
        vector(ax, x, 3.36, fill=QUERY)
    rule(ax, 3.0)
    words(ax, 0.1, 2.84, "Between: one loss over all vectors", ha="left", weight="bold")
    box(
        ax,
        0.3,
        2.3,
        WIDTH - 0.6,
        0.34,
        "loss of the whole batch: every query meets all passages",
        fill=MODEL,
    )
    for chunk in range(_CHUNKS):
        arrow(ax, (_x(chunk), 2.3), (_x(chunk), 2.04), color=PALETTE[1], linewidth=2)
    words(ax, WIDTH / 2, 1.92, "the gradient with respect to each vector")
    rule(ax, 1.74)
    words(
        ax,
        0.1,
        1.58,
        "Pass 2: encode again, one chunk at a time, and go back",
        ha="left",
        weight="bold",
    )
    for chunk in range(_CHUNKS):
        x, now = _x(chunk), chunk == 1
        _encoder(ax, x, 0.82, kept=now)
        colour, wide = (PALETTE[1], 2.2) if now else (QUIET, 1.0)
        arrow(ax, (x, 1.44), (x, 1.24), color=colour, linewidth=wide)
        words(ax, x, 0.66, "done" if chunk < 1 else "now" if now else "waits")
    words(
        ax,
        0.1,
        0.28,
        "White box: nothing is kept. Grey box: activations are kept, in one chunk only.",
        ha="left",
    )
    alt = (
        f"Three steps from top to bottom. Pass 1: {_CHUNKS} chunks of a batch go through the encoder, which "
        "keeps no activations; only their vectors stay. Between: one loss of the whole batch, in which every "
        "query meets all passages, gives the gradient with respect to each vector. Pass 2: the chunks are "
        "encoded again one after another; only the chunk that is at work, the second here, keeps "
        "activations, and its vectors' gradient goes back through the encoder. The first is done, the other "
        "two wait."
    )
    return Diagram(fig, alt)


def _x(chunk: int) -> float:
    return 0.1 + (chunk + 0.5) * (WIDTH - 0.2) / _CHUNKS


def _encoder(ax: Axes, x: float, bottom: float, *, kept: bool) -> None:
    frame: dict[str, Any] = {} if kept else {"linestyle": "--"}
    box(ax, x - 0.5, bottom, 1.0, 0.4, "encoder", fill=MODEL if kept else "white", **frame)
