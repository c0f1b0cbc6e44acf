"""Reciprocal rank fusion in miniature: two rankings of five passages, and the one made from them.

Cormack, Clarke and Büttcher 2009. The passages are made up; their shares and sums are computed.
"""

from __future__ import annotations

from matplotlib.axes import Axes

from lib._diagram_paper import LINE, MODEL, PASSAGE, QUERY, Diagram, box, paper, words
from lib._plot_colours import PALETTE
from lib.plots import WIDTH

_CONSTANT = 60
_QUERY = "weak heart muscle"
# The winner is second in both and first in none.
_RANKINGS = {
    "BM25": ("Weak muscles", "Cardiomyopathy", "Heart murmur", "Heart failure"),
    "encoder": ("Heart failure", "Cardiomyopathy", "Myocarditis", "Heart murmur"),
}
_SIDE, _MIDDLE = 1.5, 1.56  # inches: the width of a list at the side, and of the fused one
_TOP, _STEP, _TALL = 3.86, 0.86, 0.66
_LOOKS = ((PALETTE[1], "-"), (PALETTE[0], (0, (4, 2))))  # the colours of BM25 and the encoder


def fused_rankings() -> Diagram:
    """Return two ranked lists, what each gives a passage by its rank, and the list of the sums."""
    fused = _fused()
    fig, ax = paper("Reciprocal rank fusion: one ranking from two", 5.02)
    words(ax, 0.1, 4.85, f"query: {_QUERY}", ha="left")
    left = {"BM25": 0.1, "encoder": WIDTH - 0.1 - _SIDE}
    middle = (WIDTH - _MIDDLE) / 2
    for name, place in left.items():
        words(ax, place + _SIDE / 2, 4.52, name, fontweight="bold")
        words(ax, place + _SIDE / 2, 4.31, f"gives 1 / ({_CONSTANT} + rank)")
    words(ax, WIDTH / 2, 4.52, "fused", fontweight="bold")
    words(ax, WIDTH / 2, 4.31, "sorted by the sum")
    for name, ranking in _RANKINGS.items():
        for rank, passage in enumerate(ranking, 1):
            share = f"1 / {_CONSTANT + rank} = {_shares(name, passage):.6f}"
            fill = PASSAGE if name == "BM25" else QUERY
            _place(ax, left[name], rank, passage, share, width=_SIDE, fill=fill)
    for rank, (passage, score) in enumerate(fused.items(), 1):
        parts = [
            f"{_shares(name, passage):.6f}" for name in _RANKINGS if passage in _RANKINGS[name]
        ]
        total = f"{' + '.join(parts)}" + (f"\n= {score:.6f}" if len(parts) > 1 else "")
        _place(ax, middle, rank, passage, total, width=_MIDDLE, fill=MODEL)
        for (name, ranking), (colour, dash) in zip(_RANKINGS.items(), _LOOKS):
            if passage in ranking:
                ends = (
                    (left[name] + _SIDE, middle)
                    if name == "BM25"
                    else (left[name], middle + _MIDDLE)
                )
                heights = (_height(ranking.index(passage) + 1), _height(rank))
                ax.plot(ends, heights, color=colour, linestyle=dash, linewidth=1.6, zorder=1)
    return Diagram(fig, _in_words(fused))


def _place(
    ax: Axes, left: float, rank: int, passage: str, below: str, *, width: float, fill: str
) -> None:
    """Draw a rank of a list: the passage, and below it what it gets."""
    y = _height(rank)
    box(ax, left, y - _TALL / 2, width, _TALL, fill=fill)
    up = (1 + below.count("\n")) * LINE / 2  # the words stand in the middle of their box
    x = left + width / 2
    words(ax, x, y + up, f"{rank}  {passage}", fontweight="bold", zorder=4)
    words(ax, x, y - LINE / 2, below, zorder=4)


def _height(rank: int) -> float:
    """The middle of a rank."""
    return _TOP - _STEP * (rank - 1)


def _shares(name: str, passage: str) -> float:
    """What a ranking gives a passage that it holds."""
    return 1 / (_CONSTANT + _RANKINGS[name].index(passage) + 1)


def _fused() -> dict[str, float]:
    """Each passage's sum, best first."""
    held = {passage for ranking in _RANKINGS.values() for passage in ranking}
    sums = {
        passage: sum(_shares(name, passage) for name in _RANKINGS if passage in _RANKINGS[name])
        for passage in held
    }
    return dict(sorted(sums.items(), key=lambda pair: -pair[1]))


def _in_words(fused: dict[str, float]) -> str:
    lists = ". ".join(
        f"{name}: "
        + ", ".join(
            f"{i} {passage} {_shares(name, passage):.6f}" for i, passage in enumerate(ranking, 1)
        )
        for name, ranking in _RANKINGS.items()
    )
    sums = ", ".join(f"{i} {passage} {fused[passage]:.6f}" for i, passage in enumerate(fused, 1))
    return (
        f"Two ranked lists for the query {_QUERY}, and between them the one made from both. Each list "
        f"gives a passage 1 / ({_CONSTANT} + rank). {lists}. Lines lead from each passage to its sum in "
        f"the fused list: {sums}. {next(iter(fused))} is first there, though no list has it first."
    )
