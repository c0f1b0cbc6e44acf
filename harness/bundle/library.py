"""The folder `lib` as a bundle holds it: checks as data, and no text that answers an exercise."""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from harness.author.lesson import START, Lesson, lesson_files, read
from harness.bundle import recording, sealing, standing_in
from lib import checks

# What only a teacher's check needs: hidden queries of the capstone, and where they come from.
LEFT_OUT = {"checks/hidden_queries.py", "checks/lesson_10/_kept_back.py"}
_STUB = '''"""The check of `{name}`: all that it compares with is in the file beside this one."""

from lib.checks import recorded

EXERCISE = recorded.load(__file__)
'''


def files(root: Path, lessons: Sequence[Lesson]) -> dict[str, bytes]:
    """The files of `lib` for these lessons, by their path below the folder that holds `lib`.

    Raises:
        recording.CannotBeRecorded: a check holds something that is no data.
    """
    folder = root / "lib"
    found = dict(_plain(folder))
    # Of all lessons: those that are not handed out yet have answers, too.
    course = [read(path) for path in lesson_files(root)]
    for module in standing_in.modules(course, folder):
        path = f"lib/{module}.py"
        found[path] = sealing.sealed(found[path].decode()).encode()
    for number in (START, *(lesson.number for lesson in lessons)):
        found |= _checks(folder, number)
    found["lib/learn/catalogue.json"] = _catalogue(folder, {one.number for one in lessons})
    return {name: found[name] for name in sorted(found)}


def has_to_be_there(root: Path) -> str:
    """The code that a bundle holds in packed form, since it runs there: function by function, without the rest.

    Functions of the library that stand in for an answer, and those of the checks that run functions.
    """
    folder, course = root / "lib", [read(path) for path in lesson_files(root)]
    found: list[str] = []
    for module in standing_in.modules(course, folder):
        path = folder / f"{module}.py"
        found += _functions(path, standing_in.functions(course, path))
    for number in (START, *(lesson.number for lesson in course)):
        inside = folder / "checks" / f"lesson_{number}"
        for name in _names(inside):
            if not isinstance(checks.find(name), checks.Exercise):
                for path in _needed(inside, name):
                    found += _functions(path)
    return "\n".join(found)


def _functions(path: Path, names: Container[str] | None = None) -> Iterator[str]:
    """The text of each function and class of a file, of those with these names only if some are given."""
    source = path.read_text(encoding="utf-8")
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            if names is None or statement.name in names:
                yield ast.get_source_segment(source, statement) or ""
        elif names is None:
            inside = (one for one in ast.walk(statement) if isinstance(one, ast.Lambda))
            yield from (ast.get_source_segment(source, one) or "" for one in inside)


def _plain(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All of `lib` but the checks of lessons."""
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        lesson = any(part.startswith("lesson_") for part in inner.parts)
        if lesson or "__pycache__" in inner.parts or not path.is_file() or path.is_symlink():
            continue
        if inner.as_posix() not in LEFT_OUT:
            yield f"lib/{inner.as_posix()}", path.read_bytes()


def _checks(folder: Path, number: str) -> dict[str, bytes]:
    """The checks of a lesson: recorded ones as data, the others packed with what they share."""
    inside = folder / "checks" / f"lesson_{number}"
    if not inside.is_dir():
        return {}
    place = f"lib/checks/lesson_{number}"
    found = {f"{place}/__init__.py": (inside / "__init__.py").read_bytes()}
    for name in _names(inside):
        check = checks.find(name)
        if isinstance(check, checks.Exercise):
            stored = json.dumps(recording.record(check), separators=(",", ":"))
            found[f"{place}/{name}.json"] = stored.encode()
            found[f"{place}/{name}.py"] = _STUB.format(name=name).encode()
        else:  # it runs right and wrong functions on a case that nobody knows beforehand, or measures
            for path in _needed(inside, name):
                text = path.read_text(encoding="utf-8")
                found[f"{place}/{path.name}"] = sealing.sealed(text).encode()
    return found


def _names(inside: Path) -> list[str]:
    """The exercises of a lesson whose checks are in this folder, if there is one."""
    if not inside.is_dir():
        return []
    return list(importlib.import_module(f"lib.checks.{inside.name}").EXERCISES)


def _needed(inside: Path, name: str) -> list[Path]:
    """The file of a check, and those of the same lesson that it imports."""
    waiting, found = [inside / f"{name}.py"], []
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.append(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            if node.module.startswith(f"lib.checks.{inside.name}"):
                parts = [node.module.rpartition(".")[2], *(alias.name for alias in node.names)]
                waiting += [inside / f"{part}.py" for part in parts]
        waiting = [
            one
            for one in waiting
            if one.is_file() and f"checks/{inside.name}/{one.name}" not in LEFT_OUT
        ]
    return found


def _catalogue(folder: Path, numbers: set[str]) -> bytes:
    """What `lib.learn` knows of the lessons, of these alone: what is not handed out is not asked for."""
    stored = json.loads((folder / "learn" / "catalogue.json").read_text(encoding="utf-8"))
    stored["lessons"] = [one for one in stored["lessons"] if one["number"] in numbers]
    return (json.dumps(stored, indent=1, ensure_ascii=False) + "\n").encode()
