"""The checks of lesson 03, contrastive learning and MNRL, in the order of the notebook."""

from __future__ import annotations

from lib.checks import (
    lesson_03_break,
    lesson_03_cache,
    lesson_03_margin,
    lesson_03_mnrl,
    lesson_03_pool,
)

EXERCISES = [
    lesson_03_mnrl.MNRL,
    lesson_03_pool.HARD,
    lesson_03_mnrl.SYMMETRIC,
    lesson_03_pool.MASKED,
    *lesson_03_margin.EXERCISES,
    *lesson_03_cache.EXERCISES,
    *lesson_03_break.EXERCISES,
]
