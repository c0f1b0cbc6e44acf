"""Which explanation is given: a whole mistake, an argument, a pattern, a mistake in part; and which comes first."""

import numpy as np
import pytest
import torch

from lib.checks import Case, Exercise, Mistake, call


def scaled_mean(x, scale=20.0, shift=0.0):
    return x.mean(dim=1) * scale + shift


def _cases(rng, hidden):
    x = torch.tensor([[1.0, 2.0], [5.0, 4.0]])
    yield Case((x, 2.0, 0.0), "two rows")
    yield Case((x + 1, 3.0, 1.0), "two others")
    yield Case((x * x, 20.0, 0.5), "squares")
    yield Case((torch.from_numpy(rng.normal(size=(4, 3))), 1.5, -1.0), "random")


def _oracle(x, scale=20.0, shift=0.0):
    return np.array([sum(row) / len(row) * scale + shift for row in x.tolist()])


EXERCISE = Exercise(
    "scaled_mean",
    "99",
    _cases,
    _oracle,
    [
        Mistake("sum", "You sum.", lambda x, s, t: x.sum(dim=1) * s + t),
        Mistake("largest", "You take the largest.", lambda x, s, t: x.amax(dim=1) * s + t),
        Mistake(
            "powers",
            "You average powers.",
            lambda x, s, t: (x**2).mean(dim=1) * s + t,
            also=[lambda x, s, t: (x**3).mean(dim=1) * s + t],
        ),
    ],
)


def verdict(function, hidden=None):
    return EXERCISE.verdict(call(function), hidden)


@pytest.mark.parametrize("hidden", [None, 5])
def test_an_argument_that_is_not_used_is_named_with_the_value_it_is_held_at(hidden):
    told = verdict(lambda x, scale, shift: scaled_mean(x, 20.0, shift), hidden)
    assert told.mistake == "argument-ignored"
    if hidden is None:
        assert "`scale` = 20, whatever `scale` is" in told.message
    else:
        assert told.message == "Your function does not use its argument `scale`."


def test_exchanged_arguments_are_named():
    def cases(rng, hidden):
        for turn in range(3):
            a, b = (torch.from_numpy(rng.normal(size=(2, 3))) for _ in range(2))
            yield Case((a, b), f"{turn}")

    exercise = Exercise("minus", "99", cases, lambda a, b: a.numpy() - 2 * b.numpy(), [])
    told = exercise.verdict(call(lambda a, b: b - 2 * a))
    assert told.mistake == "arguments-exchanged"
    assert "`a` and `b` exchanged" in told.message
    assert exercise.verdict(call(lambda a, b: a - 2 * b)).passed


def test_a_mistake_that_explains_the_case_shown_and_not_all_says_no_more_than_that():
    def two_mistakes(x, scale, shift):
        return x.sum(dim=1) * scale + (shift if shift >= 0 else shift - 7)

    told = verdict(two_mistakes)
    assert told.mistake == "sum"
    assert told.message.startswith(
        "On this case your result is exactly what one mistake gives. You sum."
    )
    assert told.message.endswith("There is a second mistake in other cases.")


@pytest.mark.parametrize("power", [2, 3])
def test_a_mistake_is_named_in_each_of_its_forms_and_never_by_one_here_and_another_there(power):
    told = verdict(lambda x, scale, shift: (x**power).mean(dim=1) * scale + shift)
    assert (told.mistake, told.message) == ("powers", "You average powers.")
    mixed = verdict(lambda x, scale, shift: (x ** (2 + (shift < 0))).mean(dim=1) * scale + shift)
    assert mixed.message.endswith("You average powers. There is a second mistake in other cases.")
    other = verdict(
        lambda x, scale, shift: (x**power).mean(dim=1) * scale + shift + 2 * (shift < 0)
    )
    assert other.message == mixed.message


def test_a_mistake_that_explains_the_lesser_part_is_not_named():
    def mostly_another(x, scale, shift):
        return x.sum(dim=1) * scale + shift if shift == 0 else x.sum(dim=1) ** 2 * scale + 3

    assert verdict(mostly_another).mistake is None


def test_a_pattern_of_all_cases_comes_before_a_mistake_of_some():
    def nan(x, scale, shift):
        return torch.full((len(x),), torch.nan)

    assert verdict(nan).mistake == "nan"


def test_what_all_results_share_is_told_though_others_raise():
    def raises_too(x, scale, shift):
        if shift < 0:
            raise KeyError("shift")
        return scaled_mean(x, scale, shift)[:, None]

    told = verdict(raises_too)
    assert told.mistake == "axis-of-one"
    assert told.message.endswith("On other cases it raises an error.")


@pytest.mark.parametrize("hidden", [None, 5])
def test_a_forgotten_return_and_a_leftover_raise_are_told(hidden):
    def forgotten(x, scale, shift):
        found = x.mean(dim=1) * scale
        print(found)

    def leftover(x, scale, shift):
        found = x.mean(dim=1) * scale
        raise NotImplementedError()
        return found

    def untouched(x, scale, shift):
        """Mean."""
        raise NotImplementedError()

    assert verdict(forgotten, hidden).mistake == "nothing-returned"
    assert verdict(leftover, hidden).mistake == "leftover-raise"
    assert verdict(untouched, hidden).status == "not attempted"


def test_a_function_that_holds_everything_at_once_is_told_where_blocks_are_asked_for():
    def cases(rng, hidden):
        yield Case((torch.from_numpy(rng.normal(size=(40, 3))), 4), "forty rows")

    def best(x, block):
        return (x @ x.T).argmax(dim=1)

    def in_blocks(x, block):
        return torch.cat([(x[i : i + block] @ x.T).argmax(dim=1) for i in range(0, len(x), block)])

    exercise = Exercise(
        "best",
        "99",
        cases,
        lambda x, block: (x.numpy() @ x.numpy().T).argmax(axis=1),
        [],
        largest=lambda x, block: len(x) ** 2 // 2,
    )
    told = exercise.verdict(call(best))
    assert (told.status, told.mistake) == ("wrong", "not-in-blocks")
    assert exercise.verdict(call(in_blocks)).passed
