"""Negatives on a scale of similarity: which of them teach, which may be right, which a margin drops."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from lib._diagram_paper import MODEL, PASSAGE, QUERY, Diagram, arrow, box, paper, rule, words
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

Scored = tuple[str, float]  # a passage's title and its cosine with the query

_SCALE = 20.0  # what the loss multiplies cosines by
_ROW = 0.36  # inches
_LINE_LEFT, _LINE_RIGHT = 2.2, 4.35  # inches: where a scale of cosines begins and ends
_IN_LINE = ("child", "parent")


def negatives_on_a_line(
    query: str, positive: Scored, hard: Sequence[Scored], random: Sequence[Scored]
) -> Diagram:
    """Return where hard and random negatives lie below the positive, and the weight of each in the loss.

    A weight is the passage's share of the softmax when the query chooses among the positive and the
    negatives of one kind: the force with which a step of training pushes the negative away.
    Raises ValueError if a kind has no negative, or a cosine is beyond -1 or 1.
    """
    scores = [s for _, s in (positive, *hard, *random)]
    if not hard or not random or not all(-1.001 <= s <= 1.001 for s in scores):
        raise ValueError(
            f"negatives_on_a_line: {len(hard)} hard and {len(random)} random negatives with cosines "
            f"{[round(s, 3) for s in scores]}; expected at least one of each, cosines of -1 to 1"
        )
    low = min(0.0, math.floor(10 * min(scores)) / 10)
    height = 0.95 + _ROW * (3 + len(hard) + len(random))
    fig, ax = paper(f"Who pulls at the query '{query}'?", height, lines=1 + (len(query) > 28))
    y = height - 0.2
    words(ax, 0.1, y, "passage", ha="left", weight="bold")
    words(ax, (_LINE_LEFT + _LINE_RIGHT) / 2, y, "cosine with the query", weight="bold")
    words(ax, 4.98, y, "weight in loss", weight="bold")
    y -= _ROW
    foot = y - _ROW * (2 + len(hard) + len(random)) - 0.32
    ax.plot(
        [_at(positive[1], low)] * 2, [y, foot], color=INK, linewidth=1, linestyle="--", zorder=1
    )
    _scored(ax, y, positive, low, None, "s", "positive: ")
    said = []
    for kind, found, marker in (("hard", hard, "o"), ("random", random, "^")):
        weights = _weights(positive, found)
        y -= _ROW
        rule(ax, y + _ROW / 2)
        words(ax, 0.1, y - 0.02, f"{kind} negatives", ha="left", weight="bold")
        for one, weight in zip(found, weights):
            y -= _ROW
            _scored(ax, y, one, low, weight, marker)
        told = ", ".join(f"{t} {s:.2f} (weight {w:.3f})" for (t, s), w in zip(found, weights))
        said.append(f"{kind} negatives: {told}")
    _ticks(ax, y - 0.32, low)
    alt = (
        f"A scale of the cosine with the query '{query}'. The positive, {positive[0]}, has "
        f"{positive[1]:.2f}. Beside it stand {said[0]}; and {said[1]}. The weight is a passage's share of "
        "the softmax among five passages: how strongly it is pushed away."
    )
    return Diagram(fig, alt[:1200])


def _weights(positive: Scored, negatives: Sequence[Scored]) -> list[float]:
    """The softmax's share of each negative, chosen among the positive and these."""
    powers = [math.exp(_SCALE * (s - positive[1])) for _, s in negatives]
    return [power / (1 + sum(powers)) for power in powers]


def _at(score: float, low: float) -> float:
    return _LINE_LEFT + (score - low) / (1 - low) * (_LINE_RIGHT - _LINE_LEFT)


def _scored(
    ax: Axes, y: float, one: Scored, low: float, weight: float | None, marker: str, before: str = ""
) -> None:
    """Draw a passage's row: its title, its place on the scale, its weight as a number and an arrow."""
    title, score = one
    words(ax, 0.1, y, _short(before + title, 46), _LINE_LEFT - 0.25, ha="left")
    ax.plot([_LINE_LEFT, _LINE_RIGHT], [y, y], color="#DDDDDD", linewidth=1, zorder=1)
    colour = {"s": INK, "o": PALETTE[1], "^": PALETTE[0]}[marker]
    ax.plot(_at(score, low), y, marker, color=colour, markersize=8, zorder=3)
    if weight is None:
        return
    words(ax, 4.72, y, f"{weight:.3f}")
    if weight > 0.02:
        arrow(ax, (5.0, y), (5.02 + 0.5 * weight, y), linewidth=1 + 4 * weight, mutation_scale=10)


def _ticks(ax: Axes, y: float, low: float) -> None:
    ax.plot([_LINE_LEFT, _LINE_RIGHT], [y, y], color=INK, linewidth=1)
    for tick in (low, 0.0, 0.5, 1.0) if low <= -0.2 else (0.0, 0.5, 1.0):
        ax.plot([_at(tick, low)] * 2, [y - 0.05, y + 0.05], color=INK, linewidth=1)
        text = f"{tick:.1f}".replace("-", "\N{MINUS SIGN}")
        words(ax, _at(tick, low), y - 0.16, text)


def unmarked_positives(query: str, right: str, ranked: Sequence[tuple[str, str]]) -> Diagram:
    """Return what the marks say of a query's best passages, what is true, and what training does.

    right: the title of the passage that is marked; ranked: (title, what it is to the right term) of the
    unmarked ones, best first, such as ("Chronic sinusitis", "child").
    Raises ValueError without a passage, and for more than eight.
    """
    if not 1 <= len(ranked) <= 8:
        raise ValueError(f"unmarked_positives: {len(ranked)} passages; expected 1 to 8")
    tall = 0.44
    height = 0.62 + tall * (1 + len(ranked))
    fig, ax = paper(f"What nobody marked, for '{query}'", height, lines=1 + (len(query) > 32))
    y = height - 0.22
    words(ax, 0.1, y, "passage", ha="left", weight="bold")
    for x, name in ((2.75, "marked?"), (3.75, "helps a reader?"), (4.95, "training")):
        words(ax, x, y, name, weight="bold")
    said = []
    rows = [(right, "the term itself"), *ranked]
    for place, (title, kind) in enumerate(rows):
        y -= tall
        marked, served = place == 0, kind in _IN_LINE
        truth = "yes" if marked else f"in part: {kind}" if served else _other(kind)
        does = "pulled near" if marked else "pushed away"
        fill = QUERY if marked else PASSAGE if served else "white"
        weight = "bold" if served else "normal"
        thick = {"linewidth": 2.6} if served else {"edgecolor": QUIET}
        box(ax, 0.05, y - tall / 2 + 0.03, WIDTH - 0.1, tall - 0.06, fill=fill, **thick)
        words(ax, 0.14, y, _short(title, 44), 2.05, ha="left", zorder=4)
        words(ax, 2.75, y, "yes" if marked else "no", zorder=4)
        words(ax, 3.75, y, truth, 1.0, zorder=4, weight=weight)
        words(ax, 4.95, y, does, zorder=4, weight=weight)
        said.append(f"{title}: {'marked' if marked else 'not marked'}, {truth}, {does}")
    alt = (
        f"A table of the passages that lie nearest to the query '{query}', with three columns: marked, "
        f"helps a reader, what training does. {'; '.join(said)}. Framed are those that help a reader in "
        "part and are pushed away all the same: false negatives."
    )
    return Diagram(fig, alt)


def _other(kind: str) -> str:
    return "no: sibling" if kind == "sibling" else "no"


def margin_limits(positive: float, candidates: Sequence[float], margin: float) -> Diagram:
    """Return two scales of scores: which candidates an absolute and a relative margin keep.

    Raises ValueError without a candidate, and for a margin outside 0 to 1.
    """
    if not candidates or not 0 <= margin <= 1:
        raise ValueError(
            f"margin_limits: {len(candidates)} candidates and a margin of {margin}; expected at least "
            "one, and 0 to 1"
        )
    fig, ax = paper("Where the limit lies", 3.5)
    scores = [positive, *candidates]
    low, high = min(0.0, *scores), max(scores) + 0.08
    said = []
    for y, (name, room) in zip(
        (2.55, 0.85), (("absolute", margin), ("relative", margin * abs(positive)))
    ):
        limit = positive - room
        how = f"{positive:g} - {margin:g}"
        how += f" \N{MULTIPLICATION SIGN} {abs(positive):g}" if name == "relative" else ""
        kept = _limited(ax, y, positive, candidates, limit, (low, high))
        words(
            ax, 0.1, y + 0.72, f"{name} margin: limit = {how} = {limit:g}", ha="left", weight="bold"
        )
        stay = ", ".join(f"{s:g}" for s in kept) or "none"
        said.append(f"{name} margin: the limit is {how} = {limit:g}, and {stay} stay")
    return Diagram(
        fig,
        f"Two scales of scores with the positive at {positive:g} and candidates at "
        f"{', '.join(f'{s:g}' for s in candidates)}. {'. '.join(one.capitalize() for one in said)}. Filled dots stay, "
        "crosses are dropped.",
    )


def _limited(
    ax: Axes,
    y: float,
    positive: float,
    candidates: Sequence[float],
    limit: float,
    ends: tuple[float, float],
) -> list[float]:
    """Draw one scale; return the candidates that stay."""

    def at(score: float) -> float:
        return 0.35 + (score - ends[0]) / (ends[1] - ends[0]) * (WIDTH - 0.7)

    ax.fill_between([0.2, at(limit)], y - 0.16, y + 0.16, color=MODEL, linewidth=0, zorder=0)
    ax.plot([0.2, WIDTH - 0.2], [y, y], color=INK, linewidth=1, zorder=1)
    ax.plot([at(limit)] * 2, [y - 0.3, y + 0.3], color=INK, linewidth=1.4, linestyle="--")
    words(ax, at(limit) - 0.05, y + 0.3, "limit", ha="right")
    ax.plot(at(positive), y, "s", color=INK, markersize=9, zorder=3)
    words(ax, at(positive), y + 0.3, f"positive, {positive:g}")
    kept = []
    for score in candidates:
        stays = score <= limit
        kept += [score] if stays else []
        look: dict[str, Any] = (
            {"marker": "o", "color": PALETTE[0]} if stays else {"marker": "x", "color": PALETTE[1]}
        )
        ax.plot(at(score), y, markersize=9, markeredgewidth=2.2, zorder=3, **look)
        words(ax, at(score), y - 0.3, f"{score:g}\n{'stays' if stays else 'dropped'}", va="top")
    return kept


def _short(text: str, most: int) -> str:
    return textwrap.shorten(text, most, placeholder="…")
