"""Evaluation during training: a search among passages, as an evaluator of sentence-transformers.

The Trainer asks an evaluator while it trains, keeps the best step by its primary metric, and writes
its numbers into the model card.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib.device import autocast
from lib.metrics import mrr_at_k, ndcg_at_k, recall_at_k
from lib.search import top_k

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.evaluation import BaseEvaluator

    from lib.data import CourseSet, Split

__all__ = ["Measure", "corpus_around", "evaluator_of", "search_evaluator"]

# (query vectors, passage vectors, right rows of each query, k) -> name of a metric: its mean
Measure = Callable[[Tensor, Tensor, list[list[int]], int], Mapping[str, float]]


def corpus_around(course: CourseSet, split: Split, passages: int, seed: int = 0) -> list[int]:
    """Return rows of `passages` passages: all that answer a query of the split, and others drawn.

    Searching among them takes a fraction of the time, and scores are higher than among all. If more
    answer a query, these are returned. Rising.
    """
    generator = torch.Generator().manual_seed(seed)
    right = {name for relevant in split.relevant for name in relevant}
    needed = [row for row, name in enumerate(course.ids) if name in right]
    others = [row for row, name in enumerate(course.ids) if name not in right]
    drawn = torch.randperm(len(others), generator=generator)[: max(0, passages - len(needed))]
    return sorted([*needed, *(others[i] for i in drawn)])


def search_evaluator(
    queries: Iterable[str],
    passages: Iterable[str],
    relevant: Sequence[Mapping[str, int]],
    ids: Sequence[str],
    *,
    k: int = 10,
    name: str = "",
    measure: Measure | None = None,
) -> BaseEvaluator:
    """Return an evaluator of nDCG@k, recall@k and MRR@k of a search for queries among passages.

    queries, passages: texts. relevant: for each query {passage id: grade}; ids: those of the passages.
    name: put before the metrics' names. measure: another evaluation, whose metrics are reported, too;
    where a name is the same, its number counts.
    Called with a model it returns {"name_ndcg@10": ...}; its primary_metric, by which the best step
    is chosen, is nDCG@k.
    Raises ValueError without queries or passages, or for other numbers of ids or judgements.
    """
    asked = as_texts("search_evaluator", queries, "queries")
    offered = as_texts("search_evaluator", passages, "passages")
    sizes = len(asked), len(relevant), len(offered), len(ids)
    if not sizes[0] or sizes[0] != sizes[1] or not sizes[2] or sizes[2] != sizes[3]:
        raise ValueError(
            f"search_evaluator: {sizes[0]} queries with {sizes[1]} judgements, {sizes[2]} passages "
            f"with {sizes[3]} ids; expected as many of each two, and at least one"
        )
    return _evaluator()(asked, offered, list(relevant), list(ids), k, name, measure)


def evaluator_of(
    course: CourseSet,
    split: Split | None = None,
    *,
    passages: int = 1_500,
    queries: int | None = None,
    seed: int = 0,
    **options: Any,
) -> BaseEvaluator:
    """Return the evaluator of a split, by default of the validation queries, in a small corpus.

    passages: how many are searched; see `corpus_around`. queries: how many are drawn, None takes all.
    options: k, name and measure of `search_evaluator`.
    """
    split = course.validation if split is None else split
    if queries is not None:
        generator = torch.Generator().manual_seed(seed)
        split = split.only(
            sorted(torch.randperm(len(split), generator=generator)[:queries].tolist())
        )
    rows = corpus_around(course, split, passages, seed)
    texts, ids = [course.passages[row] for row in rows], [course.ids[row] for row in rows]
    return search_evaluator(split.queries, texts, split.relevant, ids, **options)


class _Search:
    """What `search_evaluator` returns, but for its base, which takes seconds to import."""

    def __init__(
        self,
        queries: list[str],
        passages: list[str],
        relevant: list[Mapping[str, int]],
        ids: list[str],
        k: int,
        name: str,
        measure: Measure | None,
    ) -> None:
        super().__init__()
        self.queries, self.passages, self.relevant, self.ids = queries, passages, relevant, ids
        self.k, self.name, self.measure = k, name, measure
        self.primary_metric = f"ndcg@{k}"

    def __call__(
        self,
        model: SentenceTransformer,
        output_path: str | None = None,
        epoch: float = -1,
        steps: int = -1,
    ) -> dict[str, float]:
        """Return the metrics of the model as it is, and note them for its model card."""
        asked, offered = (self._encoded(model, texts) for texts in (self.queries, self.passages))
        found = top_k(asked, offered, min(self.k, len(self.ids)))[1].tolist()
        ranked = [[self.ids[row] for row in rows] for rows in found]
        metrics: dict[str, float] = {}
        for kind, metric in (("ndcg", ndcg_at_k), ("recall", recall_at_k), ("mrr", mrr_at_k)):
            metrics[f"{kind}@{self.k}"] = float(metric(ranked, self.relevant, self.k).mean())
        if self.measure is not None:
            row = {name: place for place, name in enumerate(self.ids)}
            right = [[row[i] for i, grade in one.items() if grade > 0] for one in self.relevant]
            metrics |= self.measure(asked, offered, right, self.k)
        library: Any = self
        metrics = library.prefix_name_to_metrics(metrics, self.name)
        library.store_metrics_in_model_card_data(model, metrics, int(epoch), steps)
        return metrics

    def get_config_dict(self) -> dict[str, Any]:
        """What decides the numbers, for the model card and for what is kept of a training."""
        texts = [self.queries, self.passages, self.relevant, self.ids]
        content = hashlib.sha256(json.dumps(texts).encode()).hexdigest()
        return {"k": self.k, "queries": len(self.queries), "texts": content[:16]}

    def _encoded(self, model: SentenceTransformer, texts: list[str]) -> Tensor:
        with autocast(model.device):
            return model.encode(
                texts, convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False
            ).float()


@cache
def _evaluator() -> Any:
    """The class; its base takes seconds to import."""
    from sentence_transformers.base.evaluation import BaseEvaluator

    return type("SearchEvaluator", (_Search, BaseEvaluator), {"__doc__": _Search.__doc__})
