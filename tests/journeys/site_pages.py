"""The course's site as a reader has it: built once, served on 127.0.0.1 by http.server."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

from course_site import build

LESSONS = ["02", "06"]
# Milliseconds from the start of a page to the first text or picture of it, in the browser.
PAINT = """
() => new Promise(done => {
  const read = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  const wait = () => read() === undefined ? setTimeout(wait, 20) : done(read());
  wait();
})
"""


def built(root: Path, top: Path) -> Path:
    """The folder of a site of two lessons, with a search by meaning that knows their words and no others."""
    places = _rendered(root, top, LESSONS)
    build.index(places, within="lessons/", whole=False)
    return places.html


def whole(root: Path, top: Path) -> Path:
    """The folder of the site with all lessons, without the search by meaning, which takes minutes."""
    return _rendered(root, top, None).html


def _rendered(root: Path, top: Path, lessons: list[str] | None) -> build.Places:
    places = build.Places(root, top)
    build.prepare(places, lessons, run=root / "none")
    build.render(places)
    return places


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
