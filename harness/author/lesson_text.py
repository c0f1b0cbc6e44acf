"""What a lesson says of its exercises and questions, for a teacher's classroom: answers are in it."""

from __future__ import annotations

from typing import Any

from harness.author.lesson import Lesson, parse_hints
from lib import checks


def lesson_text(lesson: Lesson) -> dict[str, Any]:
    """The form that `harness.classroom.lesson_text` keeps and reads.

    Raises:
        BrokenCheck: the check of an exercise cannot be used.
    """
    exercises = {}
    for name in lesson.exercises():
        title, _, body = lesson.cell("card", name).source.partition("\n")
        exercises[name] = {
            "title": title.lstrip("# ").removeprefix("Exercise:").strip(),
            "card": body.strip(),
            "hints": [one["hint"] for one in parse_hints(lesson.cell("hints", name).source)],
            "mistakes": {one.name: one.message for one in checks.named(checks.find(name))},
        }
    wanted = ("kind", "prompt", "choices", "key", "tolerance", "feedback", "rubric")
    questions = {
        name: {part: item[part] for part in wanted if part in item}
        for name, item in lesson.quiz.items()
    }
    return {
        "title": f"{lesson.number} {lesson.title}",
        "exercises": exercises,
        "questions": questions,
    }
