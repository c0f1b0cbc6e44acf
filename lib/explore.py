"""Things to explore: a reader moves them by mouse, touch or keyboard, and no kernel is asked.

`max_sim_map` and `recall_speed` make plotly figures that hold all of their states as frames;
`ranked_list` makes a list that the reader reorders. `explore` shows any of them, with controls that
are HTML's own (a keyboard and a screen reader know them), with a still picture and with a text. The
scripts are in `lib/browser/`; plotly's is that of the package. Nothing is loaded from a network, so
a saved notebook and an exported page work as JupyterLab does.

Figures follow `lib.plots`: its palette, its white paper, words that a telephone can show. Their
numbers have three digits, and a figure over 150 kB is refused: it lies in every copy of a notebook.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps

from lib._explore_show import Control, Reading, explore, require_small, with_controls
from lib._plot_colours import PALETTE, colours_of, ink_on
from lib._plot_labels import INK, QUIET
from lib._ranked_list import RankedList, ranked_list
from lib.plots import _array

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["RankedList", "explore", "max_sim_map", "ranked_list", "recall_speed"]

Passage = tuple[str, Sequence[str], Any]  # title, tokens, similarity (query tokens, tokens)
Curve = tuple[str, Sequence[tuple[float, float, float]]]  # name of the effort, measured points

MOST_QUERY_TOKENS = 16  # columns; more are too narrow for a number on a page of 390 pixels
MOST_PASSAGE_TOKENS = 64  # rows
_ROW = 21  # pixels
_TITLE_WIDTH = 38  # characters
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x")


def max_sim_map(
    searches: Mapping[str, tuple[Sequence[str], Sequence[Passage]]],
    *,
    title: str,
    value_label: str = "cosine similarity",
) -> Figure:
    """The tokens of a query against those of a passage as shades, and how MaxSim adds them up.

    searches: query -> (its tokens, its best passages in order); a passage is (title, tokens,
    similarity), where similarity is (query tokens, passage tokens), on any device. The reader picks
    the query and the passage. A column is a query token, a row a passage token; in each column the
    largest value is framed and written out, and a table below adds these up to the score.
    Raises ValueError for shapes that do not fit, NaN, more than 16 query tokens or 64 passage
    tokens, and a figure over 150 kB.
    Source: Khattab and Zaharia 2020, ColBERT (SIGIR), figure 3 and equation 3.
    """
    from plotly import graph_objects as go

    tables = _tables(searches)
    every = np.concatenate([table.ravel() for tables_ in tables for table in tables_])
    low, high = float(every.min()), float(every.max())
    shades = f"Shade: {value_label}, from {low:.2f} (light) to {high:.2f} (dark)."
    paper = _paper(title, "Columns: query tokens. Rows: passage tokens.", shades)
    # Pixels for the words beside and above, the same in all states: the rows stay where they are.
    paper["margin"]["l"] = 12 + 7 * _longest(t for _, ps in searches.values() for _, t, _ in ps)
    paper["margin"]["t"] += 8 + 5 * _longest(words for words, _ in searches.values())
    around = paper["margin"]["t"] + paper["margin"]["b"]
    frames, readings = [], {}
    for s, (words, passages) in enumerate(searches.values()):
        for p, (_, tokens, _) in enumerate(passages):
            name, table = f"{s}.{p}", tables[s][p]
            frames.append(_map_frame(name, words, tokens, table, (low, high), around, value_label))
            readings[name] = _map_reading(words, tokens, table)
    titles = [
        [
            f"{rank}. {name} ({table.max(axis=1).sum():.2f})"
            for rank, ((name, _, _), table) in enumerate(zip(passages, found), 1)
        ]
        for (_, passages), found in zip(searches.values(), tables)
    ]
    controls = [Control("Query", list(searches)), Control("Passage (MaxSim)", titles)]
    figure = go.Figure(frames[0].data, frames[0].layout, frames, layout_template="none")
    figure.update_layout(paper)
    axis = {**_axis(grid=False), "type": "category", "automargin": False, "ticklabelstandoff": 3}
    figure.update_xaxes(side="top", tickangle=-50, **axis)
    figure.update_yaxes(dtick=1, **axis)
    return require_small("max_sim_map", with_controls(figure, controls, readings, joint=True))


def _tables(
    searches: Mapping[str, tuple[Sequence[str], Sequence[Passage]]],
) -> list[list[np.ndarray]]:
    """The similarities of each query's passages, checked."""
    if not searches:
        raise ValueError("max_sim_map: no query came; expected at least one, with its passages")
    found = []
    for query, (words, passages) in searches.items():
        if not passages:
            raise ValueError(f"max_sim_map: {query!r} has no passage; expected its best ones")
        if not 1 <= len(words) <= MOST_QUERY_TOKENS:
            raise ValueError(
                f"max_sim_map: {query!r} has {len(words)} tokens; expected 1 to "
                f"{MOST_QUERY_TOKENS}: leave out the markers and the [MASK] tokens"
            )
        rows = []
        for name, tokens, similarity in passages:
            table = _array(similarity)
            if table.shape != (len(words), len(tokens)):
                raise ValueError(
                    f"max_sim_map: similarity of {name!r} is {table.shape} for {len(words)} query "
                    f"tokens and {len(tokens)} passage tokens; expected one value for each pair"
                )
            if not 1 <= len(tokens) <= MOST_PASSAGE_TOKENS:
                raise ValueError(
                    f"max_sim_map: {name!r} has {len(tokens)} tokens; expected 1 to "
                    f"{MOST_PASSAGE_TOKENS}: cut the passage"
                )
            if not np.isfinite(table).all():
                raise ValueError(
                    f"max_sim_map: similarity of {name!r} is not finite everywhere; leave out the "
                    "padding"
                )
            rows.append(table)
        found.append(rows)
    return found


def _map_frame(
    name: str,
    words: Sequence[str],
    tokens: Sequence[str],
    table: np.ndarray,
    limits: tuple[float, float],
    around: int,
    value_label: str,
) -> Any:
    """One query with one passage, as a frame that is complete in itself."""
    from plotly import graph_objects as go

    low, high = limits
    columns, rows = _all_different(words), _all_different(tokens)
    winners, values = table.argmax(axis=1), table.max(axis=1)
    shades = colormaps["cividis_r"]((values - low) / max(high - low, 1e-9))
    inks = [ink_on(list(shade)) for shade in shades]
    shown = go.Heatmap(
        x=columns,
        y=rows,
        z=np.round(table.T, 3).tolist(),
        zmin=round(low, 3),
        zmax=round(high, 3),
        colorscale="Cividis_r",
        hovertemplate=f"query: %{{x}}<br>passage: %{{y}}<br>{value_label} %{{z:.3f}}<extra></extra>",
        showscale=False,  # the words below the title say it
    )
    framed = go.Scatter(
        x=columns,
        y=[rows[row] for row in winners],
        text=[_in_cell(value) for value in values],
        mode="markers+text",
        marker={"symbol": "square-open", "size": _ROW - 3, "color": inks, "line": {"width": 2}},
        textfont={"size": 10, "color": inks},
        hoverinfo="skip",
        showlegend=False,
    )
    layout = {
        "height": _ROW * len(tokens) + around,  # a row is equally high in all passages
        "xaxis": {"range": [-0.5, len(words) - 0.5]},
        "yaxis": {"range": [len(tokens) - 0.5, -0.5]},  # the first on top
    }
    return go.Frame(name=name, data=[shown, framed], layout=layout)


def _in_cell(value: float) -> str:
    """A number of at most three signs where it can be: .87, 1.0, 23."""
    decimals = 2 if abs(value) < 0.995 else 1 if abs(value) < 9.95 else 0
    return f"{value + 0.0:.{decimals}f}".replace("0.", ".", 1)


def _map_reading(words: Sequence[str], tokens: Sequence[str], table: np.ndarray) -> Reading:
    winners, values = table.argmax(axis=1), table.max(axis=1)
    score = f"{values.sum():.3f}"
    rows = [[word, tokens[row], f"{v:.3f}"] for word, row, v in zip(words, winners, values)]
    return Reading(
        f"MaxSim is {score}: for each of the {len(words)} query tokens the largest similarity with "
        "a passage token, and the sum of these.",
        ["query token", "most similar passage token", "similarity"],
        [*rows, ["sum: the score", "", score]],
    )


def _longest(lists: Iterable[Sequence[str]]) -> int:
    """Characters of the longest word."""
    return max(len(word) for words in lists for word in words)


def _all_different(words: Sequence[str]) -> list[str]:
    """The words, equal ones told apart by spaces that are not seen: an axis merges equal names."""
    seen: dict[str, int] = {}
    found = []
    for word in words:
        seen[word] = seen.get(word, -1) + 1
        found.append(word + "\u200b" * seen[word])
    return found


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
    places = colours_of(list(curves))
    lines, rings, frames, readings, controls = [], [], [], {}, []
    for c, (place, (name, (effort, points))) in enumerate(zip(places, curves.items())):
        efforts, recalls, speeds = (np.array(column, dtype=float) for column in zip(*points))
        said = [f"{effort} {value:g}" for value in efforts]
        middle = len(points) // 2
        last = [""] * (len(points) - 1)
        lines.append(
            go.Scatter(
                x=_digits(speeds),
                y=np.round(recalls, 3).tolist(),
                name=name,
                mode="lines+markers+text",
                text=[f"<b>{name}</b>", *last],
                textposition="middle right",
                textfont={"color": PALETTE[place], "size": 13},
                line={"color": PALETTE[place], "width": 2},
                marker={"symbol": _SYMBOLS[place], "size": 8},
                customdata=said,
                hovertemplate=f"{name}, %{{customdata}}<br>recall@{k} %{{y:.3f}}<br>"
                "%{x:,.0f} queries per second<extra></extra>",
            )
        )
        for i in range(len(points)):
            frames.append(
                go.Frame(
                    name=f"{c}.{i}",
                    data=[{"x": _digits(speeds[[i]]), "y": [round(float(recalls[i]), 3)]}],
                    traces=[len(curves) + c],
                )
            )
            readings[f"{c}.{i}"] = Reading(
                f"{name} with {said[i]}: recall@{k} {recalls[i]:.3f}, "
                f"{_short(speeds[i])} queries per second."
            )
        ring = {"symbol": f"{_SYMBOLS[place]}-open", "size": 19, "color": INK, "line": {"width": 3}}
        rings.append(
            go.Scatter(frames[-len(points) + middle].data[0], marker=ring, hoverinfo="skip")
        )
        controls.append(Control(f"{effort} of {name}", said, slides=True, start=middle))
    for ring in rings:
        ring.update(mode="markers", showlegend=False)
    figure = go.Figure([*lines, *rings], frames=frames, layout_template="none")
    if exact is not None:
        figure.add_scatter(
            x=_digits([exact]),
            y=[1],
            mode="markers+text",
            text="<b>all vectors</b>",
            textposition="top right",
            textfont={"color": INK, "size": 13},
            marker={"symbol": "star", "size": 12, "color": INK},
            hovertemplate="all vectors<br>%{x:,.0f} queries per second<extra></extra>",
        )
    lowest = min(recall for _, points in curves.values() for _, recall, _ in points)
    bottom = 0 if lowest < 0.3 else lowest - 0.15 * (1 - lowest) - 0.02
    figure.update_layout(**_paper(title), height=400, showlegend=False)
    every = [speed for _, points in curves.values() for _, _, speed in points]
    every += [] if exact is None else [exact]
    low, high = math.log10(min(every)), math.log10(max(every))
    wide = max(high - low, 0.3)  # at the right there is room for the names
    ticks = _log_ticks(min(every), max(every))
    figure.update_xaxes(
        type="log",
        range=[round(low - 0.07 * wide, 3), round(high + 0.22 * wide, 3)],
        title="queries per second (logarithmic)",
        tickvals=ticks,
        ticktext=[f"{tick:,g}" for tick in ticks],
        tickangle=0,
        **_axis(),
    )
    cut = "" if bottom == 0 else ", axis not from 0"
    top = 1 + 0.12 * (1 - bottom)
    figure.update_yaxes(title=f"recall@{k}{cut}", range=[round(bottom, 3), top], **_axis())
    return require_small("recall_speed", with_controls(figure, controls, readings, joint=False))


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


def _digits(values: Any) -> list[float]:
    """The values with four digits."""
    return [float(f"{value:.4g}") for value in values]


def _log_ticks(low: float, high: float) -> list[float]:
    """At most five round numbers between two others, or just outside."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**decade for decade in decades for step in steps]
        found = [tick for tick in found if low / 1.1 <= tick <= high * 1.1]
        if len(found) <= 5:
            break
    return found


def _short(speed: float) -> str:
    return f"{float(f'{speed:.3g}'):,g}"


def _paper(title: str, *below: str) -> dict[str, Any]:
    """A figure's layout as `lib.plots` has it, whatever page it is on."""
    if not title.strip():
        raise ValueError("a figure's title is empty; say in a few words what the figure shows")
    lines = [f"<b>{line}</b>" for line in textwrap.wrap(title, _TITLE_WIDTH)]
    lines += [f'<span style="font-size: 12px">{line}</span>' for line in below]
    return {
        "title": {
            "text": "<br>".join(lines),
            "font": {"size": 14},
            "x": 0.02,
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 18},
        },
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "margin": {"l": 16, "r": 14, "t": 32 + 19 * len(lines), "b": 10},
        "dragmode": False,  # a finger that moves over the figure scrolls the page
        "hoverlabel": {"font": {"family": "system-ui, sans-serif"}},
    }


def _axis(grid: bool = True) -> dict[str, Any]:
    return {
        "automargin": True,
        "fixedrange": True,
        "showgrid": grid,
        "gridcolor": "#E4E4E4",
        "zeroline": False,
        "showline": grid,
        "linecolor": QUIET,
        "ticks": "",
    }
