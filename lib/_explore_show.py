"""Showing what is explored: the figure, controls that drive it, a still picture, a text."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from matplotlib.figure import Figure as StillPicture

from lib._plot_show import SHORTEST_ALT, _small_png
from lib._ranked_list import RankedList

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LARGEST = 150_000  # bytes of a figure's JSON
MIME = "application/vnd.plotly.v1+json"
KEY = "explore"  # in layout.meta, where plotly keeps what it does not draw
CONFIG = {"responsive": True, "displayModeBar": False, "scrollZoom": False}


@dataclass(frozen=True)
class Control:
    """What a reader sets: a list to choose from, or a slider over ordered options.

    options: labels, or a list of labels for each option of the control before.
    """

    label: str
    options: Sequence[str] | Sequence[Sequence[str]]
    slides: bool = False
    start: int = 0


@dataclass(frozen=True)
class Reading:
    """What a state shows, in words: a sentence that is read aloud, and a table."""

    sentence: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def with_controls(
    figure: Figure, controls: Sequence[Control], readings: Mapping[str, Reading], *, joint: bool
) -> Figure:
    """Write into the figure how it is driven, for `lib/browser/controls.js`.

    joint: whether a frame belongs to the options of all controls, "2.5" to the third of the first
    and the sixth of the second; otherwise each control has frames of its own, and "2.5" is the sixth
    option of the third control.
    """
    figure.update_layout(
        meta={
            KEY: {
                "joint": joint,
                "controls": [asdict(control) for control in controls],
                "readings": {name: asdict(reading) for name, reading in readings.items()},
            }
        }
    )
    return figure


def require_small(name: str, figure: Figure) -> Figure:
    """Return the figure; raise ValueError if its JSON is over `LARGEST` bytes."""
    size = len(figure.to_json().encode())
    if size > LARGEST:
        raise ValueError(
            f"{name}: the figure has {size / 1000:.0f} kB; expected {LARGEST / 1000:.0f} kB or "
            "less, for it lies in every copy of the notebook: give it fewer states"
        )
    return figure


def explore(figure: Figure | RankedList, alt: str, still: StillPicture | None = None) -> None:
    """Display controls, below them what they drive, what it says, and folded a still picture.

    figure: of `max_sim_map`, `recall_speed` or `ranked_list`; alt: at least 20 characters: what is
    shown and what it says, for who cannot see or move it; still: a figure of `lib.plots` with one of
    the states; only a ranked list, which is text, may be without one. Outside a notebook it prints
    `alt`. Raises ValueError for a shorter alt, or a plotly figure without a still picture.

    A plotly figure is an output of its own, in plotly's MIME type: JupyterLab draws it by the
    extension that comes with plotly, `course run` writes it into the page. Its controls are the
    output before it, so that they are in sight with what they change, however high the figure is;
    their script drives the figure that follows, and fills the output after that. JupyterLab runs
    scripts of notebooks that it trusts only; in another one there are the first state, the still
    picture and the text.
    """
    if len(alt.strip()) < SHORTEST_ALT:
        raise ValueError(
            f"explore: alt is {alt!r}, {len(alt.strip())} characters; expected {SHORTEST_ALT} or "
            "more: say what is shown and what it says"
        )
    folded = "" if still is None else _folded(still, alt)
    from IPython.display import display

    if isinstance(figure, RankedList):
        display({"text/html": figure.html + folded, "text/plain": alt}, raw=True)
        return
    if still is None:
        raise ValueError(
            "explore: a plotly figure came without a still picture; give it still=a figure of "
            "lib.plots, for who cannot use the other"
        )
    bundle = json.loads(figure.to_json()) | {"config": CONFIG}
    display({"text/html": controls_html(alt), "text/plain": ""}, raw=True)
    display({MIME: bundle, "text/plain": alt}, raw=True)
    display({"text/html": reading_html(folded), "text/plain": ""}, raw=True)


def controls_html(alt: str) -> str:
    """The place of the controls, filled by a script that finds the figure after it.

    Nothing in it has an id: the same figure may be shown twice on a page.
    """
    return (
        f'<div class="explorable" data-alt="{html.escape(alt)}">'
        f"<style>{part('controls.css')}</style>"
        f'<div class="explorable-controls"></div><script>{part("controls.js")}</script></div>'
    )


def reading_html(folded: str) -> str:
    """The place of a state's sentence and table, filled by the same script, and the still picture."""
    return (
        '<div class="explorable-reading"><p role="status"></p>'
        f'<div class="explorable-table"></div>{folded}</div>'
    )


def _folded(still: StillPicture, alt: str) -> str:
    encoded = base64.b64encode(_small_png(still)).decode("ascii")
    return (
        '<details><summary data-lm-suppress-shortcuts="true">As a still picture</summary>'
        f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(alt)}" '
        'style="max-width: 100%; background: #fff"></details>'
    )


@cache
def part(name: str) -> str:
    """The text of a file of `lib/browser/`."""
    return files("lib").joinpath("browser", name).read_text(encoding="utf-8").strip()
