"""Paired differences with their intervals: what can be told apart on the same queries, and what not.

Two systems are run on the same queries, and the difference is taken query by query, so that hard and
easy queries cancel (Efron and Tibshirani 1993, chapter 16; Smucker et al. 2007). Two separate
intervals that overlap say nothing of the kind.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from lib._diagram_paper import Diagram
from lib._plot_labels import INK, QUIET, SMALL, fit, name_verticals
from lib.plots import PALETTE, WIDTH, _axes

__all__ = ["paired_differences"]

UNDECIDED = "no difference can be told"
_NAME_WIDTH = 26  # characters


def paired_differences(
    differences: Mapping[str, Any],
    *,
    title: str,
    value_label: str,
    decimals: int = 3,
    interval: str = "95% interval",
    units: str = "queries",
) -> Diagram:
    """Return differences as dots with their intervals and a line at 0, and the same in words.

    differences: name, such as "MaxSim less one vector" -> `mean`, `low` and `high` of the difference
    (an `Interval` of `metrics.bootstrap_interval(first - second)`), first on top. Where the interval
    holds 0 the dot is hollow and the words beside it say that no difference can be told.
    value_label: with the unit; interval: what the whiskers are; units: what both were measured on, such as
    queries or texts: all are written into the figure.
    Raises ValueError when there is none, or a mean lies outside its interval or is not finite.
    """
    rows = _rows(differences)
    names = [textwrap.fill(name, _NAME_WIDTH, break_on_hyphens=False) for name in differences]
    tall = max(0.44, *(0.16 * name.count("\n") + 0.28 for name in names))  # inches a row
    fig, ax = _axes(title, value_label, "", size=(WIDTH, 1.75 + tall * len(rows)))
    ax.grid(False, axis="y")
    ax.axvline(0, color=INK, linewidth=1.2, zorder=2)
    for row, (mean, low, high) in enumerate(rows):
        open_ = _verdict(mean, low, high) == UNDECIDED
        ink = QUIET if open_ else PALETTE[0]
        ax.plot([low, high], [row, row], color=ink, linewidth=2.2, zorder=3)
        ax.plot(mean, row, "o", color=ink, mfc="white" if open_ else ink, markersize=7, zorder=4)
        said = _said(mean, low, high, decimals) + (f"\n{UNDECIDED}" if open_ else "")
        style: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center"}
        ax.annotate(said, (1.03, row), fontsize=SMALL, color=INK, annotation_clip=False, **style)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.margins(x=0.12)
    ax.locator_params(axis="x", nbins=3)  # long names leave few inches to the numbers
    notes = [f"Whiskers: {interval.strip().rstrip('.')} of the difference on the same {units}."]
    fit(fig, ax, notes, name_verticals(fig, ax, {"no difference": 0.0}))
    told = (
        f"{name} {_said(*row, decimals)}, {_verdict(*row)}" for name, row in zip(differences, rows)
    )
    kind = f"Dots with their intervals ({interval}) beside a line at 0, {value_label}"
    return Diagram(fig, f"{kind}: {'; '.join(told)}.")


def _rows(differences: Mapping[str, Any]) -> list[tuple[float, float, float]]:
    """Each difference as mean, low, high, checked."""
    if not differences:
        raise ValueError("paired_differences: no difference came; give at least one by its name")
    rows = [(float(d.mean), float(d.low), float(d.high)) for d in differences.values()]
    for name, (mean, low, high) in zip(differences, rows):
        if not np.isfinite([mean, low, high]).all() or not low <= mean <= high:
            raise ValueError(
                f"paired_differences: {name!r} is {mean:g} with the interval {low:g} to {high:g}; "
                "expected finite numbers with the mean inside"
            )
    return rows


def _verdict(mean: float, low: float, high: float) -> str:
    return UNDECIDED if low <= 0 <= high else "above 0" if mean > 0 else "below 0"


def _said(mean: float, low: float, high: float, decimals: int) -> str:
    return f"{_signed(mean, decimals)} [{_signed(low, decimals)}, {_signed(high, decimals)}]"


def _signed(value: float, decimals: int) -> str:
    rounded = round(value, decimals)
    text = f"{rounded:+.{decimals}f}" if rounded else f"{0:.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}")
