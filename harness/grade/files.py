"""The files that a student sent beside the notebook: copied once, so that nothing is followed twice."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.grade.verdicts import Remark
from harness.limits import Limits
from lib._files import open_without_links

MOST_FILES, MOST_DEPTH = 500, 8


@contextlib.contextmanager
def submitted_beside(path: Path, limits: Limits) -> Iterator[tuple[Path | None, list[Remark]]]:
    """A private copy of the regular files beside the notebook in a submitted folder.

    Notebooks, links, hidden files, and whatever is neither file nor folder stay behind. The copy
    takes at most half of `limits.work_bytes`, so that there is room to work.

    Args:
        path: the submission; a file has nothing beside it that is the student's.
    """
    if path.is_symlink() or not path.is_dir():
        yield None, []
        return
    with tempfile.TemporaryDirectory(prefix="gw-") as folder:
        left_out = _copy(path, Path(folder), limits.work_bytes // 2)
        remarks = []
        if left_out:
            names = ", ".join(left_out[:5]) + (", ..." if len(left_out) > 5 else "")
            text = (
                f"Files beside the notebook were left out (links, too many or too large): {names}."
            )
            remarks.append(Remark("files", text))
        yield Path(folder), remarks


def _copy(source: Path, target: Path, most: int) -> list[str]:
    left_out: list[str] = []
    used = count = 0
    for folder, inner, files in os.walk(source, followlinks=False):
        here = Path(folder).relative_to(source)
        inner.sort()
        links = [name for name in inner if Path(folder, name).is_symlink()]
        left_out += [str(here / name) for name in links]
        inner[:] = [n for n in inner if n not in links and not n.startswith((".", "__"))]
        if len(here.parts) >= MOST_DEPTH:
            inner.clear()
        for name in sorted(files):
            if name.startswith(".") or name.lower().endswith(".ipynb"):
                continue
            content = None
            if count < MOST_FILES:
                content = _content(Path(folder, name), most - used)
            if content is None:
                left_out.append(str(here / name))
                continue
            used, count = used + len(content), count + 1
            (target / here).mkdir(parents=True, exist_ok=True)
            (target / here / name).write_bytes(content)
    return left_out


def _content(path: Path, most: int) -> bytes | None:
    """What a regular file holds; None for anything else and for more than `most` bytes."""
    try:
        with open_without_links(path) as file:
            content = file.read(most + 1)
    except OSError:
        return None
    return content if len(content) <= most else None
