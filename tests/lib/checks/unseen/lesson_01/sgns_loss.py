"""Answers to `sgns_loss`, written from its card alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def right_einsum_logsigmoid(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """einsum and logsigmoid."""
    positive = torch.einsum("pd,pd->p", centre, context)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(dim=1)).mean()


def right_bmm_softplus(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Batched matrix product; -ln sigmoid(x) = softplus(-x)."""
    true = (centre * context).sum(-1)
    false = torch.bmm(negatives, centre.unsqueeze(2)).squeeze(2)
    return (F.softplus(-true) + F.softplus(false).sum(-1)).mean()


def right_binary_cross_entropy(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """k + 1 questions a pair with labels 1, 0, ..., 0, summed, over the number of pairs."""
    words = torch.cat([context[:, None], negatives], dim=1)
    scores = (words @ centre[:, :, None])[..., 0]
    labels = torch.zeros_like(scores)
    labels[:, 0] = 1
    loss = F.binary_cross_entropy_with_logits(scores, labels, reduction="sum")
    return loss / len(centre)


def right_loop_of_pairs(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """A loop over pairs and negatives that keeps tensors, with logaddexp."""
    zero = centre.new_zeros(())
    total = zero
    for c, o, ns in zip(centre, context, negatives):
        total = total + torch.logaddexp(zero, -(c @ o))
        for n in ns:
            total = total + torch.logaddexp(zero, c @ n)
    return total / centre.shape[0]


def right_logsumexp(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """ln(1 + exp(x)) = logsumexp of 0 and x; signs by hand, all scores in one tensor."""
    x = torch.cat(
        [
            -(centre * context).sum(1, keepdim=True),
            (centre[:, None, :] * negatives).sum(2),
        ],
        dim=1,
    )
    return torch.stack([torch.zeros_like(x), x], dim=-1).logsumexp(dim=-1).sum(1).mean()


def wrong_log_sigmoid(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """log(sigmoid(x)) underflows: infinite for a true pair of score -200."""
    positive = (centre * context).sum(1)
    noise = (negatives @ centre[:, :, None]).squeeze(2)
    return -(positive.sigmoid().log() + (-noise).sigmoid().log().sum(1)).mean()


def wrong_log_exp(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """log(1 + exp(x)), as in the cell above: infinite for a negative of score 200."""
    positive = (centre * context).sum(1)
    noise = (negatives @ centre[:, :, None]).squeeze(2)
    return (torch.log1p(torch.exp(-positive)) + torch.log1p(torch.exp(noise)).sum(1)).mean()


def wrong_epsilon(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """log(sigmoid + 1e-9): finite, but 20.7 instead of 200 for a true score of -200."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    true = torch.log(torch.sigmoid(positive) + 1e-9)
    return -(true + torch.log(torch.sigmoid(-noise) + 1e-9).sum(1)).mean()


def wrong_one_minus_sigmoid(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """log(1 - sigmoid(x)) for the negatives: infinite from a score of 17 in float32."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -(F.logsigmoid(positive) + torch.log(1 - torch.sigmoid(noise)).sum(1)).mean()


def wrong_clamped_scores(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Clamps scores to +-30 against overflow: 30 instead of 200, and no gradient there."""
    positive = (centre * context).sum(1).clamp(-30, 30)
    noise = torch.einsum("pd,pkd->pk", centre, negatives).clamp(-30, 30)
    return (torch.log(1 + torch.exp(-positive)) + torch.log(1 + torch.exp(noise)).sum(1)).mean()


def wrong_mean_of_negatives(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Mean over the negatives too: right for k = 1, 2 ln 2 instead of 6 ln 2 for k = 5."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -F.logsigmoid(positive).mean() - F.logsigmoid(-noise).mean()


def wrong_sum_of_pairs(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Sum over the pairs: wrong for two pairs."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -F.logsigmoid(positive).sum() - F.logsigmoid(-noise).sum()


def wrong_sign_of_negatives(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Forgets the minus in ln sigmoid(-x): right only where the scores are 0."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -(F.logsigmoid(positive) + F.logsigmoid(noise).sum(1)).mean()


def wrong_plus_negatives(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Adds ln sigmoid(-x) instead of taking it away: 0 where all vectors are zero."""
    positive = F.logsigmoid((centre * context).sum(1))
    noise = F.logsigmoid(-torch.einsum("pd,pkd->pk", centre, negatives)).sum(1)
    return (-positive + noise).mean()


def wrong_float_loss(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """A new tensor of a float: the value is right, loss.backward() fails."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    loss = -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(1)).mean()
    return torch.tensor(loss.item())


def wrong_detached_negatives(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """negatives.detach(): the value is right, noise words get no gradient."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives.detach())
    return -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(1)).mean()


def wrong_all_with_all(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """centre @ context.T scores every pair with every context: right for one pair only."""
    positive = centre @ context.T
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -F.logsigmoid(positive).mean() - F.logsigmoid(-noise).sum(1).mean()


def wrong_broadcast(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Forgets [:, None]: (pairs, dim) against (pairs, k, dim) fits only k = pairs or k = 1."""
    positive = (centre * context).sum(1)
    noise = (centre * negatives).sum(2)
    return -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(1)).mean()


def wrong_sum_of_scores(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Sums the negatives' scores before the sigmoid: wrong for k = 2 (all zero: 2 ln 2)."""
    positive = (centre * context).sum(1)
    noise = (centre * negatives.sum(1)).sum(1)
    return -(F.logsigmoid(positive) + F.logsigmoid(-noise)).mean()


def wrong_cosine(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Cosines instead of dot products: right for unit vectors only."""
    positive = F.cosine_similarity(centre, context, dim=1)
    noise = F.cosine_similarity(centre[:, None], negatives, dim=2)
    return -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(1)).mean()


def wrong_bits(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Bits, not nats: 2.0 for the docstring's example."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(1)).mean() / math.log(2)


def wrong_per_pair(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Forgets the mean: a vector of losses, on which backward() fails."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    return -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(1))


def wrong_leftover_raise(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Forgets the return; the stub's raise stands below."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)
    loss = -(F.logsigmoid(positive) + F.logsigmoid(-noise).sum(1)).mean()
    raise NotImplementedError()


def wrong_gradient_at_zero(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """Value right; relu and abs have gradient 0 at score 0, so the training never starts."""
    x = torch.cat(
        [
            -(centre * context).sum(1, keepdim=True),
            (centre[:, None, :] * negatives).sum(2),
        ],
        dim=1,
    )
    return (torch.relu(x) + torch.log1p(torch.exp(-x.abs()))).sum(1).mean()


def wrong_where_nan(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """where() picks finite values, but the gradient is NaN for a negative of score 200."""
    positive = (centre * context).sum(1)
    noise = torch.einsum("pd,pkd->pk", centre, negatives)

    def softplus(x: Tensor) -> Tensor:
        return torch.where(x > 20, x, torch.log1p(torch.exp(x)))

    return (softplus(-positive) + softplus(noise).sum(1)).mean()


RIGHT = [
    right_einsum_logsigmoid,
    right_bmm_softplus,
    right_binary_cross_entropy,
    right_loop_of_pairs,
    right_logsumexp,
]
WRONG = [
    wrong_log_sigmoid,
    wrong_log_exp,
    wrong_epsilon,
    wrong_one_minus_sigmoid,
    wrong_clamped_scores,
    wrong_mean_of_negatives,
    wrong_sum_of_pairs,
    wrong_sign_of_negatives,
    wrong_plus_negatives,
    wrong_float_loss,
    wrong_detached_negatives,
    wrong_all_with_all,
    wrong_broadcast,
    wrong_sum_of_scores,
    wrong_cosine,
    wrong_bits,
    wrong_per_pair,
    wrong_leftover_raise,
    wrong_gradient_at_zero,
    wrong_where_nan,
]
