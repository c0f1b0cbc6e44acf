"""What lies in a folder or a zip of downloads: each file once, and a sentence on what is left out."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from harness.classroom.errors import ClassroomError
from lib._files import printable

FILES, DEPTH = 100_000, 40
_STAMPS = 0x5455  # the extra field of a zip's entry that holds UTC seconds


@dataclass(frozen=True)
class Found:
    """One file of the downloads."""

    parts: tuple[str, ...]
    changed: float
    size: int
    source: Path | zipfile.ZipInfo

    @property
    def shown(self) -> str:
        """Its path in the downloads, for a person."""
        return shown(self.parts)


@dataclass
class Listed:
    """What the downloads hold.

    Args:
        left_out: the path of each thing that is not taken, and why, in a sentence.
    """

    files: list[Found] = field(default_factory=list)
    left_out: list[tuple[tuple[str, ...], str]] = field(default_factory=list)


def shown(parts: Sequence[str]) -> str:
    """A path for a person: in quotes, and nothing in it but printable characters."""
    return f"'{'/'.join(map(printable, parts))}'"


_LITTER = (
    *(".ds_store", "desktop.ini", "thumbs.db", "__macosx", "__pycache__", ".ipynb_checkpoints"),
    *(".git", ".gitignore", ".gitattributes", ".gitkeep"),
)


def litter(name: str) -> bool:
    """Whether systems and programs leave files or folders of this name everywhere."""
    return name.startswith(("._", ".~")) or name.casefold() in _LITTER


def in_folder(inbox: Path) -> Listed:
    """The files of a folder. Links are never followed; hidden files are left out.

    Raises:
        ClassroomError: the folder itself cannot be read, or holds too much.
    """
    listed = Listed()
    folders: list[tuple[str, ...]] = [()]
    while folders:
        here = folders.pop()
        try:
            names = sorted(os.listdir(Path(inbox, *here)))
        except OSError as error:
            why = f"cannot be read ({error.strerror}): make it readable for you"
            if not here:
                raise ClassroomError(f"{printable(str(inbox))} {why}") from error
            listed.left_out.append((here, f"{shown(here)} {why}."))
            continue
        for name in names:
            parts = (*here, name)
            try:
                said = _look(Path(inbox, *parts), parts, listed, folders)
            except OSError as error:
                said = f"cannot be read ({error.strerror})."
            if said:
                listed.left_out.append((parts, f"{shown(parts)} {said}"))
        if len(listed.files) > FILES:
            raise ClassroomError(f"there are over {FILES} files: collect them in parts")
    listed.files.sort(key=lambda file: file.parts)
    listed.left_out.sort()
    return listed


def _look(
    path: Path, parts: tuple[str, ...], listed: Listed, folders: list[tuple[str, ...]]
) -> str | None:
    """Take one entry of a folder, or say why not."""
    if litter(parts[-1]):
        return None
    mode = path.lstat()
    hidden = parts[-1].startswith(".")
    if stat.S_ISDIR(mode.st_mode):
        if (
            hidden
        ):  # a student's own settings are nobody's work; beside students' folders one may be
            return "is hidden by its name: left out." if len(parts) == 1 else None
        if len(parts) > DEPTH:
            return "is nested too deeply: left out."
        folders.append(parts)
        return None
    if hidden:
        return "is hidden by its name: left out."
    if stat.S_ISLNK(mode.st_mode):
        return "is a link, which is not followed."
    if not stat.S_ISREG(mode.st_mode):
        return "is no plain file: left out."
    if mode.st_nlink > 1 and mode.st_uid != os.geteuid():
        return "is a hard link to another's file: left out."
    listed.files.append(Found(parts, _even(mode.st_mtime), mode.st_size, path))
    return None


def in_zip(archive: zipfile.ZipFile) -> Listed:
    """The files of a zip, none of whose names is used to write anywhere."""
    listed, entries = Listed(), archive.infolist()
    if len(entries) > FILES:
        raise ClassroomError(f"the zip holds {len(entries)} files; at most {FILES} are taken")
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        if entry.is_dir() or any(litter(part) for part in parts):
            continue
        said = None
        if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]:
            said = "points out of the zip: left out."
        elif any(part.startswith(".") for part in parts):
            said = "is hidden by its name: left out."
        elif stat.S_ISLNK(entry.external_attr >> 16):
            said = "is a link, which is not followed."
        elif entry.flag_bits & 1:
            said = "is encrypted: unpack it yourself."
        if said:
            listed.left_out.append((parts, f"{shown(parts)} {said}"))
        else:
            listed.files.append(Found(tuple(parts), _time_in_zip(entry), entry.file_size, entry))
    return listed


def _time_in_zip(entry: zipfile.ZipInfo) -> float:
    """When the file was changed: by the clock of the zip's maker, unless the zip says it in UTC."""
    for kind, content in _extra_fields(entry.extra):
        if kind == _STAMPS and len(content) >= 5 and content[0] & 1:
            return _even(float(struct.unpack_from("<i", content, 1)[0]))
    try:
        return _even(datetime(*entry.date_time).timestamp())  # no zone: that of this machine
    except (ValueError, OverflowError, OSError):
        return 0.0


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        yield kind, extra[4 : 4 + size]
        extra = extra[4 + size :]


def _even(seconds: float) -> float:
    """A time as a zip can say it, so that a file has the same one in a folder and in a zip."""
    return seconds // 2 * 2
