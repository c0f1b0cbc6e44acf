"""Answers to `three_similarities`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

Three = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def right_where(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Squared lengths with keepdim; where for rows of zeros; maximum for the root."""
    dots = torch.matmul(a, b.T)
    a2 = (a * a).sum(dim=1, keepdim=True)
    b2 = (b * b).sum(dim=1, keepdim=True).T
    lengths = a2.sqrt() * b2.sqrt()
    cosines = torch.where(lengths == 0, torch.zeros_like(dots), dots / lengths)
    distances = torch.maximum(a2 + b2 - 2 * dots, torch.zeros_like(dots)).sqrt()
    return dots, cosines, distances


def right_normalised(a: torch.Tensor, b: torch.Tensor) -> Three:
    """einsum, F.normalize, which leaves a row of zeros as it is, and relu before the root."""
    dots = torch.einsum("nd,md->nm", a, b)
    cosines = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T
    squares = a.pow(2).sum(1).unsqueeze(1) + b.pow(2).sum(1).unsqueeze(0) - 2 * dots
    return dots, cosines, F.relu(squares).sqrt()


def right_loops(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Python lists and two loops."""
    left, right = a.tolist(), b.tolist()
    dots, cosines, distances = [], [], []
    for x in left:
        for y in right:
            dot = sum(p * q for p, q in zip(x, y))
            xx, yy = sum(p * p for p in x), sum(q * q for q in y)
            dots.append(dot)
            cosines.append(dot / math.sqrt(xx) / math.sqrt(yy) if xx > 0 and yy > 0 else 0.0)
            distances.append(math.sqrt(max(xx + yy - 2 * dot, 0.0)))
    shape = (len(left), len(right))
    made = [torch.tensor(v, dtype=a.dtype).view(shape) for v in (dots, cosines, distances)]
    return made[0], made[1], made[2]


def right_numpy(a: torch.Tensor, b: torch.Tensor) -> Three:
    """numpy in float64; the divide has a `where`, so a row of zeros keeps its 0."""
    x, y = a.detach().numpy().astype(np.float64), b.detach().numpy().astype(np.float64)
    dots = x @ y.T
    nx, ny = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
    lengths = np.outer(nx, ny)
    cosines = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
    squares = np.add.outer(nx**2, ny**2) - 2 * dots
    made = dots, cosines, np.sqrt(np.clip(squares, 0, None))
    dots, cosines, distances = (torch.from_numpy(m).to(a.dtype) for m in made)
    return dots, cosines, distances


def right_cosine_similarity(a: torch.Tensor, b: torch.Tensor) -> Three:
    """torch's cosine over a broadcast pair of axes; addmm; nan-free by masked_fill."""
    dots = a.mm(b.t())
    cosines = torch.cosine_similarity(a[:, None, :], b[None, :, :], dim=2)
    lengths = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :]
    squares = torch.addmm(lengths, a, b.t(), alpha=-2)
    return dots, cosines, squares.masked_fill(squares < 0, 0.0).sqrt()


def right_in_place_on_own(a: torch.Tensor, b: torch.Tensor) -> Three:
    """In place on tensors of its own; lengths of 0 become 1 before the division."""
    dots = a @ b.T
    x, y = a.norm(dim=1), b.norm(dim=1)
    safe_x, safe_y = x.clone(), y.clone()
    safe_x[safe_x == 0] = 1
    safe_y[safe_y == 0] = 1
    cosines = dots.clone()
    cosines /= safe_x[:, None]
    cosines /= safe_y
    squares = dots.clone().mul_(-2).add_((x * x)[:, None]).add_(y * y)
    return dots, cosines, squares.clamp_(min=0).sqrt_()


def right_a_list_by_rows(a: torch.Tensor, b: torch.Tensor) -> Three:
    """One row of `a` at a time, stacked; nan_to_num for 0 / 0."""
    lengths = torch.linalg.vector_norm(b, dim=1)
    dots, cosines, distances = [], [], []
    for row in a:
        dot = b @ row
        own = torch.linalg.vector_norm(row)
        dots.append(dot)
        cosines.append(torch.nan_to_num(dot / (own * lengths), nan=0.0))
        distances.append((own**2 + lengths**2 - 2 * dot).clamp_min(0).sqrt())
    return torch.stack(dots), torch.stack(cosines), torch.stack(distances)


def wrong_root_of_negative(a: torch.Tensor, b: torch.Tensor) -> Three:
    """No clamp: NaN where rounding makes the square of equal rows negative, such as [3, 3, 3]."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 - 2 * dots).sqrt()


def wrong_zero_row_nan(a: torch.Tensor, b: torch.Tensor) -> Three:
    """0 / 0: the cosine of a row of zeros is NaN, in the example already."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    return dots, dots / (x * y), (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


def wrong_dot_once(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Subtracts the dot product once."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 - dots).clamp(min=0).sqrt()


def wrong_sign(a: torch.Tensor, b: torch.Tensor) -> Three:
    """+ 2 a·b is the length of the sum."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 + 2 * dots).clamp(min=0).sqrt()


def wrong_axes_swapped(a: torch.Tensor, b: torch.Tensor) -> Three:
    """The lengths stand on the wrong axes: an error for n != m, wrong numbers for n == m > 1."""
    dots = a @ b.T
    x, y = a.norm(dim=1), b.norm(dim=1)[:, None]
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


def wrong_no_root(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Squared distances."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 - 2 * dots).clamp(min=0)


def wrong_lengths_not_squared(a: torch.Tensor, b: torch.Tensor) -> Three:
    """|a| + |b| - 2 a·b: right for unit vectors only."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x + y - 2 * dots).clamp(min=0).sqrt()


def wrong_order(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Distances before cosines."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt(), cosines


def wrong_row_by_row(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Row i of a with row i of b: (n,) and an error for n != m."""
    dots = (a * b).sum(dim=1)
    squares = (a**2).sum(1) + (b**2).sum(1) - 2 * dots
    return dots, F.cosine_similarity(a, b), squares.clamp(min=0).sqrt()


def wrong_whole_length(a: torch.Tensor, b: torch.Tensor) -> Three:
    """norm() without an axis is the length of the whole matrix: right for one row each."""
    dots = a @ b.T
    cosines = dots / (a.norm() * b.norm()).clamp(min=1e-12)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * dots
    return dots, cosines, squares.clamp(min=0).sqrt()


def wrong_columns(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Lengths of the columns (dim=0): an error, or wrong numbers where n = m = dim."""
    dots = a @ b.T
    x, y = a.norm(dim=0)[:, None], b.norm(dim=0)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


def wrong_transposed(a: torch.Tensor, b: torch.Tensor) -> Three:
    """b @ a.T throughout: (m, n)."""
    dots = b @ a.T
    x, y = b.norm(dim=1)[:, None], a.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


def wrong_one_side(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Divides by |b| alone: not the cosine unless a has unit rows."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / y.clamp(min=1e-12)
    return dots, cosines, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


def wrong_bound_of_one(a: torch.Tensor, b: torch.Tensor) -> Three:
    """clamp(min=1) for 1e-12: the cosine of short rows is too small, [[0.1]] with [[0.1]] gives 0.01."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1)
    return dots, cosines, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


def wrong_distance_from_cosine(a: torch.Tensor, b: torch.Tensor) -> Three:
    """sqrt(2 - 2 cos): right for unit vectors only."""
    dots = a @ b.T
    cosines = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T
    return dots, cosines, (2 - 2 * cosines).clamp(min=0).sqrt()


def wrong_normalises_in_place(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Right numbers, but the caller's rows become unit vectors."""
    dots = a @ b.T
    x, y = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    distances = (x**2 + y.T**2 - 2 * dots).clamp(min=0).sqrt()
    a /= x.clamp(min=1e-12)
    b /= y.clamp(min=1e-12)
    return dots, a @ b.T, distances


def wrong_zero_rows_are_far_from_nothing(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Sets the distance of a row of zeros to 0 with the cosine: the example's is 5."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    empty = x * y == 0
    cosines = (dots / (x * y)).masked_fill(empty, 0)
    distances = (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()
    return dots, cosines, distances.masked_fill(empty, 0)


def wrong_zero_row_is_one(a: torch.Tensor, b: torch.Tensor) -> Three:
    """nan=1.0: a row of zeros is like everything."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = torch.nan_to_num(dots / (x * y), nan=1.0)
    return dots, cosines, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


def wrong_two_of_three(a: torch.Tensor, b: torch.Tensor) -> Three:
    """Forgets to return the dot products."""
    dots = a @ b.T
    x, y = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (x * y).clamp(min=1e-12)
    return cosines, (x**2 + y**2 - 2 * dots).clamp(min=0).sqrt()


RIGHT = [
    right_where,
    right_normalised,
    right_loops,
    right_numpy,
    right_cosine_similarity,
    right_in_place_on_own,
    right_a_list_by_rows,
]
WRONG = [
    wrong_root_of_negative,
    wrong_zero_row_nan,
    wrong_dot_once,
    wrong_sign,
    wrong_axes_swapped,
    wrong_no_root,
    wrong_lengths_not_squared,
    wrong_order,
    wrong_row_by_row,
    wrong_whole_length,
    wrong_columns,
    wrong_transposed,
    wrong_one_side,
    wrong_bound_of_one,
    wrong_distance_from_cosine,
    wrong_normalises_in_place,
    wrong_zero_rows_are_far_from_nothing,
    wrong_zero_row_is_one,
    wrong_two_of_three,
]
