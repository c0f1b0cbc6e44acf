"""What a learner's function prints, collected on every way it may take.

In nbgrader anything on stderr costs a cell its points, and in JupyterLab it floods the notebook. It
comes on four ways: `sys.stderr`, warnings, log handlers that hold the stream since they were made,
and file descriptor 2, on which C libraries and `os.write` write and which a Jupyter kernel reads.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import IO, Any

MOST_BYTES = 100_000


@contextlib.contextmanager
def captured() -> Iterator[io.StringIO]:
    """Collect what is printed, warned, logged or written to file descriptor 2 inside the block.

    Yields the text, complete when the block has ended. Every warning is let through to it, once.
    """
    said = io.StringIO()
    with (
        _log_handlers(said),
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(said),
        _descriptor(2, said),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always")
        _show_once()
        yield said


def _show_once() -> None:
    """Show no warning twice, until `catch_warnings` takes it back.

    A function is called on many cases, and may give the same warning on each and from several lines.
    """
    show, seen = warnings.showwarning, set()

    def once(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if (category, str(message)) not in seen:
            seen.add((category, str(message)))
            show(message, category, *where, **more)

    warnings.showwarning = once


@contextlib.contextmanager
def _log_handlers(said: io.StringIO) -> Iterator[None]:
    held = _handlers_on(sys.stderr, sys.stdout)
    for handler in held:
        handler.setStream(said)
    try:
        yield
    finally:
        # The first `logging.warning` makes a handler for what was sys.stderr inside the block.
        for handler in _handlers_on(said):
            handler.setStream(held.get(handler, sys.stderr))


def _handlers_on(*streams: IO) -> dict[logging.StreamHandler, IO]:
    """Every log handler that holds one of the streams, with that stream."""
    return {
        handler: handler.stream
        for logger in [logging.root, *logging.root.manager.loggerDict.values()]
        for handler in getattr(logger, "handlers", ())
        # A handler whose stream is computed follows sys.stderr by itself.
        if any(vars(handler).get("stream") is stream for stream in streams)
    }


@contextlib.contextmanager
def _descriptor(number: int, said: io.StringIO) -> Iterator[None]:
    try:
        kept = os.dup(number)
    except OSError:  # a program without a stderr has nothing to collect
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), number)
        try:
            yield
        finally:
            os.dup2(kept, number)
            os.close(kept)
            file.seek(0)
            said.write(file.read(MOST_BYTES).decode("utf-8", "replace"))
