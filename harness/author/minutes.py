"""How long a lesson takes a learner who is new to it, reckoned from the lesson itself.

Reading at 150 words a minute, two minutes a figure, the minutes that the exercises' cards say, three
a quiz item. A header may say more; one that says less is refused, with what the sum is made of.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.author.lesson import Cell, Lesson, Problem

WORDS_A_MINUTE = 150
A_FIGURE, AN_ITEM = 2, 3  # minutes
_WORD = re.compile(r"\S*\w\S*")  # a dash or the mark of a heading is none
_CARD = re.compile(r"\bMinutes: (\d+)\b")


@dataclass(frozen=True)
class Reckoned:
    """What a lesson's minutes are made of."""

    words: int  # of prose and cards
    figures: int  # that the lesson shows
    exercises: int  # minutes, of all cards
    items: int  # of the quiz

    @property
    def reading(self) -> int:
        return math.ceil(self.words / WORDS_A_MINUTE)

    @property
    def total(self) -> int:
        return self.reading + A_FIGURE * self.figures + self.exercises + AN_ITEM * self.items

    def __str__(self) -> str:
        return (
            f"{self.total} minutes: reading {self.reading} ({self.words:,} words), figures "
            f"{A_FIGURE * self.figures} ({self.figures}), exercises {self.exercises}, quiz "
            f"{AN_ITEM * self.items} ({self.items} items)"
        )


def reckon(lesson: Lesson) -> Reckoned:
    """Return the minutes of a lesson; a card that does not say its own counts as 0."""
    prose = [cell for cell in lesson.cells if cell.is_prose]
    cards = (minutes_of(cell) for cell in lesson.cells if cell.role == "card")
    return Reckoned(
        words=sum(words(cell.source) for cell in prose),
        figures=_figures(lesson),
        exercises=sum(minutes or 0 for minutes in cards),
        items=len(lesson.quiz),
    )


def words(text: str) -> int:
    """Return how many words a text has to read."""
    return len(_WORD.findall(text))


def minutes_of(card: Cell) -> int | None:
    """Return the minutes that an exercise's card says, None where it says none."""
    found = _CARD.search(card.source)
    return int(found[1]) if found else None


def problems(lesson: Lesson) -> Iterator[Problem]:
    """A header that says less than the lesson takes, and cards that say nothing."""
    for cell in lesson.cells:
        if cell.role == "card" and minutes_of(cell) is None:
            message = "a card says how long the exercise takes: `Minutes: 10.`"
            yield Problem(lesson.path, cell.line, message)
    said, reckoned = lesson.header.get("minutes"), reckon(lesson)
    if isinstance(said, int | float) and said < reckoned.total:
        message = f"the header says {said:g} minutes, but the lesson takes {reckoned}"
        yield Problem(lesson.path, _line(lesson), message)


def _line(lesson: Lesson) -> int:
    """Where the header says its minutes."""
    lines = lesson.path.read_text(encoding="utf-8").splitlines()
    return next((i for i, line in enumerate(lines, 1) if re.match(r"#\s+minutes:", line)), 1)


def _figures(lesson: Lesson) -> int:
    """Return how many figures are shown: a function of the lesson's that shows one counts by calls."""
    trees = []
    for cell in lesson.cells:
        if cell.kind == "code" and cell.role is None:
            try:
                trees.append(ast.parse(cell.source))
            except SyntaxError:  # the linter says where
                continue
    showing = {"show", "explore"}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and _shown(node, showing):
                showing.add(node.name)
    return sum(_shown(node, showing) for tree in trees for node in tree.body if not _defines(node))


def _shown(node: ast.AST, showing: set[str]) -> int:
    calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
    return sum(ast.unparse(call.func).rpartition(".")[2] in showing for call in calls)


def _defines(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef)
