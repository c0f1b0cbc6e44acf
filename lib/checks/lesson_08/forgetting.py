"""Lesson 08, what training costs elsewhere: `forgetting`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_08 import _rank_changes
from lib.checks.lesson_08._rank_changes import (
    by_ranks,
    ends,
    forgetting_by,
    spearman,
    spearman_change,
)

# Why some mutants of the worked answer compute the same.
SHIFTED = "a correlation is the same when one number is added to all ranks"
STRETCHED = "a correlation is the same when all ranks are multiplied by one number"
SYMMETRIC = "the cosine is the same when its two vectors are exchanged"
ONE_NUMBER = "a tensor with one number is a number, too"


def _case(before: Sequence, after: Sequence, human: Sequence, draws: Sequence, label: str) -> Case:
    numbers = (torch.tensor(x, dtype=torch.float32) for x in (before, after, human))
    return Case((*numbers, torch.tensor(draws)), label)


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    human = [1, 2, 3, 4]
    better, worse = [0.1, 0.3, 0.4, 0.8], [0.2, 0.1, 0.9, 0.3]
    once = [[0, 1, 2, 3], [3, 1, 0, 2]]
    yield _case(worse, better, human, once, "a gain, no item is drawn twice")
    yield _case(better, worse, human, once[:1], "a loss, one draw")
    yield _case(better, better[::-1], human, once, "from all right to all wrong")
    yield _case(better, better, human, [[0, 1, 1, 2], [3, 3, 0, 2]], "nothing changed")
    twice = [[0, 1, 1, 2], [3, 3, 0, 2], [2, 1, 3, 3], [0, 0, 1, 3]]
    yield _case(worse, better, human, twice, "items are drawn twice")
    yield _case(worse, better, [1, 2, 2, 5], twice, "two human judgements are equal")
    far = [0.1, 0.2, 0.3, 9.0]
    yield _case(worse, far, human, twice, "one score is far from the others")
    yield _case(
        [1, 1, 2, 3, 3], [2, 1, 2, 2, 3], [1, 3, 3, 4, 5], [[0, 1, 2, 3, 4]] * 2, "equal scores"
    )
    yield _case(better, [-x for x in worse], human, twice, "scores below 0")
    of_five = [0.1, 0.3, 0.9, 0.4, 0.8], [0.2, 0.1, 0.7, 0.9, 0.3], [1, 2, 2, 4, 5]
    yield _case(*of_five, [[0, 1, 3], [4, 3, 1], [3, 0, 3]], "draws of three out of five items")
    for turn in range(8 if hidden else 4):
        items, count = (int(x) for x in rng.integers([6, 12], [15, 40]))
        drawn = items // 2 if turn % 4 > 1 else items
        yield Case(_drawn(rng, (items, count, drawn), whole=turn % 2 == 1), f"random {turn}")


def _drawn(rng: np.random.Generator, sizes: tuple[int, int, int], whole: bool) -> tuple:
    """Judgements from 1 to 5, two models that follow them more or less, and draws.

    sizes: how many items, how many draws, and how many rows each.
    """
    items, count, drawn = sizes
    human = rng.integers(1, 6, size=items).astype(np.float64)
    human[:2] = 1, 5
    scores = [human + rng.normal(scale=scale, size=items) for scale in (1.0, 2.5)]
    if whole:
        scores = [np.round(one) for one in scores]
        for one in scores:
            one[:2] = -3, 9
    before, after = (scores[place] for place in rng.permutation(2))
    draws: list[np.ndarray] = []
    while len(draws) < count:
        rows = rng.integers(0, items, size=drawn)
        if all(np.ptp(one[rows]) > 0 for one in (before, after, human)):
            draws.append(rows)
    return *map(torch.from_numpy, (before, after, human)), torch.from_numpy(np.stack(draws))


def _by_pairs_of_items(before: Tensor, after: Tensor, human: Tensor, draws: Tensor) -> tuple:
    """The oracle: twice a rank, less the mean, is how many are below it minus how many are above."""

    def places(values: list[float]) -> np.ndarray:
        return np.array([sum((x > y) - (x < y) for y in values) for x in values], dtype=np.float64)

    def change(rows: list[int]) -> float:
        old, new, people = (places([float(x[row]) for row in rows]) for x in (before, after, human))
        return float(
            new @ people / np.sqrt(new @ new * (people @ people))
            - old @ people / np.sqrt(old @ old * (people @ people))
        )

    low, high = np.percentile([change(rows) for rows in draws.tolist()], [2.5, 97.5])
    return change(list(range(len(human)))), float(low), float(high)


EXERCISE = Exercise(
    "forgetting",
    "08",
    _cases,
    _by_pairs_of_items,
    equivalent={
        "values.sort(dim=-1) -> values.sort()": "the last axis is the default",
        "below + not_above + 1 -> below + not_above - 1": SHIFTED,
        "below + not_above + 1 -> below + not_above + 2": SHIFTED,
        "below + not_above + 1 -> below + not_above + 0": SHIFTED,
        "(below + not_above + 1) / 2 -> (below + not_above + 1) / 3": STRETCHED,
        "(below + not_above + 1) / 2 -> (below + not_above + 1) / 1": STRETCHED,
        "torch.cosine_similarity(new, people, dim=-1) -> "
        "torch.cosine_similarity(people, new, dim=-1)": SYMMETRIC,
        "torch.cosine_similarity(old, people, dim=-1) -> "
        "torch.cosine_similarity(people, old, dim=-1)": SYMMETRIC,
        "float(torch.quantile(change(draws), share)) -> torch.quantile(change(draws), share)": (
            ONE_NUMBER
        ),
        "float(change(torch.arange(len(human)))) -> change(torch.arange(len(human)))": ONE_NUMBER,
    },
    mistakes=[
        Mistake(
            "before-minus-after",
            "You subtract the correlation after training from that before it. Take after minus before: below "
            "0 means that something was forgotten.",
            forgetting_by(lambda before, after, human: spearman_change(after, before, human)),
            hint=3,
        ),
        Mistake(
            "pearson",
            "You correlate the scores themselves (Pearson). Spearman's correlation is that of their ranks.",
            forgetting_by(by_ranks(lambda values: values)),
            hint=1,
        ),
        Mistake(
            "ranks-in-turn",
            "You give equal values different ranks, one after the other. Each gets the mean of the ranks that "
            "they take up together; an item that is drawn twice makes equal values in every draw.",
            forgetting_by(by_ranks(_rank_changes.in_turn)),
            hint=1,
        ),
        Mistake(
            "lowest-rank",
            "You give equal values the lowest of their ranks. Each gets the mean of the ranks that they take "
            "up together.",
            forgetting_by(by_ranks(_rank_changes.lowest)),
            hint=1,
        ),
        Mistake(
            "highest-rank",
            "You give equal values the highest of their ranks. Each gets the mean of the ranks that they take "
            "up together.",
            forgetting_by(by_ranks(_rank_changes.highest)),
            hint=1,
        ),
        Mistake(
            "ranks-without-gaps",
            "You number the different values without gaps. Equal values take up as many ranks as there are of "
            "them, and each gets the mean of these.",
            forgetting_by(by_ranks(_rank_changes.dense)),
            hint=1,
        ),
        Mistake(
            "order-for-ranks",
            "`argsort` says which item comes first, second, ...; the rank of each item is something else. "
            "Count for each value how many are below it.",
            forgetting_by(by_ranks(_rank_changes.order)),
            hint=1,
        ),
        Mistake(
            "short-formula",
            "You use 1 - 6 * sum(d^2) / (n * (n^2 - 1)), which holds only where no two values are equal. Take "
            "Pearson's correlation of the ranks.",
            forgetting_by(_rank_changes.short_formula),
            hint=1,
        ),
        Mistake(
            "number-of-all-items",
            "You count with the number of all items inside a draw. A draw has its own length: "
            "`draws.shape[1]`.",
            _rank_changes.centred_for_all,
            hint=2,
            also=[_rank_changes.summed_for_all],
        ),
        Mistake(
            "ranked-once",
            "You rank all items once and draw from these ranks. Draw the scores first and rank each draw by "
            "itself: its items have other ranks among each other.",
            _rank_changes.ranked_once,
            hint=2,
        ),
        Mistake(
            "human-not-drawn",
            "You draw the scores, and leave the human judgements in their order: item and judgement no longer "
            "belong together. Index all three with the same rows.",
            forgetting_by(drawn=lambda b, a, h, draws: (b[draws], a[draws], h.expand(draws.shape))),
            hint=2,
        ),
        Mistake(
            "before-not-drawn",
            "You draw items for `after` alone and subtract the correlation of `before` on all items. Both "
            "models are compared on the same rows of each draw.",
            lambda before, after, human, draws: (
                spearman_change(before, after, human),
                *ends(spearman(after[draws], human[draws]) - spearman(before, human)),
            ),
            hint=2,
        ),
        Mistake(
            "each-item-once",
            "You count an item once that was drawn twice. It counts as often as it was drawn.",
            _rank_changes.each_once,
            hint=2,
        ),
        Mistake(
            "along-the-draws",
            "You correlate along the draws (dim 0). A row of `draws` is one draw: rank and correlate along the "
            "last axis.",
            forgetting_by(
                drawn=lambda b, a, h, draws: (
                    b[draws].T.contiguous(),
                    a[draws].T.contiguous(),
                    h[draws].T.contiguous(),
                )
            ),
            hint=2,
        ),
        Mistake(
            "ends-subtracted",
            "You subtract the ends of two intervals. Take the difference within each draw, and the quantiles "
            "of these differences.",
            _rank_changes.ends_subtracted,
            hint=3,
        ),
        Mistake(
            "far-ends-subtracted",
            "You subtract the upper end of one interval from the lower end of the other. Take the difference "
            "within each draw, and the quantiles of these differences.",
            _rank_changes.extreme_ends_subtracted,
            hint=3,
        ),
        Mistake(
            "five-percent-each",
            "You cut off 5% at each end, which leaves an interval of 90%. Cut off 2.5% at each end.",
            forgetting_by(quantiles=lambda changes: ends(changes, 0.05, 0.95)),
            hint=3,
        ),
        Mistake(
            "quarter-each",
            "You cut off 25% at each end. 2.5% is 0.025, not 0.25.",
            forgetting_by(quantiles=lambda changes: ends(changes, 0.25, 0.75)),
            hint=3,
        ),
        Mistake(
            "mean-of-the-draws",
            "Your first number is the mean of the draws, which depends on chance. It is the difference on all "
            "items, as measured.",
            forgetting_by(result=lambda observed, low, high, changes: (changes.mean(), low, high)),
            hint=3,
        ),
        Mistake(
            "median-of-the-draws",
            "Your first number is the median of the draws, which depends on chance. It is the difference on "
            "all items, as measured.",
            forgetting_by(
                result=lambda observed, low, high, changes: (changes.quantile(0.5), low, high)
            ),
            hint=3,
        ),
        Mistake(
            "ends-exchanged",
            "You return the upper end before the lower one. The order is: difference, low, high.",
            forgetting_by(result=lambda observed, low, high, changes: (observed, high, low)),
            hint=3,
        ),
        Mistake(
            "difference-in-the-middle",
            "You return low, difference, high. The order is: difference, low, high.",
            forgetting_by(result=lambda observed, low, high, changes: (low, observed, high)),
            hint=3,
        ),
        Mistake(
            "before-with-after",
            "You correlate the scores before and after with each other. Correlate each with the human "
            "judgements, and subtract.",
            forgetting_by(lambda before, after, human: spearman(before, after)),
            hint=3,
        ),
        Mistake(
            "difference-of-the-scores",
            "You correlate the difference of the scores with the human judgements. Correlate each model's "
            "scores by themselves, and subtract the correlations.",
            forgetting_by(lambda before, after, human: spearman(after - before, human)),
            hint=3,
        ),
        Mistake(
            "sizes-of-correlations",
            "You take the absolute value of each correlation. One below 0 says that a model ranks the wrong "
            "way round: keep its sign.",
            forgetting_by(
                lambda before, after, human: (
                    spearman(after, human).abs() - spearman(before, human).abs()
                )
            ),
        ),
    ],
)
