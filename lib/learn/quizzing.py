"""`quiz`: the instant answer to a quiz item, and `grade_answer` for the grader's cells.

The key is in no learner file. Where the whole course is at hand it is read from `lessons/`; in a
class the answer is only looked at for its form, and kept with the learner's progress where that is kept.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from lib.learn import catalogue, stored_progress
from lib.learn.checking import CheckFailed
from lib.learn.environment import course_root, headless
from lib.learn.panel import Panel
from lib.learn.quiz_answers import NotAnswered, is_blank, matches, normalise, shown

__all__ = ["feedback", "grade_answer", "matches", "normalise", "quiz"]

_MOST_TEXT = 10_000  # characters of a free answer that are kept


class _NoItem(ValueError):
    """There is no such quiz item; the message says which there are."""


def quiz(item: str, answer: Any = None) -> None:
    """Give your answer to a quiz item and read what it says of you.

    Args:
        item: the item's id, such as "02-q3".
        answer: a letter; for several choices "ac" or ["a", "c"]; for an order "cab" or a list; a
            number, with a decimal point; or, for a free answer, a text. None, ... and what is empty
            count as no answer yet.

    Whatever is given, the answer is a panel: nothing is raised.
    """
    try:
        item, entry = _find(item)
    except _NoItem as error:
        Panel("wrong", "There is no such question", [_sentence(str(error))]).display()
        return
    kind = entry["kind"]
    try:
        given = _text(answer) if kind == "free" else normalise(kind, answer, entry.get("choices"))
    except NotAnswered:
        Panel("not attempted", f"Question {item}: not answered yet").display()
        return
    except ValueError as error:
        Panel("wrong", f"Question {item}: not an answer", [_sentence(str(error))]).display()
        return
    right = None
    if kind != "free" and "key" in entry:
        right = matches(kind, entry["key"], given, entry.get("tolerance", 0.0))
    stored = given if kind in ("numeric", "free") else "".join(given)
    kept = stored_progress.record_answer(item, stored, right)
    if right is not None:
        said = "right" if right else "not right"
        body = feedback(entry, given, right)
        Panel("passed" if right else "wrong", f"Question {item}: {said}", body).display()
    elif kind == "free":
        said = entry.get("feedback", "A person marks the text in its cell, as you hand it in.")
        title = "what a good answer says" if "feedback" in entry else "marked by hand"
        Panel("info", f"Question {item}: {title}", [said]).display()
    elif kept:
        Panel("info", f"Question {item}: your answer {shown(answer)} is recorded").display()
    else:
        title = f"Question {item}: your answer {shown(answer)} is one that can be given"
        Panel("info", title, [_not_kept()]).display()


def _not_kept() -> str:
    why = (
        "nobody watches this run"
        if headless()
        else "the file with your progress cannot be written now"
    )
    return f"It is not recorded here, since {why}. What is graded is the answer in your notebook."


def grade_answer(item: str, answer: Any, *, kind: str, key: Any, tolerance: float = 0.0) -> None:
    """Compare an answer with its key, in a cell that only the grader's notebook holds.

    The verdict is that of `quiz`: an answer is right here if and only if it is right there.

    Raises:
        CheckFailed: there is no answer, it is not one, or it is not right.
    """
    status = "wrong"
    try:
        given = normalise(kind, answer, str(key) if kind == "ordering" else None)
        said = "" if matches(kind, key, given, tolerance) else "not right"
    except ValueError as error:
        status = "not attempted" if isinstance(error, NotAnswered) else status
        said = str(error)
    if said:
        failed = CheckFailed(f"question {item}: {said}")
        failed.verdict = {"exercise": item, "status": status, "message": f"{said}."}
        raise failed


def feedback(entry: dict, given: Any, right: bool) -> list[str]:
    """What the item says of this answer."""
    if entry["kind"] in ("single", "multiple"):
        chosen = [given] if entry["kind"] == "single" else list(given)
        texts = [f"{letter}) {entry['choices'][letter]['feedback']}" for letter in chosen]
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


def _find(item: Any) -> tuple[str, dict]:
    """The id and the entry of an item: with its key beside the whole course, else id and kind only.

    Raises:
        _NoItem: there is none; the message says which there are.
    """
    name = item.strip().lower() if type(item) is str else ""
    if not re.fullmatch(r"[0-9]{2}-q[0-9]{1,3}", name):
        raise _NoItem(
            'a question is named by its id, as in quiz("02-q3", q3); '
            f"instead of the id you gave {shown(item)}"
        )
    lesson = name.split("-")[0]
    items, lessons = _items_of(lesson)
    if not items:
        raise _NoItem(f"there is no lesson {lesson}; there are: {', '.join(lessons)}")
    if name not in items:
        raise _NoItem(f"there is no quiz item {name!r}; this lesson has: {', '.join(items)}")
    return name, items[name]


def _items_of(lesson: str) -> tuple[dict[str, dict], list[str]]:
    """The quiz items of a lesson, none if there is no such lesson; and the numbers of all lessons."""
    root = course_root()
    if root is None:
        known = {entry["number"]: entry["quiz"] for entry in catalogue.lessons()}
        return {entry["id"]: entry for entry in known.get(lesson, [])}, sorted(known)
    files = {path.name[:2]: path for path in sorted((root / "lessons").glob("[0-9]*_*.quiz.yaml"))}
    path = files.get(lesson)
    return _read(path, path.stat().st_mtime_ns) if path else {}, sorted(files)


@functools.lru_cache(maxsize=16)
def _read(file: Path, changed: int) -> dict[str, dict]:
    import yaml

    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {entry["id"]: entry for entry in entries}
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        where = str(getattr(error, "problem_mark", "")).strip()
        raise _NoItem(f"{file.name} cannot be read as a quiz {where}".strip()) from None


def _text(answer: Any) -> str:
    """A free answer as it is kept.

    Raises:
        NotAnswered: nothing was given.
        ValueError: it is no text.
    """
    if is_blank(answer):
        raise NotAnswered("not answered yet")
    if type(answer) is not str:
        raise ValueError(
            f'give a text between quotation marks, such as "read"; you gave {shown(answer)}'
        )
    return answer[:_MOST_TEXT]


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:]}."
