"""Which queries are like those that were trained on, and which are not.

A gain that is there only for queries in the words of the training set was learned by heart. So the
near ones and the far ones are told apart, by the words that they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib.analysis import analyze_english

__all__ = ["near_and_far", "nearest_overlap"]


def nearest_overlap(queries: Iterable[str], known: Iterable[str], block: int = 512) -> Tensor:
    """Return for each query the overlap with the known query that is most like it, (queries,).

    The overlap of two texts is the number of terms that both have over the number that one of them
    has (Jaccard), terms as `analyze_english` makes them: 1 for the same terms, 0 for none in common.
    At most `block` queries are compared at a time.
    Raises TypeError for one text instead of a list, ValueError without a known query.
    """
    asked = as_texts("nearest_overlap", queries, "queries")
    others = as_texts("nearest_overlap", known, "known")
    if not others:
        raise ValueError("nearest_overlap: known is empty; expected at least one query")
    both = [sorted(set(analyze_english(text))) for text in (*asked, *others)]
    number = {term: i for i, term in enumerate(dict.fromkeys(t for terms in both for t in terms))}
    table = torch.zeros(len(both), len(number))
    for row, terms in enumerate(both):
        table[row, [number[term] for term in terms]] = 1
    left, right = table[: len(asked)], table[len(asked) :]
    sizes = right.sum(dim=1)
    found = []
    for part in left.split(block):
        shared = part @ right.T
        either = part.sum(dim=1, keepdim=True) + sizes - shared
        found.append((shared / either.clamp(min=1)).amax(dim=1))
    return torch.cat(found) if found else torch.zeros(0)


def near_and_far(overlap: Tensor | Sequence[float], bound: float = 0.5) -> tuple[Tensor, Tensor]:
    """Return the rows whose overlap is at least `bound`, and the others: two index tensors."""
    near = torch.as_tensor(overlap) >= bound
    return near.nonzero()[:, 0], (~near).nonzero()[:, 0]
