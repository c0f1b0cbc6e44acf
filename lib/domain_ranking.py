"""The same systems on several retrieval sets: does the order of one hold on another?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from lib.data import CourseSet, Split
from lib.metrics import ndcg_at_k
from lib.search_evaluator import corpus_around

__all__ = ["System", "judge", "order_of"]

# passages, queries, k -> rows of passages (q, k), best first, -1 for none
System = Callable[[list[str], list[str], int], Tensor]


def judge(
    course: CourseSet,
    split: Split,
    systems: Mapping[str, System],
    passages: int | None = None,
    k: int = 10,
) -> dict[str, Tensor]:
    """Return for each system the nDCG@k of each query of a split, (q,), by its name.

    passages: search among so many, all that answer a query and others drawn (see `corpus_around`);
    None for all.
    """
    rows = [*range(len(course.passages))]
    if passages is not None:
        rows = corpus_around(course, split, passages)
    texts = [course.passages[row] for row in rows]
    place = {row: f"{number}" for number, row in enumerate(rows)}
    relevant = [{place[row]: 1} for row in split.positives]
    found = {}
    for name, system in systems.items():
        ranked = system(texts, split.queries, k).tolist()
        found[name] = ndcg_at_k([[f"{i}" for i in one if i >= 0] for one in ranked], relevant, k)
    return found


def order_of(scores: Mapping[str, Tensor]) -> list[str]:
    """Return the names by their mean score, best first."""
    return sorted(scores, key=lambda name: -float(scores[name].mean()))
