"""Which names a cell binds, uses and changes, read from its text without running it.

All three err on the side of too many: a name too much costs time, a name too few an answer.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from dataclasses import dataclass
from functools import lru_cache

from harness.grade.magics import without_magics

# A longer cell holds data, not code: parsing takes a thousand bytes for each of text, and seconds.
MOST_PARSED = 128 << 10
_KEPT = 4 << 10  # of a cell whose names are remembered: nobody's text shall fill our memory
# Calls that are there to be seen and change nothing of what they are given.
_SHOWING = {"print", "display"}
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Names:
    """Names of a cell: bound at the top level, used from outside, and changed in place.

    `imports` are those of the bound ones that nothing but an import statement gives.
    """

    binds: frozenset[str]
    uses: frozenset[str]
    changes: frozenset[str]
    imports: frozenset[str] = frozenset()


def names(source: str) -> Names:
    """The names of a code cell; one that is no Python, or too long to be, uses every word in it."""
    return _remembered(source) if len(source) <= _KEPT else _read(source)


def _read(source: str) -> Names:
    try:
        if len(source) > MOST_PARSED:
            raise ValueError("too long to be parsed")
        return _parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        words = frozenset(re.findall(r"[A-Za-z_]\w*", source[:100_000]))
        return Names(frozenset(), words - _BUILTINS, frozenset())


_remembered = lru_cache(maxsize=4096)(_read)


def _parsed(source: str) -> Names:
    text = without_magics(source)
    tree = ast.parse(text)
    binds: set[str] = set()
    uses: set[str] = set()
    _walk(symtable.symtable(text, "<cell>", "exec"), True, binds, uses)
    changes = _changed(tree) & (binds | uses)  # a function's own names are its own affair
    return Names(
        frozenset(binds),
        frozenset((uses | changes) - _BUILTINS),
        frozenset(changes),
        frozenset(_imports(tree) & binds),
    )


def statements(source: str) -> list[str]:
    """The statements at the top level of a cell, each as text; one piece where it is no Python."""
    try:
        text = without_magics(source)
        return [ast.unparse(node) for node in ast.parse(text).body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [source]


def definitions(source: str) -> frozenset[str]:
    """The functions and classes that a cell defines at its top level; none where it is no Python."""
    try:
        body = ast.parse(without_magics(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in body if isinstance(node, kinds))


def _walk(table: symtable.SymbolTable, top: bool, binds: set[str], uses: set[str]) -> None:
    inner = table.get_children()
    named = {child.get_name() for child in inner}
    # Not by `lookup`, which searches all inner tables for each name.
    for name, flags in table._table.symbols.items():  # type: ignore[attr-defined] # in CPython
        symbol = symtable.Symbol(name, flags)
        if top:
            if symbol.is_assigned() or symbol.is_imported() or name in named:
                binds.add(name)
            if symbol.is_referenced():
                uses.add(name)
        elif symbol.is_global():
            if symbol.is_assigned():  # `global name` and an assignment
                binds.add(name)
            uses.add(name)
    for child in inner:
        _walk(child, False, binds, uses)


def _imports(tree: ast.AST) -> set[str]:
    """Names that imports give and that nothing else in the cell stores."""
    given, stored = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            given |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            stored.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            stored.add(node.name)
    return given - stored


def _changed(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(
            node.ctx, ast.Store | ast.Del
        ):
            found |= _roots(node)
        elif isinstance(node, ast.AugAssign):
            found |= _roots(node.target)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            if isinstance(call.func, ast.Name) and call.func.id in _SHOWING:
                continue
            # The result is thrown away, so the call is there for what it does: to the object whose
            # method it is, and to what it is given.
            acted = [] if isinstance(call.func, ast.Name) else [call.func]
            for part in [*acted, *call.args, *(k.value for k in call.keywords)]:
                found |= _roots(part)
    return found - _BUILTINS


def _roots(node: ast.AST) -> set[str]:
    """The names at the root of `a.b[c].d()`: here `a`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()
