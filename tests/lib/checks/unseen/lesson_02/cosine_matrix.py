"""Answers to `cosine_matrix`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F


def right_normalize(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """F.normalize keeps zero rows at zero; one product."""
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def right_outer_lengths(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Product first, divided by the outer product of lengths, where one is 0 the length is 1."""
    a_len, b_len = a.norm(dim=1), b.norm(dim=1)
    a_len = torch.where(a_len == 0, torch.ones_like(a_len), a_len)
    b_len = torch.where(b_len == 0, torch.ones_like(b_len), b_len)
    return (a @ b.T) / (a_len[:, None] * b_len[None, :])


def right_einsum_nan_to_num(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Divides by zero, turns NaN into 0, einsum."""
    a = (a / a.pow(2).sum(dim=-1, keepdim=True).sqrt()).nan_to_num(0.0)
    b = (b / b.pow(2).sum(dim=-1, keepdim=True).sqrt()).nan_to_num(0.0)
    return torch.einsum("nd,md->nm", a, b)


def wrong_loops(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The right numbers by the lesson's double loop, which the card forbids."""
    out = torch.zeros(len(a), len(b), dtype=a.dtype, device=a.device)
    for i, x in enumerate(a.tolist()):
        for j, y in enumerate(b.tolist()):
            lengths = math.sqrt(sum(v * v for v in x)) * math.sqrt(sum(v * v for v in y))
            if lengths > 0:
                out[i, j] = sum(p * q for p, q in zip(x, y)) / lengths
    return out


def right_clamped_norms(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """linalg.norm with a small clamp, torch.mm."""
    a = a / torch.linalg.norm(a, dim=1, keepdim=True).clamp(min=1e-12)
    b = b / torch.linalg.norm(b, dim=1, keepdim=True).clamp(min=1e-12)
    return torch.mm(a, b.t())


def right_cosine_similarity(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """torch's own function with broadcasting (its eps is 1e-8)."""
    return F.cosine_similarity(a[:, None, :], b[None, :, :], dim=-1)


def right_numpy(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """numpy, divided only where the length is above 0."""
    x, y = a.detach().cpu().numpy(), b.detach().cpu().numpy()
    lengths = np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1))
    dots = x @ y.T
    cosines = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
    return torch.from_numpy(cosines).to(a.device)


def wrong_dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """No lengths: right for unit vectors only."""
    return a @ b.T


def wrong_nan_for_zeros(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """NaN for a row of zeros."""
    return (a @ b.T) / (a.norm(dim=1)[:, None] * b.norm(dim=1)[None])


def wrong_one_normalised(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Only a is normalised: wrong for b of another length than 1, as in the example."""
    return F.normalize(a, dim=1) @ b.T


def wrong_axis(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Normalises columns (dim=0), not rows."""
    return F.normalize(a, dim=0) @ F.normalize(b, dim=0).T


def wrong_whole_norm(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The norm of the whole matrix: right for one row each."""
    return (a / a.norm().clamp(min=1e-12)) @ (b / b.norm().clamp(min=1e-12)).T


def wrong_pairwise(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Row i with row i only: (n,), and a broadcast or an error for n != m."""
    return F.cosine_similarity(a, b, dim=1)


def wrong_no_new_axis(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """A missing [:, None]: divides columns by a's lengths, and fails for n != m."""
    a_len, b_len = a.norm(dim=1).clamp(min=1e-12), b.norm(dim=1).clamp(min=1e-12)
    return (a @ b.T) / a_len / b_len


def wrong_squared_lengths(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """A forgotten square root."""
    a_len, b_len = a.pow(2).sum(1, keepdim=True), b.pow(2).sum(1, keepdim=True)
    return (a / a_len.clamp(min=1e-12)) @ (b / b_len.clamp(min=1e-12)).T


def wrong_large_eps(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """+1e-6 in the denominator: rows of length 0.001 get half their cosine."""
    return (a @ b.T) / (a.norm(dim=1)[:, None] * b.norm(dim=1)[None] + 1e-6)


def wrong_clamped_at_one(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Clamps the lengths at 1: wrong for a row shorter than 1, [0.1, 0.1]."""
    return (a / a.norm(dim=1, keepdim=True).clamp(min=1)) @ (
        b / b.norm(dim=1, keepdim=True).clamp(min=1)
    ).T


def wrong_transposed(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(m, n): b's rows with a's."""
    return F.normalize(b, dim=1) @ F.normalize(a, dim=1).T


def wrong_zero_is_one(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """NaN filled with 1: a row of zeros has cosine 1."""
    cosines = (a @ b.T) / torch.outer(a.norm(dim=1), b.norm(dim=1))
    return cosines.nan_to_num(1.0)


def wrong_in_place(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """/= normalises the caller's vectors, too: the lesson's `vectors` are changed."""
    a /= a.norm(dim=1, keepdim=True).clamp(min=1e-12)
    b /= b.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return a @ b.T


def wrong_clamped_below(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Clamped to 0 ... 1: opposite rows have cosine 0, not -1."""
    return (F.normalize(a, dim=1) @ F.normalize(b, dim=1).T).clamp(0, 1)


def wrong_sum_norm(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Divides by sums of absolute values (p=1)."""
    return F.normalize(a, p=1, dim=1) @ F.normalize(b, p=1, dim=1).T


def wrong_guards_a_only(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Guards a's rows only: a row of zeros in b gives NaN."""
    a = a / a.norm(dim=1, keepdim=True).clamp(min=1e-12)
    b = b / b.norm(dim=1, keepdim=True)
    return a @ b.T


def wrong_rounded(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Rounds to two places, as the lesson's printing does."""
    return torch.round(F.normalize(a, dim=1) @ F.normalize(b, dim=1).T, decimals=2)


def wrong_list(a: torch.Tensor, b: torch.Tensor) -> list:
    """Nested lists: the lesson calls .tolist() and .cpu() on the result."""
    return (F.normalize(a, dim=1) @ F.normalize(b, dim=1).T).tolist()


RIGHT = [
    right_normalize,
    right_outer_lengths,
    right_einsum_nan_to_num,
    right_clamped_norms,
    right_cosine_similarity,
    right_numpy,
]
WRONG = [
    wrong_loops,
    wrong_dot,
    wrong_nan_for_zeros,
    wrong_one_normalised,
    wrong_axis,
    wrong_whole_norm,
    wrong_pairwise,
    wrong_no_new_axis,
    wrong_squared_lengths,
    wrong_large_eps,
    wrong_clamped_at_one,
    wrong_transposed,
    wrong_zero_is_one,
    wrong_in_place,
    wrong_clamped_below,
    wrong_sum_norm,
    wrong_guards_a_only,
    wrong_rounded,
    wrong_list,
]
