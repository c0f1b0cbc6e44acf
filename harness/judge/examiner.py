"""The judge's process: runs trusted cells, and takes from the student's process what they use of it."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import re
import socket
import symtable
import sys
import time
from collections.abc import Sequence
from typing import Any

from harness.judge import codec, handing, messages
from harness.judge.proxy import WATCHED, Channel, Remote, StudentLost, library_name
from harness.judge.shell import shell

SILENT = "The hidden tests of this cell did not pass."
TOO_MUCH = "What the notebook returned takes more memory than a check may use."
WAIT_S = 24 * 3600.0
_OUTPUT = 10_000
_CASE = 2000


def main(control: socket.socket, channel: socket.socket | None, namespace: dict) -> None:
    """Run the cells that the grader sends until it goes away.

    Args:
        control: the socket to the grader.
        channel: the socket to the student's agent.
        namespace: the names that the prefix has left.
    """
    with shell(namespace) as ours:
        examiner = Examiner(Channel(channel, host=Grader(control)), namespace, ours)
        while True:
            try:
                message = messages.receive(
                    control, time.monotonic() + WAIT_S, messages.CONTROL_BYTES
                )
                outcome = examiner.run(message)
                messages.send(control, {"ok": outcome}, time.monotonic() + 60)
            except (messages.Closed, messages.Late):
                return


class Grader:
    """The grader as a check can ask it (see `proxy.Host`), between its request and the outcome."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control

    def give(self, seconds: float) -> None:
        """See `proxy.Host`."""
        self._ask({"op": "time", "seconds": seconds})

    def start(
        self, names: Sequence[str], folder: str | None, without: Sequence[str]
    ) -> tuple[socket.socket, int]:
        """See `proxy.Host`."""
        wanted = {"names": list(names), "folder": folder, "without": list(without)}
        answer = self._ask({"op": "fresh"} | wanted)
        if "lost" in answer:
            raise StudentLost(str(answer["lost"]))
        return handing.taken(self.control, answer.get("shared")), int(answer["size"])

    def _ask(self, question: dict) -> dict:
        messages.send(self.control, {"ask": question}, time.monotonic() + WAIT_S)
        deadline = time.monotonic() + WAIT_S
        return messages.receive(self.control, deadline, messages.CONTROL_BYTES)


class Examiner:
    """Runs cells one after the other in one namespace."""

    def __init__(self, channel: Channel, namespace: dict, ours: Any = None) -> None:
        self.channel, self.namespace, self.shell = channel, namespace, ours
        self.taken: set[str] = set()
        self.covered: dict[str, Any] = {}  # what of ours has the names that were taken

    def run(self, message: dict) -> dict:
        """Run the cell of a `run` message and describe its outcome (see the control protocol)."""
        hidden = bool(message.get("hidden"))
        self.channel.call_s, self.channel.calls = float(message["call_s"]), 0
        self.channel.hidden = hidden
        self.channel.watched, self.channel.borrowed, self.channel.named = WATCHED, {}, {}
        said = io.StringIO()
        shown = getattr(getattr(self.shell, "display_pub", None), "outputs", [])
        del shown[:]
        outcome: dict[str, Any] = dict.fromkeys(
            ("verdict", "result", "lost", "case", "kind", "full")
        )
        outcome |= {"outcome": "passed", "message": ""}
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                self._take(message["source"], set(message["names"]), set(message.get("over", ())))
                outcome["result"] = self._number(self._execute(message["source"]))
        except StudentLost as error:
            outcome |= {"outcome": "error", "kind": "Lost", "lost": str(error)}
            if not hidden:
                outcome["case"] = "\n".join(getattr(error, "__notes__", ()))[:_CASE]
        except MemoryError:
            outcome |= {"outcome": "error", "kind": "MemoryError", "full": True}
            outcome["message"] = SILENT if hidden else TOO_MUCH
        except BaseException as error:  # a check that exits has not passed either
            outcome |= {"outcome": "error", "kind": type(error).__name__[:60]}
            outcome["message"] = SILENT if hidden else self._in_words(error)
            outcome["verdict"] = _verdict(getattr(error, "verdict", None))
            if hidden:
                outcome |= {"kind": None, "verdict": _silent(outcome["verdict"])}
        outcome["verdict"] = outcome["verdict"] or _recorded(shown)
        outcome["library"] = self.channel.library_answers()
        outcome["output"] = "" if hidden else said.getvalue()[:_OUTPUT]
        return outcome

    def _take(self, source: str, allowed: set[str], over: set[str]) -> None:
        """Bring the student's names that the cell uses, anew for each cell.

        They are among those allowed for it, which the lesson asks the student to define; so nothing else
        that a check reads is theirs, be it a helper, an expected value or one of Python's own names. What
        is here already stays, but for those names in `over`, which an answer gives after a cell of ours.
        """
        for name in self.taken:
            self.namespace.pop(name, None)
        self.namespace |= self.covered
        self.taken, self.covered = set(), {}
        wanted = sorted((_free(source) & allowed) - (set(self.namespace) - over))
        if not wanted or (self.channel.lost and self.channel.sock is None):
            return
        self.covered = {n: self.namespace.pop(n) for n in wanted if n in self.namespace}
        found = self.channel.ask({"op": "names", "names": wanted})
        if type(found) is not dict:
            raise StudentLost("the notebook's process answered what it was not asked")
        for name in wanted:
            offer = found.get(name)
            if type(offer) is not dict:
                if hasattr(builtins, name):  # never let Python's own stand in for an answer
                    raise NameError(f"name {name!r} is not defined")
                continue
            if offer.get("callable"):
                self.namespace[name] = Remote(self.channel, {"name": name})
                if (library := library_name(offer.get("library"))) is not None:
                    self.channel.named[name] = library
            else:
                try:
                    self.namespace[name] = codec.decode(offer.get("value"))
                except codec.CodecError:
                    continue
            self.taken.add(name)

    def _execute(self, source: str) -> Any:
        tree = ast.parse(_python(source), "<check>")
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            exec(compile(tree, "<check>", "exec"), self.namespace)
            return None
        del tree.body[-1]
        exec(compile(tree, "<check>", "exec"), self.namespace)
        return eval(compile(ast.Expression(last.value), "<check>", "eval"), self.namespace)

    @staticmethod
    def _number(value: Any) -> float | None:
        """nbgrader's partial credit: a cell that ends in a number earns that many points.

        So does one that ends in a NumPy scalar, or in an array or tensor of one number.
        """
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if numpy is not None and isinstance(value, numpy.number | numpy.ndarray):
            value = value.item() if value.size == 1 else None
        elif torch is not None and isinstance(value, torch.Tensor):
            value = value.item() if value.numel() == 1 else None
        if type(value) in (int, float):
            return float(value) if value == value and abs(value) < 1e9 else 0.0
        return None

    @staticmethod
    def _in_words(error: BaseException) -> str:
        missing = re.fullmatch(r"name '(\w+)' is not defined", str(error))
        if missing:
            return f"{missing[0]}: its cell did not run or ended in an error."
        return f"{type(error).__name__}: {error}"[:2000]


def _python(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def _free(source: str) -> set[str]:
    """The global names that a cell uses, builtin ones too: an exercise may be called `max`."""
    found: set[str] = set()

    def walk(table: symtable.SymbolTable, top: bool) -> None:
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (top or symbol.is_global()):
                found.add(symbol.get_name())
        for child in table.get_children():
            walk(child, False)

    walk(symtable.symtable(_python(source), "<check>", "exec"), True)
    return found


def _verdict(said: Any) -> dict | None:
    """What a check says of itself, in known forms and bounded."""
    if type(said) is not dict or not said.get("status"):
        return None
    keys = ("exercise", "status", "message", "mistake")
    return {key: str(said[key])[:4000] if said.get(key) is not None else None for key in keys}


def _silent(verdict: dict | None) -> dict | None:
    """A hidden check's verdict on what is not right: that it is so, and nothing that the student's function
    could have chosen, such as an error's name or which mistake its results look like.

    What a contest says is made of measures, and what a quiz item says of a plain value: neither calls
    anything of the student's on what is hidden, and both bound what they say.
    """
    from lib import checks

    if verdict is None or not checks.has_file(verdict["exercise"] or ""):
        return verdict
    if isinstance(checks.find(verdict["exercise"]), checks.Contest):
        return verdict
    return {"exercise": verdict["exercise"], "status": "wrong", "message": SILENT, "mistake": None}


def _recorded(shown: list) -> dict | None:
    """The record of a check among what was displayed."""
    for output in reversed(shown):
        for value in output.get("data", {}).values():
            if type(value) is dict and {"exercise", "status"} <= set(value):
                return _verdict(value)
    return None
