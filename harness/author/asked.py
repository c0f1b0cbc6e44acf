"""What a lesson must have, and what the front door need not."""

from __future__ import annotations

from dataclasses import dataclass

from harness.author.lesson import Lesson

PARTS = ("card", "answer", "check", "hidden", "hints")
PARAMETERS = ("PROFILE", "SEED", "DEVICE", "MODEL")
KINDS = ("single", "multiple", "numeric", "ordering", "free")


@dataclass(frozen=True)
class Asked:
    """What a lesson must have. `SHORT` says, in this one place, what the front door need not."""

    parts: tuple[str, ...]  # of an exercise
    parameters: int  # cells with papermill's parameters
    points: bool  # checks and quiz items are worth some
    items: int  # of the quiz, at least
    kinds: frozenset[str]  # of which the quiz has one each, at least
    predict: bool  # something to predict


WHOLE = Asked(PARTS, 1, True, 5, frozenset({"numeric", "ordering", "free"}), True)
SHORT = Asked(tuple(p for p in PARTS if p != "hidden"), 0, False, 1, frozenset(), False)


def asked(lesson: Lesson) -> Asked:
    """What is asked of a lesson, which is graded, and of the front door, which is tried out."""
    return WHOLE if lesson.graded else SHORT
