"""Whether an answer is a function of the course's own library; told in the student's process.

The one who hands it in could keep this from telling, at some pains, as they could copy the function's
text by hand. It says what an import, another name or a wrapper says, so that nobody is graded on that
unnoticed.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lib
from lib.checks import values

_ROOT = os.path.join(os.path.dirname(os.path.abspath(lib.__file__ or "")), "")
_TOOLS = os.path.join(_ROOT, "learn", "")  # `yours` and the like wrap what is the learner's
_MOST = 64  # calls into the library that are looked at, of one call


def named(value: Any) -> str | None:
    """The library's name of a function or class, whatever the learner calls it; None if it is not of it.

    Seen through methods, `functools.partial` and `functools.wraps`.
    """
    for _ in range(10):
        inner = next(
            (
                getattr(value, part)
                for part in ("__wrapped__", "func" if _is_partial(value) else "__func__")
                if hasattr(value, part)
            ),
            None,
        )
        if inner is None:
            break
        value = inner
    code = getattr(value, "__code__", None)
    if isinstance(code, types.CodeType):
        return _name(code) if _in_library(code.co_filename) else None
    module = str(getattr(value, "__module__", "")) if isinstance(value, type) else ""
    if module.startswith("lib.") and not module.startswith("lib.learn"):
        return f"{module}.{value.__qualname__}"
    return None


def called(function: Callable, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
    """Call a function; its result, and the library's function whose result on these arguments it is.

    That is empty if there is none: the library may be called with other values, for a part of the work.
    """
    watch = _Watch([*args, *kwargs.values()])
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        result = function(*args, **kwargs)
    finally:
        sys.setprofile(before)
    return result, watch.gave(result)


@dataclass
class _Watch:
    """A profile function that keeps what the library was asked with the same values, and its results."""

    given: list[Any]
    inside: types.FrameType | None = None
    asked: int = 0
    found: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, frame: types.FrameType, event: str, value: Any) -> None:
        if event == "return" and frame is self.inside:
            self.inside = None
            # A copy: what is done to it afterwards is the learner's own work.
            self.found.append((_name(frame.f_code), values.copy_value(value)))
        elif event != "call" or self.inside is not None or self.asked >= _MOST:
            return
        elif _in_library(frame.f_code.co_filename):
            self.asked += 1
            if self._with_the_same(frame):
                self.inside = frame

    def _with_the_same(self, frame: types.FrameType) -> bool:
        code = frame.f_code
        count = code.co_argcount + code.co_kwonlyargcount
        got = [frame.f_locals[n] for n in code.co_varnames[:count] if n in frame.f_locals]
        if code.co_flags & inspect.CO_VARARGS:
            got += frame.f_locals.get(code.co_varnames[count], ())
        return bool(self.given) and all(
            any(_same(one, other) for other in got) for one in self.given
        )

    def gave(self, result: Any) -> str:
        return next(
            (n for n, value in self.found if value is not None and _same(value, result)), ""
        )


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a check; objects of a learner's own may not be compared at all."""
    try:
        return one is other or values.same(one, other, values.DEFAULT)
    except Exception:
        return False


def _is_partial(value: Any) -> bool:
    return isinstance(value, functools.partial)


@functools.lru_cache(maxsize=4096)
def _in_library(filename: str) -> bool:
    file = os.path.abspath(filename) if filename[:1] != "<" else ""
    return file.startswith(_ROOT) and not file.startswith(_TOOLS)


def _name(code: types.CodeType) -> str:
    module = os.path.splitext(os.path.relpath(code.co_filename, _ROOT))[0]
    return f"lib.{module.replace(os.sep, '.')}.{code.co_qualname}"
