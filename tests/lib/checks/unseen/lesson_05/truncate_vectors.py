"""Answers to `truncate_vectors`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F


def right_functional(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """F.normalize of the slice, which leaves zeros zeros."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError(f"dim is {dim}")
    return F.normalize(vectors[:, :dim], dim=1)


def right_where(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """norm with keepdim, a length of 0 replaced by 1."""
    if dim < 1 or dim > vectors.shape[-1]:
        raise ValueError("dim must be 1 to the length of the vectors")
    short = vectors[:, :dim]
    length = short.norm(dim=1, keepdim=True)
    return short / torch.where(length == 0, torch.ones_like(length), length)


def right_loops(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """The lesson's loop in Python floats, back into a tensor."""
    if dim not in range(1, vectors.shape[1] + 1):
        raise ValueError(dim)
    out = torch.zeros(len(vectors), dim, dtype=vectors.dtype)
    for i, row in enumerate(vectors.tolist()):
        short = row[:dim]
        length = math.sqrt(sum(x * x for x in short))
        if length > 0:
            out[i] = torch.tensor([x / length for x in short], dtype=vectors.dtype)
    return out


def right_numpy(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """numpy with np.divide(where=...)."""
    array = vectors.detach().cpu().numpy()
    if dim < 1 or dim > array.shape[1]:
        raise ValueError("dim")
    short = array[:, :dim]
    length = np.linalg.norm(short, axis=1, keepdims=True)
    unit = np.divide(short, length, out=np.zeros_like(short), where=length > 0)
    return torch.from_numpy(unit)


def right_nan_to_num(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """narrow, einsum for the squares, 0/0 made 0."""
    if dim <= 0 or vectors.shape[1] < dim:
        raise ValueError("dim")
    short = vectors.narrow(1, 0, dim)
    length = torch.einsum("nd,nd->n", short, short).sqrt()
    return (short / length[:, None]).nan_to_num(nan=0.0)


def right_clone_masked(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """A clone, of which only the rows with something left are divided."""
    if not (0 < dim <= vectors.size(1)):
        raise ValueError("dim")
    short = vectors[:, :dim].clone()
    some = short.abs().amax(dim=1) > 0
    short[some] = short[some] / torch.linalg.vector_norm(short[some], dim=1, keepdim=True)
    return short


def wrong_no_renormalising(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Cuts only: [[3, 4]] for [[0.6, 0.8]]."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    return vectors[:, :dim]


def wrong_normalised_before(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Normalises first and cuts then: shorter than 1."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    return F.normalize(vectors, dim=1)[:, :dim]


def wrong_nan(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """0/0: a row of which nothing is left becomes NaN."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    short = vectors[:, :dim]
    return short / short.norm(dim=1, keepdim=True)


def wrong_axis(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """dim=0: gives the columns length 1, not the rows."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    return F.normalize(vectors[:, :dim], dim=0)


def wrong_one_length(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """The norm of the whole table: right for one row only."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    short = vectors[:, :dim]
    length = short.norm()
    return short / length if length > 0 else short


def wrong_no_error(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """No ValueError: dim 0 gives an empty table, -1 cuts the last, 400 cuts nothing."""
    return F.normalize(vectors[:, :dim], dim=1)


def wrong_upper_bound(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Off by one: raises for dim = long, with which the lesson calls it (384)."""
    if not 1 <= dim < vectors.shape[1]:
        raise ValueError("dim")
    return F.normalize(vectors[:, :dim], dim=1)


def wrong_rows_counted(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """len(vectors) for the vectors' length: raises for one vector of 3 numbers and dim 2."""
    if not 1 <= dim <= len(vectors):
        raise ValueError("dim")
    return F.normalize(vectors[:, :dim], dim=1)


def wrong_epsilon(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """+ 1e-3 below: length 0.999 for a row of length 1, far less for a short one."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    short = vectors[:, :dim]
    return short / (short.norm(dim=1, keepdim=True) + 1e-3)


def wrong_in_place(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """/= on the slice, a view: the caller's vectors are changed."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    short = vectors[:, :dim]
    length = short.norm(dim=1, keepdim=True)
    length[length == 0] = 1
    short /= length
    return short


def wrong_sum_for_norm(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Divides by the sum of absolute values: [3/7, 4/7] for [0.6, 0.8]."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    short = vectors[:, :dim]
    return short / short.abs().sum(dim=1, keepdim=True).clamp(min=1e-12)


def wrong_assert_and_last(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Two mistakes: an AssertionError, and the last numbers in place of the first."""
    assert 1 <= dim <= vectors.shape[1]
    return F.normalize(vectors[:, -dim:], dim=1)


def wrong_any_zero(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """One row without anything left makes it skip the division for all rows."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    short = vectors[:, :dim]
    length = short.norm(dim=1, keepdim=True)
    if (length == 0).any():
        return short
    return short / length


def wrong_nested_list(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Lists: the lesson asks for short.shape."""
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError("dim")
    out = []
    for row in vectors.tolist():
        length = math.sqrt(sum(x * x for x in row[:dim]))
        out.append([x / length if length > 0 else 0.0 for x in row[:dim]])
    return out


RIGHT = [
    right_functional,
    right_where,
    right_loops,
    right_numpy,
    right_nan_to_num,
    right_clone_masked,
]
WRONG = [
    wrong_no_renormalising,
    wrong_normalised_before,
    wrong_nan,
    wrong_axis,
    wrong_one_length,
    wrong_no_error,
    wrong_upper_bound,
    wrong_rows_counted,
    wrong_epsilon,
    wrong_in_place,
    wrong_sum_for_norm,
    wrong_assert_and_last,
    wrong_any_zero,
    wrong_nested_list,
]
