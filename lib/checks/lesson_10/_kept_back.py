"""The judge's queries of the capstone: those that the course keeps back, or a teacher's own."""

from __future__ import annotations

from lib.checks import hidden_queries
from lib.data import CourseSet, lay_queries
from lib.ontology import load_ontology


def queries(course: CourseSet) -> list[tuple[str, frozenset[str]]]:
    """The queries with the ids of the passages that answer each, in the order in which they are stored.

    Raises ValueError for a teacher's file that cannot be used (lib.checks.hidden_queries).
    """
    own = hidden_queries.named()
    return hidden_queries.read(own, course.ids) if own else kept_back(course)


def kept_back(course: CourseSet) -> list[tuple[str, frozenset[str]]]:
    """The queries that are in no split of the course set, with the ids of their passages."""
    seen = {name for part in (course.train, course.validation, course.test) for name in part.ids}
    found = lay_queries(load_ontology())
    return [(text, frozenset([term.id])) for name, term, text in found if name not in seen]
