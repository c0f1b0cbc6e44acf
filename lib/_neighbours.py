"""The neighbours of a query at every length of its vectors: a list that the reader shortens."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as StillPicture

from lib._diagram_paper import PASSAGE, box, words
from lib._diagram_paper import paper as still_paper
from lib._explore_paper import SYMBOLS, axis, digits, named, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import PALETTE, colours_of
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Rankings = Mapping[str, Mapping[str, Sequence[Sequence[str]]]]

_SHOWN = 10  # neighbours of a list
_MOST_MODELS = 3
_TITLE = 29  # characters of a passage's title that a telephone has room for
_BYTES = 4  # of a number in float32
_ROW, _ABOVE = 24, 225  # pixels of a row of the list, and of the frontier over it
# What has become of a neighbour, as a marker and as a word.
_MARKS = {"same": "circle", "up": "triangle-up", "down": "triangle-down", "entered": "star"}
_INKS = {"same": QUIET, "up": PALETTE[0], "down": PALETTE[0], "entered": PALETTE[1]}
_KEY = (
    "\u25cf same rank  \u25b2\u25bc moved  \u2605 entered  bold: the answer",
    "In brackets: the rank by all numbers.",
)


@dataclass(frozen=True)
class _State:
    """A list of ten at one length, beside the list at full length."""

    now: Sequence[str]  # all titles that came, best first
    whole: Sequence[str]
    answer: str

    @property
    def ten(self) -> list[str]:
        return list(self.now[:_SHOWN])

    def change(self, rank: int, title: str) -> str:
        """same, up or down within the ten of full length, or entered from below them."""
        if title not in self.whole[:_SHOWN]:
            return "entered"
        before = list(self.whole).index(title) + 1
        return "same" if before == rank else "up" if rank < before else "down"

    @property
    def left(self) -> list[str]:
        return [title for title in self.whole[:_SHOWN] if title not in self.ten]


def neighbours_by_length(
    lengths: Sequence[int],
    rankings: Rankings,
    qualities: Mapping[str, Sequence[float]],
    answers: Mapping[str, str],
    *,
    title: str,
    metric: str = "nDCG@10",
) -> Figure:
    """The ten nearest passages of a query by the first numbers alone, and what that costs in quality.

    lengths: falling, the first is the whole vector; rankings: model -> query -> for each length the
    titles of the nearest passages, best first, ten or more (what lies below the ten tells from which
    rank a neighbour entered); qualities: model -> the metric over all queries at each length;
    answers: query -> the title of its right passage. The reader picks the model and the query and
    moves a slider over the lengths: a ring moves along the curve of bytes against quality, and the
    list below says who stayed, who moved, who entered and who left.
    Raises ValueError for numbers that do not fit, a list below ten, and a figure over 150 kB.
    """
    from plotly import graph_objects as go

    _require(lengths, rankings, qualities, answers)
    models, queries = list(rankings), list(answers)
    sizes = [_BYTES * length for length in lengths]
    curves = [
        go.Scatter(
            x=sizes,
            y=digits(qualities[model]),
            mode="lines+markers",
            name=html.escape(model, quote=False),
            line={"color": PALETTE[place], "width": 2},
            marker={"symbol": SYMBOLS[place], "size": 8},
            hovertemplate=f"%{{x}} bytes<br>{metric} %{{y:.3f}}<extra></extra>",
        )
        for place, model in zip(colours_of(models), models)
    ]
    frames, readings = [], {}
    for m, model in enumerate(models):
        for q, query in enumerate(queries):
            lists = rankings[model][query]
            for at, length in enumerate(lengths):
                state = _State(lists[at], lists[0], answers[query])
                name, quality = f"{m}.{q}.{at}", qualities[model][at]
                data = [_ring(sizes[at], quality), _listed(state)]
                frames.append(go.Frame(name=name, data=data, traces=[len(models), len(models) + 1]))
                readings[name] = _reading(model, length, quality, state, metric)
    figure = go.Figure([*curves, *frames[0].data], frames=frames, layout_template="none")
    figure.update_layout(**paper(title, *_KEY), height=_ABOVE + 120 + _ROW * _SHOWN)
    _axes(figure, sizes, metric)
    controls = [
        Control("Vectors", models),
        Control("Query", queries),
        Control("Numbers kept", [str(length) for length in lengths], slides=True),
    ]
    return require_small(
        "neighbours_by_length", with_controls(figure, controls, readings, joint=True)
    )


def _axes(figure: Figure, sizes: Sequence[int], metric: str) -> None:
    """Bytes against quality above, the list below."""
    share = _ROW * _SHOWN / (_ABOVE + _ROW * _SHOWN)
    figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        margin_l=44,
        margin_t=104,
        xaxis={
            "type": "log",
            "tickvals": [*sizes[::2]],  # more than these a telephone would turn
            "ticktext": [f"{size:,}" for size in sizes[::2]],
            "tickangle": 0,
            "title": named("bytes a passage (log scale)"),
            "domain": [0, 1],
            **axis(),
        },
        yaxis={
            "domain": [share + 0.13, 1],
            "rangemode": "tozero",
            "title": named(metric),
            **axis(),
        },
        xaxis2={
            "domain": [0, 1],
            "range": [0, 1],
            "anchor": "y2",
            "showticklabels": False,
            **axis(False),
        },
        yaxis2={
            "domain": [0, share - 0.03],
            "range": [_SHOWN + 0.5, 0.5],
            "anchor": "x2",
            "showticklabels": False,
            **axis(False),
        },
    )


def _ring(size: int, quality: float) -> Any:
    from plotly import graph_objects as go

    return go.Scatter(
        x=[size],
        y=digits([quality]),
        mode="markers",
        marker={"symbol": "circle-open", "size": 20, "color": INK, "line": {"width": 3}},
        hoverinfo="skip",
        showlegend=False,
    )


def _listed(state: _State) -> Any:
    """The ten as rows of text with a marker each."""
    from plotly import graph_objects as go

    rows, marks, inks = [], [], []
    for rank, title in enumerate(state.ten, 1):
        change = state.change(rank, title)
        was = "" if change == "same" else f" ({_rank(state.whole, title, '>')})"
        text = html.escape(f"{rank}. {_short(title)}{was}", quote=False)
        rows.append(f"<b>{text}</b>" if title == state.answer else text)
        marks.append(_MARKS[change])
        inks.append(_INKS[change])
    return go.Scatter(
        x=[0.02] * _SHOWN,
        y=list(range(1, _SHOWN + 1)),
        xaxis="x2",
        yaxis="y2",
        mode="markers+text",
        text=rows,
        textposition="middle right",
        textfont={"size": 12, "color": INK},
        marker={"symbol": marks, "color": inks, "size": 9},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )


def _reading(model: str, length: int, quality: float, state: _State, metric: str) -> Reading:
    stay = _SHOWN - len(state.left)
    where = _rank(state.now, state.answer)
    at = f"below rank {len(state.now)}" if where.startswith("below") else f"at rank {where}"
    said = (
        f"{model}, {length} numbers, {_BYTES * length:,} bytes a passage: {metric} of all queries "
        f"{quality:.3f}. Here {stay} of the {_SHOWN} neighbours by all numbers are left, and the answer "
        f"is {at}."
    )
    if state.left:
        gone = "; ".join(f"{title} (now {_rank(state.now, title)})" for title in state.left)
        said += f" Left: {gone}."
    rows = [
        [str(rank), title, _rank(state.whole, title)] for rank, title in enumerate(state.ten, 1)
    ]
    rows.append([where, f"the answer: {state.answer}", _rank(state.whole, state.answer)])
    return Reading(said, ["rank", "passage", "rank by all numbers"], rows)


def _rank(titles: Sequence[str], title: str, beyond: str = "below ") -> str:
    """The rank of a title, or that it is beyond the last one that came."""
    return str(list(titles).index(title) + 1) if title in titles else f"{beyond}{len(titles)}"


def _short(title: str, most: int = _TITLE) -> str:
    return title if len(title) <= most else title[: most - 1].rstrip() + "\u2026"


def neighbour_lists(lists: Mapping[str, Sequence[str]], answer: str, *, title: str) -> StillPicture:
    """Two lists of ten side by side with a line for each passage that both hold: a still picture.

    lists: two names -> ten or more titles, best first; answer: the title that is printed bold.
    Raises ValueError for another number of lists or a list below ten.
    """
    if len(lists) != 2 or any(len(titles) < _SHOWN for titles in lists.values()):
        raise ValueError(
            f"neighbour_lists: {len(lists)} lists of {[len(t) for t in lists.values()]} titles; expected "
            f"two of {_SHOWN} or more"
        )
    fig, ax = still_paper(title, 0.5 + 0.32 * _SHOWN)
    tens = [list(titles[:_SHOWN]) for titles in lists.values()]
    for side, (name, ten) in enumerate(zip(lists, tens)):
        words(ax, _middle(side), 0.32 * _SHOWN + 0.3, name, weight="bold")
        for rank, one in enumerate(ten):
            _entry(ax, side, rank, one, both=one in tens[1 - side], bold=one == answer)
    for rank, one in enumerate(tens[0]):
        if one in tens[1]:
            ends = [_height(rank), _height(tens[1].index(one))]
            ax.plot([_middle(0) + 1.2, _middle(1) - 1.2], ends, color=QUIET, linewidth=1)
    return fig


def _middle(side: int) -> float:
    return 1.3 if side == 0 else WIDTH - 1.3


def _height(rank: int) -> float:
    return 0.32 * (_SHOWN - rank) - 0.08


def _entry(ax: Axes, side: int, rank: int, title: str, *, both: bool, bold: bool) -> None:
    frame: dict[str, Any] = {} if both else {"linestyle": "--", "edgecolor": QUIET}
    fill = PASSAGE if both else "white"
    box(ax, _middle(side) - 1.2, _height(rank) - 0.15, 2.4, 0.3, fill=fill, **frame)
    text = f"{rank + 1}. {_short(title, 28)}"
    weight = "bold" if bold else "normal"
    words(ax, _middle(side), _height(rank), text, zorder=4, weight=weight)


def _require(
    lengths: Sequence[int],
    rankings: Rankings,
    qualities: Mapping[str, Sequence[float]],
    answers: Mapping[str, str],
) -> None:
    if len(lengths) < 2 or any(b >= a for a, b in pairwise(lengths)) or lengths[-1] < 1:
        raise ValueError(
            f"neighbours_by_length: lengths are {list(lengths)}; expected two or more, falling from the "
            "whole vector's"
        )
    if not 1 <= len(rankings) <= _MOST_MODELS or set(rankings) != set(qualities) or not answers:
        raise ValueError(
            f"neighbours_by_length: rankings of {list(rankings)}, qualities of {list(qualities)} and "
            f"{len(answers)} answers; expected the same one to {_MOST_MODELS} models, and a query"
        )
    for model, asked in rankings.items():
        if set(asked) != set(answers) or len(qualities[model]) != len(lengths):
            raise ValueError(
                f"neighbours_by_length: {model!r} has {len(asked)} queries and {len(qualities[model])} "
                f"qualities; expected the {len(answers)} queries of answers and {len(lengths)} qualities"
            )
        for query, lists in asked.items():
            if len(lists) != len(lengths) or any(len(titles) < _SHOWN for titles in lists):
                raise ValueError(
                    f"neighbours_by_length: {query!r} has {len(lists)} lists of "
                    f"{[len(titles) for titles in lists]} titles; expected one of {_SHOWN} or more for "
                    f"each of {len(lengths)} lengths"
                )
