"""What the learner has done so far, in one small local file.

The file is a convenience: nothing needs it to run, it is not written when nobody watches, and a
file that cannot be read or written is passed over. It is replaced as a whole (a crash leaves the
old one), under a lock (two notebooks may be open).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lib._files import write_whole
from lib._places import data_folder
from lib.learn import catalogue
from lib.learn.environment import headless
from lib.learn.panel import Panel, Table

EMPTY = {"version": 1, "exercises": {}, "quiz": {}, "hints": {}}
# What an entry of each part holds, with the value of what is absent; hints are counted only.
# `passed` and `right` are the best so far; `last` and `answer` are of the last try.
_FORMS: dict[str, dict] = {
    "exercises": {"attempts": 0, "passed": False, "last": "not attempted"},
    "quiz": {"tries": 0, "answer": None, "right": None},
}
_COUNTED = "hints"
# Beside the above, in a quiz entry that was answered rightly before and wrongly since.
_SLIPPED = "last_right"


def path() -> Path:
    """The progress file: `COURSE_PROGRESS` if set, else in the user's data folder."""
    if os.environ.get("COURSE_PROGRESS"):
        return Path(os.environ["COURSE_PROGRESS"])
    return data_folder() / "progress.json"


def load() -> dict:
    """The stored progress, or an empty one if there is none or it cannot be read."""
    try:
        stored = json.loads(path().read_text(encoding="utf-8"))
        if stored.get("version") == 1:
            return {"version": 1} | {part: _sound(part, stored) for part in (*_FORMS, _COUNTED)}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        pass
    return json.loads(json.dumps(EMPTY))


def _sound(part: str, stored: dict) -> dict:
    """The entries of one part that have the form this module writes; a person may edit the file."""
    if part == _COUNTED:
        return {key: n for key, n in dict(stored.get(part, {})).items() if type(n) is int}
    form = _FORMS[part]
    return {
        key: {name: entry.get(name, default) for name, default in form.items()}
        | ({_SLIPPED: False} if part == "quiz" and entry.get(_SLIPPED) is False else {})
        for key, entry in dict(stored.get(part, {})).items()
        if isinstance(entry, dict)
        and all(type(entry.get(n, d)) is type(d) for n, d in form.items() if d is not None)
    }


def update(change: Callable[[dict], None]) -> bool:
    """Apply `change` to the stored progress, and say whether it is stored: not where nobody watches, nor
    where the file cannot be written."""
    if headless():
        return False
    import filelock

    target = path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{target}.lock", timeout=2):
            stored = load()
            change(stored)
            write_whole(target, json.dumps(stored, indent=1, sort_keys=True).encode())
    except (OSError, filelock.Timeout):
        return False  # a read-only disk must not stop a lesson
    return True


def record_check(name: str, status: str) -> None:
    """Remember a check's result. An exercise that once passed stays passed."""

    def change(stored: dict) -> None:
        entry = stored["exercises"].setdefault(name, dict(_FORMS["exercises"]))
        if status != "not attempted" and not entry["passed"]:
            entry["attempts"] += 1
        entry["passed"] = entry["passed"] or status == "passed"
        entry["last"] = status

    update(change)


def record_answer(item: str, answer: object, right: bool | None) -> bool:
    """Remember a quiz answer, and say whether it is stored; `right` is None where the key is not here.

    The answer that is kept is the last one. A question once answered rightly stays right; that
    the last answer was not is kept beside it.
    """

    def change(stored: dict) -> None:
        entry = stored["quiz"].setdefault(item, dict(_FORMS["quiz"]))
        entry.pop(_SLIPPED, None)
        if entry["right"] is True and right is False:
            entry[_SLIPPED] = False
        best = True if entry["right"] is True else right
        entry.update(answer=answer, right=best, tries=entry["tries"] + 1)

    return update(change)


def next_hint(name: str, count: int) -> int:
    """The number (from 0) of the next hint to show; after the last it starts again."""
    shown = _session_hints.get(name, load()["hints"].get(name, 0))
    _session_hints[name] = shown + 1
    update(lambda stored: stored["hints"].__setitem__(name, shown + 1))
    return shown % count


_session_hints: dict[str, int] = {}


def progress() -> Panel:
    """All lessons: what is passed, what is open, what the quiz answers were.

    What was solved once counts, whatever was tried since; a later try that failed is named below. What
    was tried out in `00_start` has a row, and does not count.
    """
    stored = load()
    trial = [row for row in (_row(lesson, stored) for lesson in catalogue.start()) if row.begun]
    rows = [_row(lesson, stored) for lesson in catalogue.lessons()]
    passed, total = sum(row.passed for row in rows), sum(row.exercises for row in rows)
    cells = [row.cells for row in trial + rows]
    body: list[str | Table] = [Table(["Lesson", "Exercises", "Quiz", "Next"], cells)]
    since = [text for row in trial + rows for text in row.since]
    if since:
        body.append(
            f"Solved before, and still counted, but not by the last try: {', '.join(since)}."
        )
    return Panel("info", f"Progress: {passed} of {total} exercises passed", body=body)


@dataclass(frozen=True)
class _Row:
    """A lesson's row. begun: something of it is stored; since: what was solved and then tried wrongly."""

    cells: list[str]
    passed: int
    exercises: int
    begun: bool
    since: list[str]


def _row(lesson: dict, stored: dict) -> _Row:
    names = [entry["name"] for entry in lesson["exercises"]]
    done = [name for name in names if stored["exercises"].get(name, {}).get("passed")]
    open_ = [name for name in names if name not in done]
    answers = {
        q["id"]: stored["quiz"][q["id"]] for q in lesson["quiz"] if q["id"] in stored["quiz"]
    }
    right = sum(1 for answer in answers.values() if answer["right"])
    known = any(answer["right"] is not None for answer in answers.values())
    written = sum(q["kind"] == "free" for q in lesson["quiz"] if q["id"] in answers)
    by_hand = f", {written} for a person to mark" if written else ""
    cells = [
        f"{lesson['number']} {lesson['title']}",
        f"{len(done)} of {len(names)}",
        f"{len(answers)} of {len(lesson['quiz'])} answered"
        + (f", {right} right" if known else "")
        + by_hand,
        open_[0] if open_ else "all done",
    ]
    begun = bool(answers) or any(name in stored["exercises"] for name in names)
    since = _failed_since(stored["exercises"], done)
    since += [
        f"{item} (last answer: {str(answer['answer'])[:40]}, not right)"
        for item, answer in answers.items()
        if _SLIPPED in answer
    ]
    return _Row(cells, len(done), len(names), begun, since)


def _failed_since(entries: dict, done: list[str]) -> list[str]:
    """The exercises among those passed whose last check did not pass."""
    return [
        f"{name} (last try: {entries[name]['last']})"
        for name in done
        if entries[name]["last"] in ("wrong", "crashed")
    ]
