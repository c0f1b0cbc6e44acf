"""Lesson 03, who is in the pool of candidates: hard negatives in, duplicates out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_03_vectors import TOY_POSITIVES, TOY_QUERIES, draw, near, row_loss, unit

TOY_NEGATIVES = [[[1.0, -1.0], [2.0, 2.0]], [[0.0, -4.0], [3.0, 1.0]], [[-1.0, 1.0], [0.2, 0.0]]]


def _hard_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    q, p, n = (torch.tensor(x) for x in (TOY_QUERIES, TOY_POSITIVES, TOY_NEGATIVES))
    yield Case((q[:2], p[:2], n[:2, :1], 2.0), "two pairs, one negative each")
    yield Case((q, p, n, 3.0), "three pairs, two negatives each")
    yield Case((q[:1], p[:1], n[:1], 5.0), "one pair and its two negatives")
    yield Case((q, p, p[:, None].flip(0), 4.0), "negatives that are others' positives")
    yield Case((q * 0 + 1, p * 0 + 1, n * 0 + 1, 20.0), "all vectors alike")
    for turn in range(4 if hidden else 2):
        batch, count, dim = (int(rng.integers(*ends)) for ends in ((2, 8), (1, 4), (3, 8)))
        queries = draw(rng, batch, dim)
        negatives = torch.stack([near(rng, queries, 1.5) for _ in range(count)], dim=1)
        args = queries, near(rng, queries), negatives, float(rng.uniform(1, 25))
        yield Case(args, f"random {turn}")
        strided = negatives.transpose(0, 1).contiguous().transpose(0, 1)
        yield Case((args[0], args[1], strided, args[3]), f"random {turn}, not contiguous")


def _hard_by_loops(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> float:
    q, p, hard = unit(queries), unit(positives), unit(negatives)
    losses = []
    for i in range(len(q)):
        others = [p[j] for j in range(len(p)) if j != i]
        others += [x for group in hard for x in group]
        losses.append(row_loss(q[i], p[i], others, scale))
    return float(np.mean(losses))


def _cosines(a: Tensor, b: Tensor) -> Tensor:
    return F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).transpose(-1, -2)


def _diagonal(scores: Tensor) -> Tensor:
    return F.cross_entropy(scores, torch.arange(len(scores)))


def _ignored(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    return _diagonal(scale * _cosines(queries, positives))


def _own_scores(queries: Tensor, negatives: Tensor) -> Tensor:
    return (F.normalize(queries, dim=1)[:, None] * F.normalize(negatives, dim=2)).sum(dim=2)


def _own_negatives(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    both = torch.cat([_cosines(queries, positives), _own_scores(queries, negatives)], dim=1)
    return _diagonal(scale * both)


def _no_batch(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    own = _cosines(queries, positives).diagonal()[:, None]
    scores = scale * torch.cat([own, _own_scores(queries, negatives)], dim=1)
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


def _negatives_first(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    candidates = torch.cat([negatives.flatten(0, 1), positives])
    return _diagonal(scale * _cosines(queries, candidates))


def _interleaved(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    candidates = torch.cat([positives[:, None], negatives], dim=1).flatten(0, 1)
    return _diagonal(scale * _cosines(queries, candidates))


def _long_negatives(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    hard = F.normalize(queries, dim=1) @ negatives.flatten(0, 1).T
    return _diagonal(scale * torch.cat([_cosines(queries, positives), hard], dim=1))


def _first_only(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    candidates = torch.cat([positives, negatives[:, 0]])
    return _diagonal(scale * _cosines(queries, candidates))


def _two_losses(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    batch = _ignored(queries, positives, negatives, scale)
    return batch + _no_batch(queries, positives, negatives, scale)


def _hard_by_cross_entropy(
    queries: Tensor, positives: Tensor, negatives: Tensor, scale: float
) -> Tensor:
    """An alternative: one list of candidates, the framework's cross-entropy."""
    candidates = torch.cat([positives, negatives.reshape(-1, negatives.shape[-1])])
    return _diagonal(scale * _cosines(queries, candidates))


def _hard_by_blocks(queries: Tensor, positives: Tensor, negatives: Tensor, scale: float) -> Tensor:
    """An alternative: a score block for each column of negatives, then one logsumexp."""
    blocks = [_cosines(queries, positives)]
    blocks += [_cosines(queries, column) for column in negatives.unbind(dim=1)]
    total = torch.stack([(scale * block).logsumexp(dim=1) for block in blocks]).logsumexp(dim=0)
    return (total - scale * blocks[0].diagonal()).mean()


HARD = Exercise(
    "mnrl_with_negatives",
    "03",
    _hard_cases,
    _hard_by_loops,
    mistakes=[
        Mistake(
            "negatives-ignored",
            "Your result does not depend on the negatives. Add them to the candidates that each "
            "query chooses from.",
            _ignored,
        ),
        Mistake(
            "own-negatives-only",
            "Each query sees its own negatives only. They are encoded anyway, so let every query "
            "see all of them: (batch * n) more candidates for each.",
            _own_negatives,
        ),
        Mistake(
            "batch-forgotten",
            "Each query chooses among its own positive and its own negatives. The other rows' "
            "positives are free negatives: keep them in.",
            _no_batch,
        ),
        Mistake(
            "negatives-first",
            "You put the negatives in front of the positives, but the labels still say that the "
            "right answer of query i is column i. Put the positives first.",
            _negatives_first,
        ),
        Mistake(
            "interleaved",
            "Positives and negatives alternate in your candidates, so the positive of query i is "
            "not column i. Put all positives first, then all negatives.",
            _interleaved,
        ),
        Mistake(
            "negatives-not-normalised",
            "The negatives are not normalised: a long one beats every positive. Normalise all "
            "candidates.",
            _long_negatives,
        ),
        Mistake(
            "first-negative-only",
            "You use the first negative of each query and drop the others. Flatten (batch, n, dim) "
            "to (batch * n, dim).",
            _first_only,
        ),
        Mistake(
            "two-losses",
            "You add a loss over the batch and one over the negatives. All candidates belong into "
            "one softmax, where the hardest of them gets the most weight.",
            _two_losses,
        ),
    ],
    alternatives=[_hard_by_cross_entropy, _hard_by_blocks],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(candidates, dim=1) -> F.normalize(candidates)": "dim 1 is the default of F.normalize",
    },
)


def _masked_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    q, p = torch.tensor(TOY_QUERIES), torch.tensor(TOY_POSITIVES)
    twice = p[[0, 0, 2]]
    yield Case((q, twice, torch.tensor([7, 7, 4]), 2.0), "rows 0 and 1 have the same positive")
    yield Case((q, p, torch.tensor([1, 2, 3]), 2.0), "no duplicates: nothing to mask")
    yield Case(
        (q, p[[0, 1, 0]], torch.tensor([5, 0, 5]), 3.0), "duplicates that are not neighbours"
    )
    yield Case(
        (q, p[[1, 1, 1]], torch.tensor([0, 0, 0]), 20.0), "one passage only: no negative left"
    )
    yield Case((q[:1], p[:1], torch.tensor([9]), 5.0), "a batch of one pair")
    for turn in range(4 if hidden else 2):
        batch = int(rng.integers(3, 9))
        keys = torch.from_numpy(rng.integers(0, max(2, batch // 2), size=batch))
        queries = draw(rng, batch, 6)
        positives = near(rng, draw(rng, batch, 6))[keys]
        yield Case((queries, positives, keys, float(rng.uniform(1, 15))), f"random {turn}")


def _masked_by_loops(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> float:
    q, p, k = unit(queries), unit(positives), np.asarray(keys).tolist()
    losses = []
    for i in range(len(q)):
        others = [p[j] for j in range(len(p)) if k[j] != k[i]]
        losses.append(row_loss(q[i], p[i], others, scale))
    return float(np.mean(losses))


def _same(keys: Tensor) -> Tensor:
    return keys[:, None] == keys


def _twins(keys: Tensor) -> Tensor:
    return _same(keys) & ~torch.eye(len(keys), dtype=torch.bool)


def _unmasked(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    return _diagonal(scale * _cosines(queries, positives))


def _own_masked(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * _cosines(queries, positives)
    return _diagonal(scores.masked_fill(_same(keys), float("-inf")))


def _own_kept_apart(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * _cosines(queries, positives)
    others = scores.masked_fill(_same(keys), float("-inf"))
    return (others.logsumexp(dim=1) - scores.diagonal()).mean()


def _zeroed(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * _cosines(queries, positives)
    return _diagonal(scores.masked_fill(_twins(keys), 0.0))


def _later_only(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * _cosines(queries, positives)
    return _diagonal(scores.masked_fill(_twins(keys).triu(), float("-inf")))


def _rows_dropped(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    first = ~_twins(keys).tril().any(dim=1)
    return _unmasked(queries[first], positives[first], keys[first], scale)


def _inverted(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * _cosines(queries, positives)
    return _diagonal(scores.masked_fill(~_same(keys), float("-inf")))


def _many_positives(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    scores = scale * _cosines(queries, positives)
    own = scores.masked_fill(~_same(keys), float("-inf")).logsumexp(dim=1)
    return (scores.logsumexp(dim=1) - own).mean()


def _masked_then_weighted(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    """An alternative: the duplicates get weight 0 in the sum of exponentials."""
    cosines = scale * _cosines(queries, positives)
    ahead = cosines - cosines.diagonal()[:, None]
    top = ahead.amax(dim=1, keepdim=True)
    weights = (~_twins(keys)).to(ahead.dtype)
    total = (weights * (ahead - top).exp()).sum(dim=1)
    return (top.squeeze(1) + total.log()).mean()


def _masked_row_by_row(queries: Tensor, positives: Tensor, keys: Tensor, scale: float) -> Tensor:
    """An alternative: a list of candidates of its own for each query."""
    losses = []
    for i in range(len(queries)):
        candidates = torch.cat([positives[i : i + 1], positives[keys != keys[i]]])
        scores = scale * _cosines(queries[i : i + 1], candidates)
        losses.append(F.cross_entropy(scores, torch.tensor([0])))
    return torch.stack(losses).mean()


MASKED = Exercise(
    "mnrl_masked",
    "03",
    _masked_cases,
    _masked_by_loops,
    mistakes=[
        Mistake(
            "not-masked",
            "Rows with equal keys are still each other's negatives: the loss punishes a query for "
            "finding a copy of its own passage. Take those scores out of the softmax.",
            _unmasked,
        ),
        Mistake(
            "own-masked",
            "You mask every equal key, and a row's key equals itself: the right answer is masked "
            "too and the loss becomes infinite. Leave the diagonal in.",
            _own_masked,
        ),
        Mistake(
            "own-not-in-the-sum",
            "The sum in the denominator lacks the query's own positive, so the loss can be negative. "
            "Mask equal keys off the diagonal only.",
            _own_kept_apart,
        ),
        Mistake(
            "masked-to-zero",
            "You set masked scores to 0, but exp(0) = 1 still takes part in the softmax, and 0 is "
            "more than many real scores. -inf takes no part.",
            _zeroed,
        ),
        Mistake(
            "one-side-only",
            "You mask duplicates that come later in the batch, not those that came before. The mask "
            "is symmetric: above and below the diagonal.",
            _later_only,
        ),
        Mistake(
            "rows-dropped",
            "You drop repeated rows altogether, but their queries are different and worth learning "
            "from. Mask their passages as candidates; keep the rows.",
            _rows_dropped,
        ),
        Mistake(
            "mask-inverted",
            "Your mask is the wrong way round: it keeps the duplicates and removes the negatives.",
            _inverted,
        ),
        Mistake(
            "duplicates-as-positives",
            "You count the copies as further right answers, so the model earns twice for one "
            "passage. Here they take no part at all.",
            _many_positives,
        ),
    ],
    alternatives=[_masked_then_weighted, _masked_row_by_row],
    equivalent={
        "F.normalize(queries, dim=1) -> F.normalize(queries)": "dim 1 is the default of F.normalize",
        "F.normalize(positives, dim=1) -> F.normalize(positives)": "dim 1 is the default of F.normalize",
        "torch.eye(len(keys), dtype=torch.bool, device=keys.device) -> torch.eye(len(keys), dtype=torch.bool)": "the check calls with tensors on the CPU",
    },
)

EXERCISES = [HARD, MASKED]
