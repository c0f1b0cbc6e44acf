"""Quality against the length of vectors that are cut short: a figure, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from torch import Tensor

from lib import plots
from lib._diagram_paper import Diagram
from lib.metrics import bootstrap_interval

__all__ = ["quality_by_length"]


def quality_by_length(
    dims: Sequence[int],
    series: Mapping[str, Sequence[Tensor]],
    *,
    title: str,
    metric: str = "nDCG@10 on validation queries",
) -> Diagram:
    """Return a curve of means over queries at each length, with their intervals, and their numbers.

    dims: rising lengths, the last of them the whole vector; series: name -> for each length the metric
    of each query, (queries,). Bands are 95% bootstrap intervals over queries.
    Raises ValueError for lengths that do not rise, and a series with another number of lengths.
    """
    if len(dims) < 2 or any(b <= a for a, b in pairwise(dims)):
        raise ValueError(
            f"quality_by_length: dims are {list(dims)}; expected two or more that rise"
        )
    for name, values in series.items():
        if len(values) != len(dims):
            raise ValueError(
                f"quality_by_length: {name!r} has {len(values)} lengths for {len(dims)} dims; "
                "expected the metric of each query at each length"
            )
    found = {name: [bootstrap_interval(v) for v in values] for name, values in series.items()}
    figure = plots.curve(
        dims,
        {name: [one.mean for one in ends] for name, ends in found.items()},
        bands={
            name: ([one.low for one in ends], [one.high for one in ends])
            for name, ends in found.items()
        },
        title=title,
        x_label=f"numbers kept of {dims[-1]} (log scale)",
        y_label=metric,
        band="95% interval over queries",
        log_x=True,
    )
    told = "; ".join(
        f"{name} " + ", ".join(f"{one.mean:.3f} at {dim}" for dim, one in zip(dims, ends))
        for name, ends in found.items()
    )
    return Diagram(figure, f"{metric} over the numbers kept of {dims[-1]}: {told}.")
