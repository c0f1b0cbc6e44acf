"""The learner's answers into the released notebook: structure from us, text from them."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from harness.grade import cells as grading
from harness.grade import lesson_cells
from harness.grade.reading import Ungradable
from harness.grade.verdicts import Remark


@dataclass(frozen=True)
class Rebuilt:
    """The rebuilt notebook, what was dropped or mended, and the answers by grade_id."""

    notebook: NotebookNode
    remarks: list[Remark]
    answers: dict[str, str] = field(default_factory=dict)


def rebuild(release: NotebookNode, submitted: NotebookNode) -> Rebuilt:
    """The released notebook with the submission's answers and its own code cells.

    Args:
        release: the notebook that students were given.
        submitted: what `read_submission` gave.

    An answer is found by its grade_id, then by its cell id, then by the function that its stub
    defines. Own code cells stay where they stood and are marked `metadata.grading.role`: `extra`,
    or `edited` for what the learner has added to a cell of ours. Everything else is ours: an edit of the
    lesson's cells is dropped.

    Raises:
        Ungradable: it has no cell of the release's at all.
    """
    remarks: list[Remark] = []
    ours = [grading.grade_id(cell) for cell in release.cells]
    place = _places(release, submitted, remarks)
    if all(at is None for at in place):
        raise Ungradable(
            "It is another notebook: it has none of this lesson's cells.",
            "Please hand in the lesson's own notebook, with your answers in its cells.",
        )
    texts: dict[int, list[str]] = {}
    for number, at in enumerate(place):
        if at is not None and grading.is_answer(release.cells[at]):
            texts.setdefault(at, []).append(submitted.cells[number].source)
    out = copy.deepcopy(release)
    answers: dict[str, str] = {}
    for at, cell in enumerate(out.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if not grading.is_answer(cell):
            continue
        if at in texts:
            cell.source = _joined(release.cells[at].source, texts[at], ours[at], remarks)
            answers[ours[at] or ""] = cell.source
        else:
            remarks.append(Remark("missing", "This answer cell is missing.", ours[at]))
    extra: dict[int, list[NotebookNode]] = {}
    given = lesson_cells.given(release)
    anchor = -1
    released = {c.source.strip() for c in release.cells}
    for number, cell in enumerate(submitted.cells):
        at = place[number]
        if at is not None:
            anchor = at
            if lesson_cells.edited(release.cells[at], cell):
                text = f"Cell {at} of the lesson was changed; its own is run."
                added = lesson_cells.added(release.cells[at], cell, given)
                if added:
                    extra.setdefault(at, []).append(_own(added, "edited"))
                    text = f"{text[:-1]}, and after it what was added to it."
                remarks.append(Remark("edited", text, ours[at]))
            continue
        kind = cell.metadata["submitted"]["kind"]
        if kind == "code" and cell.source.strip() and cell.source.strip() not in released:
            extra.setdefault(anchor, []).append(_own(cell.source, "extra"))
    cells = list(extra.get(-1, []))
    for at, cell in enumerate(out.cells):
        cells += [cell, *extra.get(at, [])]
    for number, cell in enumerate(cells):
        if cell.metadata.get("grading"):
            cell["id"] = f"own-{number}"
    out.cells = cells
    return Rebuilt(nbformat.from_dict(out), remarks, answers)


def _defined(source: str) -> str | None:
    """The function, class or else variable that a cell first defines: `q1` of `q1 = "b"`."""
    for pattern in (r"^(?:def|class)\s+(\w+)", r"^(\w+)\s*=(?!=)"):
        if found := re.search(pattern, source, re.MULTILINE):
            return found[1]
    return None


def _places(
    release: NotebookNode, submitted: NotebookNode, remarks: list[Remark]
) -> list[int | None]:
    """For each submitted cell, the released cell that it is."""
    by_name = {
        grading.grade_id(cell): at
        for at, cell in enumerate(release.cells)
        if grading.grade_id(cell)
    }
    by_id = {cell.get("id"): at for at, cell in enumerate(release.cells) if cell.get("id")}
    by_function = {
        name: at
        for at, cell in enumerate(release.cells)
        if grading.is_answer(cell) and cell.cell_type == "code" and (name := _defined(cell.source))
    }
    place: list[int | None] = []
    for cell in submitted.cells:
        told = cell.metadata["submitted"]["grade_id"]
        if told is not None:
            at = by_name.get(told)
            if at is None:
                remarks.append(Remark("unknown", f"There is no cell {told[:60]!r} in the lesson."))
        else:
            at = by_id.get(cell.get("id") or None)
        place.append(at)
    answered = {at for at in place if at is not None}
    for number, cell in enumerate(submitted.cells):
        at = by_function.get(_defined(cell.source) or "")
        if place[number] is None and at is not None and at not in answered:
            place[number] = at
            answered.add(at)
            text = "This answer was found by the name of its function: its cell had lost its own."
            remarks.append(Remark("found", text, grading.grade_id(release.cells[at])))
    return place


def _joined(stub: str, texts: list[str], name: str | None, remarks: list[Remark]) -> str:
    """One text of the cells that carry an answer's name: a split cell is put together again."""
    changed = list(dict.fromkeys(t for t in texts if t.strip() and t.strip() != stub.strip()))
    if not changed:
        return texts[0] if texts[0].strip() else stub
    if len(texts) == 1 or len(changed) == 1:
        if len(texts) > 1:
            remarks.append(
                Remark("twice", "This cell is there twice; the changed one counts.", name)
            )
        return changed[0]
    first = _defined(changed[0])
    if first is not None and first == _defined(changed[1]):
        remarks.append(Remark("twice", "This cell is there twice; the first one counts.", name))
        return changed[0]
    remarks.append(Remark("split", "This cell was split; its parts were joined.", name))
    return "\n".join(changed)


def _own(source: str, role: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"grading": {"role": role}})
