"""Other right answers to `pick_batch_size`."""

from __future__ import annotations

import numpy as np


def _by_seconds(seconds, texts, within=0.05):
    """A share of throughput is a multiple of seconds."""
    middle = {size: np.median(times) for size, times in seconds.items()}
    fastest = min(middle.values())
    return next(size for size in sorted(middle) if middle[size] * (1 - within) <= fastest)


def _by_hand(seconds, texts, within=0.05):
    def median(times):
        times = sorted(times)
        half = len(times) // 2
        return times[half] if len(times) % 2 else (times[half - 1] + times[half]) / 2

    best = max(texts / median(times) for times in seconds.values())
    chosen = None
    for size, times in seconds.items():
        fast = texts / median(times) >= best - within * best
        if fast and (chosen is None or size < chosen):
            chosen = size
    return chosen


def _in_numpy(seconds, texts, within=0.05):
    sizes = np.array(sorted(seconds))
    rates = np.array([texts / np.median(seconds[size]) for size in sizes.tolist()])
    return sizes[np.argmax(rates / rates.max() >= 1 - within)]


ALTERNATIVES = [_by_seconds, _by_hand, _in_numpy]
