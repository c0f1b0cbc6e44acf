"""When to ask a service again, and after how long: exponential backoff with jitter.

Each wait is drawn between 0 and a ceiling that doubles from try to try, so that many clients that
were refused at once do not all come back at once. A service that says how long to wait (Retry-After)
is waited for that long at least.
Source: Brooker 2015, Exponential Backoff And Jitter (AWS Architecture Blog), "full jitter";
RFC 9110, section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Failure:
    """Why a request gave no vectors, in the same words for all services.

    kind: "key", "rate", "quota", "server", "timeout", "connection", "size" (of the request), "long" (one
    text is), "model", "answer" or "refused".  status: of HTTP, None without an answer.  retry_after:
    seconds that the service asks to wait.  said: its own words.  text: the one that is too long.
    """

    kind: str
    said: str
    status: int | None = None
    retry_after: float | None = None
    text: str = ""

    @property
    def passes(self) -> bool:
        """Whether the same request may be answered when it is sent again."""
        return self.kind in ("rate", "server", "timeout", "connection", "answer")


class RequestFailed(Exception):
    """A request gave no vectors; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.said)
        self.failure = failure


@dataclass(frozen=True)
class Retries:
    """How often to ask and how long to wait.

    tries: requests at most, the first included.  first: seconds of the first ceiling.
    patience: the longest wait, in seconds; a service that asks for a longer one is not waited for.
    sleep, clock, draw: time.sleep, time.time and random.random; tests put their own there.
    """

    tries: int = 6
    first: float = 1.0
    patience: float = 60.0
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.time
    draw: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if self.tries < 1 or min(self.first, self.patience) < 0:
            raise ValueError(
                f"Retries: tries is {self.tries}, first {self.first}, patience {self.patience}; "
                "expected at least 1 try and no negative seconds"
            )

    def call(self, ask: Callable[[], Any], waiting: Callable[[float, Failure], object]) -> Any:
        """Return ask(), asked again while it raises RequestFailed with a failure that may pass.

        waiting: is told of each wait before it begins: its seconds, and the failure.
        Raises RequestFailed with the last failure.
        """
        for attempt in range(1, self.tries + 1):
            try:
                return ask()
            except RequestFailed as error:
                pause = self.pause(attempt, error.failure)
                if not error.failure.passes or attempt == self.tries or pause is None:
                    raise
                waiting(pause, error.failure)
                self.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def pause(self, attempt: int, failure: Failure) -> float | None:
        """Return the seconds to wait after try number `attempt`, None if that is beyond patience."""
        ceiling = min(self.patience, self.first * 2 ** (attempt - 1))
        if failure.retry_after is None:
            return ceiling * self.draw()
        if failure.retry_after > self.patience:
            return None
        # A little later than asked, and not all at once; the service's own wait is kept in full.
        return failure.retry_after + min(self.first, ceiling) * self.draw()


def retry_after(headers: Mapping[str, str] | None, now: float) -> float | None:
    """Return the seconds that an answer's Retry-After asks to wait, None where it asks for none.

    It holds seconds or a date (RFC 9110); `retry-after-ms`, as OpenAI sends it, is finer. What is
    neither counts as not there. now: seconds since 1970, as time.time() gives them.
    """
    given = {name.lower(): value for name, value in (headers or {}).items()}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(given[name]) / unit
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        date = email.utils.parsedate_to_datetime(given["retry-after"])
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, date.timestamp() - now)
