"""The web server behind the search page: on this machine only, for who knows its address.

Everybody who has an account on the machine can reach its ports, so the address has a secret in it, and
without that nothing is told. The secret is in the path and not in a cookie: a browser sends a cookie
to every port of a host. The Host header is checked, so that no other site's name can be made to point
here; the page may load and run nothing but its own files, so that no text of a corpus can run.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lib._search_answers import HITS, Answers

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL = ("127.0.0.1", "localhost")
FILES = {
    "": ("search_page.html", "text/html"),
    "search_page.css": ("search_page.css", "text/css"),
    "search_map.js": ("search_map.js", "text/javascript"),
    "search_page.js": ("search_page.js", "text/javascript"),
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # no site that a link leads to learns the address
    "X-Content-Type-Options": "nosniff",
}
_STARTS_WITHIN_S = 20.0
_GRACE_S = 1  # for replies that are on their way when the server ends


class Guard:
    """Lets through who asks this machine by its own name and with the secret."""

    def __init__(
        self, app: ASGIApp, secret: str, hosts: Iterable[str], close: Callable[[], None]
    ) -> None:
        self.app, self.secret, self.close = app, secret, close
        self.hosts = {host.casefold() for host in (*LOCAL, *hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import PlainTextResponse, RedirectResponse

        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = [(k.lower().encode(), v.encode()) for k, v in _HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        given, slash, rest = scope["path"].removeprefix("/").partition("/")
        named = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
        reply: ASGIApp
        if len(named) != 1 or _host(named[0]) not in self.hosts:
            reply = PlainTextResponse(
                "This is not the name by which this page is served. Open the address that the notebook "
                "shows; behind a proxy give serve(..., address=...) the address that browsers use.\n",
                403,
            )
        elif not secrets.compare_digest(given.encode(), self.secret.encode()):
            reply = PlainTextResponse(
                "This address is not whole. Copy all of it from the notebook: print(page.url)\n",
                404,
            )
        elif not slash:
            reply = RedirectResponse(f"{self.secret}/", 307)
        else:
            scope = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode(), "root_path": ""}
            reply = self.app
        await reply(scope, receive, send_with_headers)


def make_app(answers: Answers, secret: str, hosts: Iterable[str] = ()) -> Guard:
    """The page of these answers, as an ASGI application below "/secret/"."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    worker = _Worker()
    turn = asyncio.Lock()

    async def reply(request: Request, function: Callable[..., Any], *arguments: Any) -> Response:
        async with turn:
            if await request.is_disconnected():  # another query was typed while this one waited
                return Response(status_code=499)
            return _json(await asyncio.wrap_future(worker.ask(function, *arguments)))

    async def about(request: Request) -> Response:
        return _json(answers.about())

    async def search(request: Request) -> Response:
        return await reply(request, answers.answer, request.query_params.get("query", ""))

    async def why(request: Request) -> Response:
        given = request.query_params.get("rows", "").split(",")[:HITS]
        rows = [int(row) for row in given if row.isascii() and row.isdigit() and len(row) < 10]
        rows = [row for row in rows if row < len(answers.passages)]
        query = request.query_params.get("query", "")[:1_000].strip()
        return await reply(request, answers.explain, query, rows)

    def file(name: str, kind: str) -> Callable[..., Any]:
        content = files("lib").joinpath("browser", name).read_bytes()

        async def send(request: Request) -> Response:
            return Response(content, media_type=kind)

        return send

    routes = [Route(f"/{path}", file(*of)) for path, of in FILES.items()]
    routes += [Route("/about", about), Route("/search", search), Route("/why", why)]
    app: Starlette = Starlette(routes=routes)
    return Guard(app, secret, hosts, worker.end)


class Server:
    """An application served on a port of this machine, in a thread that ends with the process."""

    def __init__(self, app: Guard, port: int = 0) -> None:
        """Raises OSError where the port, or any, is refused."""
        import uvicorn

        self._app = app
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        settings: dict[str, Any] = {
            "http": "h11",
            "loop": "asyncio",
            "ws": "none",
            "lifespan": "off",
        }
        quiet: dict[str, Any] = {"log_config": None, "log_level": "critical", "access_log": False}
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                **settings,
                **quiet,
                server_header=False,
                limit_concurrency=64,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="search page", daemon=True
        )
        self._thread.start()
        until = time.monotonic() + _STARTS_WITHIN_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                self.close()
                raise OSError(errno.ETIMEDOUT, "the server did not start")
            time.sleep(0.01)

    def close(self) -> None:
        """End it; a query that is being answered is waited for a second."""
        self._server.should_exit = True
        self._thread.join(_GRACE_S + 2)
        self._socket.close()
        self._app.close()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()


class _Worker:
    """Calls a learner's functions one after another, in one thread that no exit waits for."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Future:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="search", daemon=True)
            self._thread.start()
        future: Future = Future()
        self._asked.put((future, function, arguments))
        return future

    def end(self) -> None:
        """Let the thread end once the call that it is in has returned."""
        self._asked.put(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            future, function, arguments = asked
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(*arguments))
                except BaseException as error:
                    future.set_exception(error)


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOCAL[0], port))
        listening.listen(64)
    except BaseException:
        listening.close()
        raise
    return listening


def _host(value: str) -> str:
    """The name in a Host header, without its port."""
    name, _, port = value.rpartition(":")
    return (name if name and port.isdigit() else value).casefold()


def _json(value: Any) -> Any:
    from starlette.responses import Response

    # ASCII, so that half a character in a title is no error.
    return Response(json.dumps(value, allow_nan=False), media_type="application/json")
