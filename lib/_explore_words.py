"""A map of words: the reader picks a word or a field, and its neighbours light up where they lie."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib._explore_paper import axis, digits, named, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import PALETTE
from lib._plot_labels import INK

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PALE = "#8A8A8A"
_HOVERED = 5  # neighbours that a point tells
_SIDE = 430  # pixels, the height of the map

Neighbours = Mapping[str, Sequence[tuple[str, float]]]  # word -> (neighbour, cosine), nearest first


def word_neighbours(
    words: Sequence[str],
    points: Tensor,
    nearest: Neighbours,
    fields: Mapping[str, Sequence[str]],
    *,
    title: str,
    share: float,
) -> Figure:
    """Words as points of a plane; a list of fields and words lights up what belongs together.

    words: n; points: (n, 2), where each lies on the map; nearest: of each word its nearest ones by all
    numbers of its vector, at least five, for the label that a point shows; of a word of the fields they
    are lit up and numbered, so all of them have to be on the map. fields: name -> its words.
    share: of the variance that the two axes keep, 0 to 1, written below the title.
    Raises ValueError for shapes that do not fit, words that are not on the map, and a figure over 150 kB.
    """
    from plotly import graph_objects as go

    _require(words, points, nearest, fields)
    at = {word: row for row, word in enumerate(words)}
    xs, ys = (digits(column) for column in points.T.tolist())
    labels = [
        f"<b>{html.escape(word)}</b><br>nearest: "
        + html.escape(", ".join(other for other, _ in nearest[word][:_HOVERED]))
        for word in words
    ]
    every = go.Scatter(
        x=xs,
        y=ys,
        mode="markers",
        text=labels,
        hovertemplate="%{text}<extra></extra>",
        marker={"symbol": "circle", "size": 6, "color": _PALE},
    )
    options: list[str] = []
    frames: list[Any] = []
    readings: dict[str, Reading] = {}
    for field, members in fields.items():
        options.append(f"field: {field}")
        rows = [at[word] for word in members]
        frames.append(_frame(len(frames), xs, ys, rows, list(members), None, ""))
        said = f"The field '{field}': {', '.join(members)}."
        readings[frames[-1].name] = Reading(said)
    for word in dict.fromkeys(word for members in fields.values() for word in members):
        options.append(word)
        others = [other for other, _ in nearest[word]]
        numbers = [str(rank) for rank in range(1, len(others) + 1)]
        rows = [at[other] for other in others]
        frames.append(_frame(len(frames), xs, ys, rows, numbers, at[word], word))
        readings[frames[-1].name] = _reading(word, nearest[word], points, at)
    figure = go.Figure([every, *frames[0].data], frames=frames, layout_template="none")
    below = (
        f"The two axes keep {share:.0%} of the variance.",
        "Diamonds: the field, or a word's nearest by all numbers.",
    )
    figure.update_layout(**paper(title, *below), showlegend=False, height=_SIDE + 90)
    figure.update_layout(margin_b=58, margin_l=52)
    for number, column in ((1, xs), (2, ys)):
        room = 0.08 * (max(column) - min(column))
        limits = [round(min(column) - room, 3), round(max(column) + room, 3)]
        name = named(f"{('first', 'second')[number - 1]} component")
        (figure.update_xaxes if number == 1 else figure.update_yaxes)(
            range=limits, title=name, nticks=5, **axis()
        )
    return require_small(
        "word_neighbours",
        with_controls(figure, [Control("Show", options)], readings, joint=True),
    )


def _frame(
    number: int,
    xs: Sequence[float],
    ys: Sequence[float],
    rows: Sequence[int],
    texts: Sequence[str],
    own: int | None,
    name: str,
) -> Any:
    """What is lit up: points with their texts, and the word that was chosen as a star."""
    from plotly import graph_objects as go

    lit = go.Scatter(
        x=[xs[row] for row in rows],
        y=[ys[row] for row in rows],
        text=[f"<b>{html.escape(text)}</b>" for text in texts],
        mode="markers+text",
        textposition="top center",
        textfont={"size": 12, "color": INK},
        marker={"symbol": "diamond", "size": 9, "color": PALETTE[1]},
        hoverinfo="skip",
    )
    chosen = go.Scatter(
        x=[] if own is None else [xs[own]],
        y=[] if own is None else [ys[own]],
        text=[] if own is None else [f"<b>{html.escape(name)}</b>"],
        mode="markers+text",
        textposition="bottom center",
        textfont={"size": 13, "color": INK},
        marker={"symbol": "star", "size": 15, "color": PALETTE[0]},
        hoverinfo="skip",
    )
    return go.Frame(name=str(number), data=[lit, chosen], traces=[1, 2])


def _reading(
    word: str, found: Sequence[tuple[str, float]], points: Tensor, at: Mapping[str, int]
) -> Reading:
    """A word's neighbours in words, each with its rank on the map."""
    distances = (points - points[at[word]]).norm(dim=1)
    distances[at[word]] = -1  # the word itself is rank 0
    order = distances.argsort().tolist()
    ranks = {row: rank for rank, row in enumerate(order)}
    on_map = [ranks[at[other]] for other, _ in found]
    near = sum(rank <= len(found) for rank in on_map)
    return Reading(
        f"{word}: of its {len(found)} nearest words by all numbers, {near} are among the {len(found)} "
        f"nearest points of the map.",
        ["nearest word", "cosine by all numbers", "rank by distance on the map"],
        [
            [f"{number}. {other}", f"{cosine:.2f}", str(rank)]
            for number, ((other, cosine), rank) in enumerate(zip(found, on_map), 1)
        ],
    )


def _require(
    words: Sequence[str],
    points: Tensor,
    nearest: Neighbours,
    fields: Mapping[str, Sequence[str]],
) -> None:
    if points.shape != (len(words), 2) or not bool(torch.isfinite(points).all()):
        raise ValueError(
            f"word_neighbours: points are {tuple(points.shape)} for {len(words)} words; expected "
            "(n, 2), all finite"
        )
    shown = set(words)
    if len(shown) != len(words) or not fields or not all(fields.values()):
        raise ValueError(
            f"word_neighbours: {len(words)} words, {len(shown)} of them different, and {len(fields)} "
            "fields; expected different words, and at least one field with its words"
        )
    if few := [word for word in words if len(nearest.get(word, ())) < _HOVERED]:
        raise ValueError(
            f"word_neighbours: {few[0]!r} has {len(nearest.get(few[0], ()))} nearest words; expected "
            f"{_HOVERED} or more for each word"
        )
    lit = {word for members in fields.values() for word in members}
    lit |= {other for word in lit & shown for other, _ in nearest[word]}
    if lost := sorted(lit - shown):
        raise ValueError(f"word_neighbours: {lost[:5]} are not on the map; give their points, too")
