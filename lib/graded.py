"""Graded relevance: the right passage, and those that serve the query in part.

The course's queries have one right passage each, the term whose wording they are. But who asks for
sinusitis is served by chronic sinusitis, too: a term's parents and children in the ontology are right in
part. Where nobody has judged them, a ranking that has one at the top is called wrong. Here the
ontology judges: grade 2 for the term, 1 for its parents and children, 0 for all others.
"""

from __future__ import annotations

from lib.data import CourseSet, Split

__all__ = ["graded_relevance"]

_RIGHT, _IN_PART = 2, 1


def graded_relevance(course: CourseSet, split: Split) -> list[dict[str, int]]:
    """Return {passage id: grade} of each query of a split: 2 for what is right, 1 for its relatives.

    Relatives are the parents and children of the right terms, as far as their passages are searched:
    those that are in `course.ids`. Siblings have grade 0: they are near, but something else. Pass the
    result to the metrics of lib.metrics in place of `split.relevant`.
    Raises ValueError if a query's right passage is not in the course set.
    """
    parents = dict(zip(course.ids, course.parents))
    children: dict[str, list[str]] = {term_id: [] for term_id in course.ids}
    for term_id, above in parents.items():
        for parent in above:
            if parent in children:
                children[parent].append(term_id)
    graded = []
    for query, relevant in enumerate(split.relevant):
        if missing := [term_id for term_id in relevant if term_id not in parents]:
            raise ValueError(
                f"graded_relevance: query {query} asks for {missing[0]}, which is not among the "
                f"{len(course.ids)} passages of {course.name}; expected a split of the same set"
            )
        in_line = [i for right in relevant for i in (*parents[right], *children[right])]
        grades = {term_id: _IN_PART for term_id in in_line if term_id in parents}
        graded.append(grades | dict.fromkeys(relevant, _RIGHT))
    return graded
