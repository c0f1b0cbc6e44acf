"""Answers to `reciprocal_rank_fusion`, written from its card alone."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import torch


def right_dictionary(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """A dictionary of sums, in the order of reading, and a stable sort."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0.0) + 1 / (k + rank)
    return sorted(scores, key=scores.get, reverse=True)


def right_defaultdict_items(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """A defaultdict, ranks from 0 plus 1, items sorted by the negative score."""
    scores = defaultdict(float)
    for ranking in rankings:
        for i in range(len(ranking)):
            scores[ranking[i]] += 1.0 / (k + i + 1)
    return [name for name, _ in sorted(scores.items(), key=lambda item: -item[1])]


def right_counter(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Counter.most_common, which keeps the order of equal ones."""
    scores = Counter()
    for ranking in rankings:
        scores.update({name: 1 / (k + rank) for rank, name in enumerate(ranking, 1)})
    return [name for name, _ in scores.most_common()]


def right_index(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Asks each passage for its place in each ranking; place of first reading as second key."""
    names = []
    for ranking in rankings:
        for name in ranking:
            if name not in names:
                names.append(name)

    def score(name: str) -> float:
        return sum(1 / (k + r.index(name) + 1) for r in rankings if name in r)

    return sorted(names, key=lambda name: (-score(name), names.index(name)))


def right_numpy(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """A matrix of shares, its sum, a stable argsort."""
    names = list(dict.fromkeys(itertools.chain.from_iterable(rankings)))
    row = {name: i for i, name in enumerate(names)}
    shares = np.zeros((len(names), max(len(rankings), 1)))
    for column, ranking in enumerate(rankings):
        for rank, name in enumerate(ranking, start=1):
            shares[row[name], column] = 1 / (k + rank)
    order = np.argsort(-shares.sum(axis=1), kind="stable")
    return [names[i] for i in order]


def right_fractions(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Exact sums."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (Fraction(k) + rank)
    return sorted(scores, key=lambda name: -scores[name])


def right_fsum(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """A list of shares for each passage, math.fsum at the end."""
    shares = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            shares.setdefault(name, []).append(1 / (k + rank))
    return sorted(shares, key=lambda name: math.fsum(shares[name]), reverse=True)


def right_selection(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Takes the best that is left, one after the other, the first of equal ones."""
    names, scores = [], []
    for ranking in rankings:
        rank = 0
        for name in ranking:
            rank += 1
            if name in names:
                scores[names.index(name)] += 1 / (k + rank)
            else:
                names.append(name)
                scores.append(1 / (k + rank))
    fused = []
    while names:
        best = scores.index(max(scores))
        fused.append(names.pop(best))
        scores.pop(best)
    return fused


def right_mean(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """The mean over all rankings, those without the passage as 0: the order of the sums."""
    order = list(dict.fromkeys(name for ranking in rankings for name in ranking))
    places = [{name: i for i, name in enumerate(ranking, 1)} for ranking in rankings]
    means = {
        name: sum(1 / (k + p[name]) if name in p else 0.0 for p in places) / len(rankings)
        for name in order
    }
    order.sort(key=means.__getitem__, reverse=True)
    return order


def right_torch(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """index_add_ in float64, a stable sort."""
    names: dict[str, int] = {}
    for ranking in rankings:
        for name in ranking:
            names.setdefault(name, len(names))
    scores = torch.zeros(len(names), dtype=torch.float64)
    for ranking in rankings:
        rows = torch.tensor([names[name] for name in ranking], dtype=torch.long)
        ranks = torch.arange(1, len(ranking) + 1, dtype=torch.float64)
        scores.index_add_(0, rows, 1 / (k + ranks))
    order = torch.sort(scores, descending=True, stable=True).indices.tolist()
    listed = list(names)
    return [listed[i] for i in order]


def _fused(rankings: list[list[str]], share) -> list[str]:
    """Sums share(rank, ranking) of the rankings; used by the wrong ones below."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0.0) + share(rank, ranking)
    return sorted(scores, key=scores.get, reverse=True)


def wrong_ranks_from_0(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """enumerate from 0: a division by zero at k = 0, other orders at a small k."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=scores.get, reverse=True)


def wrong_ranks_from_2(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Counts from 1 and adds 1 too: at k = 0, rank 1 is less than twice rank 3."""
    return _fused(rankings, lambda rank, _: 1 / (k + rank + 1))


def wrong_always_60(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Ignores k: at k = 0, rank 1 is more than twice rank 3."""
    return _fused(rankings, lambda rank, _: 1 / (60 + rank))


def wrong_k_or_60(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """`k or 60`: a k of 0 becomes 60."""
    k = k or 60.0
    return _fused(rankings, lambda rank, _: 1 / (k + rank))


def wrong_no_k(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """1 / rank: at k = 60, twice rank 3 is more than rank 1."""
    return _fused(rankings, lambda rank, _: 1 / rank)


def wrong_whole_k(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """int(k): at k = 0.5, twice rank 2 is more than rank 1, and at 0 the same."""
    return _fused(rankings, lambda rank, _: 1 / (int(k) + rank))


def wrong_brackets(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """1 / k + rank: a low place is worth more, and k = 0 raises."""
    return _fused(rankings, lambda rank, _: 1 / k + rank)


def wrong_product(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """1 / (k * rank): the order of 1 / rank, and k = 0 raises."""
    return _fused(rankings, lambda rank, _: 1 / (k * rank))


def wrong_maximum(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """The best share, not the sum: rank 1 once before rank 2 twice."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = max(scores.get(name, 0), 1 / (k + rank))
    return sorted(scores, key=scores.get, reverse=True)


def wrong_last_share(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """= for +=: the share of the last ranking that holds the passage."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = 1 / (k + rank)
    return sorted(scores, key=scores.get, reverse=True)


def wrong_mean_of_holders(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """The mean over the rankings that hold the passage: rank 1 once before rank 2 twice."""
    shares = defaultdict(list)
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            shares[name].append(1 / (k + rank))
    return sorted(shares, key=lambda n: sum(shares[n]) / len(shares[n]), reverse=True)


def wrong_one_over_sum(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """1 / (k + the sum of the ranks): who stands in more rankings is worth less."""
    ranks = Counter()
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            ranks[name] += rank
    return sorted(ranks, key=lambda name: 1 / (k + ranks[name]), reverse=True)


def wrong_missing_at_the_end(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """A ranking without the passage counts as if it were one behind its last."""
    names = list(dict.fromkeys(name for ranking in rankings for name in ranking))
    scores = {}
    for name in names:
        scores[name] = 0
        for ranking in rankings:
            place = ranking.index(name) + 1 if name in ranking else len(ranking) + 1
            scores[name] += 1 / (k + place)
    return sorted(names, key=scores.get, reverse=True)


def wrong_worst_first(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Forgets reverse=True."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=scores.get)


def wrong_not_sorted(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """The keys as they came."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return list(scores)


def wrong_ties_reversed(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """[::-1] in place of reverse=True: of equal ones the last comes first."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=scores.get)[::-1]


def wrong_ties_by_id(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Equal ones by the alphabet: [["b"], ["a"]] gives a first."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=lambda name: (-scores[name], name))


def wrong_ties_by_id_reversed(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Sorts pairs of score and id downwards: [["a"], ["b"]] gives b first."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return [name for _, name in sorted(((s, n) for n, s in scores.items()), reverse=True)]


def wrong_ties_by_rank(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Reads all first places, then all second ones: [["z", "x"], ["y"], ["x"], ["w", "y"]] gives y before x."""
    scores = {}
    for rank, names in enumerate(itertools.zip_longest(*rankings), start=1):
        for name in names:
            if name is not None:
                scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=scores.get, reverse=True)


def wrong_ties_from_the_end(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Reads the last ranking first: [["a"], ["b"]] gives b first."""
    return _fused(rankings[::-1], lambda rank, _: 1 / (k + rank))


def wrong_two_passes(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Names in alphabetical order from a sorted set, then a stable sort."""
    names = sorted({name for ranking in rankings for name in ranking})
    return sorted(
        names,
        key=lambda name: sum(1 / (k + 1 + r.index(name)) for r in rankings if name in r),
        reverse=True,
    )


def wrong_rounded(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Scores of three decimals: at k = 60, ranks 2 and 3 are equal."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=lambda name: round(scores[name], 3), reverse=True)


def wrong_only_shared(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Only passages that all rankings hold: the example gives b alone."""
    fused = _fused(rankings, lambda rank, _: 1 / (k + rank))
    return [name for name in fused if all(name in ranking for ranking in rankings)]


def wrong_only_of_the_first(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Only passages of the first ranking, in a new order."""
    if not rankings:
        return []
    fused = _fused(rankings, lambda rank, _: 1 / (k + rank))
    return [name for name in fused if name in rankings[0]]


def wrong_two_rankings(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """The first two rankings only."""
    return _fused(rankings[:2], lambda rank, _: 1 / (k + rank))


def wrong_shortest(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """zip stops at the end of the shortest ranking."""
    return _fused(list(zip(*zip(*rankings))), lambda rank, _: 1 / (k + rank))


def wrong_length_of_first(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """IndexError for a later ranking that is shorter, and without a ranking."""
    scores = {}
    for i in range(len(rankings[0])):
        for ranking in rankings:
            scores[ranking[i]] = scores.get(ranking[i], 0) + 1 / (k + i + 1)
    return sorted(scores, key=scores.get, reverse=True)


def wrong_best_k(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Takes k for the number of results: k = 1 returns one passage."""
    return _fused(rankings, lambda rank, _: 1 / (k + rank))[: int(k)]


def wrong_stops_at_empty(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """break for continue: an empty ranking hides all later ones."""
    used = []
    for ranking in rankings:
        if not ranking:
            break
        used.append(ranking)
    return _fused(used, lambda rank, _: 1 / (k + rank))


def wrong_rank_runs_on(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """The rank is not set back to 1 for the second ranking."""
    scores, rank = {}, 0
    for ranking in rankings:
        for name in ranking:
            rank += 1
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=scores.get, reverse=True)


def wrong_by_votes(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """By the number of rankings first: at k = 0 rank 1 once is better than ranks 3 and 3."""
    fused = _fused(rankings, lambda rank, _: 1 / (k + rank))
    return sorted(fused, key=lambda name: -sum(name in ranking for ranking in rankings))


def wrong_borda(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Points by the length of the ranking."""
    return _fused(rankings, lambda rank, ranking: len(ranking) - rank + 1)


def wrong_pairs(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """Returns pairs of id and score."""
    scores = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: item[1], reverse=True)


def wrong_pops(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """The right ids, but the caller's rankings are empty afterwards."""
    scores = {}
    for ranking in rankings:
        rank = 0
        while ranking:
            rank += 1
            name = ranking.pop(0)
            scores[name] = scores.get(name, 0) + 1 / (k + rank)
    return sorted(scores, key=scores.get, reverse=True)


def wrong_none_for_nothing(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """None, not an empty list, without a ranking."""
    if rankings:
        return _fused(rankings, lambda rank, _: 1 / (k + rank))


def wrong_numpy_unguarded(rankings: list[list[str]], k: float = 60.0) -> list[str]:
    """max() of nothing raises without a ranking."""
    depth = max(len(ranking) for ranking in rankings)
    weight = 1 / (k + np.arange(1, depth + 1))
    return _fused(rankings, lambda rank, _: weight[rank - 1])


RIGHT = [
    right_dictionary,
    right_defaultdict_items,
    right_counter,
    right_index,
    right_numpy,
    right_fractions,
    right_fsum,
    right_selection,
    right_mean,
    right_torch,
]
WRONG = [
    wrong_ranks_from_0,
    wrong_ranks_from_2,
    wrong_always_60,
    wrong_k_or_60,
    wrong_no_k,
    wrong_whole_k,
    wrong_brackets,
    wrong_product,
    wrong_maximum,
    wrong_last_share,
    wrong_mean_of_holders,
    wrong_one_over_sum,
    wrong_missing_at_the_end,
    wrong_worst_first,
    wrong_not_sorted,
    wrong_ties_reversed,
    wrong_ties_by_id,
    wrong_ties_by_id_reversed,
    wrong_ties_by_rank,
    wrong_ties_from_the_end,
    wrong_two_passes,
    wrong_rounded,
    wrong_only_shared,
    wrong_only_of_the_first,
    wrong_two_rankings,
    wrong_shortest,
    wrong_length_of_first,
    wrong_best_k,
    wrong_stops_at_empty,
    wrong_rank_runs_on,
    wrong_by_votes,
    wrong_borda,
    wrong_pairs,
    wrong_pops,
    wrong_none_for_nothing,
    wrong_numpy_unguarded,
]
