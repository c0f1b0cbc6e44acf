"""How the checks do on answers that their authors had not seen, see `tests.lib.checks.unseen`."""

from __future__ import annotations

import contextlib
import io

import pytest

from lib import checks
from tests.lib.checks.unseen import answers

# Wrong answers that still pass, each with the reason: a break-it of an analogy and of a rescorer has no
# suspect of that kind, memory is not measured, and a drift shows only at sizes that no check draws.
KNOWN = {
    "sample_negatives": {"wrong_double_too_late"},
    "break_analogy": {
        "wrong_dot_product_passes",
        "wrong_zeroed_inputs_pass",
        "wrong_b_plus_c_passes",
        "wrong_same_input_twice",
    },
    "restore_order": {"wrong_float_zeros"},
    "mine_negatives": {"wrong_all_at_once"},
    "break_rescore": {
        "wrong_ties_in_order",
        "wrong_missing_last_only",
        "wrong_scores_above_zero",
    },
}


def test_every_exercise_has_answers_of_both_kinds():
    found = {name: [0, 0] for name in checks.names()}
    for answer in answers():
        found[answer.exercise][answer.right] += 1
    assert {name: counts for name, counts in found.items() if counts[1] < 4 or counts[0] < 8} == {}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_right_answers_are_accepted_and_wrong_ones_rejected(record_property):
    refused, passing = [], []
    wrong = named = 0
    for answer in answers():
        with contextlib.redirect_stdout(io.StringIO()):
            verdict = answer.verdict()
        if answer.right and not verdict.passed:
            refused.append(f"{answer}: {verdict.label}: {verdict.message}")
        if not answer.right:
            wrong += 1
            named += verdict.mistake is not None
            if verdict.passed:
                passing.append(answer)
    assert refused == []
    unknown = [str(a) for a in passing if a.function.__name__ not in KNOWN.get(a.exercise, ())]
    assert unknown == []
    rejected = wrong - len(passing)
    print(
        f"{wrong} wrong answers: {rejected / wrong:.1%} rejected, {named / rejected:.1%} of them named"
    )
    assert rejected / wrong > 0.98
    assert named / rejected > 0.58
