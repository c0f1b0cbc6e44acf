"""`quiz`: the instant answer to a quiz item, and `grade_answer` for the grader's cells.

The key is in no learner file. Where the whole course is at hand it is read from `lessons/`; in a
class the answer is only recorded.
"""

from __future__ import annotations

import functools
import numbers
from pathlib import Path
from typing import Any

from lib.learn import stored_progress
from lib.learn.checking import CheckFailed
from lib.learn.environment import course_root
from lib.learn.panel import Panel


def quiz(item: str, answer: Any) -> None:
    """Give your answer to a quiz item and read what it says of you.

    Args:
        item: the item's id, such as "02-q3".
        answer: a letter; for several choices "ac" or ["a", "c"]; for an order "cab" or a list; a
            number; or, for a free answer, a text. None or ... counts as no answer yet.
    """
    if answer is None or answer is ...:
        Panel("not attempted", f"Question {item}: not answered yet").display()
        return
    entry = _entry(item)
    if entry is None:
        stored_progress.record_answer(item, _storable(answer), None)
        Panel("info", f"Question {item}: your answer {answer!r} is recorded").display()
        return
    if entry["kind"] == "free":
        stored_progress.record_answer(item, _storable(answer), None)
        Panel("info", f"Question {item}: recorded", [entry["feedback"]]).display()
        return
    try:
        given = normalise(entry["kind"], answer)
    except ValueError as error:
        Panel("wrong", f"Question {item}: not an answer", [str(error)]).display()
        return
    right = matches(entry["kind"], entry["key"], given, entry.get("tolerance", 0.0))
    stored_progress.record_answer(item, _storable(answer), right)
    Panel(
        "passed" if right else "wrong",
        f"Question {item}: {'right' if right else 'not right'}",
        feedback(entry, given, right),
    ).display()


def grade_answer(item: str, answer: Any, *, kind: str, key: Any, tolerance: float = 0.0) -> None:
    """Compare an answer with its key, in a cell that only the grader's notebook holds.

    Raises:
        CheckFailed: there is no answer, it is not one, or it is not right.
    """
    status = "wrong"
    try:
        if answer is None or answer is ...:
            status = "not attempted"
        said = "" if matches(kind, key, normalise(kind, answer), tolerance) else "not right"
    except ValueError as error:
        said = str(error)
    if said:
        failed = CheckFailed(f"question {item}: {said}")
        failed.verdict = {"exercise": item, "status": status, "message": f"{said}."}
        raise failed


def normalise(kind: str, answer: Any) -> Any:
    """The canonical form of an answer: a letter, a sorted tuple, a tuple, or a number.

    Raises:
        ValueError: it is not an answer to this kind of question; the message says what is.
    """
    if kind == "numeric":
        if isinstance(answer, bool) or not isinstance(answer, numbers.Real):
            raise ValueError(f"give a number, such as 0.5; you gave {_short(answer)}")
        try:
            return float(answer)
        except OverflowError:
            raise ValueError("give a number that is not as large as this one") from None
    letters = answer
    if type(answer) is str:
        letters = [c for c in answer.lower() if c.isalpha()] if len(answer) <= 40 else None
    forms = (list, tuple) if kind == "ordering" else (list, tuple, set)
    if type(letters) not in forms or not all(type(c) is str and len(c) == 1 for c in letters):
        example = {"single": '"b"', "multiple": '"ac"', "ordering": '"cab"'}[kind]
        raise ValueError(f"give letters, such as {example}; you gave {_short(answer)}")
    letters = [c.lower() for c in letters]
    if len(set(letters)) != len(letters):
        raise ValueError(f"each letter at most once; you gave {_short(answer)}")
    if kind == "single":
        if len(letters) != 1:
            raise ValueError(f"give one letter; you gave {_short(answer)}")
        return letters[0]
    return tuple(letters) if kind == "ordering" else tuple(sorted(letters))


def matches(kind: str, key: Any, given: Any, tolerance: float = 0.0) -> bool:
    """Whether a normalised answer is the key; a number within the absolute tolerance."""
    if kind == "numeric":
        return abs(given - float(key)) <= tolerance
    return given == normalise(kind, key)


def feedback(entry: dict, given: Any, right: bool) -> list[str]:
    """What the item says of this answer."""
    if entry["kind"] in ("single", "multiple"):
        chosen = [given] if entry["kind"] == "single" else list(given)
        texts = [
            f"{letter}) {entry['choices'][letter]['feedback']}"
            if letter in entry["choices"]
            else f"{letter}) There is no such choice."
            for letter in chosen
        ]
        if (
            entry["kind"] == "multiple"
            and not right
            and set(chosen) < set(normalise("multiple", entry["key"]))
        ):
            texts.append("What you chose is right; something is missing.")
        return texts
    said = entry["feedback"]
    if right:
        return [said["right"]]
    for trap in said.get("traps", []):
        if entry["kind"] == "numeric":
            hit = abs(given - float(trap["answer"])) <= float(
                trap.get("tolerance", entry["tolerance"])
            )
        else:
            hit = given == normalise(entry["kind"], trap["answer"])
        if hit:
            return [trap["text"]]
    return [said["wrong"]]


def _entry(item: str) -> dict | None:
    root = course_root()
    if root is None:
        return None
    files = sorted((root / "lessons").glob(f"{item.split('-')[0]}_*.quiz.yaml"))
    items = _items(files[0], files[0].stat().st_mtime_ns) if files else {}
    if item not in items:
        raise KeyError(f"there is no quiz item {item!r}; this lesson has: {', '.join(items)}")
    return items[item]


@functools.lru_cache(maxsize=16)
def _items(file: Path, changed: int) -> dict[str, dict]:
    import yaml

    return {entry["id"]: entry for entry in yaml.safe_load(file.read_text(encoding="utf-8"))}


def _storable(answer: Any) -> Any:
    if isinstance(answer, bool | int | float | str):
        return answer
    if isinstance(answer, set | frozenset):
        return sorted(map(str, answer))
    return [str(item) for item in answer] if isinstance(answer, list | tuple) else _short(answer)


def _short(answer: Any) -> str:
    if isinstance(answer, str | int | float | list | tuple | set):
        return repr(answer)[:60]
    return f"a {type(answer).__name__}"
