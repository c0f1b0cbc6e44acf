"""Handing a socket over a socket, from the grader to the judge."""

from __future__ import annotations

import base64
import socket
import sys

_SHARED = sys.platform == "win32"  # there by description, in the message; elsewhere by number


def describe(sock: socket.socket, pid: int | None) -> str | None:
    """What goes into the message before `hand`: on Windows the socket itself, for the process `pid`."""
    if not _SHARED:
        return None
    return base64.b64encode(sock.share(pid or 0)).decode()  # type: ignore[attr-defined] # Windows


def hand(control: socket.socket, sock: socket.socket) -> None:
    """Hand `sock` to whoever calls `taken` at the other end of `control`, right after a message."""
    if not _SHARED:
        socket.send_fds(control, [b"s"], [sock.fileno()])


def taken(control: socket.socket, shared: str | None) -> socket.socket:
    """The socket that was handed over.

    Raises:
        ConnectionError: none came.
    """
    if shared is not None:
        return socket.fromshare(base64.b64decode(shared))  # type: ignore[attr-defined] # Windows
    _, handed, _, _ = socket.recv_fds(control, 1, 1)
    if not handed:
        raise ConnectionError("no socket came with the message")
    return socket.socket(fileno=handed[0])
