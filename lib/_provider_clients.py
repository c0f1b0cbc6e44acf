"""The services' own Python clients, unchanged, behind one call: texts and their side to vectors.

Each client repeats a failed request by itself; here that is switched off, so that what waits and
counts is in one place (lib._provider_retries). Whatever a client raises becomes one `Failure`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lib._provider_retries import Failure, RequestFailed, retry_after

# A request that is too large, in the words of the four services.
_SIZE = re.compile(
    r"token|too long|too large|maximum input length|number of texts|batch size|instance\(s\)", re.I
)
_MODEL = re.compile(r"model\b.{0,120}?(does not exist|not found|is not supported)", re.I | re.S)
_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|billing", re.I)
_COHERE_TYPES = {"query": "search_query", "document": "search_document"}
_GOOGLE_TYPES = {"query": "RETRIEVAL_QUERY", "document": "RETRIEVAL_DOCUMENT"}
# What clients' errors are called when there was no answer; the libraries below them are many.
_TIMEOUTS = {"TimeoutException", "Timeout", "TimeoutError", "APITimeoutError"}
_CONNECTIONS = {"TransportError", "APIConnectionError", "ConnectionError"}


@dataclass(frozen=True)
class Answer:
    """What a service returned: a vector a text, (texts, dim) float32, and the tokens that it counted."""

    vectors: Tensor
    tokens: int


@dataclass(frozen=True)
class Settings:
    """How to open a client. key: None where Google's default credentials are meant."""

    model: str
    key: str | None = field(repr=False)
    base_url: str | None
    timeout: float
    truncate: bool
    project: str | None = None
    location: str | None = None


Ask = Callable[[list[str], str, int | None], Answer]  # texts, side, dim
_Call = Callable[
    [list[str], str, int | None], tuple[Any, int]
]  # the same: vectors as lists, tokens


def open_client(service: str, settings: Settings, clock: Callable[[], float] = time.time) -> Ask:
    """Return a function of texts, side and dim that asks the service once.

    clock: tells how long it is to a date that a Retry-After names. The function raises RequestFailed for whatever goes wrong. Raises ModuleNotFoundError, saying what to
    install, where the service's client is not installed.
    """
    makers = {"openai": _openai, "cohere": _cohere, "google": _google, "voyage": _voyage}
    try:
        ask = makers[service](settings)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"open_provider: the client of {service} is not installed ({error}); run `pip install "
            "-c requirements.lock -e '.[api]'` in the course's folder, or pip install "
            "'embeddings-course[api]', then restart the kernel",
            name=error.name,
        ) from error

    def once(texts: list[str], side: str, dim: int | None) -> Answer:
        try:
            rows, tokens = ask(texts, side, dim)
        except Exception as error:
            raise RequestFailed(_failure(error, clock())) from error
        return Answer(_checked(rows, len(texts), dim), tokens)

    return once


def _openai(settings: Settings) -> _Call:
    from openai import OpenAI, omit

    client = OpenAI(
        api_key=settings.key,
        base_url=settings.base_url,
        timeout=settings.timeout,
        max_retries=0,
    )

    def ask(texts: list[str], side: str, dim: int | None) -> tuple[Any, int]:
        # The client asks for base64 and decodes it; there is no side in OpenAI's protocol.
        found = client.embeddings.create(
            model=settings.model, input=texts, dimensions=omit if dim is None else dim
        )
        rows = sorted(found.data, key=lambda row: row.index)
        return [list(row.embedding) for row in rows], found.usage.total_tokens

    return ask


def _cohere(settings: Settings) -> _Call:
    from cohere import ClientV2

    client = ClientV2(
        api_key=settings.key, base_url=settings.base_url, timeout=settings.timeout, max_retries=0
    )

    def ask(texts: list[str], side: str, dim: int | None) -> tuple[Any, int]:
        shorter = {} if dim is None else {"output_dimension": dim}
        found = client.embed(
            texts=texts,
            model=settings.model,
            input_type=_COHERE_TYPES[side],
            embedding_types=["float"],
            truncate="END" if settings.truncate else "NONE",
            **shorter,
        )
        billed = found.meta.billed_units if found.meta else None
        return found.embeddings.float_, int(billed.input_tokens or 0) if billed else 0

    return ask


def _google(settings: Settings) -> _Call:
    from google.genai import Client, types

    credentials = None
    if settings.key is not None:
        from google.oauth2.credentials import Credentials

        credentials = Credentials(token=settings.key)
    client = Client(
        vertexai=True,
        project=settings.project,
        location=settings.location,
        credentials=credentials,
        http_options=types.HttpOptions(
            base_url=settings.base_url,
            timeout=round(settings.timeout * 1000),  # milliseconds
            retry_options=types.HttpRetryOptions(attempts=1),
        ),
    )

    def ask(texts: list[str], side: str, dim: int | None) -> tuple[Any, int]:
        found = client.models.embed_content(
            model=settings.model,
            contents=texts,
            config=types.EmbedContentConfig(
                task_type=_GOOGLE_TYPES[side],
                output_dimensionality=dim,
                auto_truncate=settings.truncate,
            ),
        )
        counts = [row.statistics.token_count or 0 for row in found.embeddings if row.statistics]
        return [row.values for row in found.embeddings], round(sum(counts))

    return ask


def _voyage(settings: Settings) -> _Call:
    from voyageai import Client

    client = Client(
        api_key=settings.key,
        base_url=settings.base_url,
        timeout=settings.timeout,
        max_retries=0,
    )

    def ask(texts: list[str], side: str, dim: int | None) -> tuple[Any, int]:
        found = client.embed(
            texts,
            model=settings.model,
            input_type=side,
            truncation=settings.truncate,
            output_dimension=dim,
        )
        return [list(row) for row in found.embeddings], found.total_tokens

    return ask


def _failure(error: Exception, now: float) -> Failure:
    """What a client's exception says, in one form. The four clients name things differently."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _TIMEOUTS:
        return Failure("timeout", _said(error))
    if names & _CONNECTIONS:
        return Failure("connection", _said(error))
    if names & {"GoogleAuthError", "AuthenticationError"} and _status(error) is None:
        return Failure("key", _said(error))
    status, said = _status(error), _said(error)
    # A status of success: it came, and could not be read.
    if status is None or status < 400:
        return Failure("answer", f"{type(error).__name__}: {said}", status)
    if status in (401, 403):
        kind = "key"
    elif status == 429:
        kind = "quota" if _QUOTA.search(said) else "rate"
    elif status >= 500:
        kind = "server"
    elif status == 408:
        kind = "timeout"
    elif _MODEL.search(said):
        kind = "model"
    else:
        kind = "size" if _SIZE.search(said) else "refused"
    return Failure(kind, said, status, retry_after(_headers(error), now))


def _status(error: Any) -> int | None:
    for name in ("status_code", "http_status", "code"):  # openai and cohere, voyage, google
        status = getattr(error, name, None)
        if isinstance(status, int):
            return status
    return None


def _headers(error: Any) -> Mapping[str, str]:
    response = getattr(error, "response", None)
    return getattr(response, "headers", None) or getattr(error, "headers", None) or {}


def _said(error: Any) -> str:
    """The service's own words, without what the client puts around them."""
    for name in ("body", "details", "json_body"):  # openai and cohere, google, voyage
        body = getattr(error, name, None)
        inner = body.get("error", body) if isinstance(body, dict) else None
        if isinstance(inner, dict):
            for key in ("message", "detail"):
                if isinstance(inner.get(key), str):
                    code = inner.get("code")
                    return f"{inner[key]} ({code})" if isinstance(code, str) else inner[key]
    return str(error) or type(error).__name__


def _checked(rows: Any, texts: int, dim: int | None) -> Tensor:
    """The vectors as (texts, dim) float32; raises RequestFailed unless there is one a text."""
    lengths = {len(row or ()) for row in rows or []}
    count = len(rows or [])
    if count != texts or len(lengths) != 1 or 0 in lengths or (dim and lengths != {dim}):
        came = f"{count} vectors of {sorted(lengths)} numbers"
        wanted = f"{texts} vectors" + (f" of {dim} numbers" if dim else "")
        raise RequestFailed(Failure("answer", f"{came} came; expected {wanted}", 200))
    vectors = torch.tensor(rows, dtype=torch.float32)
    if not bool(vectors.isfinite().all()):
        raise RequestFailed(Failure("answer", "a vector holds NaN or infinity", 200))
    return vectors
