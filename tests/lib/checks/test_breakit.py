import math
import re

import numpy as np
import pytest
import torch

from lib import checks
from lib.checks import BreakIt, call
from tests.lib.checks.alternatives import alternatives
from tests.lib.checks.toy import BLIND, BREAK, SUFFICIENT, T


def verdict_on(tests, hidden=None):
    return BREAK.verdict(call(tests if callable(tests) else lambda: tests), hidden)


@pytest.mark.parametrize("hidden", [None, 7])
def test_a_sufficient_test_passes(hidden):
    for alternative in [lambda: T, *SUFFICIENT]:
        verdict = verdict_on(alternative, hidden)
        assert verdict.passed
        assert verdict.message == "Your test catches all 3 suspects."


@pytest.mark.parametrize("tests", [lambda: None, lambda: ...])
def test_no_test_is_not_attempted(tests):
    assert verdict_on(tests).status == "not attempted"


def test_a_stub_is_not_attempted():
    def stub():
        raise NotImplementedError

    assert verdict_on(stub).status == "not attempted"


def test_a_test_that_raises_has_crashed():
    verdict = verdict_on(lambda: [1 / 0])
    assert verdict.status == "crashed"
    assert verdict.message.startswith("ZeroDivisionError: division by zero. ")


@pytest.mark.parametrize("suspect", BREAK.suspects, ids=lambda s: s.name)
def test_a_suspect_that_gets_through_is_named(suspect):
    verdict = verdict_on(BLIND[suspect.name])
    assert (verdict.status, verdict.mistake) == ("wrong", suspect.name)
    assert re.fullmatch(r"Your test catches [12] of 3 suspects\. (.*)", verdict.message)[1] == (
        suspect.message
    )


@pytest.mark.parametrize("hidden", [None, 0, 7])
def test_a_wrong_expected_value_is_shown_but_never_in_a_hidden_check(hidden):
    verdict = verdict_on([*T, (3.0, 0.0, 1.0, 3.0)], hidden)
    assert (verdict.status, verdict.mistake) == ("wrong", "rejects-right")
    assert "Case 3 rejects a correct implementation" in verdict.message
    if hidden is None:
        assert verdict.shown.args == (3.0, 0.0, 1.0)
        assert (verdict.shown.expected, verdict.shown.got) == (1.0, 3.0)
    else:
        assert verdict.shown is None


def test_a_case_that_breaks_a_right_implementation_is_the_tests_fault():
    verdict = verdict_on([*T, (None, 0.0, 1.0, 0.0)])
    assert verdict.mistake == "cannot-be-run"
    assert "cannot run on case 3 (" in verdict.message
    assert verdict.shown is None


@pytest.mark.parametrize(
    ("tests", "says"),
    [
        (5, "you returned number"),
        ([], "you returned list of 0"),
        ("abc", "you returned str"),
        ({"a": 1}, "you returned dict of 1"),
        (np.zeros((2, 4)), "you returned array of shape"),
        ([1.0, 2.0], "Case 0 is a number"),
        ([*T, (1.0, 2.0)], "Case 3 is a tuple of 2"),
        ([(1, 2, 3, 4, 5)], "Case 0 is a tuple of 5"),
        ([*T] * 700, "You returned 2100 cases"),
    ],
    ids=str,
)
def test_what_is_no_list_of_cases_is_told_the_form(tests, says):
    verdict = verdict_on(tests)
    assert (verdict.status, verdict.mistake) == ("wrong", "not-a-test")
    assert says in verdict.message
    if "2100" not in says:
        assert "(value, low, high, expected)" in verdict.message


@pytest.mark.parametrize(
    ("tests", "says"),
    [
        (T[0], "You returned a single case. Put it in a list: `[(...)]`."),
        (list(T[1]), "You returned a single case. Put it in a list: `[(...)]`."),
        (lambda: (case for case in T), "You returned a generator: wrap it in `list(...)`, or "),
        (lambda: map(tuple, T), "You returned a map: wrap it in `list(...)`, or "),
    ],
)
def test_a_case_in_no_list_and_a_generator_are_told_so(tests, says):
    verdict = verdict_on(tests)
    assert (verdict.status, verdict.mistake) == ("wrong", "not-a-test")
    assert verdict.message.startswith(says)


@pytest.mark.parametrize("exercise", [e for e in checks.every() if isinstance(e, checks.BreakIt)])
def test_a_single_case_is_told_from_a_list_of_cases_in_every_exercise(exercise):
    for alternative in alternatives(exercise.name):
        cases = list(alternative())
        for case in cases[:5]:
            assert "single case" in exercise.verdict(call(lambda case=case: case)).message
        size = len(exercise.arguments) + 1
        for few in (cases[:size], (cases * size)[:size], [*(cases * size)[: size - 1], 5]):
            assert "single case" not in exercise.verdict(call(lambda few=few: few)).message


@pytest.mark.parametrize(
    ("right", "given", "told"),
    [
        (0.85972, 0.86, True), (0.85972, 0.9, True), (0.38685, 0.387, True),
        (0.85972, 0.85, False), (0.85972, 1.0, False), (0.85972, 0.8612, False), (2.04, 2, False),
        ([0.25, 0.33333], [0.25, 0.33], True), ([0.25, 0.33333], [0.25, 0.34], False),
        ([0.25, 0.33333], 0.33, False), (3, 3.1, False), (0.04, "0.0", False), (0.7, math.nan, False),
    ],
)  # fmt: skip
def test_a_right_value_with_too_few_decimals_is_told_so(right, given, told):
    exercise = BreakIt("numbers", "99", [lambda place: right], [], ["place"])
    verdict = exercise.verdict(call(lambda: [(0, given)]))
    hidden = exercise.verdict(call(lambda: [(0, given)]), 7)
    said = "Your value of case 0 is right but rounded too far: give at least four decimals"
    number = f" ({right:.4f})" if isinstance(right, float) else ""
    assert verdict.message.startswith(said) == hidden.message.startswith(said) == told
    if told:
        assert (verdict.message, hidden.message) == (f"{said}{number}.", f"{said}.")
        assert verdict.mistake == hidden.mistake == "rounded-too-far"
        assert hidden.shown is None


def test_cases_may_be_lists_and_expected_values_rounded_by_hand():
    assert verdict_on([list(case) for case in T]).passed
    assert verdict_on([(v, lo, hi, want + 0.00005) for v, lo, hi, want in T]).passed


def test_a_suspect_cannot_change_the_cases_of_the_next_one():
    def spoiling(rows):
        rows.append(0)
        return 0

    from lib.checks import Suspect

    spoilt = BreakIt("count", "99", [len], [Suspect("s", "S.", spoiling)] * 2, ["rows"])
    cases = [([1, 2], 2)]
    assert spoilt.verdict(call(lambda: cases)).passed
    assert cases == [([1, 2], 2)]


def test_a_number_in_quotes_is_no_number():
    verdict = verdict_on([*T, ("3", 0.0, 1.0, 1.0)])
    assert verdict.mistake == "not-a-test"
    assert "Case 3 holds a text in quotes" in verdict.message


@pytest.mark.parametrize(
    "made",
    [torch.tensor, np.array, np.float32, lambda x: torch.tensor(x, requires_grad=True)],
    ids=["tensors", "arrays", "numbers of NumPy", "tensors with gradients"],
)
def test_a_case_of_tensors_or_arrays_counts_as_its_numbers(made):
    assert verdict_on([tuple(made(x) for x in test) for test in T]).passed
    assert verdict_on([tuple(made(x) for x in T[0])]).mistake == "no-high"


UNFAIR = [
    ("break_analogy", ([[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 0, 3), "three different"),
    ("break_analogy", ([[0, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 2, 3), "length zero"),
    ("break_analogy", ([[2, 0], [0, 1], [-1, 0], [-1, 5], [-2, 10]], 0, 1, 2, 3), "Avoid ties"),
    ("break_last_token", ([[[1], [2], [3]]], [[1, 0, 1]], [[3]]), "stand together"),
    ("break_last_token", ([[[1], [2], [3]]], [[0, 1, 0]], [[2]]), "on one side alone"),
    ("break_last_token", ([[[1], [2]]], [[1, 2]], [[2]]), "nothing else"),
]


@pytest.mark.parametrize(("name", "test", "says"), UNFAIR)
def test_a_case_that_the_card_rules_out_is_told_so(name, test, says):
    verdict = checks.find(name).verdict(call(lambda: [test]))
    assert verdict.mistake == "not-by-the-card"
    assert says in verdict.message
