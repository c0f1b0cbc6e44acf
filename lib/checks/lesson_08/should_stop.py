"""Lesson 08, when to stop training: `should_stop`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake

# Scores, patience, least gain, and what is special about them. All are multiples of 1/8.
_TELLING: list[tuple[list[float], int, float, str]] = [
    ([0.25, 0.5, 0.375, 0.375], 2, 0.0, "two evaluations after the best, patience 2"),
    ([0.25, 0.5, 0.375], 2, 0.0, "one evaluation after the best, patience 2"),
    ([0.25, 0.5, 0.75], 1, 0.0, "every evaluation is better"),
    ([0.5, 0.25], 1, 0.0, "the first is the best"),
    ([0.5], 1, 0.0, "one evaluation"),
    ([0.5], 3, 0.25, "one evaluation, and some gain is asked for"),
    ([], 1, 0.0, "no evaluation"),
    ([], 2, 0.125, "no evaluation, and some gain is asked for"),
    ([0.5, 0.25, 0.375, 0.4375], 3, 0.0, "rising again, and not above the best"),
    ([0.5, 0.75, 0.75, 0.75], 2, 0.0, "the best score comes again"),
    ([0.5, 0.25, 0.25, 0.75, 0.625], 2, 0.0, "a better one after a long pause"),
    ([0.5, 0.25, 0.75, 0.5, 1.0, 0.75], 2, 0.0, "never two in a row"),
    ([0.25, 0.5, 0.5625, 0.625], 2, 0.125, "gains that are too small"),
    ([0.25, 0.5, 0.625], 1, 0.125, "a gain of exactly the least"),
    ([0.25, 0.375, 0.5, 0.625, 0.75], 3, 0.25, "many small gains make a large one"),
    ([0.0, 0.25, 0.5], 1, 0.375, "two small gains make a large one, patience 1"),
    ([0.25, 0.375, 0.5, 0.875, 0.5], 2, 0.25, "a large gain after small ones"),
    ([0.25, 0.5, 0.375, 0.625], 3, 0.125, "a gain over the last and not over the best"),
    ([-0.75, -0.5, -0.625], 1, 0.0, "scores below 0"),
    ([-0.5, -0.75, -0.875, -0.625], 3, 0.0, "scores below 0, the first is the best"),
    ([-0.875, -0.5, -0.25], 2, 0.5, "scores below 0 and small gains"),
    ([-0.5], 1, 0.0, "one evaluation, and its score is below 0"),
    ([-0.5, -0.25], 2, 0.0, "scores below 0, and every evaluation is better"),
    ([-0.75, -0.25, -0.5, -0.375], 3, 0.125, "scores below 0, and the second is better"),
    ([0.5, 0.75, 0.25, 0.5, 0.25, 0.125], 9, 0.0, "more patience than evaluations"),
    ([2.5, 8.0, 7.5, 9.25, 9.375, 9.0], 2, 1.0, "scores above 1"),
    ([0.375, 0.5, 0.5, 0.25, 0.5], 4, 0.0, "three after the best, patience 4"),
]


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for scores, patience, gain, label in _TELLING:
        args = (list(scores), patience) if gain == 0 and patience == 1 else (scores, patience, gain)
        yield Case(args, label)
    for turn in range(16 if hidden else 8):
        scores = (rng.integers(-4, 9, size=int(rng.integers(2, 12))) / 8).tolist()
        if turn % 2:
            scores = np.maximum.accumulate(scores).tolist()
        if turn % 4 == 3:
            scores = [score - 2 for score in scores]
        gain = float(rng.choice([0.0, 0.125, 0.25]))
        yield Case((scores, int(rng.integers(1, 5)), gain), f"random {turn}")


def _by_looking_back(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """The oracle: asks of each evaluation whether it was better than all before it, then looks back."""
    better = [
        place == 0 or all(score > other + min_gain for other in scores[:place])
        for place, score in enumerate(scores)
    ]
    stop = len(scores) >= patience and not any(better[len(scores) - patience :])
    return stop, scores.index(max(scores)) if scores else -1


def _rule(
    better: Callable[[float, float, float], bool] = lambda score, best, gain: score > best + gain,
    *,
    start: float = -math.inf,
    compared: Callable[[float, float, bool], float] = lambda score, best, gained: max(score, best),
    taken: Callable[[float, float, bool], bool] = lambda score, best, gained: score > best,
    stops: Callable[[int, int], bool] = lambda since, patience: since >= patience,
    reset: bool = True,
    ever: bool = False,
) -> Callable:
    """An early-stopping rule, right as it stands; an argument makes one part of it another.

    better(score, what it is compared with, least gain); start: what the first is compared with;
    compared(score, the same before, whether it was better): what the next is compared with; taken: whether
    it is the best so far; stops(evaluations without a better one, patience); reset: whether these begin
    anew; ever: whether one stop in the past is enough.
    """

    def should_stop(scores: list, patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
        best = highest = start
        since, place, stopped = 0, -1, False
        for number, score in enumerate(scores):
            gained = better(score, best, min_gain)
            since = 0 if gained and (reset or number == 0) else since + (not gained)
            place = number if taken(score, highest, gained) else place
            best, highest = compared(score, best, gained), max(score, highest)
            stopped = stops(since, patience) or (ever and stopped)
        return stopped, place

    return should_stop


_right = _rule()


def _then(change: Callable[[list, int, bool, int], tuple]) -> Callable:
    """Something else made of a right result: change(scores, patience, stop, place)."""

    def should_stop(scores: list, patience: int, min_gain: float = 0.0) -> tuple:
        return change(scores, patience, *_right(scores, patience, min_gain))

    return should_stop


def _from_zero(scores: list, patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Counts from a highest score of 0, and looks up the place by itself."""
    return _rule(start=0.0)(scores, patience, min_gain)[0], _right(scores, patience)[1]


def _lowest(scores: list, patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    return _right([-score for score in scores], patience, min_gain)


def _windows(scores: list, patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """The best of the last scores against the best before them."""
    place = _right(scores, patience, min_gain)[1]
    if len(scores) <= patience:
        return False, place
    return max(scores[-patience:]) <= max(scores[:-patience]) + min_gain, place


def _each_below_the_one_before(
    scores: list, patience: int, min_gain: float = 0.0
) -> tuple[bool, int]:
    """Stops where the scores fall from one evaluation to the next."""
    since = 0
    for before, score in itertools.pairwise(scores):
        since = since + 1 if score < before - min_gain else 0
    return since >= patience, _right(scores, patience)[1]


EXERCISE = Exercise(
    "should_stop",
    "08",
    _cases,
    _by_looking_back,
    equivalent={
        "best, place, since = (-math.inf, -1, 0) -> best, place, since = (-math.inf, -1, -1)": (
            "the first evaluation sets the count, and without one -1 is below any patience, too"
        ),
    },
    mistakes=[
        Mistake(
            "least-gain-suffices",
            "A gain of exactly `min_gain` counts as better for you, and with `min_gain` 0 so does an equal "
            "score. It must be more than `min_gain`.",
            _rule(lambda score, best, gain: score >= best + gain),
            hint=2,
        ),
        Mistake(
            "gain-not-asked-for",
            "You do not use `min_gain`: the smallest gain begins the count anew. Only a score that exceeds the "
            "best by more than `min_gain` does.",
            _rule(lambda score, best, gain: score > best),
            hint=2,
        ),
        Mistake(
            "gain-subtracted",
            "You count a score as better that lies less than `min_gain` below the best. It must lie more than "
            "`min_gain` above it.",
            _rule(lambda score, best, gain: score > best - gain),
            hint=2,
        ),
        Mistake(
            "gain-as-a-share",
            "You take `min_gain` as a share of the best score. It is a difference: score - best.",
            _rule(
                lambda score, best, gain: (
                    score > best + (gain * abs(best) if math.isfinite(best) else 0)
                )
            ),
            hint=2,
        ),
        Mistake(
            "compared-with-the-last",
            "You compare each score with the one before it. Compare with the best so far: after a bad "
            "evaluation, one that is a little less bad is no progress.",
            _rule(compared=lambda score, best, gained: score),
            hint=1,
        ),
        Mistake(
            "falling-scores-counted",
            "You count evaluations that are worse than the one before them. Count those that are not better "
            "than the best so far.",
            _each_below_the_one_before,
            hint=1,
        ),
        Mistake(
            "best-raised-by-large-gains-only",
            "What you compare with rises only where a gain counts. The best so far is the highest score, also "
            "where its gain was too small: so does transformers, and many small gains never count.",
            _rule(compared=lambda score, best, gained: score if gained else best),
            hint=2,
        ),
        Mistake(
            "best-of-large-gains-only",
            "For you the best evaluation is the last whose gain counted, and the others are compared with it. "
            "The best so far is the highest score, also where its gain was too small: so does transformers.",
            _rule(
                compared=lambda score, best, gained: score if gained else best,
                taken=lambda score, best, gained: gained,
            ),
            hint=2,
        ),
        Mistake(
            "place-of-large-gains-only",
            "The place that you return is that of the last evaluation whose gain counted. Return that of the "
            "highest score, however small its gain: this is the step that is loaded.",
            _rule(taken=lambda score, best, gained: gained),
            hint=3,
        ),
        Mistake(
            "one-too-late",
            "You stop one evaluation too late: with patience 2, stop at the second in a row that was not "
            "better (`>=`, not `>`).",
            _rule(stops=lambda since, patience: since > patience),
            hint=1,
        ),
        Mistake(
            "one-too-early",
            "You stop one evaluation too early: the best one itself is not one without improvement.",
            _rule(stops=lambda since, patience: since + 1 >= patience),
            hint=1,
        ),
        Mistake(
            "never-begun-anew",
            "You count all evaluations that were not better. They must follow one another: begin again from "
            "0 at each that is better.",
            _rule(reset=False),
            hint=1,
        ),
        Mistake(
            "stopped-in-the-past",
            "You stop since there was a run without improvement earlier in the list. Only its end counts: a "
            "better evaluation begins the count anew.",
            _rule(ever=True),
            hint=1,
        ),
        Mistake(
            "only-at-that-moment",
            "You stop only when the count equals `patience`, and no longer after that. Stop at `patience` or "
            "more.",
            _rule(stops=lambda since, patience: since == patience),
            hint=1,
        ),
        Mistake(
            "windows-compared",
            "You compare the best of the last evaluations with the best before them. Several small gains make "
            "a large one that way; each evaluation is compared by itself with all before it.",
            _windows,
            hint=2,
        ),
        Mistake(
            "starts-at-zero",
            "Your highest score begins at 0, so scores below 0 are never better. Begin at minus infinity: the "
            "first evaluation always is better.",
            _from_zero,
            hint=3,
            also=[_rule(start=0.0)],
        ),
        Mistake(
            "lower-is-better",
            "You look for the lowest score. Here higher is better: these are metrics, not losses.",
            _lowest,
        ),
        Mistake(
            "last-of-equals",
            "Of several equally high scores you return the last. Return the first: an equal score is no "
            "better, and the earlier step is kept.",
            _rule(taken=lambda score, best, gained: score >= best),
            hint=3,
        ),
        Mistake(
            "place-of-the-last",
            "You return the place of the last evaluation. Return the place of the best one.",
            _then(lambda scores, patience, stop, place: (stop, len(scores) - 1)),
            hint=3,
        ),
        Mistake(
            "place-from-one",
            "You count the evaluations from 1. The first has place 0.",
            _then(lambda scores, patience, stop, place: (stop, place + 1 if scores else -1)),
            hint=3,
        ),
        Mistake(
            "score-for-place",
            "You return the best score. Return its place in the list.",
            _then(lambda scores, patience, stop, place: (stop, max(scores, default=-1))),
            hint=3,
        ),
        Mistake(
            "exchanged",
            "You return the place first. The order is: whether to stop, then the place of the best.",
            _then(lambda scores, patience, stop, place: (place, stop)),
        ),
        Mistake(
            "no-evaluation",
            "Without an evaluation there is no maximum, and your function fails. Return (False, -1) then.",
            _then(lambda scores, patience, stop, place: (stop, scores.index(max(scores)))),
            hint=3,
        ),
        Mistake(
            "zero-for-none",
            "Without an evaluation you return place 0, which is not there. Return (False, -1) then.",
            _then(lambda scores, patience, stop, place: (stop, max(place, 0))),
            hint=3,
        ),
    ],
)
