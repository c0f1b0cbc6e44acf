"""The JSON of a notebook without what no grade needs, cut out before it is parsed.

Python makes thirty bytes of one: a file of 50 MiB that holds nothing but `[{}],` takes 1.2 GiB when it is
parsed. So outputs, attachments and the states of widgets are cut out of the bytes in one pass, which
makes no objects of them, and the rest is parsed only where it is of a size that a notebook can have.
"""

from __future__ import annotations

import re

MOST_MARKS = 4_000_000  # brackets in the whole file
MOST_DEPTH = 100  # of what is kept
MOST_KEPT = 32 << 20
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_KEY = rb'"(?:outputs|attachments|widgets)"\s*+:\s*+(?=[\[{])'
# Everything up to the next bracket, and, where it is not left out already, up to the next such key.
_TO_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:' + _STRING + rb'[^"\[\]{}]*+)*+', re.DOTALL)
_TO_MARK = re.compile(
    rb'[^"\[\]{}]*+(?:(?!' + _KEY + rb")" + _STRING + rb'[^"\[\]{}]*+)*+', re.DOTALL
)
_OPENING = re.compile(_KEY)


class NoNotebook(ValueError):
    """The JSON is of a size or depth that no notebook has; the message says which."""


def lean(data: bytes) -> bytes:
    """The JSON text with `null` for the outputs, attachments and widgets in it.

    What is no JSON comes back as such: it is for the parser to say what is wrong with it.

    Args:
        data: UTF-8, possibly damaged.

    Raises:
        NoNotebook: it has too many lists and objects, nests too deeply, or leaves too much to parse.
    """
    kept: list[bytes] = []
    size = marks = depth = at = begin = 0
    while at < len(data) and marks <= MOST_MARKS:
        at = _end(_TO_MARK, data, at)
        if key := _OPENING.match(data, at):
            kept += [data[begin : key.end()], b"null"]
            size += key.end() - begin
            begin, seen = _past(data, key.end(), MOST_MARKS - marks)
            marks += seen
            at = begin
            continue
        mark = data[at : at + 1]
        if mark in (b"", b'"'):  # the end, or a string that is not closed
            break
        marks, at = marks + 1, at + 1
        depth += 1 if mark in b"[{" else -1
        if depth > MOST_DEPTH:
            raise NoNotebook("It is nested too deeply to be a notebook.")
        if size + at - begin > MOST_KEPT:
            break
    if marks > MOST_MARKS:
        raise NoNotebook("It holds more lists and objects than can be read.")
    if size + len(data) - begin > MOST_KEPT:
        raise NoNotebook(
            f"It holds more than {MOST_KEPT >> 20} MiB beside its outputs, which is not read."
        )
    return b"".join([*kept, data[begin:]])


def _past(data: bytes, at: int, most: int) -> tuple[int, int]:
    """Where the list or object that begins at `at` has ended, and the brackets in it.

    It ends with the text where it is not closed, and it is left after `most` brackets.
    """
    depth = marks = 0
    while at < len(data):
        at = _end(_TO_BRACKET, data, at)
        mark = data[at : at + 1]
        if mark in (b"", b'"'):
            return len(data), marks
        marks, at = marks + 1, at + 1
        depth += 1 if mark in b"[{" else -1
        if depth == 0 or marks > most:
            return at, marks
    return len(data), marks


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return found.end() if found else at
