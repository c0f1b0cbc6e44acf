"""What comes one at a time, done in batches: as many at once as have come meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")


class BatchQueue(Generic[Item]):
    """Hands what is put in to a function, in another thread; use it as a context manager.

    While the function works, more comes; when it is done, it gets all of that at once. So nothing waits
    for a batch to be full, and batches are as large as they have to be. The end of the block waits until
    everything is done, also where the block ends by an error.

    Args:
        function: called with a list of one to `most` items, in the order in which they were put in.
        most: items of a batch, and as many again may wait: who puts more in waits for room.

    What the function raises, the next `put` or the end of the block raises; nothing is done after it.
    """

    def __init__(self, function: Callable[[list[Item]], None], most: int) -> None:
        self._function, self._most = function, most
        self._queue: queue.Queue[Item | _End] = queue.Queue(most)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def put(self, item: Item) -> None:
        """Hand an item on."""
        self._see()
        self._queue.put(item)
        self._see()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.put(_End())
        self._thread.join()
        if error is None:
            self._see()

    def _see(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        ended = False
        while not ended:
            batch: list[Item] = []
            waiting = [self._queue.get()]
            while len(waiting) < self._most:
                try:
                    waiting.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            for one in waiting:
                if isinstance(one, _End):
                    ended = True
                else:
                    batch.append(one)
            if batch and self._error is None:  # after an error the rest is only taken away
                try:
                    self._function(batch)
                except BaseException as error:
                    self._error = error


class _End:
    """Nothing comes after it."""
