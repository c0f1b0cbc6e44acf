"""The four embedding services on this machine: a server that their own clients cannot tell apart.

It speaks the protocols of OpenAI (embeddings and chat), Cohere, Google Vertex AI and Voyage, keeps
their limits, counts what is used, and fails when it is told to, so that errors can be met before they
cost money. Behind it is the course's own model, whatever model is named: vectors have its 384
dimensions, and what its 256 tokens do not reach is not seen, though the service's limit is higher.

    provider = offline_provider("openai")
    provider.embed(["thin nails"], side="query")  # by the real client
    provider.server.fail(next=2, status=429)  # the next two requests are refused

It listens on 127.0.0.1 alone, on a free port, answers only who presents its token, and ends with the
process that started it.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import json
import os
import re
import secrets
import socket
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib import _offline_protocols as protocols
from lib._arguments import shown
from lib._offline_protocols import Reply, passage_queries
from lib._provider_clients import Settings
from lib._provider_models import SERVICES, USUAL
from lib._provider_retries import Retries
from lib.cache import EmbeddingCache
from lib.providers import KEYS, Provider

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from uvicorn import Server

__all__ = ["OfflineServer", "connection", "offline_provider", "passage_queries"]

_HOST = "127.0.0.1"
_PATHS = {"openai": "/openai/v1", "cohere": "/cohere", "google": "/google", "voyage": "/voyage/v1"}
_START_SECONDS = 30
_ASK = "COURSE_REAL_SERVICES"  # names the services that may be asked themselves, for money
_NOBODY_WATCHES = ("COURSE_HEADLESS", "NBGRADER_EXECUTION")  # `course run`, graders
_GOOGLE_METHODS = ("predict", "embedContent", "batchEmbedContents")
_ENCODING = threading.Lock()  # a tokenizer serves one thread at a time


class OfflineServer:
    """A local server for the four services; it runs from its making to `close()`.

    url: its address; token: the key that its clients present, new for each server.
    requests, texts, tokens: what it was asked for, and what it embedded; statuses: how often it
    answered with which HTTP status. Use it as a context manager, or close it; otherwise it ends with
    the process, or when nothing refers to it any more.
    """

    def __init__(
        self,
        encoder: Any = None,
        *,
        prefixes: Mapping[str, str] | None = None,
        answer: Callable[[str], str] = passage_queries,
    ) -> None:
        """encoder: a function of a list of texts to (n, dim) vectors, or a SentenceTransformer; the
        course's model by default. prefixes: by side, "query" or "document", what is put before a text,
        for a model that was trained with them. answer: what the chat says to a user's message.

        Raises ModuleNotFoundError, saying what to install, without starlette and uvicorn; ValueError
        for another side.
        """
        unknown = set(prefixes or {}) - {"query", "document"}
        if unknown:
            raise ValueError(
                f"OfflineServer: prefixes has {sorted(unknown)}; expected 'query' and 'document'"
            )
        self.token = secrets.token_urlsafe(24)
        self._state = _State(self.token, _as_function(encoder), dict(prefixes or {}), answer)
        uvicorn, app = _web(self._state)
        # The port is taken before the server starts: no other program can come between.
        listener = socket.create_server((_HOST, 0))
        self.url = f"http://{_HOST}:{listener.getsockname()[1]}"
        _spare_the_proxy()
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            loop="asyncio",
            http="h11",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, args=([listener],), name="offline services", daemon=True
        )
        thread.start()
        # The thread knows the state and not this object, which so may be collected.
        self._end = weakref.finalize(self, _stop, server, thread, listener)
        limit = time.monotonic() + _START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > limit:
                self.close()
                raise RuntimeError(f"OfflineServer: no server came up at {self.url}")
            time.sleep(0.005)

    def base_url(self, service: str) -> str:
        """Return the address that a service's client takes as `base_url`."""
        if service not in SERVICES:
            raise ValueError(
                f"base_url: service is {shown(service)}; expected one of {', '.join(SERVICES)}"
            )
        return self.url + _PATHS[service]

    def fail(
        self,
        next: int = 1,
        status: int | str = 429,
        retry_after: float | None = None,
        seconds: float = 5.0,
    ) -> None:
        """Fail the next so many requests that present the token.

        status: of HTTP, from 400 on; "slow" answers after so many `seconds`, "malformed" with half
        an answer. retry_after: what a refusal asks to wait, in seconds; 1 for a 429 unless said.
        Raises ValueError for what is none of these.
        """
        known = status in ("slow", "malformed") or (isinstance(status, int) and status >= 400)
        if not known or next < 0:
            raise ValueError(
                f"fail: next is {next} and status {shown(status)}; expected no negative number, and "
                "400 to 599, 'slow' or 'malformed'"
            )
        if retry_after is None and status == 429:
            retry_after = 1.0
        self._state.faults.extend([(status, retry_after, seconds)] * next)

    @property
    def requests(self) -> int:
        """How many requests came, with the token or without."""
        return sum(self._state.statuses.values())

    @property
    def statuses(self) -> Counter[int]:
        """How often which HTTP status was answered."""
        return Counter(self._state.statuses)

    @property
    def texts(self) -> int:
        """How many texts were embedded."""
        return self._state.texts

    @property
    def tokens(self) -> int:
        """How many tokens were embedded or chatted with; a token is a word or a sign."""
        return self._state.tokens

    def close(self) -> None:
        """End the server; its port is free when this returns."""
        self._end()

    def __enter__(self) -> OfflineServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:  # without the token
        return f"OfflineServer({self.url}{'' if self._end.alive else ', closed'})"


def offline_provider(
    service: str,
    model: str | None = None,
    *,
    server: OfflineServer | None = None,
    encoder: Any = None,
    prefixes: Mapping[str, str] | None = None,
    truncate: bool = False,
    timeout: float = 60.0,
    retries: Retries | None = None,
    cache: EmbeddingCache | None = None,
) -> Provider:
    """Return a provider as `open_provider` does, whose client talks to a server on this machine.

    server: one that runs; otherwise one is started with `encoder` and `prefixes`, and is the
    provider's `server`. The rest is as for `open_provider`, and so is what is raised.
    """
    if service not in SERVICES:
        raise ValueError(
            f"offline_provider: service is {shown(service)}; expected one of {', '.join(SERVICES)}"
        )
    if server is None:
        server = OfflineServer(encoder, prefixes=prefixes)
    address = server.base_url(service)
    settings = Settings(
        model or USUAL[service], server.token, address, timeout, truncate, "offline", "here"
    )
    provider = Provider(service, settings, retries, cache)
    provider.server = server
    return provider


def connection(service: str, server: OfflineServer) -> dict[str, str]:
    """Return what a service's client takes: `api_key`, and `base_url` where the server answers.

    service: "openai", "cohere" or "voyage". The service itself is asked, and paid, only if whoever runs
    this has said so in the environment: COURSE_REAL_SERVICES names it ("openai,voyage"), and its key
    stands in its variable, see `providers.KEYS`. A headless run never asks it, whatever is set: who
    grades or builds a notebook should not pay for it.
    Raises ValueError for another service.
    """
    if service not in KEYS:
        raise ValueError(
            f"connection: service is {shown(service)}; expected one of {', '.join(KEYS)}"
        )
    named = re.split(r"[\s,]+", os.environ.get(_ASK, "").strip().lower())
    key = os.environ.get(KEYS[service], "").strip()
    if service in named and key and not any(os.environ.get(name) for name in _NOBODY_WATCHES):
        return {"api_key": key}
    return {"api_key": server.token, "base_url": server.base_url(service)}


class _State:
    """What the server's thread and its owner share."""

    def __init__(
        self,
        token: str,
        encoder: Callable[[list[str]], Any],
        prefixes: dict[str, str],
        answer: Callable[[str], str],
    ) -> None:
        self.token, self.encoder, self.prefixes, self.answer = token, encoder, prefixes, answer
        self.faults: deque[tuple[int | str, float | None, float]] = deque()
        self.statuses: Counter[int] = Counter()
        self.texts = self.tokens = 0

    def encode(self, texts: list[str], side: str) -> Tensor:
        before = self.prefixes.get(side, "")
        with _ENCODING:
            return torch.as_tensor(self.encoder([before + text for text in texts])).detach()

    def reply(self, service: str, path: str, body: dict) -> Reply | None:
        """The answer to a request that was let in; None where the service has no such path."""
        if (service, path) == ("openai", "v1/embeddings"):
            return protocols.embed_openai(body, self.encode)
        if (service, path) == ("openai", "v1/chat/completions"):
            return protocols.chat(body, self.answer)
        if (service, path) == ("voyage", "v1/embeddings"):
            return protocols.embed_voyage(body, self.encode)
        if (service, path) == ("cohere", "v2/embed"):
            return protocols.embed_cohere(body, self.encode)
        model, _, method = path.rpartition("/")[2].partition(":")
        if service == "google" and method in _GOOGLE_METHODS:
            return protocols.embed_google(model, method, body, self.encode)
        return None


def _web(state: _State) -> tuple[Any, Any]:
    """uvicorn, and the application that answers from `state`."""
    try:
        import uvicorn
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse, Response
        from starlette.routing import Route
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"OfflineServer: {error.name} is not installed; run `pip install -c requirements.lock -e "
            "'.[api]'` in the course's folder, or pip install 'embeddings-course[api]', then restart "
            "the kernel",
            name=error.name,
        ) from error

    async def handle(request: Request) -> Response:
        service, path = request.path_params["service"], request.path_params["path"]
        response = await respond(request, service, path)
        state.statuses[response.status_code] += 1
        return response

    async def respond(request: Request, service: str, path: str) -> Response:
        if service not in SERVICES:
            return JSONResponse({"detail": "Not Found"}, 404)
        presented = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(presented.encode(), state.token.encode()):
            refused = protocols.refusal_of_key(service)
            return JSONResponse(refused.body, refused.status)
        status, retry_after, seconds = state.faults.popleft() if state.faults else (200, None, 0.0)
        if status == "malformed":
            return Response('{"data": [{"embedding": ', media_type="application/json")
        if status == "slow":
            await asyncio.sleep(seconds)
        elif isinstance(status, int) and status >= 400:
            headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
            said = "Rate limit reached." if status == 429 else "You asked me to fail."
            return JSONResponse(protocols.error_body(service, status, said), status, headers)
        try:
            reply = state.reply(service, path, json.loads(await request.body()))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            said = f"The request cannot be read: {type(error).__name__}: {error}"
            return JSONResponse(protocols.error_body(service, 400, said), 400)
        if reply is None:
            return JSONResponse(protocols.error_body(service, 404, "There is no such path."), 404)
        state.texts += reply.texts
        state.tokens += reply.tokens
        return JSONResponse(reply.body, reply.status)

    return uvicorn, Starlette(routes=[Route("/{service}/{path:path}", handle, methods=["POST"])])


def _stop(server: Server, thread: threading.Thread, listener: socket.socket) -> None:
    server.should_exit = True
    thread.join(5)
    server.force_exit = True
    thread.join(1)
    listener.close()


def _spare_the_proxy() -> None:
    """Name this machine in NO_PROXY where a proxy is set: clients would ask it for 127.0.0.1."""
    if not any(os.environ.get(name) for name in _PROXIES):
        return
    for name in ("NO_PROXY", "no_proxy"):
        spared = os.environ.get(name, "")
        if _HOST not in spared.split(",") and spared != "*":
            os.environ[name] = f"{spared},{_HOST}".lstrip(",")


_PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def _as_function(encoder: Any) -> Callable[[list[str]], Any]:
    if encoder is None:
        encoder = _course_model()
    if not hasattr(encoder, "encode"):
        return encoder
    from lib.search import encode_cached

    return functools.partial(encode_cached, encoder, progress=False)


@functools.cache
def _course_model() -> Any:
    from lib.models import load_encoder

    return load_encoder()
