"""The files that a student sent beside the notebook: copied once, so that nothing is followed twice."""

from __future__ import annotations

import contextlib
import heapq
import os
from collections.abc import Iterator
from pathlib import Path

from harness import scratch
from harness.grade.verdicts import Remark
from harness.limits import Limits
from lib._files import open_without_links

MOST_FILES, MOST_DEPTH = 500, 8
_MOST_SEEN = 5_000  # files and folders


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
    with scratch.folder() as folder:
        left_out = _copy(path, folder, limits.work_bytes // 2)
        remarks = []
        if left_out:
            names = ", ".join(left_out[:5]) + (", ..." if len(left_out) > 5 else "")
            text = (
                f"Files beside the notebook were left out (links, too many or too large): {names}."
            )
            remarks.append(Remark("files", text))
        yield folder, remarks


def walked(folder: Path, most: int, deepest: int = 32) -> Iterator[Path]:
    """The files in a folder, then those in the folders in it, and whatever else is no folder.

    At most `most` files and folders are visited, each folder's in the order of their names, and none
    below `deepest` folders. Hidden ones are left out, and links are not followed.
    """
    waiting, left = [(folder, 0)], most
    while waiting and left:
        here, depth = waiting.pop()
        left -= 1
        with contextlib.suppress(OSError):
            if here.is_symlink() or not here.is_dir():
                yield here
            elif depth <= deepest and (here == folder or not here.name.startswith("__")):
                first = heapq.nsmallest(most, _visible(here))
                waiting += [(here / name, depth + 1) for _, name in reversed(first)]


def _visible(folder: Path) -> Iterator[tuple[bool, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                yield entry.is_dir(follow_symlinks=False), entry.name


def _copy(source: Path, target: Path, most: int) -> list[str]:
    left_out: list[str] = []
    used = count = 0
    for path in walked(source, _MOST_SEEN, MOST_DEPTH):
        if path.name.lower().endswith(".ipynb"):
            continue
        name = path.relative_to(source)
        content = _content(path, most - used) if count < MOST_FILES else None
        if content is None:
            left_out.append(str(name))
            continue
        used, count = used + len(content), count + 1
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    return left_out


def _content(path: Path, most: int) -> bytes | None:
    """What a regular file holds; None for anything else and for more than `most` bytes."""
    try:
        with open_without_links(path) as file:
            content = file.read(most + 1)
    except OSError:
        return None
    return content if len(content) <= most else None
