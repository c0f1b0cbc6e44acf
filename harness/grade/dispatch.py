"""Which submission goes to which worker of a cluster: plain bookkeeping, without a cluster or a clock.

Each worker has as many submissions in work as it has threads, and as many again that wait there, so
that it never waits for who sends. Every submission is sent to one worker at a time.

A worker that dies or hangs says nothing of who was to blame. So what ran there is a suspect: it
comes last and runs alone, and one under which workers were lost `tries` times is given up.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from dataclasses import dataclass, field

WAITING = float("inf")


@dataclass
class _Worker:
    threads: int
    work: dict[int, float] = field(default_factory=dict)  # a submission, and since when it runs
    alone: bool = False  # whether a suspect runs there

    @property
    def running(self) -> list[int]:
        return list(itertools.islice(self.work, self.threads))


class Dispatch:
    """What is left of `count` submissions, which are called by their number, and who has which.

    Args:
        tries: workers that a submission may lose until it is given up.
        limit_s: seconds that a submission may run before its worker counts as hanging.
    """

    def __init__(self, count: int, tries: int, limit_s: float) -> None:
        self.tries, self.limit_s = tries, limit_s
        self._workers: dict[str, _Worker] = {}
        self._todo = deque(range(count))
        self._suspects: deque[int] = deque()
        self._lost: Counter[int] = Counter()
        self.left = count

    @property
    def workers(self) -> list[str]:
        """The workers that may be given work."""
        return list(self._workers)

    def join(self, worker: str, threads: int) -> None:
        """A worker is ready."""
        self._workers.setdefault(worker, _Worker(max(1, threads)))

    def leave(self, worker: str) -> list[int]:
        """A worker is gone, hangs, or may not be used; those that are given up because of it."""
        gone = self._workers.pop(worker, None)
        if gone is None:
            return []
        running = gone.running
        self._todo.extendleft(reversed([n for n in gone.work if n not in running]))
        return [number for number in running if self._suspect(number)]

    def take(self, now: float) -> tuple[str, int] | None:
        """The next submission to send, and to whom; it counts as sent."""
        free = [w for w in self._workers.values() if not w.alone and len(w.work) < 2 * w.threads]
        if self._todo and free:
            chosen, number = min(free, key=lambda w: len(w.work) / w.threads), self._todo.popleft()
        elif self._suspects and (idle := [w for w in free if not w.work]):
            chosen, number = idle[0], self._suspects.popleft()
            chosen.alone = True
        else:
            return None
        self._give(chosen, number, now)
        return next(name for name, w in self._workers.items() if w is chosen), number

    def move(self, now: float) -> tuple[str, str, int] | None:
        """A submission that waits at a worker while another has nothing to do: from, to, which."""
        if self._todo:
            return None
        idle = [(n, w) for n, w in self._workers.items() if not w.alone and len(w.work) < w.threads]
        full = [(n, w) for n, w in self._workers.items() if len(w.work) > w.threads]
        if not idle or not full:
            return None
        name, to = min(idle, key=lambda one: len(one[1].work))
        source, worker = max(full, key=lambda one: len(one[1].work))
        number = list(worker.work)[-1]
        del worker.work[number]
        self._give(to, number, now)
        return source, name, number

    def put_back(self, worker: str, number: int) -> None:
        """It was not sent after all, through nobody's fault."""
        if worker in self._workers and self._workers[worker].work.pop(number, None) is not None:
            self._workers[worker].alone = False
            self._todo.appendleft(number)

    def done(self, worker: str, number: int, now: float) -> None:
        """A submission has its result."""
        self._drop(worker, number, now)
        self.left -= 1

    def failed(self, worker: str, number: int, now: float) -> bool:
        """The cluster could not do it; whether it is given up."""
        self._drop(worker, number, now)
        return self._suspect(number)

    def given_up(self) -> None:
        """The result of one that was given up is out."""
        self.left -= 1

    def overdue(self, now: float) -> list[str]:
        """The workers at which something runs longer than it may."""
        return [
            name
            for name, worker in self._workers.items()
            if any(now - worker.work[number] > self.limit_s for number in worker.running)
        ]

    def _give(self, worker: _Worker, number: int, now: float) -> None:
        worker.work[number] = WAITING
        self._start(worker, now)

    def _drop(self, worker: str, number: int, now: float) -> None:
        if worker in self._workers:
            self._workers[worker].work.pop(number, None)
            self._workers[worker].alone = False
            self._start(self._workers[worker], now)

    @staticmethod
    def _start(worker: _Worker, now: float) -> None:
        for number in worker.running:
            worker.work[number] = min(worker.work[number], now)

    def _suspect(self, number: int) -> bool:
        self._lost[number] += 1
        if self._lost[number] >= self.tries:
            return True
        self._suspects.append(number)
        return False
