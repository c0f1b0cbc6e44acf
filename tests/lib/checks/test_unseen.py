"""How the checks do on answers that their authors had not seen, see `tests.lib.checks.unseen`."""

from __future__ import annotations

import contextlib
import io

import pytest

from lib import checks
from tests.lib.checks.unseen import answers


def test_every_exercise_has_answers_of_both_kinds():
    found = {exercise.name: [0, 0] for exercise in checks.every()}
    for answer in answers():
        found[answer.exercise][answer.right] += 1
    assert {name: counts for name, counts in found.items() if counts[1] < 4 or counts[0] < 8} == {}


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.timeout(900)
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
    assert [str(answer) for answer in passing] == []
    rejected = wrong - len(passing)
    print(
        f"{wrong} wrong answers: {rejected / wrong:.1%} rejected, {named / rejected:.1%} of them named"
    )
    assert named / rejected >= 0.65
