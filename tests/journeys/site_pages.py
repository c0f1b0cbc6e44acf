"""The course's site as a reader has it: two lessons, built once, served on 127.0.0.1 by http.server."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

from course_site import build

LESSONS = ["02", "06"]


def built(root: Path, top: Path) -> Path:
    """The folder of the site's pages, with a search by meaning that knows their words and no others."""
    places = build.Places(root, top)
    build.prepare(places, LESSONS, run=root / "none")
    build.render(places)
    build.index(places, within="lessons/", whole=False)
    return places.html


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Python's own server for a folder; yields its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
