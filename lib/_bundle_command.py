"""The program `course` of a bundle for students: opens the notebooks, runs their checks, looks at the machine.

With the whole course the program is another one (`harness.cli`); a bundle holds nothing of that.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from lib import _bundle_checks, _machine, _places
from lib._files import printable

DISTRIBUTION = "embeddings-course"
_START = "00_start.ipynb"
_AGAIN = "Run `pip install -r requirements.txt` in the folder that you were given."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 if all is well, 1 if something is missing, 2 if it was not understood."""
    parser = argparse.ArgumentParser(
        prog="course", description="The embeddings course, as your teacher gave it to you."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "doctor", help="look at this machine: what it has, and what to do where something lacks"
    )
    lab = commands.add_parser(
        "lab",
        help="open the notebooks in JupyterLab",
        description="Open the notebooks in JupyterLab; further options go to `jupyter lab`.",
    )
    lab.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("."),
        help="the folder that holds the notebooks, or the one that you unpacked; default: this one",
    )
    check = commands.add_parser(
        "check",
        help="run notebooks from top to bottom and tell what their checks say",
        description="Run notebooks from top to bottom in a fresh kernel, as they will be when they are handed "
        "in, and tell what their checks say. Exit code 1 if one does not pass.",
    )
    check.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    given, more = parser.parse_known_args(arguments)
    if given.command == "lab":
        _lab(given.folder, more)
        return 2  # what was asked for is not there
    if more:
        parser.error(f"unrecognized arguments: {' '.join(map(printable, more))}")
    return _check(given.notebooks) if given.command == "check" else _doctor()


def _doctor() -> int:
    findings = list(examine())
    for found in findings:
        todo = f" {found.todo}" if found.todo else ""
        print(f"{found.state:<7} {found.name:<14} {found.text}.{todo}")
    return int(any(found.state == "missing" for found in findings))


def examine() -> Iterator[_machine.Finding]:
    """All findings, in the order a reader wants them."""
    yield _machine.python()
    yield _course()
    yield _packages()
    yield _machine.model()
    yield from _machine.data()
    yield _machine.accelerator(_AGAIN)
    yield _machine.disk(Path.cwd())


def _course() -> _machine.Finding:
    """Which lessons the bundle has checks and hints for."""
    folder = Path(__file__).parent
    try:
        stored = json.loads((folder / "learn" / "catalogue.json").read_text(encoding="utf-8"))
        lessons = [lesson["number"] for lesson in stored["lessons"]]
        version = importlib.metadata.version(DISTRIBUTION)
    except (OSError, ValueError, KeyError, importlib.metadata.PackageNotFoundError) as error:
        return _machine.Finding("missing", "Course", f"cannot be read: {error}", _AGAIN)
    bare = [n for n in lessons if not (folder / "checks" / f"lesson_{n}").is_dir()]
    if bare:
        return _machine.Finding("missing", "Course", f"no checks of {', '.join(bare)}", _AGAIN)
    return _machine.Finding("ok", "Course", f"{version}, lessons {', '.join(lessons)}")


def _packages() -> _machine.Finding:
    """What the course asks for and is not installed, or in another version."""
    try:
        from packaging.requirements import Requirement

        asked = [Requirement(text) for text in importlib.metadata.requires(DISTRIBUTION) or []]
    except (ImportError, importlib.metadata.PackageNotFoundError) as error:
        return _machine.Finding("missing", "Packages", str(error), _AGAIN)
    missing, other = [], []
    for one in asked:
        try:
            here = importlib.metadata.version(one.name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(one.name)
            continue
        if not one.specifier.contains(here, prereleases=True):
            other.append(f"{one.name} {here} (asked for: {one.specifier})")
    if missing:
        text = f"not installed: {', '.join(missing)}"
        return _machine.Finding("missing", "Packages", text, _AGAIN)
    if other:
        return _machine.Finding("note", "Packages", f"other versions: {', '.join(other)}", _AGAIN)
    return _machine.Finding("ok", "Packages", f"all {len(asked)} that notebooks import")


def _check(paths: Sequence[Path]) -> int:
    found, code = [], 0
    for path in paths:
        try:
            said = _bundle_checks.run(path)
        except _bundle_checks.CannotBeRun as error:
            print(f"error: {error}", file=sys.stderr)
            code = 2
            continue
        found.append((path, said))
        print(
            f"{printable(path.name)}: {sum(one.passed for one in said)} of {len(said)} checks pass"
        )
        for one in said:
            print(
                f"  {one.status:<14} {one.exercise}" + (f": {one.message}" if one.message else "")
            )
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(_bundle_checks.table(found))
    return code or int(not all(one.passed for _, said in found for one in said))


def _lab(folder: Path, options: Sequence[str]) -> None:
    """Become JupyterLab; come back only where there is nothing to open."""
    inside = folder / "notebooks"
    place = inside if inside.is_dir() else folder
    if not any(place.glob("[0-9][0-9]_*.ipynb")):
        print(
            f"error: there is no lesson in {printable(str(place))}. Go to the folder that you unpacked, or "
            "name it: course lab FOLDER",
            file=sys.stderr,
        )
        return
    own = [f"--ServerApp.root_dir={place.resolve()}"]
    if (place / _START).is_file():
        own.append(f"--LabApp.default_url=/lab/tree/{_START}")
    # Where a kernel has a startup file of the user's own, that counts.
    startup = Path(_places.__file__).with_name("learn") / "fresh_kernel.py"
    variables = {"PYTHONSTARTUP": str(startup), **os.environ}
    command = [sys.executable, "-m", "jupyterlab", *own, *options]
    os.execve(command[0], command, variables)


if __name__ == "__main__":
    sys.exit(main())
