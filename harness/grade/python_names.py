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

# Calls that are there to be seen and change nothing of what they are given.
_SHOWING = {"print", "display"}
_BUILTINS = frozenset(dir(builtins))
_RUNNING = re.compile(r"\A\s*%%(?:time|capture|prun)\b[^\n]*\n")


@dataclass(frozen=True)
class Names:
    """Names of a cell: bound at the top level, used from outside, and changed in place.

    `imports` are those of the bound ones that nothing but an import statement gives.
    """

    binds: frozenset[str]
    uses: frozenset[str]
    changes: frozenset[str]
    imports: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def names(source: str) -> Names:
    """The names of a code cell; a cell that is no Python uses every word in it."""
    try:
        text = without_magics(source)
        tree = ast.parse(text)
        table = symtable.symtable(text, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        words = frozenset(re.findall(r"[A-Za-z_]\w*", source[:100_000]))
        return Names(frozenset(), words - _BUILTINS, frozenset())
    binds: set[str] = set()
    uses: set[str] = set()
    _walk(table, True, binds, uses)
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


def without_magics(source: str) -> str:
    """The cell as Python: without `%magic`, `!command`, `name?`, and not indented as a whole.

    Of a cell under `%%time` and the like, which run it, this is what they run.
    """
    source = _RUNNING.sub("", source)
    indented = source.lstrip("\n")[:1] in (" ", "\t")
    if not indented and not re.search(r"^\s*[%!?]|\?\s*$|=\s*[%!]", source, re.MULTILINE):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def _walk(table: symtable.SymbolTable, top: bool, binds: set[str], uses: set[str]) -> None:
    for symbol in table.get_symbols():
        name = symbol.get_name()
        if top:
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                binds.add(name)
            if symbol.is_referenced():
                uses.add(name)
        elif symbol.is_global():
            if symbol.is_assigned():  # `global name` and an assignment
                binds.add(name)
            uses.add(name)
    for child in table.get_children():
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
