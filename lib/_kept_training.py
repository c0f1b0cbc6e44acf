"""Training that is kept on disk: the second run reads what the first has learned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lib.cache import remember
from lib.device import low_precision_dtype
from lib.finetune import History
from lib.fingerprint import module_digest


def kept_training(
    name: str, module: nn.Module, facts: dict[str, Any], run: Callable[[], History]
) -> History:
    """Train what of `module` wants a gradient by run(), or read what it became, with the history.

    facts: all that decides the result beside the module as it is and the precision: texts or states,
    settings, and a number that is counted up when the training itself changes.
    """
    device = next(module.parameters()).device
    trained = {n for n, p in module.named_parameters() if p.requires_grad}

    def make() -> dict[str, Tensor]:
        history = run()
        numbers = {part: getattr(history, part) for part in ("losses", "grad_norms", "seconds")}
        made = {
            f"history.{part}": torch.tensor(value, dtype=torch.float64, device="cpu")
            for part, value in numbers.items()
        }
        return made | {n: p for n, p in module.state_dict().items() if n in trained}

    start = {"start": module_digest(module), "precision": str(low_precision_dtype(device))}
    made = remember(name, start | facts, make)
    numbers = {part: made.pop(f"history.{part}").tolist() for part in ("losses", "grad_norms")}
    seconds = float(made.pop("history.seconds"))
    module.load_state_dict({n: t.to(device) for n, t in made.items()}, strict=False)
    return History(numbers["losses"], numbers["grad_norms"], seconds=seconds)


def digest(x: Tensor) -> str:
    """Return a SHA-256 of a tensor's numbers."""
    return hashlib.sha256(x.detach().cpu().contiguous().view(torch.uint8).numpy().data).hexdigest()
