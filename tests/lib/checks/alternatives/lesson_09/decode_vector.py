"""Other right answers to `decode_vector`."""

from __future__ import annotations

import array
import base64
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F


def _by_struct(payload: str, dim: int) -> torch.Tensor:
    data = base64.standard_b64decode(payload)
    count = len(data) // struct.calcsize("<f")
    if count < dim:
        raise ValueError(f"{count} numbers")
    vector = torch.tensor(struct.unpack(f"<{count}f", data)[:dim], dtype=torch.float32)
    return vector / vector.norm()


def _by_frombuffer(payload: str, dim: int) -> torch.Tensor:
    """torch reads the bytes itself: little-endian, as this machine is."""
    assert sys.byteorder == "little"
    vector = torch.frombuffer(bytearray(base64.b64decode(payload)), dtype=torch.float32)
    if vector.numel() < dim:
        raise ValueError("too few")
    return F.normalize(vector[:dim], dim=0)


def _in_double(payload: str, dim: int) -> torch.Tensor:
    """The first dim * 4 bytes, divided in float64."""
    data = base64.b64decode(payload.encode())
    if len(data) < 4 * dim:
        raise ValueError("too few")
    numbers = array.array("f", data[: 4 * dim])
    vector = np.array(numbers, dtype=np.float64)
    return torch.from_numpy(vector / np.linalg.norm(vector)).float()


ALTERNATIVES = [_by_struct, _by_frombuffer, _in_double]
