"""An IPython shell without a terminal, so that trusted cells find `display` and `get_ipython`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def shell(namespace: dict) -> Iterator[Any]:
    """A shell on `namespace` inside the block; what is displayed is in `display_pub.outputs`.

    It starts no thread: history is off.
    """
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    HistoryManager.enabled = False  # type: ignore[assignment] # a trait, which takes a bool
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(user_ns=namespace)
    made.display_pub = CapturingDisplayPublisher(parent=made)
    try:
        yield made
    finally:
        InteractiveShell.clear_instance()
        HistoryManager.enabled = True  # type: ignore[assignment] # as above
