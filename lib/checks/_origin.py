"""Which data a name of the notebook was computed from, as far as the cells that have run say.

A fresh process has none of the lesson's data, so it has nothing that was computed from them either. In the
notebook such a number is like any other: only the text of the cells tells.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Statement = tuple[frozenset[str], frozenset[str]]  # the names it binds, the names it reads


class Origins:
    """Where the names of a notebook come from.

    Args:
        cells: the sources that have run, in order. Those that are no plain Python tell nothing.
        scope: the notebook's names with their values.
        is_source: whether a value is data, or reads data.
    """

    def __init__(
        self, cells: Sequence[str], scope: Mapping[str, Any], is_source: Callable[[Any], bool]
    ) -> None:
        self._scope, self._is_source = scope, is_source
        self._reads: dict[str, frozenset[str]] = {}  # of the last statement that bound the name
        for cell in cells:
            for binds, reads in _statements(cell):
                self._reads |= dict.fromkeys(binds, reads)

    def known(self, name: str) -> bool:
        """Whether a cell that has run bound the name."""
        return name in self._reads

    def source(self, name: str) -> str | None:
        """The name of the data that `name` was computed from, directly or by others; None without any."""
        seen, waiting = {name}, [name]
        while waiting:
            for read in sorted(self._reads.get(waiting.pop(0), ())):
                if read in self._scope and self._is_source(self._scope[read]):
                    return read
                if read not in seen:
                    seen.add(read)
                    waiting.append(read)
        return None


def _statements(cell: str) -> Iterator[Statement]:
    try:
        body = ast.parse(cell).body
    except SyntaxError:  # a magic, or a cell that never ran
        return
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield frozenset(a.asname or a.name.split(".")[0] for a in statement.names), frozenset()
            continue
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        reads = frozenset(node.id for node in names if isinstance(node.ctx, ast.Load))
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield frozenset([statement.name]), reads
        else:
            yield frozenset(n.id for n in names if isinstance(n.ctx, ast.Store)), reads
