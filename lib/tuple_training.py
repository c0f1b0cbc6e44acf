"""Training on tuples of row numbers, query, positive, negatives, and what that teaches.

A source of negatives is judged by the model that learns from it. `HeadBench` trains a small model in a
second, one matrix on a frozen encoder's vectors, and measures it on the validation queries, so that
many sources can be compared. `search_after_training` trains a whole encoder, which takes minutes.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lib import bi_encoder, losses
from lib.cache import remember
from lib.device import low_precision_dtype
from lib.finetune import History, ProjectionHead, fit
from lib.fingerprint import module_digest
from lib.frozen_bench import DEPTH, SEEDS, FrozenBench
from lib.metrics import Interval, bootstrap_interval
from lib.negatives import ntuples
from lib.search import encode_cached, top_k
from lib.significance import paired_interval

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from lib.data import CourseSet

__all__ = ["HeadBench", "Taught", "contests", "in_batch", "late", "own_choices"]
__all__ += ["search_after_training"]

Loss = Callable[
    [Tensor, Tensor, Tensor], Tensor
]  # of queries, positives, negatives (batch, n, dim)
_ALL_LAYERS = "all layers, "  # begins the name of what all layers were taught
_RECIPE = 1  # count up when `search_after_training` changes, so that what was kept is made anew


def own_choices(
    queries: Tensor, positives: Tensor, negatives: Tensor, *, scale: float = 20.0
) -> Tensor:
    """The loss of queries that choose among their positive and their own negatives, nobody else's.

    queries, positives: (batch, dim); negatives: (batch, n, dim), unit vectors. Returns a scalar: the
    mean cross-entropy in nats, log(1 + n) if all cosines are equal.
    """
    scores = torch.cat(
        [
            (queries * positives).sum(dim=1, keepdim=True),  # (batch, 1)
            (negatives @ queries[:, :, None]).squeeze(2),  # (batch, n)
        ],
        dim=1,
    )
    return F.cross_entropy(scale * scores, torch.zeros_like(scores[:, 0], dtype=torch.long))


def in_batch(queries: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """MNRL among the positives of the batch alone: the tuples' own negatives are not used."""
    return losses.mnrl(queries, positives)


class HeadBench(FrozenBench):
    """A bench on which heads are trained by tuples of rows: query, positive, negatives."""

    def train(
        self,
        tuples: Tensor,
        loss: Loss = own_choices,
        *,
        seed: int = 0,
        epochs: int = 4,
        validated: bool = False,
    ) -> tuple[ProjectionHead, History]:
        """Return a head trained on tuples (t, 2 + n) of training query, passage and negatives.

        No passage is the positive of two queries of a batch. validated: keep the state that did best
        on the validation queries, not the last. Raises ValueError for rows that are missing (-1).
        """
        if tuples.ndim != 2 or tuples.shape[1] < 2 or bool((tuples < 0).any()):
            raise ValueError(
                f"HeadBench.train: tuples are {tuple(tuples.shape)} with a lowest row of "
                f"{int(tuples.min()) if tuples.numel() else 'none'}; expected (t, 2 + n) rows from 0: "
                "leave out queries that lack a negative, as negatives.ntuples does"
            )
        head = ProjectionHead(self.passages.shape[1]).to(self.passages.device)

        def step(batch: Tensor) -> Tensor:
            q, p, n = tuples[batch, 0], tuples[batch, 1], tuples[batch, 2:]
            with torch.autocast(self.passages.device.type, enabled=False):
                return loss(head(self.queries[q]), head(self.passages[p]), head(self.passages[n]))

        options: dict[str, Any] = {"batch_size": 128, "epochs": epochs, "lr": 3e-3}
        if validated:
            options |= {"validate": lambda: float(self.quality(head).mean()), "every": 20}
        keys = tuples[:, 1].tolist()
        options |= {"seed": self.seed + seed, "keys": keys, "progress": False}
        history = fit(head, len(tuples), step, **options)
        return head.eval(), history

    def reordered(self, candidates: Tensor, scores: Tensor) -> Tensor:
        """Return nDCG@10 of the first validation queries whose candidates (q, m) are put in order of
        scores (q, m), (q,)."""
        return self.ndcg(candidates.gather(1, scores.argsort(dim=1, descending=True)))

    def taught_by(
        self, tuples: Tensor, loss: Loss = own_choices, seeds: Sequence[int] = SEEDS
    ) -> Tensor:
        """Return the quality that tuples teach, the mean over the seeds, (validation,)."""
        return torch.stack(
            [self.quality(self.train(tuples, loss, seed=seed)[0]) for seed in seeds]
        ).mean(dim=0)

    def all_layers(
        self, encoder: SentenceTransformer, tuples: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return the quality that each kind of tuples (t, 2 + n) teaches all layers, (validation,).

        "all layers, " and its name -> quality; a copy of the encoder is trained for each, see
        `search_after_training`.
        """
        texts = self.course.validation.queries
        found = {}
        for name, rows in tuples.items():
            own = copy.deepcopy(encoder)
            best = search_after_training(own, self.course, rows, texts, seed=self.seed)
            found[_ALL_LAYERS + name] = self.ndcg(best)
        return found

    def mined_by(
        self,
        rows: Tensor,
        way: Callable[[Tensor, Tensor], Tensor],
        into_tuples: Callable[[Tensor], Tensor],
    ) -> Callable[[ProjectionHead], Tensor]:
        """Return what mines with a head for some training queries, as `in_rounds` asks for it.

        rows: (m,) of the training queries; way: takes their vectors (m, dim) and those of all passages
        (n, dim) by the head, and returns negatives (m, k); into_tuples: makes tuples of these.
        """

        @torch.no_grad()
        def mine(head: ProjectionHead) -> Tensor:
            asked = self.queries[rows.to(self.queries.device)]
            return into_tuples(way(head(asked), head(self.passages)))

        return mine

    def in_rounds(
        self,
        first: Tensor,
        miners: Mapping[str, Callable[[ProjectionHead], Tensor]],
        rounds: int = 3,
        seeds: Sequence[int] = SEEDS,
    ) -> dict[str, list[Tensor]]:
        """Return for each miner the quality after each round, the mean over the seeds, (validation,).

        The first round trains a head on the tuples `first`, the same for all. In each further one the
        head that was trained last mines, miner(head) gives tuples, and a new head is trained on them.
        Source: Xiong et al. 2021, Approximate Nearest Neighbor Negative Contrastive Learning (ANCE).
        """
        found: dict[str, list[list[Tensor]]] = {
            name: [[] for _ in range(rounds)] for name in miners
        }
        for seed in seeds:
            begun, _ = self.train(first, seed=seed)
            for name, mine in miners.items():
                head = begun
                for number in range(rounds):
                    if number:
                        head, _ = self.train(mine(head), seed=seed)
                    found[name][number].append(self.quality(head))
        return {
            name: [torch.stack(of_seeds).mean(dim=0) for of_seeds in each]
            for name, each in found.items()
        }


def late(history: History) -> tuple[float, float]:
    """Return the mean loss and the mean length of the gradient of the last third of a training's steps."""
    steps = max(1, len(history.losses) // 3)
    loss, norm = (sum(x[-steps:]) / steps for x in (history.losses, history.grad_norms))
    return loss, norm


class Taught(dict[str, Tensor]):
    """What kinds of negatives have taught: name -> quality of each query, (queries,), the same queries."""

    def minus(self, name: str, other: str) -> Interval:
        """How much more the first teaches than the second, query by query, with its interval."""
        return paired_interval(self[name], self[other])

    def differences(self, pairs: Sequence[tuple[str, str]]) -> dict[str, Interval]:
        """The differences of some pairs by their names, for `plots_paired.paired_differences`."""
        return {f"{name} minus {other}": self.minus(name, other) for name, other in pairs}

    def intervals(self, names: Sequence[str]) -> dict[str, Interval]:
        """The mean of each with its interval."""
        return {name: bootstrap_interval(self[name]) for name in names}

    def beside_all_layers(
        self, pairs: Sequence[tuple[str, str]]
    ) -> tuple[dict[str, Interval], dict[str, Interval]]:
        """What was taught to a head and, as `HeadBench.all_layers` names it, to all layers.

        pairs: of names of what the head was taught. Returns the means of all that they name, and their
        differences, first those of the head, then those of all layers.
        """
        both = [(kind + a, kind + b) for kind in ("", _ALL_LAYERS) for a, b in pairs]
        names = list(dict.fromkeys(name for pair in both for name in pair))
        return self.intervals(names), self.differences(both)


def contests(
    pairs: Tensor, positives: Tensor, candidates: Tensor, count: int, n: int = 4, seed: int = 0
) -> Tensor:
    """Return (count, 2 + n) tuples of some pairs, drawn at random, each against n of its candidates.

    pairs: (m,) rows of training queries; positives: (m,) the passage of each; candidates: (m, k) rows
    of wrong passages, from which n are drawn; pairs of which one is missing (-1) are left out.
    Raises ValueError if there are fewer than `count` pairs or n candidates.
    """
    if not (len(pairs) == len(positives) == len(candidates) >= count and candidates.shape[1] >= n):
        raise ValueError(
            f"contests: {len(pairs)} pairs, {len(positives)} positives, candidates "
            f"{tuple(candidates.shape)}; expected as many of each, {count} or more, and {n} columns or more"
        )
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(pairs), generator=generator)[:count]
    places = torch.rand(len(chosen), candidates.shape[1], generator=generator).argsort(dim=1)[:, :n]
    tuples = ntuples(positives[chosen], candidates[chosen].gather(1, places))
    return torch.cat([pairs[chosen][tuples[:, :1]], tuples[:, 1:]], dim=1)


def search_after_training(
    encoder: SentenceTransformer,
    course: CourseSet,
    tuples: Tensor,
    queries: Sequence[str],
    *,
    lr: float = 1e-4,
    seed: int = 0,
) -> Tensor:
    """Train all layers of an encoder in place, and return what it then finds: (queries, 10) rows.

    tuples: (t, 2 + n) rows of training query, passage and n negatives, n may be 0. The loss is MNRL in
    batches of 32. The rows are kept on disk: a second call with equal encoder, texts and settings
    reads them, and leaves the encoder as it came.
    """
    texts = [
        [course.train.queries[query], *(course.passages[row] for row in rows)]
        for query, *rows in tuples.tolist()
    ]
    facts = {
        "recipe": _RECIPE,
        "encoder": module_digest(encoder),
        "precision": str(low_precision_dtype(torch.device(encoder.device))),
        "texts": _digest([texts, list(queries), course.passages]),
        "lr": lr,
        "seed": seed,
    }

    def make() -> dict[str, Tensor]:
        columns: list[Any] = [[row[0] for row in texts], [row[1] for row in texts]]
        if tuples.shape[1] > 2:
            columns.append([row[2:] for row in texts])
        keys = tuples[:, 1].tolist()
        bi_encoder.train(encoder, columns, losses.mnrl, lr=lr, keys=keys, seed=seed)
        asked, passages = (encode_cached(encoder, part) for part in (queries, course.passages))
        return {"found": top_k(asked, passages, DEPTH)[1]}

    return remember("search-after-training", facts, make)["found"]


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
