"""Right answers written otherwise than the worked one, for tests and benchmarks alone.

They stand here and not beside the checks, so that no install of the course holds them.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable

import torch

from lib import checks
from lib.checks import BreakIt, Mistake


def as_tensor(function: Callable) -> Callable:
    """The function with its list or array made a tensor, as the stub promises."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        return torch.as_tensor(function(*args, **kwargs))

    return wrapped


def alternatives(name: str) -> list[Callable]:
    """At least two right implementations of an exercise, or sufficient tests of a break-it."""
    return list(_module(name).ALTERNATIVES)


def blind(name: str) -> dict[str, Callable[[], list]]:
    """Of a break-it, for each suspect a test that catches all suspects but this one."""
    return dict(getattr(_module(name), "BLIND", {}))


def mistakes(name: str) -> list[Mistake]:
    """The named mistakes of an exercise; of a break-it, the tests that let one suspect through."""
    exercise = checks.find(name)
    if not isinstance(exercise, BreakIt):
        return list(exercise.mistakes)
    tests = blind(name)
    return [Mistake(s.name, s.message, tests[s.name]) for s in exercise.suspects]


def _module(name: str):
    return importlib.import_module(f"{__name__}.lesson_{checks.find(name).lesson}.{name}")
