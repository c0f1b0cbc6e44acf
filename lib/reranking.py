"""A shortlist by vectors, put in order by a cross-encoder that was trained on a few training queries.

Source: Nogueira and Cho 2019, Passage Re-ranking with BERT.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lib import cross_encoder
from lib.finetune import fit_head
from lib.metrics import ndcg_at_k
from lib.negative_filters import judged
from lib.pooling import normalize
from lib.search import encode_cached, top_k
from lib.tuple_training import contests

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from lib.data import CourseSet, Split

__all__ = ["Judges", "Reranked", "Shortlists", "rerank", "shortlists", "trained_judge"]

_DEEPEST = 30  # the ranks that wrong passages of a query are drawn from in training


class Judges(NamedTuple):
    """A cross-encoder, and a head for vectors, both trained on the same tuples; what they learned from."""

    reading: cross_encoder.CrossEncoder
    head: torch.nn.Module
    tuples: Tensor
    seconds: float


class Shortlists(NamedTuple):
    """The passages nearest to some queries, (queries, depth), best first.

    asked: (queries, dim) and offered: (queries, depth, dim) unit vectors; scores, found: (queries, depth)
    cosines and rows of passages; right: (queries, depth) bool.
    """

    split: Split
    asked: Tensor
    offered: Tensor
    scores: Tensor
    found: Tensor
    right: Tensor

    @property
    def hopeful(self) -> Tensor:
        """Which shortlists hold a right passage, (queries,) bool."""
        return self.right.any(dim=1)


class Reranked(NamedTuple):
    """nDCG@10 of each query, (queries,), by who puts its shortlist in order."""

    by_vectors: Tensor
    by_trained_vectors: Tensor
    by_reading: Tensor
    at_best: Tensor


def trained_judge(
    model: SentenceTransformer,
    course: CourseSet,
    passages: Tensor,
    queries: int = 96,
    *,
    wrong: int = 3,
    joint_layers: int = 2,
    batch_size: int = 4,
    lr: float = 2e-4,
    seed: int = 0,
) -> Judges:
    """Train a cross-encoder, and a head for vectors, on some training queries of the course.

    passages: (n, dim), the encoder's vectors of the course's passages, of any length. Of each query
    the positive stands against `wrong` passages, drawn from the thirty nearest that are not marked right.
    joint_layers: how many layers read the pair. batch_size, lr: of the cross-encoder's training, in queries
    a step; with few queries small batches give it steps enough.
    """
    every = max(1, len(course.train) // queries)
    split = course.train.only(list(range(0, len(course.train), every))[:queries])
    asked, units = encode_cached(model, split.queries), normalize(passages.float())
    own = torch.tensor(split.positives)
    near = top_k(asked.to(units), units, _DEEPEST + 8)[1].cpu()
    row_of = {name: row for row, name in enumerate(course.ids)}
    right = [{row_of[name] for name in marked if name in row_of} for marked in split.relevant]
    candidates = torch.tensor(
        [
            [row for row in rows if row not in ok][:_DEEPEST]
            for rows, ok in zip(near.tolist(), right)
        ]
    )
    tuples = contests(torch.arange(len(own)), own, candidates, len(own), n=wrong, seed=seed)
    judge = cross_encoder.CrossEncoder(model, joint_layers=joint_layers)
    history = cross_encoder.train(
        judge,
        split.queries,
        course.passages,
        tuples,
        batch_size=batch_size,
        lr=lr,
        seed=seed,
        keep=True,
    )
    head = fit_head(
        asked.to(units)[tuples[:, 0]],
        units[tuples[:, 1]],
        tuples[:, 1].tolist(),
        negatives=units[tuples[:, 2:]],
        batch_size=16,
        seed=seed,
    )
    return Judges(judge, head, tuples, history.seconds)


@torch.no_grad()
def shortlists(
    course: CourseSet, rows: Sequence[int], queries: Tensor, passages: Tensor, depth: int = 10
) -> Shortlists:
    """Find the nearest `depth` passages of some validation queries.

    rows: which of the course's validation queries; queries: (rows, dim), passages: (n, dim), vectors
    of any length.
    """
    split = course.validation.only(list(rows))
    asked, units = normalize(queries.float()), normalize(passages.float())
    scores, found = top_k(asked, units, depth)
    right = [[course.ids[i] in ok for i in own] for own, ok in zip(found.tolist(), split.relevant)]
    return Shortlists(
        split, asked, units[found], scores, found, torch.tensor(right).to(found.device)
    )


@torch.no_grad()
def rerank(judges: Judges, course: CourseSet, lists: Shortlists) -> Reranked:
    """Put the passages of shortlists in a new order, by both judges.

    `at_best` is what an order that puts the right passage first would reach. A shortlist without a right
    passage is worth 0 in any order, so the cross-encoder does not read it.
    """
    split, hopeful, found = lists.split, lists.hopeful, lists.found
    asking = [text for text, some in zip(split.queries, hopeful.tolist()) if some]
    read = lists.scores.clone()
    read[hopeful] = judged(judges.reading, asking, course.passages, found[hopeful]).to(read)
    learned = (judges.head(lists.asked)[:, None] * judges.head(lists.offered)).sum(dim=2)
    orders = (lists.scores, learned, read, lists.right.to(read))
    return Reranked(*(_ndcg(course, split.relevant, found, order) for order in orders))


def _ndcg(
    course: CourseSet, relevant: Sequence[dict[str, int]], found: Tensor, scores: Tensor
) -> Tensor:
    order = scores.argsort(dim=1, descending=True, stable=True)
    ranked = [[course.ids[i] for i in own] for own in found.gather(1, order).tolist()]
    return ndcg_at_k(ranked, relevant, 10)
