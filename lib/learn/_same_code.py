"""Whether two functions are the same code: a cell that is run again makes a new function of the old text."""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable
from typing import Any


def identity(function: Callable) -> Hashable:
    """What a function does, as far as its code says it: equal for two functions made of one text.

    The notebook's own functions that it calls belong to it, and theirs; what a closure or a default
    holds does, too. Where a function is no plain Python function it is only equal to itself.
    """
    return _identity(function, set())


def _identity(function: Any, seen: set[int]) -> Hashable:
    code = getattr(function, "__code__", None)
    if not isinstance(function, types.FunctionType) or code is None:
        return id(function)
    if id(function) in seen:
        return "itself"
    seen = seen | {id(function)}
    used = (function.__globals__.get(name) for name in sorted(_names(code)))
    helpers = tuple(_identity(f, seen) for f in used if _from_notebook(f))
    cells = tuple(_plain(cell) for cell in function.__closure__ or ())
    return (
        _code(code),
        _plain(function.__defaults__),
        _plain(function.__kwdefaults__),
        cells,
        helpers,
    )


def _code(code: types.CodeType) -> Hashable:
    constants = tuple(
        _code(c) if isinstance(c, types.CodeType) else (type(c).__name__, repr(c))
        for c in code.co_consts
    )
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def _names(code: types.CodeType) -> set[str]:
    inner = (_names(c) for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*inner)


def _from_notebook(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and value.__module__ == "__main__"


def _plain(value: Any) -> Hashable:
    if isinstance(value, types.CellType):
        try:
            value = value.cell_contents
        except ValueError:
            return "empty"
    return (
        repr(value)
        if isinstance(value, int | float | str | tuple | type(None) | dict)
        else id(value)
    )
