"""The bench on which losses and negatives are compared: a frozen encoder's vectors of one course set.

A head trained on these vectors takes about a second, so that many ways to train can be measured over
several seeds. What trains on it is `lib.pair_training` and `lib.tuple_training`; all measure alike, here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lib.metrics import ndcg_at_k
from lib.search import encode_cached, top_k

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from lib.data import CourseSet
    from lib.finetune import ProjectionHead

__all__ = ["DEPTH", "SEEDS", "FrozenBench"]

SEEDS = (0, 1, 2)
DEPTH = 10  # passages of a query that are ranked


@dataclass(frozen=True)
class FrozenBench:
    """What heads are trained on and measured with.

    course: its training pairs teach, its validation queries and all its passages are searched. queries:
    (train, dim), passages: (n, dim), held_out: (validation, dim), the frozen encoder's vectors of the
    training queries, of all passages and of the validation queries. seed: is added to that of each training.
    """

    course: CourseSet
    queries: Tensor
    passages: Tensor
    held_out: Tensor
    seed: int = 0

    @torch.no_grad()
    def quality(self, head: ProjectionHead | None = None) -> Tensor:
        """Return nDCG@10 of each validation query, (validation,); without a head the encoder's."""
        q, p = self.held_out, self.passages
        return self.ndcg(self.found(*((q, p) if head is None else (head(q), head(p)))))

    def quality_of(self, encoder: SentenceTransformer) -> Tensor:
        """Return nDCG@10 of each validation query, (validation,), by the vectors of another encoder."""
        texts = self.course.validation.queries, self.course.passages
        return self.ndcg(self.found(*(encode_cached(encoder, side) for side in texts)))

    def found(self, queries: Tensor, passages: Tensor) -> Tensor:
        """Return the rows of the ten passages nearest to each query, (q, 10), by vectors (q, dim), (n, dim)."""
        return top_k(queries, passages, DEPTH)[1]

    def ndcg(self, found: Tensor) -> Tensor:
        """Return nDCG@10 of the first validation queries, (q,), by the passages found, rows (q, m)."""
        ranked = self._ids(found)
        return ndcg_at_k(ranked, self.course.validation.relevant[: len(ranked)], DEPTH)

    def ranked(self, queries: Tensor, passages: Tensor) -> list[list[str]]:
        """Return the ids of the ten passages nearest to each query, for `lib.leaderboard.evaluate`."""
        return self._ids(self.found(queries, passages))

    def _ids(self, found: Tensor) -> list[list[str]]:
        return [[self.course.ids[i] for i in row] for row in found[:, :DEPTH].tolist()]
