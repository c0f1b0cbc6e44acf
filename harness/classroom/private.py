"""Files that only the teacher can read, those included that nbgrader writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def private() -> Iterator[None]:
    """What is written inside is for its user alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
