"""What a capstone is measured against: four systems on the same queries, and the base encoder's time.

All are the course's own: BM25 with its English analyser, the base encoder, the two by reciprocal rank
fusion, and a projection head trained on the pairs. Each searches in float32, without a budget. What is
measured once is kept on disk.
"""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lib._places import cache_folder
from lib.bm25 import BM25
from lib.cache import EmbeddingCache, remember
from lib.checks.lesson_10._asked import Task
from lib.device import low_precision_dtype
from lib.finetune import ProjectionHead, fit
from lib.hybrid import fuse_tables
from lib.losses import mnrl
from lib.metrics import ndcg_at_k
from lib.models import load_encoder
from lib.search import encode_cached, fingerprint, top_k

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NAMES = ("BM25", "base encoder", "hybrid", "trained head")
DEPTH = 10
FUSED = 100  # of each ranking
EPOCHS, BATCH, RATE = 5, 128, 1e-3  # of the head
VERSION = 1  # counted up when a baseline is measured otherwise


def quality(rows: Sequence[Sequence[int]] | Tensor, task: Task) -> float:
    """The mean nDCG@10 of rankings of the task's queries, in order."""
    judged = [dict.fromkeys(found, 1) for found in task.relevant]
    return float(ndcg_at_k(rows, judged, DEPTH).mean())


def baselines(task: Task) -> dict[str, float]:
    """The nDCG@10 of each of `NAMES` on the task's queries."""
    facts = json.dumps([task.passages, task.pairs, task.queries, list(map(sorted, task.relevant))])
    digest = hashlib.sha256(facts.encode()).hexdigest()
    made = remember(
        "capstone-baselines",
        {"task": digest, "encoder": fingerprint(encoder(), "float32"), "version": VERSION},
        lambda: {"ndcg": torch.tensor(_measured(task), dtype=torch.float64)},
    )
    return dict(zip(NAMES, made["ndcg"].tolist()))


def _measured(task: Task) -> list[float]:
    texts = [*task.passages, *(query for query, _ in task.pairs), *task.queries]
    vectors = encode_cached(encoder(), texts, progress=False)
    passages, trained, asked = vectors.split([len(task.passages), len(task.pairs), len(task)])
    words = BM25(task.passages).top_k(task.queries, FUSED)
    base = top_k(asked, passages, FUSED)
    fused = fuse_tables([words, base], DEPTH, above=(0.0, None))
    head, own = ProjectionHead(passages.shape[1]), torch.tensor([row for _, row in task.pairs])
    fit(
        head,
        len(task.pairs),
        lambda rows: mnrl(head(trained[rows]), head(passages[own[rows]])),
        batch_size=BATCH,
        epochs=EPOCHS,
        lr=RATE,
        keys=own.tolist(),
        progress=False,
    )
    with torch.no_grad():
        tuned = top_k(head(asked), head(passages), DEPTH)
    return [quality(rows, task) for _, rows in (words, base, fused, tuned)]


@functools.cache
def encoder() -> SentenceTransformer:
    """The course's encoder, on the CPU."""
    return load_encoder(device="cpu")


def kept_vectors(task: Task) -> Path:
    """A folder, to be COURSE_CACHE, that holds the base encoder's vectors of passages and training queries.

    So `encode_cached` finds them where a learner's index is built for grading, as it does in a notebook.
    """
    texts = [*task.passages, *(query for query, _ in task.pairs)]
    name = hashlib.sha256("\0".join(sorted(texts)).encode()).hexdigest()[:16]
    folder = cache_folder() / "capstone" / name
    cache = EmbeddingCache(folder / "embeddings")
    precision = str(low_precision_dtype("cpu") or torch.float32).removeprefix("torch.")
    key = fingerprint(encoder(), precision)
    if any(vector is None for vector in cache.get(key, texts)):
        cache.put(key, texts, encode_cached(encoder(), texts, precision=precision, progress=False))
    return folder


class Clock:
    """Times the base encoder's exact search over the same passages, in this process."""

    def __init__(self, task: Task) -> None:
        self.passages = encode_cached(encoder(), task.passages, progress=False)
        self.queries, self.seconds = 0, 0.0

    def __call__(self, queries: list[str]) -> float:
        """The seconds that one search takes, which count to the mean."""
        began = time.perf_counter()
        vectors = encoder().encode(queries, convert_to_tensor=True, show_progress_bar=False)
        top_k(vectors, self.passages, DEPTH)
        took = time.perf_counter() - began
        self.queries, self.seconds = self.queries + len(queries), self.seconds + took
        return took

    def warm_up(self, queries: list[str]) -> None:
        """Search twice, since the first takes longer, and begin with the second."""
        self(queries)
        self.queries, self.seconds = 0, 0.0
        self(queries)

    @property
    def a_query(self) -> float:
        """Seconds a query, over all that were timed."""
        return self.seconds / max(1, self.queries)
