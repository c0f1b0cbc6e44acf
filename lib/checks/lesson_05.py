"""The checks of lesson 05, Matryoshka embeddings and quantisation, in the order of the notebook."""

from __future__ import annotations

from lib.checks import (
    lesson_05_break,
    lesson_05_quantize,
    lesson_05_search,
    lesson_05_truncate,
)

_CUT, _LOSS = lesson_05_truncate.EXERCISES
_SHORTLIST, _BINARY = lesson_05_search.EXERCISES
_INT8, _COST = lesson_05_quantize.EXERCISES

EXERCISES = [_CUT, _LOSS, _SHORTLIST, *lesson_05_break.EXERCISES, _INT8, _BINARY, _COST]
