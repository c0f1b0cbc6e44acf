"""Answers to `mnrl`, written from its card alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def right_cross_entropy(
    queries: torch.Tensor, positives: torch.Tensor, scale: float = 20.0
) -> torch.Tensor:
    """Normalise, one matrix product, cross-entropy with the diagonal as labels."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def right_logsumexp(queries, positives, scale=20.0):
    """torch.cosine_similarity over all pairs, then logsumexp minus the diagonal."""
    scores = scale * torch.cosine_similarity(queries[:, None], positives[None], dim=2)
    return (torch.logsumexp(scores, dim=1) - scores.diagonal()).mean()


def right_einsum(queries, positives, scale=20.0):
    """einsum over vectors divided by clamped norms; log_softmax; trace over the batch."""
    q = queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    p = positives / positives.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    logp = (torch.einsum("id,jd->ij", q, p) * scale).log_softmax(-1)
    return -torch.trace(logp) / logp.shape[0]


def right_shifted(queries, positives, scale=20.0):
    """Subtracts each row's maximum by hand before exp."""
    dots = queries @ positives.mT
    lengths = queries.norm(dim=1)[:, None] * positives.norm(dim=1)[None, :]
    safe = torch.where(lengths > 0, lengths, torch.ones_like(lengths))
    scores = dots / safe * scale
    shifted = scores - scores.max(dim=1, keepdim=True).values.detach()
    return (shifted.exp().sum(dim=1).log() - torch.diag(shifted)).mean()


def right_nll(queries, positives, scale=20.0):
    """nll_loss over the list of log-probabilities, the epsilon added to the norm."""
    unit_q = queries / (queries.norm(dim=1, keepdim=True) + 1e-9)
    unit_p = positives / (positives.norm(dim=1, keepdim=True) + 1e-9)
    log_probabilities = torch.log_softmax(torch.matmul(unit_q, unit_p.t()).mul(scale), dim=1)
    return F.nll_loss(log_probabilities, torch.tensor(list(range(len(queries)))).to(queries.device))


def wrong_softmax_axis(queries, positives, scale=20.0):
    """Softmax down the columns: wrong for any batch whose scores are not symmetric."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    return -scores.log_softmax(dim=0).diagonal().mean()


def wrong_log_of_softmax(queries, positives, scale=20.0):
    """log(softmax): inf where the own passage is the worst, at scale 200."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    return -torch.log(torch.softmax(scores, dim=1).diagonal()).mean()


def wrong_epsilon_in_log(queries, positives, scale=20.0):
    """log(softmax + 1e-9) never exceeds 20.7: wrong at scale 200 for a query far from its own."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.softmax(scores, dim=1).diagonal()
    return -(own + 1e-9).log().mean()


def wrong_overflow(queries, positives, scale=20.0):
    """exp of the raw scores: nan or inf at scale 150 where a cosine is 1."""
    cosines = F.cosine_similarity(queries[:, None, :], positives[None, :, :], dim=-1)
    powers = torch.exp(scale * cosines)
    return -torch.log(torch.diagonal(powers) / powers.sum(dim=1)).mean()


def wrong_dot_products(queries, positives, scale=20.0):
    """Dot products for cosines: right only for unit vectors."""
    scores = queries @ positives.T * scale
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_only_queries_normalised(queries, positives, scale=20.0):
    """The positives keep their length: wrong for positives that are no unit vectors."""
    scores = F.normalize(queries, dim=1) @ positives.T * scale
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_nan_for_zeros(queries, positives, scale=20.0):
    """Divides by the norm as it is: nan for a query of zeros."""
    q = queries / queries.norm(dim=1, keepdim=True)
    p = positives / positives.norm(dim=1, keepdim=True)
    scores = q @ p.T * scale
    return (scores.logsumexp(dim=1) - scores.diagonal()).mean()


def wrong_normalize_dim(queries, positives, scale=20.0):
    """Normalises the columns: wrong for nearly any batch of two."""
    q, p = F.normalize(queries, dim=0), F.normalize(positives, dim=0)
    return F.cross_entropy(q @ p.T * scale, torch.arange(len(q), device=q.device))


def wrong_norm_of_matrix(queries, positives, scale=20.0):
    """norm() without dim is one number for all: wrong for two queries of length 1."""
    scores = scale * (queries / queries.norm()) @ (positives / positives.norm()).T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_sum(queries, positives, scale=20.0):
    """Sums over the queries: wrong for a batch of two with a loss above 0."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    labels = torch.arange(len(queries), device=queries.device)
    return F.cross_entropy(scores, labels, reduction="sum")


def wrong_not_reduced(queries, positives, scale=20.0):
    """One loss a query, (batch,): no scalar, the lesson formats and steps on one."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    return torch.logsumexp(scores, dim=1) - scores.diagonal()


def wrong_temperature(queries, positives, scale=20.0):
    """Divides by scale as if it were the temperature: wrong for every scale but 1."""
    scores = F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T / scale
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_scale_forgotten(queries, positives, scale=20.0):
    """20 written out: wrong at scale=2."""
    scores = 20 * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_own_left_out(queries, positives, scale=20.0):
    """The own passage is not in the denominator: two alike pairs cost 0, not log(2)."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    others = scores.masked_fill(own, -torch.inf)
    return (others.logsumexp(dim=1) - scores.diagonal()).mean()


def wrong_python_floats(queries, positives, scale=20.0):
    """The lesson's loop: returns a float (no backward), and math.exp overflows at scale 1000."""
    n, total = len(queries), 0.0
    for i in range(n):
        cosine = [float(torch.cosine_similarity(queries[i], p, dim=0)) for p in positives]
        powers = [math.exp(scale * c) for c in cosine]
        total += -math.log(powers[i] / sum(powers))
    return total / n


def wrong_new_tensor(queries, positives, scale=20.0):
    """torch.tensor of floats: the value is right, but no gradient flows when the lesson trains."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    rows = [float(scores[i].logsumexp(0) - scores[i, i]) for i in range(len(scores))]
    return torch.tensor(sum(rows) / len(rows))


def wrong_in_place(queries, positives, scale=20.0):
    """/= changes the caller's vectors: toy_q is normalised after the call."""
    queries /= queries.norm(dim=1, keepdim=True).clamp(min=1e-12)
    positives /= positives.norm(dim=1, keepdim=True).clamp(min=1e-12)
    scores = scale * queries @ positives.T
    return F.cross_entropy(scores, torch.arange(len(queries), device=queries.device))


def wrong_no_return(queries, positives, scale=20.0):
    """Prints the loss and returns None."""
    scores = scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
    print(F.cross_entropy(scores, torch.arange(len(queries), device=queries.device)))


def wrong_short_vectors(queries, positives, scale=20.0):
    """clamp(min=1) and a sum: wrong for vectors shorter than 1, and for two queries."""
    q = queries / queries.norm(dim=1, keepdim=True).clamp(min=1)
    p = positives / positives.norm(dim=1, keepdim=True).clamp(min=1)
    scores = scale * q @ p.T
    return (scores.logsumexp(dim=1) - scores.diagonal()).sum()


def wrong_squeezed(queries, positives, scale=20.0):
    """squeeze() of the scores: a batch of one pair has no axis left and raises."""
    scores = (scale * F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T).squeeze()
    return -F.log_softmax(scores, dim=1).diagonal().mean()


def wrong_loops(queries, positives, scale=20.0):
    """The right numbers by two loops over tensors, which the card forbids."""
    losses = []
    for i in range(queries.shape[0]):
        row = torch.stack(
            [torch.cosine_similarity(queries[i], p, dim=0) for p in positives.unbind()]
        )
        losses.append((row * scale).logsumexp(0) - row[i] * scale)
    return torch.stack(losses).mean()


RIGHT = [
    right_cross_entropy,
    right_logsumexp,
    right_einsum,
    right_shifted,
    right_nll,
]
WRONG = [
    wrong_loops,
    wrong_softmax_axis,
    wrong_log_of_softmax,
    wrong_epsilon_in_log,
    wrong_overflow,
    wrong_dot_products,
    wrong_only_queries_normalised,
    wrong_nan_for_zeros,
    wrong_normalize_dim,
    wrong_norm_of_matrix,
    wrong_sum,
    wrong_not_reduced,
    wrong_temperature,
    wrong_scale_forgotten,
    wrong_own_left_out,
    wrong_python_floats,
    wrong_new_tensor,
    wrong_in_place,
    wrong_no_return,
    wrong_short_vectors,
    wrong_squeezed,
]
