"""Answers to `decode_vector`, written from its card alone."""

from __future__ import annotations

import array
import base64
import math
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F


def right_numpy(payload: str, dim: int) -> torch.Tensor:
    """frombuffer, and the length in double precision."""
    numbers = np.frombuffer(base64.b64decode(payload), dtype="<f4")
    if len(numbers) < dim:
        raise ValueError(f"expected {dim} numbers, {len(numbers)} came")
    kept = numbers[:dim].astype(np.float64)
    return torch.tensor(kept / np.linalg.norm(kept), dtype=torch.float32)


def right_struct(payload: str, dim: int) -> torch.Tensor:
    """struct and math.hypot."""
    raw = base64.b64decode(payload)
    if len(raw) // 4 < dim:
        raise ValueError("too short")
    numbers = struct.unpack(f"<{dim}f", raw[: 4 * dim])
    length = math.hypot(*numbers)
    return torch.tensor([number / length for number in numbers])


def right_torch(payload: str, dim: int) -> torch.Tensor:
    """torch.frombuffer on a bytearray, normalize on doubles."""
    kept = torch.frombuffer(bytearray(base64.b64decode(payload)), dtype=torch.float32)[:dim]
    if kept.numel() != dim:
        raise ValueError("too few numbers")
    return F.normalize(kept.double(), dim=0, eps=0.0).float()


def right_array(payload: str, dim: int) -> torch.Tensor:
    """array.array; scaled by the largest number first."""
    numbers = array.array("f")
    numbers.frombytes(base64.standard_b64decode(payload.encode("ascii")))
    if sys.byteorder == "big":
        numbers.byteswap()
    if dim > len(numbers):
        raise ValueError("too few numbers")
    kept = torch.tensor(numbers.tolist(), dtype=torch.float64)[:dim]
    kept = kept / kept.abs().max()
    return (kept / kept.square().sum().sqrt()).to(torch.float32)


def right_iter_unpack(payload: str, dim: int) -> torch.Tensor:
    """A loop over the numbers, the sum of squares by hand."""
    numbers = []
    for (number,) in struct.iter_unpack("<f", base64.b64decode(payload)):
        numbers.append(number)
        if len(numbers) == dim:
            break
    else:
        raise ValueError(f"only {len(numbers)} numbers came")
    total = 0.0
    for number in numbers:
        total += number * number
    return torch.Tensor([number / total**0.5 for number in numbers])


def _numbers(payload: str, dtype: str = "<f4") -> torch.Tensor:
    return torch.tensor(np.frombuffer(base64.b64decode(payload), dtype=dtype).astype(np.float64))


def _unit(vector: torch.Tensor) -> torch.Tensor:
    return (vector / vector.norm()).float()


def wrong_not_scaled(payload: str, dim: int) -> torch.Tensor:
    """Cut, not scaled."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return numbers[:dim].float()


def wrong_scaled_before(payload: str, dim: int) -> torch.Tensor:
    """Scales the whole vector, then cuts."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return _unit(numbers)[:dim]


def wrong_short_passes(payload: str, dim: int) -> torch.Tensor:
    """Fewer than dim numbers come back as they are."""
    return _unit(_numbers(payload)[:dim])


def wrong_short_padded(payload: str, dim: int) -> torch.Tensor:
    """Fewer than dim numbers get zeros."""
    numbers = _numbers(payload)[:dim]
    return _unit(F.pad(numbers, (0, dim - len(numbers))))


def wrong_same_length_only(payload: str, dim: int) -> torch.Tensor:
    """A longer vector raises."""
    numbers = _numbers(payload)
    if len(numbers) != dim:
        raise ValueError("other length")
    return _unit(numbers)


def wrong_equal_raises(payload: str, dim: int) -> torch.Tensor:
    """Exactly dim numbers raise."""
    numbers = _numbers(payload)
    if len(numbers) <= dim:
        raise ValueError("too few")
    return _unit(numbers[:dim])


def wrong_scaled_if_cut(payload: str, dim: int) -> torch.Tensor:
    """Scales only what it cuts: a whole vector of another length stays as it came."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return numbers.float() if len(numbers) == dim else _unit(numbers[:dim])


def wrong_big_endian(payload: str, dim: int) -> torch.Tensor:
    """The bytes in the other order."""
    numbers = _numbers(payload, ">f4")
    if len(numbers) < dim:
        raise ValueError("too few")
    return _unit(numbers[:dim])


def wrong_double(payload: str, dim: int) -> torch.Tensor:
    """Eight bytes for a number."""
    numbers = _numbers(payload, "<f8")
    if len(numbers) < dim:
        raise ValueError("too few")
    return _unit(numbers[:dim])


def wrong_returns_double(payload: str, dim: int) -> torch.Tensor:
    """float64."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return numbers[:dim] / numbers[:dim].norm()


def wrong_list(payload: str, dim: int) -> torch.Tensor:
    """A list."""
    return right_numpy(payload, dim).tolist()


def wrong_numpy_array(payload: str, dim: int) -> torch.Tensor:
    """A numpy array."""
    return right_numpy(payload, dim).numpy()


def wrong_last_numbers(payload: str, dim: int) -> torch.Tensor:
    """The last dim numbers."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return _unit(numbers[-dim:])


def wrong_counts_characters(payload: str, dim: int) -> torch.Tensor:
    """Compares the characters of the text with 4 * dim: one number is 8 of them."""
    if len(payload) < 4 * dim:
        raise ValueError("too few")
    return _unit(_numbers(payload)[:dim])


def wrong_counts_bytes(payload: str, dim: int) -> torch.Tensor:
    """Compares the bytes with dim: 2 numbers are 8 bytes, and pass for dim 8."""
    if len(base64.b64decode(payload)) < dim:
        raise ValueError("too few")
    return _unit(_numbers(payload)[:dim])


def wrong_sum_of_numbers(payload: str, dim: int) -> torch.Tensor:
    """Divides by the sum of the absolute values."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return (numbers[:dim] / numbers[:dim].abs().sum()).float()


def wrong_squared_length(payload: str, dim: int) -> torch.Tensor:
    """Forgets the square root."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return (numbers[:dim] / numbers[:dim].square().sum()).float()


def wrong_row(payload: str, dim: int) -> torch.Tensor:
    """(1, dim)."""
    return right_numpy(payload, dim)[None]


def wrong_epsilon(payload: str, dim: int) -> torch.Tensor:
    """Adds 0.001 to the length: short vectors come out too short."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return (numbers[:dim] / (numbers[:dim].norm() + 1e-3)).float()


def wrong_index_error(payload: str, dim: int) -> torch.Tensor:
    """An IndexError for too few numbers."""
    numbers = _numbers(payload)
    return _unit(torch.stack([numbers[i] for i in range(dim)]))


def wrong_drops_zeros(payload: str, dim: int) -> torch.Tensor:
    """Leaves zeros out before it cuts."""
    numbers = _numbers(payload)
    if len(numbers) < dim:
        raise ValueError("too few")
    return _unit(numbers[numbers != 0][:dim])


RIGHT = [
    right_numpy,
    right_struct,
    right_torch,
    right_array,
    right_iter_unpack,
]
WRONG = [
    wrong_not_scaled,
    wrong_scaled_before,
    wrong_short_passes,
    wrong_short_padded,
    wrong_same_length_only,
    wrong_equal_raises,
    wrong_scaled_if_cut,
    wrong_big_endian,
    wrong_double,
    wrong_returns_double,
    wrong_list,
    wrong_numpy_array,
    wrong_last_numbers,
    wrong_counts_characters,
    wrong_counts_bytes,
    wrong_sum_of_numbers,
    wrong_squared_length,
    wrong_row,
    wrong_epsilon,
    wrong_index_error,
    wrong_drops_zeros,
]
