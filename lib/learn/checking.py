"""`check`, `yours`, `hint` and `solution`: what a learner calls around an exercise."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from lib import checks, progress_bar
from lib.checks import values
from lib.checks._limits import TookTooLong
from lib.checks.calling import Limits, Raised
from lib.checks.verdict import MOST_SHOWN, Shown, Verdict
from lib.learn import catalogue, stored_progress
from lib.learn._same_code import identity
from lib.learn.captured_output import captured
from lib.learn.environment import checked_elsewhere, course_root, headless
from lib.learn.panel import Code, Grids, Panel

LIMITS = Limits()  # of one call of a learner's function: an endless loop must not hold the notebook
_passed: dict[str, tuple[Hashable, ...]] = {}
_converted: set[str] = set()  # those whose floats have another dtype than their arguments'
_mistakes: dict[str, str | None] = {}
_hinted: dict[str, list[int]] = {}  # the hints shown since all were, from 0


class CheckFailed(AssertionError):
    """A check that did not pass where nobody watches; its traceback is its message.

    `verdict` holds the parts for a grader: exercise, status, message, mistake.
    """

    verdict: dict[str, str | None] | None = None

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


def check(
    name: str, *functions: Callable, hidden: int | None = None, points: float | None = None
) -> float | None:
    """Check your function and say what is right or what went wrong; in a grader's kernel only that it is
    checked elsewhere.

    Args:
        name: the exercise.
        functions: your function, or those that a contest asks for.
        hidden: a seed for further cases; the grader's cells use it, and it shows no values.
        points: what a contest is worth; then the points that it earns are returned, for the grader.

    Raises:
        CheckFailed: the check did not pass and the notebook runs headless (papermill, nbgrader).
        KeyError: there is no such exercise.
    """
    if checked_elsewhere():
        text = (
            "A grader runs this notebook. It checks your functions itself, where they cannot look."
        )
        Panel("info", f"{name}: not checked here", [text]).display()
        return None
    exercise = checks.find(name)
    # What the function writes to stderr must not cost points in nbgrader, nor flood the notebook.
    watched = isinstance(exercise, checks.Contest) and hidden is None
    with progress_bar.bar(100, "Measuring", "part", shown=watched) as bar, captured() as said:
        verdict = _verdict(
            exercise, functions, hidden, lambda part: bar.update(round(100 * part) - bar.n)
        )
    if verdict.passed:
        _passed[name] = tuple(map(identity, functions))
    else:
        _passed.pop(name, None)
    (_converted.add if verdict.converted else _converted.discard)(name)
    _mistakes[name] = verdict.mistake
    if hidden is None:
        stored_progress.record_check(name, verdict.status)
    panel(verdict, said.getvalue(), said.warned).display()
    if not verdict.passed and headless():
        words = _with_its_case(verdict)
        failed = CheckFailed(f"{name}: {verdict.status}. {words}")
        parts = ("exercise", "status", "mistake")
        failed.verdict = {part: getattr(verdict, part) for part in parts} | {"message": words}
        raise failed
    if points is None or verdict.share is None:
        return None
    return round(points * verdict.share, 2)


def _with_its_case(verdict: Verdict) -> str:
    """The message; of a function that was stopped, with what it was running on, which no panel shows here."""
    if verdict.shown is None or not _too_slow(verdict):
        return verdict.message
    return f"{verdict.message} It was on this case: {verdict.label}.\n{verdict.shown.given}"


def _too_slow(verdict: Verdict) -> bool:
    return verdict.outcome is not None and verdict.outcome.kind == TookTooLong.__name__


def _verdict(
    exercise: checks.Exercise | checks.BreakIt | checks.Contest,
    functions: tuple[Callable, ...],
    hidden: int | None,
    tell: Callable[[float], object],
) -> Verdict:
    asked = exercise.functions if isinstance(exercise, checks.Contest) else (exercise.name,)
    if len(functions) != len(asked):
        raise TypeError(
            f"check: {exercise.name} is a check of {len(asked)} functions, {', '.join(asked)}; "
            f"{len(functions)} came"
        )
    if isinstance(exercise, checks.Contest):
        return exercise.verdict(checks.Stage(dict(zip(asked, functions)), tell), hidden)
    return exercise.verdict(checks.call(functions[0], LIMITS), hidden)


def yours(name: str, function: Callable, *, instead: Callable) -> Callable:
    """Your function once its check has passed in this kernel, until then the library's.

    So the rest of a lesson works with what you wrote, and never trips over what is not yet right. A
    cell that is run again without a change stays passed. Where your results are in another precision than
    the arguments (NumPy makes float64 of much), they are converted, so that both can be multiplied.
    """
    if identity(function) in _passed.get(name, ()):
        return _in_dtype_of_arguments(function) if name in _converted else function
    print(f"{name}: using the library's version until yours passes its check.")
    return instead


def _in_dtype_of_arguments(function: Callable) -> Callable:
    @functools.wraps(function)
    def converted(*args: Any, **kwargs: Any) -> Any:
        dtypes = values.float_dtypes((args, kwargs))
        result = function(*args, **kwargs)
        return values.in_dtype(result, dtypes.pop()) if len(dtypes) == 1 else result

    return converted


# What the title says where the results are right and the way to them is not.
_RIGHT_BUT = {"loop": "right, but too slow", "not-in-blocks": "right, but too large"}


def panel(verdict: Verdict, said: str = "", warned: Sequence[str] = ()) -> Panel:
    """The panel of a verdict; `said` is what the learner's function printed, `warned` what Python warned."""
    name = verdict.exercise
    body: list = []
    if verdict.status == "not attempted":
        title = f"{name}: not attempted yet"
        body.append(
            f'Fill in the function above, run its cell, then run this one. Stuck? `hint("{name}")`'
        )
    elif verdict.passed:
        title = f"{name}: passed. {verdict.message}"
        body.extend(verdict.more)
    elif verdict.status == "crashed":
        title = f"{name}: crashed"
        body.append(verdict.message)
        if verdict.outcome is not None and verdict.outcome.line:
            where = f"Line {verdict.outcome.lineno} of your cell" if verdict.outcome.lineno else ""
            body.append(Code(verdict.outcome.line, where))
        if verdict.label:
            body.append(f"It happened on this case: {verdict.label}.")
        body.extend(_example(verdict))
    else:
        title = f"{name}: {_RIGHT_BUT.get(verdict.mistake or '', 'wrong')}"
        body.append(verdict.message)
        if verdict.label:
            body.append(f"The smallest case that goes wrong: {verdict.label}.")
        body.extend(_example(verdict))
    if not verdict.passed and verdict.status != "not attempted":
        body.append(f'For a hint: `hint("{name}")`')
    if said.strip():
        body.append(_shortened(said, "Your function printed"))
    if warned:
        head = "Python warned while your function ran (this alone is no mistake)"
        body.append(_shortened("\n".join(warned), head))
    facts = {
        "kind": "check",
        "exercise": name,
        "status": verdict.status,
        "mistake": verdict.mistake,
    }
    if verdict.share is not None:
        facts["message"] = " ".join((verdict.message, *verdict.more))
    return Panel(verdict.status, title, body, facts)


def _shortened(text: str, title: str) -> Code:
    lines = text.strip().splitlines()
    more = f"\n... ({len(lines) - 10} more lines)" if len(lines) > 10 else ""
    return Code("\n".join(map(_cut, lines[:10])) + more, title)


def _cut(line: str, most: int = 200) -> str:
    """A line of at most so many characters, no word cut, without where in torch's source it arose."""
    line = re.sub(r" *\(Triggered internally at [^)]*\)", "", line)
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} ..."


def _example(verdict: Verdict) -> list:
    shown = verdict.shown
    if shown is None:
        return []
    if values.size(shown.args) > MOST_SHOWN:
        return [Code(shown.given, "Given")] if _too_slow(verdict) else []
    of_a_test = verdict.kind_of_shown == "test"
    given, got, expected = (
        ("Your case", "Your expected value", "A right answer gives")
        if of_a_test
        else ("Given", "You returned", "Expected")
    )
    parts: list = [Code(shown.given, given)]
    if isinstance(shown.got, Raised) or isinstance(shown.expected, Raised):
        if not isinstance(shown.got, Raised):  # an error stands in the message already
            parts.append(Code(f"{values.show(shown.got)}\n({values.kind(shown.got)})", got))
        if isinstance(shown.expected, Raised):
            parts.append(Code(f"an error: {shown.expected.kind}", expected))
        else:
            parts.append(Code(f"{values.show(shown.expected)}\n({_kind_asked(shown)})", expected))
    else:
        yours_shown, truth_shown = values.show_both(shown.got, shown.expected)
        parts.append(Code(f"{yours_shown}\n({values.kind(shown.got)})", got))
        parts.append(Code(f"{truth_shown}\n({_kind_asked(shown)})", expected))
    if of_a_test:
        return parts
    mine, truth = values.as_array(shown.got), values.as_array(shown.expected)
    if (
        mine is None
        or truth is None
        or mine.shape != truth.shape
        or mine.dtype.kind == "c"
        or truth.dtype.kind != "f"
    ):
        return parts
    if mine.ndim == 2 and mine.size > 1 and max(mine.shape) <= 12:
        with np.errstate(invalid="ignore"):
            gap = mine.astype(float) - truth.astype(float)
        parts.append(Grids(["yours", "expected", "difference"], [mine, truth, gap]))
    return parts


def _kind_asked(shown: Shown) -> str:
    """The expected value's kind; an oracle's array is a tensor to who works with tensors."""
    kind = values.kind(shown.expected)
    return kind.replace("array", "tensor", 1) if values.kind(shown.got)[:6] == "tensor" else kind


def hint(name: str) -> Panel:
    """The next of the exercise's three hints; the first is the one that fits the mistake just made.

    After the last they start again, and the learner is told that there is a worked answer.
    """
    hints = catalogue.exercise(name)["hints"]
    turn = stored_progress.next_hint(name, len(hints))
    shown = _hinted.setdefault(name, [])
    if len(shown) == len(hints):
        shown.clear()
    # Whoever has just checked gets them from the first one on; else they go on where they were.
    begin = 0 if name in _mistakes else turn
    in_turn = [(begin + step) % len(hints) for step in range(len(hints))]
    fitting = fitting_hints(name, _mistakes.get(name), hints)
    number = next(n for n in (*fitting, *in_turn) if n not in shown)
    shown.append(number)
    entry = hints[number]
    body = [entry["hint"]]
    if len(shown) == len(hints):
        body.append(
            f'These were all hints. If they do not help, `solution("{name}")` shows a worked answer: '
            "read it, close it, and write your own."
            if course_root()
            else "These were all hints. If they do not help, ask your teacher."
        )
    symptom = entry["symptom"]
    title = f"Hint {number + 1} of {len(hints)} for {name}"
    if number in fitting:  # a second hint that comes first would look like one that was missed
        title = f"The hint that fits your mistake ({number + 1} of {len(hints)}) for {name}"
    elif not symptom.startswith("If "):  # nobody has looked whether it is so
        title += ", if this is so"
    return Panel("info", f"{title}: {symptom}", body)


# Words by which a hint's symptom tells that it is about a pattern that no exercise has named.
_ABOUT = {
    "nan": ("NaN",),
    "infinity": ("infinit", "overflow"),
    "shapes-do-not-fit": ("shape", "do not fit", "do not multiply", "broadcast", "axis"),
    "transposed": ("transpose", "shape"),
    "pair-returned": ("pair",),
    "rejects-right": ("rejects a right", "what to expect"),
    "no-error": ("raise", "ValueError", "error"),
    "gradient": ("gradient",),
}


def fitting_hints(name: str, mistake: str | None, hints: list[dict]) -> list[int]:
    """The hints, from 0, that are about a mistake in an exercise; none if no mistake was recognised."""
    if mistake is None:
        return []
    numbers = [
        kind.hint - 1
        for kind in checks.named(checks.find(name))
        if kind.name == mistake and kind.hint
    ]
    words = _ABOUT.get(mistake, ())
    texts = [hint["symptom"].lower() for hint in hints]
    told = [n for n, text in enumerate(texts) if any(word.lower() in text for word in words)]
    return [n for n in (*numbers, *told) if n < len(hints)]


def solution(name: str) -> Panel:
    """The worked answer, where the course's `solutions/` are at hand."""
    entry = catalogue.exercise(name)
    root = course_root()
    notebook = root / "solutions" / f"{entry['slug']}.ipynb" if root else None
    if notebook is None or not notebook.is_file():
        return Panel(
            "info",
            f"{name}: the worked answer is not here",
            ["In a class the teacher keeps it."]
            if root is None
            else ["`course run --save` writes it."],
        )
    import nbformat

    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            return Panel("info", f"{name}: one worked answer", [Code(cell.source)])
    return Panel(
        "info", f"{name}: the worked answer is not here", ["Run `course run --save` again."]
    )
