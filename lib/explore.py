"""Things to explore: a reader moves them by mouse, touch or keyboard, and no kernel is asked.

`max_sim_map`, `recall_speed`, `margin_line`, `batch_by_temperature`, `neighbours_by_length`,
`pooling_by_token`, `word_neighbours` and `budget` make plotly figures that hold all of their states as
frames; `ranked_list` makes a list that the reader reorders, `model_table` a table to filter. `explore`
shows any of them, with controls that are HTML's own (a keyboard and a screen reader know them), with a
still picture and with a text. The scripts are in `lib/browser/`; plotly's is that of the package. Nothing is
loaded from a network, so a saved notebook and an exported page work as JupyterLab does.

Figures follow `lib.plots`: its palette, its white paper, words that a telephone can show. Their
numbers have three or four digits, and a figure over 150 kB is refused: it lies in every copy of a
notebook.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lib._explore_batch import batch_by_temperature
from lib._explore_budget import budget
from lib._explore_margin import margin_line
from lib._explore_paper import SYMBOLS, axis, digits, log_ticks, named, paper
from lib._explore_pooling import pooling_by_token, token_weights
from lib._explore_show import Control, Reading, explore, require_small, with_controls
from lib._explore_words import word_neighbours
from lib._max_sim_map import max_sim_map
from lib._model_explorer import ModelTable, model_table
from lib._neighbours import neighbour_lists, neighbours_by_length
from lib._plot_colours import PALETTE, colours_of
from lib._plot_labels import INK
from lib._ranked_list import RankedList, ranked_list
from lib._ranks_by_size import ranks_by_size

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["ModelTable", "RankedList", "budget", "explore", "max_sim_map", "model_table"]
__all__ += ["neighbour_lists", "neighbours_by_length", "ranked_list", "ranks_by_size"]
__all__ += ["batch_by_temperature", "margin_line", "pooling_by_token", "recall_speed"]
__all__ += ["token_weights", "word_neighbours"]

Points = Sequence[tuple[float, float, float]]  # effort, recall, queries per second
Curve = tuple[str, Points]  # the effort's name, what was measured


def recall_speed(
    curves: Mapping[str, Curve],
    *,
    title: str,
    exact: float | None = None,
    k: int = 10,
) -> Figure:
    """How much of the exact result approximate indexes find, against their speed.

    curves: index -> (name of its effort, [(effort, recall@k, queries per second), ...]), such as
    {"HNSW": ("efSearch", [(8, 0.81, 5200.0), ...]), "IVF": ("nprobe", [...])}, one to seven, the
    effort rising; exact: queries per second of the search through all vectors, drawn as a point
    at recall 1. The reader moves one slider an index, which rings the point of that effort and tells
    its numbers.
    Raises ValueError for no curve or more than seven, a curve of no point, an effort that does not
    rise, a recall outside 0 to 1, and a speed that is not positive.
    """
    from plotly import graph_objects as go

    _require_curves(curves, exact)
    lines, rings, frames, readings, controls = [], [], [], {}, []
    for c, (place, (name, (effort, points))) in enumerate(
        zip(colours_of([*curves]), curves.items())
    ):
        efforts = [f"{effort} {value:g}" for value, _, _ in points]
        start = len(points) // 2
        lines.append(_line(name, efforts, points, place, k))
        rings.append(_ring(points[start], place))
        controls.append(Control(f"{effort} of {name}", efforts, slides=True, start=start))
        for i, (said, (_, recall, speed)) in enumerate(zip(efforts, points)):
            moved = {"x": digits([speed]), "y": digits([recall])}
            frames.append(go.Frame(name=f"{c}.{i}", data=[moved], traces=[len(curves) + c]))
            readings[f"{c}.{i}"] = Reading(
                f"{name} with {said}: recall@{k} {recall:.3f}, "
                f"{float(f'{speed:.3g}'):,g} queries per second."
            )
    figure = go.Figure([*lines, *rings], frames=frames, layout_template="none")
    if exact is not None:
        figure.add_trace(_all_vectors(exact))
    figure.update_layout(**paper(title), height=410, showlegend=False)
    figure.update_layout(margin_b=62, margin_l=66)  # a title at the very edge loses its tails
    recalls = [recall for _, points in curves.values() for _, recall, _ in points]
    speeds = [speed for _, points in curves.values() for _, _, speed in points]
    _scale(figure, recalls, speeds if exact is None else [*speeds, exact], k)
    return require_small("recall_speed", with_controls(figure, controls, readings, joint=False))


def _line(name: str, efforts: Sequence[str], points: Points, place: int, k: int) -> Any:
    """An index' points, joined, with its name at the fastest one."""
    from plotly import graph_objects as go

    colour = PALETTE[place]
    _, recalls, speeds = zip(*points)
    return go.Scatter(
        x=digits(speeds),
        y=digits(recalls),
        mode="lines+markers+text",
        text=[f"<b>{name}</b>" if speed == max(speeds) else "" for speed in speeds],
        textposition="middle right",
        textfont={"color": colour, "size": 13},
        line={"color": colour, "width": 2},
        marker={"symbol": SYMBOLS[place], "size": 8},
        customdata=efforts,
        hovertemplate=f"{name}, %{{customdata}}<br>recall@{k} %{{y:.3f}}<br>"
        "%{x:,.0f} queries per second<extra></extra>",
    )


def _ring(point: tuple[float, float, float], place: int) -> Any:
    """What marks the point of the effort that the reader has chosen."""
    from plotly import graph_objects as go

    _, recall, speed = point
    symbol = f"{SYMBOLS[place]}-open"
    marker = {"symbol": symbol, "size": 19, "color": INK, "line": {"width": 3}}
    return go.Scatter(
        x=digits([speed]), y=digits([recall]), mode="markers", marker=marker, hoverinfo="skip"
    )


def _all_vectors(speed: float) -> Any:
    from plotly import graph_objects as go

    return go.Scatter(
        x=digits([speed]),
        y=[1],
        mode="markers+text",
        text="<b>exact search</b>",
        textposition="top right",
        textfont={"color": INK, "size": 13},
        marker={"symbol": "star", "size": 12, "color": INK},
        hovertemplate="exact search<br>%{x:,.0f} queries per second<extra></extra>",
    )


def _scale(figure: Figure, recalls: Sequence[float], speeds: Sequence[float], k: int) -> None:
    """Axes with room for the names: at the right of the fastest points, above a recall of 1."""
    low, high = math.log10(min(speeds)), math.log10(max(speeds))
    wide = max(high - low, 0.3)
    ticks = log_ticks(min(speeds), max(speeds))
    thousands = min(ticks, default=0) >= 1_000  # short labels, so that a telephone keeps them apart
    figure.update_xaxes(
        type="log",
        range=[round(low - 0.07 * wide, 3), round(high + 0.22 * wide, 3)],
        title=named(f"{'thousand ' if thousands else ''}queries per second (log scale)"),
        tickvals=ticks,
        ticktext=[f"{tick / 1_000 if thousands else tick:,g}" for tick in ticks],
        tickangle=0,
        **axis(),
    )
    bottom = 0 if min(recalls) < 0.3 else round(min(recalls) - 0.15 * (1 - min(recalls)) - 0.02, 3)
    cut = "" if bottom == 0 else ", axis not from 0"
    top = round(1 + 0.12 * (1 - bottom), 3)
    figure.update_yaxes(title=named(f"recall@{k}{cut}"), range=[bottom, top], **axis())


def _require_curves(curves: Mapping[str, Curve], exact: float | None) -> None:
    if not 1 <= len(curves) <= len(PALETTE):
        raise ValueError(f"recall_speed: {len(curves)} curves; expected 1 to {len(PALETTE)}")
    for name, (effort, points) in curves.items():
        table = np.array(points, dtype=float)
        if table.ndim != 2 or table.shape[1] != 3 or not np.isfinite(table).all():
            raise ValueError(
                f"recall_speed: the points of {name!r} are {table.shape}; expected (n, 3): effort, "
                "recall and queries per second, all finite"
            )
        efforts, recalls, speeds = table.T
        if not (np.diff(efforts) > 0).all():
            raise ValueError(
                f"recall_speed: {effort} of {name!r} is {efforts.tolist()}; expected rising values"
            )
        if ((recalls < 0) | (recalls > 1)).any() or (speeds <= 0).any():
            raise ValueError(
                f"recall_speed: {name!r} has recalls {recalls.tolist()} and speeds "
                f"{speeds.tolist()}; expected recalls of 0 to 1 and positive queries per second"
            )
    if exact is not None and not exact > 0:
        raise ValueError(f"recall_speed: exact is {exact}; expected positive queries per second")
