"""Answers to `pick_batch_size`, written from its card alone."""

from __future__ import annotations

import statistics

import numpy as np
import torch

Seconds = dict[int, list[float]]


def right_statistics(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """statistics.median and min."""
    speed = {size: texts / statistics.median(runs) for size, runs in seconds.items()}
    bar = (1 - within) * max(speed.values())
    return min(size for size in speed if speed[size] >= bar)


def right_sorted(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """A median of its own, the sizes in order."""

    def median(runs: list[float]) -> float:
        ordered = sorted(runs)
        half = len(ordered) // 2
        if len(ordered) % 2:
            return ordered[half]
        return (ordered[half - 1] + ordered[half]) / 2

    best = 0.0
    for runs in seconds.values():
        best = max(best, texts / median(runs))
    for size in sorted(seconds):
        if texts / median(seconds[size]) >= (1 - within) * best:
            return size
    raise AssertionError("the best one is always near enough")


def right_numpy(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """np.median, a boolean mask."""
    sizes = np.array(sorted(seconds))
    speed = np.array([texts / np.median(seconds[size]) for size in sizes.tolist()])
    return int(sizes[speed >= (1 - within) * speed.max()].min())


def right_argmax(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The first True in sorted order, by index."""
    pairs = sorted((size, texts / float(np.percentile(runs, 50))) for size, runs in seconds.items())
    good = [speed >= max(s for _, s in pairs) * (1 - within) for _, speed in pairs]
    return pairs[good.index(True)][0]


def right_quantile(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """torch.quantile on doubles, a loop that keeps the smallest."""
    speed = {}
    for size in seconds:
        speed[size] = texts / torch.tensor(seconds[size], dtype=torch.float64).quantile(0.5).item()
    fastest = max(speed, key=speed.get)
    answer = fastest
    for size, value in speed.items():
        if size < answer and value >= (1 - within) * speed[fastest]:
            answer = size
    return answer


def _pick(speed: dict[int, float], within: float) -> int:
    return min(size for size, s in speed.items() if s >= (1 - within) * max(speed.values()))


def wrong_mean(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The mean: one slow run counts."""
    return _pick({b: texts / statistics.mean(runs) for b, runs in seconds.items()}, within)


def wrong_fastest_run(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The fastest run of each size."""
    return _pick({b: texts / min(runs) for b, runs in seconds.items()}, within)


def wrong_lower_median(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """torch.median: of an even number the lower one."""
    return _pick({b: texts / torch.tensor(r).median().item() for b, r in seconds.items()}, within)


def wrong_upper_median(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """sorted(runs)[len // 2]: of an even number the upper one."""
    return _pick({b: texts / sorted(r)[len(r) // 2] for b, r in seconds.items()}, within)


def wrong_unsorted_median(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The run in the middle of the list as it stands."""
    return _pick({b: texts / r[len(r) // 2] for b, r in seconds.items()}, within)


def wrong_median_of_throughputs(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The median of texts / run: of 1 and 3 s the mean is 2/3, not 1/2, of the texts."""
    speed = {b: statistics.median(texts / run for run in runs) for b, runs in seconds.items()}
    return _pick(speed, within)


def wrong_fastest(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The fastest size, whatever is near."""
    return min(seconds, key=lambda b: statistics.median(seconds[b]))


def wrong_largest(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The largest size that is near enough."""
    speed = {b: texts / statistics.median(runs) for b, runs in seconds.items()}
    return max(b for b in speed if speed[b] >= (1 - within) * max(speed.values()))


def wrong_first_in_order(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The first in the dictionary's order."""
    speed = {b: texts / statistics.median(runs) for b, runs in seconds.items()}
    return next(b for b in speed if speed[b] >= (1 - within) * max(speed.values()))


def wrong_slowest_near(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """The slowest of those that are near enough."""
    speed = {b: texts / statistics.median(runs) for b, runs in seconds.items()}
    near = [b for b in speed if speed[b] >= (1 - within) * max(speed.values())]
    return min(near, key=speed.get)


def wrong_share_of_seconds(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """Median at most (1 + within) times the best: within 0.5 wants 1.5, not 2 times."""
    median = {b: statistics.median(runs) for b, runs in seconds.items()}
    return min(b for b in median if median[b] <= (1 + within) * min(median.values()))


def wrong_strict(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """> for >=: half the best throughput with within 0.5 is enough."""
    speed = {b: texts / statistics.median(runs) for b, runs in seconds.items()}
    best = max(speed.values())
    return min(b for b in speed if speed[b] > (1 - within) * best or speed[b] == best)


def wrong_strict_crash(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """> with within 0: nothing is left, and min raises."""
    speed = {b: texts / statistics.median(runs) for b, runs in seconds.items()}
    return min(b for b in speed if speed[b] > (1 - within) * max(speed.values()))


def wrong_divides(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """Median at most best / (1 - within): a ZeroDivisionError for within 1."""
    median = {b: statistics.median(runs) for b, runs in seconds.items()}
    return min(b for b in median if median[b] <= min(median.values()) / (1 - within))


def wrong_default_ignored(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """0.05 whatever is asked for."""
    return right_statistics(seconds, texts)


def wrong_other_default(seconds: Seconds, texts: int, within: float = 0.1) -> int:
    """A default of 0.1."""
    return right_statistics(seconds, texts, within)


def wrong_times_batch(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """Takes each run for one batch: the batch size over its seconds."""
    return _pick({b: b / statistics.median(runs) for b, runs in seconds.items()}, within)


def wrong_absolute(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """`best - within`: texts a second, no share."""
    speed = {b: texts / statistics.median(runs) for b, runs in seconds.items()}
    return min(b for b in speed if speed[b] >= max(speed.values()) - within)


def wrong_whole_throughput(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """//: 3 texts in 2 s and in 3 s are one a second each."""
    return _pick({b: texts // statistics.median(runs) for b, runs in seconds.items()}, within)


def wrong_slowest(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """Compares with the slowest."""
    speed = {b: texts / statistics.median(runs) for b, runs in seconds.items()}
    return min(b for b in speed if speed[b] >= (1 - within) * min(speed.values()))


def wrong_sorts_in_place(seconds: Seconds, texts: int, within: float = 0.05) -> int:
    """Right, but sorts the caller's runs."""
    for runs in seconds.values():
        runs.sort()
    return right_statistics(seconds, texts, within)


RIGHT = [
    right_statistics,
    right_sorted,
    right_numpy,
    right_argmax,
    right_quantile,
]
WRONG = [
    wrong_mean,
    wrong_fastest_run,
    wrong_lower_median,
    wrong_upper_median,
    wrong_unsorted_median,
    wrong_median_of_throughputs,
    wrong_fastest,
    wrong_largest,
    wrong_first_in_order,
    wrong_slowest_near,
    wrong_share_of_seconds,
    wrong_strict,
    wrong_strict_crash,
    wrong_divides,
    wrong_default_ignored,
    wrong_other_default,
    wrong_times_batch,
    wrong_absolute,
    wrong_whole_throughput,
    wrong_slowest,
    wrong_sorts_in_place,
]
