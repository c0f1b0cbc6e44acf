"""What the capstone's check asks: passages, training pairs, and the queries of validation or of the judge.

The judge's queries are in `_kept_back.py`, which a bundle for students does not hold.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from lib.data import load_course_set

VISIBLE = 192  # of the validation queries, so that a learner waits for seconds
WARM = 16  # training queries, to warm up with


@dataclass(frozen=True)
class Task:
    """passages: (n,) texts in an order of the check's own. pairs: training queries with their rows.

    queries: those that are scored, with the rows that answer each; warm: others, which are not.
    own_rows: the row in the course set of each passage.
    """

    passages: list[str]
    pairs: list[tuple[str, int]]
    queries: list[str]
    relevant: list[frozenset[int]]
    warm: list[str]
    own_rows: list[int]
    hidden: bool

    def __len__(self) -> int:
        return len(self.queries)


def task(hidden: int | None) -> Task:
    """The task of the visible check, or of the hidden one, whose queries come in the order of the seed.

    Raises ValueError for a file of queries that cannot be used, and where no hidden ones are at hand.
    """
    course = load_course_set("fast")
    draw = random.Random("capstone")
    own_rows = list(range(len(course.passages)))
    # Else whoever kept rows of the course set, and not of the passages given, would not see it.
    draw.shuffle(own_rows)
    row = {course.ids[own]: place for place, own in enumerate(own_rows)}
    pairs = list(zip(course.train.queries, course.train.relevant))
    draw.shuffle(pairs)
    trained = [(query, row[next(iter(found))]) for query, found in pairs]
    if hidden is None:
        visible = zip(course.validation.queries, course.validation.relevant)
        asked = [(query, frozenset(found)) for query, found in visible]
        random.Random("capstone").shuffle(asked)
        asked = asked[:VISIBLE]
    else:
        try:
            import lib.checks.lesson_10._kept_back as _kept_back
        except ModuleNotFoundError:
            raise ValueError(
                "the capstone's hidden queries stay with the teacher; this is a bundle for students"
            ) from None
        asked = _kept_back.queries(course)
        random.Random(f"capstone {hidden}").shuffle(asked)
    return Task(
        [course.passages[own] for own in own_rows],
        trained,
        [query for query, _ in asked],
        [frozenset(row[passage] for passage in found) for _, found in asked],
        [query for query, _ in trained[:WARM]],
        own_rows,
        hidden is not None,
    )
