"""Docstrings of installed Python packages: what a function does, in a sentence, and the rest of it.

Read from the source files, nothing is imported. The texts depend on the packages' versions, which
requirements.lock pins.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from lib.cache import remember
from lib.packages import package_folder

__all__ = ["PACKAGES", "Documented", "load_docstrings", "split_docstring", "versions"]

# Import name -> the distribution that has the version and the licence.
PACKAGES = {
    "numpy": "numpy",
    "pandas": "pandas",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "torch": "torch",
}

_RECIPE = 1  # count up when docstrings are found or cut otherwise
_OTHERS_CODE = {"tests", "test", "testing", "externals", "extern", "_vendor", "array_api_compat"}
_SHORTEST_QUERY, _LONGEST_QUERY = 20, 200  # characters
_FEWEST_WORDS = 4
_SHORTEST_PASSAGE, _LONGEST_PASSAGE = 100, 400  # characters

_SENTENCE_END = re.compile(r"(?<=[^.]\.)\s")
_ROLE = re.compile(r":[\w:]+:`~?([^`<]*?)(?:\s*<[^`]*>)?`")
_MARKS = re.compile(r"``|`|\*\*|\.\. \w+::|^[-=~*]{3,}$|:math:", re.M)
_EXAMPLES = re.compile(r"^(?:Examples?:?|>>> .*|References|See Also|\.\. seealso.*)\s*$", re.M)


@dataclass(frozen=True)
class Documented:
    """A function or class with its docstring, cut in two.

    name: in full, with module; first: the sentence that says what it does; rest: what follows.
    """

    name: str
    first: str
    rest: str

    @property
    def family(self) -> str:
        """The package and what is right below it ("scipy.stats"): near twins stand there together."""
        return ".".join(self.name.split(".")[:2])


def split_docstring(text: str) -> tuple[str, str] | None:
    """Return the first sentence of a docstring and the rest, without examples and marks; or None.

    The rest ends at a word within 400 characters. None if there is no sentence of 20 to 200
    characters and four words in front, or fewer than 100 characters follow.
    """
    lines = text.strip().splitlines()
    if lines and re.match(r"^[\w.]+\(.*\)", lines[0]):  # a signature, as of functions written in C
        lines = lines[1:]
    text = "\n".join(lines).strip()
    found = _EXAMPLES.search(text)
    if found:
        text = text[: found.start()]
    first, _, rest = text.partition("\n\n")
    first, second = (_SENTENCE_END.split(first.strip(), maxsplit=1) + [""])[:2]
    first, rest = _plain(first), _plain(f"{second} {rest}")
    if len(rest) > _LONGEST_PASSAGE:
        rest = rest[: _LONGEST_PASSAGE + 1].rpartition(" ")[0]
    fits = (
        _SHORTEST_QUERY <= len(first) <= _LONGEST_QUERY
        and len(first.split()) >= _FEWEST_WORDS
        and len(rest) >= _SHORTEST_PASSAGE
        and "deprecated" not in first.lower()
    )
    return (first, rest) if fits else None


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(" ", _ROLE.sub(r"\1", text)).split()).replace(" .", ".")


def versions() -> dict[str, str]:
    """Return the version of each package that is read.

    Raises PackageNotFoundError when one is not installed.
    """
    return {name: importlib.metadata.version(of) for name, of in PACKAGES.items()}


def load_docstrings() -> list[Documented]:
    """Return what is public and has a docstring of two parts, in order of name; no text twice.

    Dropped are first sentences that stand at several places ("Fit the model."), since they ask for
    nothing in particular. Reading all files takes ten seconds, so the result is kept on disk.
    """

    def make() -> dict[str, torch.Tensor]:
        rows = [[one.name, one.first, one.rest] for name in PACKAGES for one in _found(name)]
        content = json.dumps(rows).encode()
        return {"json": torch.from_numpy(np.frombuffer(content, np.uint8).copy())}

    made = remember("docstrings", {"recipe": _RECIPE, "versions": versions()}, make)
    rows = json.loads(made["json"].numpy().tobytes())
    return _distinct(sorted((Documented(*row) for row in rows), key=lambda one: one.name))


def _distinct(found: list[Documented]) -> list[Documented]:
    firsts: dict[str, int] = {}
    for one in found:
        key = one.first.casefold()
        firsts[key] = firsts.get(key, 0) + 1
    kept = {one.rest.casefold(): one for one in reversed(found)}  # the first one of each text
    named = {one.name: one for one in reversed(found)}  # a name may be defined twice
    return [
        one
        for one in found
        if firsts[one.first.casefold()] == 1
        and kept[one.rest.casefold()] is one
        and named[one.name] is one
    ]


def _found(package: str) -> Iterator[Documented]:
    root = package_folder(package)
    for path in sorted(root.rglob("*.py")):
        inner = path.relative_to(root)
        if _OTHERS_CODE & set(inner.parts) or inner.name.startswith(("test_", "conftest")):
            continue
        source = path.read_text(encoding="utf-8", errors="replace")
        if '"""' in source:
            yield from _in_file(".".join([package, *_module(inner)]), source)


def _module(inner: Path) -> list[str]:
    parts = [*inner.parts[:-1], inner.stem]
    return [part for part in parts if part != "__init__"]


def _in_file(module: str, source: str) -> Iterator[Documented]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in other people's strings
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a template, or Python of another version
            return
    open_nodes: list[tuple[str, ast.AST]] = [(module, tree)]
    while open_nodes:
        above, node = open_nodes.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                if child.name.startswith("_"):
                    continue
                name = f"{above}.{child.name}"
                parts = split_docstring(ast.get_docstring(child) or "")
                if parts is not None:
                    yield Documented(name, *parts)
                if isinstance(child, ast.ClassDef):
                    open_nodes.append((name, child))
            else:
                open_nodes.append((above, child))
