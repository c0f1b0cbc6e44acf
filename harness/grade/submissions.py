"""Where submissions lie, whose each is, and of which lesson."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SEARCHED_BYTES = 32 << 20


@dataclass(frozen=True)
class Submission:
    """One student's work on one lesson.

    Args:
        path: a notebook file or a folder.
        only: the check cells to grade, by `grade_id`, with no more run than they need; None for all.
    """

    student: str
    path: Path
    only: frozenset[str] | None = None


def discover(paths: Iterable[Path], lesson: str | None = None) -> Iterator[Submission]:
    """The submissions in files and folders.

    A file is one submission, named by its stem. A folder is one submission if notebooks of one
    lesson lie in it and nothing else tells students apart; otherwise each file or folder in it is.
    In nbgrader's layout (`submitted/<student>/<lesson>/`) the student's folder names the student.

    Raises:
        FileNotFoundError: a path that is not there, or a folder without submissions.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise FileNotFoundError(f"{path} is not there: give a notebook or a folder of them")
        if not path.is_dir():
            yield Submission(path.stem, path)
            continue
        entries = sorted(p for p in path.iterdir() if not p.name.startswith((".", "__")))
        if not entries:
            raise FileNotFoundError(f"{path} is empty: give a notebook or a folder of them")
        for entry in entries:
            inner = entry / lesson if lesson and entry.is_dir() else None
            if inner is not None and inner.is_dir() and not inner.is_symlink():
                yield Submission(entry.name, inner)
            elif entry.is_dir() or entry.suffix in (".ipynb", ".py", ".zip", ".json", ".txt"):
                yield Submission(entry.name if entry.is_dir() else entry.stem, entry)


def lesson_of(path: Path, lessons: Mapping[str, Sequence[str]]) -> str | None:
    """The lesson that a submission's name says it is of, else the one whose exercises it holds.

    Args:
        lessons: the exercises of each lesson, by the lesson's name.
    """
    names = [path.stem.lower(), *(parent.name.lower() for parent in path.parents[:2])]
    files = [path]
    if path.is_dir() and not path.is_symlink():
        files = sorted(path.glob("*.ipynb"))
        names += [file.stem.lower() for file in files]
    for name in names:
        for lesson in lessons:
            if lesson in name:
                return lesson
    if not files or files[0].is_symlink() or not files[0].is_file():
        return None
    with open(files[0], "rb") as file:  # it may be anything, so it is only searched as bytes
        text = file.read(SEARCHED_BYTES)
    scores = {slug: sum(f'"{n}"'.encode() in text for n in of) for slug, of in lessons.items()}
    best = max(lessons, key=lambda slug: scores[slug], default=None)
    return best if best is not None and scores[best] else None
