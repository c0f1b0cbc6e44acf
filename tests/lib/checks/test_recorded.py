"""A recorded check says what the check says, and holds no reference; its values come back bit for bit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given

from harness.bundle.recording import record
from lib import checks
from lib.checks import _recorded_values as recorded_values
from lib.checks import call, recorded
from tests.lib.checks.plain import identical, values


def _through_json(value):
    return recorded_values.from_json(json.loads(json.dumps(recorded_values.to_json(value))))


@given(values())
def test_a_plain_value_comes_back_as_it_was(value):
    back = _through_json(value)
    assert identical(value, back)
    assert recorded_values.fingerprint(value) == recorded_values.fingerprint(back)


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(12.0)[::3],
        torch.arange(3.0).expand(4, 3),
        torch.arange(24).reshape(2, 3, 4)[:, 1:, ::2],
        torch.empty(0, 4).T,
        torch.tensor(3.0),
    ],
    ids=["transposed", "every third", "expanded", "a window", "empty", "one number"],
)
def test_a_tensor_keeps_its_strides(value):
    back = _through_json(value)
    assert torch.equal(back, value)
    assert back.dtype == value.dtype
    assert back.stride() == value.stride() or not value.numel()


def test_an_array_keeps_its_order():
    value = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert _through_json(value).flags.f_contiguous


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ("1", 1),
        ([1, 2], (1, 2)),
        ([[1], [2]], [[1, 2]]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (torch.zeros(2, 3), torch.zeros(3, 2)),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
        (np.zeros(2), torch.zeros(2, dtype=torch.float64)),
        (np.float64(1), 1.0),
    ],
)
def test_what_differs_has_another_fingerprint(one, other):
    assert recorded_values.fingerprint(one) != recorded_values.fingerprint(other)


def test_nan_has_one_fingerprint():
    assert recorded_values.fingerprint(math.nan) == recorded_values.fingerprint(float("nan"))


@pytest.mark.parametrize(
    "value", [object(), print, range(3), (x for x in "ab"), torch.zeros(1).to_sparse()]
)
def test_what_is_no_data_is_refused(value):
    with pytest.raises(recorded_values.NotPlain, match="cannot be recorded"):
        recorded_values.to_json([value])


def _recorded(name: str) -> checks.Exercise:
    return recorded.exercise(json.loads(json.dumps(record(checks.find(name)))))


def test_a_replayed_function_gives_new_values_each_time_and_errors_by_their_name():
    exercise = _recorded("truncate_vectors")
    outcomes = [
        call(exercise.oracle)(case) for case in exercise.as_called(list(exercise.draw()))[1]
    ]
    real = checks.find("truncate_vectors")
    expected = [call(real.oracle)(case) for case in real.as_called(list(real.draw()))[1]]
    kinds = [getattr(one, "kind", None) for one in outcomes]
    assert kinds == [getattr(one, "kind", None) for one in expected]
    assert "ValueError" in kinds
    case = exercise.as_called(list(exercise.draw()))[1][0]
    first, second = exercise.oracle(*case.args), exercise.oracle(*case.args)
    first += 1
    assert not torch.equal(torch.as_tensor(first), torch.as_tensor(second))


def test_arguments_that_nobody_asked_about_have_no_answer():
    with pytest.raises(recorded.NotRecorded, match="holds nothing for these arguments"):
        _recorded("mean_of_two").oracle(17.0, 4.25)


def test_hidden_cases_stay_with_the_teacher():
    with pytest.raises(ValueError, match="hidden cases stay with the teacher"):
        _recorded("mean_of_two").verdict(call(lambda a, b: (a + b) / 2), hidden=3)


def test_a_file_of_another_version_is_refused(tmp_path):
    (tmp_path / "mean_of_two.json").write_text('{"version": 0}')
    with pytest.raises(ValueError, match="install the bundle again"):
        recorded.load(tmp_path / "mean_of_two.py")
