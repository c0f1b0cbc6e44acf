"""The checks of lesson 01, word vectors, in the order of the notebook."""

from __future__ import annotations

from lib.checks.lesson_01_analogy import ANALOGY_3COSADD
from lib.checks.lesson_01_average import IDF_AVERAGE
from lib.checks.lesson_01_break import BREAK_ANALOGY
from lib.checks.lesson_01_loss import SGNS_LOSS
from lib.checks.lesson_01_neighbours import NEAREST_NEIGHBOURS
from lib.checks.lesson_01_noise import SAMPLE_NEGATIVES
from lib.checks.lesson_01_pairs import SKIPGRAM_PAIRS

EXERCISES = [
    SKIPGRAM_PAIRS,
    SAMPLE_NEGATIVES,
    SGNS_LOSS,
    NEAREST_NEIGHBOURS,
    ANALOGY_3COSADD,
    BREAK_ANALOGY,
    IDF_AVERAGE,
]
