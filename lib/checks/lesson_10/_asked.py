"""What the capstone's check asks: passages, training pairs, and the queries of validation or of the judge.

The judge's queries are those that the course keeps back, or a teacher's own: a file of JSON lines such as
{"query": "ringing in the ears", "passage": "HP:0000360"}, which COURSE_HIDDEN_QUERIES names.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path

from lib.data import CourseSet, lay_queries, load_course_set
from lib.ontology import load_ontology

FILE = "COURSE_HIDDEN_QUERIES"
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

    Raises ValueError for a file of queries that cannot be used.
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
        named = os.environ.get(FILE, "").strip()
        asked = read(Path(named), course) if named else kept_back(course)
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


def kept_back(course: CourseSet) -> list[tuple[str, frozenset[str]]]:
    """The queries that are in no split of the course set, with the ids of their passages."""
    seen = {name for part in (course.train, course.validation, course.test) for name in part.ids}
    found = lay_queries(load_ontology())
    return [(text, frozenset([term.id])) for name, term, text in found if name not in seen]


def read(path: Path, course: CourseSet | None = None) -> list[tuple[str, frozenset[str]]]:
    """A teacher's own queries with the ids of the passages that answer them, in order of the file.

    A query that stands in several lines is asked once and has several passages. Raises ValueError,
    with the line, for what is no such file, and for a passage that the course set does not have.
    """
    known = set((course or load_course_set("fast")).ids)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the hidden queries in {path} cannot be read: {error}") from error
    found: dict[str, set[str]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        query, passage = _entry(f"{path}:{number}", line)
        if passage not in known:
            raise ValueError(
                f"{path}:{number}: there is no passage {passage!r}; expected an id of the course set, "
                "such as HP:0000360: `load_course_set().ids`"
            )
        found.setdefault(query, set()).add(passage)
    if len(found) < 2:
        raise ValueError(f"{path} holds {len(found)} queries; expected some dozens, one a line")
    return [(query, frozenset(passages)) for query, passages in found.items()]


def _entry(where: str, line: str) -> tuple[str, str]:
    form = '{"query": "ringing in the ears", "passage": "HP:0000360"}'
    try:
        entry = json.loads(line)
        query, passage = entry["query"], entry["passage"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{where} is no line such as {form}") from None
    if not isinstance(query, str) or not query.strip() or not isinstance(passage, str):
        raise ValueError(f"{where}: query and passage are not two texts, as in {form}")
    return query, passage
