"""Answers to `matryoshka_mnrl`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from lib import losses


def right_loop(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """A running total from 0.0."""
    if weights is None:
        weights = [1.0] * len(dims)
    if len(weights) != len(dims):
        raise ValueError("one weight for each prefix")
    total = 0.0
    for dim, weight in zip(dims, weights):
        total = total + weight * losses.mnrl(queries[:, :dim], positives[:, :dim], scale=scale)
    return total


def right_stack(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """A stack of losses times a tensor of weights."""
    parts = torch.stack([losses.mnrl(queries[:, :d], positives[:, :d], scale=scale) for d in dims])
    if weights is None:
        return parts.sum()
    if len(weights) != len(parts):
        raise ValueError(f"{len(weights)} weights for {len(dims)} dims")
    return (parts * torch.tensor(weights).to(parts)).sum()


def right_normalised_twice(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """Normalises each prefix itself as well, which changes nothing; builtin sum."""
    weights = [1] * len(dims) if weights is None else list(weights)
    if len(dims) != len(weights):
        raise ValueError("weights")
    return sum(
        w
        * losses.mnrl(
            F.normalize(queries[:, :d], dim=1),
            F.normalize(positives[:, :d], dim=1),
            scale=scale,
        )
        for d, w in zip(dims, weights)
    )


def right_by_hand(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """The loss written out: cosines, cross-entropy with the diagonal."""
    if weights is not None and len(weights) != len(dims):
        raise ValueError("weights")
    target = torch.arange(len(queries), device=queries.device)
    total = queries.new_zeros(())
    for i, dim in enumerate(dims):
        a, b = (
            F.normalize(queries[:, :dim], dim=1),
            F.normalize(positives[:, :dim], dim=1),
        )
        part = F.cross_entropy(scale * a @ b.T, target)
        total = total + (1.0 if weights is None else weights[i]) * part
    return total


def right_strict_zip(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """zip(strict=True) raises; logsumexp minus the diagonal in float64."""
    q, p = queries.double(), positives.double()
    total = torch.zeros((), dtype=torch.float64, device=queries.device)
    for d, w in zip(dims, [1.0 for _ in dims] if weights is None else weights, strict=True):
        a, b = q[:, :d], p[:, :d]
        scores = scale * torch.cosine_similarity(a[:, None], b[None], dim=2)
        total = total + w * (scores.logsumexp(dim=1) - scores.diagonal()).mean()
    return total.to(queries.dtype)


def wrong_mean(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """An average over prefixes: half of it for two dims."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    parts = [
        w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale)
        for d, w in zip(dims, weights)
    ]
    return torch.stack(parts).mean()


def wrong_weights_normalised(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """Divides by the sum of weights: wrong for weights [1, 0.5]."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    total = 0.0
    for d, w in zip(dims, weights):
        total = total + w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale)
    return total / sum(weights)


def wrong_scale_forgotten(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """The default scale of 20: wrong for scale 2."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    return sum(w * losses.mnrl(queries[:, :d], positives[:, :d]) for d, w in zip(dims, weights))


def wrong_zip_cuts(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """No ValueError for one weight and two dims: zip drops a prefix."""
    if weights is None:
        weights = [1.0] * len(dims)
    return sum(
        w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale)
        for d, w in zip(dims, weights)
    )


def wrong_empty_weights(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """`weights or`: an empty list counts as None, where two dims must raise."""
    weights = weights or [1.0] * len(dims)
    if len(weights) != len(dims):
        raise ValueError("weights")
    return sum(
        w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale)
        for d, w in zip(dims, weights)
    )


def wrong_no_gradient(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """float() of each part: the value is right, no gradient flows."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    total = 0.0
    for d, w in zip(dims, weights):
        total += w * float(losses.mnrl(queries[:, :d], positives[:, :d], scale=scale))
    return torch.tensor(total)


def wrong_queries_only_cut(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """Cuts by zeros on the queries, but normalises the positives whole."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    b = F.normalize(positives, dim=1)
    target = torch.arange(len(queries), device=queries.device)
    total = 0.0
    for d, w in zip(dims, weights):
        a = F.normalize(queries[:, :d], dim=1)
        total = total + w * F.cross_entropy(scale * a @ b[:, :d].T, target)
    return total


def wrong_dot_products(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """Normalises once before cutting: the prefixes are no unit vectors."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    a, b = F.normalize(queries, dim=1), F.normalize(positives, dim=1)
    target = torch.arange(len(queries), device=queries.device)
    total = 0.0
    for d, w in zip(dims, weights):
        total = total + w * F.cross_entropy(scale * a[:, :d] @ b[:, :d].T, target)
    return total


def wrong_rows_cut(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """[:dim] cuts the batch, not the vectors."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    return sum(
        w * losses.mnrl(queries[:d], positives[:d], scale=scale) for d, w in zip(dims, weights)
    )


def wrong_last_only(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """= for +=: only the last prefix counts; right for one dim."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    for d, w in zip(dims, weights):
        total = w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale)
    return total


def wrong_weight_on_scale(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """The weight goes into the scale: right for weights of 1, and 0 raises."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    return sum(
        losses.mnrl(queries[:, :d], positives[:, :d], scale=w * scale)
        for d, w in zip(dims, weights)
    )


def wrong_sorted_dims(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """dims.sort(): changes the caller's list, and weights belong to other prefixes."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    dims.sort()
    return sum(
        w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale)
        for d, w in zip(dims, weights)
    )


def wrong_pops(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """The right value, but the caller's weights are popped: the second step raises."""
    if weights is not None and len(weights) != len(dims):
        raise ValueError("weights")
    total = torch.zeros((), device=queries.device)
    for d in dims:
        w = 1.0 if weights is None else weights.pop(0)
        total = total + w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale)
    return total


def wrong_symmetric(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """Asks for the symmetric loss."""
    weights = [1.0] * len(dims) if weights is None else weights
    if len(weights) != len(dims):
        raise ValueError("weights")
    return sum(
        w * losses.mnrl(queries[:, :d], positives[:, :d], scale=scale, symmetric=True)
        for d, w in zip(dims, weights)
    )


RIGHT = [
    right_loop,
    right_stack,
    right_normalised_twice,
    right_by_hand,
    right_strict_zip,
]
WRONG = [
    wrong_mean,
    wrong_weights_normalised,
    wrong_scale_forgotten,
    wrong_zip_cuts,
    wrong_empty_weights,
    wrong_no_gradient,
    wrong_queries_only_cut,
    wrong_dot_products,
    wrong_rows_cut,
    wrong_last_only,
    wrong_weight_on_scale,
    wrong_sorted_dims,
    wrong_pops,
    wrong_symmetric,
]
