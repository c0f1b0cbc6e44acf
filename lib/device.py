"""Where the numbers are computed, in which precision, and from which seed.

One place decides for every lesson, so that the same notebook runs on a laptop's CPU, an NVIDIA
GPU or a Mac, and two runs on one machine give the same figures.
"""

from __future__ import annotations

import os
import random
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

_DEVICE_VARIABLE = "COURSE_DEVICE"


def _available(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_available()
    if kind == "mps":
        return torch.backends.mps.is_available()
    return True


def pick_device(name: str | torch.device | None = None) -> torch.device:
    """Return the device to compute on: the one that is named, or the fastest that is there.

    name: "cpu", "cuda", "cuda:1", "mps"; None or "auto" asks the environment variable
      COURSE_DEVICE first, then takes cuda before mps before cpu.
    Raises ValueError when the name is no device that torch knows, or one this machine lacks.
    """
    asked, source = str(name or "auto").strip().lower(), "pick_device"
    if asked == "auto":
        asked = os.environ.get(_DEVICE_VARIABLE, "").strip().lower() or "auto"
        source = _DEVICE_VARIABLE
    if asked == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _available(kind)))
    try:
        device = torch.device(asked)
    except RuntimeError as error:
        raise ValueError(
            f"{source}: {asked!r} is no device; expected 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'"
        ) from error
    too_high = device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()
    if not _available(device.type) or too_high:
        raise ValueError(
            f"{source}: {asked!r} was asked for, but torch {torch.__version__} finds no such "
            "device here; use 'auto' or 'cpu', or install a torch build for your GPU"
        )
    return device


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's generators (every GPU's too) with one number, 0 to 2^32-1.

    Raises ValueError for a seed that NumPy cannot take.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed_everything: the seed is {seed}; expected 0 <= seed < 2**32")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)  # seeds CUDA and MPS as well


def low_precision_dtype(device: torch.device | str) -> torch.dtype | None:
    """Return the 16-bit type that `device` multiplies faster than float32, or None if it has none.

    bfloat16 on GPUs from compute capability 8.0 and on CPUs with AVX512-BF16 or AMX; float16 on
    older GPUs with tensor cores (7.x); None elsewhere, where 16 bits are emulated and slower.
    """
    device = torch.device(device)
    if device.type == "cuda":
        major, _ = torch.cuda.get_device_capability(device)
        return torch.bfloat16 if major >= 8 else torch.float16 if major == 7 else None
    if device.type == "cpu":
        flags = torch.cpu.get_capabilities()
        return torch.bfloat16 if flags.get("avx512_bf16") or flags.get("amx_bf16") else None
    return None


def autocast(device: torch.device | str) -> AbstractContextManager:
    """Return a context in which matrix products run in `low_precision_dtype(device)`.

    Where the device has no such type the context changes nothing. Weights stay in float32; sums
    that need the precision (softmax, layer norm) do too (Micikevicius et al. 2018, Mixed
    Precision Training).
    """
    device = torch.device(device)
    dtype = low_precision_dtype(device)
    return nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)
