"""The catalogue of the lessons, which `lib.learn` reads in a class where no lesson's source is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.author.lesson import Lesson, parse_hints

CATALOGUE = Path("lib/learn/catalogue.json")


def catalogue_text(lessons: list[Lesson], front: Lesson | None = None) -> str:
    """What `lib.learn` knows of the lessons in a class: titles, points, hints. No answers, no keys."""
    stored: dict[str, Any] = {"lessons": [_entry(lesson) for lesson in lessons]}
    if front is not None:
        stored["start"] = _entry(front)
    return json.dumps(stored, indent=1, ensure_ascii=False) + "\n"


def _entry(lesson: Lesson) -> dict[str, Any]:
    exercises = []
    for name in lesson.exercises():
        earning = [c for c in lesson.cells if c.role in ("check", "hidden") and c.target == name]
        title = lesson.cell("card", name).source.split("\n")[0]
        exercises.append(
            {
                "name": name,
                "title": title.lstrip("# ").removeprefix("Exercise:").strip(),
                "points": sum(cell.points for cell in earning),
                "hints": parse_hints(lesson.cell("hints", name).source),
            }
        )
    return {
        "number": lesson.number,
        "slug": lesson.slug,
        "title": lesson.title,
        "minutes": lesson.header["minutes"],
        "exercises": exercises,
        "quiz": [_item(item) for item in lesson.quiz.values()],
    }


def _item(item: dict[str, Any]) -> dict[str, Any]:
    """An item's form: with the letters of its choices, so that one that is not there is refused."""
    entry = {"id": item["id"], "kind": item["kind"], "points": item.get("points", 0)}
    return entry | ({"choices": "".join(item["choices"])} if item.get("choices") else {})
