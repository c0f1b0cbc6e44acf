"""Little figures as SVG inside a page: bars, a histogram, a heat map; each says in words what it shows.

Colours come from the page's own variables, so that both themes have them; every value stands beside its
mark as text, so that no colour is needed to read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from harness.reports.sanitize import line

STYLE = """
figure { margin: 1rem 0; overflow-x: auto; max-width: 44rem; } figcaption { color: var(--soft); }
svg { display: block; } svg.fixed { max-width: 100%; min-width: 34rem; height: auto; }
svg text { fill: var(--text); font: 13px system-ui, sans-serif; } svg .small { font-size: 11px; }
svg .bar { fill: var(--fill); } svg .track { fill: var(--box); } svg .axis { stroke: var(--line); }
svg .cell { fill: var(--fill); } svg .frame { fill: none; stroke: var(--line); }
"""
WIDTH = 700  # of a figure that keeps its form; the others are as wide as the page
_ROW, _BAR_ROW = 24, 32
_CHARACTER, _SMALL = 8, 7  # as wide as one is at most, of the usual and of the small text
_STRONGEST = 0.45  # opacity: text on a cell stays readable in both themes


def bars(rows: Sequence[tuple[str, float | None, str]], title: str, alt: str) -> str:
    """Horizontal bars of shares, each under its label and as wide as the page, so that none is cut.

    Args:
        rows: (label, share from 0 to 1 or None, what stands at the end of the line).
        alt: says in words what the figure shows.
    """
    parts = []
    for at, (label, share, said) in enumerate(rows):
        y = at * _BAR_ROW
        long = 100 * min(max(share or 0.0, 0.0), 1.0)
        parts.append(
            f'<text x="0" y="{y + 14}">{_label(label, 260)}</text>'
            f'<text x="100%" y="{y + 14}" text-anchor="end">{_label(said, 122)}</text>'
            f'<rect class="track" x="0" y="{y + 19}" width="100%" height="7"></rect>'
            f'<rect class="bar" x="0" y="{y + 19}" width="{long:.2f}%" height="7"></rect>'
        )
    return _fluid(parts, len(rows) * _BAR_ROW, title, alt)


def histogram(counts: Sequence[int], edges: Sequence[str], title: str, alt: str) -> str:
    """Columns of counts, one a bin, as wide as the page; under them the edges of the bins, one more."""
    high, wide = 150, 100 / max(1, len(counts))
    most = max([*counts, 1])
    base = high + 20
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{base}" y2="{base}"></line>']
    for at, count in enumerate(counts):
        tall = high * count / most
        parts.append(
            f'<rect class="bar" x="{(at + 0.06) * wide:.2f}%" y="{base - tall:.1f}" '
            f'width="{0.88 * wide:.2f}%" height="{tall:.1f}"></rect>'
            f'<text x="{(at + 0.5) * wide:.2f}%" y="{base - 6 - tall:.1f}" text-anchor="middle">{count}'
            "</text>"
        )
    for at, edge in enumerate(edges):
        side = "start" if at == 0 else "end" if at == len(counts) else "middle"
        parts.append(
            f'<text class="small" x="{at * wide:.2f}%" y="{base + 16}" text-anchor="{side}">'
            f"{_label(edge, 40, _SMALL)}</text>"
        )
    return _fluid(parts, base + 22, title, alt)


def heat_map(
    rows: Sequence[tuple[str, Sequence[int]]], columns: Sequence[str], title: str, alt: str
) -> str:
    """Counts by row and column: the darker, the larger the share of its row; the number stands in it."""
    left, wide = 196, (WIDTH - 200) / max(1, len(columns))
    parts = []
    for at, name in enumerate(columns):
        x = left + at * wide + wide / 2
        words = name.split()
        for turn, word in enumerate(words):
            y = 14 + 15 * turn
            parts.append(
                f'<text class="small" x="{x:.1f}" y="{y}" text-anchor="middle">{_label(word, wide, _SMALL)}</text>'
            )
    top = 20 + 15 * max((len(name.split()) for name in columns), default=0)
    for at, (label, counts) in enumerate(rows):
        y, total = top + at * _ROW, sum(counts) or 1
        parts.append(f'<text x="0" y="{y + 16}">{_label(label, left)}</text>')
        for column, count in enumerate(counts):
            x, dark = left + column * wide, _STRONGEST * count / total
            parts.append(
                f'<rect class="cell" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{_ROW}" '
                f'fill-opacity="{dark:.3f}"></rect>'
                f'<rect class="frame" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{_ROW}"></rect>'
            )
            if count:
                parts.append(
                    f'<text x="{x + wide / 2:.1f}" y="{y + 16}" text-anchor="middle">{count}</text>'
                )
    return _fixed(parts, top + len(rows) * _ROW + 4, title, alt)


def _fixed(parts: Sequence[str], height: float, title: str, alt: str) -> str:
    """A figure that keeps its form: a narrow page scrolls it."""
    size = f'class="fixed" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
    return _figure(size, parts, title, alt)


def _fluid(parts: Sequence[str], height: float, title: str, alt: str) -> str:
    """A figure whose places are shares of the page's width."""
    return _figure(f'width="100%" height="{height:.0f}"', parts, title, alt)


def _figure(size: str, parts: Sequence[str], title: str, alt: str) -> str:
    return (
        f'<figure tabindex="0"><svg role="img" aria-label="{escape(line(alt, 2000))}" {size}>'
        f"{''.join(parts)}</svg><figcaption>{escape(line(title))}</figcaption></figure>"
    )


def _label(text: str, room: float, character: int = _CHARACTER) -> str:
    """Text for a place of so many units, cut if it is longer."""
    most = max(3, int(room / character))
    text = line(text)
    return escape(text if len(text) <= most else f"{text[: most - 1]}…")
