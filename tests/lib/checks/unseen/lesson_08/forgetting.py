"""Answers to `forgetting`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch
from scipy import stats

Answer = tuple[float, float, float]


def _ranks(values: torch.Tensor) -> torch.Tensor:
    """Mean ranks by counting the smaller and the equal ones, over the last axis."""
    smaller = (values[..., None, :] < values[..., :, None]).sum(-1)
    equal = (values[..., None, :] == values[..., :, None]).sum(-1)
    return (smaller + (equal + 1) / 2).double()


def _pearson(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    a = a - a.mean(-1, keepdim=True)
    b = b - b.mean(-1, keepdim=True)
    return (a * b).sum(-1) / (a.square().sum(-1) * b.square().sum(-1)).sqrt()


def right_counting(
    before: torch.Tensor, after: torch.Tensor, human: torch.Tensor, draws: torch.Tensor
) -> Answer:
    """Batched: ranks of all draws at once by counting."""

    def change(rows: torch.Tensor) -> torch.Tensor:
        judged = _ranks(human[rows])
        return _pearson(_ranks(after[rows]), judged) - _pearson(_ranks(before[rows]), judged)

    differences = change(draws)
    low, high = torch.quantile(differences, torch.tensor([0.025, 0.975]).double()).tolist()
    return change(torch.arange(len(human))).item(), low, high


def right_scipy(
    before: torch.Tensor, after: torch.Tensor, human: torch.Tensor, draws: torch.Tensor
) -> Answer:
    """stats.spearmanr in a loop; np.quantile, which is linear as torch.quantile is."""
    b, a, h = before.numpy(), after.numpy(), human.numpy()

    def change(rows) -> float:
        return stats.spearmanr(a[rows], h[rows])[0] - stats.spearmanr(b[rows], h[rows])[0]

    differences = [change(rows) for rows in draws.numpy()]
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(change(np.arange(len(h)))), float(low), float(high)


def right_python(
    before: torch.Tensor, after: torch.Tensor, human: torch.Tensor, draws: torch.Tensor
) -> Answer:
    """Lists and loops, the quantile too."""

    def ranks(values: list[float]) -> list[float]:
        order = sorted(values)
        first = {}
        last = {}
        for i, value in enumerate(order):
            first.setdefault(value, i)
            last[value] = i
        return [(first[value] + last[value]) / 2 + 1 for value in values]

    def spearman(x: list[float], y: list[float]) -> float:
        x, y = ranks(x), ranks(y)
        mx, my = sum(x) / len(x), sum(y) / len(y)
        top = sum((i - mx) * (j - my) for i, j in zip(x, y, strict=True))
        return top / (sum((i - mx) ** 2 for i in x) * sum((j - my) ** 2 for j in y)) ** 0.5

    b, a, h = before.tolist(), after.tolist(), human.tolist()

    def change(rows) -> float:
        judged = [h[i] for i in rows]
        return spearman([a[i] for i in rows], judged) - spearman([b[i] for i in rows], judged)

    differences = sorted(change(rows) for rows in draws.tolist())

    def quantile(share: float) -> float:
        place = share * (len(differences) - 1)
        i = int(place)
        j = min(i + 1, len(differences) - 1)
        return differences[i] + (differences[j] - differences[i]) * (place - i)

    return change(range(len(h))), quantile(0.025), quantile(0.975)


def right_unique(
    before: torch.Tensor, after: torch.Tensor, human: torch.Tensor, draws: torch.Tensor
) -> Answer:
    """Ranks from torch.unique and cumulated counts; torch.corrcoef."""

    def ranks(values: torch.Tensor) -> torch.Tensor:
        _, inverse, counts = values.unique(return_inverse=True, return_counts=True)
        last = counts.cumsum(0)
        return ((2 * last - counts + 1) / 2)[inverse]

    def spearman(x: torch.Tensor, y: torch.Tensor) -> float:
        return torch.corrcoef(torch.stack([ranks(x), ranks(y)]))[0, 1].item()

    whole = spearman(after, human) - spearman(before, human)
    values = []
    for rows in draws:
        values.append(spearman(after[rows], human[rows]) - spearman(before[rows], human[rows]))
    values = torch.tensor(values)
    return whole, values.quantile(0.025).item(), values.quantile(0.975).item()


def right_rankdata(
    before: torch.Tensor, after: torch.Tensor, human: torch.Tensor, draws: torch.Tensor
) -> Answer:
    """stats.rankdata along an axis and standardised ranks."""

    def standard(values: torch.Tensor, rows: np.ndarray) -> np.ndarray:
        ranks = stats.rankdata(values.numpy()[rows], axis=1)
        ranks = ranks - ranks.mean(1, keepdims=True)
        return ranks / np.linalg.norm(ranks, axis=1, keepdims=True)

    def change(rows: np.ndarray) -> np.ndarray:
        gained = standard(after, rows) - standard(before, rows)
        return (gained * standard(human, rows)).sum(1)

    low, high = np.percentile(change(draws.numpy()), [2.5, 97.5]).tolist()
    return float(change(np.arange(len(human))[None])[0]), low, high


def _answer(before, after, human, draws, correlation=None, shares=(0.025, 0.975)) -> Answer:
    """Right with the defaults; correlation(x, y) over the last axis."""
    correlation = correlation or (lambda x, y: _pearson(_ranks(x), _ranks(y)))
    whole = correlation(after, human) - correlation(before, human)
    drawn = correlation(after[draws], human[draws]) - correlation(before[draws], human[draws])
    low, high = (torch.quantile(drawn.double(), share).item() for share in shares)
    return whole.item(), low, high


def wrong_pearson(before, after, human, draws) -> Answer:
    """Pearson of the scores themselves."""
    return _answer(before, after, human, draws, lambda x, y: _pearson(x.double(), y.double()))


def wrong_ordinal_ranks(before, after, human, draws) -> Answer:
    """argsort of argsort: equal values get different ranks, as in every draw."""

    def ranks(values):
        return values.argsort(-1, stable=True).argsort(-1, stable=True).double()

    return _answer(before, after, human, draws, lambda x, y: _pearson(ranks(x), ranks(y)))


def wrong_one_argsort(before, after, human, draws) -> Answer:
    """argsort alone for the ranks."""

    def ranks(values):
        return values.argsort(-1, stable=True).double()

    return _answer(before, after, human, draws, lambda x, y: _pearson(ranks(x), ranks(y)))


def wrong_min_ranks(before, after, human, draws) -> Answer:
    """Equal values share the lowest of their ranks."""

    def ranks(values):
        return (values[..., None, :] < values[..., :, None]).sum(-1).double()

    return _answer(before, after, human, draws, lambda x, y: _pearson(ranks(x), ranks(y)))


def wrong_dense_ranks(before, after, human, draws) -> Answer:
    """The place among the different values: ranks without gaps."""

    def ranks(values):
        return torch.as_tensor(stats.rankdata(values.numpy(), method="dense", axis=-1)).double()

    return _answer(before, after, human, draws, lambda x, y: _pearson(ranks(x), ranks(y)))


def wrong_six_d_squared(before, after, human, draws) -> Answer:
    """1 - 6 sum d^2 / (n^3 - n), which holds without equal values only."""

    def rho(x, y):
        n = x.shape[-1]
        return 1 - 6 * (_ranks(x) - _ranks(y)).square().sum(-1) / (n**3 - n)

    return _answer(before, after, human, draws, rho)


def wrong_ranks_not_anew(before, after, human, draws) -> Answer:
    """Ranks once and draws ranks."""
    b, a, h = _ranks(before), _ranks(after), _ranks(human)
    return _answer(b, a, h, draws, _pearson)


def wrong_kendall(before, after, human, draws) -> Answer:
    """Kendall's tau."""
    b, a, h = before.numpy(), after.numpy(), human.numpy()
    values = [
        stats.kendalltau(a[rows], h[rows])[0] - stats.kendalltau(b[rows], h[rows])[0]
        for rows in [np.arange(len(h)), *draws.numpy()]
    ]
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(low), float(high)


def wrong_sign(before, after, human, draws) -> Answer:
    """Before minus after."""
    return _answer(after, before, human, draws)


def wrong_ninety(before, after, human, draws) -> Answer:
    """5% and 95%."""
    return _answer(before, after, human, draws, shares=(0.05, 0.95))


def wrong_high_low(before, after, human, draws) -> Answer:
    """The bounds change places."""
    return _answer(before, after, human, draws, shares=(0.975, 0.025))


def wrong_extremes(before, after, human, draws) -> Answer:
    """The lowest and highest difference."""
    return _answer(before, after, human, draws, shares=(0.0, 1.0))


def wrong_unpaired_quantiles(before, after, human, draws) -> Answer:
    """The difference of the quantiles, not the quantiles of the difference."""
    whole, _, _ = _answer(before, after, human, draws)
    judged = _ranks(human[draws])
    a = _pearson(_ranks(after[draws]), judged)
    b = _pearson(_ranks(before[draws]), judged)
    low, high = (a.quantile(share) - b.quantile(share) for share in (0.025, 0.975))
    return whole, low.item(), high.item()


def wrong_mean_of_draws(before, after, human, draws) -> Answer:
    """The mean of the draws in place of the difference over all items."""
    _, low, high = _answer(before, after, human, draws)
    judged = _ranks(human[draws])
    change = _pearson(_ranks(after[draws]), judged) - _pearson(_ranks(before[draws]), judged)
    return change.mean().item(), low, high


def wrong_judgements_not_drawn(before, after, human, draws) -> Answer:
    """Scores are drawn, judgements are not."""
    whole, _, _ = _answer(before, after, human, draws)
    judged = _ranks(human)
    change = _pearson(_ranks(after[draws]), judged) - _pearson(_ranks(before[draws]), judged)
    return whole, change.quantile(0.025).item(), change.quantile(0.975).item()


def wrong_nearest_quantile(before, after, human, draws) -> Answer:
    """The nearest draw, without interpolation."""
    whole, _, _ = _answer(before, after, human, draws)
    judged = _ranks(human[draws])
    change = _pearson(_ranks(after[draws]), judged) - _pearson(_ranks(before[draws]), judged)
    ordered = change.sort().values
    n = len(ordered)
    return whole, ordered[int(0.025 * n)].item(), ordered[min(int(0.975 * n), n - 1)].item()


def wrong_normal_interval(before, after, human, draws) -> Answer:
    """Mean plus and minus 1.96 standard deviations of the draws."""
    whole, _, _ = _answer(before, after, human, draws)
    judged = _ranks(human[draws])
    change = _pearson(_ranks(after[draws]), judged) - _pearson(_ranks(before[draws]), judged)
    half = 1.96 * change.std(correction=0).item()
    return whole, change.mean().item() - half, change.mean().item() + half


def wrong_middle_of_all_items(before, after, human, draws) -> Answer:
    """Takes (items + 1) / 2 for the mean rank of a draw, too, however many rows it has."""

    def correlation(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        x, y = (_ranks(values) - (len(human) + 1) / 2 for values in (x, y))
        return (x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1))

    return _answer(before, after, human, draws, correlation)


def wrong_before_against_after(before, after, human, draws) -> Answer:
    """Correlates the two models with each other."""
    return _answer(human, before, after, draws)


RIGHT = [right_counting, right_scipy, right_python, right_unique, right_rankdata]
WRONG = [
    wrong_pearson,
    wrong_ordinal_ranks,
    wrong_one_argsort,
    wrong_min_ranks,
    wrong_dense_ranks,
    wrong_six_d_squared,
    wrong_ranks_not_anew,
    wrong_kendall,
    wrong_sign,
    wrong_ninety,
    wrong_high_low,
    wrong_extremes,
    wrong_unpaired_quantiles,
    wrong_mean_of_draws,
    wrong_judgements_not_drawn,
    wrong_nearest_quantile,
    wrong_normal_interval,
    wrong_before_against_after,
    wrong_middle_of_all_items,
]
