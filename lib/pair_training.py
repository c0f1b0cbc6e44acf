"""Training a head on pairs by any loss, and how well it then searches.

A loss is judged by the model that it trains. `PairBench` trains one matrix on a frozen encoder's vectors in
about a second, so that temperatures, batch sizes and losses can be compared over several seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from lib.finetune import History, ProjectionHead, fit
from lib.frozen_bench import SEEDS, FrozenBench
from lib.pooling import normalize

__all__ = ["PairBench", "drawn_from", "in_pools"]

Loss = Callable[..., Tensor]  # of queries and positives (batch, dim), and of what else is asked for
Negatives = Callable[[Tensor], Tensor]  # of rows of pairs (batch,): rows of passages (batch, n)


class PairBench(FrozenBench):
    """A bench on which heads are trained by pairs; the pairs are those of its course's training."""

    def train(
        self,
        loss: Loss,
        rows: Tensor | None = None,
        *,
        negatives: Negatives | None = None,
        given: Tensor | None = None,
        seed: int = 0,
        batch_size: int = 128,
        epochs: int = 3,
        lr: float = 3e-3,
        out: int | None = None,
        validated: bool = False,
    ) -> tuple[ProjectionHead, History]:
        """Return a head trained by loss(queries, positives), vectors (batch, dim) that it made.

        rows: (m,) training pairs, all by default, of which no two of one passage share a batch; or
        (groups, k), where the pairs of a group always share one. negatives: gives for rows (batch,)
        further passages (batch, n), whose vectors (batch, n, dim) are the loss' next argument. given:
        (pairs, ...), of which the batch's rows are the last argument. out: numbers of the head's vectors.
        validated: keep the state that did best on the validation queries, asked every 20 steps, not the last.
        """
        own = torch.tensor(self.course.train.positives)
        rows = torch.arange(len(own)) if rows is None else rows
        device = self.passages.device
        head = ProjectionHead(self.passages.shape[1], out).to(device)

        def step(batch: Tensor) -> Tensor:
            at = rows[batch].flatten()
            parts = [head(self.queries[at.to(device)]), head(self.passages[own[at].to(device)])]
            if negatives is not None:
                chosen = self.passages[negatives(at).to(device)]  # (batch, n, dim)
                parts.append(head(chosen.flatten(0, 1)).unflatten(0, chosen.shape[:2]))
            if given is not None:
                parts.append(given[at.to(given.device)].to(device))
            with torch.autocast(device.type, enabled=False):
                return loss(*parts)

        history = fit(
            head,
            len(rows),
            step,
            keys=own[rows].tolist() if rows.ndim == 1 else None,
            batch_size=batch_size,
            epochs=epochs,
            lr=lr,
            seed=self.seed + seed,
            validate=(lambda: float(self.quality(head).mean())) if validated else None,
            every=20,
            progress=False,
        )
        return head, history

    def over_seeds(
        self,
        loss: Loss,
        rows: Tensor | None = None,
        seeds: Sequence[int] = SEEDS,
        **options: object,
    ) -> Tensor:
        """Return the quality of each validation query after training with each seed, (seeds, queries)."""
        runs = [self.train(loss, rows, seed=seed, **options)[0] for seed in seeds]  # type: ignore[arg-type] # options of train
        return torch.stack([self.quality(head) for head in runs])


def drawn_from(pool: Tensor, count: int, seed: int = 0) -> Negatives:
    """Return what draws `count` passages of a pair's row of the pool (pairs, m), anew each time."""
    generator = torch.Generator().manual_seed(seed)

    def draw(rows: Tensor) -> Tensor:
        places = torch.randint(pool.shape[1], (len(rows), count), generator=generator)
        return pool[rows].gather(1, places)

    return draw


def in_pools(size: int, scale: float = 20.0) -> Loss:
    """Return MNRL with the batch cut into pools of `size` pairs: a query chooses within its own pool.

    The mean of the pools' losses, all computed at once. What does not fill a pool is left out.
    """

    def loss(queries: Tensor, positives: Tensor) -> Tensor:
        fits = min(size, len(queries))
        whole = len(queries) // fits * fits
        q, p = (normalize(x[:whole]).unflatten(0, (-1, fits)) for x in (queries, positives))
        scores = scale * q @ p.mT  # (pools, fits, fits)
        labels = torch.arange(fits, device=scores.device).repeat(len(scores))
        return F.cross_entropy(scores.flatten(0, 1), labels)

    return loss
