"""What a learner's function prints, collected on every way it may take.

In nbgrader anything on stderr costs a cell its points, and in JupyterLab it floods the notebook. It
comes on four ways: `sys.stderr`, warnings, log handlers that hold the stream since they were made,
and file descriptor 2, on which C libraries and `os.write` write and which a Jupyter kernel reads.
Warnings are kept apart from the rest: they are Python's, and no mistake by themselves.
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
from pathlib import Path
from typing import IO

from lib import checks

MOST_BYTES = 100_000
_CHECKS = Path(checks.__file__).parent


class Said(io.StringIO):
    """What was printed; `warned` holds the warnings, each once, by kind and words."""

    def __init__(self) -> None:
        super().__init__()
        self.warned: list[str] = []

    def warn(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: IO | None = None,
        line: str | None = None,
    ) -> None:
        """Keep a warning; Python calls it in place of `warnings.showwarning`."""
        if Path(filename).is_relative_to(_CHECKS):
            return  # about a line of ours, which whoever learns cannot mend
        text = f"{category.__name__}: {message}"
        if text not in self.warned:
            self.warned.append(text)


@contextlib.contextmanager
def captured() -> Iterator[Said]:
    """Collect what is printed, warned, logged or written to file descriptor 2 inside the block.

    Yields the text, complete when the block has ended. Every warning is let through to it, once.
    """
    said = Said()
    with (
        _log_handlers(said),
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(said),
        _descriptor(2, said),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always")
        warnings.showwarning = said.warn  # catch_warnings gives back what was there
        yield said


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
