"""Showing a figure in a notebook, with its text alternative."""

from __future__ import annotations

import base64
import html
import io
import sys

from matplotlib.figure import Figure

from lib._plot_rules import PAGE_DPI, require_house_rules

SHORTEST_ALT = 20


def show(fig: Figure, alt: str) -> None:
    """Display `fig` as a PNG whose output carries `alt`, the figure in words.

    alt: at least 20 characters: what is plotted and what it shows, for who cannot see it.
    Raises ValueError for a shorter one, and for a figure that breaks a house rule: see
    `require_house_rules`. Outside a notebook it prints `alt`.

    The alt text is given three times, because no one place serves all readers. JupyterLab 4.6 and
    the default page of nbconvert 7.17 ignore `metadata["image/png"]["alt"]`, but both prefer
    text/html to image/png and keep the <img alt> in it, in a notebook that is not trusted, too;
    nbconvert's "classic" page reads the metadata; a terminal prints text/plain. So that two copies
    of the image weigh little, it is stored with a palette of 256 colours: 15 to 40 kB.
    """
    if len(alt.strip()) < SHORTEST_ALT:
        raise ValueError(
            f"show: alt is {alt!r}, {len(alt.strip())} characters; expected {SHORTEST_ALT} or "
            "more: say what is plotted and what it shows"
        )
    require_house_rules(fig)
    from IPython.display import display

    encoded = base64.b64encode(_small_png(fig)).decode("ascii")
    image = (
        f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(alt)}" '
        f'style="width: {fig.get_figwidth() * PAGE_DPI:.0f}px; max-width: 100%; background: #fff">'
    )
    display(
        {"image/png": encoded, "text/html": image, "text/plain": alt},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:  # a figure of the caller's own, made with pyplot, would be shown twice
        pyplot.close(fig)


def _small_png(fig: Figure) -> bytes:
    """The figure as a PNG of 256 colours."""
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    fig.savefig(full, format="png", dpi=fig.dpi, facecolor="white")
    with Image.open(full) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            small, format="png", optimize=True
        )
    return small.getvalue()
