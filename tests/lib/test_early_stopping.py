import tempfile

import pytest
import torch

from lib.early_stopping import should_stop


@pytest.mark.parametrize(
    ("scores", "patience", "min_gain", "expected"),
    [
        ([], 1, 0.0, (False, -1)),
        ([0.5], 1, 0.0, (False, 0)),
        ([0.5, 0.75, 0.75, 0.625], 2, 0.0, (True, 1)),
        ([0.5, 0.25, 0.75], 1, 0.0, (False, 2)),
        ([0.5, 0.625, 0.75], 2, 0.125, (True, 2)),
        ([-3.0, -2.0], 1, 0.0, (False, 1)),
    ],
)
def test_the_rule_stops_after_patience_evaluations_without_gain(
    scores, patience, min_gain, expected
):
    assert should_stop(scores, patience, min_gain) == expected


def test_the_rule_is_that_of_transformers():
    from transformers import EarlyStoppingCallback, TrainerControl, TrainerState
    from transformers import TrainingArguments as Arguments

    generator = torch.Generator().manual_seed(0)
    arguments = Arguments(
        output_dir=tempfile.mkdtemp(),
        metric_for_best_model="eval_x",
        greater_is_better=True,
        use_cpu=True,
    )
    for _ in range(60):
        scores = (torch.randint(9, (8,), generator=generator) / 8).tolist()
        patience = int(torch.randint(1, 4, (1,), generator=generator))
        min_gain = float(torch.randint(3, (1,), generator=generator)) / 8
        theirs = EarlyStoppingCallback(patience, min_gain)
        state, control = TrainerState(), TrainerControl()
        for number, score in enumerate(scores, start=1):
            theirs.check_metric_value(arguments, state, control, score)
            if state.best_metric is None or score > state.best_metric:
                state.best_metric = score
            stop = theirs.early_stopping_patience_counter >= patience
            assert should_stop(scores[:number], patience, min_gain)[0] == stop


def test_a_rule_without_patience_is_refused():
    with pytest.raises(ValueError, match="patience is 0"):
        should_stop([0.5], 0)
