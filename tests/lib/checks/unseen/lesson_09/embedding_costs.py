"""Answers to `embedding_costs`, written from its card alone."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch


def right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """A sum of minima."""
    if limit < 1 or tokens_per_second <= 0:
        raise ValueError("limit or speed")
    read = sum(min(count, limit) for count in tokens)
    api = read / 1e6 * dollars_per_million
    return api, read / tokens_per_second / 3600 * dollars_per_hour


def right_loop(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """A cost for each text, added up."""
    if limit < 1:
        raise ValueError("limit")
    if tokens_per_second <= 0:
        raise ValueError("speed")
    api = own = 0.0
    for count in tokens:
        if count > limit:
            count = limit
        api += count * dollars_per_million / 1_000_000
        own += count * dollars_per_hour / (tokens_per_second * 3600)
    return api, own


def right_numpy(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """numpy's clip, made a plain number."""
    if not limit >= 1 or not tokens_per_second > 0:
        raise ValueError("limit or speed")
    read = int(np.clip(np.array(tokens, dtype=np.int64), 0, limit).sum())
    hours = read / (tokens_per_second * 3600)
    return dollars_per_million * read * 1e-6, hours * dollars_per_hour


def right_torch(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """clamp on whole numbers."""
    if min(limit - 1, 0) < 0 or tokens_per_second <= 0.0:
        raise ValueError("limit or speed")
    total = torch.tensor(tokens, dtype=torch.int64).clamp(max=limit).sum().item()
    per_token = dollars_per_hour / 3600 / tokens_per_second
    return total * (dollars_per_million / 10**6), total * per_token


def right_fractions(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Exact until the end."""
    if limit <= 0:
        raise ValueError("limit")
    if not tokens_per_second > 0:
        raise ValueError("speed")
    read = Fraction(sum(sorted([count, limit])[0] for count in tokens))
    api = read * Fraction(dollars_per_million) / 1_000_000
    own = read / Fraction(tokens_per_second) * Fraction(dollars_per_hour) / 3600
    return float(api), float(own)


def wrong_not_cut(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Counts what is cut off."""
    if limit < 1 or tokens_per_second <= 0:
        raise ValueError("limit or speed")
    read = sum(tokens)
    return read / 1e6 * dollars_per_million, read / tokens_per_second / 3600 * dollars_per_hour


def wrong_api_not_cut(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """The API counts what is cut off."""
    _, own = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    return sum(tokens) / 1e6 * dollars_per_million, own


def wrong_machine_not_cut(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """The machine reads what is cut off."""
    api, _ = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    return api, sum(tokens) / tokens_per_second / 3600 * dollars_per_hour


def wrong_total_cut(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Cuts the sum at limit, not each text."""
    return right_sum([sum(tokens)], limit, dollars_per_million, tokens_per_second, dollars_per_hour)


def wrong_padded(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Every text counts as limit tokens."""
    return right_sum(
        [limit] * len(tokens), limit, dollars_per_million, tokens_per_second, dollars_per_hour
    )


def wrong_long_left_out(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Leaves texts above limit out."""
    return right_sum(
        [count for count in tokens if count <= limit],
        limit,
        dollars_per_million,
        tokens_per_second,
        dollars_per_hour,
    )


def wrong_whole_hours(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Every hour begun costs a whole one: the example would give 2.4."""
    api, _ = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    seconds = sum(min(count, limit) for count in tokens) / tokens_per_second
    return api, math.ceil(seconds / 3600) * dollars_per_hour


def wrong_minutes(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """60 for 3600."""
    api, own = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    return api, own * 60


def wrong_thousand(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """The price for a thousand tokens."""
    api, own = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    return api * 1000, own


def wrong_whole_millions(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Every million begun costs a whole one."""
    _, own = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    read = sum(min(count, limit) for count in tokens)
    return math.ceil(read / 1e6) * dollars_per_million, own


def wrong_rounded(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Rounded to cents."""
    api, own = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    return round(api, 2), round(own, 2)


def wrong_whole_seconds(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """// for the seconds: 19 tokens at 10 a second take 1."""
    api, _ = right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)
    seconds = sum(min(count, limit) for count in tokens) // tokens_per_second
    return api, seconds * dollars_per_hour / 3600


def wrong_swapped(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """(own machine, API)."""
    return right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)[::-1]


def wrong_limit_unchecked(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """A limit of 0 costs nothing and raises nothing."""
    if tokens_per_second <= 0:
        raise ValueError("speed")
    read = sum(min(count, limit) for count in tokens)
    return read / 1e6 * dollars_per_million, read / tokens_per_second / 3600 * dollars_per_hour


def wrong_limit_of_zero(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Raises only for a limit below 0."""
    if limit < 0 or tokens_per_second <= 0:
        raise ValueError("limit or speed")
    read = sum(min(count, limit) for count in tokens)
    return read / 1e6 * dollars_per_million, read / tokens_per_second / 3600 * dollars_per_hour


def wrong_speed_of_zero(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """A speed of 0 gives a ZeroDivisionError."""
    if limit < 1 or tokens_per_second < 0:
        raise ValueError("limit or speed")
    read = sum(min(count, limit) for count in tokens)
    return read / 1e6 * dollars_per_million, read / tokens_per_second / 3600 * dollars_per_hour


def wrong_negative_speed(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """`== 0`: a speed below 0 gives a negative cost."""
    if limit < 1 or tokens_per_second == 0:
        raise ValueError("limit or speed")
    read = sum(min(count, limit) for count in tokens)
    return read / 1e6 * dollars_per_million, read / tokens_per_second / 3600 * dollars_per_hour


def wrong_slow_raises(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """A speed of 0.5 tokens a second raises."""
    if tokens_per_second < 1:
        raise ValueError("speed")
    return right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)


def wrong_nothing_unchecked(
    tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour
):
    """Returns before the checks without a text: a limit of 0 raises nothing there."""
    if not tokens:
        return 0.0, 0.0
    return right_sum(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour)


def wrong_mean(tokens, limit, dollars_per_million, tokens_per_second, dollars_per_hour):
    """Cuts the mean: texts of 1 and 9 tokens with limit 5 count as 5 each."""
    mean = sum(tokens) / max(len(tokens), 1)
    return right_sum(
        [mean] * len(tokens), limit, dollars_per_million, tokens_per_second, dollars_per_hour
    )


RIGHT = [
    right_sum,
    right_loop,
    right_numpy,
    right_torch,
    right_fractions,
]
WRONG = [
    wrong_not_cut,
    wrong_api_not_cut,
    wrong_machine_not_cut,
    wrong_total_cut,
    wrong_padded,
    wrong_long_left_out,
    wrong_whole_hours,
    wrong_minutes,
    wrong_thousand,
    wrong_whole_millions,
    wrong_rounded,
    wrong_whole_seconds,
    wrong_swapped,
    wrong_limit_unchecked,
    wrong_limit_of_zero,
    wrong_speed_of_zero,
    wrong_negative_speed,
    wrong_slow_raises,
    wrong_nothing_unchecked,
    wrong_mean,
]
