"""One query's candidates on a scale of scores, and a margin that the reader moves below the positive."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lib._explore_paper import axis, digits, named, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import PALETTE
from lib._plot_labels import INK

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MARGINS = (None, 0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
_MOST, _LINE, _ROW = 14, 24, 36  # candidates, characters of a line of a name, pixels a row
_PALE = "#767676"
_IN_LINE = ("child", "parent")

Candidate = tuple[str, float, str]  # its title, its score, what it is to the positive
Searches = Mapping[str, tuple[str, float, Sequence[Candidate]]]  # the positive's title and score


def margin_line(
    searches: Searches,
    *,
    title: str,
    margins: Sequence[float | None] = MARGINS,
    taken: int = 4,
    value_label: str = "cosine",
) -> Figure:
    """Candidates of a query by their score, which of them a relative margin keeps, and which train.

    searches: query -> (title and score of its positive, its candidates, hardest first). A candidate is
    (title, score, what it is to the positive: "child", "parent", "sibling" or another word). The reader
    picks the query and moves a slider over the margins; None is no margin at all. What scores above
    positive - margin * |positive| is dropped; the first `taken` of the others are the negatives.
    Raises ValueError for no query, none or over 14 candidates, scores that are not finite or not in
    order, and margins that do not rise.
    """
    from plotly import graph_objects as go

    _require(searches, margins)
    rows = max(len(found) for _, _, found in searches.values())
    scores = [s for _, positive, found in searches.values() for s in (positive, *_scores(found))]
    limits = [_limit(positive, m) for _, positive, _ in searches.values() for m in margins]
    ends = _ends([*scores, *(limit for limit in limits if math.isfinite(limit))])
    frames, readings = [], {}
    for s, (positive_title, positive, found) in enumerate(searches.values()):
        names = [_name(rank, *one) for rank, one in enumerate(found, 1)]
        ticks = {"tickvals": [*range(len(found))], "ticktext": names}
        for m, margin in enumerate(margins):
            limit = _limit(positive, margin)
            data = _parts(found, positive, limit, taken, rows)
            frames.append(go.Frame(name=f"{s}.{m}", data=data, layout={"yaxis": ticks}))
            readings[f"{s}.{m}"] = _reading(positive_title, positive, found, margin, limit, taken)
    start = margins.index(0.05) if 0.05 in margins else len(margins) // 2
    begun = next(frame for frame in frames if frame.name == f"0.{start}")
    looks = (_TRAINED, _LEFT, _DROPPED, _POSITIVE, _LIMIT)
    traces = [
        go.Scatter(part, hoverinfo="skip").update(look) for part, look in zip(begun.data, looks)
    ]
    figure = go.Figure(traces, frames=frames, layout_template="none")
    below = (
        "Filled: the negatives that train. Hollow: kept, too deep.",
        "Cross: dropped. Solid line: the positive. Dashed: the limit.",
    )
    figure.update_layout(**paper(title, *below), showlegend=False)
    figure.update_layout(height=figure.layout.margin.t + 62 + _ROW * rows, margin_b=62)
    cut = "" if ends[0] <= 0 else " (axis not from 0)"
    figure.update_xaxes(range=list(ends), title=named(f"{value_label}{cut}"), nticks=5, **axis())
    figure.update_yaxes(range=[rows - 0.4, -0.6], **axis(grid=False))
    figure.update_yaxes(begun.layout.yaxis)
    controls = [
        Control("Query", list(searches)),
        Control("margin below the positive", [_said(m) for m in margins], slides=True, start=start),
    ]
    return require_small("margin_line", with_controls(figure, controls, readings, joint=True))


# What the moving parts look like in every state, in the order of `_parts`.
_TRAINED = {
    "mode": "markers",
    "marker": {"symbol": "circle", "size": 12, "color": PALETTE[0]},
}
_LEFT = {
    "mode": "markers",
    "marker": {"symbol": "circle-open", "size": 12, "color": PALETTE[0], "line": {"width": 2}},
}
_DROPPED = {
    "mode": "markers",
    "marker": {"symbol": "x-thin", "size": 9, "line": {"width": 2.5, "color": PALETTE[1]}},
}
_POSITIVE = {"mode": "lines", "line": {"color": INK, "width": 2}}
_LIMIT = {"mode": "lines", "line": {"color": _PALE, "width": 2, "dash": "dash"}}


def _limit(positive: float, margin: float | None) -> float:
    return math.inf if margin is None else positive - margin * abs(positive)


def _scores(found: Sequence[Candidate]) -> list[float]:
    return [score for _, score, _ in found]


def _fates(found: Sequence[Candidate], limit: float, taken: int) -> list[str]:
    """Of each candidate: trains, is left over, or is dropped."""
    fates, free = [], taken
    for score in _scores(found):
        kept = score <= limit
        fates.append("dropped" if not kept else "trains" if free > 0 else "left over")
        free -= kept
    return fates


def _parts(
    found: Sequence[Candidate], positive: float, limit: float, taken: int, rows: int
) -> list[dict[str, Any]]:
    fates, scores = _fates(found, limit, taken), _scores(found)
    upright = [-0.6, rows - 0.4]
    points = []
    for fate in ("trains", "left over", "dropped"):
        at = [row for row, own in enumerate(fates) if own == fate]
        points.append({"x": digits(scores[row] for row in at), "y": at})
    # Without a margin there is no limit: its line has no length.
    line = (
        {"x": digits([limit, limit]), "y": upright} if math.isfinite(limit) else {"x": [], "y": []}
    )
    return [*points, {"x": digits([positive, positive]), "y": upright}, line]


def _reading(
    title: str,
    positive: float,
    found: Sequence[Candidate],
    margin: float | None,
    limit: float,
    taken: int,
) -> Reading:
    fates = _fates(found, limit, taken)
    gone = [kind for fate, (_, _, kind) in zip(fates, found) if fate == "dropped"]
    near = sum(kind in _IN_LINE for kind in gone)
    used = [kind for fate, (_, _, kind) in zip(fates, found) if fate == "trains"]
    wrong = sum(kind in _IN_LINE for kind in used)
    where = (
        "Without a margin nothing is dropped"
        if margin is None
        else f"A margin of {margin:.0%} puts the limit at {limit:.3f} and drops {len(gone)} of "
        f"{len(found)} candidates, {near} of them children or parents of the right term"
    )
    few = len(used) < taken
    left = (
        f"Only {len(used)} of these {len(found)} are left to train; the others come from deeper ranks"
        if few
        else f"Of the {len(used)} negatives that are left to train, "
        f"{wrong} {'is a child or parent' if wrong == 1 else 'are children or parents'}"
    )
    return Reading(
        f"The right passage, {title}, scores {positive:.3f}. {where}. {left}.",
        ["candidate", "is to the right term", "score", "what becomes of it"],
        [[name, kind, f"{s:.3f}", fate] for (name, s, kind), fate in zip(found, fates)],
    )


def _name(rank: int, title: str, score: float, kind: str) -> str:
    """A candidate as its row is named: at most two lines, and what it is to the right term."""
    told = f" ({kind})" if kind in (*_IN_LINE, "sibling") else ""
    lines = textwrap.wrap(f"{rank}. {title}", _LINE)
    if len(lines) > 1 or len(lines[-1] + told) > _LINE:
        rest = textwrap.shorten(" ".join(lines[1:]), max(6, _LINE - len(told)), placeholder="…")
        lines = [lines[0], f"{rest}{told}".strip()]
    else:
        lines[-1] += told
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def _said(margin: float | None) -> str:
    return "none" if margin is None else f"{margin:.0%}"


def _ends(scores: Sequence[float]) -> tuple[float, float]:
    room = 0.04 * max(max(scores) - min(scores), 0.05)
    return round(min(scores) - room, 3), round(max(scores) + room, 3)


def _require(searches: Searches, margins: Sequence[float | None]) -> None:
    if not searches:
        raise ValueError("margin_line: no query came; expected at least one, with its candidates")
    for query, (_, positive, found) in searches.items():
        scores = _scores(found)
        if not 1 <= len(found) <= _MOST:
            raise ValueError(
                f"margin_line: {query!r} has {len(found)} candidates; expected 1 to {_MOST}"
            )
        if not all(map(math.isfinite, [positive, *scores])) or scores != sorted(
            scores, reverse=True
        ):
            raise ValueError(
                f"margin_line: {query!r} has scores {scores} and a positive of {positive}; expected "
                "finite numbers, the highest first"
            )
    numbers = [m for m in margins if m is not None]
    rising = all(a < b for a, b in pairwise(numbers))
    if not numbers or None in margins[1:] or not rising or not 0 <= numbers[0] <= numbers[-1] <= 1:
        raise ValueError(
            f"margin_line: margins are {list(margins)}; expected rising shares from 0 to 1, and None "
            "in the first place only"
        )
