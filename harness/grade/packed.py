"""A submission as bytes, for a grader on another machine: names and contents, never a path here.

The bytes are a line of JSON, which names every entry, and the files' contents one after another.
Nothing of it is a pickle or an archive, and no name in it can lead out of the folder it is put into.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from harness.grade.copies import MOST_BYTES, MOST_DEPTH, MOST_FILES
from harness.grade.submissions import Submission
from lib._files import open_without_links

_FOLDER, _FILE, _LINK, _OTHER = "folder", "file", "link", "other"


def pack(submission: Submission) -> bytes:
    """A submission's file or folder, with the name of the folder above it; links stay links.

    Raises:
        OSError: something of it cannot be read, or it is over 512 MiB, 5,000 files or 50 folders one
            in another.
    """
    path = Path(os.path.abspath(submission.path))
    entries: list[dict[str, Any]] = []
    contents: list[bytes] = []
    left = MOST_BYTES
    waiting: list[tuple[Path, int, int]] = [(path, -1, 0)]
    while waiting:
        here, above, depth = waiting.pop()
        info = os.lstat(here)
        entry = {"name": here.name, "in": above, "kind": _kind(info)}
        entries.append(entry)
        if len(entries) > MOST_FILES or depth > MOST_DEPTH:
            raise OSError(errno.EFBIG, "this holds too much to be sent", str(path))
        if entry["kind"] == _FOLDER:
            inner = sorted(os.listdir(here), reverse=True)
            waiting += [(here / name, len(entries) - 1, depth + 1) for name in inner]
        elif entry["kind"] == _LINK:
            entry["to"] = os.readlink(here)
        elif entry["kind"] == _FILE:
            with open_without_links(here) as file:
                content = file.read(left + 1)
            entry |= {"size": len(content), "mtime": info.st_mtime_ns}
            left -= len(content)
            if left < 0:
                raise OSError(errno.EFBIG, "this holds too much to be sent", str(path))
            contents.append(content)
    head = json.dumps({"above": path.parent.name, "entries": entries})
    return b"".join([head.encode("ascii"), b"\n", *contents])


def unpack(data: bytes, folder: Path) -> Path:
    """Write what `pack` gave into an empty folder; where the submission lies then.

    Raises:
        ValueError: it is not what `pack` gives.
    """
    line, _, contents = data.partition(b"\n")
    try:
        head = json.loads(line)
        entries = head["entries"]
        # The folder above may be the file system's own, which has no name.
        place = folder / (_name(head["above"]) if head["above"] else "above")
        place.mkdir()
        made: list[Path] = []
        at = 0
        for entry in entries:
            above = place if entry["in"] == -1 else made[entry["in"]]
            path = above / _name(entry["name"])
            made.append(path)
            if entry["kind"] == _FOLDER:
                path.mkdir(mode=0o700)
            elif entry["kind"] == _LINK:
                path.symlink_to(entry["to"])
            elif entry["kind"] == _OTHER:
                os.mkfifo(path, 0o600)  # as unreadable as a socket or a device
            else:
                end = at + entry["size"]
                with open(path, "xb") as out:
                    out.write(memoryview(contents)[at:end])
                os.utime(path, ns=(entry["mtime"], entry["mtime"]))
                at = end
        return made[0]
    except (KeyError, IndexError, TypeError, AttributeError, UnicodeError) as error:
        raise ValueError(f"this is no packed submission ({type(error).__name__})") from error


def _kind(info: os.stat_result) -> str:
    if stat.S_ISDIR(info.st_mode):
        return _FOLDER
    if stat.S_ISLNK(info.st_mode):
        return _LINK
    return _FILE if stat.S_ISREG(info.st_mode) else _OTHER


def _name(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is no name of a file")
    return name
