"""One submission through rebuild, student kernel and judge, to its report."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from lib.grading import plan as planning
from lib.grading.limits import Limits
from lib.grading.names import names
from lib.grading.plan import Plan, Step
from lib.grading.student import Lost, StudentKernel
from lib.grading.verdicts import CellVerdict, Remark, Report

CONTROL_BYTES = 1 << 20


@dataclass(frozen=True)
class Assignment:
    """A lesson as the grader has it: the teacher's notebook and the released one."""

    name: str
    source: NotebookNode
    release: NotebookNode

    @property
    def prefix(self) -> list[dict[str, str | None]]:
        """The leading cells that are run once for all submissions."""
        return planning.prefix(self.release)


@dataclass(frozen=True)
class Graded:
    """A report, and the rebuilt notebook with the outputs of what was run."""

    report: Report
    notebook: NotebookNode


class JudgeDied(RuntimeError):
    """The judge ended, which no submission should be able to bring about."""


class Judge:
    """The judge's process as the grader sees it."""

    def __init__(self, warm: Any, cwd: str, channel: socket.socket) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            self.child = warm.judge(cwd, channel, theirs)

    def run(self, step: Step, allowed: list[str], call_s: float, seconds: float) -> dict:
        """Run one trusted cell and return its outcome.

        Raises:
            JudgeDied: there was no answer.
        """
        from lib.grading.judge import messages

        deadline = time.monotonic() + seconds
        request = {
            "op": "run",
            "grade_id": step.grade_id,
            "source": step.source,
            "names": allowed,
            "call_s": call_s,
            "hidden": step.hidden,
        }
        try:
            messages.send(self.control, {"v": 1} | request, deadline)
            answer = messages.receive(self.control, deadline, CONTROL_BYTES)
        except (messages.MessageError, messages.Late, messages.Closed) as error:
            raise JudgeDied(f"the check gave no answer ({type(error).__name__})") from error
        return answer["ok"]

    def close(self) -> None:
        self.child.kill()
        self.control.close()


@dataclass
class _State:
    """What is known while a submission is run."""

    verdicts: dict[str, CellVerdict] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    blamed: dict[int, str] = field(default_factory=dict)
    lost_names: dict[str, str] = field(default_factory=dict)
    missing: bool = False


class Grader:
    """Grades submissions of one assignment, one at a time; use one per thread.

    Args:
        warm: a running `WarmParent` that was started with `assignment.prefix`.
        make_box: gives the sandbox of a kernel from its socket folder and its work folder; its
            result is None where there is none.
        hints: a hint for the student, by exercise.
    """

    def __init__(
        self,
        assignment: Assignment,
        warm: Any,
        *,
        limits: Limits | None = None,
        make_box: Callable[[str, str], Any] = lambda sockets, work: None,
        isolation: str = "none",
        hints: Callable[[str], str | None] = lambda exercise: None,
    ) -> None:
        self.assignment, self.warm = assignment, warm
        self.limits = limits or Limits()
        self.make_box, self.isolation, self.hints = make_box, isolation, hints

    def grade(self, student: str, path: Path) -> Graded:
        """Grade one submission: a notebook file or a student's folder. Never raises for its sake."""
        from lib.grading import rebuild

        started = time.monotonic()
        name = self.assignment.name
        try:
            read = rebuild.read_submission(path, self.assignment.release)
            notebook, remarks = read if isinstance(read, tuple) else (read, [])
            rebuilt = rebuild.rebuild(self.assignment.release, notebook)
        except rebuild.Ungradable as error:
            report = Report(
                student,
                name,
                path.name,
                "ungradable",
                self._nothing(error.reason),
                reason=error.reason,
                ask=error.ask,
                isolation=self.isolation,
            )
            return Graded(report, self.assignment.release)
        prefixed = len(self.assignment.prefix) if self.warm.prefix_ok else 0
        state = self._execute(rebuilt.notebook, prefixed, whole=False)
        if state.missing:  # a name that nobody could see to be needed
            state = self._execute(rebuilt.notebook, prefixed, whole=True)
        report = Report(
            student,
            name,
            path.name,
            "graded",
            tuple(self._verdict(cell, state) for cell in self._graded(rebuilt.notebook)),
            (*remarks, *rebuilt.remarks, *state.remarks),
            isolation=self.isolation,
            seconds=time.monotonic() - started,
        )
        return Graded(report, rebuilt.notebook)

    def _graded(self, notebook: NotebookNode) -> list[NotebookNode]:
        return [c for c in notebook.cells if planning.is_check(c) or planning.is_manual(c)]

    def _nothing(self, reason: str) -> tuple[CellVerdict, ...]:
        return tuple(
            CellVerdict(
                planning.grading(cell)["grade_id"],
                "not run",
                0.0,
                float(planning.grading(cell).get("points") or 0.0),
                reason,
            )
            for cell in self._graded(self.assignment.release)
        )

    def _verdict(self, cell: NotebookNode, state: _State) -> CellVerdict:
        meta = planning.grading(cell)
        grade_id, points = meta["grade_id"], float(meta.get("points") or 0.0)
        if planning.is_manual(cell):
            return CellVerdict(grade_id, "manual", None, points)
        verdict = state.verdicts.get(grade_id)
        return verdict or CellVerdict(grade_id, "not run", 0.0, points, "This check did not run.")

    def _execute(self, notebook: NotebookNode, prefixed: int, whole: bool) -> _State:
        todo = planning.plan(notebook, self.assignment.source, prefixed=prefixed, whole=whole)
        state, position = _State(), 0
        end = time.monotonic() + self.limits.notebook_s
        while position < len(todo.steps):
            position = self._session(notebook, todo, position, state, end)
        return state

    def _session(
        self, notebook: NotebookNode, todo: Plan, position: int, state: _State, end: float
    ) -> int:
        """Run on from `position` in fresh processes until the end or until one is lost."""
        agents, judges = socket.socketpair()
        kernel = StudentKernel(self.warm, self.make_box, self.limits, agents)
        judge = None
        with contextlib.ExitStack() as stack:
            stack.callback(agents.close)
            stack.callback(judges.close)
            stack.enter_context(kernel)
            agents.close()  # so that the judge sees it when the student's process ends
            judge = Judge(self.warm, kernel.folder, judges)
            stack.callback(judge.close)
            for step in todo.steps[:position]:
                if not self._again(step, kernel, judge, todo, state, end):
                    return position
            while position < len(todo.steps):
                step = todo.steps[position]
                position += 1
                if time.monotonic() > end:
                    reason = f"the notebook ran longer than {self.limits.notebook_s:.0f} s"
                    if step.role == "check":
                        self._give(step, state, "not run", 0.0, f"Not run: {reason}.")
                    continue
                if step.role == "check":
                    if not self._check(step, judge, todo, state):
                        return position
                    continue
                if not self._ours(step, judge, todo):
                    return position
                if step.student and not self._student(step, kernel, notebook, todo, state, end):
                    return position
        return position

    def _again(
        self, step: Step, kernel: StudentKernel, judge: Judge, todo: Plan, state: _State, end: float
    ) -> bool:
        """Repeat a step that had been run in processes that are lost."""
        if step.role == "check" or step.index in state.blamed:
            return True
        self._ours(step, judge, todo)
        if not step.student:
            return True
        try:
            kernel.run(step.source, self._seconds(end))
        except Lost as error:
            state.blamed[step.index] = str(error)
            return False
        return True

    def _seconds(self, end: float) -> float:
        return max(0.1, min(self.limits.cell_s, end - time.monotonic()))

    def _student(
        self,
        step: Step,
        kernel: StudentKernel,
        notebook: NotebookNode,
        todo: Plan,
        state: _State,
        end: float,
    ) -> bool:
        """Run a cell that may hold the student's code; False if their process is lost by it."""
        try:
            ran = kernel.run(step.source, self._seconds(end))
        except Lost as error:
            state.remarks.append(Remark("lost", _sentence(str(error)), step.grade_id))
            if state.blamed and step.role == "answer":
                # Twice is no accident: an own cell may have spoilt the process for all after it.
                state.blamed |= {s.index: str(error) for s in todo.steps if s.role == "extra"}
            state.blamed[step.index] = str(error)
            return False
        notebook.cells[step.index].outputs = ran.outputs
        if ran.error:
            state.remarks.append(Remark("error", _sentence(ran.error), step.grade_id))
            state.missing |= _skipped_name(ran.error, todo.skipped)
        return True

    def _ours(self, step: Step, judge: Judge, todo: Plan) -> bool:
        """Run a cell of ours in the judge, if a check needs it there."""
        if not step.judge:
            return True
        with contextlib.suppress(JudgeDied):
            outcome = judge.run(
                step, sorted(todo.student_names), self.limits.call_s, self.limits.cell_s
            )
            return outcome.get("lost") is None
        return False

    def _check(self, step: Step, judge: Judge, todo: Plan, state: _State) -> bool:
        """Run one check; False if the student's process is lost by it."""
        taken = names(step.source).uses & todo.student_names
        gone = [state.lost_names[name] for name in sorted(taken) if name in state.lost_names]
        if gone:
            self._give(step, state, "not run", 0.0, gone[0])
            return True
        budget = self.limits.cell_s + 2 * self.limits.call_s
        try:
            outcome = judge.run(step, sorted(todo.student_names), self.limits.call_s, budget)
        except JudgeDied as error:
            self._give(step, state, "not run", 0.0, _sentence(str(error)))
            return False
        verdict = outcome.get("verdict") or {}
        lost = outcome.get("lost")
        if lost:
            text = _sentence(lost)
            self._give(step, state, "crashed", 0.0, text, verdict)
            state.lost_names |= dict.fromkeys(taken, text)
            return False
        if outcome.get("outcome") == "passed":
            result = outcome.get("result")
            points = step.points if result is None else min(max(float(result), 0.0), step.points)
            message = str(verdict.get("message") or "")
            self._give(step, state, "passed", points, message, verdict)
            return True
        message = str(verdict.get("message") or outcome.get("message") or "The check did not pass.")
        state.missing |= _skipped_name(message, todo.skipped)
        self._give(step, state, verdict.get("status") or "failed", 0.0, message, verdict)
        return True

    def _give(
        self,
        step: Step,
        state: _State,
        status: str,
        points: float,
        message: str,
        verdict: dict | None = None,
    ) -> None:
        verdict = verdict or {}
        exercise = verdict.get("exercise")
        hint = self.hints(exercise) if exercise and status != "passed" else None
        state.verdicts[step.grade_id] = CellVerdict(
            step.grade_id,
            status,
            points,
            step.points,
            message,
            verdict.get("mistake"),
            exercise,
            step.hidden,
            hint,
        )


def _skipped_name(text: str, skipped: frozenset[str]) -> bool:
    """Whether an error is of a name that one of our cells would have given, had it been run."""
    found = re.search(r"name '(\w+)' is not defined", text)
    return bool(found) and found[1] in skipped


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
