"""Search in two stages: centroids choose candidates, MaxSim ranks them.

Santhanam et al. 2022, PLAID, in miniature: ten passages of three tokens and eight centroids in the
plane. What is probed, found and scored is computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from lib._diagram_paper import MODEL, PASSAGE, QUERY, Diagram, arrow, box, paper, rule, words
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

_LEFT = 1.25  # inches for what stands at the left of a row
_CENTROIDS, _PASSAGES, _TOKENS, _BEST = 8, 10, 3, 3
_SEED = 4


@dataclass(frozen=True)
class _Search:
    """A search that was really made: which centroids, which passages, which scores."""

    probed: list[int]  # the nearest centroid of each query token
    lists: list[list[int]]  # for each centroid, the passages with a token at it
    scores: dict[int, float]  # of the candidates, by MaxSim

    @property
    def ranked(self) -> list[int]:
        return sorted(self.scores, key=lambda passage: -self.scores[passage])


def two_stage_search() -> Diagram:
    """Return a search over a compressed index: from query tokens to centroids, candidates, ranks."""
    found = _searched()
    fig, ax = paper("Search in two stages", 5.25)
    _first_stage(ax, found)
    _second_stage(ax, found)
    probed = ", ".join(f"c{place + 1}" for place in dict.fromkeys(found.probed))
    scored = ", ".join(f"p{passage + 1} {found.scores[passage]:.2f}" for passage in found.ranked)
    alt = (
        f"Two stages, from top to bottom. First: each of {_TOKENS} query tokens leads to its nearest "
        f"of {_CENTROIDS} centroids ({probed}), and the lists of those centroids give "
        f"{len(found.scores)} of {_PASSAGES} passages as candidates. Second: MaxSim over all token "
        f"vectors of each candidate, best first: {scored}. The best {_BEST} are the answer."
    )
    return Diagram(fig, alt)


def _searched() -> _Search:
    rng = np.random.default_rng(_SEED)
    topics = rng.uniform(0, 2 * np.pi, (_PASSAGES, 1))
    passages = _on_circle(topics + rng.normal(0, 0.7, (_PASSAGES, _TOKENS)))  # (10, 3, 2)
    query = _on_circle(np.array([2.7, 3.3, 4.6]))  # (3, 2)
    centroids = _on_circle(np.arange(_CENTROIDS) * 2 * np.pi / _CENTROIDS)  # (8, 2)
    nearest = (passages @ centroids.T).argmax(axis=-1)  # (10, 3)
    lists = [np.flatnonzero((nearest == c).any(axis=1)).tolist() for c in range(_CENTROIDS)]
    probed = (query @ centroids.T).argmax(axis=-1).tolist()
    candidates = sorted({passage for centroid in probed for passage in lists[centroid]})
    scores = np.einsum("qd,ptd->pqt", query, passages[candidates]).max(axis=-1).sum(axis=-1)
    return _Search(probed, lists, dict(zip(candidates, scores.tolist())))


def _on_circle(angles: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _column(place: int, of: int) -> float:
    """The middle of one of `of` equal columns at the right of the row's name."""
    return _LEFT + (place + 0.5) * (WIDTH - 0.1 - _LEFT) / of


def _name(ax: Axes, y: float, text: str) -> None:
    words(ax, 0.1, y, text, _LEFT - 0.15, ha="left")


def _choice(
    ax: Axes, x: float, y: float, width: float, text: str, *, taken: bool, fill: str
) -> None:
    """Draw one of several: dashed and pale where it was not taken."""
    frame = {} if taken else {"linestyle": "--", "edgecolor": QUIET}
    box(ax, x - width / 2, y - 0.15, width, 0.3, fill=fill if taken else "white", **frame)
    words(ax, x, y, text, color=INK if taken else QUIET, weight="bold" if taken else "normal")


def _first_stage(ax: Axes, found: _Search) -> None:
    words(ax, 0.1, 5.1, "Stage 1, for all passages: by centroids alone", ha="left", weight="bold")
    _name(ax, 4.74, "query tokens")
    _name(ax, 3.93, "nearest centroid of each token")
    _name(ax, 3.2, "passages with a token at the centroid")
    for place in range(_CENTROIDS):
        x, taken = _column(place, _CENTROIDS), place in found.probed
        _choice(ax, x, 3.93, 0.4, f"c{place + 1}", taken=taken, fill=MODEL)
        for row, passage in enumerate(found.lists[place]):
            style = {"weight": "bold", "color": INK} if taken else {"color": QUIET}
            words(ax, x, 3.62 - 0.2 * row, f"p{passage + 1}", None, **style)
    middle = sum(_column(place, _CENTROIDS) for place in found.probed) / _TOKENS
    for token, place in enumerate(found.probed):
        x = middle + 0.75 * (token - (_TOKENS - 1) / 2)
        box(ax, x - 0.2, 4.59, 0.4, 0.3, f"q{token + 1}", fill=QUERY)
        arrow(ax, (x, 4.59), (_column(place, _CENTROIDS), 4.1))


def _second_stage(ax: Axes, found: _Search) -> None:
    rule(ax, 2.5)
    title = "Stage 2, for the candidates: by all their token vectors"
    words(ax, 0.1, 2.33, title, ha="left", weight="bold")
    _name(ax, 1.94, f"candidates: {len(found.scores)} of {_PASSAGES} passages")
    _name(ax, 1.3, "MaxSim")
    _name(ax, 0.42, f"the best {_BEST} (in an index, ten)")
    for passage in range(_PASSAGES):
        x, taken = _column(passage, _PASSAGES), passage in found.scores
        _choice(ax, x, 1.94, 0.38, f"p{passage + 1}", taken=taken, fill=PASSAGE)
        if taken:
            arrow(ax, (x, 1.79), (x, 1.42))
            words(ax, x, 1.3, f"{found.scores[passage]:.2f}")
    for rank, passage in enumerate(found.ranked[:_BEST]):
        x = _column(rank, _BEST)
        box(ax, x - 0.5, 0.25, 1.0, 0.34, f"rank {rank + 1}: p{passage + 1}", fill=PASSAGE)
        arrow(ax, (_column(passage, _PASSAGES), 1.2), (x, 0.61))
