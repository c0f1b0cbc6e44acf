"""A text's tokens and what each weighs in the pooled vector, with the passages that are then nearest."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib._explore_paper import axis, digits, named, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import PALETTE

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST, _ROW = 24, 24  # tokens of a text, pixels of a row
_NUDGE = 1e-4

Nearest = Sequence[tuple[str, float]]  # titles and cosines, the nearest first
Pooled = tuple[Sequence[float], Nearest]  # the weight of each token, and what is nearest
Texts = Mapping[str, tuple[Sequence[str], Mapping[str, Pooled]]]  # its tokens, and each pooling


def token_weights(pool: Callable[[Tensor, Tensor], Tensor], tokens: Tensor) -> Tensor:
    """Return how far the pooled vector moves if one token's vector does, for each token: (tokens,).

    pool: takes (batch, tokens, dim) and a mask (batch, tokens); tokens: (tokens, dim), all real.
    Each token in turn is raised by a little in all dimensions; its weight is the rise of the pooled
    vector, the mean over its dimensions, as a share of what all tokens together do. For a mean it is 1
    over the number of tokens, for a maximum the share of dimensions that the token wins (where several
    have the same largest value, they share it).
    """
    count = len(tokens)
    wide = tokens.double().cpu()
    moved = wide.repeat(count + 1, 1, 1)
    moved[torch.arange(count), torch.arange(count)] += _NUDGE
    pooled = pool(moved, torch.ones(count + 1, count, dtype=torch.long)).double()
    rise = ((pooled[:-1] - pooled[-1]) / _NUDGE).mean(dim=1)
    return rise / rise.sum()


def pooling_by_token(texts: Texts, *, title: str, start: int = 0) -> Figure:
    """The tokens of a text as bars, as long as each weighs in its vector, and the nearest passages.

    texts: text -> (its tokens, {pooling: (a weight for each token, [(title, cosine), ...])}), the same
    poolings for each text. The reader picks a text and a pooling; a table names the nearest passages.
    start: the pooling that is shown first.
    Raises ValueError for no text, other poolings from text to text, over 24 tokens, weights that are
    not one a token or not finite, and no passage.
    """
    from plotly import graph_objects as go

    poolings = _require(texts)
    rows = max(len(tokens) for tokens, _ in texts.values())
    longest = max(max(weights) for _, made in texts.values() for weights, _ in made.values())
    frames, readings = [], {}
    for t, (tokens, made) in enumerate(texts.values()):
        names = [html.escape(token, quote=False) for token in tokens]
        ticks = {"tickvals": [*range(len(names))], "ticktext": names}
        for p, (pooling, (weights, nearest)) in enumerate(made.items()):
            bars = {
                "type": "bar",
                "orientation": "h",
                "x": digits(weights),
                "y": [*range(len(names))],
                "text": [f"{weight:.0%}" for weight in weights],
            }
            frames.append(go.Frame(name=f"{t}.{p}", data=[bars], layout={"yaxis": ticks}))
            first = next(iter(made.values()))[1]
            readings[f"{t}.{p}"] = _reading(pooling, poolings[0], tokens, weights, nearest, first)
    begun = next(frame for frame in frames if frame.name == f"0.{start}")
    bar = go.Bar(begun.data[0], hoverinfo="skip").update(_LOOK)
    figure = go.Figure([bar], frames=frames, layout_template="none")
    below = "Bar: the token's weight in the text's one vector."
    figure.update_layout(**paper(title, below), showlegend=False, bargap=0.25)
    figure.update_layout(height=figure.layout.margin.t + 62 + _ROW * rows, margin_b=62)
    ends = [0, 1.14 * max(longest, 0.01)]
    figure.update_xaxes(range=ends, title=named("weight"), tickformat=".0%", nticks=5, **axis())
    figure.update_yaxes(range=[rows - 0.4, -0.6], **axis(grid=False))
    figure.update_yaxes(begun.layout.yaxis)
    controls = [Control("Text", list(texts)), Control("Pooling", poolings, start=start)]
    return require_small("pooling_by_token", with_controls(figure, controls, readings, joint=True))


_LOOK: dict[str, Any] = {
    "marker": {"color": PALETTE[0]},
    "textposition": "outside",
    "cliponaxis": False,
}


def _reading(
    pooling: str,
    other: str,
    tokens: Sequence[str],
    weights: Sequence[float],
    nearest: Nearest,
    first: Nearest,
) -> Reading:
    heaviest = max(range(len(tokens)), key=lambda i: weights[i])
    equal = max(weights) - min(weights) < 5e-3
    none = sum(weight < 5e-4 for weight in weights)
    said = (
        f"each of the {len(tokens)} tokens weighs {weights[0]:.0%}"
        if equal
        else f"{tokens[heaviest]} weighs most, {weights[heaviest]:.0%}"
        + (f", and {none} of {len(tokens)} tokens weigh nothing" if none else "")
    )
    shared = len({title for title, _ in nearest} & {title for title, _ in first})
    kept = (
        ""
        if pooling == other
        else f" {shared} of the {len(nearest)} nearest passages are also among those of {other}."
    )
    return Reading(
        f"With {pooling}, {said}.{kept}",
        ["rank", "nearest passage", "cosine"],
        [[f"{rank}", name, f"{cosine:.2f}"] for rank, (name, cosine) in enumerate(nearest, 1)],
    )


def _require(texts: Texts) -> list[str]:
    """The poolings, the same for each text."""
    if not texts:
        raise ValueError("pooling_by_token: no text came; expected at least one, with its poolings")
    poolings = list(next(iter(texts.values()))[1])
    for text, (tokens, made) in texts.items():
        if list(made) != poolings or not poolings:
            raise ValueError(
                f"pooling_by_token: {text!r} has the poolings {list(made)}; expected {poolings}, at "
                "least one, for each text"
            )
        if not 1 <= len(tokens) <= _MOST:
            raise ValueError(
                f"pooling_by_token: {text!r} has {len(tokens)} tokens; expected 1 to {_MOST}"
            )
        for pooling, (weights, nearest) in made.items():
            if len(weights) != len(tokens) or not all(map(math.isfinite, weights)) or not nearest:
                raise ValueError(
                    f"pooling_by_token: {text!r} with {pooling} has {len(weights)} weights for "
                    f"{len(tokens)} tokens and {len(nearest)} passages; expected a finite weight for "
                    "each token and at least one passage"
                )
    return poolings
