"""Other right answers to `pack_codes`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def _by_packbits(codes: Tensor, bits: int) -> Tensor:
    """An alternative: the bits of each code, packed by NumPy."""
    if codes.shape[1] * bits % 8:
        raise ValueError("no whole bytes")
    places = np.arange(bits)[::-1]
    digits = (codes.numpy()[:, :, None] >> places) & 1
    return torch.from_numpy(np.packbits(digits.reshape(len(codes), -1).astype(np.uint8), axis=1))


def _by_places(codes: Tensor, bits: int) -> Tensor:
    """An alternative: every so many codes, multiplied and joined by OR."""
    if (codes.shape[-1] * bits) % 8 != 0:
        raise ValueError("no whole bytes")
    each, codes = 8 // bits, codes.long()
    packed = torch.zeros_like(codes[:, ::each])
    for place in range(each):
        packed = packed | codes[:, place::each] * 2 ** (8 - bits * (place + 1))
    return packed.to(torch.uint8)


def _by_weights(codes: Tensor, bits: int) -> Tensor:
    """An alternative: a product with the weights of the places, in bytes all the way."""
    each, rest = divmod(8, bits)
    if rest or codes.shape[1] % each:
        raise ValueError("no whole bytes")
    weights = torch.tensor([2 ** (bits * place) for place in reversed(range(each))])
    return (codes.reshape(codes.shape[0], -1, each) @ weights.to(codes)).byte()


ALTERNATIVES = [_by_packbits, _by_places, _by_weights]
