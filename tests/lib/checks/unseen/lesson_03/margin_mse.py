"""Answers to `margin_mse`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def right_broadcast(queries, positives, negatives, teacher_margins):
    """Broadcasting and mse_loss."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = (queries[:, None] * negatives).sum(dim=2)
    return F.mse_loss(own - other, teacher_margins)


def right_einsum(queries, positives, negatives, teacher_margins):
    """Two einsums, the square and the mean by hand."""
    own = torch.einsum("bd,bd->b", queries, positives)
    other = torch.einsum("bd,bnd->bn", queries, negatives)
    return ((own[:, None] - other - teacher_margins) ** 2).mean()


def right_loop(queries, positives, negatives, teacher_margins):
    """Two loops, as on the toy, but on tensors."""
    squares = []
    for i in range(len(queries)):
        for j in range(negatives.shape[1]):
            margin = queries[i] @ positives[i] - queries[i] @ negatives[i, j]
            squares.append((margin - teacher_margins[i, j]).square())
    return sum(squares) / len(squares)


def right_bmm(queries, positives, negatives, teacher_margins):
    """The difference first, then one batched product."""
    gaps = positives.unsqueeze(1) - negatives
    margins = torch.bmm(gaps, queries.unsqueeze(2)).squeeze(2)
    return torch.nn.MSELoss()(margins, teacher_margins)


def right_matmul_diagonal(queries, positives, negatives, teacher_margins):
    """The diagonal of the full table; matmul with a last axis of one; sum over numel."""
    own = torch.diagonal(queries @ positives.T)
    other = torch.matmul(negatives, queries[..., None])[..., 0]
    error = own.view(-1, 1) - other - teacher_margins
    return error.square().sum() / error.numel()


def right_slots(queries, positives, negatives, teacher_margins):
    """One negative slot at a time; the mean of equally long means."""
    own = torch.linalg.vecdot(queries, positives)
    parts = [
        F.mse_loss(own - torch.linalg.vecdot(queries, negatives[:, j]), teacher_margins[:, j])
        for j in range(negatives.size(1))
    ]
    return torch.stack(parts).mean()


def wrong_cosines(queries, positives, negatives, teacher_margins):
    """Cosines for dot products: wrong for vectors that are no unit vectors."""
    own = F.cosine_similarity(queries, positives, dim=1)[:, None]
    other = F.cosine_similarity(queries[:, None], negatives, dim=2)
    return F.mse_loss(own - other, teacher_margins)


def wrong_missing_axis(queries, positives, negatives, teacher_margins):
    """(batch,) minus (batch, n): raises for 3 x 2, and is silently wrong for batch = n."""
    own = (queries * positives).sum(dim=1)
    other = (queries[:, None] * negatives).sum(dim=2)
    return F.mse_loss(own - other, teacher_margins)


def wrong_query_axis(queries, positives, negatives, teacher_margins):
    """queries * negatives without an axis: query j meets slot j; raises unless n = batch or 1."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = (queries * negatives).sum(dim=2)
    return F.mse_loss(own - other, teacher_margins)


def wrong_sign(queries, positives, negatives, teacher_margins):
    """Negative minus positive for the student: wrong unless its margins are 0."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = (queries[:, None] * negatives).sum(dim=2)
    return ((other - own - teacher_margins) ** 2).mean()


def wrong_mean_margin(queries, positives, negatives, teacher_margins):
    """Averages over the n negatives before the square: errors of +2 and -2 cost 0, not 4."""
    own = (queries * positives).sum(dim=1)
    other = torch.einsum("bd,bnd->bn", queries, negatives)
    return F.mse_loss(own - other.mean(dim=1), teacher_margins.mean(dim=1))


def wrong_square_of_mean(queries, positives, negatives, teacher_margins):
    """The square of the mean error: right for the example, where all are 2 below."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = torch.einsum("bd,bnd->bn", queries, negatives)
    return (own - other - teacher_margins).mean() ** 2


def wrong_sum_over_negatives(queries, positives, negatives, teacher_margins):
    """Sums over n and takes the mean over the batch: wrong for n = 2."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = torch.einsum("bd,bnd->bn", queries, negatives)
    return (own - other - teacher_margins).square().sum(dim=1).mean()


def wrong_absolute(queries, positives, negatives, teacher_margins):
    """The mean absolute difference: the example costs 2, not 4."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = torch.einsum("bd,bnd->bn", queries, negatives)
    return F.l1_loss(own - other, teacher_margins)


def wrong_root(queries, positives, negatives, teacher_margins):
    """The root of the mean square: the example costs 2, not 4."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = torch.einsum("bd,bnd->bn", queries, negatives)
    return torch.sqrt(F.mse_loss(own - other, teacher_margins))


def wrong_first_negative(queries, positives, negatives, teacher_margins):
    """Only the first negative counts: wrong for n = 2 with different errors."""
    own = (queries * positives).sum(dim=1)
    other = (queries * negatives[:, 0]).sum(dim=1)
    return F.mse_loss(own - other, teacher_margins[:, 0])


def wrong_relu(queries, positives, negatives, teacher_margins):
    """Cuts the student's margins at 0: wrong where a negative scores above the positive."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    other = torch.einsum("bd,bnd->bn", queries, negatives)
    return F.mse_loss(F.relu(own - other), teacher_margins)


def wrong_squeeze(queries, positives, negatives, teacher_margins):
    """A bare squeeze(): for n = 1, (batch,) meets (batch, 1) and broadcasts to batch x batch."""
    margins = ((positives[:, None] - negatives) @ queries[:, :, None]).squeeze()
    return ((margins - teacher_margins) ** 2).mean()


def wrong_teacher_in_place(queries, positives, negatives, teacher_margins):
    """-= on the teacher's margins: the value is right, the caller's tensor is changed."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    teacher_margins -= own - (queries[:, None] * negatives).sum(dim=2)
    return (teacher_margins**2).mean()


def wrong_reshape(queries, positives, negatives, teacher_margins):
    """repeat for repeat_interleave when flattening: query 0 meets the negatives of query 1."""
    n = negatives.shape[1]
    q, p = queries.repeat(n, 1), positives.repeat(n, 1)
    margins = (q * (p - negatives.flatten(0, 1))).sum(dim=1)
    return F.mse_loss(margins, teacher_margins.flatten())


def wrong_pool(queries, positives, negatives, teacher_margins):
    """Sums the scores with everybody's negatives (einsum over c): wrong for a batch of two."""
    own = torch.einsum("bd,bd->b", queries, positives)[:, None]
    other = torch.einsum("bd,cnd->bn", queries, negatives)
    return F.mse_loss(own - other, teacher_margins)


def wrong_numpy(queries, positives, negatives, teacher_margins):
    """Detached numpy: a float64 number without a gradient, so the lesson's backward fails."""
    q, p, n, t = (
        x.detach().cpu().numpy() for x in (queries, positives, negatives, teacher_margins)
    )
    margins = (q * p).sum(-1)[:, None] - (q[:, None] * n).sum(-1)
    return ((margins - t) ** 2).mean()


def wrong_positive_only(queries, positives, negatives, teacher_margins):
    """The student's positive score against the teacher's margin, and a half: two mistakes."""
    own = (queries * positives).sum(dim=1, keepdim=True)
    return 0.5 * ((own - teacher_margins) ** 2).mean()


RIGHT = [
    right_broadcast,
    right_einsum,
    right_loop,
    right_bmm,
    right_matmul_diagonal,
    right_slots,
]
WRONG = [
    wrong_cosines,
    wrong_missing_axis,
    wrong_query_axis,
    wrong_sign,
    wrong_mean_margin,
    wrong_square_of_mean,
    wrong_sum_over_negatives,
    wrong_absolute,
    wrong_root,
    wrong_first_negative,
    wrong_relu,
    wrong_squeeze,
    wrong_teacher_in_place,
    wrong_reshape,
    wrong_pool,
    wrong_numpy,
    wrong_positive_only,
]
