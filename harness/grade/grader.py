"""One submission through rebuilding, student kernel and judge, to its report."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from nbformat import NotebookNode, from_dict

from harness.grade import cells as grading
from harness.grade import files, fresh, plan
from harness.grade.assignment import Assignment
from harness.grade.library_answers import UNNAMED, Policy, allowed, denied, in_text, remark
from harness.grade.matching import rebuild
from harness.grade.plan import Plan, Step
from harness.grade.python_names import names
from harness.grade.reading import Ungradable, read_submission
from harness.grade.verdicts import CellVerdict, GradedSubmission, Remark, Report, Status
from harness.judge.messages import Closed
from harness.kernels.interface import KernelParent
from harness.kernels.judge import JudgeClient, JudgeDied
from harness.kernels.student import Lost, StudentKernel
from harness.limits import Limits
from harness.sandbox import Box

_OF_A_CHECK = ("wrong", "crashed", "not attempted")


@dataclass
class _State:
    """What is known while a submission is run."""

    verdicts: dict[str, CellVerdict] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    blamed: dict[int, str] = field(default_factory=dict)
    lost_names: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)  # names that are not the learner's work
    missing: bool = False
    own_s: float = 0.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block as the notebook's own."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.own_s += time.monotonic() - began


@dataclass
class _Pass:
    """One pass over a submission: what is run of it, until when, and what is kept.

    Cells begin before `end`. Those that are run once more, in the place of processes that are lost,
    begin before `last`, whatever they took the first time. Of one for `verdicts_only`
    nothing but the verdicts on the cells in `keep` is. `doubted` is the cell at which the processes
    ended once: it need not have been that cell's doing.
    """

    notebook: NotebookNode
    todo: Plan
    steps: tuple[Step, ...]
    state: _State
    end: float
    last: float
    files: Path | None
    verdicts_only: bool = False
    keep: frozenset[int] = frozenset()
    hidden: bool = False
    kernel: StudentKernel | None = None
    doubted: int | None = None


# What is to be done after a step: the next one, fresh processes and the next one, or the same one.
_After = Literal["next", "lost", "again"]
# So long after each cell it is awaited whether it ends the process, where something does.
SETTLE_S = 0.5
ENDING_S = 0.5


class Grader:
    """Grades submissions of one assignment, one at a time; use one per thread.

    Args:
        parent: what starts kernels and judges, running; a warm one was started with
            `assignment.prefix`.
        make_box: gives the sandbox of a kernel from its socket folder and its work folder; its
            result is None where there is none.
        bare: gives the parent of kernels that start without anything of the lesson; by default the
            same parent.
        hints: a hint for the student, by exercise.
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
        hints: Callable[[str], str | None] = lambda exercise: None,
        library_answers: Policy = "deny",
    ) -> None:
        self.assignment, self.parent = assignment, parent
        self.limits = limits or Limits()
        self.make_box, self.isolation, self.hints = make_box, isolation, hints
        self.bare = bare or (lambda: parent)
        self.library_answers = library_answers
        self.asked = plan.asked_for(assignment.source, assignment.release)

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
            report = Report(
                student,
                name,
                path.name,
                "ungradable",
                self._nothing(error.reason, only),
                reason=error.reason,
                ask=error.ask,
                isolation=self.isolation,
            )
            return GradedSubmission(report, None)
        with files.submitted_beside(path, self.limits) as (folder, noticed):
            end = time.monotonic() + self.limits.notebook_s
            state = self._execute(rebuilt.notebook, folder, False, only, end)
            if state.missing:  # a name that nobody could see to be needed
                state = self._execute(rebuilt.notebook, folder, True, only, end)
        report = Report(
            student,
            name,
            path.name,
            "graded",
            tuple(self._verdict(cell, state) for cell in self._graded(rebuilt.notebook, only)),
            (*remarks, *rebuilt.remarks, *noticed, *state.remarks),
            isolation=self.isolation,
            seconds=time.monotonic() - started,
            own_s=state.own_s,
        )
        return GradedSubmission(report, rebuilt.notebook)

    @staticmethod
    def _graded(notebook: NotebookNode, only: frozenset[str] | None) -> list[NotebookNode]:
        graded = [c for c in notebook.cells if grading.is_check(c) or grading.is_manual(c)]
        return [c for c in graded if only is None or grading.grade_id(c) in only]

    def _nothing(self, reason: str, only: frozenset[str] | None) -> tuple[CellVerdict, ...]:
        return tuple(
            CellVerdict(grading.grade_id(cell) or "", "not run", 0.0, grading.points(cell), reason)
            for cell in self._graded(self.assignment.release, only)
        )

    def _verdict(self, cell: NotebookNode, state: _State) -> CellVerdict:
        grade_id, points = grading.grade_id(cell) or "", grading.points(cell)
        if grading.is_manual(cell):
            return CellVerdict(grade_id, "manual", None, points)
        verdict = state.verdicts.get(grade_id)
        return verdict or CellVerdict(grade_id, "not run", 0.0, points, "This check did not run.")

    def _execute(
        self,
        notebook: NotebookNode,
        folder: Path | None,
        whole: bool,
        only: frozenset[str] | None,
        end: float,
    ) -> _State:
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
        state = _State(borrowed=in_text(notebook, self.asked))
        for steps, apart in ((todo.steps, frozenset()), (todo.again, todo.apart)):
            end = max(end, time.monotonic() + self._spare)
            last = end + self._spare
            run = _Pass(notebook, todo, steps, state, end, last, folder, bool(apart), apart)
            position = 0
            while position < len(steps):
                position = self._session(run, position)
        return state

    @property
    def _spare(self) -> float:
        return self.limits.notebook_s / 4

    def _session(self, run: _Pass, position: int) -> int:
        """Run on from `position` in fresh processes until the end or until one is lost."""
        agents, judges = socket.socketpair()
        kernel = StudentKernel(self.parent, self.make_box, self.limits, agents, run.files)
        judge: JudgeClient | None = None
        with contextlib.ExitStack() as stack:
            stack.callback(agents.close)
            stack.callback(judges.close)
            stack.enter_context(kernel)
            agents.close()  # so that the judge sees it when the student's process ends
            judge = JudgeClient(self.parent, kernel.folder, judges, self.limits.judge_bytes)
            stack.callback(judge.close)
            for step in run.steps[:position]:
                if not self._again(step, kernel, judge, run):
                    return position
            run.kernel = kernel
            while position < len(run.steps):
                step = run.steps[position]
                position += 1
                if step.hidden and not run.hidden:
                    # What the student's own cells have used up is not taken from these.
                    run.hidden = True
                    run.end = max(run.end, time.monotonic() + self._spare)
                    run.last = run.end + self._spare
                if time.monotonic() > run.end:
                    reason = f"the notebook ran longer than {self.limits.notebook_s:.0f} s"
                    if step.role == "check":
                        self._give(step, run, "not run", 0.0, f"Not run: {reason}.")
                    continue
                if run.verdicts_only and step.index in run.state.blamed:
                    continue
                after: _After = "next"
                if step.role == "check":
                    after = self._check(step, judge, run)
                elif not self._ours(step, judge):
                    after = "lost"
                elif step.student:
                    after = self._student(step, kernel, run)
                if after != "next":
                    return position - (after == "again")
        return position

    def _again(self, step: Step, kernel: StudentKernel, judge: JudgeClient, run: _Pass) -> bool:
        """Repeat a step that had been run in processes that are lost."""
        if step.role == "check" or step.index in run.state.blamed or time.monotonic() > run.last:
            return True
        self._ours(step, judge)
        if not step.student:
            return True
        try:
            kernel.run(step.source, self._seconds(run.last))
            if run.doubted is not None and time.monotonic() < run.end:
                kernel.settle(SETTLE_S)
        except Lost as error:
            self._blame(step, str(error), run)
            return False
        return True

    @staticmethod
    def _doubt(step: Step, run: _Pass) -> bool:
        """Whether to run a step again, with a look at each before it: once, if it ended its process."""
        first = run.doubted != step.index
        run.doubted = step.index if first else None
        return first

    @staticmethod
    def _blame(step: Step, reason: str, run: _Pass) -> None:
        run.state.blamed[step.index] = reason
        if not run.verdicts_only:
            run.state.remarks.append(Remark("lost", _sentence(reason), step.grade_id))

    def _seconds(self, end: float) -> float:
        return max(0.1, min(self.limits.cell_s, end - time.monotonic()))

    def _student(self, step: Step, kernel: StudentKernel, run: _Pass) -> _After:
        """Run a cell that may hold the student's code."""
        state = run.state
        try:
            with state.running():
                ran = kernel.run(step.source, self._seconds(run.end))
        except Lost as error:
            if error.ended and self._doubt(step, run):
                return "again"
            if state.blamed and step.role == "answer":
                # Twice is no accident: an own cell may have spoilt the process for all after it.
                state.blamed |= {s.index: str(error) for s in run.steps if s.role == "extra"}
            self._blame(step, str(error), run)
            return "lost"
        run.doubted = None
        if run.verdicts_only:
            return "next"
        run.notebook.cells[step.index].outputs = ran.outputs
        if ran.error:
            state.remarks.append(Remark("error", _sentence(ran.error), step.grade_id))
            state.missing |= _skipped_name(ran.error, run.todo.skipped)
        return "next"

    def _ours(self, step: Step, judge: JudgeClient) -> bool:
        """Run a cell of ours in the judge, if a check needs it there."""
        if not step.judge:
            return True
        with contextlib.suppress(JudgeDied):
            outcome = self._run_in(judge, step, self.limits.cell_s)
            return outcome.get("lost") is None
        return False

    def _run_in(
        self,
        judge: JudgeClient,
        step: Step,
        seconds: float,
        start: fresh.Start | None = None,
    ) -> dict:
        return judge.run(
            step.source,
            sorted(step.takes),
            grade_id=step.grade_id,
            hidden=step.hidden,
            call_s=self.limits.call_s,
            seconds=seconds,
            over=sorted(step.over),
            fresh=start,
        )

    def _fresh(self, step: Step, run: _Pass) -> contextlib.AbstractContextManager[fresh.Start]:
        def kernel(
            folder: Path | None, without: Sequence[str], channel: socket.socket
        ) -> StudentKernel:
            return StudentKernel(
                self.bare(),
                lambda sockets, work: _without(self.make_box(sockets, work), without),
                self.limits,
                channel,
                folder,
                cached=folder is not None,
            )

        seconds = max(self.limits.cell_s, run.end - time.monotonic())
        return fresh.processes(
            run.notebook, step.index, run.kernel, kernel, self.limits.cell_s, seconds
        )

    def _check(self, step: Step, judge: JudgeClient, run: _Pass) -> _After:
        """Run one check."""
        todo, state = run.todo, run.state
        taken = names(step.source).uses & step.takes
        gone = [state.lost_names[name] for name in sorted(taken) if name in state.lost_names]
        if gone:
            self._give(step, run, "not run", 0.0, gone[0])
            return "next"
        budget = self.limits.cell_s + 2 * self.limits.call_s
        budget = min(budget, max(run.end - time.monotonic(), 2 * self.limits.call_s))
        try:
            with state.running(), self._fresh(step, run) as start:
                outcome = self._run_in(judge, step, budget, start)
        except JudgeDied as error:
            if isinstance(error.__cause__, Closed) and self._doubt(step, run):
                return "again"
            self._give(step, run, "not run", 0.0, _sentence(str(error)))
            return "lost"
        verdict = outcome.get("verdict") or {}
        lost = outcome.get("lost")
        borrowed = self._borrowed(step, outcome.get("library") or {}, run)
        if lost:
            ended = run.kernel is not None and run.kernel.ended(ENDING_S)
            if ended and self._doubt(step, run):
                return "again"
            text = _sentence(lost)
            self._give(step, run, "crashed", 0.0, text, verdict)
            state.lost_names |= dict.fromkeys(taken, text)
            return "lost"
        run.doubted = None
        if borrowed is not None and self.library_answers == "deny":
            self._give(step, run, "wrong", 0.0, denied(borrowed), verdict | {"mistake": None})
            return "next"
        if outcome.get("outcome") == "passed":
            result = outcome.get("result")
            points = step.points if result is None else min(max(float(result), 0.0), step.points)
            message = str(verdict.get("message") or "")
            status = "passed"
            if result is not None and points <= 0 < step.points:  # without an error, and no pass
                said = verdict.get("status")
                status = said if said and said != "passed" else "failed"
                message = message or "The check gave no points."
            if borrowed is not None:
                message = f"{message} {allowed(borrowed)}".strip()
            self._give(step, run, status, points, message, verdict)
            return "next"
        verdict = _as_seen(step, verdict, run.state)
        message = str(verdict.get("message") or outcome.get("message") or "The check did not pass.")
        state.missing |= _skipped_name(message, todo.skipped)
        self._give(step, run, verdict.get("status") or "failed", 0.0, message, verdict)
        # A judge whose memory was full is not to be another check's.
        return "lost" if outcome.get("kind") == "MemoryError" else "next"

    def _borrowed(self, step: Step, told: dict[str, str], run: _Pass) -> str | None:
        """Whose work the answer is that a check was about, if not the learner's; it is remarked once."""
        known = run.state.borrowed
        for name, what in told.items():
            # In a hidden check it is not told which: a student's process could choose that.
            known.setdefault(name, UNNAMED if step.hidden else what)
        found = [name for name in sorted(step.takes & known.keys()) if name in _words(step.source)]
        for name in found:
            text = remark(name, known[name], self.library_answers)
            if not any(one.text == text for one in run.state.remarks):
                run.state.remarks.append(Remark("library", text, step.grade_id))
        return known[found[0]] if found else None

    def _give(
        self,
        step: Step,
        run: _Pass,
        status: str,
        points: float,
        message: str,
        verdict: dict | None = None,
    ) -> None:
        if run.verdicts_only and step.index not in run.keep:
            return
        verdict = verdict or {}
        exercise = verdict.get("exercise")
        hint = self.hints(exercise) if exercise and status != "passed" else None
        name = step.grade_id or ""
        run.state.verdicts[name] = CellVerdict(
            name,
            cast(Status, status),  # the judge has bounded it, and a check may name its own
            points,
            step.points,
            message,
            verdict.get("mistake"),
            exercise,
            step.hidden,
            hint,
        )


def _without(box: Box | None, folders: Sequence[str]) -> Box | None:
    return None if box is None else dataclasses.replace(box, without=(*box.without, *folders))


def _show_prefix(notebook: NotebookNode, outputs: Sequence[list[dict]]) -> None:
    """Put what the leading cells showed, run once for all, into this notebook."""
    leading = [c for c in notebook.cells if c.cell_type == "code" and not c.metadata.get("grading")]
    for cell, shown in zip(leading, outputs, strict=False):
        cell.outputs = [from_dict(output) for output in shown]


def _skipped_name(text: str, skipped: frozenset[str]) -> bool:
    """Whether an error is of a name that one of our cells would have given, had it been run."""
    found = re.search(r"name '(\w+)' is not defined", text)
    return found is not None and found[1] in skipped


def _as_seen(step: Step, verdict: dict, state: _State) -> dict:
    """The verdict of a hidden check, which says of itself only that it did not pass, in the words of the
    visible one if that did not pass either: what it says was found without any hidden input."""
    exercise = verdict.get("exercise")
    for seen in state.verdicts.values() if step.hidden and exercise else ():
        if seen.exercise == exercise and not seen.hidden and seen.status in _OF_A_CHECK:
            return verdict | {
                "status": seen.status,
                "message": seen.message,
                "mistake": seen.mistake,
            }
    return verdict


def _words(source: str) -> set[str]:
    return set(re.findall(r"\w+", source))


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
