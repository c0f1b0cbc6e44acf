"""Other right answers to `should_stop`."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from transformers import EarlyStoppingCallback, TrainerControl, TrainerState


def _by_the_last_that_counted(scores: list, patience: int, min_gain: float = 0.0) -> tuple:
    last = -1
    for place, score in enumerate(scores):
        if place == 0 or score > max(scores[:place]) + min_gain:
            last = place
    best = max(range(len(scores)), key=lambda place: (scores[place], -place), default=-1)
    return len(scores) > 0 and len(scores) - 1 - last >= patience, best


def _by_numpy(scores: list, patience: int, min_gain: float = 0.0) -> tuple:
    if len(scores) == 0:
        return False, -1
    values = np.array(scores)
    before = np.maximum.accumulate(values)[:-1]
    better = np.concatenate([[True], values[1:] - before > min_gain])
    return np.argmax(better[::-1]) >= patience, np.argmax(values)


def _by_the_last_few(scores: list, patience: int, min_gain: float = 0.0) -> list:
    """Every one of the last `patience` must be there and not better; a list for the tuple."""
    places = range(len(scores) - patience, len(scores))
    stop = all(place > 0 and scores[place] - max(scores[:place]) <= min_gain for place in places)
    return [stop, scores.index(max(scores)) if len(scores) else -1]


def _by_the_callback(scores: list, patience: int, min_gain: float = 0.0) -> tuple:
    """transformers' own callback, called as its Trainer calls it."""
    arguments = SimpleNamespace(metric_for_best_model="score", greater_is_better=True)
    callback = EarlyStoppingCallback(patience, min_gain)
    state, place, stop = TrainerState(), -1, False
    for number, score in enumerate(scores):
        control = TrainerControl()
        callback.on_evaluate(arguments, state, control, {"eval_score": score})
        stop = control.should_training_stop
        if state.best_metric is None or score > state.best_metric:
            state.best_metric, place = score, number
    return stop, place


ALTERNATIVES = [_by_the_last_that_counted, _by_numpy, _by_the_last_few, _by_the_callback]
