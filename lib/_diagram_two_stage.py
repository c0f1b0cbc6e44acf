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
_CENTROIDS, _PASSAGES, _TOKENS = 8, 10, 3
_KEPT, _BEST = 4, 3
_SEED = 19  # no two scores are equal, and the exact ones change the order


@dataclass(frozen=True)
class _Search:
    """A search that was really made: which centroids, which passages, which scores."""

    probed: list[int]  # the nearest centroid of each query token
    lists: list[list[int]]  # for each centroid, the passages with a token at it
    rough: dict[int, float]  # of the candidates, by MaxSim with centroids for their tokens
    exact: dict[int, float]  # of those kept, by MaxSim

    @property
    def ranked(self) -> list[int]:
        return _best_first(self.exact)


def _best_first(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda passage: -scores[passage])


def two_stage_search() -> Diagram:
    """Return a search over a compressed index: from query tokens to centroids, candidates, ranks."""
    found = _searched()
    fig, ax = paper("Search in two stages", 6.3)
    _first_stage(ax, found)
    _second_stage(ax, found)
    probed = ", ".join(f"c{place + 1}" for place in dict.fromkeys(found.probed))
    alt = (
        f"Two stages, from top to bottom. First: each of {_TOKENS} query tokens leads to its nearest "
        f"of {_CENTROIDS} centroids ({probed}), and the lists of those centroids give "
        f"{len(found.rough)} of {_PASSAGES} passages as candidates. MaxSim with each of their tokens "
        f"replaced by its centroid gives {_scored(found.rough)}, and the best {_KEPT} are kept. "
        f"Second: MaxSim over all token vectors of those, best first: {_scored(found.exact)}. The "
        f"best {_BEST} are the answer."
    )
    return Diagram(fig, alt)


def _scored(scores: dict[int, float]) -> str:
    return ", ".join(f"p{passage + 1} {scores[passage]:.2f}" for passage in _best_first(scores))


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
    rough = dict(zip(candidates, _max_sim(query, centroids[nearest[candidates]])))
    kept = sorted(_best_first(rough)[:_KEPT])
    return _Search(probed, lists, rough, dict(zip(kept, _max_sim(query, passages[kept]))))


def _max_sim(query: np.ndarray, passages: np.ndarray) -> list[float]:
    """The score of each passage: query (3, 2), passages (n, 3, 2)."""
    scores = np.einsum("qd,ptd->pqt", query, passages).max(axis=-1).sum(axis=-1)  # (n,)
    return scores.tolist()


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
    words(ax, 0.1, 6.15, "Stage 1, for all passages: by centroids alone", ha="left", weight="bold")
    _name(ax, 5.79, "query tokens")
    _name(ax, 5.05, "nearest centroid of each token")
    _name(ax, 4.4, "passages with a token at the centroid")
    for place in range(_CENTROIDS):
        x, taken = _column(place, _CENTROIDS), place in found.probed
        _choice(ax, x, 5.05, 0.4, f"c{place + 1}", taken=taken, fill=MODEL)
        for row, passage in enumerate(found.lists[place]):
            style = {"weight": "bold", "color": INK} if taken else {"color": QUIET}
            words(ax, x, 4.74 - 0.2 * row, f"p{passage + 1}", None, **style)
    middle = sum(_column(place, _CENTROIDS) for place in found.probed) / _TOKENS
    for token, place in enumerate(found.probed):
        x = middle + 0.75 * (token - (_TOKENS - 1) / 2)
        box(ax, x - 0.2, 5.64, 0.4, 0.3, f"q{token + 1}", fill=QUERY)
        arrow(ax, (x, 5.64), (_column(place, _CENTROIDS), 5.22))
    _name(ax, 3.71, f"candidates: {len(found.rough)} of {_PASSAGES} passages")
    _name(ax, 3.05, f"MaxSim with centroids; keep the best {_KEPT}")
    _scores(ax, 3.71, found.rough, kept=found.exact)


def _scores(ax: Axes, y: float, scores: dict[int, float], kept: dict[int, float]) -> None:
    """Draw all passages at height y, with the score of each that has one below it."""
    for passage in range(_PASSAGES):
        x, taken = _column(passage, _PASSAGES), passage in scores
        _choice(ax, x, y, 0.38, f"p{passage + 1}", taken=taken, fill=PASSAGE)
        if taken:
            arrow(ax, (x, y - 0.15), (x, y - 0.53))
            style = {"weight": "bold"} if passage in kept else {"color": QUIET}
            words(ax, x, y - 0.66, f"{scores[passage]:.2f}", None, **style)


def _second_stage(ax: Axes, found: _Search) -> None:
    rule(ax, 2.6)
    title = "Stage 2, for the passages kept: by all their token vectors"
    words(ax, 0.1, 2.43, title, ha="left", weight="bold")
    _name(ax, 2.04, f"kept: {_KEPT} of {len(found.rough)} candidates")
    _name(ax, 1.38, "exact MaxSim")
    _name(ax, 0.42, f"the best {_BEST} (our search returns ten)")
    best = found.ranked[:_BEST]
    _scores(ax, 2.04, found.exact, kept={passage: found.exact[passage] for passage in best})
    for rank, passage in enumerate(best):
        x = _column(rank, _BEST)
        box(ax, x - 0.5, 0.25, 1.0, 0.34, f"rank {rank + 1}: p{passage + 1}", fill=PASSAGE)
        arrow(ax, (_column(passage, _PASSAGES), 1.27), (x, 0.6))
