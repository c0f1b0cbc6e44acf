"""What `parse_queries` is told apart from: one parser whose every step can be exchanged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


def without(pattern: str) -> Callable[[str], str]:
    return lambda line: re.sub(pattern, "", line)


without_a_mark = without(r"^(?:\d+[.)]|[-*•])\s+")


def unquoted(line: str) -> str:
    return line[1:-1].strip() if line.startswith('"') and line.endswith('"') else line


def holds(line: str, title: str) -> bool:
    return title.casefold() in line.casefold()


def distinct(lines: Iterable[str], key: Callable[[str], str] = str.casefold) -> list[str]:
    found: dict[str, str] = {}
    for line in lines:
        found.setdefault(key(line), line)
    return list(found.values())


def parser(
    lines: Callable[[str, int], list[str]] = lambda reply, count: reply.splitlines(),
    strip: Callable[[str], str] = str.strip,
    marks: Callable[[str], str] = without_a_mark,
    quotes: Callable[[str], str] = unquoted,
    *,
    blank: bool = False,
    heading: Callable[[str], bool] = lambda line: line.endswith(":"),
    tells: Callable[[str, str], bool] = holds,
    once: Callable[[Iterable[str]], list[str]] = distinct,
    cut: Callable[[list[str], int], list[str]] = lambda found, count: found[:count],
) -> Callable[[str, str, int], list[str]]:
    """A parser, right as it stands; an argument makes one step of it another.

    lines(reply, count); strip, marks, quotes: done to a line, one after the other; blank: empty lines stay;
    heading(line), tells(line, title): lines that are dropped; once, cut: done to what is left.
    """

    def parse(reply: str, title: str, count: int) -> list[str]:
        cleaned = [quotes(marks(strip(line))) for line in lines(reply, count)]
        left = (line for line in cleaned if (line or blank) and not heading(line))
        return cut(once(line for line in left if not tells(line, title)), count)

    return parse


def word_in(line: str, title: str) -> bool:
    return re.search(rf"\b{re.escape(title)}\b", line, re.IGNORECASE) is not None


def each_quote(line: str) -> str:
    return line.strip('"').strip()
