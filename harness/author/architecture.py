"""The picture of the rooms of the house and of the imports between them, made from the code.

    python -m harness.author.architecture [--check]

writes `docs/architecture.svg`. With `--check` nothing is written: it ends with 1 if the file is not
what the code gives, or if the imports between rooms run in a circle.

A room is a folder of modules; no list of them is kept here. Imports are read, not run, those inside
functions and those for types alone included. A name that is given to `importlib` counts as well, if
it stands in the file as a whole.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.author.layered_picture import Arrow, Box, draw

PICTURE = Path("docs/architecture.svg")
PACKAGES = ("lib", "harness")
# What everybody may import: it neither teaches nor grades.
SHARED = {"lib._files", "lib._machine", "lib._places", "lib._sealed"}
_DOTTED = re.compile(r"\w+(\.\w+)+")
TITLES = {"lib": "lib/*.py", "harness": "harness/*.py", "lib shared": "lib: files, places"}


@dataclass(frozen=True, order=True)
class Import:
    """One module imports another."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


@dataclass(frozen=True)
class House:
    """The rooms, each with the names of what lies in it, and the imports from room to room."""

    rooms: dict[str, list[str]]
    imports: dict[tuple[str, str], list[Import]]


def read_house(root: Path) -> House:
    """Read the modules of `lib`, `harness` and `lessons` below `root`.

    Raises:
        SyntaxError: a file is no Python.
    """
    files = dict(_modules(root))
    rooms: dict[str, set[str]] = {}
    imports: dict[tuple[str, str], set[Import]] = {}
    for module, path in files.items():
        room = _room(module, files)
        if room is None:
            continue
        rooms.setdefault(room, set()).update(_shown(path.relative_to(root), room))
        for name in _imported(path):
            target = _module(name, files)
            other = _room(target, files) if target else None
            if target and other and other != room:
                imports.setdefault((room, other), set()).add(Import(module, target))
    return House(
        {room: sorted(rooms[room]) for room in sorted(rooms)},
        {pair: sorted(imports[pair]) for pair in sorted(imports)},
    )


def _modules(root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((root / "lessons").glob("*.py")):
        yield f"lessons.{path.stem}", path
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _room(module: str, files: dict[str, Path]) -> str | None:
    """The room of a module: its folder below a package, deeper ones with it.

    A package itself is in none: who imports `lib` alone asks where it is installed.
    """
    if module in PACKAGES:
        return None
    if module in SHARED:
        return "lib shared"
    parts = module.split(".")
    folder = parts if files[module].name == "__init__.py" else parts[:-1]
    if folder[:2] == ["lib", "checks"] and len(folder) > 2 and folder[2].startswith("lesson_"):
        return "lib/checks/lesson_NN"
    return "/".join(folder[:2])


def _shown(path: Path, room: str) -> set[str]:
    """What a room's box says of a file: the module, or the folder in the room that holds it."""
    if room == "lib/checks/lesson_NN":
        return {f"{path.parts[2]}/"}
    inner = path.parts[len(room.split("/")) if "/" in room else 1 :]
    if len(inner) > 1:
        return {f"{inner[0]}/"}
    return set() if path.stem == "__init__" else {path.stem}


def _imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports; of `from a import b` it is `a.b`."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
    if any(isinstance(node, ast.Attribute) and node.attr == "import_module" for node in nodes):
        said = (node.value for node in nodes if isinstance(node, ast.Constant))
        yield from (text for text in said if isinstance(text, str) and _DOTTED.fullmatch(text))


def _module(name: str, files: dict[str, Path]) -> str | None:
    """The module that a dotted name is in: `lib.pooling` of `lib.pooling.mean_pool`."""
    while name and name not in files:
        name = name.rpartition(".")[0]
    return name or None


def against(house: House) -> list[tuple[str, str]]:
    """The arrows that close a circle: of each circle the one with the fewest imports."""
    taken: dict[str, set[str]] = {}
    closing = []
    for source, target in sorted(house.imports, key=lambda p: (-len(house.imports[p]), p)):
        if _way(taken, target, source):
            closing.append((source, target))
        else:
            taken.setdefault(source, set()).add(target)
    return sorted(closing)


def _way(arrows: dict[str, set[str]], start: str, end: str) -> list[str] | None:
    """The rooms on a shortest way along the arrows, None if there is none."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == end:
            return way
        for other in sorted(arrows.get(way[-1], set()) - seen):
            seen.add(other)
            ways.append([*way, other])
    return None


def circles(house: House) -> list[str]:
    """A sentence on each circle; it names the modules that close it."""
    closing = against(house)
    arrows: dict[str, set[str]] = {}
    for source, target in house.imports:
        if (source, target) not in closing:
            arrows.setdefault(source, set()).add(target)
    found = []
    for source, target in closing:
        way = _way(arrows, target, source) or []
        back = " and ".join(str(house.imports[pair][0]) for pair in itertools.pairwise(way))
        found += [f"{one}, but {back}: a circle" for one in house.imports[source, target]]
    return found


def picture(house: House) -> str:
    """The house as SVG."""
    closing = against(house)
    boxes = [
        Box(room, TITLES.get(room, room), names, room.split("/")[0].split()[0])
        for room, names in house.rooms.items()
    ]
    arrows = [
        Arrow(source, target, len(found), (source, target) in closing)
        for (source, target), found in house.imports.items()
    ]
    description = "; ".join(
        f"{TITLES.get(a.source, a.source)} imports from {TITLES.get(a.target, a.target)} "
        f"({a.weight}{', against the layers' if a.against else ''})"
        for a in arrows
    )
    return draw(
        boxes,
        arrows,
        title="The rooms of the house and the imports between them",
        description=f"Each room stands above what it imports from, with the number of imports: "
        f"{description}.",
    )


def problems(root: Path) -> list[str]:
    """What `--check` finds, in sentences."""
    house = read_house(root)
    found = circles(house)
    path = root / PICTURE
    if not path.is_file() or path.read_bytes() != picture(house).encode():
        found.append(
            f"{PICTURE.as_posix()} is not what the imports give: "
            "run `python -m harness.author.architecture`"
        )
    return found


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """Write the picture, or with `--check` say what is wrong; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m harness.author.architecture")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if it would change")
    checking = parser.parse_args(arguments).check
    root = root or Path(__file__).resolve().parents[2]
    if checking:
        found = problems(root)
        for problem in found:
            print(problem, file=sys.stderr)
        return 1 if found else 0
    house = read_house(root)
    (root / PICTURE).parent.mkdir(exist_ok=True)
    (root / PICTURE).write_bytes(picture(house).encode())
    for circle in circles(house):
        print(circle, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
