"""Runs a module whose text a bundle for students holds in a form that is not read by accident.

The library's own version of an exercise, and the right and wrong functions of a break-it, have to run on a
student's machine; their text would be the answer. Packed it is found by no search and seen by no glance.
It is no lock: who sets out to unpack it can, as `run` does.

Everything may import this module; it imports nothing of the course and nothing that is slow.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any


def pack(source: str) -> str:
    """A module's text in letters, digits and signs that need no escape in a Python string."""
    return base64.b85encode(zlib.compress(source.encode(), 9)).decode("ascii")


def unpack(packed: str) -> str:
    """The text that `pack` was given."""
    return zlib.decompress(base64.b85decode(packed)).decode()


def run(packed: str, namespace: dict[str, Any]) -> None:
    """Run a module's packed text as the module whose `globals()` are given."""
    # Under the module's own name, so that a warning or an error is known to come from the course.
    code = compile(unpack(packed), namespace["__file__"], "exec", dont_inherit=True)
    exec(code, namespace)
