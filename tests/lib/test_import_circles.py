"""No module of `lib` needs itself by way of others, whether it imports them at once or when called."""

import ast
import graphlib
from pathlib import Path

import pytest

import lib

LIB = Path(lib.__file__).parent


def _name(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path, name: str, modules: set[str]) -> set[str]:
    """The modules that a file asks for anywhere: at its top, in a function, for its types alone."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    asked = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            asked |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")
                base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [base])])
            # `from lib.checks import values` asks for the module, not for what the package holds.
            within = {f"{base}.{alias.name}" for alias in node.names}
            asked |= within & modules
            if not within <= modules:
                asked.add(base)
    return asked & modules


def _graph(folder: Path) -> dict[str, set[str]]:
    files = {_name(path, folder): path for path in folder.rglob("*.py")}
    return {name: _imported(path, name, set(files)) for name, path in files.items()}


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of a circle, the first one again as the last, or none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1][::-1]
    return []


def test_lib_has_no_import_circle():
    graph = _graph(LIB)
    assert "lib.text" in graph["lib.search"], "the reader of imports finds nothing"
    assert _circle(graph) == []


@pytest.mark.parametrize(
    "back",
    [
        "import house.a",
        "from house import a",
        "from house.a import f",
        "from . import a",
        "from .a import f",
        "def f():\n    from house.a import f",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.a import f",
    ],
)
def test_a_circle_is_found_however_it_is_closed(tmp_path, back):
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "a.py").write_text("from house.b import g\n")
    (folder / "b.py").write_text("import math\n")
    assert _circle(_graph(folder)) == []
    (folder / "b.py").write_text(back + "\n")
    assert set(_circle(_graph(folder))) == {"house.a", "house.b"}
