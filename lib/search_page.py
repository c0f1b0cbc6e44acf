"""A search page of one's own: a query typed into a browser, answered by a function of the notebook.

    page = serve(search, corpus.passages, corpus.titles, places=corpus_map(vectors))
    page

`search(query, k)` returns the k best passages as (row, score), best first. The page shows ten, with the
words that matched, where they are on the map of the corpus, and how long the search took. It is
served on this machine alone and ends with the kernel.
"""

from __future__ import annotations

import atexit
import html
import os
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lib._search_answers import Answers, Search
from lib._search_server import LOCAL, Server, make_app

if TYPE_CHECKING:
    from torch import Tensor

    from lib.corpus_map import CorpusMap

__all__ = ["Page", "serve"]


def serve(
    search: Search,
    passages: Iterable[str],
    titles: Iterable[str] | None = None,
    why: Callable[[str, int], Iterable[Any]] | None = None,
    places: CorpusMap | Tensor | None = None,
    title: str = "Search",
    *,
    examples: Iterable[str] = (),
    port: int = 0,
    address: str | None = None,
) -> Page:
    """Serve a page that searches `passages` by `search(query, k)`, and return it.

    search: returns a list of (row, score), best first, or of rows alone; what it raises is shown on the
    page, which goes on. passages: n texts; titles: one a passage, by default its first words.
    why: (query, row) -> list of (word of the query, word of the passage, weight or None), by default
    `matched_words.shared_words`; `closest_words` is another. places: of `corpus_map`, or (n, 2).
    title: of the page; serving again under the same title ends the earlier page and keeps its address,
    so that a browser that has it open goes on with the new search. examples: queries to choose from.
    port: by default a free one. address: where browsers reach this machine's ports, if not on
    127.0.0.1, such as "https://hub.example.org/user/ann/proxy"; "{port}" in it is replaced.

    Where no port is to be had, what to do is printed, and the page that is returned has no address.
    Raises TypeError and ValueError for arguments that do not fit.
    """
    answers = Answers(search, passages, titles, why, places, title, examples)
    if not 0 <= port <= 65_535:
        raise ValueError(f"serve: port is {port}; expected 0, for any free one, to 65535")
    _require_address(address)
    page = Page(answers, address)
    earlier = _pages.get(title)
    page._open(port, earlier)
    _pages[title] = page
    return page


class Page:
    """A search page that is served. Shown in a notebook, it is a link.

    url: its address, with a secret, so that nobody else on the machine can use it; "" once it is closed.
    """

    def __init__(self, answers: Answers, address: str | None = None) -> None:
        self._answers, self._address = answers, address
        self._secret = secrets.token_urlsafe(24)
        self._server: Server | None = None
        self._refused = ""

    @property
    def url(self) -> str:
        if self._server is None or not self._server.running:
            return ""
        port = self._server.port
        if self._address is None:
            return f"http://{LOCAL[0]}:{port}/{self._secret}/"
        base = self._address.rstrip("/")
        base = base.replace("{port}", str(port)) if "{port}" in base else f"{base}/{port}"
        return f"{base}/{self._secret}/"

    @property
    def milliseconds(self) -> list[float]:
        """How long each search took, of the last thousand queries."""
        return [*self._answers.times]

    def answer(self, query: str) -> dict[str, Any]:
        """What the page would show for a query: its "hits" and "milliseconds", or an "error"."""
        return self._answers.answer(query)

    def close(self) -> None:
        """End the server; once it has ended, this does nothing."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if not self.url:
            return self._refused or "The search page is closed; serve(...) opens it again."
        if os.environ.get(
            "COURSE_HEADLESS"
        ):  # the address is another one each time, and dead when it is read
            return "The search page was served here while the notebook ran."
        return f"Your search page: {self.url}\n{self._if_not_reached()}"

    def _repr_html_(self) -> str:
        if not self.url:
            return f"<p>{html.escape(repr(self))}</p>"
        if os.environ.get(
            "COURSE_HEADLESS"
        ):  # the address is another one each time, and dead when it is read
            return "<p>The search page was served here while the notebook ran.</p>"
        link = html.escape(self.url)
        return (
            f'<p><a href="{link}" target="_blank" rel="noopener noreferrer">Open your search page</a> '
            "(it ends with the kernel, or by <code>page.close()</code>)</p>"
            "<details><summary>If the browser does not reach it</summary>"
            f"<p>{html.escape(self._if_not_reached())}</p></details>"
        )

    def _open(self, port: int, earlier: Page | None) -> None:
        """Listen, at the address of an earlier page where there is one."""
        tried = port
        if earlier is not None and earlier._server is not None and earlier._server.running:
            if port in (0, earlier._server.port):
                self._secret, tried = earlier._secret, earlier._server.port
            earlier.close()
        hosts = [] if self._address is None else [urlsplit(self._address).hostname or ""]
        app = make_app(self._answers, self._secret, hosts)
        try:
            try:
                self._server = Server(app, tried)
            except OSError:
                if tried == port:
                    raise
                self._server = Server(app, port)
        except OSError as error:
            wanted = f"port {port}" if port else "a port"
            instead = "leave out port=, for a free one" if port else "run the notebook where it may"
            self._refused = (
                f"The search page is not served: this process was refused {wanted} on {LOCAL[0]} "
                f"({error.strerror or error}). To see it, {instead}; page.answer(query) works without."
            )
            print(self._refused)

    def _if_not_reached(self) -> str:
        """What to do where the browser is on another machine than the kernel."""
        server = self._server
        if server is None or self._address is not None:
            return "If the browser does not reach it, see that address= is where this machine's ports are."
        port, prefix = server.port, os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
        if prefix is not None:
            return (
                f"This kernel runs on a JupyterHub. Where jupyter-server-proxy is installed, serve again "
                f'with address="https://YOUR-HUB{prefix}proxy", YOUR-HUB being the name in your '
                "browser's address line."
            )
        return (
            "If the browser says that the connection was refused, the kernel runs on another machine: "
            f"on yours, type  ssh -N -L {port}:{LOCAL[0]}:{port} YOU@THAT-MACHINE  in a terminal, leave it "
            "open, and open the same address. On a JupyterHub, serve again with address=."
        )


def _require_address(address: str | None) -> None:
    if address is None:
        return
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"serve: address is {address!r}; expected where a browser reaches this machine's ports, such "
            'as "https://hub.example.org/user/ann/proxy"'
        )


_pages: dict[str, Page] = {}  # by title


@atexit.register
def _close_all() -> None:
    for page in _pages.values():
        page.close()
