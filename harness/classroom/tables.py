"""A table as teachers have it: CSV or tabs, with or without a byte order mark, UTF-8, UTF-16 or older."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from harness.classroom.errors import ClassroomError
from lib._files import open_without_links, printable

MOST_BYTES = 64 << 20
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Table:
    """A table of a file.

    Args:
        headings: of the columns, blanks around them left out.
        rows: (line in the file, cell by heading) of each row that is not empty.
        remark: what had to be guessed, or "".
    """

    headings: list[str]
    rows: list[tuple[int, dict[str, str]]]
    remark: str = ""


def read(path: Path) -> Table:
    """Read a table; its separator is the one of comma, semicolon and tab that gives most columns.

    Raises:
        ClassroomError: it cannot be read, is no table, or has two columns of one heading.
    """
    name = printable(str(path))
    try:
        with open_without_links(Path(path)) as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ClassroomError(f"{name} cannot be read ({error.strerror}): give a table") from error
    if len(content) > MOST_BYTES:
        raise ClassroomError(f"{name} has over {MOST_BYTES >> 20} MB: a roster has less")
    text, remark = _text(content, name)
    return _table(text, remark, name)


def _text(content: bytes, name: str) -> tuple[str, str]:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ClassroomError(f"{name} is a workbook: save it as CSV (UTF-8) and give that")
    coding = next((coding for mark, coding in _MARKS.items() if content.startswith(mark)), None)
    if coding is None and content[:200].count(b"\0") > len(content[:200]) // 3:
        coding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    try:
        return content.decode(coding or "utf-8"), ""
    except UnicodeDecodeError as error:
        if coding is not None:
            raise ClassroomError(
                f"{name} is damaged: byte {error.start} is no {coding}; export it again"
            ) from error
        guess = content.decode("cp1252", "replace")
        return (
            guess,
            f"{name} is not UTF-8 and was read as Windows-1252: look at names with accents",
        )


def _table(text: str, remark: str, name: str) -> Table:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    skipped = 0
    first, _, rest = text.partition("\n")
    marks = ",;\t"
    if first.casefold().startswith("sep="):  # how Excel is told the separator
        marks, text, skipped = first[4:5] or marks, rest, 1
    first = text.partition("\n")[0]
    mark = max(marks, key=lambda m: len(next(csv.reader([first], delimiter=m), [])))
    reader = csv.reader(io.StringIO(text), delimiter=mark, strict=False)
    try:
        headings = [" ".join(cell.split()) for cell in next(reader, [])]
        if len([one for one in headings if one]) < 1:
            raise ClassroomError(f"{name} has no headings in its first line: export it with them")
        twice = sorted({h for h in headings if h and headings.count(h) > 1})
        if twice:
            raise ClassroomError(f"{name} has two columns {twice[0]!r}: leave one of them")
        rows = []
        for cells in reader:
            row = {h: c.strip() for h, c in zip(headings, cells) if h}
            if any(row.values()):
                rows.append((reader.line_num + skipped, row))
    except csv.Error as error:
        raise ClassroomError(
            f"{name} is no table: line {reader.line_num + skipped}: {error}"
        ) from error
    return Table([one for one in headings if one], rows, remark)
