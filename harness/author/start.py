"""The front door, `lessons/00_start.py`: its map of the course is made from the lessons there are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from harness.author.lesson import Lesson, Problem


def with_map(start: Lesson, lessons: Sequence[Lesson]) -> Lesson:
    """The front door with its map: each `map` cell gets the table of lessons and their hours below it.

    The header's `plan` says for each number which question a lesson answers, and the title of one
    that is still to come.
    """
    table = "\n".join(_table(start, lessons))
    cells = [
        dataclasses.replace(cell, source=f"{cell.source.strip()}\n\n{table}")
        if cell.role == "map"
        else cell
        for cell in start.cells
    ]
    return dataclasses.replace(start, cells=cells)


def lint(start: Lesson) -> Iterator[Problem]:
    """What a front door has that a lesson has not."""
    if sum(cell.role == "map" for cell in start.cells) != 1:
        yield Problem(start.path, 1, "the front door has one cell `map`")
    plan = start.header.get("plan")
    if not isinstance(plan, dict) or not all(
        isinstance(entry, dict) and entry.get("question") for entry in plan.values()
    ):
        message = (
            "the header has a `plan`: by lesson's number a `question`, and a `title` if to come"
        )
        yield Problem(start.path, 1, message)


def _table(start: Lesson, lessons: Sequence[Lesson]) -> Iterator[str]:
    plan = {str(number): entry for number, entry in (start.header.get("plan") or {}).items()}
    there = {lesson.number: lesson for lesson in lessons}
    yield "| Lesson | The question it answers | Time |"
    yield "|---|---|---|"
    for number in sorted({*plan, *there}):
        lesson, planned = there.get(number), plan.get(number, {})
        if lesson is None:
            title = f"{number} {planned.get('title', '')}".strip()
            yield f"| {title} | {planned.get('question')} | to come |"
            continue
        question = planned.get("question") or lesson.header["objectives"][0]
        link = f"[{number} {lesson.title}]({lesson.slug}.ipynb)"
        yield f"| {link} | {question} | {duration(lesson.header['minutes'])} |"
    total = sum(lesson.header["minutes"] for lesson in lessons)
    yield ""
    if len(there) < len({*plan, *there}):
        yield f"The lessons that are here, {len(there)} so far, take about {duration(total)} in all."
    else:
        yield f"The {len(there)} lessons take about {duration(total)} in all."


def duration(minutes: float) -> str:
    """Minutes in words, to the half hour where it is over one: "45 minutes", "1½ hours"."""
    if minutes < 60:
        return f"{minutes:g} minutes"
    halves = round(minutes / 30)
    hours = f"{halves // 2}{'½' if halves % 2 else ''}"
    return f"{hours} hour{'' if halves == 2 else 's'}"
