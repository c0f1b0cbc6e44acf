"""The checks of lesson 02, pooling and the bi-encoder, in the order of the notebook."""

from __future__ import annotations

from lib.checks import (
    lesson_02_average,
    lesson_02_batches,
    lesson_02_break,
    lesson_02_cosine,
    lesson_02_order,
    lesson_02_token,
)

EXERCISES = [
    *lesson_02_average.EXERCISES,
    *lesson_02_token.EXERCISES,
    *lesson_02_break.EXERCISES,
    *lesson_02_batches.EXERCISES,
    *lesson_02_order.EXERCISES,
    *lesson_02_cosine.EXERCISES,
]
