"""What the course changed goes into a learner's copy of a notebook; what is the learner's stays.

A merge of three: the notebook as it was when the copy was last brought up to date (`base`), as the
course gives it now (`new`), and the learner's copy (`mine`). A cell is known by its id, where a
program dropped the ids by nbgrader's name for it, else by its text.

| the learner | the course | the copy then has |
|---|---|---|
| left a cell as it was | changed, removed, moved or added it | what the course has |
| answered or changed it | left it as it was | what the learner wrote |
| answered or changed it | changed it, too | what the learner wrote, and beside it the course's new text |
| answered or changed it | removed it | what the learner wrote, as a cell of theirs |
| deleted a cell | left it as it was | no such cell |
| added, moved cells | whatever it did | the learner's cells, in the learner's order |
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

import nbformat
from nbformat import NotebookNode

from harness.grade import cells as grading

_CHANGED = (
    "**The course has changed the cell above since you changed it.** Your text was kept. "
    "The course's text is now:"
)
_REPLACED = (
    "**The course has changed the cell above, and you had changed it, too.** What you wrote stands "
    "below. Delete what you do not want, and this note."
)


def merge(base: NotebookNode | None, new: NotebookNode, mine: NotebookNode) -> NotebookNode:
    """The learner's notebook with what is new in the course; its arguments are not changed.

    base: None where it is not known; then every cell that the copy lacks is taken for a new one.
    """
    before = _by_id(base.cells if base else ())
    now = _by_id(new.cells)
    held = _recognised(
        mine.cells, before, now
    )  # for each of the learner's cells, its id in the course
    theirs = {name: cell for name, cell in zip(held, mine.cells) if name is not None}
    in_place_of = _replacements(list(before), list(now)) if base else {}
    shown = [n for n in now if n in theirs or n not in before or _text(before[n]) != _text(now[n])]

    after: dict[str | None, list[NotebookNode]] = {None: []}
    noted = {cell.id for cell in mine.cells}
    place: str | None = None  # the cell of the course that the learner's next cell stands behind
    for name, cell in zip(held, mine.cells):
        if name in now:
            place = name
            continue
        successor = in_place_of.get(name) if name is not None else None
        place = successor if successor in shown else place
        if name is not None and (_text(cell) == _text(before[name]) or grading.as_released(cell)):
            continue  # the course dropped it, and the learner had not touched it
        if name is None and base is None and grading.as_released(cell):
            continue  # of an earlier state of the course
        kept = _own(cell)
        behind = after.setdefault(place, [])
        if successor is not None and successor == place:
            behind += _note(_REPLACED, kept, noted)
        behind.append(kept)

    merged = list(after[None])
    for name in _in_order(shown, list(before if base else now), held, list(now)):
        if name in theirs:
            merged += _updated(before.get(name), now[name], theirs[name], noted)
        else:
            merged.append(copy.deepcopy(now[name]))
        merged += after.get(name, [])
    notebook = copy.deepcopy(mine)
    notebook.cells = _with_ids_of_their_own(merged)
    notebook.metadata = _settings(base and base.metadata, new.metadata, mine.metadata, {"course"})
    notebook.nbformat_minor = max(new.nbformat_minor, mine.nbformat_minor)  # ids need 5
    return notebook


def own_cells(notebook: NotebookNode, known: Iterable[NotebookNode] = ()) -> list[str]:
    """Names of the cells that hold what the build did not write: answers, added and changed cells.

    Outputs are no answers, and a blank cell is none. known: cells of the course that count as
    written by the build even where a program dropped the ids by which they are told.
    """
    texts = {_text(cell) for cell in known}
    found = []
    for cell in notebook.cells:
        if cell.source.strip() and not grading.as_released(cell) and _text(cell) not in texts:
            first = cell.source.strip().splitlines()[0]
            found.append(grading.grade_id(cell) or first[:40])
    return found


def as_given(notebook: NotebookNode) -> NotebookNode:
    """The notebook with only what the build wrote: no outputs, and no cell that a learner changed."""
    given = copy.deepcopy(notebook)
    given.cells = [cell for cell in given.cells if grading.as_released(cell)]
    for cell in given.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return given


def _text(cell: NotebookNode) -> tuple[str, str]:
    return cell.cell_type, cell.source


def _by_id(cells: Iterable[NotebookNode]) -> dict[str, NotebookNode]:
    found: dict[str, NotebookNode] = {}
    for cell in cells:
        found.setdefault(cell.id, cell)
    return found


def _recognised(
    mine: Sequence[NotebookNode], before: dict[str, NotebookNode], now: dict[str, NotebookNode]
) -> list[str | None]:
    """Which cell of the course each of the learner's cells is, each at most once; None for none."""
    known = now | before
    names = {grading.grade_id(cell): name for name, cell in known.items()}
    texts = {_text(cell): name for name, cell in (now | before).items() if cell.source.strip()}
    held: list[str | None] = [None] * len(mine)
    taken: set[str] = set()
    for tell in (
        lambda cell: cell.id if cell.id in known else None,
        lambda cell: names.get(grading.grade_id(cell)) if grading.grade_id(cell) else None,
        lambda cell: texts.get(_text(cell)),
    ):
        for place, cell in enumerate(mine):
            name = tell(cell) if held[place] is None else None
            if name is not None and name not in taken:
                held[place] = name
                taken.add(name)
    return held


def _replacements(before: list[str], now: list[str]) -> dict[str, str]:
    """Which new cell stands where a cell of before stood that is gone."""
    found: dict[str, str] = {}
    for kind, a, b, c, d in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if kind == "replace":
            found |= {before[a + i]: now[min(c + i, d - 1)] for i in range(b - a)}
    return {old: name for old, name in found.items() if old not in now}


def _in_order(
    shown: list[str], before: list[str], held: list[str | None], now: list[str]
) -> list[str]:
    """The course's order, or the learner's if they moved cells; what they lack then follows on what
    it follows in the course.
    """
    had = [name for name in held if name in before]
    if had == [name for name in before if name in had]:
        return shown
    order: list[str] = [name for name in held if name is not None and name in shown]
    for name in shown:
        if name not in order:
            earlier = [n for n in now[: now.index(name)] if n in order]
            order.insert(order.index(earlier[-1]) + 1 if earlier else 0, name)
    return order


def _updated(
    before: NotebookNode | None, now: NotebookNode, mine: NotebookNode, noted: set[str]
) -> list[NotebookNode]:
    """A cell that both have, and a note behind it where both changed it."""
    untouched = grading.as_released(mine) or (before is not None and _text(mine) == _text(before))
    cell = copy.deepcopy(now if untouched and _text(mine) != _text(now) else mine)
    cell.id = now.id
    keep = before and before.metadata
    cell.metadata = _settings(keep, now.metadata, mine.metadata, {"nbgrader", "tags"})
    if _text(cell) == _text(now):
        return [cell]
    if before is not None:
        changed = _text(before) != _text(now)
    else:  # nbgrader's checksum tells what text the learner's cell began with
        changed = _begun_with(mine) != _begun_with(now)
    return [cell, *(_note(_CHANGED, now, noted, quoted=True) if changed else [])]


def _begun_with(cell: NotebookNode) -> Any:
    return grading.metadata(cell).get("checksum")


def _settings(
    before: NotebookNode | None, now: NotebookNode, mine: NotebookNode, course: set[str]
) -> NotebookNode:
    """Metadata: the course's, with what the learner's JupyterLab changed in it, less what is the
    course's alone.
    """
    start = now if before is None else before
    merged = copy.deepcopy(now)
    for key in {*mine, *start} - course:
        if key not in mine:
            merged.pop(key, None)
        elif key not in start or mine[key] != start[key]:
            merged[key] = copy.deepcopy(mine[key])
    return merged


def _own(cell: NotebookNode) -> NotebookNode:
    """A cell as the learner's own: no longer one of the course, nor graded as one."""
    kept = copy.deepcopy(cell)
    kept.metadata.pop("nbgrader", None)
    return kept


def _note(
    said: str, cell: NotebookNode, noted: set[str], quoted: bool = False
) -> list[NotebookNode]:
    """A note on a cell, unless it is there already."""
    lines = [said]
    if quoted:
        longest = max(map(len, re.findall(r"`+", cell.source)), default=0)
        fence = "`" * max(3, longest + 1)
        kind = "python" if cell.cell_type == "code" else "markdown"
        lines += ["", f"{fence}{kind}", cell.source, fence]
    content = "\n".join([cell.id, *lines]).encode("utf-8", "surrogatepass")
    name = f"note-{hashlib.sha256(content).hexdigest()[:12]}"
    if name in noted:
        return []
    note: Any = nbformat.v4.new_markdown_cell("\n".join(lines))
    note.id = name
    return [note]


def _with_ids_of_their_own(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells, of two with one id the second with another."""
    seen: set[str] = set()
    for cell in cells:
        first, number = cell.id, 1
        while cell.id in seen:
            number += 1
            cell.id = f"{first[:50]}-again-{number}"
        seen.add(cell.id)
    return cells
