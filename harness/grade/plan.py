"""Which cells of a rebuilt notebook are run for its grades, where, and in which order.

A lesson demonstrates far more than it grades. Only what grades need is run: the learner's cells,
the checks, and of the lesson's own cells those whose names these need, directly or not. The lesson's
leading cells are run once for all submissions (the prefix).

Hidden checks come last: once one has called a student's function, the process knows hidden inputs, and
nothing that it prints or answers afterwards may reach a student.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nbformat import NotebookNode

from harness.grade import cells as grading
from harness.grade.cells import is_answer, is_check
from harness.grade.python_names import Names, definitions, names, statements

Role = Literal["ours", "answer", "extra", "check"]
HIDDEN = "### BEGIN HIDDEN TESTS"


@dataclass(frozen=True)
class Step:
    """One cell to run. `student` and `judge` say in which process; `index` is its place.

    `takes` are the names that the judge takes from the student for it, if it uses them; those in `over`
    although a cell of ours before the answer gives them too.
    """

    index: int
    role: Role
    source: str
    grade_id: str | None = None
    points: float = 0.0
    hidden: bool = False
    student: bool = False
    judge: bool = False
    takes: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What is run for one submission.

    Args:
        steps: the steps of the first pass, hidden checks at its end.
        again: a second pass in fresh processes, of which nothing but verdicts is kept, for the
            checks of which `apart` names the cells: they would not mean the same at the end.
        skipped: names that cells would have given which are not run.
        student_names: the names that the lesson asks a student for.
    """

    steps: tuple[Step, ...]
    skipped: frozenset[str]
    student_names: frozenset[str]
    again: tuple[Step, ...] = ()
    apart: frozenset[int] = frozenset()


def prefix(release: NotebookNode) -> list[dict[str, str | None]]:
    """The lesson's own code cells before the first cell that depends on the learner."""
    leading = []
    for cell in release.cells:
        if cell.cell_type != "code":
            continue
        if is_answer(cell) or is_check(cell):
            break
        leading.append({"source": cell.source, "grade_id": grading.grade_id(cell)})
    return leading


def asked_for(
    source: NotebookNode, release: NotebookNode | None = None
) -> dict[str, frozenset[str]]:
    """The names that the lesson asks each answer cell to define, by the cell's `grade_id`.

    They are the lesson's: what an answer binds besides is no business of a check. A name of Python's
    own, or of one of the lesson's cells, is asked for only where the stub or a definition gives it: a
    variable of the worked answer that happens to be called so must not stand in for it.
    """
    cells = [c for c in source.cells if c.cell_type == "code"]
    lessons = [names(c.source).binds for c in cells if not is_answer(c) and not is_check(c)]
    others = frozenset(dir(builtins)).union(*lessons)
    stubs = {grading.grade_id(c): c for c in (release.cells if release else ()) if is_answer(c)}
    found = {}
    for cell in cells:
        name = grading.grade_id(cell)
        if not is_answer(cell) or name is None:
            continue
        stub = names(stubs[name].source).binds if name in stubs else frozenset()
        sure = stub | definitions(cell.source) | {name}
        found[name] = (names(cell.source).binds | stub) - (others - sure)
    return found


def plan(
    rebuilt: NotebookNode,
    source: NotebookNode,
    *,
    prefixed: int = 0,
    whole: bool = False,
    only: frozenset[str] | None = None,
    release: NotebookNode | None = None,
) -> Plan:
    """Decide what is run for a submission.

    Args:
        rebuilt: the released notebook with the submission's answers, and its extra cells marked by
            `metadata.grading.role` (`extra`, `part` or `edited`).
        source: the teacher's notebook, from which the checks' text comes.
        prefixed: how many leading code cells have been run in the warm parent.
        whole: run every cell, whether a grade needs it or not.
        only: the checks to run, by `grade_id`, with no other cells than these need; None for all.
        release: the released notebook, whose stubs say what is asked for.
    """
    checks = {name: cell["source"] for name, cell in grading.checks(source)}
    cells: list[tuple[int, Role, str, NotebookNode]] = []
    seen, leading = 0, frozenset[str]()
    for index, cell in enumerate(rebuilt.cells):
        if cell.cell_type != "code":
            continue
        own = cell.metadata.get("grading", {}).get("role")
        if not own and not is_answer(cell) and not is_check(cell):
            seen += 1
            if seen <= prefixed:
                leading |= names(cell.source).binds
                continue
            cells.append((index, "ours", cell.source, cell))
        elif is_check(cell):
            grade_id = grading.grade_id(cell)
            if only is None or grade_id in only:
                text = checks.get(grade_id or "", cell.source)
                cells.append((index, "check", text, cell))
        else:
            extra = own and own != "part"
            cells.append((index, "extra" if extra else "answer", cell.source, cell))
    of = [names(text) for _, _, text, _ in cells]
    roles = [role for _, role, _, _ in cells]
    theirs = {i for i, role in enumerate(roles) if role in ("answer", "extra")}
    graded = {i for i, role in enumerate(roles) if role == "check"}
    ours = set(range(len(cells))) - theirs - graded
    if only is not None and not whole:
        theirs = _needed(theirs | ours, graded, of) & theirs
    for_student = ours if whole else _needed(ours, theirs, of)
    for_judge = _needed(ours, graded, of)
    # What a check takes from the student's process may itself come from a cell of ours.
    asked = asked_for(source, release)
    wanted: frozenset[str] = frozenset().union(*asked.values())
    owner: dict[str, Role] = dict.fromkeys(leading, "ours")  # of each name, whose cell gave it last
    steps: list[Step] = []
    skipped: set[str] = set()
    for number, (index, role, text, cell) in enumerate(cells):
        takes = frozenset(n for n in wanted if owner.get(n) in (None, "answer"))
        over = frozenset(n for n in takes if owner.get(n) == "answer")
        if role == "answer":
            owner |= dict.fromkeys(asked.get(grading.grade_id(cell) or "", ()), role)
        elif role != "extra":
            owner |= dict.fromkeys(of[number].binds, role)
        student = number in theirs or number in for_student
        judge = role == "check" or number in for_judge
        if not student and not judge:
            skipped |= of[number].binds
            continue
        steps.append(
            Step(
                index,
                role,
                text,
                grading.grade_id(cell),
                grading.points(cell),
                HIDDEN in text,
                student,
                judge,
                takes,
                over,
            )
        )
    first, again, apart = _hidden_last(steps)
    return Plan(first, frozenset(skipped), wanted, again, apart)


def alone(
    rebuilt: NotebookNode, wanted: Collection[str], before: int
) -> tuple[tuple[str, ...], int]:
    """What gives a fresh process these names and no data of the lesson: sources, in order.

    They are the student's cells that the names need, and of the lesson's own cells those statements,
    one by one, so that one that does not work there (its data is not to be had) takes no other with it.

    Args:
        before: the place of the check that asks.

    Returns:
        The sources, and the bytes of those that are the student's.
    """
    parts: list[tuple[str, bool]] = []
    for cell in rebuilt.cells[:before]:
        if cell.cell_type != "code" or is_check(cell):
            continue
        if cell.metadata.get("grading", {}).get("role") or is_answer(cell):
            parts.append((cell.source, True))
        else:
            parts += [(statement, False) for statement in statements(cell.source)]
    of = [names(source) for source, _ in parts]
    asking = Names(frozenset(), frozenset(wanted), frozenset())
    needed = _needed(set(range(len(parts))), {len(parts)}, [*of, asking])
    chosen = [parts[place] for place in sorted(needed)]
    size = sum(len(source.encode("utf-8", "replace")) for source, theirs in chosen if theirs)
    return tuple(source for source, _ in chosen), size


def _needed(candidates: set[int], users: set[int], of: Sequence[Names]) -> set[int]:
    """The candidates that the users need, directly or through each other."""
    # Functions look names up when they are called, so a later cell may serve an earlier one.
    last = max(users, default=-1)
    given = _given((i, of[i]) for i in candidates if i < last)
    return _served((of[i].uses for i in users), given, of)


def _given(cells: Iterable[tuple[int, Names]]) -> dict[str, list[int]]:
    """Which cells bind or change a name."""
    given: dict[str, list[int]] = {}
    for number, of in cells:
        for name in of.binds | of.changes:
            given.setdefault(name, []).append(number)
    return given


def _served(
    uses: Iterable[frozenset[str]],
    given: Mapping[str, list[int]],
    of: Sequence[Names] | Mapping[int, Names],
) -> set[int]:
    """The cells that these uses need, directly or through each other; each name is followed once."""
    waiting, known, needed = list(uses), set[str](), set[int]()
    while waiting:
        for name in waiting.pop() - known:
            known.add(name)
            for number in given.get(name, ()):
                if number not in needed:
                    needed.add(number)
                    waiting.append(of[number].uses)
    return needed


def _hidden_last(steps: list[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...], frozenset[int]]:
    """Hidden checks at the end; those that would then see other values, in a pass of their own."""
    of = {s.index: names(s.source) for s in steps}
    reach = _reaches(steps, of)
    where = _binders(steps, of, reach)
    hidden = {s.index for s in steps if s.hidden}
    apart = {
        s.index
        for s in steps
        if s.role == "check" and not s.hidden and _leans_on(of[s.index], where[s.index], hidden)
    }
    while True:
        first = [s for s in steps if not s.hidden and s.index not in apart]
        last = [s for s in steps if s.hidden and s.index not in apart]
        then = _binders(first + last, of, reach)
        changed = {s.index for s in last if where[s.index] != then[s.index]}
        if not changed:
            break
        apart |= changed
    if not apart:
        return (*first, *last), (), frozenset()
    end = max(apart)
    again = tuple(
        replace(s, hidden=s.hidden or s.index in apart)
        for s in steps
        if s.index <= end and (s.role != "check" or s.hidden or s.index in apart)
    )
    return (*first, *last), again, frozenset(apart)


def _leans_on(of: Names, where: Mapping[str, int | None], hidden: set[int]) -> bool:
    """Whether a check uses a name that a hidden check before it has given."""
    return any(where.get(name) in hidden for name in of.uses - of.binds)


def _reaches(steps: list[Step], of: Mapping[int, Names]) -> dict[int, set[str]]:
    """The names on which the outcome of each check depends, by way of what is called."""
    given = _given((s.index, of[s.index]) for s in steps if s.role != "check")
    reaches = {}
    for step in steps:
        if step.role == "check":
            used = of[step.index].uses
            reaches[step.index] = set(used).union(
                *(of[place].uses for place in _served([used], given, of))
            )
    return reaches


def _binders(
    steps: Iterable[Step], of: Mapping[int, Names], reach: Mapping[int, set[str]]
) -> dict[int, dict[str, int | None]]:
    """For each check, the cell that last gave each of the names that it reaches, or changed its value."""
    found: dict[int, dict[str, int | None]] = {}
    last: dict[str, int] = {}
    for step in steps:
        if step.role == "check":
            found[step.index] = {name: last.get(name) for name in reach[step.index]}
        bound = of[step.index].binds - of[step.index].imports
        # An import again, as people write on top of a cell, changes nothing; and a check calls
        # what it is given, which is no reason to think that it alters it.
        changed = frozenset() if step.role == "check" else of[step.index].changes
        last |= dict.fromkeys(bound | changed, step.index)
    return found
