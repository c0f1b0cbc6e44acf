"""Where the right passages of some queries stand, by how much a model was trained on: a slider."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lib._explore_paper import axis, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import PALETTE
from lib._plot_labels import INK

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST_QUERIES, _LINE = 10, 26  # rows that a telephone shows, and the characters of a line of a name
_BEYOND = 1_000  # ranks from here on stand at the right edge


def ranks_by_size(
    sizes: Sequence[int],
    ranks: Sequence[Sequence[int]],
    queries: Sequence[str],
    qualities: Sequence[float],
    *,
    title: str,
    unit: str = "pairs",
    metric: str = "nDCG@10 of all test questions",
) -> Figure:
    """The rank of each query's right passage, moved by a slider over the sizes of the training set.

    sizes: rising, such as [0, 100, 300]; ranks: for each size one rank a query, from 1; queries: at
    most ten; qualities: the metric of all queries at each size, told beside the slider.
    Raises ValueError for other numbers, sizes that do not rise and ranks below 1.
    """
    from plotly import graph_objects as go

    _require(sizes, ranks, queries, qualities)
    names = ["<br>".join(textwrap.wrap(query, _LINE)) for query in queries]
    rows = list(range(len(names)))
    start = len(sizes) // 2
    frames, readings = [], {}
    for place, (size, found, quality) in enumerate(zip(sizes, ranks, qualities)):
        frames.append(go.Frame(name=f"0.{place}", data=[_moved(found)], traces=[1]))
        first = sum(rank == 1 for rank in found)
        readings[f"0.{place}"] = Reading(
            f"{size:,} {unit}: {metric} {quality:.3f}; of these {len(queries)} questions {first} have "
            "their passage at rank 1.",
            ("question", "rank of its passage"),
            [(query, f"{rank:,}") for query, rank in zip(queries, found)],
        )
    top = {"x": [1] * len(rows), "y": rows, "mode": "markers", "hoverinfo": "skip"}
    goal = go.Scatter(**top, marker={"symbol": "line-ns-open", "size": 16, "color": INK})
    dots = go.Scatter(
        y=rows,
        mode="markers+text",
        textposition="middle right",
        textfont={"size": 12, "color": INK},
        marker={"size": 12, "color": PALETTE[0]},
        customdata=list(queries),
        hovertemplate="%{customdata}<br>rank %{text}<extra></extra>",
        **_moved(ranks[start]),
    )
    figure = go.Figure([goal, dots], frames=frames, layout_template="none")
    figure.update_layout(**paper(title), height=120 + 44 * len(rows), showlegend=False)
    figure.update_layout(margin_b=56)
    figure.update_xaxes(
        type="log",
        range=[-0.12, 3.45],
        tickvals=[1, 10, 100, _BEYOND],
        ticktext=["1", "10", "100", "1,000+"],
        title={"text": "rank of the right passage (log scale)", "standoff": 8},
        **axis(),
    )
    figure.update_yaxes(
        tickvals=rows, ticktext=names, range=[len(rows) - 0.4, -0.6], **axis(grid=False)
    )
    control = Control(f"{unit} to train on", [f"{size:,}" for size in sizes], True, start)
    return require_small("ranks_by_size", with_controls(figure, [control], readings, joint=False))


def _moved(found: Sequence[int]) -> dict[str, Any]:
    return {"x": [min(rank, _BEYOND) for rank in found], "text": [f"{rank:,}" for rank in found]}


def _require(
    sizes: Sequence[int],
    ranks: Sequence[Sequence[int]],
    queries: Sequence[str],
    qualities: Sequence[float],
) -> None:
    same = len(sizes) == len(ranks) == len(qualities) >= 2
    if not same or not 1 <= len(queries) <= _MOST_QUERIES:
        raise ValueError(
            f"ranks_by_size: {len(sizes)} sizes, {len(ranks)} rows of ranks, {len(qualities)} "
            f"qualities and {len(queries)} queries; expected as many of the first three, two or more, "
            f"and 1 to {_MOST_QUERIES} queries"
        )
    if any(len(found) != len(queries) or min(found) < 1 for found in ranks):
        raise ValueError("ranks_by_size: expected one rank of 1 or more for each query and size")
    if any(b <= a for a, b in pairwise(sizes)):
        raise ValueError(f"ranks_by_size: sizes are {list(sizes)}; expected rising numbers")
