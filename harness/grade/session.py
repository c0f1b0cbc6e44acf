"""What one lesson's grading is made of, and opening it: a warm parent, and graders that use it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from harness import paths, sandbox
from harness.grade import depends
from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.grade.library_answers import Policy
from harness.kernels.client import WarmParent, can_fork
from harness.kernels.interface import KernelParent
from harness.kernels.spawned import SpawningParent
from harness.limits import Limits
from harness.sandbox import Box, Level, cgroup
from lib.learn import catalogue, checking

QUERIES = "COURSE_HIDDEN_QUERIES"  # of `lib.checks.hidden_queries`, which takes seconds to import


class NoIsolation(RuntimeError):
    """This machine cannot isolate what would be graded, and nobody said that it need not."""


@dataclass(frozen=True)
class Session:
    """A lesson, how its submissions are isolated, what each may use, and whether an answer that is a
    function of the course's library earns points.

    It is plain and can be pickled: whoever grades, here or on another machine, opens it there.
    """

    assignment: Assignment
    level: Level
    limits: Limits = field(default_factory=Limits)
    library_answers: Policy = "deny"

    @property
    def lesson(self) -> str:
        """The lesson's name."""
        return self.assignment.name

    @functools.cached_property
    def digest(self) -> str:
        """Tells everything on which a verdict depends but the submission."""
        of, asked, code = self.assignment, (hidden_queries() or b"").hex(), self.checks_digest
        text = json.dumps(
            [
                *(of.source, of.release, str(self.level), repr(self.limits), asked, code),
                self.library_answers,
            ],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()

    @functools.cached_property
    def checks_digest(self) -> str:
        """Tells the code of the lesson's checks, as it is on this machine."""
        return depends.code_digest(self.assignment.source, self.assignment.exercises)

    def to_json(self) -> str:
        """A form for another machine, which has the code of the checks itself."""
        of = self.assignment
        plain = {
            "name": of.name,
            "source": of.source,
            "release": of.release,
            "level": str(self.level),
            "limits": dataclasses.asdict(self.limits),
            "library_answers": self.library_answers,
        }
        return json.dumps(plain)

    @classmethod
    def from_json(cls, text: str) -> Session:
        """A session from its form for another machine.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        plain = json.loads(text)
        of = Assignment(
            plain["name"],
            nbformat.from_dict(plain["source"]),
            nbformat.from_dict(plain["release"]),
        )
        limits = Limits(**plain["limits"])
        return cls(of, Level(plain["level"]), limits, plain["library_answers"])

    @contextlib.contextmanager
    def open(self) -> Iterator[OpenSession]:
        """Start a warm parent for the lesson, which runs inside the block.

        Raises:
            WarmError: it could not be started.
        """
        if self.level is not Level.NONE:
            cgroup.adopt()  # before there is any other process of the grader's
        of = self.assignment
        forking = can_fork()
        parent: KernelParent = (
            WarmParent(prefix=of.prefix, exercises=of.exercises) if forking else SpawningParent()
        )
        with parent as running, contextlib.ExitStack() as later:
            yield OpenSession(self, running, _Bare(later, None if forking else running))


class _Bare:
    """Gives a parent that has run nothing of the lesson, started when the first asks for it."""

    def __init__(self, stack: contextlib.ExitStack, parent: KernelParent | None) -> None:
        self._stack, self._parent, self._lock = stack, parent, threading.Lock()

    def __call__(self) -> KernelParent:
        with self._lock:
            if self._parent is None:
                self._parent = self._stack.enter_context(WarmParent())
            return self._parent


@dataclass(frozen=True)
class OpenSession:
    """A session whose warm parent runs; `bare` gives one that knows nothing of the lesson."""

    session: Session
    parent: KernelParent
    bare: Callable[[], KernelParent]

    @property
    def note(self) -> str | None:
        """What a user should know of how it is done here, if anything."""
        return self.parent.note

    def grader(self) -> Grader:
        """A grader for one worker."""
        return Grader(
            self.session.assignment,
            self.parent,
            limits=self.session.limits,
            make_box=self._box,
            isolation=str(self.session.level),
            bare=self.bare,
            hints=_hint,
            library_answers=self.session.library_answers,
        )

    def _box(self, sockets: str, work: str) -> Box | None:
        level = self.session.level
        if level is Level.NONE:
            return None
        return Box(level, sockets, work, paths.CODE, self.session.limits, paths.reference())


def hidden_queries() -> bytes | None:
    """The teacher's own queries for the capstone; None if there are none."""
    place = os.environ.get(QUERIES, "").strip()
    return Path(place).read_bytes() if place and Path(place).is_file() else None


def choose_level(wanted: str) -> Level:
    """The isolation level to use: `auto`, or the name of a level.

    Raises:
        NoIsolation: `auto` finds none, or the wanted one cannot be had here.
        ValueError: there is no such level.
    """
    if wanted == "auto":
        best = sandbox.available()[0]
        if best is Level.NONE:
            raise NoIsolation(
                "other people's notebooks are not run without isolation, and this machine gives none: "
                f"namespaces: {sandbox.why(Level.NAMESPACES)}; Landlock: "
                f"{sandbox.why(Level.LANDLOCK)}. For your own notebooks: --isolation none"
            )
        return best
    if wanted not in set(Level):
        names = ", ".join(["auto", *Level])
        raise ValueError(f"there is no isolation {wanted!r}; there are: {names}")
    if wanted == Level.USER:
        _check_closed()
    elif Level(wanted) not in sandbox.available():
        raise NoIsolation(f"{wanted} cannot be had: {sandbox.why(Level(wanted))}")
    return Level(wanted)


def _check_closed() -> None:
    """That a user of its own keeps a notebook from the answers: they are closed to all but the grader.

    Raises:
        NoIsolation: there is no such user, or something is open; the message says how to close it.
    """
    if reason := sandbox.why(Level.USER):
        raise NoIsolation(f"user cannot be had: {reason}")
    queries = os.environ.get(QUERIES, "").strip()
    kept = [*paths.reference(), *([os.path.realpath(queries)] if queries else [])]
    if found := sandbox.open_to_all(kept):
        raise NoIsolation(
            f"a notebook with a user of its own could still read {len(found)} places with answers, such as "
            f"{found[0]}; close them first: chmod -R go-rwx {' '.join(found)}"
        )


def _hint(exercise: str, mistake: str | None) -> str | None:
    """The exercise's hint that fits the mistake; where none does, or none was recognised, the first."""
    try:
        hints = catalogue.exercise(exercise)["hints"]
        fitting = checking.fitting_hints(exercise, mistake, hints)
        return hints[fitting[0] if fitting else 0]["hint"]
    except (KeyError, IndexError, ImportError):
        return None
