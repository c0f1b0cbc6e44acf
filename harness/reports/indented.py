"""JSON with an indent of one, as Python's own `json` writes it, several times as fast.

Python writes indented JSON piece by piece in Python, a notebook of a hundred cells in milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

_NAMED = {None: "null", True: "true", False: "false"}


def indented(value: Any, *, ascii_only: bool = False) -> str:
    """`json.dumps(value, indent=1, sort_keys=True, ensure_ascii=ascii_only)`.

    Raises:
        TypeError, ValueError: it is no plain value, or a dictionary has a key that is no text.
    """
    return _text(value, "\n", encode_basestring_ascii if ascii_only else encode_basestring)


def _text(value: Any, pad: str, quoted: Callable[[str], str]) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None or value is True or value is False:
        return _NAMED[value]
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = f"{pad} "
        parts = [f"{quoted(key)}: {_text(value[key], inner, quoted)}" for key in sorted(value)]
        return f"{{{inner}{f',{inner}'.join(parts)}{pad}}}"
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        inner = f"{pad} "
        if all(type(one) is str for one in value):
            return f"[{inner}{f',{inner}'.join(map(quoted, value))}{pad}]"
        return f"[{inner}{f',{inner}'.join([_text(one, inner, quoted) for one in value])}{pad}]"
    return json.dumps(value)
