"""Anything of an answer, a hidden check or a key that a learner's notebook would show."""

from __future__ import annotations

import json
from collections.abc import Iterator

from nbformat import NotebookNode

from harness.author.lesson import (
    BEGIN_HIDDEN,
    END_HIDDEN,
    Lesson,
    Problem,
    between_marks,
    is_mark,
)
from harness.grade import cells as grading


def leaks(lesson: Lesson, source: NotebookNode, release: NotebookNode) -> list[Problem]:
    """Everything in `release` that only `source` may hold, with its place in the lesson."""
    text = "\n".join(cell.source for cell in release.cells)
    released = {line.strip() for line in text.split("\n")}
    problems = []
    for cell in lesson.cells:
        if cell.role != "answer":
            continue
        for offset, line in enumerate(cell.source.split("\n")):
            # Short lines (`return total`) are nobody's secret.
            secret = line in between_marks(cell.source) and len(line.strip()) >= 20
            if secret and line.strip() in released:
                message = f"the released notebook holds this line of the answer {cell.target}"
                problems.append(Problem(lesson.path, cell.line + 1 + offset, message))
    for graded in source.cells:
        for line in between_marks(graded.source, BEGIN_HIDDEN, END_HIDDEN):
            if line.strip() and line.strip() in text:
                message = f"the release holds a hidden line of {grading.grade_id(graded)}"
                problems.append(Problem(lesson.path, 1, message))
    for item in lesson.quiz.values():
        if any(said in text for said in _secrets(item)):
            at = lesson.quiz_lines.get(item["id"], 1)
            message = f"the released notebook holds an answer or feedback of {item['id']}"
            problems.append(Problem(lesson.quiz_path, at, message))
    if any(is_mark(line) for line in text.split("\n")) or "grade_answer(" in text:
        problems.append(Problem(lesson.path, 1, "the released notebook holds a mark or a key"))
    return problems


def _secrets(item: dict) -> Iterator[str]:
    if item["kind"] == "free":
        yield item["feedback"].strip()
        yield from map(str, item["rubric"])
        return
    yield f"{item['id'].split('-')[1]} = {json.dumps(item['key'])}"
    said = item.get("feedback") or {}
    yield from (said[key] for key in ("right", "wrong") if key in said)
    yield from (trap["text"] for trap in said.get("traps", []))
    for choice in (item.get("choices") or {}).values():
        if choice.get("feedback"):
            yield choice["feedback"].strip()
