"""Early stopping: a rule that looks at the validation curve, and a callback by which it ends training."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import TrainerCallback

__all__ = ["StopRule", "should_stop", "stop_when"]

StopRule = Callable[[list[float]], bool]  # the scores of all evaluations so far -> whether to stop


def should_stop(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Return whether training should stop now, and the place of the best evaluation so far.

    scores: of all evaluations so far, higher is better. Stop if none of the last `patience` exceeded
    the best before it by more than `min_gain`; the best is the highest, of equals the first, -1 if
    there is none. The rule of transformers' EarlyStoppingCallback.
    Raises ValueError for patience below 1.
    """
    if patience < 1:
        raise ValueError(f"should_stop: patience is {patience}; expected at least 1 evaluation")
    best, place, since = -math.inf, -1, 0
    for number, score in enumerate(scores):
        since = 0 if score - best > min_gain else since + 1
        if score > best:
            best, place = score, number
    return since >= patience, place


def stop_when(rule: StopRule) -> TrainerCallback:
    """Return a callback that ends training when a rule says so.

    rule: gets the scores of all evaluations so far, higher is better, and returns whether to stop.
    The score is what the argument metric_for_best_model names.
    """
    return _stop_when()(rule)


@cache
def _stop_when() -> Any:
    """The class of the callback; its base takes seconds to import."""
    from transformers import TrainerCallback

    class StopWhen(TrainerCallback):
        def __init__(self, rule: StopRule) -> None:
            self.rule = rule
            self.scores: list[float] = []

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.scores = []

        def on_evaluate(
            self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any
        ) -> None:
            name = args.metric_for_best_model
            self.scores.append(metrics[name if name.startswith("eval_") else f"eval_{name}"])
            if self.rule(list(self.scores)):
                control.should_training_stop = True

        def facts(self) -> str:
            """What the rule decides on a thousand curves, since its code says nothing to a machine."""
            draw = random.Random(0)
            curves = [
                [draw.randrange(9) / 8 for _ in range(draw.randrange(13))] for _ in range(1000)
            ]
            decided = [bool(self.rule(curve)) for curve in curves]
            return hashlib.sha256(str(decided).encode()).hexdigest()

    return StopWhen
