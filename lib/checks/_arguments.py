"""What a learner's function makes of its arguments: one is ignored, or two are exchanged.

The oracle itself tells: if the learner's results are the oracle's with `scale` held at 20, whatever was
asked for, then the function does not use `scale`. As with all patterns, it has to be so on every case.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from lib.checks._pattern import Pattern
from lib.checks.calling import Case, Outcome, Raised, call


def of_arguments(
    oracle: Callable,
    agree: Callable[[Outcome, Outcome], bool],
    cases: Sequence[Case],
    failing: Sequence[int],
    outcomes: Sequence[Outcome],
    names: Sequence[str],
) -> Pattern | None:
    """The pattern of an argument that is held fixed or of two that are exchanged; None if there is none.

    names: those of the oracle's or the learner's arguments, in order.
    """
    if any(isinstance(outcomes[i], Raised) for i in failing):
        return None
    caller = call(oracle)

    def explains(change: Callable[[Case], Case | None]) -> bool:
        """Whether the changed case gives the learner's result on every case, right or wrong."""
        for place, case in enumerate(cases):
            changed = change(case)
            if changed is None or not agree(caller(changed), outcomes[place]):
                return False
        return True

    for place, value in _fixed(oracle, cases):
        if explains(_held(place, value)):
            name = names[place] if place < len(names) else f"argument {place + 1}"
            return Pattern(
                "argument-ignored",
                f"Your results are those for `{name}` = {value:g}, whatever `{name}` is: your function "
                "does not use the argument that it gets.",
                f"Your function does not use its argument `{name}`.",
            )
    for a, b in _exchangeable(cases):
        if explains(_swapped(a, b)):
            first, second = (names[i] if i < len(names) else f"argument {i + 1}" for i in (a, b))
            return Pattern(
                "arguments-exchanged",
                f"Your results are those for `{first}` and `{second}` exchanged.",
            )
    return None


Change = Callable[[Case], Case | None]


def changes(oracle: Callable, cases: Sequence[Case]) -> Iterator[Change]:
    """Each change of cases that is tried here, for who has to know beforehand what the oracle is asked."""
    yield from (_held(place, value) for place, value in _fixed(oracle, cases))
    yield from (_swapped(a, b) for a, b in _exchangeable(cases))


def _held(place: int, value: Any) -> Change:
    return functools.partial(_with, place=place, value=value)


def _swapped(a: int, b: int) -> Change:
    return functools.partial(_exchanged, a=a, b=b)


def _fixed(oracle: Callable, cases: Sequence[Case]) -> Iterator[tuple[int, float]]:
    """Places of plain numbers that differ from case to case, with each value that they might be held at."""
    parameters = list(_parameters(oracle))
    for place in range(max(len(case.args) for case in cases)):
        given = [case.args[place] for case in cases if place < len(case.args)]
        if not all(type(value) in (int, float) for value in given):
            continue
        default = parameters[place].default if place < len(parameters) else None
        values = dict.fromkeys([*given, *([default] if type(default) in (int, float) else [])])
        if len(set(given)) > 1 or (default in values and default not in given):
            yield from ((place, value) for value in list(values)[:8])


def _parameters(function: Callable) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _with(case: Case, place: int, value: Any) -> Case | None:
    if place >= len(case.args):
        return case
    return replace(case, args=(*case.args[:place], value, *case.args[place + 1 :]))


def _exchangeable(cases: Sequence[Case]) -> Iterator[tuple[int, int]]:
    """Pairs of places that hold tensors of one shape in every case."""
    width = min(len(case.args) for case in cases)
    for a in range(width):
        for b in range(a + 1, width):
            pairs = [(case.args[a], case.args[b]) for case in cases]
            if all(_alike(x, y) for x, y in pairs):
                yield a, b


def _alike(x: Any, y: Any) -> bool:
    both = isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor)
    return both and x.shape == y.shape and x.dtype == y.dtype


def _exchanged(case: Case, a: int, b: int) -> Case:
    args = list(case.args)
    args[a], args[b] = args[b], args[a]
    return replace(case, args=tuple(args))
