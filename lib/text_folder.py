"""A folder of text files as a corpus: the learner's own texts, cut into passages that can be searched.

Files come from anywhere: one is empty, one is a picture with the wrong name, one is in an encoding of
the nineties. What cannot be read is left out and named, in a sentence; nothing is guessed.
"""

from __future__ import annotations

import codecs
import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lib._files import open_without_links

__all__ = ["TextFolder", "load_folder", "split_paragraphs"]

LONGEST = 1_000  # characters of a passage: about 220 tokens of English, of the encoder's 256
LARGEST = 5_000_000  # bytes of a file
MOST_PASSAGES = 50_000
_TITLE = 80  # characters of a first line that can be a title
_NAMED = 5  # files left out that are named where the corpus is shown
# UTF-32 first: its mark for little-endian begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(\s)")
_SPACE = re.compile(r"(\s)")


@dataclass(frozen=True)
class TextFolder:
    """A corpus with the fields of `CourseSet` that a search needs; they go together row by row.

    ids: the file below the folder and, where it gave several, the number of the passage ("a/b.txt#2").
    branches: the folder of each file, for the regions of a map. left_out: a sentence for each file that
    was not read.
    """

    name: str
    ids: list[str]
    passages: list[str]
    titles: list[str]
    branches: list[str]
    files: int
    left_out: list[str]

    def __len__(self) -> int:
        return len(self.passages)

    def __str__(self) -> str:
        said = f"{self.name}: {_counted(len(self), 'passage')} from {_counted(self.files, 'file')}"
        if not self.left_out:
            return said + "."
        more = len(self.left_out) - _NAMED
        rest = [f"and {_counted(more, 'file')} more; see left_out"] if more > 0 else []
        listed = [*self.left_out[:_NAMED], *rest]
        left = f"{_counted(len(self.left_out), 'file')} left out"
        return "\n".join([f"{said}; {left}:", *(f"- {one}" for one in listed)])

    __repr__ = __str__


def load_folder(
    path: Path | str,
    pattern: str = "*.txt",
    *,
    longest: int = LONGEST,
    encoding: str = "utf-8",
    largest: int = LARGEST,
) -> TextFolder:
    """Return the text files below a folder as passages of at most `longest` characters.

    pattern: of the files' names, such as "*.md". encoding: of files that do not begin with a mark of
    their own (as UTF-16 has). largest: bytes; a larger file is left out. Files are read in order of
    their names, with those of folders below; names that begin with a dot are not, and no link is
    followed, so nothing outside the folder is read.
    A title is the file's first line where that is a heading (a line on its own, or one of Markdown),
    otherwise the file's name; the second passage of a file has " (2)" behind it.
    Raises FileNotFoundError or NotADirectoryError for a path that is no folder, ValueError where no
    file fits, none can be read, or there are over 50,000 passages, LookupError for an unknown encoding.
    """
    codecs.lookup(encoding)
    if longest < 1:
        raise ValueError(f"load_folder: longest is {longest}; expected at least 1 character")
    folder = Path(path).expanduser()
    _require_folder(folder)
    ids: list[str] = []
    passages: list[str] = []
    titles: list[str] = []
    branches: list[str] = []
    left_out: list[str] = []
    found = read = 0
    for file in _files(folder, pattern):
        found += 1
        name = _printable(file.relative_to(folder).as_posix())
        try:
            text = _read(file, encoding, largest)
        except (OSError, ValueError) as error:
            left_out.append(f"{name}: {error.strerror if isinstance(error, OSError) else error}.")
            continue
        read += 1
        parts = split_paragraphs(text, longest)
        title = _title(text) or _printable(file.stem).replace("_", " ").replace("-", " ").strip()
        several = len(parts) > 1
        ids += [f"{name}#{i}" if several else name for i in range(1, len(parts) + 1)]
        titles += [title if i == 1 else f"{title} ({i})" for i in range(1, len(parts) + 1)]
        branches += [_printable(file.parent.name)] * len(parts)
        passages += parts
        if len(passages) > MOST_PASSAGES:
            raise ValueError(
                f"load_folder: {folder} has over {MOST_PASSAGES:,} passages; expected fewer, for every "
                "one is encoded: give a folder further down, or a pattern that fits fewer files"
            )
    if not passages:
        raise ValueError(_nothing(folder, pattern, found, left_out))
    return TextFolder(
        _printable(folder.resolve().name), ids, passages, titles, branches, read, left_out
    )


def split_paragraphs(text: str, longest: int = LONGEST) -> list[str]:
    """Return the text in passages of at most `longest` characters, in order, without empty ones.

    Neighbouring paragraphs share a passage while they fit; a longer one is cut at the ends of its
    sentences, a longer sentence between words, a longer word where it must be. Nothing but white
    space is lost. Paragraphs are what blank lines part.
    """
    passages: list[str] = []
    for paragraph in _BLANK_LINES.split(text.replace("\r\n", "\n").replace("\r", "\n").strip()):
        paragraph = paragraph.strip()
        if passages and len(passages[-1]) + 2 + len(paragraph) <= longest:
            passages[-1] += f"\n\n{paragraph}"
        else:
            passages += _pieces(paragraph, longest)
    return [passage for passage in passages if passage]


def _pieces(paragraph: str, longest: int) -> list[str]:
    """A paragraph in pieces of at most `longest` characters, each as long as its sentences allow."""
    pieces, rest = [], paragraph
    while len(rest) > longest:
        window = rest[: longest + 1]  # the space behind a piece may be just outside
        ends = [*_SENTENCE_END.finditer(window)] or [*_SPACE.finditer(window)]
        cut = ends[-1].start(1) if ends else longest
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*pieces, rest]


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    """The files below a folder whose names fit, in order; what is below a link is not looked at."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and fnmatch.fnmatch(name, pattern):
                yield Path(parent, name)


def _read(file: Path, encoding: str, largest: int) -> str:
    """The text of a file; raises OSError or ValueError with the reason to leave it out."""
    with open_without_links(file) as opened:
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise ValueError(
            f"it has over {largest / 1e6:,.3g} MB; cut it, or give load_folder a larger `largest`"
        )
    own = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if own is None and b"\0" in content:
        raise ValueError("it holds zero bytes, so it is no text, or UTF-16 without a mark")
    try:
        text = content.decode(own or encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"byte {error.start} is not {own or encoding}; save it as UTF-8, or give load_folder its "
            'encoding, such as encoding="cp1252"'
        ) from None
    if not text.strip():
        raise ValueError("it is empty")
    return text.replace("\0", " ")


def _title(text: str) -> str:
    """The first line, where it is a heading."""
    first, _, rest = text.strip().partition("\n")
    first = first.strip()
    marked = re.match(r"#{1,6}\s+(.*?)[\s#]*$", first)
    if marked and len(marked[1]) <= _TITLE:
        return marked[1]
    alone = not rest.split("\n", 1)[0].strip() and bool(rest.strip())
    return first if alone and len(first) <= _TITLE and not first.endswith((".", ",", ";")) else ""


def _require_folder(folder: Path) -> None:
    if not folder.exists():
        raise FileNotFoundError(
            f"load_folder: there is no {folder} (looked for at {folder.absolute()}); expected a folder "
            "with text files: give its whole path"
        )
    if not folder.is_dir():
        raise NotADirectoryError(
            f"load_folder: {folder} is a file; expected a folder: give {folder.parent} and "
            f'pattern="{folder.name}"'
        )


def _nothing(folder: Path, pattern: str, found: int, left_out: list[str]) -> str:
    if not found:
        other = sorted({p.suffix for p in folder.iterdir() if p.is_file() and p.suffix})
        there = f" There are files that end in {', '.join(other[:5])}." if other else ""
        return (
            f"load_folder: no file below {folder} fits the pattern {pattern!r}; expected at least one: "
            f'try another, such as pattern="*.md".{there}'
        )
    listed = "\n".join(f"- {one}" for one in left_out[:_NAMED])
    return f"load_folder: none of {_counted(found, 'file')} below {folder} can be read:\n{listed}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _printable(name: str) -> str:
    """A file's name without the half characters by which Python writes bytes that are no text."""
    return name.encode("utf-8", "replace").decode()
