"""The lesson that the name of a file, a folder or an assignment says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_COPY = re.compile(r"(?:\s*\(\d+\)|-\d+|[ _-]copy\d*|\s-\s(?:copy|kopie|copie|copia))$", re.I)
_COPY_OF = re.compile(r"^(?:copy of|kopie von|copie de|copia d[ie]|kopia)\s+", re.I)
# Words that systems put behind an assignment's title when they name the folder of a download.
_DOWNLOAD = ("submissions", "submission", "download", "downloads", "abgaben", "abgabe")


def stem(name: str) -> str:
    """A file's name without its ending."""
    return name.rpartition(".")[0] or name


def without_copy_mark(text: str) -> str:
    """A name without what browsers and systems add to copies: `Copy of`, ` (1)`, `-2`, `_copy`."""
    text = _COPY_OF.sub("", text) or text
    while (short := _COPY.sub("", text)) != text and short:
        text = short
    return text


def at_the_end(text: str, lessons: Sequence[str]) -> str | None:
    """The lesson that a name ends in, the longest if there are several."""
    for form in (text, without_copy_mark(text)):
        found = [name for name in lessons if form == name or form.endswith(f"_{name}")]
        if found:
            return max(found, key=len)
    return None


def is_lesson(folder: str, lessons: Sequence[str]) -> str | None:
    """The lesson that a folder is called after, letter by letter."""
    bare = without_copy_mark(folder)
    return bare if bare in lessons else None


def of_folder(folder: str, lessons: Sequence[str]) -> str | None:
    """The lesson that a folder around students' files is called after, by its name or its title."""
    return is_lesson(folder, lessons) or titled(folder, lessons)


def titled(text: str, lessons: Sequence[str]) -> str | None:
    """The lesson of which this is the title as a person writes it: `02 Pooling` is `02_pooling`."""
    words = _words(without_copy_mark(text))
    while words and words[-1] in _DOWNLOAD:
        words.pop()
    return next((name for name in lessons if words and words == _words(name)), None)


def in_title(text: str, lessons: Sequence[str]) -> str | None:
    """The one lesson whose words stand in a title: `Week 2: 02 Pooling, due Friday`.

    `Lesson 2` is the lesson that begins with 02, if no words say more. None if two are named.
    """
    words = _words(text)
    found = {name for name in lessons if _holds(words, _words(name))}
    found = {x for x in found if not any(x != y and _holds(_words(y), _words(x)) for y in found)}
    if not found:
        numbers = {int(b) for a, b in pairwise(words) if a == "lesson" and b.isdecimal()}
        found = {n for n in lessons if (h := n.partition("_")[0]).isdecimal() and int(h) in numbers}
    return found.pop() if len(found) == 1 else None


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", text.casefold()) if word]


def _holds(words: list[str], some: list[str]) -> bool:
    span = len(some)
    return any(words[at : at + span] == some for at in range(len(words) - span + 1))
