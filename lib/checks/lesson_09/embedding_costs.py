"""Lesson 09, what a corpus costs: `embedding_costs`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import Tolerance

Costs = tuple[float, float]


def _cost_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case(([2_000, 500], 1_000, 200.0, 10.0, 2.4), "one text is over the limit")
    yield Case(([300, 500], 1_000, 50.0, 4.0, 1.5), "no text is over the limit")
    yield Case(([900, 900, 900], 512, 80.0, 16.0, 3.0), "every text is over the limit")
    yield Case(([512, 511, 513], 512, 130.0, 2.0, 1.0), "about the limit")
    yield Case(([400_000, 100_000], 300_000, 0.13, 2_500.0, 0.9), "whole books")
    yield Case(([7], 8, 1_000.0, 0.5, 36.0), "one text, a slow machine")
    yield Case(([0, 3_000, 0], 4_096, 25.0, 8.0, 2.0), "empty texts")
    yield Case(([], 512, 10.0, 100.0, 1.0), "no text")
    yield Case(([40, 60], 1, 500.0, 1.0, 18.0), "a limit of one token")
    yield Case(([5_000, 5_000], 512, 0.0, 20.0, 4.0), "an API that costs nothing")
    yield Case(([5_000, 5_000], 512, 90.0, 20.0, 0.0), "a machine that costs nothing")
    yield Case(([100], 0, 10.0, 100.0, 1.0), "a limit of 0")
    yield Case(([], 0, 10.0, 100.0, 1.0), "a limit of 0 and no text")
    yield Case(([100], -5, 10.0, 100.0, 1.0), "a limit below 0")
    yield Case(([100], 512, 10.0, 0.0, 1.0), "a speed of 0")
    yield Case(([100], 512, 10.0, -50.0, 1.0), "a speed below 0")
    for turn in range(8 if hidden else 4):
        limit = int(rng.choice([256, 512, 2_048, 8_192]))
        tokens = rng.integers(1, 2 * limit, size=int(rng.integers(5, 40))).tolist()
        prices = (float(rng.integers(1, 400)) / 4 for _ in range(3))
        yield Case((tokens, limit, *prices), f"random {turn}")


def _in_fractions(
    tokens: list[int],
    limit: int,
    dollars_per_million: float,
    tokens_per_second: float,
    dollars_per_hour: float,
) -> Costs:
    """The oracle: text by text, in exact fractions, with the prices of a single token."""
    if limit <= 0 or not tokens_per_second > 0:
        raise ValueError("no such limit or speed")
    api, own = Fraction(dollars_per_million) / 10**6, Fraction(dollars_per_hour)
    own /= 60 * 60 * Fraction(tokens_per_second)
    seen = [limit if count > limit else count for count in tokens]
    return float(sum(count * api for count in seen)), float(sum(count * own for count in seen))


def _refusing(costs: Callable) -> Callable:
    """The same, with a limit and a speed that cannot be refused."""

    def checked(tokens: list[int], limit: int, million: float, speed: float, hour: float) -> Costs:
        if limit < 1 or speed <= 0:
            raise ValueError("no such limit or speed")
        return costs(tokens, limit, million, speed, hour)

    return checked


def _seen(tokens: list[int], limit: int) -> int:
    return sum(min(count, limit) for count in tokens)


def _of(api: float, own: float, million: float, speed: float, hour: float) -> Costs:
    """The costs of so many tokens by each of the two."""
    return api / 1e6 * million, own / speed / 3600 * hour


def _counting(count: Callable[[list[int], int], float]) -> Callable:
    """The costs of another number of tokens."""

    def costs(tokens: list[int], limit: int, *prices: float) -> Costs:
        return _of(count(tokens, limit), count(tokens, limit), *prices)

    return _refusing(costs)


def _each(api: Callable, own: Callable) -> Callable:
    """Other formulas: api(tokens seen, dollars per million), own(tokens seen, speed, dollars per hour)."""

    def costs(tokens: list[int], limit: int, million: float, speed: float, hour: float) -> Costs:
        seen = _seen(tokens, limit)
        return api(seen, million), own(seen, speed, hour)

    return _refusing(costs)


def _api(seen: int, million: float) -> float:
    return seen / 1e6 * million


def _own(seen: int, speed: float, hour: float) -> float:
    return seen / speed / 3600 * hour


def _right(tokens: list[int], limit: int, *prices: float) -> Costs:
    seen = _seen(tokens, limit)
    return _of(seen, seen, *prices)


EXERCISE = Exercise(
    "embedding_costs",
    "09",
    _cost_cases,
    _in_fractions,
    tolerance=Tolerance(1e-12, 1e-5),  # what a text costs may be far below a cent
    equivalent={
        "min(count, limit) -> min(limit, count)": "the smaller of two is the same",
    },
    mistakes=[
        Mistake(
            "not-cut",
            "You count all tokens of a text. What stands behind the limit is cut off and costs nothing: "
            "min(count, limit) for each text.",
            _counting(lambda tokens, limit: sum(tokens)),
            hint=1,
        ),
        Mistake(
            "sum-cut",
            "You cut the sum of all tokens at the limit. The limit is one of each text.",
            _counting(lambda tokens, limit: min(sum(tokens), limit)),
            hint=1,
        ),
        Mistake(
            "long-texts-left-out",
            "A text over the limit costs nothing with you. It is cut at the limit, and the tokens before it "
            "are counted.",
            _counting(lambda tokens, limit: sum(count for count in tokens if count <= limit)),
            hint=1,
        ),
        Mistake(
            "limit-for-each",
            "You count `limit` tokens for every text. A shorter text has only its own.",
            _counting(lambda tokens, limit: len(tokens) * limit),
            hint=1,
        ),
        Mistake(
            "max-for-min",
            "You take the larger of count and limit. A text that is cut has the smaller of the two.",
            _counting(lambda tokens, limit: sum(max(count, limit) for count in tokens)),
            hint=1,
        ),
        Mistake(
            "texts-for-tokens",
            "You count texts. Prices and speed are those of tokens.",
            _counting(lambda tokens, limit: len(tokens)),
            hint=1,
        ),
        Mistake(
            "mean-text",
            "You return what a text costs on average. Asked for is what all of them cost together.",
            _counting(lambda tokens, limit: _seen(tokens, limit) / max(len(tokens), 1)),
            hint=1,
        ),
        Mistake(
            "machine-not-cut",
            "On your own machine you count all tokens of a text. The model cuts it at the limit there, too.",
            _refusing(lambda t, limit, *prices: _of(_seen(t, limit), sum(t), *prices)),
            hint=1,
        ),
        Mistake(
            "api-not-cut",
            "By API you count all tokens of a text. The exercise says that both cut it at the limit.",
            _refusing(lambda t, limit, *prices: _of(sum(t), _seen(t, limit), *prices)),
            hint=1,
        ),
        Mistake(
            "price-of-a-thousand",
            "You take the price for one of a thousand tokens. It is that of a million.",
            _each(lambda seen, million: seen / 1e3 * million, _own),
            hint=2,
        ),
        Mistake(
            "price-of-a-token",
            "You take the price for that of one token. It is that of a million: divide by 1,000,000.",
            _each(lambda seen, million: seen * million, _own),
            hint=2,
        ),
        Mistake(
            "seconds-for-hours",
            "You multiply seconds by the price of an hour. An hour has 3,600 seconds.",
            _each(_api, lambda seen, speed, hour: seen / speed * hour),
            hint=2,
        ),
        Mistake(
            "minutes-for-hours",
            "You divide the seconds by 60, which gives minutes. An hour has 3,600 seconds.",
            _each(_api, lambda seen, speed, hour: seen / speed / 60 * hour),
            hint=2,
        ),
        Mistake(
            "times-the-speed",
            "You multiply the tokens by the speed. The time is tokens divided by tokens per second.",
            _each(_api, lambda seen, speed, hour: seen * speed / 3600 * hour),
            hint=2,
        ),
        Mistake(
            "speed-by-tokens",
            "You divide the speed by the tokens. The time is tokens divided by tokens per second.",
            _each(_api, lambda seen, speed, hour: speed / seen / 3600 * hour if seen else 0.0),
            hint=2,
        ),
        Mistake(
            "hours-for-dollars",
            "You return the hours that the machine works. Multiply them by the price of an hour.",
            _each(_api, lambda seen, speed, hour: seen / speed / 3600),
            hint=2,
        ),
        Mistake(
            "hours-rounded-up",
            "You round up to whole hours. Some providers do so, but here a part of an hour costs that part.",
            _each(_api, lambda seen, speed, hour: math.ceil(seen / speed / 3600) * hour),
            hint=2,
        ),
        Mistake(
            "exchanged",
            "You return the machine's costs first. The order is: by API, then by your own machine.",
            _refusing(lambda *arguments: _right(*arguments)[::-1]),
        ),
        Mistake(
            "in-cents",
            "You return cents. Asked for are dollars.",
            _refusing(lambda *arguments: tuple(100 * cost for cost in _right(*arguments))),
        ),
        Mistake(
            "rounded-to-cents",
            "You round to whole cents, and what a text costs may be far below one. Round when you print.",
            _refusing(lambda *arguments: tuple(round(cost, 2) for cost in _right(*arguments))),
        ),
        Mistake(
            "sum-returned",
            "You return both costs added up. They are two ways to do the same: return a pair.",
            _refusing(lambda *arguments: sum(_right(*arguments))),
        ),
        Mistake(
            "never-refused",
            "A limit below 1 and a speed of 0 or less give a number, or another error, with you. Raise a "
            "ValueError.",
            _right,
            hint=3,
        ),
        Mistake(
            "limit-unchecked",
            "A limit below 1 gives a number with you: no model reads 0 tokens. Raise a ValueError.",
            lambda tokens, limit, *prices: (
                _right(tokens, limit, *prices)
                if limit < 1
                else _refusing(_right)(tokens, limit, *prices)
            ),
            hint=3,
        ),
        Mistake(
            "speed-unchecked",
            "A speed of 0 or less gives a number, or another error, with you. Raise a ValueError before you "
            "divide.",
            lambda tokens, limit, *prices: (
                _right(tokens, limit, *prices)
                if limit > 0
                else _refusing(_right)(tokens, limit, *prices)
            ),
            hint=3,
        ),
    ],
)
