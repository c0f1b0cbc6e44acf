"""The judge's side of a student's name: a proxy that calls across the process border."""

from __future__ import annotations

import builtins
import re
import socket
import time
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from harness.judge import codec, messages
from harness.judge.agent import METHODS

MOST_CALLS = 100_000
WATCHED = 32  # calls of a check that are watched for what the library does in them
NOT_THERE = "the student's process is not there"


class StudentError(Exception):
    """The student's function raised, or what it returned cannot be taken."""


class StudentLost(BaseException):
    """The student's process gave no usable answer and is given up; the message says why.

    Not an `Exception`, so that no check takes it for something that the function raised.
    """


_KINDS: dict[str, type] = {}
# The first two would end a check's own `for x in map(f, ...)` early and so skip its asserts; the third
# would say that the judge's own memory is full; the others cannot be made from a message alone.
_NOT_ITSELF = {"StopIteration", "StopAsyncIteration", "MemoryError", "ExceptionGroup"} | {
    f"Unicode{what}Error" for what in ("Decode", "Encode", "Translate")
}


def error_class(kind: Any, hidden: bool = False) -> type[Exception]:
    """The exception class with the name that the student's process reports.

    A builtin one is itself, so that a check can expect a ValueError; others are made, once each. In
    a hidden check others are all alike: a name of sixty letters could carry an input out.
    """
    if type(kind) is not str or not re.fullmatch(r"[A-Za-z_]\w{0,59}", kind):
        return StudentError
    known = getattr(builtins, kind, None)
    if isinstance(known, type) and issubclass(known, Exception) and kind not in _NOT_ITSELF:
        return known
    if (hidden and known is None) or len(_KINDS) > 1000:
        return StudentError
    return _KINDS.setdefault(kind, type(kind, (StudentError,), {}))


def library_name(told: Any) -> str | None:
    """A name of the library's as the student's process tells it, None if it is none."""
    plain = type(told) is str and re.fullmatch(r"lib\.[\w.<>]{1,96}", told, re.ASCII)
    return told if plain else None


class Host(Protocol):
    """What the judge can have of the grader while it runs a check."""

    def give(self, seconds: float) -> None:
        """More time for this check."""

    def start(
        self, names: Sequence[str], folder: str | None, without: Sequence[str]
    ) -> tuple[socket.socket, int]:
        """A fresh process of the student's; see `Remote.afresh`. Ends the one before it."""


class Channel:
    """The judge's end of the socket to the student's agent. One question at a time.

    `host` is asked for what the check needs beside it, None where nobody can be; in `kept` checks leave
    what further checks of the same submission may use.
    """

    def __init__(
        self, sock: socket.socket | None, call_s: float = 10.0, host: Host | None = None
    ) -> None:
        self.sock, self.call_s, self.host = sock, call_s, host
        self.kept: dict[str, Any] = {}
        self.asked = self.calls = 0
        self.hidden = False
        self.changed: str | None = (
            None  # the argument that the last call changed, as it says itself
        )
        self.altered: str | None = None  # a library's setting that it changed, as it says itself
        self.watched = 0  # calls that are still to be watched
        # By name, as the student's process says: what it is of the library's, and whose results it gives.
        self.named: dict[str, str] = {}
        self.borrowed: dict[str, list[str]] = {}
        self.started = False  # whether the function last called does more than the empty exercise
        self.lost: str | None = None if sock else NOT_THERE

    def ask(self, question: dict) -> Any:
        """Put a question and return the answer's `ok`.

        Raises:
            StudentLost: there was no answer in time, or it breaks the rules.
            Exception: what the student's function raised, by `error_class`.
        """
        if self.lost or self.sock is None:
            raise StudentLost(self.lost or NOT_THERE)
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise StudentError(f"more than {MOST_CALLS} calls in one check")
        self.asked += 1
        deadline = time.monotonic() + self.call_s
        try:
            messages.send(self.sock, question | {"id": self.asked}, deadline)
            answer = messages.receive(self.sock, deadline)
        except messages.Late:
            name = question.get("name")
            what = f"your function {name}" if name else "the call"
            self._give_up(f"{what} did not return within {self.call_s:g} s")
        except messages.Closed:
            self._give_up("the notebook's process ended during the call")
        except messages.MessageError as error:
            # The reason holds numbers that the student chose: they could carry an input out.
            why = "" if self.hidden else f": {error}"
            self._give_up(f"the notebook's process gave no readable answer{why}")
        if answer.get("id") != self.asked or ("ok" in answer) == ("error" in answer):
            self._give_up("the notebook's process answered what it was not asked")
        changed = answer.get("changed")
        plain = type(changed) is str and re.fullmatch(r"[\w ]{1,60}", changed)
        self.changed = changed if plain else None
        self.started = answer.get("started") is True
        altered = answer.get("altered")
        plain = type(altered) is str and re.fullmatch(r"[\w' ]{1,60}", altered)
        self.altered = altered if plain else None
        if "library" in answer and "watch" in question:
            seen = self.borrowed.setdefault(question["name"], [])
            seen.append(library_name(answer["library"]) or "")
        if "error" in answer:
            raise _raised(answer["error"], self.hidden)
        return answer["ok"]

    def library_answers(self) -> dict[str, str]:
        """The student's functions that are the library's, as their process says, with what they are.

        A wrapper is one if all calls that were watched came out as the library's function has them, or
        some did as the one of the same name has them.
        """
        found = {}
        for name, seen in self.borrowed.items():
            same = [one for one in seen if one.rpartition(".")[2] == name]
            if same or (all(seen) and len(set(seen)) == 1):
                found[name] = (same or seen)[0]
        return found | self.named

    def _give_up(self, reason: str) -> NoReturn:
        self.lost = reason
        raise StudentLost(reason)


def _raised(error: Any, hidden: bool) -> Exception:
    error = error if type(error) is dict else {}
    kind, message = error.get("kind"), error.get("message")
    raised: Any = error_class(kind, hidden)(message[:2000] if type(message) is str else "")
    line, lineno = error.get("line"), error.get("lineno")
    raised.student_line = line[:200] if type(line) is str else ""
    raised.student_lineno = lineno if type(lineno) is int else None
    return raised


class Remote:
    """A function or an object that lives in the student's process.

    It can be called, and the methods in `METHODS` can be called on it; all else is refused, since
    what it would say of itself cannot be believed.
    """

    __slots__ = ("_channel", "_method", "_where")
    __hash__ = None  # type: ignore[assignment]  # it equals nothing

    def __init__(self, channel: Channel, where: dict, method: str | None = None) -> None:
        self._channel, self._where, self._method = channel, where, method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        question = {
            "op": "call",
            **self._where,
            "method": self._method,
            "args": [_given(value) for value in args],
            "kwargs": {key: _given(value) for key, value in kwargs.items()},
        }
        if self._channel.watched > 0 and self._method is None and "name" in self._where:
            self._channel.watched -= 1
            question["watch"] = True
        answer = self._channel.ask(question)
        if type(answer) is dict and answer.get("t") == "handle":
            key = answer.get("v")
            if type(key) is not str or not re.fullmatch(r"h\d{1,9}", key):
                raise StudentError("the function returned something without a plain form")
            return Remote(self._channel, {"handle": key})
        try:
            return codec.decode(answer)
        except codec.CodecError as error:
            raise StudentError(f"what the function returned cannot be taken: {error}") from None

    def changed_argument(self) -> str | None:
        """The argument that the last call changed in place; which `lib.checks.call` asks."""
        return self._channel.changed

    def altered_setting(self) -> str | None:
        """The setting of a library that the last call changed; which `lib.checks.call` asks."""
        return self._channel.altered

    def told_started(self) -> bool:
        """Whether the function does more than the empty exercise, as it says itself."""
        return self._channel.started

    def gradients(self, args: Sequence[Any], places: Sequence[int]) -> list[Any] | None:
        """Gradients of a call's result, from the process where the function is (`lib.checks._gradient`)."""
        given = [_given(value) for value in args]
        question = {"op": "gradients", **self._where, "method": self._method, "args": given}
        answer = self._channel.ask(question | {"kwargs": {}, "places": list(places)})
        try:
            found = codec.decode(answer)
        except codec.CodecError as error:
            raise StudentError(f"the gradient cannot be taken: {error}") from None
        if found is None:
            return None
        asked = [args[place] for place in places]
        fits = type(found) is list and len(found) == len(asked)
        if not fits or not all(
            type(g) is type(x) and g.shape == x.shape for g, x in zip(found, asked)
        ):
            raise StudentError("the gradient has not the shape of what it is asked for")
        return found

    def largest(self, args: Sequence[Any]) -> int:
        """The numbers of the largest tensor that a call makes, as its own process says."""
        return self._counted("largest", args)

    def steps(self, args: Sequence[Any]) -> int:
        """How many operations and own lines a call takes, as its own process says."""
        return self._counted("steps", args)

    def _counted(self, what: str, args: Sequence[Any]) -> int:
        question = {"op": what, **self._where, "method": self._method}
        question |= {"args": [_given(value) for value in args], "kwargs": {}}
        found = self._channel.ask(question)
        return found if type(found) is int else 0

    def afresh(
        self, names: Sequence[str], folder: str | None = None, without: Sequence[str] = ()
    ) -> tuple[dict[str, Remote], int]:
        """The functions of these names in a fresh process of the student's, and what their text takes.

        That process has nothing of this one: the student's cells are run in it anew, as far as these
        functions need them, none of the lesson's data is in it, and its folder is empty but for copies
        of the files in `folder`, to which COURSE_CACHE points. It cannot read the folders `without`.
        The bytes are those of the student's cells that were run. One that was started before is ended.

        Raises:
            StudentLost: it could not be started, or did not live through its own cells.
        """
        host = self._channel.host
        if host is None:
            raise StudentLost("there is nobody who could start a fresh process")
        sock, size = host.start(names, folder, without)
        fresh = Channel(sock, self._channel.call_s, host)
        fresh.hidden = self._channel.hidden
        return {name: Remote(fresh, {"name": name}) for name in names}, size

    def within(self, seconds: float) -> None:
        """Let calls take so long."""
        self._channel.call_s = seconds

    def need(self, seconds: float) -> None:
        """Let the check that runs take so much longer."""
        if self._channel.host is not None:
            self._channel.host.give(seconds)

    def kept(self) -> dict[str, Any]:
        """What checks of this submission leave for each other, see `Channel`."""
        return self._channel.kept

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS or self._method is not None:
            raise AttributeError(f"{name!r}: only {', '.join(sorted(METHODS))} can be called on it")
        return Remote(self._channel, self._where, name)

    def _no(self, *args: Any) -> Any:
        raise TypeError(
            "what the function returned has no plain form: numbers, strings, arrays, tensors, or "
            "lists and dicts of these were expected"
        )

    __bool__ = __len__ = __iter__ = __float__ = __int__ = __index__ = __contains__ = _no
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __array__ = _no
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __neg__ = _no

    def __repr__(self) -> str:
        return "<in the student's process>"


def _given(value: Any) -> Any:
    if type(value) is Remote:
        if "handle" in value._where:
            return {"t": "handle", "v": value._where["handle"]}
        return {"t": "name", "v": value._where["name"]}
    return codec.encode(value)
