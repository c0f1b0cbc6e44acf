"""Was memory short? What the system knows of it while a kernel runs, and nothing beyond."""

from __future__ import annotations

import contextlib
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SIGKILL = 9  # Windows has no such name
_GIB = 2**30
_UNLIMITED = 1 << 60  # version 1 writes "no limit" as the largest multiple of a page


@dataclass(frozen=True)
class Group:
    """A Linux control group's account of memory: version 2's files, or version 1's."""

    folder: Path

    @classmethod
    def ours(
        cls, proc: Path = Path("/proc"), mounted: Path = Path("/sys/fs/cgroup")
    ) -> Group | None:
        """The group of this process; in a container its own path may be mounted as the root."""
        try:
            lines = (proc / "self/cgroup").read_text().splitlines()
        except OSError:
            return None
        for line in lines:
            _, names, path = line.split(":", 2)
            if names and "memory" not in names.split(","):
                continue
            root = mounted / "memory" if names else mounted
            for folder in (root / path.lstrip("/"), root):
                found = cls(folder)
                if found.kills() is not None:
                    return found
        return None

    def kills(self) -> int | None:
        """How many processes of the group were ended for want of memory; None if it does not say."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                found = re.search(r"^oom_kill (\d+)$", (self.folder / name).read_text(), re.M)
                if found:
                    return int(found[1])
        return None

    def limit(self) -> int | None:
        """The most bytes that the group may hold; None if it has no limit of its own."""
        for name in ("memory.max", "memory.limit_in_bytes"):
            with contextlib.suppress(OSError, ValueError):
                bytes_ = int((self.folder / name).read_text())
                return bytes_ if bytes_ < _UNLIMITED else None
        return None


@dataclass
class Watch:
    """Looks at a kernel's memory, and at what the machine has free, several times a second.

    peak: the most bytes (resident) that the kernel and its children were seen to hold; free: the
    fewest that the machine had available. Both are 0 and None until the kernel has been seen.
    """

    every: float = 0.25  # seconds
    peak: int = 0
    free: int | None = None
    group: Group | None = field(default_factory=Group.ours)
    _before: int | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._before = self.group.kills() if self.group else None

    def follow(self, pid: int) -> None:
        """Look at the process `pid` and its children until `stop`."""
        threading.Thread(target=self._look, args=(pid,), daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def _look(self, pid: int) -> None:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            while True:
                held = process.memory_info().rss
                for child in process.children(recursive=True):
                    with contextlib.suppress(psutil.Error):  # it has ended meanwhile
                        held += child.memory_info().rss
                free = psutil.virtual_memory().available
                self.peak = max(self.peak, held)
                self.free = free if self.free is None else min(self.free, free)
                if self._over.wait(self.every):
                    return

    def killed(self) -> int | None:
        """Processes ended for want of memory since this watch began; None if nobody counts them."""
        now = self.group.kills() if self.group else None
        return None if now is None or self._before is None else now - self._before

    def says(self, code: int | None) -> str:
        """What is known of memory at the end of a kernel with this exit code (-9: SIGKILL)."""
        return " ".join([self._verdict(code), *self._numbers()])

    def _verdict(self, code: int | None) -> str:
        killed = self.killed()
        if killed:
            many = "a process" if killed == 1 else f"{killed} processes"
            return (
                f"Memory was short: meanwhile the system ended {many} of this container or session "
                "for want of memory (oom_kill)."
            )
        if code != -SIGKILL:
            counted = " and the system ended no process for want of it" if killed == 0 else ""
            return f"Nothing says that memory was short: this is not the signal for that{counted}."
        if killed is None:
            return (
                "Whether memory was short is not known: this is the signal that the system sends "
                "then, but here it does not count such kills."
            )
        return (
            "The system counted no kill for want of memory meanwhile, so that SIGKILL seems to "
            "have come from elsewhere."
        )

    def _numbers(self) -> list[str]:
        found = []
        if self.peak and self.free is not None:
            found.append(
                f"The kernel was seen to hold {_gib(self.peak)} at most, when the machine had "
                f"{_gib(self.free)} or more available."
            )
        limit = self.group.limit() if self.group else None
        if limit is not None:
            found.append(f"The limit of this container or session is {_gib(limit)}.")
        own = _address_space()
        if own is not None:
            found.append(f"Each process may ask for {_gib(own)} of addresses (ulimit -v).")
        return found


def _address_space() -> int | None:
    """The limit on a process's addresses in bytes, if there is one."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _gib(count: int) -> str:
    return f"{count / _GIB:.1f} GiB"
