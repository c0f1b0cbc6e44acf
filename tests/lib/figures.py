"""What every figure and diagram has to be for its reader, asked by the tests of each kind."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Tick
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lib._plot_colours import contrast
from lib._plot_rules import require_house_rules, words_of


def written(fig: Figure) -> str:
    """All words of a figure, line breaks undone."""
    return " ".join(" ".join(text.get_text().split()) for text in words_of(fig))


def boxes(fig: Figure) -> list[tuple[Text, Bbox]]:
    """Every text that is seen with the place of its words: an annotation's own takes in its line."""
    fig.draw_without_rendering()
    renderer = fig.canvas.get_renderer()  # type: ignore[attr-defined] # agg's canvas
    hidden = {tick.label1 for ax in fig.findobj(Axes) for tick in _out_of_sight(ax)}
    seen = [text for text in words_of(fig) if text not in hidden]
    return [(text, Text.get_window_extent(text, renderer)) for text in seen]


def _out_of_sight(ax: Axes) -> list[Tick]:
    """Ticks that matplotlib makes past an axis' ends, and does not draw."""
    if not ax.axison:
        return [*ax.xaxis.get_major_ticks(), *ax.yaxis.get_major_ticks()]
    ends = ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim())))
    return [
        tick
        for axis, (low, high) in ends
        for tick in axis.get_major_ticks()
        if not low <= tick.get_loc() <= high
    ]


def require_readable(fig: Figure) -> None:
    """Assert the house rules, and that no words lie on others or run off the paper."""
    require_house_rules(fig)
    found = boxes(fig)
    for (first, a), (second, b) in combinations(found, 2):
        apart = not a.padded(-1).overlaps(b.padded(-1)) or _side_by_side(first, second, fig)
        assert apart, f"{first.get_text()!r} lies on {second.get_text()!r}"
    for text, box in found:
        kept = Bbox.intersection(box, fig.bbox)
        cut = box.height * box.width - (kept.height * kept.width if kept else 0)
        assert cut < 0.02 * box.height * box.width, f"{text.get_text()!r} runs off the paper"


def _side_by_side(first: Text, second: Text, fig: Figure) -> bool:
    """Whether two slanted texts, whose upright boxes overlap, run along each other."""
    if first.get_rotation() != second.get_rotation() or not first.get_rotation() % 90:
        return False
    slope = np.radians(first.get_rotation())
    ends = [text.get_transform().transform(text.get_position()) for text in (first, second)]
    across, up = ends[1] - ends[0]
    apart = abs(up * np.cos(slope) - across * np.sin(slope))
    return bool(apart >= first.get_fontsize() * fig.dpi / 72)


def require_contrast(fig: Figure, background: str = "white") -> None:
    """Assert that every word has the contrast that small text needs."""
    for text in words_of(fig):
        ratio = contrast(to_rgb(text.get_color()), to_rgb(background))
        assert ratio >= 4.5, f"{text.get_text()!r} has a contrast of {ratio:.1f}"
