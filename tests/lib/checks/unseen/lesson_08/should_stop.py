"""Answers to `should_stop`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np


def right_flags(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """A flag for each evaluation, then the last ones."""
    if not scores:
        return False, -1
    better = [True]
    for i in range(1, len(scores)):
        better.append(scores[i] > max(scores[:i]) + min_gain)
    stop = len(scores) >= patience and not any(better[-patience:])
    return stop, scores.index(max(scores))


def right_counter(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """One pass with a counter, the highest score and its place."""
    best, place, waited = -math.inf, -1, 0
    for i, score in enumerate(scores):
        if i == 0 or score - best > min_gain:
            waited = 0
        else:
            waited += 1
        if score > best:
            best, place = score, i
    return waited >= patience, place


def right_numpy(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """np.maximum.accumulate and the place of the last better one."""
    if len(scores) == 0:
        return (False, -1)
    values = np.asarray(scores, dtype=np.float64)
    before = np.concatenate([[-np.inf], np.maximum.accumulate(values)[:-1]])
    last = np.flatnonzero(values > before + min_gain)[-1]
    return bool(len(values) - 1 - last >= patience), int(values.argmax())


def right_backwards(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Looks at the last evaluations one by one from the end."""
    if len(scores) == 0:
        return False, -1
    stop = True
    for back in range(1, patience + 1):
        i = len(scores) - back
        if i <= 0 or scores[i] - max(scores[:i]) > min_gain:
            stop = False
            break
    return stop, max(range(len(scores)), key=lambda i: scores[i])


def right_recursive(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Takes the last one off and asks again with less patience."""
    if not scores:
        return False, -1
    place = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[0]

    def stalled(upto: int, left: int) -> bool:
        if left == 0:
            return True
        if upto <= 1 or scores[upto - 1] > max(scores[: upto - 1]) + min_gain:
            return False
        return stalled(upto - 1, left - 1)

    return stalled(len(scores), patience), place


def wrong_threshold_on_best(
    scores: list[float], patience: int, min_gain: float = 0.0
) -> tuple[bool, int]:
    """The best moves only with a real gain: [0.5, 0.625], gain 0.25 gives place 0, not 1."""
    best, place, waited = -math.inf, -1, 0
    for i, score in enumerate(scores):
        if score > best + min_gain:
            best, place, waited = score, i, 0
        else:
            waited += 1
    return waited >= patience, place


def wrong_slow_climb(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Measures the gain from the last better one: a climb in small steps counts as better."""
    best, waited = -math.inf, 0
    for score in scores:
        if score > best + min_gain:
            best, waited = score, 0
        else:
            waited += 1
    return waited >= patience, scores.index(max(scores)) if scores else -1


def wrong_at_least(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """>= for >: an equal score counts as better, as in the example."""
    if not scores:
        return False, -1
    better = [i == 0 or s - max(scores[:i]) >= min_gain for i, s in enumerate(scores)]
    return not any(better[-patience:]), scores.index(max(scores))


def wrong_ever_stopped(
    scores: list[float], patience: int, min_gain: float = 0.0
) -> tuple[bool, int]:
    """Stops if the patience ran out at any time: [1, 0, 2], patience 1."""
    best, waited, stop = -math.inf, 0, False
    for score in scores:
        waited = 0 if score > best + min_gain else waited + 1
        best = max(best, score)
        stop = stop or waited >= patience
    return stop, scores.index(best) if scores else -1


def wrong_last_of_equals(
    scores: list[float], patience: int, min_gain: float = 0.0
) -> tuple[bool, int]:
    """Of equal scores the last: place 2 in the example."""
    stop, _ = right_flags(scores, patience, min_gain)
    return stop, max(range(len(scores)), key=lambda i: (scores[i], i), default=-1)


def wrong_from_zero(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Starts with a best of 0: a first score below 0 is not better: [-1], patience 1."""
    best, place, waited = 0.0, -1, 0
    for i, score in enumerate(scores):
        if score > best + min_gain:
            waited = 0
        else:
            waited += 1
        if score > best:
            best, place = score, i
    return waited >= patience, place


def wrong_from_zero_place_apart(
    scores: list[float], patience: int, min_gain: float = 0.0
) -> tuple[bool, int]:
    """The same, with the place looked up at the end: [-0.5, -0.25], patience 2, stops."""
    best, waited = 0, 0
    for score in scores:
        waited = 0 if score > best + min_gain else waited + 1
        best = max(best, score)
    return waited >= patience, scores.index(max(scores)) if scores else -1


def wrong_off_by_one(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """waited > patience: stops one evaluation too late."""
    best, waited = -math.inf, 0
    for score in scores:
        waited = 0 if score > best + min_gain else waited + 1
        best = max(best, score)
    return waited > patience, scores.index(best) if scores else -1


def wrong_previous(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Compares with the one before, not the highest before: [3, 1, 2], patience 2."""
    waited = 0
    for a, b in zip(scores, scores[1:], strict=False):
        waited = 0 if b > a + min_gain else waited + 1
    return waited >= patience, scores.index(max(scores)) if scores else -1


def wrong_total(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Never sets the counter back: [1, 0, 2, 1], patience 2."""
    best, waited = -math.inf, 0
    for score in scores:
        if score > best + min_gain:
            best = score
        else:
            waited += 1
            best = max(best, score)
    return waited >= patience, scores.index(best) if scores else -1


def wrong_empty(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """max() of no scores raises a ValueError."""
    place = scores.index(max(scores))
    return right_flags(scores, patience, min_gain)[0], place


def wrong_window(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Highest of the window against that before it: a small rise and a fall: [1, 1.1, 1.3], 0.25.

    Each gains at most 0.25 over the highest before it, but the window gains 0.3 in all.
    """
    if not scores:
        return False, -1
    place = scores.index(max(scores))
    if len(scores) <= patience:
        return False, place
    return max(scores[-patience:]) <= max(scores[:-patience]) + min_gain, place


def wrong_since_best(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Counts from the best place and forgets min_gain: [0.5, 0.625, 0.75], 1, 0.25 stops."""
    if not scores:
        return False, -1
    place = scores.index(max(scores))
    return len(scores) - 1 - place >= patience, place


def wrong_short_list(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Looks at the window without the first, which makes an empty window stop: [1.0], any."""
    if not scores:
        return False, -1
    better = [scores[i] > max(scores[:i]) + min_gain for i in range(1, len(scores))]
    return not any(better[-patience:]), scores.index(max(scores))


def wrong_lower_is_better(
    scores: list[float], patience: int, min_gain: float = 0.0
) -> tuple[bool, int]:
    """Takes the scores for losses."""
    return right_flags([-score for score in scores], patience, min_gain)


def wrong_relative(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """min_gain as a share of the highest score: [0.5, 0.6875], 1, 0.25 goes on."""
    best, waited = -math.inf, 0
    for i, score in enumerate(scores):
        waited = 0 if i == 0 or score > best * (1 + min_gain) else waited + 1
        best = max(best, score)
    return waited >= patience, scores.index(best) if scores else -1


def wrong_score_for_place(
    scores: list[float], patience: int, min_gain: float = 0.0
) -> tuple[bool, float]:
    """Returns the best score, not its place."""
    return right_flags(scores, patience, min_gain)[0], max(scores, default=-1)


RIGHT = [right_flags, right_counter, right_numpy, right_backwards, right_recursive]
WRONG = [
    wrong_threshold_on_best,
    wrong_slow_climb,
    wrong_at_least,
    wrong_ever_stopped,
    wrong_last_of_equals,
    wrong_from_zero,
    wrong_from_zero_place_apart,
    wrong_off_by_one,
    wrong_previous,
    wrong_total,
    wrong_empty,
    wrong_window,
    wrong_since_best,
    wrong_short_list,
    wrong_lower_is_better,
    wrong_relative,
    wrong_score_for_place,
]
