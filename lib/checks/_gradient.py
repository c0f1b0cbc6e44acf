"""Gradients of a learner's function, compared with differences of the oracle's values.

The oracle need not be differentiable by a library: along a random direction d its derivative is
(f(x + h d) - f(x - h d)) / 2 h, in float64. Where the two one-sided differences disagree the function
has a corner (a hinge at its edge), and nothing is compared there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from lib.checks import _state, values

STEP = 1e-4
TOLERANCE = 2e-3
STEEP = 100.0  # beside a vector of zeros a cosine has no slope to speak of
NONE = (
    "The value is right, but no gradient flows from it to {where}: training with it fails or changes "
    "nothing. Keep to torch's operations from the arguments to the result: no float(), .item(), "
    ".detach(), NumPy or torch.tensor(...) on the way."
)

# The gradients of a call's result with respect to the arguments at some places; None where none flows.
Slope = Callable[[Sequence[Any], Sequence[int]], "list[torch.Tensor] | None"]


def of(function: Callable) -> Slope:
    """How to ask a function for gradients; one in another process is asked there."""
    elsewhere = getattr(function, "gradients", None)
    return elsewhere if callable(elsewhere) else lambda args, places: here(function, args, places)


def here(
    function: Callable, args: Sequence[Any], places: Sequence[int]
) -> list[torch.Tensor] | None:
    """Call the function on copies of `args` and follow the gradient of its result back."""
    given = [values.copy_value(arg) for arg in args]
    with _state.known():
        for place in places:
            given[place].requires_grad_()
        result = function(*given)
        if not isinstance(result, torch.Tensor) or not result.requires_grad:
            return None
        leaves = [given[place] for place in places]
        found = torch.autograd.grad(result.sum(), leaves, allow_unused=True)
        return [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, found)]


def differs(
    oracle: Callable, slope: Slope, case: Any, places: Sequence[int], names: Sequence[str]
) -> str | None:
    """What is wrong with the gradient on a case, in a sentence; None if nothing is.

    names: those of the arguments, as far as they are known.
    """
    if case.kwargs or not all(_can_move(case.args[place]) for place in places):
        return None
    try:
        found = slope(case.args, places)
    except Exception as error:
        said = f"{type(error).__name__}: {values.text_of(error)}"
        return f"The value is right, but its gradient cannot be had: {said}"
    if found is None:
        return NONE.format(where="the vectors")
    draw = _draw(case)
    for place, gradient in zip(places, found):
        direction = _direction(draw, gradient)
        expected = _derivative(oracle, case.args, place, direction)
        if expected is None or abs(expected) > STEEP:
            continue
        if not torch.isfinite(gradient).all():
            if any(bool((case.args[at] == 0).any()) for at in places):
                continue  # the root of a sum that is 0 has no slope, and not everybody guards it
            return "The value is right, but its gradient holds NaN or infinity: training would stop there."
        got = float((gradient.detach().double().cpu().numpy() * direction).sum())
        if abs(got - expected) > TOLERANCE * (1 + abs(expected)):
            if not gradient.any():
                return NONE.format(where=_named(names, place))
            return (
                f"The value is right, but its gradient to {_named(names, place)} is not: along one "
                f"direction it is {got:.4g}, expected {expected:.4g}."
            )
    return None


def derivatives(
    oracle: Callable, case: Any, places: Sequence[int]
) -> dict[int, float | None] | None:
    """What `differs` compares with on a case: by place, the oracle's derivative or None where it has a
    corner; None where nothing is compared."""
    if case.kwargs or not all(_can_move(case.args[place]) for place in places):
        return None
    draw = _draw(case)
    return {
        place: _derivative(oracle, case.args, place, _direction(draw, case.args[place]))
        for place in places
    }


def _draw(case: Any) -> np.random.Generator:
    return np.random.default_rng(len(case.args) + values.size(case.args))


def _direction(draw: np.random.Generator, like: torch.Tensor) -> np.ndarray:
    """A random direction in the space of a tensor, of length 1."""
    direction = draw.normal(size=tuple(like.shape))
    direction /= max(float(np.sqrt((direction**2).sum())), 1e-12)
    return direction


def _named(names: Sequence[str], place: int) -> str:
    return f"`{names[place]}`" if place < len(names) else f"argument {place + 1}"


def _can_move(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel() > 0


def _derivative(
    oracle: Callable, args: Sequence[Any], place: int, direction: np.ndarray
) -> float | None:
    """The oracle's derivative along a direction; None where it has a corner.

    A recorded oracle, which cannot be called beside its cases, tells what it was.
    """
    recorded: Callable[[Sequence[Any], int], float | None] | None = getattr(
        oracle, "derivative", None
    )
    if recorded is not None:
        return recorded(args, place)

    def at(step: float) -> float:
        moved = [x.double() if _can_move(x) else x for x in values.copy_value(list(args))]
        moved[place] = moved[place] + step * torch.from_numpy(direction)
        return float(np.asarray(oracle(*moved), dtype=np.float64).sum())

    below, middle, above = at(-STEP), at(0.0), at(STEP)
    left, right = (middle - below) / STEP, (above - middle) / STEP
    if not np.isfinite([left, right]).all() or abs(left - right) > 0.05 * (1 + abs(left + right)):
        return None
    return (left + right) / 2
