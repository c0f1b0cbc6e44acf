"""Cells that were put together, taken apart again: each answer a cell of its own.

Two answers merged into one cell, all of them in one, a notebook saved as a script: run as it came, it
would give the lesson's later stubs the last word, and one error in it would take all answers along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from harness.grade.answers import Asked, Piece, given, pieces
from harness.grade.python_names import names


@dataclass(frozen=True)
class Handed:
    """A cell as it was handed in.

    Args:
        at: the released cell that it is, None for an own one.
        piece: whether it is a part of a cell that was taken apart.
    """

    source: str
    code: bool
    at: int | None
    piece: bool = False


def apart(
    release: NotebookNode, wanted: Mapping[int, Asked], handed: Sequence[Handed]
) -> list[Handed]:
    """The cells, with those taken apart that answer what no cell of its own answers.

    A statement of the lesson's own in such a cell is left out: the lesson has it, and it tells where
    the learner's own statements around it stood.

    Args:
        wanted: the answer cells by place (see `answers.asked`).
    """
    answered = {c.at for c in handed if c.at is not None and _answers(c.source, wanted.get(c.at))}
    missed = {at: one for at, one in wanted.items() if one.code and at not in answered}
    lessons = _lessons(release)
    out: list[Handed] = []
    for cell in handed:
        found = given(cell.source, missed) - {cell.at} if cell.code and missed else set()
        if found and cell.at is None:
            whole = len(given(cell.source, wanted)) < 2 and not _holds(cell.source, lessons)
        else:
            whole = not found
        out += [cell] if whole else _parts(cell, found, wanted, lessons)
    return out


def _answers(source: str, asked: Asked | None) -> bool:
    return asked is not None and asked.answered(source)


def _lessons(release: NotebookNode) -> dict[str, list[int]]:
    """Where the release has each of its statements, by mark."""
    found: dict[str, list[int]] = {}
    for at, cell in enumerate(release.cells):
        if cell.cell_type == "code":
            for piece in pieces(cell.source):
                found.setdefault(piece.mark, []).append(at)
    return found


def _holds(source: str, lessons: Mapping[str, list[int]]) -> bool:
    """Whether there is a statement of the lesson's own in a cell; anybody repeats imports."""
    return any(p.mark in lessons and not names(p.source).imports for p in pieces(source))


def _parts(
    cell: Handed, found: set[int], wanted: Mapping[int, Asked], lessons: Mapping[str, list[int]]
) -> list[Handed]:
    """A cell's statements: each answer in `found` with what it needs of the rest, and the rest."""
    every = pieces(cell.source)
    own = wanted.get(cell.at) if cell.at is not None else None
    kept = own.marks if own is not None else frozenset()
    ours = {n for n, p in enumerate(every) if p.mark in lessons and p.mark not in kept}
    of = {at: [n for n, p in enumerate(every) if wanted[at].gives(p)] for at in sorted(found)}
    moved = {n for mine in of.values() for n in mine}
    if own is not None:  # `a, b = 1, 2` may answer both
        moved = {n for n in moved if not own.gives(every[n])}
    rest = [n for n, p in enumerate(every) if n not in ours | moved and not p.idle]
    parts: list[Handed] = []
    if cell.at is not None:
        text = "\n\n".join(every[n].source for n in rest) if own is not None else ""
        parts.append(Handed(text, True, cell.at, own is None))
    place = cell.at if cell.at is not None else -1
    for n, piece in enumerate(every):
        for mine in (mine for mine in of.values() if mine[0] == n):
            needed = sorted({*mine, *_helpers(every, mine, rest)})
            text = "\n\n".join(every[number].source for number in needed)
            parts.append(Handed(text, True, None, True))
        if own is not None:
            continue
        if n in ours:
            place = next((there for there in lessons[piece.mark] if there >= place), place)
            parts.append(Handed("", True, place if place >= 0 else None, True))
        elif n in rest:
            parts.append(Handed(piece.source, True, None, True))
    return parts


def _helpers(every: Sequence[Piece], users: Sequence[int], rest: Sequence[int]) -> set[int]:
    """Those of the rest whose names the statements need, directly or through each other."""
    of = [names(piece.source) for piece in every]
    givers: dict[str, list[int]] = {}
    for n in rest:
        for name in of[n].binds | of[n].changes:
            givers.setdefault(name, []).append(n)
    found: set[int] = set()
    queue = list(users)
    while queue:
        more = {n for name in of[queue.pop()].uses for n in givers.pop(name, [])} - found
        found |= more
        queue += more
    return found
