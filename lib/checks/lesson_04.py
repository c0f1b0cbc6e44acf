"""The checks of lesson 04, hard negatives, in the order of the notebook."""

from __future__ import annotations

from lib.checks import lesson_04_bm25, lesson_04_break, lesson_04_filter, lesson_04_mine

EXERCISES = [
    *lesson_04_bm25.EXERCISES,
    *lesson_04_mine.EXERCISES,
    *lesson_04_break.EXERCISES,
    *lesson_04_filter.EXERCISES,
]
