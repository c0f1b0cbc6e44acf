"""Lesson 01, the loss of skip-gram with negative sampling."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake


def _loss_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    one = torch.tensor([[1.0, 0.0]])
    yield Case((one, one.clone(), torch.tensor([[[0.0, 2.0]]])), "one pair, one negative")
    yield Case((one, one.clone(), torch.tensor([[[3.0, 0.0]]])), "a negative that looks right")
    nothing = torch.zeros(2, 3)
    yield Case((nothing, nothing.clone(), torch.zeros(2, 5, 3)), "all vectors zero")
    yield Case(
        (_normal(rng, 3, 4), _normal(rng, 3, 4), _normal(rng, 3, 2, 4)),
        "three pairs, two negatives each",
    )
    big = torch.tensor([[15.0, 10.0]])
    yield Case((big, -big, torch.stack([big, -big], dim=1)), "scores beyond 300")
    for turn in range(5 if hidden else 3):
        batch, k, dim = (int(rng.integers(1, 9)) for _ in range(3))
        yield Case(
            (_normal(rng, batch, dim), _normal(rng, batch, dim), _normal(rng, batch, k, dim)),
            f"random {turn}",
        )
    yield Case(
        (_normal(rng, 4, 6).T, _normal(rng, 4, 6).T, _normal(rng, 6, 4, 3).transpose(1, 2)),
        "six pairs with three negatives each",
    )
    yield Case((_normal(rng, 1, 8), _normal(rng, 1, 8), _normal(rng, 1, 7, 8)), "a batch of one")


def _normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(size=shape)).float()


def _loss_by_loops(centre, context, negatives) -> float:
    def cost(score: float) -> float:  # -log sigmoid(score), without overflow
        return math.log1p(math.exp(-abs(score))) + max(-score, 0.0)

    total = 0.0
    for c, o, wrong in zip(centre.tolist(), context.tolist(), negatives.tolist()):
        total += cost(sum(x * y for x, y in zip(c, o)))
        total += sum(cost(-sum(x * y for x, y in zip(c, n))) for n in wrong)
    return total / len(centre)


def _scores(centre, context, negatives):
    return (centre * context).sum(-1), torch.einsum("bd,bkd->bk", centre, negatives)


def _loss_with(combine):
    def loss(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
        return combine(*_scores(centre, context, negatives))

    return loss


def _negatives_against_context(centre, context, negatives):
    right = (centre * context).sum(-1)
    wrong = torch.einsum("bd,bkd->bk", context, negatives)
    return -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).mean()


def _summed_negatives(centre, context, negatives):
    right = (centre * context).sum(-1)
    wrong = (centre * negatives.sum(1)).sum(-1)
    return -(F.logsigmoid(right) + F.logsigmoid(-wrong)).mean()


def _all_with_all(centre, context, negatives):
    right = centre @ context.T
    wrong = torch.einsum("bd,bkd->bk", centre, negatives)
    return -(F.logsigmoid(right).mean() + F.logsigmoid(-wrong).sum(-1).mean())


def _log_with_floor(floor: float):
    def loss(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
        right, wrong = _scores(centre, context, negatives)
        likely = (torch.sigmoid(right) + floor).log()
        return -(likely + (torch.sigmoid(-wrong) + floor).log().sum(-1)).mean()

    return loss


def _each_dimension(centre, context, negatives):
    right = F.logsigmoid(centre * context).sum(-1)
    wrong = F.logsigmoid(-centre[:, None] * negatives).sum((1, 2))
    return -(right + wrong).mean()


def _cosines(centre, context, negatives):
    right = F.cosine_similarity(centre, context, dim=-1)
    wrong = F.cosine_similarity(centre[:, None], negatives, dim=-1)
    return -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).mean()


EXERCISE = Exercise(
    name="sgns_loss",
    lesson="01",
    cases=_loss_cases,
    oracle=_loss_by_loops,
    mistakes=[
        Mistake(
            "negatives-sign",
            "The negatives have the sign of positives: your loss falls when noise words come "
            "*nearer*. For a negative it is log sigmoid(-score).",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(wrong).sum(-1)).mean()
            ),
            hint=3,
        ),
        Mistake(
            "positive-sign",
            "The true context has the sign of a negative: your loss falls when true pairs move "
            "*apart*. For the context it is log sigmoid(+score).",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(-right) + F.logsigmoid(-wrong).sum(-1)).mean()
            ),
            hint=3,
        ),
        Mistake(
            "both-signs",
            "Both signs are swapped: true pairs are pushed apart and noise is pulled in. Log "
            "sigmoid(+score) for the context, log sigmoid(-score) for the negatives.",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(-right) + F.logsigmoid(wrong).sum(-1)).mean()
            ),
            hint=3,
        ),
        Mistake(
            "log-likelihood",
            "This is the log-likelihood, which is never above 0. An optimiser goes downhill, so "
            "the loss is its negative.",
            _loss_with(
                lambda right, wrong: (F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).mean()
            ),
            hint=3,
        ),
        Mistake(
            "mean-over-negatives",
            "You average over the negatives. The paper *sums* them: with k negatives, noise "
            "counts k times as much as the one true context.",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(-wrong).mean(-1)).mean()
            ),
            hint=3,
        ),
        Mistake(
            "mean-over-questions",
            "You divide by the k + 1 questions that each pair asks. The costs of a pair are added up; "
            "only over the pairs a mean is taken.",
            _loss_with(
                lambda right, wrong: (
                    -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).mean()
                    / (1 + wrong.shape[1])
                )
            ),
            hint=3,
        ),
        Mistake(
            "all-with-all",
            "You score every centre with every context of the batch. A pair is one row of each: multiply "
            "row by row, `(centre * context).sum(dim=1)`.",
            _all_with_all,
        ),
        Mistake(
            "sum-over-batch",
            "You sum over the batch. Return the mean over the pairs, or the learning rate would "
            "depend on the batch size.",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).sum()
            ),
            hint=3,
        ),
        Mistake(
            "log-of-sigmoid",
            "At large scores a logarithm of 0 or an exponential beyond float32 makes your loss infinite: "
            "log(sigmoid(x)) for a very negative x, log(1 + exp(x)) for a very large one. "
            "torch.nn.functional.logsigmoid stays finite.",
            _loss_with(
                lambda right, wrong: (
                    -(torch.log(torch.sigmoid(right)) + torch.log(torch.sigmoid(-wrong)).sum(-1))
                ).mean()
            ),
            hint=2,
        ),
        Mistake(
            "log-with-a-floor",
            "You put a small number into the logarithm. Your loss is finite, but it stops growing where "
            "the sigmoid has become smaller than that number, and so does the gradient: the worst "
            "pairs teach nothing. Use torch.nn.functional.logsigmoid.",
            _log_with_floor(1e-9),
            also=[_log_with_floor(10.0**-n) for n in (12, 10, 8, 7)],
            hint=2,
        ),
        Mistake(
            "one-minus-score",
            "For the negatives you flip the wrong thing: 1 - score is not the score of 'not a "
            "pair'. It is 1 - sigmoid(score) = sigmoid(-score).",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(1 - wrong).sum(-1)).mean()
            ),
            hint=3,
        ),
        Mistake(
            "no-log",
            "The logarithm is missing: you return probabilities. The loss is -log sigmoid(score).",
            _loss_with(
                lambda right, wrong: -(torch.sigmoid(right) + torch.sigmoid(-wrong).sum(-1)).mean()
            ),
            hint=3,
        ),
        Mistake(
            "negatives-against-context",
            "You score the negatives against the context. They are other contexts: score them "
            "against the *centre*.",
            _negatives_against_context,
            hint=3,
        ),
        Mistake(
            "negatives-added-up",
            "You add the negatives up before scoring. Each negative has its own score and its own "
            "log sigmoid; then add up.",
            _summed_negatives,
            hint=3,
        ),
        Mistake(
            "each-dimension",
            "You take the log sigmoid of every dimension. The score is a dot product: sum over "
            "dim first, then the log sigmoid.",
            _each_dimension,
            hint=3,
        ),
        Mistake(
            "cosine-scores",
            "You score with the cosine. SGNS trains on the plain dot product; length is free to "
            "grow, and a cosine could never say 'certainly'.",
            _cosines,
            hint=3,
        ),
    ],
    returns="tensor",
    gradients=(0, 1, 2),
)
