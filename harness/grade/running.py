"""Running one pass over a submission: its cells in the student's kernel, its checks in the judge.

Either may be lost at any cell. What was run before it is then run again in fresh processes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from harness.grade import fresh
from harness.grade.library_answers import UNNAMED, Policy, allowed, denied, remark
from harness.grade.passes import Pass, State
from harness.grade.plan import Step
from harness.grade.python_names import names
from harness.grade.verdicts import CellVerdict, Remark, Status
from harness.judge.messages import Closed
from harness.kernels.interface import KernelParent
from harness.kernels.judge import JudgeClient, JudgeDied
from harness.kernels.student import Lost, StudentKernel
from harness.limits import Limits
from harness.sandbox import Box

_OF_A_CHECK = ("wrong", "crashed", "not attempted")
# What is to be done after a step: the next one, fresh processes and the next one, or the same one.
_After = Literal["next", "lost", "again"]
# So long it is awaited whether what was run ends the process a little later, where something does.
SETTLE_S = 0.5
ENDING_S = 0.5


@dataclass(frozen=True)
class Runner:
    """Runs passes over submissions of one lesson, one at a time.

    Args:
        parent: what starts kernels and judges; `bare` gives the parent of kernels that start without
            anything of the lesson.
        make_box: gives the sandbox of a kernel from its socket folder and its work folder.
        hints: a hint for the student, by exercise and recognised mistake.
        library_answers: whether an answer that is a function of the course's library earns points.
    """

    parent: KernelParent
    bare: Callable[[], KernelParent]
    limits: Limits
    make_box: Callable[[str, str], Box | None]
    hints: Callable[[str, str | None], str | None]
    library_answers: Policy

    @property
    def spare_s(self) -> float:
        """Seconds that what comes later has at least, whatever was used up before it."""
        return self.limits.notebook_s / 4

    def run(self, one: Pass) -> None:
        """Run all steps of a pass, in as many sessions as it takes."""
        position = 0
        while position < len(one.steps):
            position = self._session(one, position)

    def _session(self, run: Pass, position: int) -> int:
        """Run on from `position` in fresh processes until the end or until one is lost."""
        agents, judges = socket.socketpair()
        kernel = StudentKernel(self.parent, self.make_box, self.limits, agents, run.files)
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
            if not self._calm(kernel, run):
                return position
            run.kernel = kernel
            while position < len(run.steps):
                step = run.steps[position]
                position += 1
                if step.hidden and not run.hidden:
                    # What the student's own cells have used up is not taken from these.
                    run.hidden = True
                    run.end = max(run.end, time.monotonic() + self.spare_s)
                    run.last = run.end + self.spare_s
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

    def _again(self, step: Step, kernel: StudentKernel, judge: JudgeClient, run: Pass) -> bool:
        """Repeat a step that had been run in processes that are lost."""
        if step.role == "check" or step.index in run.state.blamed or time.monotonic() > run.last:
            return True
        self._ours(step, judge)
        if not step.student:
            return True
        try:
            kernel.run(step.source, self._seconds(run.last))
            if run.suspecting and run.doubted is not None and time.monotonic() < run.end:
                kernel.settle(SETTLE_S)
        except Lost as error:
            if error.ended and not run.suspecting and time.monotonic() < run.end:
                # It may have been one before it, a moment ago: the next session looks after each.
                run.suspecting = True
                if run.doubted is None:
                    run.doubted = step.index
            else:
                self._blame(step, str(error), run)
            return False
        return True

    @staticmethod
    def _calm(kernel: StudentKernel, run: Pass) -> bool:
        """Whether the cells before one that is doubted leave the processes alone.

        If not, the next session looks after each of them, to see which it was.
        """
        if run.doubted is None or run.suspecting or time.monotonic() >= run.end:
            return True
        try:
            kernel.settle(SETTLE_S)
        except Lost:
            run.suspecting = True
        return not run.suspecting

    @staticmethod
    def _doubt(step: Step, run: Pass) -> bool:
        """Whether to run a step again, with a look at those before it: once, if it ended its process."""
        first = run.doubted != step.index
        run.doubted, run.suspecting = step.index if first else None, False
        return first

    @staticmethod
    def _blame(step: Step, reason: str, run: Pass) -> None:
        run.state.blamed[step.index] = reason
        if not run.verdicts_only:
            run.state.remarks.append(Remark("lost", _sentence(reason), step.grade_id))

    def _seconds(self, end: float) -> float:
        return max(0.1, min(self.limits.cell_s, end - time.monotonic()))

    def _student(self, step: Step, kernel: StudentKernel, run: Pass) -> _After:
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

    def _fresh(self, step: Step, run: Pass) -> contextlib.AbstractContextManager[fresh.Start]:
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

    def _check(self, step: Step, judge: JudgeClient, run: Pass) -> _After:
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
            with state.running(step.grade_id), self._fresh(step, run) as start:
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
            text = " ".join(filter(None, [_sentence(lost), outcome.get("case")]))
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
        return "lost" if outcome.get("full") else "next"

    def _borrowed(self, step: Step, told: dict[str, str], run: Pass) -> str | None:
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
        run: Pass,
        status: str,
        points: float,
        message: str,
        verdict: dict | None = None,
    ) -> None:
        if run.verdicts_only and step.index not in run.keep:
            return
        verdict = verdict or {}
        exercise = verdict.get("exercise")
        hint = None
        if exercise and status != "passed":
            hint = self.hints(exercise, verdict.get("mistake"))
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


def _skipped_name(text: str, skipped: frozenset[str]) -> bool:
    """Whether an error is of a name that one of our cells would have given, had it been run."""
    found = re.search(r"name '(\w+)' is not defined", text)
    return found is not None and found[1] in skipped


def _as_seen(step: Step, verdict: dict, state: State) -> dict:
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
