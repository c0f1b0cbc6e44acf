"""What a budget buys: the reader sets two limits, and the figure rings the best system within them."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lib._explore_paper import axis, digits, log_ticks, named, paper
from lib._explore_show import Control, Reading, require_small, with_controls
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, QUIET
from lib.budget import best_within
from lib.metrics import Interval

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["budget"]

LIMITS = (2_000_000, 50.0)  # the capstone's
_PALE = "#8A8A8A"  # what does not fit: seen on white, but quieter than what fits
_BELOW = (
    "Filled: fits. Hollow: too large; with a cross: too slow.",
    "Ring: the best that fits. Line: the limit of bytes.",
)
# Of a telephone, where names are most in each other's way, in pixels.
_PLOT_WIDTH, _PLOT_HEIGHT = 285, 300
_LETTER, _LINE, _MARKER = 6.4, 15, 7
_BOLD, _RINGED = 7.6, 17  # a letter of the name, and half of the mark, of what has the ring
# Beside a point, not over or under it, where its own whisker stands.
_SIDES = ("top left", "top right", "middle right", "middle left", "bottom right", "bottom left")

System = tuple[float, float, Interval]  # bytes of the index, milliseconds a query, nDCG@10


@dataclass(frozen=True)
class _Choice:
    """What two limits allow: rows of systems, and the best of them if there is one."""

    fits: list[int]
    slow: list[int]
    best: int | None
    better: int | None  # of those that have a higher mean than the best, the one with the lowest


def budget(
    systems: Mapping[str, System], *, title: str, limits: tuple[float, float] = LIMITS
) -> Figure:
    """What systems fit a budget of bytes and milliseconds, and which of these is the best.

    systems: name -> (bytes of the index, milliseconds a query, Interval of nDCG@10), at least one;
    limits: bytes and milliseconds, at which the two sliders begin. Their other steps are the systems'
    own costs, bytes rounded up to three digits and milliseconds to two, so that each step but the
    given limits lets one more system in. What costs exactly the limit fits; of equally good systems
    the first is the best.
    Raises ValueError for no system, a cost or limit that is not positive and finite, a mean outside
    its interval, and for more states than 150 kB hold: about ten systems of different costs.
    """
    from plotly import graph_objects as go

    _require_systems(systems, limits)
    costs = [(size, spent) for size, spent, _ in systems.values()]
    means = [interval.mean for _, _, interval in systems.values()]
    sizes = _steps([size for size, _ in costs], limits[0], 3)
    times = _steps([spent for _, spent in costs], limits[1], 2)
    bottom, top = _y_range([interval for _, _, interval in systems.values()])
    left, right = _x_range([*sizes, *(size for size, _ in costs)])
    sides = _places(systems, (left, right), (bottom, top))
    states, readings = {}, {}
    for i, size in enumerate(sizes):
        for j, spent in enumerate(times):
            choice = _chosen(costs, means, (size, spent))
            states[f"{i}.{j}"] = _moving(systems, choice, sides, (size, bottom, top))
            readings[f"{i}.{j}"] = Reading(_said(systems, choice, size, spent))
    start = sizes.index(limits[0]), times.index(limits[1])
    begun = states[f"{start[0]}.{start[1]}"]
    looks = (_FILLED, _SLOW, _RING, _NEXT, _LIMIT)
    moving = [go.Scatter(part, hoverinfo="skip").update(look) for part, look in zip(begun, looks)]
    traces = [*range(1, 1 + len(moving))]
    frames = [go.Frame(name=name, data=data, traces=traces) for name, data in states.items()]
    figure = go.Figure([_hollow(systems), *moving], frames=frames, layout_template="none")
    figure.update_layout(**paper(title, *_BELOW), height=430, showlegend=False)
    figure.update_layout(margin_b=62, margin_l=66)  # a title at the very edge loses its tails
    ticks = log_ticks(10**left, 10**right)
    figure.update_xaxes(
        type="log",
        range=[left, right],
        title=named("bytes of the index (log scale)"),
        tickvals=ticks,
        ticktext=[_bytes(tick) for tick in ticks],
        tickangle=0,
        **axis(),
    )
    cut = "" if bottom == 0 else ", axis not from 0"
    figure.update_yaxes(title=named(f"nDCG@10{cut}"), range=[bottom, top], **axis())
    controls = [
        Control("bytes the index may take", [*map(_bytes, sizes)], slides=True, start=start[0]),
        Control("milliseconds a query may take", [*map(_ms, times)], slides=True, start=start[1]),
    ]
    return require_small("budget", with_controls(figure, controls, readings, joint=True))


def _steps(costs: Sequence[float], limit: float, kept: int) -> list[float]:
    """The limit and the costs, rounded up to so many digits, without repetition, rising."""
    return sorted({limit, *(_rounded_up(cost, kept) for cost in costs)})


def _rounded_up(value: float, kept: int) -> float:
    unit = 10.0 ** (math.floor(math.log10(value)) + 1 - kept)
    near = round(value / unit)  # a value of so few digits stays what it is
    whole = near if math.isclose(near * unit, value, rel_tol=1e-12) else math.ceil(value / unit)
    return max(value, float(f"{whole * unit:.{kept + 2}g}"))


def _chosen(
    costs: Sequence[tuple[float, float]], means: Sequence[float], limits: tuple[float, float]
) -> _Choice:
    size, spent = limits
    small = [row for row, (own, _) in enumerate(costs) if own <= size]
    fits = [row for row in small if costs[row][1] <= spent]
    slow = [row for row, (_, own) in enumerate(costs) if own > spent]
    best = best_within(costs, limits, means) if fits else None
    above = [row for row in range(len(costs)) if best is not None and means[row] > means[best]]
    better = min(above, key=lambda row: means[row], default=None)
    return _Choice(fits, slow, best, better)


def _said(systems: Mapping[str, System], choice: _Choice, size: float, spent: float) -> str:
    """A state in words."""
    limits = f"With {_bytes(size)} and {_ms(spent)} a query"
    if choice.best is None:
        smallest = min(systems, key=lambda name: systems[name][0])
        fastest = min(systems, key=lambda name: systems[name][1])
        return (
            f"{limits} no system fits. The smallest is {_costs(smallest, systems)}, the fastest "
            f"{_costs(fastest, systems)}."
        )
    names = list(systems)
    many = f"{len(choice.fits)} of {len(systems)} systems fit{'s' * (len(choice.fits) == 1)}"
    found = (
        f"{limits} {many}. The best is {_costs(names[choice.best], systems)} with nDCG@10 "
        f"{systems[names[choice.best]][2]}."
    )
    if choice.better is None:
        return f"{found} No other has a higher nDCG@10."
    own_size, own_time, quality = systems[names[choice.better]]
    needs = [_bytes(own_size)] if own_size > size else []
    needs += [f"{_ms(own_time)} a query"] if own_time > spent else []
    return (
        f"{found} The next better one is {names[choice.better]} with {quality}: it needs "
        f"{' and '.join(needs)}."
    )


def _costs(name: str, systems: Mapping[str, System]) -> str:
    size, spent, _ = systems[name]
    return f"{name} ({_bytes(size)}, {_ms(spent)})"


# What the moving parts look like in every state, in the order of `_moving`.
_FILLED = {
    "mode": "markers+text",
    "textfont": {"color": INK, "size": 12},
    "marker": {"symbol": "circle", "size": 11, "color": PALETTE[0]},
    "error_y": {"type": "data", "color": PALETTE[0], "thickness": 1.5, "width": 4},
}
_SLOW = {
    "mode": "markers",
    "marker": {"symbol": "x-thin", "size": 7, "line": {"width": 1.5, "color": _PALE}},
}
_RING = {
    "mode": "markers+text",
    "textfont": {"color": INK, "size": 12},
    "marker": {"symbol": "circle-open", "size": 22, "color": INK, "line": {"width": 3}},
}
_NEXT = {
    "mode": "markers+text",  # a marker that is not seen keeps the name off the point
    "textfont": {"color": QUIET, "size": 12},
    "marker": {"size": 11, "opacity": 0},
}
_LIMIT = {"mode": "lines", "line": {"color": PALETTE[1], "width": 2, "dash": "dash"}}


def _hollow(systems: Mapping[str, System]) -> Any:
    """All systems, as they look when they do not fit."""
    from plotly import graph_objects as go

    sizes, _, intervals = zip(*systems.values())
    return go.Scatter(
        x=digits(sizes),
        y=digits(interval.mean for interval in intervals),
        error_y={
            "type": "data",
            **_whiskers(intervals),
            "color": _PALE,
            "thickness": 1,
            "width": 3,
        },
        mode="markers",
        marker={"symbol": "circle-open", "size": 10, "color": _PALE, "line": {"width": 1.5}},
        customdata=[
            f"{html.escape(name, quote=False)}<br>{_bytes(size)}, {_ms(spent)}<br>nDCG@10 {quality}"
            for name, (size, spent, quality) in systems.items()
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _whiskers(intervals: Sequence[Interval]) -> dict[str, Any]:
    return {
        "array": digits(interval.high - interval.mean for interval in intervals),
        "arrayminus": digits(interval.mean - interval.low for interval in intervals),
    }


def _moving(
    systems: Mapping[str, System],
    choice: _Choice,
    sides: Sequence[str],
    line: tuple[float, float, float],
) -> list[dict[str, Any]]:
    """What a state shows: systems that fit, crosses, the ring, the next better one's name, the limit.

    line: the bytes at which the limit's line stands, and its ends.
    """
    names = [html.escape(name, quote=False) for name in systems]
    rows = list(systems.values())

    def at(places: Sequence[int]) -> dict[str, Any]:
        return {
            "x": digits(rows[row][0] for row in places),
            "y": digits(rows[row][2].mean for row in places),
        }

    def named_at(places: Sequence[int], mark: str) -> dict[str, Any]:
        words = [f"<{mark}>{names[row]}</{mark}>" for row in places]
        return at(places) | {"text": words, "textposition": [sides[row] for row in places]}

    best = [] if choice.best is None else [choice.best]
    better = [] if choice.better is None else [choice.better]
    size, bottom, top = line
    return [
        {
            **at(choice.fits),
            "text": ["" if row in best else names[row] for row in choice.fits],  # the ring has it
            "textposition": [sides[row] for row in choice.fits],
            "error_y": _whiskers([rows[row][2] for row in choice.fits]),
        },
        at(choice.slow),
        named_at(best, "b"),
        named_at(better, "i"),
        {"x": digits([size, size]), "y": [bottom, top]},
    ]


def _x_range(sizes: Sequence[float]) -> tuple[float, float]:
    """The ends of the axis of bytes, as powers of ten, with room for names on both sides."""
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    wide = max(high - low, 0.3)
    return round(low - 0.15 * wide, 3), round(high + 0.15 * wide, 3)


def _y_range(intervals: Sequence[Interval]) -> tuple[float, float]:
    low = min(interval.low for interval in intervals)
    high = max(interval.high for interval in intervals)
    room = 0.12 * max(high - low, 0.05)
    return (0 if low < 0.15 else round(low - room, 3)), round(high + room, 3)


def _places(
    systems: Mapping[str, System], across: tuple[float, float], up: tuple[float, float]
) -> list[str]:
    """The side at which each name stands, so that it covers least of points, whiskers and names."""
    x = [_PLOT_WIDTH * _part(math.log10(size), across) for size, _, _ in systems.values()]
    spans = [
        [_PLOT_HEIGHT * _part(value, up) for value in (interval.low, interval.mean, interval.high)]
        for _, _, interval in systems.values()
    ]
    taken = [(a - 2, low, a + 2, high) for a, (low, _, high) in zip(x, spans)]
    taken += [
        (a - _MARKER, y - _MARKER, a + _MARKER, y + _MARKER) for a, (_, y, _) in zip(x, spans)
    ]
    sides = []
    for name, a, (_, y, _) in zip(systems, x, spans):
        width = _LETTER * len(name)
        tried: list[tuple[float, int, str, _Box]] = []
        for side in _SIDES:
            upright, beside = side.split()
            left = a + _MARKER if beside == "right" else a - _MARKER - width
            low = y + {"top": _MARKER, "middle": -_LINE / 2, "bottom": -_MARKER - _LINE}[upright]
            word = (left, low, left + width, low + _LINE)
            # Any name may once be the ring's; then it reaches further.
            reach = _RINGED + _BOLD * len(name)
            outside = reach - a if beside == "left" else a + reach - _PLOT_WIDTH
            covered = sum(_overlap(word, other) for other in taken)
            tried.append((covered + 2 * _LINE * max(0.0, outside), len(tried), side, word))
        _, _, side, word = min(tried)
        taken.append(word)
        sides.append(side)
    return sides


_Box = tuple[float, float, float, float]  # left, bottom, right, top


def _overlap(one: _Box, other: _Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)


def _part(value: float, ends: tuple[float, float]) -> float:
    return (value - ends[0]) / (ends[1] - ends[0])


def _bytes(value: float) -> str:
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:.4g} {unit}"
    return f"{value:.4g} bytes"


def _ms(value: float) -> str:
    return f"{float(f'{value:.3g}'):g} ms"


def _require_systems(systems: Mapping[str, System], limits: tuple[float, float]) -> None:
    if not systems:
        raise ValueError("budget: no system came; expected at least one to choose from")
    for name, (size, spent, quality) in systems.items():
        if not all(math.isfinite(cost) and cost > 0 for cost in (size, spent)):
            raise ValueError(
                f"budget: {name!r} costs {size} bytes and {spent} milliseconds; expected two positive, "
                "finite numbers"
            )
        if not quality.low <= quality.mean <= quality.high:
            raise ValueError(
                f"budget: the interval of {name!r} is {quality}; expected a mean between its ends"
            )
    if len(limits) != 2 or not all(math.isfinite(limit) and limit > 0 for limit in limits):
        raise ValueError(
            f"budget: limits is {limits}; expected bytes and milliseconds, positive and finite"
        )
