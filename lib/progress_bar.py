"""Progress bars that leave nothing half done behind, wherever they are drawn.

A bar appears on standard output once something has taken two seconds, and is gone when it is done.
In a notebook it is one output of its cell, rewritten in place: a saved or exported notebook keeps
its last state, so that state is either nothing or, if the work broke off, the words that say so.
(A widget, as of `tqdm.auto`, would be saved as the text of its first moment, "50%", for good.)
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from tqdm.std import tqdm as _Tqdm

Item = TypeVar("Item")

DELAY = 2.0  # seconds before a bar is worth drawing
RUNNING = {"progress_bar": {"state": "running"}}  # of an output; a dead kernel leaves it behind
_WIDTH = 76  # characters


def bar(
    total: int, doing: str, unit: str, *, shown: bool = True, delay: float | None = None
) -> _Tqdm:
    """A progress bar of `total` steps, for a `with` block: `update(n)`, `set_postfix(loss=...)`.

    doing: what takes the time ("Training"); unit: of one step, singular; shown: False draws
    nothing; delay: seconds before it appears, `DELAY` if None.
    """
    settings: dict[str, Any] = {
        "total": total,
        "desc": doing,
        "unit": unit,
        "unit_scale": total >= 100_000,
        "file": sys.stdout,  # nbgrader takes points for stderr
        "disable": not shown,
        "delay": DELAY if delay is None else delay,
        "leave": False,
    }
    if _is_cell(sys.stdout):
        return _CellBar(ncols=_WIDTH, **settings)
    if _kernel_shell() is not None:  # output is being captured: a widget would escape that
        settings["disable"] = True
    from tqdm.auto import tqdm

    return tqdm(**settings)


def track(
    items: Collection[Item], doing: str, unit: str = "step", *, shown: bool = True
) -> Iterator[Item]:
    """Yield the items and draw how many are done; see `bar`."""
    with bar(len(items), doing, unit, shown=shown) as drawn:
        for item in items:
            yield item
            drawn.update()


class _CellBar(_Tqdm):
    """A bar in an output of a notebook's cell, by Jupyter's `update_display_data`."""

    def __init__(self, **settings: Any) -> None:
        self._output: Any = None
        self._done = False
        self._steps = settings["total"]
        super().__init__(**settings)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._done = kind is None
        super().__exit__(kind, error, trace)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        self._write(str(self) if msg is None else msg, RUNNING)

    def close(self) -> None:
        if getattr(self, "disable", True):  # closed already, or never made
            return
        self.disable = True
        type(self)._decr_instances(self)  # type: ignore[attr-defined] # tqdm's own list of bars
        if self._output is None:
            return
        done = self._done or self.n >= self._steps
        self._write("" if done else self._stopped(), {})
        with contextlib.suppress(ValueError):
            _kernel_shell().events.unregister("post_run_cell", self._end_with_cell)

    def _stopped(self) -> str:
        units = self.unit + ("es" if self.unit.endswith(("ch", "sh", "s", "x")) else "s")
        return (
            f"{self.desc.removesuffix(': ')}: stopped after {self.n:,} of {self._steps:,} {units} "
            f"({self.n / self._steps:.0%}), {self.format_interval(self.format_dict['elapsed'])}"
        )

    def _write(self, text: str, metadata: dict) -> None:
        from IPython.display import display

        data = {"text/plain": text}
        if self._output is not None:
            self._output.update(data, raw=True, metadata=metadata)
            return
        self._output = display(data, raw=True, metadata=metadata, display_id=True)
        # An exception keeps the frame of a loop alive, and with it a bar that nobody closes.
        _kernel_shell().events.register("post_run_cell", self._end_with_cell)

    def _end_with_cell(self, *_: Any) -> None:
        self.close()


def _is_cell(stream: Any) -> bool:
    """Whether what is written to `stream` goes below a notebook's cell."""
    return type(stream).__module__.startswith("ipykernel.") and _kernel_shell() is not None


def _kernel_shell() -> Any:
    """IPython's shell in a Jupyter kernel, else None."""
    if "ipykernel" not in sys.modules:
        return None
    from IPython import get_ipython

    shell = get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None
