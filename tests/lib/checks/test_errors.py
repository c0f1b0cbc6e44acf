"""What an error tells, from errors that Python, NumPy and torch really raise."""

import numpy as np
import pytest
import torch

from lib.checks import Case, _errors, call
from lib.checks.calling import Limits

T = torch.arange(6.0).view(2, 3)


def _assert_away():
    assert len(T) == 3, "three rows"


def _refuse():
    raise ValueError("no")


def _recurse():
    return _recurse()


RAISES = {
    "leftover-raise": lambda: (_ for _ in ()).throw(NotImplementedError()),
    "endless-recursion": _recurse,
    "more-than-there-are": lambda: T.topk(7),
    "shapes-do-not-fit": lambda: T * torch.ones(2),
    "axis-not-there": lambda: T.sum(dim=2),
    "dtypes-do-not-fit": lambda: T @ torch.ones(3, 2, dtype=torch.float64),
    "truth-of-many": lambda: max(T, T + 1),
    "one-number-of-many": lambda: float(T),
    "nothing-to-stack": lambda: torch.stack([]),
    "reduction-of-nothing": lambda: T[:0].max(dim=0),
    "place-not-there": lambda: [1][3],
    "division-by-zero": lambda: 1 / 0,
    "key-not-there": lambda: {}["a"],
    "name-not-there": lambda: not_there,  # noqa: F821
    "arguments-do-not-fit": lambda: (lambda x: x)(),
    "none-is-used": lambda: None + 1,
    "no-such-method": lambda: T.no_such_method,
    "no-gradient-asked": lambda: T.sum().backward(),
    "wrong-kind-of-value": lambda: "a" + 1,
}


def raised(function):
    outcome = call(function)(Case((), ""))
    return outcome, _errors.of_errors([(outcome.kind, outcome.message)], outcome.own)


@pytest.mark.parametrize("name", RAISES)
def test_each_error_gets_plain_words(name):
    outcome, pattern = raised(RAISES[name])
    assert pattern is not None, outcome
    assert pattern.name == name, outcome


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda: torch.cat([T, torch.ones(2, 2)], dim=0), "shapes-do-not-fit"),
        (lambda: T.numpy() @ np.ones((2, 2)), "shapes-do-not-fit"),
        (lambda: T[[5]], "place-not-there"),
        (lambda: T[T], "dtypes-do-not-fit"),
        (lambda: bool(np.ones(3)), "truth-of-many"),
        (lambda: max([]), "reduction-of-nothing"),
    ],
)
def test_other_errors_of_a_kind(function, name):
    assert raised(function)[1].name == name


@pytest.mark.parametrize("function", [_refuse, _assert_away])
def test_the_learner_s_own_refusal_is_told_so(function):
    outcome, pattern = raised(function)
    assert outcome.own
    assert pattern.name == "refuses-what-is-allowed"


def test_two_errors_of_two_kinds_have_nothing_in_common():
    said = [("IndexError", "list index out of range"), ("ZeroDivisionError", "division by zero")]
    assert _errors.of_errors(said, False) is None


def test_what_came_instead_of_an_error_is_told():
    assert _errors.of_error_expected("ValueError", [None, None]).name == "no-error"
    assert _errors.of_error_expected("ValueError", ["AssertionError"]).name == "assert-for-raise"
    assert _errors.of_error_expected("ValueError", ["IndexError"]).name == "another-error"


def test_a_loop_without_an_end_and_a_list_without_an_end_are_stopped():
    def endless():
        while True:
            pass

    def swallowing():
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass

    def growing():
        held = []
        while True:
            held.append(bytearray(10**8))

    limits = Limits(seconds=0.2, mebibytes=500)
    for function in (endless, swallowing):
        assert call(function, limits)(Case((), "")).kind == "TookTooLong"
    outcome = call(growing, Limits(seconds=20, mebibytes=500))(Case((), ""))
    assert outcome.kind in ("MemoryError", "TookTooLong")  # memory is limited on Linux alone
    assert call(lambda: 5, limits)(Case((), "")).value == 5
