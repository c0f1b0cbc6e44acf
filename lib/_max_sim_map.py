"""The map of MaxSim: the tokens of a query against those of a passage, and the sum of the best."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps

from lib._explore_paper import axis, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import ink_on
from lib.plots import _array

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Passage = tuple[str, Sequence[str], Any]  # title, tokens, similarity (query tokens, tokens)
Searches = Mapping[str, tuple[Sequence[str], Sequence[Passage]]]

MOST_QUERY_TOKENS = 16  # columns; more are too narrow for a number on a page of 390 pixels
MOST_PASSAGE_TOKENS = 64  # rows
ROW = 21  # pixels


def max_sim_map(
    searches: Searches,
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
    layout = paper(title, "Columns: query tokens. Rows: passage tokens.", shades)
    # Pixels for the words beside and above, the same in all states: the rows stay where they are.
    layout["margin"]["l"] = 12 + 7 * _longest(t for _, ps in searches.values() for _, t, _ in ps)
    layout["margin"]["t"] += 8 + 5 * _longest(words for words, _ in searches.values())
    around = layout["margin"]["t"] + layout["margin"]["b"]
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
    figure.update_layout(layout)
    words_only = {
        **axis(grid=False),
        "type": "category",
        "automargin": False,
        "ticklabelstandoff": 3,
    }
    figure.update_xaxes(side="top", tickangle=-50, **words_only)
    figure.update_yaxes(dtick=1, **words_only)
    return require_small("max_sim_map", with_controls(figure, controls, readings, joint=True))


def _tables(searches: Searches) -> list[list[np.ndarray]]:
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
        marker={"symbol": "square-open", "size": ROW - 3, "color": inks, "line": {"width": 2}},
        textfont={"size": 10, "color": inks},
        hoverinfo="skip",
        showlegend=False,
    )
    layout = {
        "height": ROW * len(tokens) + around,  # a row is equally high in all passages
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
    """The words for an axis, which reads marks such as <s> and merges equal names.

    Equal ones are told apart by spaces that are not seen.
    """
    seen: dict[str, int] = {}
    found = []
    for word in words:
        seen[word] = seen.get(word, -1) + 1
        found.append(html.escape(word, quote=False) + "\u200b" * seen[word])
    return found
