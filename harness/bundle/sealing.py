"""Packs a module's text, so that a bundle can run it and a reader does not see it (`lib._sealed`)."""

from __future__ import annotations

import ast
import json

from lib import _sealed

_LINE = 96  # characters of packed text in a line


def sealed(source: str) -> str:
    """A module that does what `source` does, with the same docstring and the rest of the text packed.

    Its imports for `from __future__` and all else are in the packed part.
    """
    said = (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]
    packed = _sealed.pack(source)
    lines = (packed[at : at + _LINE] for at in range(0, len(packed), _LINE))
    body = "\n".join(f"    {_quoted(line)}" for line in lines)
    return f"{json.dumps(said)}\n\nfrom lib import _sealed\n\n_sealed.run(\n{body},\n    globals(),\n)\n"


def _quoted(text: str) -> str:
    # The alphabet of base 85 has neither a quotation mark nor a backslash.
    return f'"{text}"'
