"""One submission through rebuilding, student kernel and judge, to its report."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode, from_dict

from harness.grade import cells as grading
from harness.grade import files, plan
from harness.grade.assignment import Assignment
from harness.grade.library_answers import Policy, in_text
from harness.grade.matching import rebuild
from harness.grade.parts import parts
from harness.grade.passes import Pass, State
from harness.grade.reading import Ungradable, read_submission
from harness.grade.running import Runner
from harness.grade.syntax import first_fault
from harness.grade.verdicts import CellVerdict, GradedSubmission, Report
from harness.kernels.interface import KernelParent
from harness.limits import Limits
from harness.sandbox import Box

_NOT_JUDGED = ("failed", "not run")  # of a check that found no function of the student's to look at
NOTHING_WRITTEN = "Nothing is written here."


class Grader:
    """Grades submissions of one assignment, one at a time; use one per thread.

    Args:
        parent: what starts kernels and judges, running; a warm one was started with
            `assignment.prefix`.
        make_box: gives the sandbox of a kernel from its socket folder and its work folder; its
            result is None where there is none.
        bare: gives the parent of kernels that start without anything of the lesson; by default the
            same parent.
        hints: a hint for the student, by exercise and recognised mistake.
        library_answers: whether an answer that is a function of the course's library earns points.
    """

    def __init__(
        self,
        assignment: Assignment,
        parent: KernelParent,
        *,
        limits: Limits | None = None,
        make_box: Callable[[str, str], Box | None] = lambda sockets, work: None,
        isolation: str = "none",
        bare: Callable[[], KernelParent] | None = None,
        hints: Callable[[str, str | None], str | None] = lambda exercise, mistake: None,
        library_answers: Policy = "deny",
    ) -> None:
        self.assignment, self.parent, self.isolation = assignment, parent, isolation
        self.limits = limits or Limits()
        self.runner = Runner(
            parent, bare or (lambda: parent), self.limits, make_box, hints, library_answers
        )
        self.asked = plan.asked_for(assignment.source, assignment.release)
        self._part = {name: one for one in parts(assignment.release) for name in one.graded}
        self._released = _texts(assignment.release)

    def grade(
        self, student: str, path: Path, only: frozenset[str] | None = None
    ) -> GradedSubmission:
        """Grade one submission: a notebook file or a student's folder. Never raises for its sake.

        Args:
            only: checks by `grade_id`; the report then has verdicts on these alone, and no more is
                run than they need.
        """
        started = time.monotonic()
        name = self.assignment.name
        try:
            notebook, remarks = read_submission(path, self.assignment.release, name)
            rebuilt = rebuild(self.assignment.release, notebook, self.assignment.source)
        except Ungradable as error:
            return _ungradable(self.assignment, student, path, only, self.isolation, error)
        with files.submitted_beside(path, self.limits) as (folder, noticed):
            end = time.monotonic() + self.limits.notebook_s
            state = self._execute(rebuilt.notebook, folder, False, only, end)
            if state.missing:  # a name that nobody could see to be needed
                state = self._execute(rebuilt.notebook, folder, True, only, end)
        texts = _texts(rebuilt.notebook)
        report = Report(
            student,
            name,
            path.name,
            "graded",
            tuple(self._verdict(cell, state, texts) for cell in _graded(rebuilt.notebook, only)),
            (*remarks, *rebuilt.remarks, *noticed, *state.remarks),
            isolation=self.isolation,
            seconds=time.monotonic() - started,
            own_s=state.own_s,
            check_s=state.check_s,
        )
        return GradedSubmission(report, rebuilt.notebook)

    def _verdict(self, cell: NotebookNode, state: State, texts: Mapping[str, str]) -> CellVerdict:
        """The verdict on a graded cell; `texts` are those of the rebuilt notebook, by grade_id."""
        grade_id, points = grading.grade_id(cell) or "", grading.points(cell)
        if grading.is_manual(cell):
            if grading.is_answer(cell) and _empty(cell, self._released[grade_id]):
                return CellVerdict(grade_id, "empty", 0.0, points, NOTHING_WRITTEN)
            return CellVerdict(grade_id, "manual", None, points)
        found = state.verdicts.get(grade_id) or CellVerdict(
            grade_id, "not run", 0.0, points, "This check did not run."
        )
        part = self._part.get(grade_id)
        if part is None or not part.answers:
            return found
        found = dataclasses.replace(found, exercise=found.exercise or part.name)
        if found.status not in _NOT_JUDGED:
            return found
        fault = first_fault(part.answers, texts)
        if fault is None:
            return found
        said = fault[1].sentence(fault[0])
        return dataclasses.replace(found, status="syntax error", message=said)

    def _execute(
        self,
        notebook: NotebookNode,
        folder: Path | None,
        whole: bool,
        only: frozenset[str] | None,
        end: float,
    ) -> State:
        """Run a notebook's cells and checks; `end` is of all its passes together.

        Each later pass, the repeated cells of a pass, and its hidden checks have a quarter of a
        notebook's time at least, so that right answers are not lost to what other cells have used up.
        """
        prefixed = len(self.assignment.prefix) if self.parent.prefix_ok else 0
        todo = plan.plan(
            notebook,
            self.assignment.source,
            prefixed=prefixed,
            whole=whole,
            only=self.assignment.together(only),
            release=self.assignment.release,
        )
        _show_prefix(notebook, self.parent.prefix_outputs[:prefixed])
        state = State(borrowed=in_text(notebook, self.asked))
        for steps, apart in ((todo.steps, frozenset()), (todo.again, todo.apart)):
            end = max(end, time.monotonic() + self.runner.spare_s)
            last = end + self.runner.spare_s
            one = Pass(notebook, todo, steps, state, end, last, folder, bool(apart), apart)
            self.runner.run(one)
        return state


def unreadable(
    assignment: Assignment,
    student: str,
    path: Path,
    only: frozenset[str] | None = None,
    isolation: str = "none",
) -> GradedSubmission | None:
    """What a grader says of a submission from which no notebook can be read; None if one can be.

    Nothing of it is run.
    """
    try:
        notebook, _ = read_submission(path, assignment.release, assignment.name)
        rebuild(assignment.release, notebook, assignment.source)
    except Ungradable as error:
        return _ungradable(assignment, student, path, only, isolation, error)
    return None


def _ungradable(
    assignment: Assignment,
    student: str,
    path: Path,
    only: frozenset[str] | None,
    isolation: str,
    error: Ungradable,
) -> GradedSubmission:
    cells = tuple(
        CellVerdict(
            grading.grade_id(cell) or "", "not run", 0.0, grading.points(cell), error.reason
        )
        for cell in _graded(assignment.release, only)
    )
    report = Report(
        student,
        assignment.name,
        path.name,
        "ungradable",
        cells,
        reason=error.reason,
        ask=error.ask,
        isolation=isolation,
    )
    return GradedSubmission(report, None)


def _texts(notebook: NotebookNode) -> dict[str, str]:
    """The text of the cells that have a grade_id."""
    named = ((grading.grade_id(cell), cell.source) for cell in notebook.cells)
    return {name: source for name, source in named if name is not None}


def _empty(cell: NotebookNode, released: str) -> bool:
    """Whether a written answer holds nothing but what was released."""
    return cell.source.strip() in ("", released.strip())


def _graded(notebook: NotebookNode, only: frozenset[str] | None) -> list[NotebookNode]:
    graded = [c for c in notebook.cells if grading.is_check(c) or grading.is_manual(c)]
    return [c for c in graded if only is None or grading.grade_id(c) in only]


def _show_prefix(notebook: NotebookNode, outputs: Sequence[list[dict]]) -> None:
    """Put what the leading cells showed, run once for all, into this notebook."""
    leading = [c for c in notebook.cells if c.cell_type == "code" and not c.metadata.get("grading")]
    for cell, shown in zip(leading, outputs, strict=False):
        cell.outputs = [from_dict(output) for output in shown]
