"""A connection to one of a kernel's ZeroMQ sockets that reads only when it is asked to (ZMTP 3.0).

Behind libzmq's own sockets a thread reads whatever comes, and what bounds it are numbers of messages, of
which a single one may have parts without end; and it connects again, by name, whenever it is cut off.
What a notebook's process sends is to stay with that process until somebody wants it, and a name in its
folder is to be followed once, before any of its code has run.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import time
from collections.abc import Sequence
from pathlib import Path

_GREETING = b"\xff" + bytes(7) + b"\x01\x7f\x03\x00NULL".ljust(24, b"\0") + bytes(32)
_MORE, _LONG, _COMMAND = 1, 2, 4
_MOST_PARTS = 32  # of one message; a kernel's has seven and its buffers
_HANDSHAKE, _AHEAD = 512, 1 << 20
_REST_S = 10.0  # for what is missing of a message that has begun


class Cut(ConnectionError):
    """The kernel's process has closed the connection, or says what is no message."""


class TooLarge(Exception):
    """A message is larger than is taken; nothing more can be read."""


class Wire:
    """One connection, made when this is. It never connects again.

    Args:
        address: the path of a unix socket, or a host and a port.
        kind: of this end: `DEALER` or `SUB`, which subscribes to everything.
        seconds: that the beginning may take.

    Raises:
        Cut: nobody answers there as ZeroMQ does, or the path is not a socket.
    """

    def __init__(self, address: str | tuple[str, int], kind: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._buffer = bytearray()
        self._sock = _connected(address, seconds)
        try:
            self._send(_GREETING, end)
            if self._take(len(_GREETING), end)[:1] != b"\xff":
                raise Cut("there is no ZeroMQ at the other end")
            name, own = b"\x0bSocket-Type", kind.encode()
            ready = b"\x05READY" + name + struct.pack(">I", len(own)) + own
            self._send(struct.pack("BB", _COMMAND, len(ready)) + ready, end)
            flags, length = self._head(end)
            if not flags & _COMMAND or length > _HANDSHAKE:
                raise Cut("there is no ZeroMQ at the other end")
            self._take(length, end)
            if kind == "SUB":
                self._send(b"\0\x01\x01", end)
        except BaseException:
            self.close()
            raise

    def send(self, parts: Sequence[bytes], seconds: float) -> None:
        """Send a message.

        Raises:
            Cut: the other end is gone, or has not read it in time.
        """
        frames = bytearray()
        for number, part in enumerate(parts):
            more = _MORE if number + 1 < len(parts) else 0
            frames += struct.pack(">BQ", more | _LONG, len(part)) + part
        self._send(frames, time.monotonic() + seconds)

    def receive(self, seconds: float, most: int) -> list[bytes] | None:
        """The next message of about `most` bytes at most; None if none begins within `seconds`.

        Raises:
            TooLarge: it is larger; not more than `most` bytes of it have been read.
            Cut: the other end is gone.
        """
        if not self._buffer and not self._more(time.monotonic() + seconds):
            return None
        # A publisher drops what a slow reader leaves, so as much is read ahead as can do no harm.
        while len(self._buffer) < _AHEAD and self._more(0.0):
            pass
        end = time.monotonic() + _REST_S
        parts: list[bytes] = []
        while True:
            flags, length = self._head(end)
            most -= max(length, 64)  # empty ones are not for nothing, or they would have no end
            if most < 0 or len(parts) == _MOST_PARTS:
                raise TooLarge
            part = self._take(length, end)
            if flags & _COMMAND:
                continue
            parts.append(part)
            if not flags & _MORE:
                return parts

    def close(self) -> None:
        """End the connection."""
        self._sock.close()

    def _head(self, end: float) -> tuple[int, int]:
        flags = self._take(1, end)[0]
        return flags, int.from_bytes(self._take(8 if flags & _LONG else 1, end), "big")

    def _take(self, count: int, end: float) -> bytes:
        while len(self._buffer) < count:
            if not self._more(end):
                raise Cut("a message was begun and not ended")
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _more(self, end: float) -> bool:
        """Read what there is; False if nothing came in time."""
        self._sock.settimeout(max(0.0, end - time.monotonic()))
        try:
            part = self._sock.recv(1 << 18)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError as error:
            raise Cut("the connection is gone") from error
        if not part:
            if self._buffer:
                return False  # what came before the end is still to be had
            raise Cut("the connection was closed")
        self._buffer += part
        return True

    def _send(self, data: bytes | bytearray, end: float) -> None:
        self._sock.settimeout(max(0.001, end - time.monotonic()))
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise Cut("the process does not read what it is sent") from error


def _connected(address: str | tuple[str, int], seconds: float) -> socket.socket:
    try:
        if isinstance(address, tuple):
            return socket.create_connection(address, seconds)
        if not stat.S_ISSOCK(os.lstat(address).st_mode):
            raise Cut(f"{Path(address).name} is no socket")
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(seconds)
            made.connect(address)
        except BaseException:
            made.close()
            raise
        return made
    except OSError as error:
        if isinstance(error, Cut):
            raise
        raise Cut(f"no connection to {address}: {error.strerror}") from error
