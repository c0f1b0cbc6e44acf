"""Which files of ours the checks of a lesson are made of, so that a check that was mended is noticed.

They are found in the text of imports, without importing anything.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

import lib
from harness.grade import cells as grading
from harness.grade.python_names import names, statements


def code_digest(source: NotebookNode, exercises: Iterable[str], root: Path | None = None) -> str:
    """SHA-256 of the code on which the verdicts of a lesson's checks depend.

    It is that of the exercises' checks, of what the check cells use of the library, and of whatever
    these import of the library in turn.

    Args:
        source: the teacher's notebook.
        exercises: the exercises that its checks name (see `Assignment.exercises`).
        root: the folder in which the package `lib` lies; by default the one that is used.
    """
    root = root or Path(lib.__path__[0]).resolve().parent
    files = {path for name in exercises for path in root.glob(f"lib/checks/lesson_*/{name}.py")}
    queue = [*files, *_files(_needed(source), root)]
    files = set(queue)
    while queue:
        for path in _files(_text(queue.pop()), root):
            if path not in files:
                files.add(path)
                queue.append(path)
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        for part in (path.relative_to(root).as_posix().encode(), content):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _needed(source: NotebookNode) -> str:
    """The check cells, and of the lesson's other cells the statements that these need."""
    checks = [str(cell["source"]) for _, cell in grading.checks(source)]
    rest = [
        statement
        for cell in source["cells"]
        if cell["cell_type"] == "code" and not grading.is_check(cell)
        for whole in statements(cell["source"])
        for statement in _one_by_one(whole)
    ]
    wanted = frozenset().union(*(names(text).uses for text in checks))
    chosen = list(checks)
    while more := [s for s in rest if (names(s).binds | names(s).changes) & wanted]:
        rest = [s for s in rest if s not in more]
        chosen += more
        wanted = wanted.union(*(names(s).uses for s in more))
    # Each by itself: one that is no Python takes no other with it.
    return "\n".join(s for text in chosen for s in statements(text) if _modules(s))


def _one_by_one(statement: str) -> list[str]:
    """An import of several names as an import of each: most of them no check uses."""
    found = re.fullmatch(r"((?:from [\w.]+ )?import )([\w., ]+)", statement)
    return [found[1] + name for name in found[2].split(", ")] if found else [statement]


def _files(text: str, root: Path) -> Iterator[Path]:
    """The files of the library that a text imports, anywhere in it."""
    for name in _modules(text):
        place = root.joinpath(*name.split("."))
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                yield path


def _modules(text: str) -> set[str]:
    """What may be a module among the names that a text imports: of `from lib import x`, both."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("lib.")}
