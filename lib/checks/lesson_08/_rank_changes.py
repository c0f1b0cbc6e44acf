"""What `forgetting` is told apart from: one forgetting test whose every part can be exchanged."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def average_ranks(values: Tensor) -> Tensor:
    ordered = values.sort(dim=-1).values
    below = torch.searchsorted(ordered, values.contiguous())
    up_to = torch.searchsorted(ordered, values.contiguous(), right=True)
    return (below + up_to + 1).double() / 2


def in_turn(values: Tensor) -> Tensor:
    """Ranks in which equal values come one after the other, as they stand."""
    return values.argsort(dim=-1, stable=True).argsort(dim=-1).double()


def lowest(values: Tensor) -> Tensor:
    return torch.searchsorted(values.sort(dim=-1).values, values.contiguous()).double()


def highest(values: Tensor) -> Tensor:
    ordered = values.sort(dim=-1).values
    return torch.searchsorted(ordered, values.contiguous(), right=True).double()


def dense(values: Tensor) -> Tensor:
    """Ranks without gaps: the place among the different values."""
    rows = values.reshape(-1, values.shape[-1])
    return (
        torch.stack([row.unique(return_inverse=True)[1] for row in rows])
        .double()
        .view(values.shape)
    )


def order(values: Tensor) -> Tensor:
    return values.argsort(dim=-1, stable=True).double()


def pearson(a: Tensor, b: Tensor) -> Tensor:
    a, b = (x.double() - x.double().mean(dim=-1, keepdim=True) for x in (a, b))
    return (a * b).sum(dim=-1) / (a.norm(dim=-1) * b.norm(dim=-1))


def spearman(a: Tensor, b: Tensor) -> Tensor:
    return pearson(average_ranks(a), average_ranks(b))


Ranks = Callable[[Tensor], Tensor]
Change = Callable[[Tensor, Tensor, Tensor], Tensor]


def by_ranks(ranks: Ranks = average_ranks) -> Change:
    """(before, after, human) of the same items to the difference of the two correlations."""
    return lambda before, after, human: (
        pearson(ranks(after), ranks(human)) - pearson(ranks(before), ranks(human))
    )


spearman_change = by_ranks()


def short_formula(before: Tensor, after: Tensor, human: Tensor) -> Tensor:
    """By the squared differences of ranks, which holds without equal values alone."""
    count = human.shape[-1]

    def rho(scores: Tensor) -> Tensor:
        gaps = (average_ranks(scores) - average_ranks(human)).square().sum(dim=-1)
        return 1 - 6 * gaps / (count * (count**2 - 1))

    return rho(after) - rho(before)


def ends(changes: Tensor, low: float = 0.025, high: float = 0.975) -> tuple[Tensor, Tensor]:
    return torch.quantile(changes, low), torch.quantile(changes, high)


def forgetting_by(
    change: Change = spearman_change,
    drawn: Callable[..., tuple] = lambda b, a, h, draws: (b[draws], a[draws], h[draws]),
    quantiles: Callable[[Tensor], tuple] = ends,
    result: Callable[..., tuple] = lambda observed, low, high, changes: (observed, low, high),
) -> Callable[[Tensor, Tensor, Tensor, Tensor], tuple]:
    """A forgetting test, right as it stands; an argument makes one part of it another.

    change(before, after, human); drawn(before, after, human, draws): the three on the drawn items, each
    (draws, items); quantiles(changes of the draws); result(observed change, low, high, changes).
    """

    def forgetting(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
        changes = change(*drawn(before, after, human, draws))
        return result(change(before, after, human), *quantiles(changes), changes)

    return forgetting


def _with_all_items(correlation: Callable[[Tensor, Tensor, int], Tensor]) -> Callable:
    """A forgetting test that takes the number of all items for that of each draw, too."""

    def forgetting(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
        def change(b: Tensor, a: Tensor, h: Tensor) -> Tensor:
            old, new, people = (average_ranks(x) for x in (b, a, h))
            return correlation(new, people, len(human)) - correlation(old, people, len(human))

        return forgetting_by(change)(before, after, human, draws)

    return forgetting


@_with_all_items
def centred_for_all(a: Tensor, b: Tensor, items: int) -> Tensor:
    """Ranks less the mean rank of all items."""
    return torch.cosine_similarity(a - (items + 1) / 2, b - (items + 1) / 2, dim=-1)


@_with_all_items
def summed_for_all(a: Tensor, b: Tensor, items: int) -> Tensor:
    """Pearson's formula with sums, where the number of summands is that of all items."""

    def shared(x: Tensor, y: Tensor) -> Tensor:
        return items * (x * y).sum(dim=-1) - x.sum(dim=-1) * y.sum(dim=-1)

    return shared(a, b) / (shared(a, a) * shared(b, b)).sqrt()


def ranked_once(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
    ranks = [average_ranks(x) for x in (before, after, human)]
    return forgetting_by(by_ranks(lambda drawn: drawn))(ranks[0], ranks[1], ranks[2], draws)


def ends_subtracted(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
    """An interval for each model, and the difference of their ends."""
    old, new = (spearman(x[draws], human[draws]) for x in (before, after))
    low, high = (a - b for a, b in zip(ends(new), ends(old)))
    return spearman_change(before, after, human), low, high


def extreme_ends_subtracted(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
    old, new = (spearman(x[draws], human[draws]) for x in (before, after))
    (old_low, old_high), (new_low, new_high) = ends(old), ends(new)
    return spearman_change(before, after, human), new_low - old_high, new_high - old_low


def each_once(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
    rows = [torch.unique(draw) for draw in draws]
    changes = torch.stack([spearman_change(before[r], after[r], human[r]) for r in rows])
    return spearman_change(before, after, human), *ends(changes)
