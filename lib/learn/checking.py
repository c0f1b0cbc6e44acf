"""`check`, `yours`, `hint` and `solution`: what a learner calls around an exercise."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable

import numpy as np

from lib import checks
from lib.checks import values
from lib.checks.exercise import Raised, Shown, Verdict
from lib.learn import catalogue, stored_progress
from lib.learn.captured_output import captured
from lib.learn.environment import course_root, headless
from lib.learn.panel import Code, Grids, Panel

_passed: dict[str, object] = {}


class CheckFailed(AssertionError):
    """A check that did not pass where nobody watches; its traceback is its message.

    `verdict` holds the parts for a grader: exercise, status, message, mistake.
    """

    verdict: dict[str, str | None] | None = None

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


def check(name: str, function: Callable, *, hidden: int | None = None) -> None:
    """Check your function and say what is right or what went wrong.

    Args:
        name: the exercise.
        function: your function.
        hidden: a seed for further cases; the grader's cells use it, and it shows no values.

    Raises:
        CheckFailed: the check did not pass and the notebook runs headless (papermill, nbgrader).
        KeyError: there is no such exercise.
    """
    exercise = checks.find(name)
    # What the function writes to stderr must not cost points in nbgrader, nor flood the notebook.
    with captured() as said:
        verdict = exercise.verdict(checks.call(function, _raised), hidden)
    if verdict.passed:
        _passed[name] = function
    elif _passed.get(name) is not None:
        del _passed[name]
    if hidden is None:
        stored_progress.record_check(name, verdict.status)
    panel(verdict, said.getvalue()).display()
    if not verdict.passed and headless():
        failed = CheckFailed(f"{name}: {verdict.status}. {verdict.message}")
        parts = ("exercise", "status", "message", "mistake")
        failed.verdict = {part: getattr(verdict, part) for part in parts}
        raise failed


def yours(name: str, function: Callable, *, instead: Callable) -> Callable:
    """Your function once its check has passed in this kernel, until then the library's.

    So the rest of a lesson works with what you wrote, and never trips over what is not yet right.
    """
    if _passed.get(name) is function:
        return function
    print(f"{name}: using the library's version until yours passes its check.")
    return instead


def _raised(error: BaseException) -> Raised:
    """The learner's own line: the deepest frame that stands in a notebook cell."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_cell(frame.filename):
            line = linecache.getline(frame.filename, frame.lineno or 0).strip()
            return Raised(type(error).__name__, str(error), line, frame.lineno)
    # A function in another process tells its line itself.
    line, lineno = getattr(error, "student_line", ""), getattr(error, "student_lineno", None)
    return Raised(type(error).__name__, str(error), line, lineno)


def _is_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<cell"))


def panel(verdict: Verdict, said: str = "") -> Panel:
    """The panel of a verdict; `said` is what the learner's function printed."""
    name = verdict.exercise
    body: list = []
    if verdict.status == "not attempted":
        title = f"{name}: not attempted yet"
        body.append(
            f'Fill in the function above, run its cell, then run this one. Stuck? `hint("{name}")`'
        )
    elif verdict.passed:
        title = f"{name}: passed. {verdict.message}"
    elif verdict.status == "crashed":
        title = f"{name}: crashed"
        body.append(verdict.message)
        if verdict.outcome is not None:
            error = f"{verdict.outcome.kind}: {verdict.outcome.message}"
            where = f"Line {verdict.outcome.lineno} of your cell" if verdict.outcome.lineno else ""
            if verdict.outcome.line:
                body.append(Code(f"{verdict.outcome.line}\n{error}", where))
        if verdict.label:
            body.append(f"It happened on this case: {verdict.label}.")
    else:
        title = f"{name}: wrong"
        body.append(verdict.message)
        if verdict.label:
            body.append(f"The smallest case that goes wrong: {verdict.label}.")
        body.extend(_example(verdict))
    if not verdict.passed and verdict.status != "not attempted":
        body.append(f'For a hint: `hint("{name}")`')
    if said.strip():
        lines = said.strip().splitlines()
        more = f"\n... ({len(lines) - 10} more lines)" if len(lines) > 10 else ""
        body.append(
            Code("\n".join(line[:200] for line in lines[:10]) + more, "Your function printed")
        )
    facts = {
        "kind": "check",
        "exercise": name,
        "status": verdict.status,
        "mistake": verdict.mistake,
    }
    return Panel(verdict.status, title, body, facts)


def _example(verdict: Verdict) -> list:
    shown = verdict.shown
    if shown is None or values.size(shown.args) > 400:
        return []
    parts: list = [
        Code("\n".join(values.show(arg) for arg in shown.args), "Given"),
        Code(f"{values.show(shown.got)}\n({values.kind(shown.got)})", "You returned"),
        Code(f"{values.show(shown.expected)}\n({_kind_asked(shown)})", "Expected"),
    ]
    got, truth = values.as_array(shown.got), values.as_array(shown.expected)
    if got is None or truth is None or got.shape != truth.shape:
        return parts
    if got.ndim == 2 and got.size > 1 and max(got.shape) <= 12:
        with np.errstate(invalid="ignore"):
            gap = got.astype(float) - truth.astype(float)
        parts.append(Grids(["yours", "expected", "difference"], [got, truth, gap]))
    return parts


def _kind_asked(shown: Shown) -> str:
    """The expected value's kind; an oracle's array is a tensor to who works with tensors."""
    kind = values.kind(shown.expected)
    return kind.replace("array", "tensor", 1) if values.kind(shown.got)[:6] == "tensor" else kind


def hint(name: str) -> Panel:
    """The next of the exercise's three hints; after the third it starts again."""
    hints = catalogue.exercise(name)["hints"]
    number = stored_progress.next_hint(name, len(hints))
    entry = hints[number]
    return Panel(
        "info", f"Hint {number + 1} of {len(hints)} for {name}: {entry['symptom']}", [entry["hint"]]
    )


def solution(name: str) -> Panel:
    """The worked answer, where the course's `solutions/` are at hand."""
    entry = catalogue.exercise(name)
    root = course_root()
    notebook = root / "solutions" / f"{entry['slug']}.ipynb" if root else None
    if notebook is None or not notebook.is_file():
        return Panel(
            "info",
            f"{name}: the worked answer is not here",
            [
                "In a class the teacher keeps it. With the whole course, `course run --save` writes it."
            ],
        )
    import nbformat

    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            return Panel("info", f"{name}: one worked answer", [Code(cell.source)])
    return Panel(
        "info", f"{name}: the worked answer is not here", ["Run `course run --save` again."]
    )
