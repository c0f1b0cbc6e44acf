"""Many pieces of work at once, whatever does them: threads, processes, other machines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def finished(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], window: int
) -> Generator[tuple[Item, Future[Result]], None, None]:
    """Call `function` on each item in the pool, and give each item with its future once it is done.

    They come in the order in which they are finished. When the generator is closed or an error is
    raised, what has not begun is given up; leaving the pool waits for what has.

    Args:
        window: how many may be submitted and not yet taken: results wait in memory.
    """
    left = iter(items)
    waiting: dict[Future[Result], Item] = {}
    try:
        while True:
            for item in itertools.islice(left, window - len(waiting)):
                waiting[pool.submit(function, item)] = item
            if not waiting:
                return
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
