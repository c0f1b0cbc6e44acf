"""Answers that learners give, rightly and wrongly, and answers that were made to deceive."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch


class _AlwaysEqual:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class _Text(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def lower(self):
        return "b"

    def __repr__(self):
        raise RuntimeError("called")


class _List(list):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 1

    def __repr__(self):
        raise RuntimeError("called")


class _Number(float):
    def __float__(self):
        return 0.5

    def __repr__(self):
        raise RuntimeError("called")


class _Lies:
    """It says that it is a number, and takes offence at every question."""

    __class__ = float

    def __getattribute__(self, name):
        raise RuntimeError(f"called: {name}")


class _Meta(type):
    @property
    def __name__(cls):
        raise RuntimeError("called")


class _Named(metaclass=_Meta):
    pass


class _Tensor(torch.Tensor):
    def item(self):
        return 0.5


HOSTILE = [
    True,
    object(),
    _AlwaysEqual(),
    _Text("b"),
    _List(["a", "b"]),
    _Number(7.0),
    _Lies(),
    _Named(),
    [_AlwaysEqual()],
    [_Text("b")],
    [_Lies()],
    torch.tensor(7.0).as_subclass(_Tensor),
    ["a", "b", "c"],
    ["a", "b", "c", "a"],
    "abcdefghijklmnopqrstuvwxyz",
    "b" * 10_000_000,
    "",
    [],
    {"b": 1},
    b"b",
    math.nan,
    math.inf,
    10**400,
    10**10_000,
    1j,
    np.array(["b"]),
    np.array([0.5, 1.0]),
    np.array(0.5, dtype=object),
    np.str_("b"),
    np.bool_(True),
    torch.tensor(math.nan),
    torch.tensor(True),
    torch.tensor(0.5 + 0j),
    torch.tensor([0.5]),
    torch.tensor(0.5, device="meta"),
    Fraction(1, 2),
    Decimal("0.5"),
    (c for c in "b"),
    lambda: "b",
]
ANSWERS = [
    *(None, ..., "", " ", [], (), set()),
    *(
        "a",
        "B",
        " c ",
        "b)",
        "ab",
        "a, c",
        "a and c",
        "A & C",
        "cab",
        "c > a > b",
        "ca",
        "z",
        "a z",
    ),
    *("1", "a1", "not a", "and", "a-c", "\u0430", "\N{KELVIN SIGN}", "b\n", "[b]"),
    *(["b"], ["A", "c"], ("c", "a", "b"), {"a", "c"}, ["a", 1], ["ac"], [None], frozenset("ac")),
    *(0, 0.5, 0.504, 2, -0.0, 10**30, np.float16(0.5), np.int8(2), np.array(2), torch.tensor(0.5)),
    *("0.5", "0,5", ".5", "5e-1", "50%", "1/2", "1,500", "1,000,000", "\N{MINUS SIGN}0.5", "1_0"),
    *((0, 5), (0.5,), [0.5], torch.tensor([[0.5]]), torch.nn.Parameter(torch.tensor(0.5))),
]

# By place and type: a hostile answer must not be asked for its name by pytest either.
ALL = ANSWERS + HOSTILE
PLACES = range(len(ALL))


def name(place: int) -> str:
    return f"{place}-{type.__dict__['__name__'].__get__(type(ALL[place]))}"


def named(value: object) -> str:
    """A test's name for a value, the same in every process: not by an address or a set's order."""
    return str(value) if isinstance(value, str | int | float | None) else type(value).__name__
