"""The learner's leaderboard: one row per system, all measured on the same test queries."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lib._files import write_whole
from lib._places import cache_folder
from lib.metrics import Interval, bootstrap_interval, mrr_at_k, ndcg_at_k, recall_at_k

if TYPE_CHECKING:
    from lib.data import Split

_DEPTH = 10


@dataclass(frozen=True)
class Row:
    """One system's result: means over the queries of a split, with 95% bootstrap intervals.

    task: a hash of the queries, their answers and the passages searched; rows with different tasks do not compare.
    """

    system: str
    lesson: str
    queries: int
    ndcg_at_10: Interval
    recall_at_10: Interval
    mrr_at_10: Interval
    task: str


def task_hash(split: Split) -> str:
    """Return 16 hex digits that name the queries of a split, what answers them and what is searched."""
    task = [split.ids, split.queries, split.relevant, split.corpus]
    content = json.dumps(task, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def evaluate(system: str, lesson: str, ranked: Sequence[Sequence[str]], split: Split) -> Row:
    """Return the row of a system that ranked the passages of each query of `split`.

    system: what to call it ("BM25").  lesson: "01" to "10".  ranked: passage ids per query, best
    first, in the order of split.queries; the first 10 count. Raises ValueError when the name is
    empty or the number of lists is not the number of queries.
    """
    if not system.strip() or not lesson.strip():
        raise ValueError(
            f"evaluate: system is {system!r} and lesson is {lesson!r}; expected a name for each"
        )
    if len(ranked) != len(split.queries):
        raise ValueError(
            f"evaluate: {len(ranked)} ranked lists came for {len(split.queries)} queries; expected "
            "one list per query of the split, in its order"
        )
    ndcg, recall, mrr = (
        bootstrap_interval(metric(ranked, split.relevant, _DEPTH))
        for metric in (ndcg_at_k, recall_at_k, mrr_at_k)
    )
    return Row(system, lesson, len(split.queries), ndcg, recall, mrr, task_hash(split))


def folder() -> Path:
    """Return where rows are kept, made if need be: COURSE_LEADERBOARD, else in the cache folder."""
    named = os.environ.get("COURSE_LEADERBOARD", "").strip()
    path = Path(named).expanduser() if named else cache_folder() / "leaderboard"
    path.mkdir(parents=True, exist_ok=True)
    return path


def save(row: Row) -> Path:
    """Keep a row and return its file; a new one of the same lesson, system and task replaces it."""
    key = hashlib.sha256(f"{row.lesson}\t{row.system}\t{row.task}".encode()).hexdigest()[:8]
    name = re.sub(r"[^a-z0-9]+", "-", f"{row.lesson}-{row.system}".lower()).strip("-")[:60]
    path = folder() / f"{name}-{key}.json"
    write_whole(path, json.dumps(asdict(row), indent=2, ensure_ascii=False).encode())
    return path


def _parse(content: str) -> Row:
    fields = json.loads(content)
    for name in ("ndcg_at_10", "recall_at_10", "mrr_at_10"):
        fields[name] = Interval(**{end: float(value) for end, value in fields[name].items()})
    row = Row(**fields)
    if not isinstance(row.system, str) or not isinstance(row.lesson, str):
        raise TypeError("system and lesson must be texts")
    return row


def board(row: Row) -> list[Row]:
    """Return the rows to show in the lesson of `row`: of its task, and of no later lesson.

    Rows of later lessons are there when somebody has gone on and comes back; they would give away
    what is still to come. A row whose lesson is no number, such as "mine", belongs to none and is
    always shown. `row` itself is among them, in its place, saved or not.
    """
    last, rows = _number(row.lesson), [row]
    for other in load_rows():
        number = _number(other.lesson)
        if other.task != row.task or (other.system, other.lesson) == (row.system, row.lesson):
            continue
        if number is None or last is None or number <= last:
            rows.append(other)
    return sorted(rows, key=_place)


def _number(lesson: str) -> int | None:
    digits = re.match(r"\s*(\d+)", lesson)
    return int(digits[1]) if digits else None


def _place(row: Row) -> tuple:
    """By lesson, "9" before "10" and before what is no number, then by system."""
    number = _number(row.lesson)
    return number is None, number or 0, row.lesson, row.system


def load_rows() -> list[Row]:
    """Return the rows that were kept, by lesson, then by system; unreadable files are named, skipped."""
    rows = []
    for path in sorted(folder().glob("*.json")):
        try:
            rows.append(_parse(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            print(f"The leaderboard's file {path.name} cannot be read ({error}); it is skipped.")
    return sorted(rows, key=_place)
