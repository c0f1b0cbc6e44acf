"""The square of a batch: the softmax of each row and the loss, while the reader moves the temperature."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps

from lib._explore_paper import axis, named, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import ink_on
from lib._plot_labels import INK
from lib.plots import _array

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TEMPERATURES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
_MOST = 10  # pairs; more are too narrow for a number on a page of 390 pixels
_ROW, _LONGEST = 34, 70  # pixels of a row, characters of a text in a hover


def batch_by_temperature(
    batches: Mapping[str, Any],
    queries: Sequence[str],
    passages: Sequence[str],
    *,
    title: str,
    temperatures: Sequence[float] = TEMPERATURES,
    start: float = 0.05,
) -> Figure:
    """The shares of each query among the passages of a batch, at a temperature that the reader sets.

    batches: name of an encoder -> its cosines (pairs, pairs) of queries with passages, the pairs on the
    diagonal; queries, passages: texts of the pairs, at most ten. The reader picks the encoder and moves a
    slider over the temperatures, which fall. A cell's number is its share in percent; what is told below
    is the share of each query's own passage, its loss, and their mean beside the loss of a blind guess.
    Raises ValueError for no batch, cosines of another shape or not finite, temperatures that do not fall
    to above 0, and a start that is none of them.
    """
    from plotly import graph_objects as go

    tables = _tables(batches, queries, passages, temperatures, start)
    frames, readings = [], {}
    for b, cosines in enumerate(tables.values()):
        for t, temperature in enumerate(temperatures):
            shares = _softmax(cosines / temperature)
            frames.append(go.Frame(name=f"{b}.{t}", data=_cells(shares), traces=[0, 1]))
            readings[f"{b}.{t}"] = _reading(shares, temperature, queries)
    begun = temperatures.index(start)
    pairs = len(queries)
    told = [[f"query: {_short(q)}<br>passage: {_short(p)}" for p in passages] for q in queries]
    cells, texts = frames[begun].data
    shown = go.Heatmap(
        cells,
        x=[*range(pairs)],
        y=[*range(pairs)],
        zmin=0,
        zmax=1,
        colorscale="Cividis_r",
        customdata=told,
        hovertemplate="%{customdata}<br>share %{z:.1%}<extra></extra>",
        showscale=False,
    )
    places = [(i, j) for i in range(pairs) for j in range(pairs)]
    written = go.Scatter(
        texts, x=[j for _, j in places], y=[i for i, _ in places], mode="text", hoverinfo="skip"
    )
    framed = go.Scatter(
        x=[*range(pairs)],
        y=[*range(pairs)],
        mode="markers",
        marker={"symbol": "square-open", "size": 25, "color": INK, "line": {"width": 2.5}},
        hoverinfo="skip",
    )
    figure = go.Figure([shown, written, framed], frames=frames, layout_template="none")
    below = (
        "Number: share of the row in percent. Dark: large.",
        "Framed: the query's own passage.",
    )
    figure.update_layout(**paper(title, *below), showlegend=False)
    figure.update_layout(height=figure.layout.margin.t + 62 + _ROW * pairs, margin_b=62)
    numbers = {"tickvals": [*range(pairs)], "ticktext": [str(i) for i in range(pairs)]}
    figure.update_xaxes(
        title=named("passage"), range=[-0.5, pairs - 0.5], **numbers, **axis(grid=False)
    )
    figure.update_yaxes(
        title=named("query"), range=[pairs - 0.5, -0.5], **numbers, **axis(grid=False)
    )
    controls = [
        Control("Encoder", list(tables)),
        Control("temperature", [_said(t) for t in temperatures], slides=True, start=begun),
    ]
    return require_small(
        "batch_by_temperature", with_controls(figure, controls, readings, joint=True)
    )


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _cells(shares: np.ndarray) -> list[dict[str, Any]]:
    """The shades and the numbers of one state."""
    inks = [ink_on(list(shade)) for shade in colormaps["cividis_r"](shares.ravel())]
    texts = [f"{100 * share:.0f}" for share in shares.ravel()]
    return [
        {"type": "heatmap", "z": np.round(shares, 3).tolist()},
        {"type": "scatter", "text": texts, "textfont": {"size": 11, "color": inks}},
    ]


def _reading(shares: np.ndarray, temperature: float, queries: Sequence[str]) -> Reading:
    own = shares.diagonal()
    losses = -np.log(np.maximum(own, 1e-300))
    found = int((shares.argmax(axis=1) == np.arange(len(own))).sum())
    return Reading(
        f"Temperature {temperature:g} is scale {1 / temperature:g}. {found} of {len(own)} queries give their "
        f"own passage the largest share. The loss is {losses.mean():.2f}; a blind guess costs "
        f"log({len(own)}) = {math.log(len(own)):.2f}.",
        ("query", "share of its own passage", "loss"),
        [
            (f"{i}. {query}", f"{share:.1%}", f"{loss:.2f}")
            for i, (query, share, loss) in enumerate(zip(queries, own, losses))
        ],
    )


def _said(temperature: float) -> str:
    return f"{temperature:g} (scale {1 / temperature:g})"


def _short(text: str) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
    return html.escape(cut, quote=False)


def _tables(
    batches: Mapping[str, Any],
    queries: Sequence[str],
    passages: Sequence[str],
    temperatures: Sequence[float],
    start: float,
) -> dict[str, np.ndarray]:
    """The cosines, checked."""
    pairs = len(queries)
    if not batches or not 2 <= pairs <= _MOST or len(passages) != pairs:
        raise ValueError(
            f"batch_by_temperature: {len(batches)} batches, {pairs} queries, {len(passages)} passages; "
            f"expected at least one batch, and 2 to {_MOST} pairs"
        )
    falling = all(a > b for a, b in pairwise(temperatures)) and temperatures[-1] > 0
    if not falling or start not in temperatures:
        raise ValueError(
            f"batch_by_temperature: temperatures are {list(temperatures)} and the start is {start}; "
            "expected falling numbers above 0, and one of them"
        )
    found = {}
    for name, cosines in batches.items():
        table = _array(cosines).astype(float)
        if table.shape != (pairs, pairs) or not np.isfinite(table).all():
            raise ValueError(
                f"batch_by_temperature: the cosines of {name!r} are {table.shape}; expected finite ones, "
                f"({pairs}, {pairs})"
            )
        found[name] = table
    return found
