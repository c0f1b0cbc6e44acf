"""A layered drawing of boxes and arrows as SVG, the same bytes each time.

The method is that of Sugiyama, Tagawa and Toda (1981, "Methods for visual understanding of hierarchical
system structures"): each box stands in the row above all that it points to; an arrow over several rows
gets a place of its own in each of them, so that it never runs behind a box; the order in a row is the
one with few crossings. Arrows to one box run together in one line, whose thickness says how many there
are: whoever follows a line downwards comes to one box alone.
"""

from __future__ import annotations

import itertools
import math
import textwrap
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, MARGIN, GAP, ROW_GAP = 900.0, 16.0, 22.0, 54.0
LANE = 12.0  # the width of an arrow's place in a row
LETTER, LINE, PAD, HEAD = 6.65, 15.0, 10.0, 24.0  # of the small print, in pixels
NARROW, WIDE, MANY = 152.0, 292.0, 14
SWEEPS, PASSES = 24, 80
TIP = 8.0  # the length of an arrow's head


@dataclass(frozen=True)
class Box:
    """A box: `title` above the small print of `names`; `kind` chooses its colour."""

    name: str
    title: str
    names: Sequence[str]
    kind: str

    @property
    def width(self) -> float:
        wide = WIDE if len(self.names) > MANY else NARROW
        return max(wide, 8.6 * len(self.title) + 2 * PAD)

    @property
    def lines(self) -> list[str]:
        letters = int((self.width - 2 * PAD) / LETTER)
        return textwrap.wrap(", ".join(self.names), letters, break_on_hyphens=False)

    @property
    def height(self) -> float:
        return HEAD + LINE * len(self.lines) + PAD


@dataclass(frozen=True)
class Arrow:
    """An arrow between two boxes. One that is `against` the rows is drawn dashed, upwards."""

    source: str
    target: str
    weight: int
    against: bool = False


@dataclass(frozen=True)
class _Node:
    """A box, or the place of an arrow in a row between two boxes."""

    row: int
    name: str
    box: Box | None = field(default=None, compare=False)

    @property
    def width(self) -> float:
        return self.box.width if self.box else LANE


@dataclass
class _Layout:
    """Rows from the bottom, each from left to right, and lines between neighbouring rows."""

    rows: list[list[_Node]]
    lines: dict[tuple[_Node, _Node], int]
    against: list[tuple[_Node, _Node]]
    kinds: dict[str, str]
    x: dict[_Node, float] = field(default_factory=dict)

    @property
    def width(self) -> float:
        """Of the whole drawing: as ever, unless a row needs more."""
        needed = (
            row[0].width / 2 + sum(_gaps(row)) + row[-1].width / 2 for row in self.rows if row
        )
        return max(WIDTH, math.ceil(max(needed, default=0.0) + 2 * MARGIN))


def draw(boxes: Sequence[Box], arrows: Sequence[Arrow], *, title: str, description: str) -> str:
    """The drawing as SVG, light or dark as its reader's system is.

    Args:
        arrows: without those that are `against` they make no circle.
    """
    layout = _ordered(_laid_out(boxes, arrows))
    _place(layout)
    return _svg(layout, title, description)


def layers(names: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """The row of each box, from the bottom: one above the highest that it points to."""
    below = defaultdict(list)
    for arrow in arrows:
        if not arrow.against:
            below[arrow.source].append(arrow.target)
    found: dict[str, int] = {}

    def layer(name: str) -> int:
        if name not in found:
            found[name] = max((layer(other) + 1 for other in below[name]), default=0)
        return found[name]

    return {name: layer(name) for name in names}


def _laid_out(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> _Layout:
    row = layers([box.name for box in boxes], arrows)
    nodes = {box.name: _Node(row[box.name], box.name, box) for box in boxes}
    lines: dict[tuple[_Node, _Node], int] = defaultdict(int)
    against = []
    for arrow in arrows:
        top, bottom = nodes[arrow.source], nodes[arrow.target]
        lane = arrow.target
        if arrow.against:
            top, bottom, lane = bottom, top, f"{arrow.source} against {arrow.target}"
        way = [top, *(_Node(at, lane) for at in range(top.row - 1, bottom.row, -1)), bottom]
        for pair in itertools.pairwise(way):
            if arrow.against:
                against.append(pair)
            else:
                lines[pair] += arrow.weight
    every = {*nodes.values(), *(node for pair in [*lines, *against] for node in pair)}
    rows: list[list[_Node]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for node in sorted(every, key=lambda n: (n.name, n.row)):
        rows[node.row].append(node)
    return _Layout(rows, dict(lines), against, {box.name: box.kind for box in boxes})


def _ordered(layout: _Layout) -> _Layout:
    """The rows in an order with few crossings: each node at the mean of its neighbours' places."""
    pairs = [*layout.lines, *layout.against]
    best, fewest = [list(row) for row in layout.rows], math.inf
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        order = range(len(layout.rows) - 2, -1, -1) if down else range(1, len(layout.rows))
        for at in order:
            _sort(layout.rows, at, at + 1 if down else at - 1, pairs)
        _exchange(layout.rows, pairs)
        count = sum(_crossings(layout.rows, at, pairs) for at in range(1, len(layout.rows)))
        if count < fewest:
            best, fewest = [list(row) for row in layout.rows], count
    layout.rows = best
    return layout


def _sort(rows: list[list[_Node]], at: int, fixed: int, pairs: Sequence[tuple]) -> None:
    share = {node: (i + 0.5) / len(rows[fixed]) for i, node in enumerate(rows[fixed])}
    means = {}
    for place, node in enumerate(rows[at]):
        others = [b if a == node else a for a, b in pairs if node in (a, b)]
        known = [share[other] for other in others if other in share]
        means[node] = sum(known) / len(known) if known else (place + 0.5) / len(rows[at])
    rows[at].sort(key=lambda node: means[node])


def _exchange(rows: list[list[_Node]], pairs: Sequence[tuple]) -> None:
    """Exchange neighbours as long as that saves crossings."""
    better = True
    while better:
        better = False
        for at, row in enumerate(rows):
            for i in range(len(row) - 1):
                beside = [k for k in (at, at + 1) if 0 < k < len(rows)]
                before = sum(_crossings(rows, k, pairs) for k in beside)
                row[i], row[i + 1] = row[i + 1], row[i]
                if sum(_crossings(rows, k, pairs) for k in beside) < before:
                    better = True
                else:
                    row[i], row[i + 1] = row[i + 1], row[i]


def _crossings(rows: list[list[_Node]], at: int, pairs: Sequence[tuple]) -> int:
    """How often lines from row `at` to the row below cross."""
    upper = {node: i for i, node in enumerate(rows[at])}
    lower = {node: i for i, node in enumerate(rows[at - 1])}
    ends = [(upper[a], lower[b]) for a, b in pairs if a in upper and b in lower]
    return sum((a - c) * (b - d) < 0 for i, (a, b) in enumerate(ends) for c, d in ends[:i])


def _place(layout: _Layout) -> None:
    """Where each node stands from left to right: near its neighbours, and none on another."""
    neighbours = defaultdict(list)
    for a, b in [*layout.lines, *layout.against]:
        # A long arrow is best straight.
        weight = 20.0 if not a.box and not b.box else 1.0
        neighbours[a].append((b, weight))
        neighbours[b].append((a, weight))
    for row in layout.rows:
        even = [layout.width * (i + 0.5) / len(row) for i in range(len(row))]
        layout.x |= _spread(row, even, layout.width)
    for turn in range(PASSES):
        for row in layout.rows if turn % 2 else layout.rows[::-1]:
            wanted = []
            for node in row:
                near = neighbours[node] or [(node, 1.0)]
                total = sum(weight for _, weight in near)
                wanted.append(sum(layout.x[other] * weight for other, weight in near) / total)
            layout.x |= _spread(row, wanted, layout.width)


def _spread(row: Sequence[_Node], wanted: Sequence[float], width: float) -> dict[_Node, float]:
    low = MARGIN + row[0].width / 2
    high = width - MARGIN - row[-1].width / 2
    return dict(zip(row, apart(wanted, _gaps(row), low, high)))


def _gaps(row: Sequence[_Node]) -> list[float]:
    """The least distances from each node of a row to the next."""
    return [
        (a.width + b.width) / 2 + (GAP if a.box or b.box else GAP / 3)
        for a, b in itertools.pairwise(row)
    ]


def apart(wanted: Sequence[float], gaps: Sequence[float], low: float, high: float) -> list[float]:
    """The places nearest to the wanted ones (least squares) that keep their order and the gaps.

    By pooling adjacent violators: places less the gaps before them must not fall.

    Args:
        gaps: the least distances between neighbours, one fewer than places.
        low, high: the least first and the greatest last place.
    """
    before = [0.0]
    for gap in gaps:
        before.append(before[-1] + gap)
    pools: list[tuple[float, int]] = []
    for place, offset in zip(wanted, before):
        mean, count = place - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    high -= before[-1]
    return [max(low, min(high, place)) + offset for place, offset in zip(flat, before)]


STYLE = """\
  .ground { fill: #ffffff } .line { fill: none; stroke: #7a8699 }
  .tip { fill: #7a8699 } .to-lib { stroke: #3b7fb8 } .to-harness { stroke: #b9812c }
  .tip-lib { fill: #3b7fb8 } .tip-harness { fill: #b9812c } .against { fill: none; stroke: #c2185b; stroke-dasharray: 6 4 }
  .against-tip { fill: #c2185b } .small { font: 11px ui-monospace, "DejaVu Sans Mono", monospace }
  .title { font: bold 14px system-ui, "DejaVu Sans", sans-serif }
  .note { font: 12px system-ui, "DejaVu Sans", sans-serif } text { fill: #1f2530 }
  .box { fill: #f3f4f7; stroke: #8d96a6 } .lib { fill: #e3f0fb; stroke: #3b7fb8 }
  .harness { fill: #fdf0dc; stroke: #b9812c } .lessons { fill: #e4f4e6; stroke: #3f8f4d }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #14181f } .line { stroke: #8793a8 } .tip { fill: #8793a8 }
    .to-lib { stroke: #5aa2dc } .to-harness { stroke: #d79f45 }
    .tip-lib { fill: #5aa2dc } .tip-harness { fill: #d79f45 }
    .against { stroke: #ff6f9f } .against-tip { fill: #ff6f9f } text { fill: #e6e9ef }
    .box { fill: #262b35; stroke: #778196 } .lib { fill: #16304a; stroke: #5aa2dc }
    .harness { fill: #402d10; stroke: #d79f45 } .lessons { fill: #16381d; stroke: #63b872 }
  }"""
NOTES = (
    "An arrow goes from a room to the one from which it imports; the thicker, the more imports.",
    "Arrows to one room run together: a line, followed downwards, ends at one room.",
)
WARNING = "Dashed arrows go upwards: there the imports run in a circle."


def _svg(layout: _Layout, title: str, description: str) -> str:
    tops, at = {}, MARGIN
    for number in range(len(layout.rows) - 1, -1, -1):
        tops[number] = at
        at += max((n.box.height for n in layout.rows[number] if n.box), default=0.0) + ROW_GAP
    notes = [*NOTES, *([WARNING] if layout.against else [])]
    at -= ROW_GAP - 30
    height = at + 18 * len(notes)
    parts = [_line(layout, pair, tops) for pair in _by_weight(layout)]
    parts += _tips(layout, tops)
    parts += _against(layout, tops)
    parts += [_box(node, layout.x[node], tops) for row in layout.rows for node in row if node.box]
    parts += [
        f'<text class="note" x="{MARGIN:.0f}" y="{at + 18 * i:.1f}">{escape(note)}</text>'
        for i, note in enumerate(notes)
    ]
    width = layout.width
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
            'aria-labelledby="title description">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f"<style>\n{STYLE}\n</style>",
            '<rect class="ground" width="100%" height="100%"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _by_weight(layout: _Layout) -> list[tuple[_Node, _Node]]:
    """The lines, the thick ones first, so that the thin ones are seen."""
    return sorted(layout.lines, key=lambda p: (-layout.lines[p], p[0].row, p[0].name, p[1].name))


def _ports(layout: _Layout, node: _Node) -> dict[_Node, float]:
    """Where the lines leave a box: below what they go to, as far as the box reaches."""
    x = layout.x[node]
    if not node.box:
        return {}
    ends = [b for a, b in layout.lines if a == node]
    ends += [b for a, b in layout.against if a == node]
    ends.sort(key=lambda other: (layout.x[other], other.name))
    reach = node.width / 2 - 12
    gap = min(14.0, 2 * reach / max(1, len(ends) - 1))
    places = apart([layout.x[b] for b in ends], [gap] * (len(ends) - 1), x - reach, x + reach)
    return dict(zip(ends, places)) if ends else {}


def _ends(
    layout: _Layout, pair: tuple[_Node, _Node], tops: dict[int, float]
) -> tuple[float, float, float, float]:
    """Where a line leaves the one node, and where it comes to the other."""
    a, b = pair
    start = _ports(layout, a).get(b, layout.x[a])
    return start, _bottom(layout, a, tops), layout.x[b], tops[b.row]


def _bottom(layout: _Layout, node: _Node, tops: dict[int, float]) -> float:
    if node.box:
        return tops[node.row] + node.box.height
    return tops[node.row] + max((n.box.height for n in layout.rows[node.row] if n.box), default=0.0)


def _line(layout: _Layout, pair: tuple[_Node, _Node], tops: dict[int, float]) -> str:
    x0, y0, x1, y1 = _ends(layout, pair, tops)
    row_end = max(_bottom(layout, node, tops) for node in layout.rows[pair[0].row])
    end = y1 - TIP if pair[1].box else _bottom(layout, pair[1], tops)
    path = f"M{x0:.1f} {y0:.1f}V{row_end:.1f}{_curve(x0, row_end, x1, y1 - TIP)}V{end:.1f}"
    width = 1.2 + 0.9 * math.log2(layout.lines[pair])
    kind = layout.kinds[pair[1].name]
    return f'<path class="line to-{kind}" stroke-width="{width:.1f}" d="{path}"/>'


def _curve(x0: float, y0: float, x1: float, y1: float) -> str:
    middle = (y0 + y1) / 2
    return f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"


def _tips(layout: _Layout, tops: dict[int, float]) -> list[str]:
    ends = sorted({b for _, b in layout.lines if b.box}, key=lambda node: (node.row, node.name))
    return [_tip(f"tip tip-{layout.kinds[n.name]}", layout.x[n], tops[n.row], -TIP) for n in ends]


def _tip(kind: str, x: float, y: float, length: float) -> str:
    back = y + 1.25 * length
    return f'<path class="{kind}" d="M{x:.1f} {y:.1f}L{x - 5:.1f} {back:.1f}H{x + 5:.1f}Z"/>'


def _against(layout: _Layout, tops: dict[int, float]) -> list[str]:
    parts = []
    for pair in layout.against:
        x0, y0, x1, y1 = _ends(layout, pair, tops)
        row_end = max(_bottom(layout, node, tops) for node in layout.rows[pair[0].row])
        start = y0 + TIP if pair[0].box else y0
        x1 += 14.0 if pair[1].box else 0.0  # beside the arrows that come from above
        end = y1 if pair[1].box else _bottom(layout, pair[1], tops)
        path = f"M{x0:.1f} {start:.1f}V{row_end + TIP:.1f}"
        path += f"{_curve(x0, row_end + TIP, x1, y1)}V{end:.1f}"
        parts.append(f'<path class="against" stroke-width="2" d="{path}"/>')
        if pair[0].box:
            parts.append(_tip("against-tip", x0, y0, TIP))
    return parts


def _box(node: _Node, x: float, tops: dict[int, float]) -> str:
    box = node.box
    if box is None:
        return ""
    left, top = x - box.width / 2, tops[node.row]
    kind = box.kind if box.kind in ("lib", "harness", "lessons") else ""
    rows = "".join(
        f'<text class="small" x="{left + PAD:.1f}" y="{top + HEAD + 11 + LINE * i:.1f}">'
        f"{escape(line)}</text>"
        for i, line in enumerate(box.lines)
    )
    return (
        f'<rect class="box {kind}" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="6"/>'
        f'<text class="title" x="{left + PAD:.1f}" y="{top + 19:.1f}">{escape(box.title)}</text>{rows}'
    )
