"""The GPU of this machine, by its full precision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(scope="session")
def gpu() -> torch.device:
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU that torch can use by CUDA")
    return torch.device("cuda")


@pytest.fixture
def bits32(monkeypatch) -> Iterator[None]:
    """Products in 32 bits everywhere, as they are on a processor without fast ones in 16."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    for module in ("device", "frozen_layers", "_coarse"):
        monkeypatch.setattr(f"lib.{module}.low_precision_dtype", lambda device: None)
    yield
    torch.set_float32_matmul_precision(before)
