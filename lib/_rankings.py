"""Ranked ids and graded relevance, in whatever form they come, as plain lists and dicts.

A tensor of one number is found in a dict by what object it is, not by its value: torch.tensor(7) is
not in {7: 1}. So ids become Python's own numbers and texts before they are looked up, and what can
never be found is refused instead of counted as wrong.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from typing import Any, TypeGuard

NOTHING = -1  # what search and mining put where there is no passage


def plain_rankings(name: str, ranked: Any, k: int) -> list[list[Hashable]]:
    """Return the first k ids of each query, best first.

    ranked: lists, arrays or tensors of ids, (queries, m) if it is one array or tensor.
    Raises TypeError or ValueError for what is no ranking, for ids that are no whole numbers or
    texts, and for a passage that is named twice.
    """
    if isinstance(ranked, str | Mapping | Set) or not isinstance(ranked, Iterable):
        raise TypeError(
            f"{name}: the rankings are a {type(ranked).__name__}; expected a list of one ranking "
            "per query, in the order of the relevance judgements"
        )
    if _is_array(ranked) and str(ranked.dtype) != "object":
        if ranked.ndim != 2:
            raise ValueError(
                f"{name}: the rankings are {tuple(ranked.shape)}; expected (queries, m) ids: one "
                "query's row needs row[None, :]"
            )
        ranked = ranked[:, :k].tolist()
    return [_plain_row(name, query, row, k) for query, row in enumerate(ranked)]


def plain_relevance(name: str, relevant: Any) -> list[dict[Hashable, float]]:
    """Return {id: grade} of each query.

    Raises TypeError or ValueError for what is no mapping and for ids or grades that cannot be.
    """
    if isinstance(relevant, str | Mapping | Set) or not isinstance(relevant, Iterable):
        raise TypeError(
            f"{name}: the relevance judgements are a {type(relevant).__name__}; expected a list of "
            "one {id: grade} per query, in the order of the rankings"
        )
    return [_plain_grades(name, query, grades) for query, grades in enumerate(relevant)]


def require_one_kind(name: str, query: int, ids: list, grades: Mapping) -> None:
    """Raise TypeError if the ids of a ranking are of a kind that its relevance does not know."""
    known = {type(key) for key in grades}
    strange = [x for x in ids if type(x) not in known and x != NOTHING]
    if known and strange:
        key = next(iter(grades))
        raise TypeError(
            f"{name}: the ranking of query {query} holds {strange[0]!r}, {_kind(strange[0])}, and "
            f"its relevance {key!r}, {_kind(key)}: they can never match; expected ids of one kind: "
            "make ids of row numbers with [ids[row] for row in rows]"
        )


def _plain_row(name: str, query: int, row: Any, k: int) -> list[Hashable]:
    if isinstance(row, str | bytes):
        raise ValueError(
            f"{name}: the ranking of query {query} is the text {row!r}; expected a list of ids"
        )
    if isinstance(row, Mapping | Set) or not isinstance(row, Iterable) or _is_single(row):
        raise TypeError(
            f"{name}: the ranking of query {query} is {row!r}; expected a list of ids, best first"
        )
    if _is_array(row):
        if row.ndim != 1:
            raise ValueError(
                f"{name}: the ranking of query {query} is {tuple(row.shape)}; expected (m,) ids"
            )
        row = row[:k].tolist()
    elif isinstance(row, Sequence):
        row = row[:k]
    top = [_plain_id(name, query, x) for x in list(row)[:k]]
    there = [x for x in top if x != NOTHING]
    if len(set(there)) != len(there):
        raise ValueError(
            f"{name}: the ranking of query {query} names a passage twice in its first {k}; "
            "remove duplicates before scoring"
        )
    return top


def _plain_grades(name: str, query: int, grades: Any) -> dict[Hashable, float]:
    if not isinstance(grades, Mapping):
        raise TypeError(
            f"{name}: the relevance of query {query} is a {type(grades).__name__}; expected "
            "{id: grade}, such as {id: 1 for id in ids} where nobody gave grades"
        )
    plain = {_plain_id(name, query, key): _grade(name, query, g) for key, g in grades.items()}
    if len(plain) != len(grades):
        raise ValueError(f"{name}: the relevance of query {query} names a passage twice")
    if NOTHING in plain:
        raise ValueError(
            f"{name}: the relevance of query {query} has a grade for {NOTHING}, which stands where "
            "there is no passage; leave it out"
        )
    return plain


def _plain_id(name: str, query: int, x: Any) -> Hashable:
    if type(x) is str or type(x) is int:
        return x
    if _is_single(x):
        x = x.item()
    if isinstance(x, bool | float | complex):
        raise TypeError(
            f"{name}: query {query} has the id {x!r}, {_kind(x)}; expected whole numbers "
            "or texts: take the row numbers of a search, not its scores"
        )
    if isinstance(x, numbers.Integral):
        return int(x)
    if isinstance(x, str):
        return str(x)
    if _is_array(x) or not isinstance(x, Hashable):
        raise TypeError(
            f"{name}: query {query} has a {type(x).__name__} as an id; expected a whole number or a "
            "text for each passage"
        )
    return x


def _grade(name: str, query: int, grade: Any) -> float:
    if type(grade) is int:
        return grade
    if _is_single(grade):
        grade = grade.item()
    if not isinstance(grade, numbers.Real):
        raise TypeError(f"{name}: query {query} has the grade {grade!r}; expected a number, 0 to 4")
    if not math.isfinite(grade):
        raise ValueError(f"{name}: query {query} has the grade {grade}; expected a finite number")
    value = float(grade)
    return int(value) if value.is_integer() else value


def _is_array(x: Any) -> TypeGuard[Any]:
    """Whether it is a tensor or an array, of torch, NumPy or another library."""
    return hasattr(x, "tolist") and hasattr(x, "ndim")


def _is_single(x: Any) -> bool:
    """Whether it is a number of torch or NumPy, or an array of no dimension."""
    return hasattr(x, "item") and getattr(x, "ndim", None) == 0


def _kind(x: Any) -> str:
    kinds = {str: "a text", int: "a whole number", float: "a float", bool: "a truth value"}
    return kinds.get(type(x), f"a {type(x).__name__}")
