"""What is said of an answer to a question once nobody can hand in any more: the lesson's own words."""

from __future__ import annotations

import ast
from datetime import datetime
from typing import Any

from harness.classroom.lesson_text import QuestionText
from harness.classroom.marks import Mark

MOST_READ = 2_000  # characters of a cell that gives a letter or a number


def is_over(mark: Mark, now: datetime) -> bool:
    """Whether a student's time for a lesson is over; never where the lesson has no date.

    Args:
        now: with its time zone.
    """
    return mark.due is not None and now > mark.due


def explanation(name: str, question: QuestionText, answer: str, right: bool) -> list[str]:
    """What the lesson says of this answer, and what would have been right, in Markdown.

    Args:
        answer: the text of the student's cell, `q3 = "bd"`; it is read and not run.
        right: what grading said.
    """
    if question.kind == "free":
        good = question.good_answer
        return [f"**What a good answer says:** {good}"] if good else []
    from lib.learn.quizzing import feedback

    item = dict(question.item)
    lines = []
    given = _given(name, question, answer)
    if given is not None:
        lines += feedback(item, given, right)
    if not right:
        lines.append(_key(question))
        if question.kind in ("ordering", "numeric"):
            lines.append(item["feedback"]["right"])
    return lines


def answered(name: str, question: QuestionText, answer: str) -> str | None:
    """What a cell answers, in a few words: a choice with its text, letters, a number; None if nothing."""
    given = _given(name, question, answer)
    if given is None:
        return None
    if question.kind == "single":
        return f"{given}) {question.item['choices'][given]['text'].strip()}"
    return f"{given:g}" if question.kind == "numeric" else ", ".join(given)


def _given(name: str, question: QuestionText, answer: str) -> Any:
    """The answer as `quiz` reads it, None if there is none, or none that can be read from the text."""
    from lib.learn.quiz_answers import normalise

    if question.kind == "free":
        return None
    try:
        return normalise(question.kind, _value(name, answer), question.item.get("choices"))
    except (ValueError, TypeError):
        return None


def _key(question: QuestionText) -> str:
    key, choices = question.item["key"], question.item.get("choices", {})
    if question.kind in ("single", "multiple"):
        lines = [
            f"- **{letter})** {choices[letter]['text'].strip()} {choices[letter]['feedback'].strip()}"
            for letter in str(key)
        ]
        return "\n".join(["**Right is:**", "", *lines])
    if question.kind == "ordering":
        return f"**The right order is** {', '.join(str(key))}."
    return f"**Right is** {key}."


def _value(name: str, source: str) -> Any:
    """What the cell gives to its variable, if it stands there as a letter, a number or a list of them."""
    if len(source) > MOST_READ:
        raise ValueError("too long to be read")
    variable = name.rpartition("-")[2]
    try:
        tree = ast.parse(source)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("no Python") from error
    found = None
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == variable for target in node.targets
        ):
            found = node.value
    if found is None:
        raise ValueError("no answer")
    return ast.literal_eval(found)
