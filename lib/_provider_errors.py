"""What can go wrong with an embedding service, each kind of it an exception that says what to do.

A failure in the middle of many texts loses nothing: each exception holds the vectors that were
already there, since they are paid for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from lib._arguments import shown
from lib._provider_retries import Failure, Retries


class ProviderError(RuntimeError):
    """A service gave no vectors.

    service, model: who was asked; status: the answer's HTTP status, None if there was no answer;
    said: the service's own words.  texts, vectors: what was embedded before, (n, dim) float32, so
    that nothing is paid for twice.
    """

    def __init__(
        self, message: str, *, service: str, model: str, status: int | None = None, said: str = ""
    ) -> None:
        super().__init__(message)
        self.service, self.model, self.status, self.said = service, model, status, said
        self.texts: list[str] = []
        self.vectors: Tensor = torch.empty(0, 0)


class KeyRefusedError(ProviderError):
    """401 or 403: there is no key, it is wrong, or it may not do this."""


class RateLimitedError(ProviderError):
    """429: too many requests or tokens a minute, and waiting did not help; or nothing is paid."""


class ServiceFailedError(ProviderError):
    """The service failed (5xx), and still did when it was asked again."""


class UnreachableError(ProviderError):
    """No connection: the network is not there, or the address is wrong."""


class TimedOutError(ProviderError):
    """No answer in time, and still none when it was asked again."""


class TextTooLongError(ProviderError):
    """One text has more tokens than the model takes.

    position: which one of the texts that were given; tokens: how many it has, None where the
    service does not say; limit: the most that the model takes, None if that is not known.
    """

    position: int
    tokens: int | None = None
    limit: int | None = None


class UnknownModelError(ProviderError):
    """The service has no such model, or not for this key."""


class BadAnswerError(ProviderError):
    """The answer is no answer: broken JSON, too few vectors, numbers that are none."""


class RequestRefusedError(ProviderError):
    """The service refused the request for a reason that is in `said`."""


_NUMBER = re.compile(r"\d[\d,]*")
# What each kind of failure is, and what to do about it.
_ERRORS: dict[str, tuple[type[ProviderError], str]] = {
    "key": (
        KeyRefusedError,
        "the key is wrong, has expired or may not do this: make a new one at the service",
    ),
    "rate": (
        RateLimitedError,
        "too many requests or tokens a minute: wait, send less at once, or ask for a higher limit",
    ),
    "quota": (
        RateLimitedError,
        "the account's credit is used up, and waiting does not help: look at its billing",
    ),
    "server": (ServiceFailedError, "the service fails: look at its status page, try again later"),
    "timeout": (TimedOutError, "no answer in time: give a longer `timeout`, or try again later"),
    "connection": (
        UnreachableError,
        "no connection: look at the network, a proxy and `base_url`. Without a network, "
        "lib.providers_offline.offline_provider answers on this machine",
    ),
    "model": (UnknownModelError, "look at the model's name, and whether your key may use it"),
    "answer": (BadAnswerError, "the answer cannot be read: try again, look at `base_url`"),
    "refused": (RequestRefusedError, "change what it names"),
}


def provider_error(
    failure: Failure,
    service: str,
    model: str,
    texts: Sequence[str],
    vectors: Mapping[str, Tensor],
    retries: Retries,
    limit: int | None,
) -> ProviderError:
    """Return the exception for a failure: what came, what to do, and what was embedded before it.

    texts: all that were to be embedded; vectors: those that are, (dim,) each; limit: the most tokens
    that the model takes in a text, None if that is not known.
    """
    done = [text for text in dict.fromkeys(texts) if text in vectors]
    kept = (
        f" Of {len(set(texts)):,} texts {len(done):,} are embedded: they are in this error's `texts` "
        "and `vectors`."
        if done
        else ""
    )
    facts: dict[str, Any] = {"service": service, "model": model}
    facts |= {"status": failure.status, "said": failure.said}
    error: ProviderError
    if failure.kind == "long":
        error = _too_long(failure, texts, limit, kept, facts)
    else:
        kind, todo = _ERRORS[failure.kind]
        came = f"answered {failure.status}" if failure.status else "gave no answer"
        again = f" It was asked {retries.tries} times." if failure.passes else ""
        if failure.retry_after is not None and failure.retry_after > retries.patience:
            again = (
                f" It asks to wait {failure.retry_after:,.0f} s, longer than the patience of "
                f"{retries.patience:,.0f} s."
            )
        said = _short(failure.said)
        message = f"{service} {came} for {model}: {said}.{again} What to do: {todo}.{kept}"
        error = kind(message, **facts)
    error.texts = done
    if done:
        error.vectors = torch.stack([vectors[text] for text in done])
    return error


def _too_long(
    failure: Failure, texts: Sequence[str], limit: int | None, kept: str, facts: dict[str, Any]
) -> TextTooLongError:
    place = texts.index(failure.text)
    # A count of tokens is over the limit, and no token is shorter than a byte.
    numbers = [int(number.replace(",", "")) for number in _NUMBER.findall(failure.said)]
    most_there_can_be = len(failure.text.encode("utf-8", "surrogatepass"))
    counts = [n for n in numbers if limit is not None and limit < n <= most_there_can_be]
    tokens = max(counts, default=None)
    size = f"{tokens:,} tokens" if tokens else f"{len(failure.text):,} characters"
    most = f"at most {limit:,} tokens" if limit else "fewer"
    cut = "" if facts["service"] == "openai" else ", or give truncate=True, which loses the rest"
    error = TextTooLongError(
        f"{facts['service']} refuses texts[{place}] ({shown(failure.text)}): it has {size}, and "
        f"{facts['model']} takes {most}. What to do: cut it into chunks and embed each{cut}. The "
        f"service said: {_short(failure.said)}.{kept}",
        **facts,
    )
    error.position, error.tokens, error.limit = place, tokens, limit
    return error


def _short(text: str) -> str:
    """A service's words for a message, in one line of at most 300 characters, without a full stop."""
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= 300 else f"{line[:300]}..."
