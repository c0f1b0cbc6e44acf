"""A shortlist by vectors, put in order by a cross-encoder that was trained on a few training queries.

Source: Nogueira and Cho 2019, Passage Re-ranking with BERT.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lib import cross_encoder
from lib.metrics import ndcg_at_k
from lib.negative_filters import judged
from lib.pooling import normalize
from lib.search import encode_cached, top_k
from lib.tuple_training import HeadBench, contests

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from lib.data import CourseSet

__all__ = ["Judges", "Reranked", "rerank", "trained_judge"]

_WRONG, _DEEPEST = 4, 30  # wrong passages of a query in training, and the ranks they are drawn from


class Judges(NamedTuple):
    """A cross-encoder, and a head for vectors, both trained on the same tuples; what they learned from."""

    reading: cross_encoder.CrossEncoder
    head: torch.nn.Module
    tuples: Tensor
    seconds: float


class Reranked(NamedTuple):
    """nDCG@10 of each query, (queries,), by who puts its shortlist in order, and what a pair costs."""

    by_vectors: Tensor
    by_trained_vectors: Tensor
    by_reading: Tensor
    at_best: Tensor
    pair_seconds: float


def trained_judge(
    model: SentenceTransformer,
    course: CourseSet,
    passages: Tensor,
    queries: int = 320,
    *,
    joint_layers: int = 2,
    seed: int = 0,
) -> Judges:
    """Train a cross-encoder, and a head for vectors, on some training queries of the course.

    passages: (n, dim), the encoder's vectors of the course's passages, of any length. Of each query
    the positive stands against four passages, drawn from the thirty nearest that are not marked right.
    joint_layers: how many layers read the pair.
    """
    every = max(1, len(course.train) // queries)
    split = course.train.only(list(range(0, len(course.train), every))[:queries])
    asked, units = encode_cached(model, split.queries), normalize(passages.float())
    own = torch.tensor(split.positives)
    near = top_k(asked.to(units), units, _DEEPEST + 8)[1].cpu()
    row_of = {name: row for row, name in enumerate(course.ids)}
    right = [{row_of[name] for name in marked if name in row_of} for marked in split.relevant]
    wrong = torch.tensor(
        [
            [row for row in rows if row not in ok][:_DEEPEST]
            for rows, ok in zip(near.tolist(), right)
        ]
    )
    tuples = contests(torch.arange(len(own)), own, wrong, len(own), n=_WRONG, seed=seed)
    judge = cross_encoder.CrossEncoder(model, joint_layers=joint_layers)
    history = cross_encoder.train(
        judge, split.queries, course.passages, tuples, seed=seed, keep=True
    )
    bench = HeadBench(course, asked.to(units), units, units[:0], seed)
    head, _ = bench.train(tuples, epochs=20)
    return Judges(judge, head, tuples, history.seconds)


@torch.no_grad()
def rerank(
    judges: Judges,
    course: CourseSet,
    rows: Sequence[int],
    queries: Tensor,
    passages: Tensor,
    depth: int = 10,
) -> Reranked:
    """Put the nearest `depth` passages of some validation queries in a new order, by both judges.

    rows: which of the course's validation queries; queries: (rows, dim), passages: (n, dim), vectors
    of any length. `at_best` is what an order that puts the right passage first would reach.
    """
    split = course.validation.only(list(rows))
    asked, units = normalize(queries.float()), normalize(passages.float())
    scores, found = top_k(asked, units, depth)
    began = time.perf_counter()
    read = judged(judges.reading, split.queries, course.passages, found)
    seconds = (time.perf_counter() - began) / read.numel()
    learned = (judges.head(asked)[:, None] * judges.head(units)[found]).sum(dim=2)
    right = torch.tensor(
        [[course.ids[i] in ok for i in own] for own, ok in zip(found.tolist(), split.relevant)]
    )
    by_vectors, by_trained, by_reading, at_best = (
        _ndcg(course, split.relevant, found, order)
        for order in (scores, learned, read, right.float().to(scores))
    )
    return Reranked(by_vectors, by_trained, by_reading, at_best, seconds)


def _ndcg(
    course: CourseSet, relevant: Sequence[dict[str, int]], found: Tensor, scores: Tensor
) -> Tensor:
    order = scores.argsort(dim=1, descending=True, stable=True)
    ranked = [[course.ids[i] for i in own] for own in found.gather(1, order).tolist()]
    return ndcg_at_k(ranked, relevant, 10)
