"""Messages between grader, judge and student: length, then one JSON object. Never pickle.

Whatever arrives may come from somebody hostile: its size, its depth and the time it takes are
bounded before it is looked at.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from typing import Any

VERSION = 1
VALUE_BYTES, CONTROL_BYTES, MAX_DEPTH = 96 << 20, 1 << 20, 200
MAX_MARKS = 4_000_000  # brackets and commas: `codec` makes no more of the most that it takes
_MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|([\[{\]},])', re.DOTALL)
_LENGTH = struct.Struct(">I")


class MessageError(ValueError):
    """The message is malformed, too large, too deep or of another version."""


class Late(TimeoutError):
    """The message was not complete by its deadline."""


class Closed(ConnectionError):
    """The other end is gone."""


def send(sock: socket.socket, message: dict, deadline: float) -> None:
    """Send a message; `deadline` is a time of `time.monotonic`.

    Raises:
        Late, Closed: the other end does not read, or is gone.
    """
    body = json.dumps(message | {"v": VERSION}, allow_nan=False, separators=(",", ":")).encode()
    try:
        _by(sock, deadline)
        sock.sendall(_LENGTH.pack(len(body)) + body)
    except TimeoutError as error:
        raise Late("the other end did not read the message in time") from error
    except OSError as error:
        raise Closed("the other end is gone") from error


def receive(sock: socket.socket, deadline: float, limit: int = VALUE_BYTES) -> dict:
    """Receive a message of at most `limit` bytes, complete by `deadline`.

    Raises:
        MessageError: it is not one; nothing more can be read from this socket.
        Late, Closed: it did not come in time, or the other end is gone.
    """
    (length,) = _LENGTH.unpack(_read(sock, _LENGTH.size, deadline))
    if length > limit:
        raise MessageError(f"a message of {length} bytes came, at most {limit} are taken")
    return parse(_read(sock, length, deadline))


def parse(body: bytes) -> dict:
    """The JSON object in a message's body."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MessageError("the message is not UTF-8") from error
    if (depth := _depth(text)) is None:
        raise MessageError("the message has too many items")
    if depth > MAX_DEPTH:
        raise MessageError(f"the message is nested more than {MAX_DEPTH} deep")
    try:
        message = json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"the message is no JSON: {type(error).__name__}") from error
    if type(message) is not dict or message.get("v") != VERSION or type(message["v"]) is not int:
        raise MessageError("the message is not one of this version")
    return message


def _depth(text: str) -> int | None:
    """How deep brackets nest outside of strings; None where the text has more than `MAX_MARKS` items.

    Cheap, since long buffers are one string each.
    """
    deepest = depth = marks = 0
    for match in _MARK.finditer(text):
        mark = match[1]
        if mark is None:
            continue
        marks += 1
        if marks > MAX_MARKS:
            return None
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def _refuse(constant: str) -> Any:
    raise MessageError(f"{constant} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MessageError("a key came twice")
    return found


def _by(sock: socket.socket, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Late("the deadline has passed")
    sock.settimeout(left)


def _read(sock: socket.socket, count: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        try:
            _by(sock, deadline)
            part = sock.recv(min(count - len(parts), 1 << 20))
        except Late:
            raise
        except TimeoutError as error:
            raise Late("the answer did not come in time") from error
        except OSError as error:
            raise Closed("the other end is gone") from error
        if not part:
            raise Closed("the other end is gone")
        parts += part
    return bytes(parts)
