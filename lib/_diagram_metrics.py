"""Metrics in pictures: how nDCG arises from a ranked list, and the bootstrap from queries.

nDCG: Järvelin and Kekäläinen 2002. Bootstrap: Efron and Tibshirani 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lib._diagram_paper import MODEL, QUERY, Diagram, numbers, paper, words
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, SMALL, name_verticals
from lib.metrics import bootstrap_interval, bootstrap_means, dcg
from lib.plots import DPI, WIDTH, _array

_MOST_RANKS = 10  # whose values can be read on a telephone
_SHOWN, _ROWS = 7, 3  # queries of a draw, and draws, that are written out


def rank_discount(
    grades: Sequence[float], k: int, *, judged: Sequence[float] | None = None
) -> Diagram:
    """Return a ranked list and its ideal list as bars of gain and of discounted gain: nDCG@k.

    grades: of the passages in ranked order, a passage that nobody judged 0; a list shorter than k is
    drawn as it is.  k: 1 to 10.  judged: the grades of all judged passages of the query, found or
    not, from which the ideal list is made; by default those of the list.
    Raises ValueError for another k, a grade below 0, or a query without a relevant passage.
    """
    if not 1 <= k <= _MOST_RANKS:
        raise ValueError(f"rank_discount: k is {k}; expected 1 to {_MOST_RANKS}, which can be read")
    found = _array(grades)
    every = found if judged is None else _array(judged)
    best = np.sort(every)[::-1]
    if found.ndim != 1 or every.ndim != 1 or not found.size or min(found.min(), best[-1]) < 0:
        raise ValueError("rank_discount: expected a list of grades of 0 or more, one a passage")
    if not best[0] > 0:
        raise ValueError("rank_discount: no judged passage is relevant, so nDCG is not defined")
    lists = {"ranked list": _padded(found, k), "ideal list": _padded(best, k)}
    sums = [float(dcg(torch.from_numpy(values))) for values in lists.values()]
    result = f"nDCG@{k} = {sums[0]:.2f} / {sums[1]:.2f} = {sums[0] / sums[1]:.3f}"
    fig = _two_panels(result)
    discounts = 1 / np.log2(np.arange(1, k + 1) + 1)
    told = []
    for ax, (name, values), total in zip(fig.axes, lists.items(), sums):
        _discounted(ax, values, discounts, f"{name.capitalize()}: DCG {total:.2f}")
        shown = (
            f"rank {i} {v:g} to {v * d:.2f}"
            for i, (v, d) in enumerate(zip(values, discounts), 1)
            if v
        )
        told.append(f"{name.capitalize()}: {', '.join(shown) or 'no gain'}; in all {total:.2f}")
    ticks = [f"{rank}\n{discount:.2f}" for rank, discount in enumerate(discounts, 1)]
    for ax in fig.axes:
        ax.set_xticks(range(1, k + 1), ticks)
        ax.set_ylim(0, 1.25 * max(values.max() for values in lists.values()))
    fig.axes[1].set_xlabel(
        "rank, and below it the discount 1 / log2(rank + 1)", fontsize=SMALL, color=INK
    )
    bars = fig.axes[0].get_legend_handles_labels()
    fig.legend(*bars, loc="outside lower center", ncols=2, frameon=False, fontsize=SMALL)
    alt = f"Bars of gain and of discounted gain, rank by rank. {'. '.join(told)}. {result}."
    return Diagram(fig, alt)


def _padded(grades: np.ndarray, k: int) -> np.ndarray:
    return np.pad(grades[:k], (0, max(0, k - len(grades))))


def _two_panels(title: str) -> Figure:
    fig = Figure(
        figsize=(WIDTH, 5.6),
        dpi=DPI,
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08),
        facecolor="white",
    )
    FigureCanvasAgg(fig)
    fig.suptitle(title, x=0.015, ha="left", fontsize=11, fontweight="bold", color=INK)
    for ax in fig.subplots(2, 1, sharex=True):
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_ylabel("gain (grade)", fontsize=SMALL, color=INK)
        ax.tick_params(labelsize=SMALL, colors=INK)
        ax.locator_params(axis="y", integer=True, nbins=4)
    return fig


def _discounted(ax: Axes, values: np.ndarray, discounts: np.ndarray, title: str) -> None:
    ranks = np.arange(1, len(values) + 1)
    look: dict[str, Any] = {"width": 0.62, "zorder": 2}
    ax.bar(ranks, values, color="white", edgecolor=INK, linestyle="--", label="gain", **look)
    label = "gain \N{MULTIPLICATION SIGN} discount"
    ax.bar(ranks, values * discounts, color=PALETTE[5], edgecolor=PALETTE[0], label=label, **look)
    for rank, value, discount in zip(ranks, values, discounts):
        if value:
            style: dict[str, Any] = {
                "xytext": (0, 2),
                "textcoords": "offset points",
                "ha": "center",
            }
            # on the filled bar, whose height it is: on the dashed one it would be read as the gain
            worth = value * discount
            ax.annotate(f"{worth:.2f}", (rank, worth), **style, fontsize=SMALL, color=INK)
    ax.set_title(title, loc="left", fontsize=SMALL, fontweight="bold", color=INK)


def bootstrap_picture(
    values: Any, draws: int = 1000, *, value_label: str, seed: int = 0, level: float = 0.95
) -> Diagram:
    """Return how a bootstrap interval arises: queries drawn again, their means, where most lie.

    values: the metric of every query, (n,), 7 or more; draws: how often n queries are drawn with
    repetition; value_label: the metric, such as "nDCG@10". The draws, means and ends are those of
    `metrics.bootstrap_interval` with the same seed. Raises ValueError for fewer values.
    """
    per_query = torch.from_numpy(_array(values))
    if per_query.ndim != 1 or len(per_query) < _SHOWN:
        raise ValueError(
            f"bootstrap_picture: values is {tuple(per_query.shape)}; expected (queries,) with "
            f"{_SHOWN} queries or more: the metric of every query, not its mean"
        )
    found = bootstrap_interval(per_query, draws, level, seed)
    means = bootstrap_means(per_query, draws, seed).numpy()
    rows = torch.randint(
        len(per_query), (_ROWS, len(per_query)), generator=torch.Generator().manual_seed(seed)
    )
    fig, ax = paper("Bootstrap: how much the mean depends on the queries drawn", 6.0)
    _draws(ax, per_query.numpy(), rows.numpy())
    inner = ax.inset_axes((0.5, 0.8, WIDTH - 0.75, 1.65), transform=ax.transData)
    inner.hist(means, bins=40, color=PALETTE[5])
    inner.spines[["top", "right", "left"]].set_visible(False)
    inner.set_yticks([])
    inner.tick_params(labelsize=SMALL, colors=INK)
    label = f"mean {value_label} of a draw of {len(per_query):,} queries; {draws:,} draws"
    inner.set_xlabel(label, fontsize=SMALL, color=INK)
    named = {f"low {found.low:.3f}": found.low, f"mean {found.mean:.3f}": found.mean}
    named[f"high {found.high:.3f}"] = found.high
    for position in named.values():
        inner.axvline(position, color=INK, linestyle="--", linewidth=1.2)
    name_verticals(fig, inner, named)
    between = f"{level:.0%} of the means lie between the outer lines"
    words(ax, 0.5 + (WIDTH - 0.75) / 2, 0.18, between, fontweight="bold")
    alt = (
        f"{len(per_query):,} queries have a mean {value_label} of {found.mean:.3f}. As many are drawn "
        f"with repetition, {draws:,} times; the first means are "
        f"{', '.join(f'{mean:.3f}' for mean in means[:_ROWS])}. A histogram of all means has {level:.0%} "
        f"of them between {found.low:.3f} and {found.high:.3f}: the interval."
    )
    return Diagram(fig, alt)


def _draws(ax: Axes, values: np.ndarray, rows: np.ndarray) -> None:
    """Write out the first queries, and the first queries of the first draws, with their means."""
    left, cell = 1.13, 0.48
    words(ax, left + _SHOWN * cell / 2, 5.86, f"the first {_SHOWN} of {len(values):,} queries")
    words(ax, WIDTH - 0.38, 5.82, "mean of all", 0.7)
    named = [("queries", np.arange(len(values)), MODEL)]
    named += [(f"draw {i + 1}", row, QUERY) for i, row in enumerate(rows)]
    for place, (name, picked, fill) in enumerate(named):
        y = 5.1 - 0.62 * place - (0.1 if place else 0)
        words(ax, 0.1, y + 0.38, name, ha="left", fontweight="bold")
        words(ax, 0.1, y + 0.12, f"{len(np.unique(picked))} different", ha="left")
        numbers(ax, left, y + 0.25, [f"q{q + 1}" for q in picked[:_SHOWN]], width=cell, fills=fill)
        numbers(ax, left, y - 0.01, [f"{values[q]:.2f}" for q in picked[:_SHOWN]], width=cell)
        words(ax, left + _SHOWN * cell + 0.15, y + 0.25, "...")
        words(ax, WIDTH - 0.38, y + 0.25, f"{values[picked].mean():.3f}", fontweight="bold")
