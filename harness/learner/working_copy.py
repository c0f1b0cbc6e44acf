"""The learner's working copy: `my/`, filled from `notebooks/` and kept up to date without a loss.

    my/02_pooling.ipynb                               what the learner works in; git does not see it
    my/02_pooling.before-2026-11-26T09-30-00.ipynb    what `course lab --fresh 02` put aside
    my/.base/02_pooling.ipynb                         the course's notebook as it was merged last
    my/.backup/02_pooling.2026-11-26T09-30-00.ipynb   the learner's as it was before a merge

What is new in `notebooks/` is merged in (`merging.py`); a notebook is replaced as a whole, so that
one that is open in JupyterLab is never seen half written.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import stat
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from harness.learner.merging import as_given, merge, own_cells
from harness.lock import hold
from lib._files import write_whole

FOLDER = "my"
KEPT_BACKUPS = 10
_BASE, _BACKUP = ".base", ".backup"
_FRESH_MODE = 0o644


class Unreadable(ValueError):
    """A file that is no notebook."""


def refresh(root: Path) -> list[str]:
    """Fill `my/` from `notebooks/`, merge in what is new there; sentences on what was done, if any.

    Raises:
        FileNotFoundError: `notebooks/` is empty.
        ValueError: something cannot be read or written; the message says what.
        Busy: another process is doing this.
    """
    with _writing(root) as folder:
        return [said for file in _given(root) for said in _refreshed(file, folder)]


def fresh(root: Path, lesson: str) -> tuple[Path, str]:
    """A lesson as it was given, in the place of the learner's copy, which is kept beside it.

    lesson: its number, name or file name. Returns the notebook and a sentence on what was done.

    Raises:
        ValueError: there is no such lesson, or something cannot be read or written.
        FileNotFoundError, Busy: as `refresh`.
    """
    stem = Path(lesson).stem
    files = _given(root)
    found = [f for f in files if stem and stem in (f.stem, f.stem[:2], f.stem[:2].lstrip("0"))]
    if not found:
        known = ", ".join(file.stem for file in files)
        raise ValueError(f"there is no lesson {lesson!r} in notebooks/; there are: {known}")
    with _writing(root) as folder:
        mine = folder / found[0].name
        said = f"{FOLDER}/{mine.name} is fresh"
        new = read(found[0])
        answered = own_cells(new)
        if answered:
            raise ValueError(
                f"notebooks/{mine.name} is not as it was given, it holds work in {answered[0]!r}: "
                f"`course build --overwrite-answers` or `git checkout notebooks/{mine.name}` gives "
                "it anew"
            )
        if mine.exists():
            aside = set_aside(mine, folder, "before")
            said += f"; what you had is {FOLDER}/{aside.name}"
        _begin(new, mine)
        return mine, said


def read(path: Path) -> NotebookNode:
    """The notebook in a file.

    Raises:
        Unreadable: it holds none; the message says what is wrong with it.
    """
    content = path.read_bytes()
    try:
        with warnings.catch_warnings(action="ignore"):  # of ids that are missing
            notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
        for cell in notebook.cells:
            cell.setdefault("id", uuid.uuid4().hex[:8])
            forms = {"id": str, "cell_type": str, "source": str, "metadata": dict}
            if not all(isinstance(cell[key], form) for key, form in forms.items()):
                raise TypeError("a cell has no text")
    except Exception as error:  # nbformat raises whatever a strange file makes it stumble on
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise Unreadable(f"{path.name} is no notebook ({reason})") from error
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook as JupyterLab does; whoever reads sees the old file or the new one."""
    text = nbformat.writes(notebook, version=4, indent=1, sort_keys=True).rstrip("\n") + "\n"
    # Half of a surrogate pair, which JSON may hold and UTF-8 may not, goes back as JSON's escape.
    _write(path, text.encode("utf-8", "backslashreplace"))


def set_aside(path: Path, folder: Path, why: str) -> Path:
    """Move a notebook into `folder` under its name, `why` and the time; where it is now.

    Nothing that is there is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = _dated(folder, f"{path.stem}.{why}-")
    write_whole(target, path.read_bytes(), _FRESH_MODE)
    path.unlink()
    return target


def _dated(folder: Path, start: str) -> Path:
    """A file name with the time that is not there yet; by name the later ones come last."""
    moment = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    # Behind the last of this second, also where older ones of it were removed already.
    same = sorted(p.stem for p in folder.glob("*") if p.name.startswith(f"{start}{moment}"))
    if not same:
        return folder / f"{start}{moment}.ipynb"
    last = same[-1].removeprefix(f"{start}{moment}").removeprefix("-")
    return folder / f"{start}{moment}-{int(last or 1) + 1:03}.ipynb"


def _given(root: Path) -> list[Path]:
    files = sorted((root / "notebooks").glob("*.ipynb"))
    if not files:
        raise FileNotFoundError("notebooks/ is empty: run `course build` first")
    return files


@contextlib.contextmanager
def _writing(root: Path) -> Iterator[Path]:
    folder = root / FOLDER
    try:
        for name in (_BASE, _BACKUP):
            (folder / name).mkdir(parents=True, exist_ok=True)
        with hold(folder / _BASE / "lock", folder):
            yield folder
    except OSError as error:
        raise ValueError(
            f"your working copy {folder} cannot be kept up to date: {error}. Nothing in it was lost: "
            "see that the folder can be written to and that the disk is not full"
        ) from error


def _refreshed(file: Path, folder: Path) -> Iterator[str]:
    mine = folder / file.name
    try:
        new = read(file)
    except Unreadable as error:
        kept = "; your copy of it stays as it is" if mine.exists() else ""
        yield f"notebooks/{error}{kept}: run `course build` or `git checkout notebooks`"
        return
    if mine.exists():
        try:
            yield from _merged(file, new, mine)
            return
        except Unreadable as error:
            aside = set_aside(mine, folder, "broken")
            yield (
                f"{FOLDER}/{error}: it is kept as {FOLDER}/{aside.name}, and a fresh one takes its "
                f"place; states from before merges are in {FOLDER}/{_BACKUP}/"
            )
    _begin(new, mine)


def _begin(new: NotebookNode, mine: Path) -> None:
    """Start a copy: with answers, if somebody worked in `notebooks/` itself."""
    write(new, mine)
    write(as_given(new), _base(mine))


def _merged(file: Path, new: NotebookNode, mine: Path) -> Iterator[str]:
    copy_, given = read(mine), as_given(new)
    try:
        base: NotebookNode | None = read(_base(mine))
    except (FileNotFoundError, Unreadable):
        base = None
    if base == given:
        return
    merged = merge(base, new, copy_)
    if merged != copy_:
        backup = _back_up(mine)
        write(merged, mine)
        yield (
            f"{FOLDER}/{mine.name}: what is new in the course was added and your work kept; as it was "
            f"before: {FOLDER}/{_BACKUP}/{backup.name}"
        )
    if own_cells(new):
        yield f"notebooks/{file.name} holds answers, too; {FOLDER}/{mine.name} is what is opened"
    write(given, _base(mine))


def _base(mine: Path) -> Path:
    return mine.parent / _BASE / mine.name


def _back_up(mine: Path) -> Path:
    """Keep the learner's notebook as it is, and of all that were kept so the newest ten."""
    folder = mine.parent / _BACKUP
    target = _dated(folder, f"{mine.stem}.")
    write_whole(target, mine.read_bytes(), _FRESH_MODE)
    form = re.compile(re.escape(mine.stem) + r"\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?\.ipynb")
    kept = sorted((p for p in folder.iterdir() if form.fullmatch(p.name)), key=lambda p: p.stem)
    for old in kept[:-KEPT_BACKUPS]:
        old.unlink()
    return target


def _write(path: Path, content: bytes) -> None:
    target = path.resolve()  # a learner may keep a notebook elsewhere, behind a link
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _FRESH_MODE
    write_whole(target, content, mode)
