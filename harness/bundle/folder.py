"""The folder that a teacher gives to students: notebooks, the wheel, what to install, what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from packaging.requirements import Requirement

from harness.author import loading
from harness.author.lesson import Lesson
from harness.author.notebooks import to_text
from harness.bundle import library, secrets, wheel
from lib import _machine
from lib._files import open_without_links, printable, write_whole

COMMANDS = ("course = lib._bundle_command:main",)
_MODE = 0o644  # it is given out: everybody may read it
_README = """# Text embeddings, measured

The lessons of your course. With Python 3.11, 3.12 or 3.13, in this folder:

```sh
python3 -m venv .venv
.venv/bin/pip install -r requirements.txt
.venv/bin/course lab
```

On Windows the two programs are in `.venv\\Scripts`. The first time takes some minutes and 2 GB; afterwards everything works without a network. If something does not work, `course doctor` tells what is missing. pip's `torch` is the build without a GPU on some platforms; <https://pytorch.org/get-started/locally/> has the others, and none is needed.

| lesson | title | minutes |
|---|---|---|
{rows}

You work in the notebooks in `notebooks/`. `check("mean_pool", mean_pool)` says at once what is right or what went wrong, as often as you like; `hint("mean_pool")` helps a little more each time; `quiz("02-q1", q1)` records your answer; `progress()` shows where you stand. Worked answers and the keys of the questions stay with your teacher. Hand in the notebook, with its name as it is.

When you are given more lessons, unpack them beside this folder, not over it: what you wrote stays yours.
"""
# What a folder made by `write` holds, and nothing else: so a folder of the teacher's own stays whole.
_OURS = re.compile(
    r"README\.md|requirements\.txt|notebooks|embeddings_course-.*\.whl|\.git|\.github|\.gitignore|\.devcontainer"
)


class BundleError(ValueError):
    """The bundle cannot be made; the message says what to do."""


def files(
    root: Path, lessons: Sequence[Lesson], notebooks: Mapping[str, Mapping[str, bytes]]
) -> dict[str, bytes]:
    """The files of a bundle, by their path in it.

    Args:
        root: the course's own folder.
        lessons: those that are handed out.
        notebooks: by lesson (`02_pooling`), the files of its release by their names.

    Raises:
        BundleError: something would be handed out that answers an exercise.
    """
    project = wheel.project(root)
    name, content = wheel.wheel(project, library.files(root, lessons), COMMANDS)
    found: dict[str, bytes] = {}
    for slug, given in notebooks.items():
        for inner, text in given.items():
            if found.setdefault(f"notebooks/{inner}", text) != text:
                raise BundleError(
                    f"{slug} comes with another {inner} than a lesson before it: give one of the two "
                    "another name, and release it again"
                )
    front = loading.load_start(root)
    if front is not None:
        path = root / "notebooks" / f"{front.slug}.ipynb"
        found[f"notebooks/{path.name}"] = to_text(nbformat.read(path, as_version=4)).encode()
    found[name] = content
    found["requirements.txt"] = _requirements(root, project["dependencies"], name).encode()
    found["README.md"] = _readme(lessons).encode()
    return dict(sorted(found.items()))


def write(files: Mapping[str, bytes], to: Path) -> None:
    """Write a bundle into a folder that is new, empty, or holds an older bundle, which it becomes.

    A git repository stays what it is: `.git` is not touched.

    Raises:
        BundleError: the folder holds something else.
    """
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise BundleError(f"{printable(str(to))} is no folder: give the name of a new one")
    here = sorted(path.name for path in to.iterdir()) if to.is_dir() else []
    strangers = [name for name in here if not _OURS.fullmatch(name)]
    if strangers:
        raise BundleError(
            f"{printable(str(to))} holds {printable(strangers[0])!r}, which is of no bundle: give a new or "
            "an empty folder"
        )
    for name, content in files.items():
        path = to / name
        for parent in reversed(path.relative_to(to).parents):
            if (to / parent).is_symlink():
                raise BundleError(f"{printable(str(to / parent))} is a link: take it away first")
            (to / parent).mkdir(mode=0o755, parents=parent == Path(), exist_ok=True)
        write_whole(path, content, _MODE)
    for path in sorted(to.rglob("*"), reverse=True):
        inner = path.relative_to(to)
        if inner.parts[0] != ".git" and not path.is_dir() and inner.as_posix() not in files:
            path.unlink()  # of the older bundle: its wheel, a lesson that is not handed out any more


def released(folder: Path, slug: str) -> dict[str, bytes]:
    """The files of a released lesson in a classroom's folder `release/`; links are not followed.

    Raises:
        BundleError: there is no such release.
    """
    place = folder / "release" / slug
    found = {}
    for path in sorted(place.rglob("*")) if place.is_dir() else ():
        inner = path.relative_to(place)
        if any(part.startswith(".") for part in inner.parts) or path.is_dir():
            continue
        with open_without_links(path) as file:
            found[inner.as_posix()] = file.read()
    if f"{slug}.ipynb" not in found:
        raise BundleError(
            f"{slug} was not released: `course classroom release {printable(str(folder))} {slug[:2]}` first"
        )
    return found


def see_that_nothing_is_told(root: Path, files: Mapping[str, bytes]) -> None:
    """Search all that is handed out for every answer, check and key of the course.

    Packed text is searched, too, where the functions that have to run there are no finding.

    Raises:
        BundleError: with the file and whose text it holds.
    """
    search = secrets.Search(secrets.of_course(root), library.has_to_be_there(root))
    found = search.in_files(files)
    if found:
        where, what = next(iter(found.items()))
        raise BundleError(
            f"{where} would hold a part of {next(iter(what.values()))}: nothing was written. Take it out of "
            "that file, or release the lesson again"
        )


def _requirements(root: Path, asked: Sequence[str], name: str) -> str:
    """The tested versions of what a learner's notebooks need, and the wheel beside this file."""
    needed = _machine.needed(map(Requirement, asked))
    pins = _machine.pins(root / "requirements.lock")
    lines = [f"{one}=={version}" for one, version in pins.items() if one in needed]
    return "\n".join(["# pip install -r requirements.txt, in this folder", *lines, f"./{name}", ""])


def _readme(lessons: Sequence[Lesson]) -> str:
    rows = "\n".join(f"| {one.number} | {one.title} | {one.header['minutes']} |" for one in lessons)
    return _README.format(rows=rows)
