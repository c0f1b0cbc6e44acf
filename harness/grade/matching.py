"""The learner's answers into the released notebook: structure from us, text from them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from harness.grade import answers as answering
from harness.grade import cells as grading
from harness.grade import lesson_cells
from harness.grade.answers import Asked
from harness.grade.merged import Handed, apart
from harness.grade.reading import Ungradable
from harness.grade.verdicts import Remark

_ELSEWHERE = "# This is answered in another cell of the notebook."


@dataclass(frozen=True)
class Rebuilt:
    """The rebuilt notebook, what was dropped or mended, and the answers by grade_id."""

    notebook: NotebookNode
    remarks: list[Remark]
    answers: dict[str, str] = field(default_factory=dict)


def rebuild(
    release: NotebookNode, submitted: NotebookNode, source: NotebookNode | None = None
) -> Rebuilt:
    """The released notebook with the submission's answers and its own code cells.

    Args:
        release: the notebook that students were given.
        submitted: what `read_submission` gave.
        source: the teacher's notebook; see `answers.asked`.

    An answer is found by its grade_id, then by its cell id, then by the names that its stub defines,
    which any cell of the learner's may give. The learner's cells keep their order, as a notebook runs
    them, and so the last that gives a name before its check counts; a stub that was left never
    overrides one, and what stands only below its check is run before it. Own code cells stay where
    they stood and are marked `metadata.grading.role`: `part` where they give an answer, `extra`, or
    `edited` for what the learner has added to a cell of ours. Everything else is ours: an edit of the
    lesson's cells is dropped.

    Raises:
        Ungradable: it has no cell of the release's at all.
    """
    remarks: list[Remark] = []
    wanted = answering.asked(release, source)
    handed = _handed(release, submitted, wanted, remarks)
    found = {at: _found(at, asked, handed) for at, asked in wanted.items()}
    if all(cell.at is None for cell in handed) and not any(found.values()):
        raise Ungradable(
            "It is another notebook: it has none of this lesson's cells.",
            "Please hand in the lesson's own notebook, with your answers in its cells.",
        )
    home: dict[int, list[int]] = {}
    where: dict[int, int] = {}
    for at, asked in wanted.items():
        home[at] = [n for n in _home(at, asked, release, handed, found[at]) if n not in where]
        where |= dict.fromkeys(home[at], at)
    own = _own_cells(release, wanted, handed, where, {n for one in found.values() for n in one})
    answers: dict[str, str] = {}
    given = lesson_cells.given(release)
    cells = list(own.get(-1, []))
    for at, cell in enumerate(copy.deepcopy(release).cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cells.append(cell)
        if at in wanted:
            asked, name = wanted[at], grading.grade_id(cell)
            remarks += _noticed(at, asked, name, handed, home[at], found[at])
            texts = [handed[n].source for n in home[at]]
            if texts:
                cell.source = texts[0] if asked.code else "\n".join(dict.fromkeys(texts))
            elif found[at]:
                cell.source = _ELSEWHERE
            if texts or any(one.at == at for one in handed):
                answers[name or ""] = cell.source
            cells += [_own(text, "part") for text in texts[1:] if asked.code]
        said, added = _edit(at, release, handed, given)
        if said:
            remarks.append(Remark("edited", said, grading.grade_id(cell)))
        if added:
            cells.append(_own(added, "edited"))
        cells += own.get(at, [])
    for number, cell in enumerate(cells):
        if cell.metadata.get("grading"):
            cell["id"] = f"own-{number}"
    out = nbformat.from_dict({**release, "cells": cells})
    return Rebuilt(out, remarks, answers)


def _handed(
    release: NotebookNode,
    submitted: NotebookNode,
    wanted: Mapping[int, Asked],
    remarks: list[Remark],
) -> list[Handed]:
    """The submitted cells, each with the released cell that it is."""
    handed = []
    place = answering.told(release, submitted)
    for cell, at in zip(submitted.cells, place, strict=True):
        told = cell.metadata["submitted"]
        if at is None and told["grade_id"] is not None:
            text = f"There is no cell {told['grade_id'][:60]!r} in the lesson."
            remarks.append(Remark("unknown", text))
        handed.append(Handed(cell.source, told["kind"] == "code", at))
    return apart(release, wanted, handed)


def _found(at: int, asked: Asked, handed: Sequence[Handed]) -> list[int]:
    """The cells that answer one of the release's: those that bear its name, and own ones."""
    return [
        n
        for n, cell in enumerate(handed)
        if (cell.at == at and asked.answered(cell.source))
        or (cell.at is None and cell.code and asked.code and asked.given(cell.source))
    ]


def _home(
    at: int, asked: Asked, release: NotebookNode, handed: Sequence[Handed], found: Sequence[int]
) -> list[int]:
    """The cells that are run in the place of an answer cell; the text of the first is put into it."""
    told = [n for n, cell in enumerate(handed) if cell.at == at]
    changed = [n for n in told if asked.changed(handed[n].source)]
    if not asked.code:
        return changed
    first = changed[:1]
    if set(first) & set(found):
        return first
    end = _end(at, release, handed)
    before = [n for n in found if n < end]
    if not before:  # what stands only below its check would come too late for it
        return [*first, *found]
    if not told:
        return before[:1]
    return [*first, *(n for n in before if handed[n].piece)]


def _end(at: int, release: NotebookNode, handed: Sequence[Handed]) -> int:
    """The submitted cell with which the checks of an answer end."""
    checks = []
    for there in range(at + 1, len(release.cells)):
        if grading.is_answer(release.cells[there]):
            break
        if grading.is_check(release.cells[there]):
            checks.append(there)
    there_too = [n for n, cell in enumerate(handed) if cell.at in checks]
    if there_too:
        return there_too[-1]
    last = max(checks, default=at)
    later = (n for n, cell in enumerate(handed) if cell.at is not None and cell.at > last)
    return next(later, len(handed))


def _noticed(
    at: int,
    asked: Asked,
    name: str | None,
    handed: Sequence[Handed],
    home: Sequence[int],
    found: Sequence[int],
) -> list[Remark]:
    """What is to be said of one answer cell."""
    told = [n for n, cell in enumerate(handed) if cell.at == at and not cell.piece]
    changed = {handed[n].source for n in told if asked.changed(handed[n].source)}
    if not told and not found:
        return [Remark("missing", "This answer cell is missing.", name)]
    remarks = []
    if len(told) > 1 and len(changed) == 1:
        remarks = [Remark("twice", "This cell is there twice; the changed one counts.", name)]
    elif len(changed) > 1 and sum(map(asked.answered, changed)) > 1 and asked.code:
        text = "This cell is there several times; the last before its check counts."
        remarks = [Remark("twice", text, name)]
    elif len(changed) > 1:
        remarks = [Remark("split", "This cell was split; its parts were joined.", name)]
    if found and not any(handed[n].at == at for n in found):
        text = "This answer was found by the name that it gives, in another cell than its own."
        remarks.append(Remark("found", text, name))
    return remarks


def _own_cells(
    release: NotebookNode,
    wanted: Mapping[int, Asked],
    handed: Sequence[Handed],
    where: Mapping[int, int],
    found: Collection[int],
) -> dict[int, list[NotebookNode]]:
    """The learner's further code cells, by the released cell behind which they stood."""
    own: dict[int, list[NotebookNode]] = {}
    released: dict[str, list[int]] = {}
    for at, cell in enumerate(release.cells):
        released.setdefault(_form(cell.source, cell.cell_type == "code"), []).append(at)
    told = {cell.at for cell in handed}
    taken = {(at, handed[n].source) for n, at in where.items()}
    seen: set[int] = set()
    anchor = -1
    for n, cell in enumerate(handed):
        form = _form(cell.source, cell.code)
        if n in where:
            anchor = max(anchor, where[n])
            seen.add(where[n])
        elif cell.at is not None:
            if cell.at not in seen:
                anchor = cell.at
                seen.add(anchor)
            asked = wanted.get(cell.at)
            again = asked is not None and asked.code and cell.code and asked.changed(cell.source)
            if again and (cell.at, cell.source) not in taken:
                own.setdefault(anchor, []).append(_own(cell.source, "part"))
        elif form in released:
            # A cell that has lost its name: it tells where the cells around it stood.
            lost = [at for at in released[form] if at > anchor and at not in told]
            anchor = lost[0] if lost else anchor
        elif cell.code and form:
            role = "part" if n in found else "extra"
            own.setdefault(anchor, []).append(_own(cell.source, role))
    return own


def _form(source: str, code: bool) -> str:
    """The same for cells that say the same, whatever comments a script has added to their code."""
    if not code:
        return source.strip()
    return "\n".join(piece.mark for piece in answering.pieces(source) if not piece.idle)


def _edit(
    at: int, release: NotebookNode, handed: Sequence[Handed], given: frozenset[str]
) -> tuple[str, str]:
    """What is to be said of the edits of a cell of ours, and what they add; both empty without one."""
    ours = release.cells[at]
    theirs = [c.source for c in handed if c.at == at and not c.piece]
    edits = [text for text in theirs if lesson_cells.edited(ours, text)]
    if not edits:
        return "", ""
    of_code = [c.source for c in handed if c.at == at and c.code and c.source in edits]
    added = "\n".join(filter(None, (lesson_cells.added(ours, text, given) for text in of_code)))
    said = f"Cell {at} of the lesson was changed; its own is run"
    return said + (", and after it what was added to it." if added else "."), added


def _own(source: str, role: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"grading": {"role": role}})
