"""What the build refuses of a quiz: items that are missing, misplaced or lack a part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.author.asked import KINDS, asked
from harness.author.lesson import Lesson, Problem


def problems(lesson: Lesson) -> Iterator[Problem]:
    """All that is wrong with the quiz of one lesson."""
    path = lesson.quiz_path
    placed = [c.target for c in lesson.cells if c.role == "quiz"]
    for cell in lesson.cells:
        if cell.role == "quiz" and cell.target not in lesson.quiz:
            yield Problem(lesson.path, cell.line, f"{path.name} has no item {cell.target}")
        if cell.role == "quiz" and cell.source.strip():
            yield Problem(
                lesson.path, cell.line, f"quiz {cell.target} has a body; the build writes it"
            )
    for name in {n for n in placed if placed.count(n) > 1}:
        yield Problem(lesson.path, lesson.cell("quiz", name).line, f"quiz {name} stands twice")
    wanted = asked(lesson)
    if len(lesson.quiz) < wanted.items:
        words = {1: "one quiz item", 5: "five quiz items"}[wanted.items]
        yield Problem(path, 1, f"a lesson has at least {words}; here are {len(lesson.quiz)}")
    missing = wanted.kinds - {i.get("kind") for i in lesson.quiz.values()}
    if missing:
        yield Problem(path, 1, f"no quiz item of kind {', '.join(sorted(missing))}")
    if wanted.predict and not any(item.get("predict") for item in lesson.quiz.values()):
        yield Problem(path, 1, "no item to predict, then run (`predict: true`)")
    for name, item in lesson.quiz.items():
        line = lesson.quiz_lines.get(name, 1)
        if name not in placed:
            yield Problem(path, line, f"item {name} stands nowhere in the lesson")
        for message in _item(lesson, name, item):
            yield Problem(path, line, f"item {name}: {message}")


def _item(lesson: Lesson, name: str, item: dict) -> Iterator[str]:
    if not re.fullmatch(rf"{lesson.number}-q[0-9]+", name):
        yield f"its id has the form {lesson.number}-q1"
    kind = item.get("kind")
    if kind not in KINDS:
        yield f"kind is {kind!r}, not one of {', '.join(KINDS)}"
        return
    has_points = isinstance(item.get("points"), int | float) and item["points"] > 0
    if asked(lesson).points and not has_points:
        yield "it has no points"
    if not item.get("prompt"):
        yield "it has no prompt"
    if kind == "free":
        if not isinstance(item.get("feedback"), str) or not item.get("rubric"):
            yield "a free item has `feedback` (what a good answer holds) and a `rubric`"
        return
    if "key" not in item:
        yield "it has no key"
        return
    if kind == "numeric":
        if not isinstance(item["key"], int | float) or not isinstance(
            item.get("tolerance"), int | float
        ):
            yield "a numeric item has a number as key and a tolerance"
    else:
        choices = item.get("choices") or {}
        letters = set(str(item["key"]))
        if len(choices) < 3 or not letters <= set(choices):
            yield f"it has {len(choices)} choices and the key {item['key']!r}"
        if kind == "ordering" and letters != set(choices):
            yield "the key of an ordering names every choice"
        if kind == "single" and len(str(item["key"])) != 1:
            yield "the key of a single choice is one letter"
        for letter, choice in choices.items():
            if not choice.get("text"):
                yield f"choice {letter} has no text"
            if kind != "ordering" and not choice.get("feedback"):
                yield f"choice {letter} has no feedback"
    if kind in ("numeric", "ordering"):
        said = item.get("feedback")
        if not isinstance(said, dict) or not said.get("right") or not said.get("wrong"):
            yield "its feedback has `right` and `wrong`"
