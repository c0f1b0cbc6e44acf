"""A teacher's own hidden queries for the capstone: a file that the judge reads, and no learner has.

The course's data is public, and so is what it keeps back. Who wants queries that nobody can look up writes
them, one a line: {"query": "ringing in the ears", "passage": "HP:0000360"}.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "COURSE_HIDDEN_QUERIES"
FORM = '{"query": "ringing in the ears", "passage": "HP:0000360"}'


def named() -> Path | None:
    """The file that COURSE_HIDDEN_QUERIES names, None if it names none."""
    name = os.environ.get(VARIABLE, "").strip()
    return Path(name) if name else None


def read(path: Path, known: Iterable[str] | None = None) -> list[tuple[str, frozenset[str]]]:
    """The queries with the ids of the passages that answer them, in order of the file.

    A query that stands in several lines is asked once and has several passages. known: the ids of the
    passages, by default those of the course set's 4,000. Raises ValueError, with the line, for what is
    no such file and for a passage that is not known.
    """
    ids = set(_course_ids() if known is None else known)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the hidden queries in {path} cannot be read: {error}") from error
    found: dict[str, set[str]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        query, passage = _entry(f"{path}:{number}", line)
        if passage not in ids:
            raise ValueError(
                f"{path}:{number}: there is no passage {passage!r}; expected an id of the course set, "
                "such as HP:0000360: `load_course_set().ids`"
            )
        found.setdefault(query, set()).add(passage)
    if not found:
        raise ValueError(f"{path} holds no query; expected some dozens, one a line: {FORM}")
    return [(query, frozenset(passages)) for query, passages in found.items()]


def _entry(where: str, line: str) -> tuple[str, str]:
    try:
        entry = json.loads(line)
        query, passage = entry["query"], entry["passage"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{where} is no line such as {FORM}") from None
    if not isinstance(query, str) or not query.strip() or not isinstance(passage, str):
        raise ValueError(f"{where}: query and passage are not two texts, as in {FORM}")
    return query, passage


def _course_ids() -> list[str]:
    from lib.data import load_course_set

    return load_course_set("fast").ids
