"""Other right answers to `decode_tokens`."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor


def _by_unpackbits(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    """An alternative: NumPy's bits, weighed and summed for each code."""
    bits = int(math.log2(len(values)))
    digits = np.unpackbits(packed.numpy(), axis=1).reshape(len(ids), -1, bits)
    codes = torch.from_numpy((digits * 2 ** np.arange(bits)[::-1]).sum(axis=2))
    vectors = centroids.index_select(0, ids) + values[codes.long()]
    return vectors / vectors.norm(dim=1, keepdim=True)


def _by_division(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    """An alternative: quotients and remainders, the last code of a byte first."""
    count, left, codes = len(values), packed.long(), []
    for _ in range(round(8 / math.log2(count))):
        codes.append(left % count)
        left = left // count
    table = torch.stack(codes[::-1], dim=2).reshape(len(ids), centroids.shape[1])
    sums = torch.take(values, table) + centroids[ids]
    return torch.nn.functional.normalize(sums, dim=-1)


def _by_table_of_bytes(ids: Tensor, packed: Tensor, centroids: Tensor, values: Tensor) -> Tensor:
    """An alternative: what each of the 256 bytes stands for, looked up, as PLAID does."""
    bits = {2: 1, 4: 2, 16: 4}[len(values)]
    shifts = torch.tensor(range(8 - bits, -1, -bits))
    table = values[(torch.arange(256)[:, None] >> shifts) % len(values)]
    residuals = table[packed.int()].flatten(start_dim=1)
    vectors = centroids[ids] + residuals
    return vectors * vectors.square().sum(1, keepdim=True).rsqrt()


ALTERNATIVES = [_by_unpackbits, _by_division, _by_table_of_bytes]
