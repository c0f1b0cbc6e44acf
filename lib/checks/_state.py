"""The state of the libraries under which a learner's function is called, the same for everybody.

A learner may have changed torch's default dtype or device, turned gradients off, seeded or asked NumPy
to raise: in a cell above, or in the function itself. A check calls the function as a fresh interpreter
would, and gives the learner's state back whole.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def known() -> Iterator[None]:
    """Inside the block the libraries are as after their import; afterwards as they were before."""
    held = _held()
    with torch.inference_mode(False):
        _make_known()
        try:
            yield
        finally:
            _give_back(held)


def altered() -> str | None:
    """Inside `known`: which of the settings on which a lesson relies a function has changed for good.

    Seeds, warnings and printing are a learner's own business; these three break what follows.
    """
    if torch.get_default_dtype() != torch.float32:
        return "torch's default dtype"
    if torch.get_default_device() != torch.device("cpu"):
        return "torch's default device"
    if not torch.is_grad_enabled():
        return "whether torch keeps gradients"
    return None


def _held() -> dict:
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "anomaly": torch.is_anomaly_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(),
        "python": random.getstate(),
        "errors": np.geterr(),
        "printing": np.get_printoptions(),
    }


def _make_known() -> None:
    torch.set_default_dtype(torch.float32)
    _set_device(torch.device("cpu"))
    torch.set_grad_enabled(True)
    _set_deterministic(False)
    torch.set_autocast_enabled("cpu", False)
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")


def _give_back(held: dict) -> None:
    torch.set_default_dtype(held["dtype"])
    _set_device(held["device"])
    torch.set_grad_enabled(held["grad"])
    _set_deterministic(held["deterministic"])
    if torch.get_num_threads() != held["threads"]:
        torch.set_num_threads(held["threads"])
    if torch.is_anomaly_enabled() != held["anomaly"]:
        torch.autograd.set_detect_anomaly(held["anomaly"])
    torch.set_autocast_enabled("cpu", held["autocast"])
    torch.set_rng_state(held["torch"])
    np.random.set_state(held["numpy"])
    random.setstate(held["python"])
    np.seterr(**held["errors"])
    np.set_printoptions(**{k: v for k, v in held["printing"].items() if k != "override_repr"})


def _set_deterministic(wanted: bool) -> None:
    """Setting it takes milliseconds, so it is set only where it changes."""
    if torch.are_deterministic_algorithms_enabled() != wanted:
        torch.use_deterministic_algorithms(wanted)


def _set_device(device: torch.device) -> None:
    """Set torch's default device; the mode that stands for it is only made where it changes."""
    if torch.get_default_device() != device:
        torch.set_default_device(None if device == torch.device("cpu") else device)
