"""Little figures as SVG inside a page: bars, a histogram, a heat map; each says in words what it shows.

Colours come from the page's own variables, so that both themes have them; every value stands beside its
mark as text, so that no colour is needed to read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from harness.reports.sanitize import line

STYLE = """
figure { margin: 1rem 0; overflow-x: auto; } figcaption { color: var(--soft); }
svg { max-width: 100%; min-width: 34rem; height: auto; } svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
svg .bar { fill: var(--fill); } svg .thin { fill: none; stroke: var(--fill); stroke-width: 2; }
svg .track { fill: var(--box); } svg .axis { stroke: var(--line); }
svg .cell { fill: var(--fill); } svg .frame { fill: none; stroke: var(--line); }
"""
WIDTH = 700
_LABEL, _ROW, _CHARACTER = 280, 24, 7
_STRONGEST = 0.45  # opacity: text on a cell stays readable in both themes


def bars(rows: Sequence[tuple[str, float | None, str]], title: str, alt: str) -> str:
    """Horizontal bars of shares.

    Args:
        rows: (label, share from 0 to 1 or None, what stands behind the bar).
        alt: says in words what the figure shows.
    """
    room = WIDTH - _LABEL - 130
    parts = []
    for at, (label, share, said) in enumerate(rows):
        y = at * _ROW
        long = room * min(max(share or 0.0, 0.0), 1.0)
        parts.append(
            f'<text x="0" y="{y + 16}">{_label(label, _LABEL)}</text>'
            f'<rect class="track" x="{_LABEL}" y="{y + 4}" width="{room}" height="16"></rect>'
            f'<rect class="bar" x="{_LABEL}" y="{y + 4}" width="{long:.1f}" height="16"></rect>'
            f'<text x="{_LABEL + room + 8}" y="{y + 16}">{_label(said, 122)}</text>'
        )
    return _figure(parts, len(rows) * _ROW + 4, title, alt)


def histogram(counts: Sequence[int], labels: Sequence[str], title: str, alt: str) -> str:
    """Columns of counts, one a bin."""
    high, wide = 150, WIDTH / max(1, len(counts))
    most = max([*counts, 1])
    parts = [f'<line class="axis" x1="0" x2="{WIDTH}" y1="{high + 20}" y2="{high + 20}"></line>']
    for at, (count, label) in enumerate(zip(counts, labels, strict=True)):
        tall, middle = high * count / most, (at + 0.5) * wide
        parts.append(
            f'<rect class="bar" x="{at * wide + 4:.1f}" y="{high + 20 - tall:.1f}" '
            f'width="{wide - 8:.1f}" height="{tall:.1f}"></rect>'
            f'<text x="{middle:.1f}" y="{high + 14 - tall:.1f}" text-anchor="middle">{count}</text>'
            f'<text x="{middle:.1f}" y="{high + 38}" text-anchor="middle">{_label(label, wide)}</text>'
        )
    return _figure(parts, high + 46, title, alt)


def heat_map(
    rows: Sequence[tuple[str, Sequence[int]]], columns: Sequence[str], title: str, alt: str
) -> str:
    """Counts by row and column: the darker, the larger the share of its row; the number stands in it."""
    left, wide = 250, (WIDTH - 250) / max(1, len(columns))
    parts = []
    for at, name in enumerate(columns):
        x = left + at * wide + wide / 2
        words = name.split()
        for turn, word in enumerate(words):
            y = 14 + 15 * turn
            parts.append(
                f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{_label(word, wide)}</text>'
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
    return _figure(parts, top + len(rows) * _ROW + 4, title, alt)


def _figure(parts: Sequence[str], height: float, title: str, alt: str) -> str:
    return (
        f'<figure tabindex="0"><svg role="img" aria-label="{escape(line(alt, 2000))}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}">{"".join(parts)}</svg>'
        f"<figcaption>{escape(line(title))}</figcaption></figure>"
    )


def _label(text: str, room: float) -> str:
    """Text for a place of so many units, cut if it is longer."""
    most = max(3, int(room / _CHARACTER))
    text = line(text)
    return escape(text if len(text) <= most else f"{text[: most - 1]}…")
