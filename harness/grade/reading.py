"""Reading what students send. Whatever it is, the result is a notebook or a reason, never a crash."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from harness.grade import answers, notebook_json
from harness.grade import cells as grading
from harness.grade.files import walked
from harness.grade.python_names import MOST_PARSED
from harness.grade.scripts import MOST_TEXT, script_cells
from harness.grade.verdicts import Remark
from lib._files import open_without_links

MOST_BYTES = 256 << 20
MOST_CELLS = 2_000
MOST_MEMBERS = 2_000
MOST_NOTEBOOKS = 200
MOST_SOURCE = 2 << 20
MOST_CODE = 1 << 20  # characters of a notebook's code; a cell of `MOST_PARSED` counts as data
_MOST_MARKS = 16_000_000  # brackets in all files of a submission
_DIRECTORY, _PACKED = 8 << 20, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OBJECT = re.compile(rb"(?:\xef\xbb\xbf|[\s\0])*+\{")
_SUFFIXES = (".ipynb", ".py", ".zip", ".json", ".txt")


class Ungradable(Exception):
    """No notebook could be read; `reason` is for the teacher, `ask` what to ask the student for."""

    def __init__(self, reason: str, ask: str) -> None:
        super().__init__(reason)
        self.reason, self.ask = reason, ask


AGAIN = "Please open the notebook in JupyterLab, save it, and hand in the .ipynb file itself."
UNREADABLE = "Nothing: make it readable for yourself (chmod -R u+rwX) and grade again."


def read_submission(
    path: Path, release: NotebookNode, lesson: str = ""
) -> tuple[NotebookNode, list[Remark]]:
    """Read a submission: a notebook, a script, a zip, or a folder with one of these.

    Links are not followed, and each file is read once. Cells come back with text sources and
    dictionaries as metadata, and without outputs.

    Args:
        release: tells which of several notebooks is meant: the one with most answers that differ
            from their stubs, then the one named after the `lesson`, then the newest.

    Raises:
        Ungradable: there is no notebook to be had from it.
    """
    try:
        return _read(Path(path), release, lesson)
    except Ungradable:
        raise
    except PermissionError as error:
        raise Ungradable("You may not read it.", UNREADABLE) from error
    except Exception as error:  # hostile files find every corner
        reason = f"The file could not be read ({type(error).__name__})."
        raise Ungradable(reason, AGAIN) from error


def _read(path: Path, release: NotebookNode, lesson: str) -> tuple[NotebookNode, list[Remark]]:
    info = os.lstat(path)
    if stat.S_ISLNK(info.st_mode):
        raise Ungradable("It is a link to another file, not a notebook.", AGAIN)
    if not stat.S_ISDIR(info.st_mode):
        return _parsed(path.name, _bytes(path), release, lesson, [])
    found: list[_File] = []
    remarks: list[Remark] = []
    os.listdir(path)  # says it where the folder cannot be read, which a search passes over
    readable = []
    for entry in walked(path, MOST_MEMBERS):
        info = os.lstat(entry)
        if entry.name.startswith("__"):
            continue
        if stat.S_ISLNK(info.st_mode) or (stat.S_ISREG(info.st_mode) and info.st_nlink > 1):
            name = str(entry.relative_to(path))
            remarks.append(Remark("link", f"{name} is a link and was not followed."))
        elif stat.S_ISREG(info.st_mode) and entry.suffix.lower() in _SUFFIXES:
            readable.append(entry)
    room, large = _Room(), None
    # Beside a notebook nothing else is read: it may be data of any size.
    for entry in [e for e in readable if e.suffix.lower() == ".ipynb"] or readable:
        name = str(entry.relative_to(path))
        try:
            content = _bytes(entry, room.left)
        except Ungradable as error:
            large = error
        else:
            if room.holds(content):
                found.append(_File(name, content, os.lstat(entry).st_mtime))
                continue
        remarks.append(
            Remark("files", f"{name} was not read: the files are too many or too large.")
        )
    if large is not None and not found:
        raise large
    return _choose(found, release, lesson, remarks)


@dataclass
class _Room:
    """How much is read of one submission, of however many files it consists."""

    left: int = MOST_BYTES
    marks: int = _MOST_MARKS
    files: int = MOST_NOTEBOOKS

    def holds(self, content: bytes) -> bool:
        """Whether a file can be read too; it takes up its room then."""
        marks = content.count(b"[") + content.count(b"{")
        if len(content) > self.left or marks > self.marks or not self.files:
            return False
        self.left, self.marks = self.left - len(content), self.marks - marks
        self.files -= 1
        return True


def _bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    try:
        file = open_without_links(path)
    except OSError as error:
        if stat.S_ISREG(os.lstat(path).st_mode):
            raise
        raise Ungradable("It is not an ordinary file.", AGAIN) from error
    with file:
        data = file.read(most + 1)
    if len(data) > most:
        reason = f"The file is larger than {most >> 20} MiB."
        raise Ungradable(reason, "Please clear all outputs, save, and hand in again.")
    return data


@dataclass(frozen=True)
class _File:
    """One of several files; `changed` is comparable among those of one folder or zip."""

    name: str
    data: bytes
    changed: Any


def _choose(
    files: list[_File], release: NotebookNode, lesson: str, remarks: list[Remark]
) -> tuple[NotebookNode, list[Remark]]:
    """The notebook in which most is answered; a copy beside it may be as it was released."""
    best: tuple[tuple, str, NotebookNode, list[Remark]] | None = None
    problem: Ungradable | None = None
    known = {_grade_id(cell) for cell in release.cells} - {None}
    # A script beside a notebook is a module that it imports, not a second answer.
    notebooks = [file for file in files if file.name.lower().endswith(".ipynb")]
    files = notebooks or files
    for file in files:
        name = file.name
        try:
            notebook, more = _parsed(name, file.data, release, lesson, [])
        except Ungradable as error:
            problem = problem or error
            continue
        except Exception as error:  # the others may still be good
            reason = f"{name} could not be read ({type(error).__name__})."
            problem = problem or Ungradable(reason, AGAIN)
            continue
        score: tuple = ()
        if len(files) > 1:
            named = Path(name).stem.casefold() == lesson.casefold()
            ours = bool(known & {_grade_id(cell) for cell in notebook.cells})
            score = (answers.count(release, notebook), ours, named, file.changed)
        if best is None or score > best[0]:
            best = (score, name, notebook, more)
    if best is None:
        if problem is not None:
            raise problem
        raise Ungradable("There is no notebook in it.", AGAIN)
    others = [file.name for file in files if file.name != best[1]]
    if others:
        text = f"{best[1]} was graded, in which most is answered; also handed in: "
        remarks = [*remarks, Remark("several", f"{text}{', '.join(others)[:300]}.")]
    return best[2], [*remarks, *best[3]]


def answered(name: str, data: bytes, release: NotebookNode, lesson: str) -> int:
    """How many answers of a file differ from their stubs; -1 where no notebook can be read from it."""
    try:
        return answers.count(release, _parsed(name, data, release, lesson, [])[0])
    except Exception:  # as in `read_submission`
        return -1


def _parsed(
    name: str, data: bytes, release: NotebookNode, lesson: str, remarks: list[Remark]
) -> tuple[NotebookNode, list[Remark]]:
    if data[:4] == b"PK\x03\x04":
        return _unzipped(data, release, lesson)
    for magic, kind in ((b"%PDF", "a PDF"), (b"\xd0\xcf\x11\xe0", "an Office file")):
        if data.startswith(magic):
            raise Ungradable(f"It is {kind}, not a notebook.", AGAIN)
    text = _text(_lean(data, remarks), remarks)
    if not text.strip():
        raise Ungradable("The file is empty.", AGAIN)
    if text.lstrip()[:1] == "<":
        raise Ungradable("It is a web page, not a notebook.", AGAIN)
    if text.lstrip()[:1] != "{":
        if name.lower().endswith((".py", ".txt")):
            return _script(text, remarks)
        raise Ungradable("It is not a notebook: its content is no JSON object.", AGAIN)
    return _notebook(text, remarks), remarks


def _lean(data: bytes, remarks: list[Remark]) -> bytes:
    """The part of a file that is decoded and parsed, as UTF-8."""
    encoding = None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif data[:1] == b"{" and data[1:2] == b"\0":
        encoding = "utf-16-le"
    if encoding is not None:
        remarks.append(Remark("encoding", "The file was UTF-16; it was read as that."))
        data = data.decode(encoding, "replace").encode("utf-8", "replace")
    if not _OBJECT.match(data):
        return data[: 4 * MOST_TEXT]
    try:
        return notebook_json.lean(data)
    except notebook_json.NoNotebook as error:
        raise Ungradable(str(error), "Please clear all outputs, save, and hand in again.") from None


def _text(data: bytes, remarks: list[Remark]) -> str:
    text = data.decode("utf-8-sig", "replace")
    if "\ufffd" in text and b"\xef\xbf\xbd" not in data:
        remarks.append(Remark("encoding", "Some characters could not be read and were replaced."))
    if "\0" in text:
        remarks.append(Remark("encoding", "The file held null bytes; they were dropped."))
        text = text.replace("\0", "")
    return text


def _notebook(text: str, remarks: list[Remark]) -> NotebookNode:
    try:
        data = json.loads(text)
    except RecursionError:
        raise Ungradable("It is nested too deeply to be a notebook.", AGAIN) from None
    except ValueError as error:
        cut = "cut off" in str(error) or getattr(error, "pos", 0) >= len(text.rstrip()) - 2
        what = "The file is cut off: its end is missing." if cut else "The file is damaged JSON."
        raise Ungradable(what, AGAIN) from None
    if type(data) is not dict:
        raise Ungradable("It is not a notebook: its content is no JSON object.", AGAIN)
    cells = data.get("cells")
    if cells is None and type(data.get("worksheets")) is list:
        sheets = [s for s in data["worksheets"] if type(s) is dict]
        cells = [c for s in sheets for c in s.get("cells", []) if type(s.get("cells")) is list]
        remarks.append(Remark("format", "The notebook is of an old format; it was read as that."))
    if type(cells) is not list:
        raise Ungradable("It is not a notebook: it has no cells.", AGAIN)
    if len(cells) > MOST_CELLS:
        remarks.append(
            Remark("cells", f"Only the first {MOST_CELLS} of {len(cells)} cells were read.")
        )
    kept = [made for cell in cells[:MOST_CELLS] if (made := _cell(cell, remarks)) is not None]
    kept = _parsable(kept, remarks)
    remarks[:] = dict.fromkeys(remarks)
    if not kept:
        raise Ungradable("The notebook has no cells that can be read.", AGAIN)
    return _made(kept)


def _parsable(cells: list[NotebookNode], remarks: list[Remark]) -> list[NotebookNode]:
    """The cells whose code together is not longer than the grader parses."""
    left, kept = MOST_CODE, []
    for cell in cells:
        parsed = cell.cell_type == "code" and len(cell.source) <= MOST_PARSED
        if parsed and len(cell.source) > left:
            text = f"The code is longer than {MOST_CODE >> 20} MiB: what is beyond was not read."
            remarks.append(Remark("cells", text))
            continue
        left -= len(cell.source) if parsed else 0
        kept.append(cell)
    return kept


def _made(cells: list[NotebookNode]) -> NotebookNode:
    """A notebook that is not validated: cells may have no ids or the same ones."""
    return NotebookNode(nbformat=4, nbformat_minor=5, metadata=NotebookNode(), cells=cells)


def _cell(cell: Any, remarks: list[Remark]) -> NotebookNode | None:
    if type(cell) is not dict:
        remarks.append(Remark("cell", "Something in the notebook is no cell; it was dropped."))
        return None
    kind = cell.get("cell_type")
    source = cell.get("source", cell.get("input", ""))
    if type(source) is list and all(type(line) is str for line in source):
        # Some programs save lines without their ends.
        bare = len(source) > 1 and not any("\n" in line or "\r" in line for line in source)
        source = ("\n" if bare else "").join(source)
    if type(source) is not str or len(source) > MOST_SOURCE:
        remarks.append(Remark("cell", "A cell whose text cannot be read was dropped."))
        return None
    source = source.replace("\r\n", "\n").encode("utf-8", "replace").decode()
    told = {"grade_id": grading.grade_id(cell), "kind": str(kind)}
    identity = cell.get("id")
    # Not by nbformat, which validates each of them, for ten times as long as all else takes.
    made = NotebookNode(
        cell_type="code" if kind == "code" else "markdown",
        id=identity if type(identity) is str else "",
        metadata=NotebookNode({"submitted": told}),
        source=source,
    )
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    return made


def _grade_id(cell: NotebookNode) -> str | None:
    if "submitted" in cell.metadata:
        return cell.metadata["submitted"]["grade_id"]
    return grading.grade_id(cell)


def _script(text: str, remarks: list[Remark]) -> tuple[NotebookNode, list[Remark]]:
    """A script: jupytext's percent format, else all of it as one cell."""
    remarks.append(Remark("format", "A script was handed in instead of a notebook; it was read."))
    read = script_cells(text, MOST_CELLS)
    cells = [made for cell in read if (made := _cell(cell, remarks)) is not None]
    cells = _parsable(cells, remarks)
    if not cells:
        raise Ungradable("The script has nothing in it.", AGAIN)
    return _made(cells), remarks


def _unzipped(data: bytes, release: NotebookNode, lesson: str) -> tuple[NotebookNode, list[Remark]]:
    """The notebook in a zip, read in memory: nothing is ever written to where a name says."""
    try:
        _see_that_it_is_no_library(data)
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Ungradable("The zip file is damaged.", AGAIN) from None
    remarks = [Remark("zip", "A zip was handed in; the notebook in it was read.")]
    files: list[_File] = []
    room = _Room(max(MOST_BYTES - len(data), MOST_BYTES // 4))
    for member in members:
        parts = member.filename.replace("\\", "/").split("/")
        hidden = any(part.startswith((".", "__")) and part != ".." for part in parts)
        link = stat.S_ISLNK(member.external_attr >> 16)
        if member.is_dir() or hidden:
            continue
        if ".." in parts or parts[0] == "" or link:
            remarks.append(Remark("path", "An entry of the zip that points outside was dropped."))
            continue
        if not parts[-1].lower().endswith((".ipynb", ".py")) or not room.files:
            continue
        if member.flag_bits & 1:
            raise Ungradable("The zip file has a password.", AGAIN)
        if member.compress_type not in _PACKED:  # the others cannot be unpacked up to a size
            reason = "The zip file is packed by a method that is not read."
            raise Ungradable(
                reason, "Please make an ordinary zip file, or hand in the .ipynb file."
            )
        with archive.open(member) as file:
            content = file.read(room.left + 1)
        if not room.holds(content):
            raise Ungradable("The zip file unpacks to more than can be read.", AGAIN)
        if content[:4] != b"PK\x03\x04":
            files.append(_File("/".join(parts), content, member.date_time))
    return _choose(files, release, lesson, remarks)


def _see_that_it_is_no_library(data: bytes) -> None:
    """A list of files longer than anybody's is not read: each takes half a kilobyte, or more by far."""
    end = zipfile._EndRecData(io.BytesIO(data))  # type: ignore[attr-defined] # as `ZipFile` reads it
    if end is not None and end[zipfile._ECD_SIZE] > _DIRECTORY:  # type: ignore[attr-defined]
        raise Ungradable("The zip file holds more files than can be read.", AGAIN)
