"""A shortlist by short vectors, rescored by long ones: what is saved, and what is lost.

Kusupati et al. 2022, section 4.3.1 (adaptive retrieval), in miniature: twelve passages of eight numbers,
of which the first three make the shortlist. All scores are computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lib._diagram_paper import PASSAGE, Diagram, arrow, box, paper, rule, words
from lib._plot_labels import INK, QUIET
from lib.plots import WIDTH

_PASSAGES, _LONG, _SHORT = 12, 8, 3
_KEPT, _BEST = 4, 2
_SEED = 19  # the order changes, and the shortlist misses a passage of the two that are best


def shortlist_then_rescore() -> Diagram:
    """Return a search in two steps: twelve short scores, four long ones, the best two."""
    rough, exact = scores()
    kept = sorted(np.argsort(-rough)[:_KEPT].tolist())
    best = sorted(kept, key=lambda row: -exact[row])[:_BEST]
    missed = [row for row in np.argsort(-exact)[:_BEST].tolist() if row not in kept]
    fig, ax = paper("Shortlist, then rescore", 4.0)
    words(
        ax,
        0.1,
        3.85,
        f"Step 1, all {_PASSAGES} passages: cosine by {_SHORT} of {_LONG} numbers",
        ha="left",
        weight="bold",
    )
    for row in range(_PASSAGES):
        _passage(ax, 3.45, _x(row, _PASSAGES), row, rough[row], taken=row in kept)
    rule(ax, 2.75)
    words(
        ax,
        0.1,
        2.57,
        f"Step 2, the {_KEPT} on the shortlist: cosine by all {_LONG} numbers",
        ha="left",
        weight="bold",
    )
    for row in kept:  # below itself, so that no line crosses another
        arrow(ax, (_x(row, _PASSAGES), 3.0), (_x(row, _PASSAGES), 2.68), color=QUIET)
        _passage(ax, 2.19, _x(row, _PASSAGES), row, exact[row], taken=row in best)
    rule(ax, 1.57)
    words(ax, 0.1, 1.39, f"Result: the best {_BEST} by step 2", ha="left", weight="bold")
    for rank, row in enumerate(best):
        x = 0.1 + 1.4 * rank
        box(ax, x, 0.82, 1.2, 0.34, f"rank {rank + 1}: p{row + 1}", fill=PASSAGE)
    said = _missed(missed, exact)
    words(ax, 0.1, 0.36, said, WIDTH - 0.2, ha="left")
    alt = (
        f"Three rows. First, the cosines of {_PASSAGES} passages by {_SHORT} of {_LONG} numbers: "
        f"{_told(rough, range(_PASSAGES))}; the best {_KEPT} make the shortlist. Second, their cosines by "
        f"all numbers: {_told(exact, kept)}. Third, the best {_BEST} of these: "
        f"{', '.join(f'p{row + 1}' for row in best)}. {said}"
    )
    return Diagram(fig, alt)


def scores() -> tuple[np.ndarray, np.ndarray]:
    """The cosine of each passage with the query by the first numbers, and by all: (passages,) twice."""
    rng = np.random.default_rng(_SEED)
    query = rng.normal(size=_LONG)
    passages = 0.9 * query + rng.normal(size=(_PASSAGES, _LONG)) * rng.uniform(
        0.4, 2.5, (_PASSAGES, 1)
    )
    return _cosines(query[:_SHORT], passages[:, :_SHORT]), _cosines(query, passages)


def _cosines(query: np.ndarray, passages: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(passages, axis=1) * np.linalg.norm(query)
    return passages @ query / lengths


def _missed(missed: list[int], exact: np.ndarray) -> str:
    if not missed:
        return "By all numbers the same passages are the best of all twelve: the shortlist missed none."
    names = " and ".join(f"p{row + 1} ({exact[row]:.2f})" for row in missed)
    return f"By all numbers {names} would be among the best {_BEST}, but is not on the shortlist: it is lost."


def _told(values: np.ndarray, rows: range | list[int]) -> str:
    return ", ".join(f"p{row + 1} {_number(values[row])}" for row in rows)


def _x(place: int, of: int) -> float:
    return 0.1 + (place + 0.5) * (WIDTH - 0.2) / of


def _passage(ax: Axes, y: float, x: float, row: int, score: float, *, taken: bool) -> None:
    """A passage with its score below; dashed and pale where it is not taken further."""
    frame = {} if taken else {"linestyle": "--", "edgecolor": QUIET}
    box(ax, x - 0.2, y - 0.15, 0.4, 0.3, fill=PASSAGE if taken else "white", **frame)
    style: dict[str, Any] = {"color": INK, "weight": "bold"} if taken else {"color": QUIET}
    words(ax, x, y, f"p{row + 1}", **style)
    words(ax, x, y - 0.28, _number(score), **style)


def _number(value: float) -> str:
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
