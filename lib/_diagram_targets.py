"""What other losses than MNRL ask for, drawn: distances and a margin, scores of pairs, a teacher's scores.

Schroff et al. 2015 (triplets); Reimers and Gurevych 2019 (a cosine for each pair); Hofstätter et al. 2020
(a teacher's margins); Hinton et al. 2015 (a teacher's shares). What the pictures show is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lib._diagram_paper import MODEL, PASSAGE, Diagram, arrow, paper, rule, words
from lib._plot_colours import PALETTE
from lib._plot_labels import INK

_FROM, _TO = 1.35, 4.3  # inches: where a scale begins and ends
_ROW = 0.62


def triplet_margins(
    triplets: Sequence[tuple[float, float]] = ((0.2, 0.9), (0.2, 0.4), (0.7, 0.4)),
    margin: float = 0.3,
) -> Diagram:
    """Return triplets on a scale of distance from the anchor, and what each costs.

    triplets: distances (to the positive, to the negative), 0 to 1, one to four of them; margin: 0 to 1.
    Raises ValueError for others.
    """
    ends = [end for pair in triplets for end in pair]
    if not 1 <= len(triplets) <= 4 or not all(0 <= x <= 1 for x in [*ends, margin]):
        raise ValueError(
            f"triplet_margins: {list(triplets)} with a margin of {margin}; expected 1 to 4 pairs of "
            "distances and a margin, all 0 to 1"
        )
    height = 1.15 + _ROW * len(triplets)
    fig, ax = paper(f"Triplets with a margin of {margin:g}", height)
    words(ax, 0.1, height - 0.15, "triplet", ha="left", weight="bold")
    words(ax, (_FROM + _TO) / 2, height - 0.15, "distance from the anchor", weight="bold")
    words(ax, 4.95, height - 0.15, "loss", weight="bold")
    said = []
    for row, (near, far) in enumerate(triplets):
        y = height - 0.62 - _ROW * row
        loss = max(0.0, near - far + margin)
        kind = "closed" if loss == 0 else "open" if far > near else "wrong order"
        words(ax, 0.1, y, kind, ha="left")
        _line(ax, y)
        wide = min(margin, 1.2 - near)
        ax.add_patch(
            Rectangle((_at(near), y - 0.11), _at(wide) - _at(0), 0.22, facecolor=MODEL, zorder=1)
        )
        _dot(ax, near, y, "s", PALETTE[0])
        _dot(ax, far, y, "o", PALETTE[1])
        words(ax, 4.95, y, f"{loss:.2f}", weight="bold" if loss else "normal")
        said.append(f"{kind}: positive at {near:g}, negative at {far:g}, loss {loss:.2f}")
    note = "Square: the positive. Dot: the negative. Grey: the margin behind the positive."
    words(ax, 0.1, 0.2, note, ha="left")
    return Diagram(
        fig,
        f"Scales of the distance from an anchor, one a triplet. {'; '.join(said)}. A triplet is closed, and "
        f"costs nothing, when its negative lies behind the margin of {margin:g} that follows the positive.",
    )


def scored_pairs(
    cosines: Sequence[float] = (0.35, 0.6, 0.3), scores: Sequence[float] = (1.0, 0.5, 0.0)
) -> Diagram:
    """Return pairs of texts on a scale of cosine: where they are, and where their score wants them.

    cosines, scores: 0 to 1, as many of each, two to four. Raises ValueError for others.
    """
    if not 2 <= len(cosines) <= 4 or len(scores) != len(cosines):
        raise ValueError(
            f"scored_pairs: {len(cosines)} cosines and {len(scores)} scores; expected 2 to 4 of each"
        )
    if not all(0 <= x <= 1 for x in [*cosines, *scores]):
        raise ValueError(f"scored_pairs: {list(cosines)} and {list(scores)}; expected 0 to 1")
    height = 1.15 + _ROW * len(cosines)
    fig, ax = paper("Pairs with a score", height)
    words(ax, 0.1, height - 0.15, "pair", ha="left", weight="bold")
    words(ax, (_FROM + _TO) / 2, height - 0.15, "cosine", weight="bold")
    words(ax, 4.95, height - 0.15, "squared error", weight="bold")
    said = []
    for row, (cosine, score) in enumerate(zip(cosines, scores)):
        y = height - 0.62 - _ROW * row
        words(ax, 0.1, y, f"pair {row + 1}", ha="left")
        _line(ax, y)
        _dot(ax, cosine, y, "o", PALETTE[0])
        _dot(ax, score, y, "D", PALETTE[1])
        if abs(score - cosine) > 0.08:
            room = 0.05 * np.sign(score - cosine)
            arrow(ax, (_at(cosine + room), y), (_at(score - room), y), linewidth=2)
        words(ax, 4.95, y, f"{(score - cosine) ** 2:.4f}")
        said.append(f"pair {row + 1}: cosine {cosine:g}, score {score:g}")
    mean = float(np.mean(np.square(np.subtract(scores, cosines))))
    note = f"Dot: the cosine now. Diamond: the pair's score. Mean squared error: {mean:.4f}."
    words(ax, 0.1, 0.2, note, ha="left")
    alt = f"Scales of cosine, one a pair, with an arrow from each pair's cosine to its score. {'; '.join(said)}. {note}"
    return Diagram(fig, alt)


def teacher_and_student(
    teacher: Sequence[float] = (4.0, 3.5, 1.0),
    student: Sequence[float] = (2.0, 1.0, 1.5),
    names: Sequence[str] = ("positive", "near miss", "unrelated"),
) -> Diagram:
    """Return a teacher's and a student's scores of one query's passages: as margins, and as shares.

    The first passage is the positive. Two to five passages; raises ValueError for others.
    """
    if not 2 <= len(teacher) <= 5 or len(student) != len(teacher) or len(names) != len(teacher):
        raise ValueError(
            f"teacher_and_student: {len(teacher)} scores of the teacher, {len(student)} of the student, "
            f"{len(names)} names; expected 2 to 5 of each"
        )
    height = 1.3 + 0.5 * len(names)
    fig, ax = paper("One query's passages: label, teacher, student", height)
    columns = ("label", "score", "margin", "share", "score", "margin", "share")
    xs = [1.35, 2.0, 2.62, 3.24, 3.92, 4.54, 5.16]
    words(ax, xs[2], height - 0.15, "teacher", weight="bold")
    words(ax, xs[5], height - 0.15, "student", weight="bold")
    for x, column in zip(xs, columns):
        words(ax, x, height - 0.45, column)
    rule(ax, height - 0.62)
    ax.add_patch(
        Rectangle(
            (xs[1] - 0.3, 0.42), 1.86, height - 1.06, facecolor=PASSAGE, linewidth=0, zorder=0
        )
    )
    said = []
    tables = [_margins_and_shares(side) for side in (teacher, student)]
    for row, name in enumerate(names):
        y = height - 0.88 - 0.5 * row
        words(ax, 0.1, y, name, 0.95, ha="left")
        cells = ["1" if row == 0 else "0"]
        for scores, (margins, shares) in zip((teacher, student), tables):
            cells += [
                f"{scores[row]:g}",
                "" if row == 0 else f"{margins[row]:g}",
                f"{shares[row]:.2f}",
            ]
        for x, cell in zip(xs, cells):
            words(ax, x, y, cell.replace("-", "\N{MINUS SIGN}"))
        said.append(
            f"{name}: label {cells[0]}, teacher {cells[1]} (share {cells[3]}), student {cells[4]} (share "
            f"{cells[6]})"
        )
    note = "Margin: the positive's score minus this one. Share: softmax of the column of scores."
    words(ax, 0.1, 0.2, note, ha="left")
    return Diagram(fig, f"A table of one query's passages. {'; '.join(said)}. {note}")


def _margins_and_shares(scores: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array(scores, dtype=float)
    powers = np.exp(values - values.max())
    return values[0] - values, powers / powers.sum()


def _at(value: float) -> float:
    return _FROM + value / 1.2 * (_TO - _FROM)


def _line(ax: Axes, y: float) -> None:
    """A scale from 0 to 1.2, with its ends' numbers."""
    ax.plot([_at(0), _at(1.2)], [y, y], color=INK, linewidth=1, zorder=2)
    for tick in (0, 0.5, 1):
        ax.plot([_at(tick)] * 2, [y - 0.06, y + 0.06], color=INK, linewidth=1, zorder=2)
        words(ax, _at(tick), y - 0.24, f"{tick:g}")


def _dot(ax: Axes, value: float, y: float, marker: str, colour: str) -> None:
    look: dict[str, Any] = {"color": colour, "markersize": 9, "zorder": 4}
    ax.plot(_at(value), y, marker, **look)
