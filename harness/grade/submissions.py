"""Where submissions lie, whose each is, and of which lesson."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lib._files import printable

SEARCHED_BYTES = 32 << 20
TAKEN = (".ipynb", ".py", ".zip", ".json", ".txt")
# Hardly ever a notebook, but somebody's hand-in all the same.
_DOCUMENTS = (
    *(".pdf", ".html", ".htm", ".doc", ".docx", ".odt", ".rtf"),
    *(".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"),
)
_LESSON = re.compile(r"[0-9]{2}_\w+")
_LITTER = (".ds_store", "desktop.ini", "thumbs.db", "__macosx", "__pycache__", ".ipynb_checkpoints")


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


@dataclass(frozen=True)
class LeftOut:
    """Something in a folder of submissions that is none; `work` if it may be somebody's all the same."""

    path: Path
    work: bool


def discover(
    paths: Iterable[Path],
    lesson: str | None = None,
    left_out: Callable[[LeftOut], None] = lambda what: None,
) -> Iterator[Submission]:
    """The submissions in files and folders.

    A file is one submission, named by its stem; what is not printable in a name is written out. In a
    folder each file or folder is one. In nbgrader's layout (`submitted/<student>/<lesson>/`) the
    student's folder names the student, also where a lesson's folder or its notebook is given.

    Args:
        left_out: told what is passed over, but for what systems leave in every folder.

    Raises:
        FileNotFoundError: a path that is not there, or a folder without submissions.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise FileNotFoundError(f"{path} is not there: give a notebook or a folder of them")
        if not path.is_dir():
            yield Submission(_student(path), path)
            continue
        entries = [p for p in sorted(path.iterdir()) if not _litter(p.name.casefold())]
        if not entries:
            raise FileNotFoundError(f"{path} is empty: give a notebook or a folder of them")
        found = [(entry, _kind(entry)) for entry in entries]
        whole = {_student(entry) for entry, kind in found if kind == "notebook"}
        for entry, kind in found:
            inner = entry / lesson if lesson and _is_folder(entry) else None
            if kind in ("hidden", "other"):
                name = entry.name.casefold()
                work = ".ipynb" in name or (kind == "hidden" and name.endswith(TAKEN))
                left_out(LeftOut(entry, work))
            elif kind == "document" and _student(entry) in whole:
                left_out(LeftOut(entry, work=False))  # as well as the notebook
            elif inner is not None and _is_folder(inner) and not inner.is_symlink():
                yield Submission(_student(entry), inner)
            else:
                yield Submission(_student(entry), entry)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # of a closed folder
        return False


def _litter(name: str) -> bool:
    return name in _LITTER or name.startswith(("._", ".git"))


def _kind(entry: Path) -> str:
    if entry.name.startswith((".", "__")):
        return "hidden"
    if _is_folder(entry) or entry.suffix.casefold() in TAKEN:
        return "notebook"
    return "document" if entry.suffix.casefold() in (*_DOCUMENTS, "") else "other"


def _student(entry: Path) -> str:
    if _is_folder(entry):
        return printable(entry.name)
    inside = entry.absolute().parent
    if inside.name == entry.stem and _LESSON.fullmatch(entry.stem) and inside.parent.name:
        return printable(inside.parent.name)  # <student>/<lesson>/<lesson>.ipynb
    return printable(entry.stem)


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
