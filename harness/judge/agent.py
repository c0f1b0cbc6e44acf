"""The student's side: answers the judge's questions inside the student's process.

It lives where hostile code lives, so nothing that it says is believed; the judge's side bounds and
checks every answer.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import socket
import sys
import time
import traceback
from typing import Any

from harness.judge import messages

# What a check may call on an object that stays here.
METHODS = frozenset(
    {"__call__", "forward", "encode", "predict", "transform", "fit", "score", "train", "eval"}
)
ANSWER_S = 60.0
TEXT = 2000


class Unknown(Exception):
    """The judge asked for a name, a handle or a method that is not there."""


def serve_one(sock: socket.socket, namespace: dict, handles: dict[str, Any]) -> None:
    """Answer one question.

    Args:
        namespace: the student's names.
        handles: objects without a plain form that were mentioned before, by handle.

    Raises:
        messages.Closed: the judge is gone.
    """
    message = messages.receive(sock, time.monotonic() + ANSWER_S)
    answer: dict[str, Any]
    noticed: dict[str, Any] = {}
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            answer = {"ok": _answer(message, namespace, handles, noticed)} | noticed
    except BaseException as error:  # an exit and an interrupt are answers too
        answer = {"error": _described(error)} | noticed
    answer["id"] = message.get("id")
    messages.send(sock, answer, time.monotonic() + ANSWER_S)


def _answer(
    message: dict, namespace: dict, handles: dict[str, Any], noticed: dict[str, Any]
) -> Any:
    if message["op"] == "names":
        return {
            name: _offer(namespace[name], name, handles)
            for name in message["names"]
            if name in namespace
        }
    if message["op"] not in ("call", "gradients", "largest", "steps"):
        raise Unknown(f"an operation {message['op']!r}")
    by_handle = "handle" in message
    target = handles[message["handle"]] if by_handle else namespace[message["name"]]
    method = message.get("method")
    if method is not None:
        if method not in METHODS:
            raise Unknown(f"the method {method!r}")
        target = getattr(target, method)
    from harness.judge import borrowed, codec
    from lib.checks import _gradient, _loops, _memory, _state, values
    from lib.checks.calling import changed_argument, is_cell, started

    with _state.known():
        args = [_taken(node, namespace, handles) for node in message["args"]]
        if message["op"] == "gradients":
            return codec.encode(_gradient.here(target, args, [int(n) for n in message["places"]]))
        if message["op"] == "largest":
            return codec.encode(_memory.largest_here(target, args))
        if message["op"] == "steps":
            return codec.encode(_loops.steps_here(target, args, is_cell))
        kwargs = {key: _taken(node, namespace, handles) for key, node in message["kwargs"].items()}
        before = tuple(values.copy_value(args)), values.copy_value(kwargs)
        try:
            if message.get("watch") is True:
                result, noticed["library"] = borrowed.called(target, args, kwargs)
            else:
                result = target(*args, **kwargs)
        except NotImplementedError:
            noticed["started"] = started(target)
            raise
        noticed["altered"] = _state.altered()
        if result is None:
            noticed["started"] = started(target)
        with contextlib.suppress(Exception):  # whatever a learner's own class makes of a comparison
            noticed["changed"] = changed_argument(target, before, (tuple(args), kwargs))
        try:
            return codec.encode(result)
        except codec.CodecError:
            return _handle(result, handles)


def _taken(node: Any, namespace: dict, handles: dict[str, Any]) -> Any:
    from harness.judge import codec

    if type(node) is dict and node.get("t") == "handle":
        return handles[node["v"]]
    if type(node) is dict and node.get("t") == "name":
        return namespace[node["v"]]
    return codec.decode(node)


def _offer(value: Any, name: str, handles: dict[str, Any]) -> dict:
    """A name's value: plain if it has a plain form, else that it can be called by its name."""
    from harness.judge import borrowed, codec

    try:
        return {"callable": False, "value": codec.encode(value)}
    except codec.CodecError:
        told = None
        with contextlib.suppress(Exception):  # whatever a learner's own class makes of being asked
            told = borrowed.named(value)
        return {"callable": True, "value": None, "library": told}


def _handle(value: Any, handles: dict[str, Any]) -> dict:
    key = f"h{len(handles)}"
    handles[key] = value
    return {"t": "handle", "v": key, "kind": type(value).__name__[:60]}


def _described(error: BaseException) -> dict:
    described: dict[str, Any] = {"kind": type(error).__name__[:60], "message": ""}
    with contextlib.suppress(BaseException):
        described["message"] = str(error)[:TEXT]
    with contextlib.suppress(BaseException):
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            name = frame.filename
            if "ipykernel_" in name or name.startswith(("<ipython-input", "<cell")):
                line = linecache.getline(name, frame.lineno or 0).strip()
                return described | {"line": line[:200], "lineno": frame.lineno}
    return described


def install(sock: socket.socket, namespace: dict) -> None:
    """Answer on the kernel's main event loop, on which cells run too, so that both can be
    interrupted; must be called on the main thread before the loop starts."""
    from tornado.ioloop import IOLoop

    handles: dict[str, Any] = {}
    loop = IOLoop.current().asyncio_loop  # type: ignore[attr-defined] # every loop has it today

    def ready() -> None:
        try:
            serve_one(sock, namespace, handles)
        except (messages.MessageError, OSError):
            loop.remove_reader(sock.fileno())
        except KeyboardInterrupt:  # it came between two calls
            sys.stdout.flush()

    loop.add_reader(sock.fileno(), ready)
