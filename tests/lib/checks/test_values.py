import math
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lib.checks import values
from lib.checks.values import EXACT, Tolerance, copy_value, difference, kind, same, show
from tests.lib.checks import plain


@settings(max_examples=200, deadline=None)
@given(plain.values())
def test_a_value_is_the_same_as_its_copy(value):
    assert plain.identical(copy_value(value), _detached(value))
    assert same(value, copy_value(value), EXACT)


def _detached(value):
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, list | tuple):
        return type(value)(map(_detached, value))
    return {k: _detached(v) for k, v in value.items()} if isinstance(value, dict) else value


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(plain.values(), plain.values())
def test_any_two_values_compare_both_ways_alike_and_a_difference_has_words(a, b):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(a, b, EXACT) == same(b, a, EXACT)
        assert 5 < len(difference(a, b)) < 2000
        assert kind(a)
        assert len(show(a)) <= 404


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3), elements=st.floats(-1e6, 1e6)))
def test_a_list_an_array_and_a_tensor_with_the_same_numbers_are_the_same(array):
    assert same(array, torch.from_numpy(array))
    assert same(array.tolist(), array)
    assert same(torch.from_numpy(array), array.tolist())
    assert same(list(torch.from_numpy(array)), array)


@given(
    st.floats(-1e6, 1e6),
    st.floats(-1, 1),
    st.floats(1e-9, 1e-2),
    st.floats(0, 1e-2),
)
def test_same_is_numpys_isclose(expected, gap, atol, rtol):
    assert same(expected, expected + gap, Tolerance(atol, rtol)) == np.isclose(
        expected + gap, expected, atol=atol, rtol=rtol
    )


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros((2, 3)), np.zeros(6)),
        (1.0, np.ones(1)),
        (0.0, math.nan),
        (math.nan, 0.0),
        (math.inf, -math.inf),
        ([1, 2], [1, 2, 3]),
        ([[1], [2, 3]], [[1], [2, 4]]),
        (["a"], ["b"]),
        ("1", 1),
        (None, 0),
        (0, None),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, [1]),
        ({1, 2}, {1, 3}),
        ({1, 2}, [1, 2]),
        ([], {}),
        (1.0, object()),
        (1.0, 10**400),
        (np.eye(2), torch.eye(2).to_sparse()),
        (np.eye(2), torch.eye(2, device="meta")),
        (np.eye(2), np.eye(2) * 1j),
        ([1.0], np.array([None], dtype=object)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_differs_is_not_the_same_and_is_told_in_words(expected, got):
    assert not same(expected, got)
    assert not same(got, expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert difference(expected, got).endswith(".")


def test_nan_and_infinity_equal_themselves():
    odd = [math.nan, math.inf, -math.inf]
    assert same(odd, torch.tensor(odd), EXACT)
    assert same(math.nan, torch.tensor(math.nan))


def test_half_precision_is_compared_by_its_numbers():
    for dtype in (torch.float16, torch.bfloat16, torch.float8_e4m3fn):
        assert same([0.5, 2.0], torch.tensor([0.5, 2.0]).to(dtype), EXACT)


def test_a_view_that_numpy_cannot_read_is_compared_by_its_numbers():
    x = torch.tensor([1 + 2j])
    assert same([1 - 2j], x.conj()) is False  # complex lists are no part of an exercise
    assert same(np.array([1 - 2j]), x.conj())
    assert same([-2.0], x.conj().imag)


def test_a_value_that_holds_itself_is_wrong_and_can_be_shown():
    value: list = []
    value.append(value)
    assert not same([1.0], value)
    assert difference([1.0], value)
    assert "list of 1" in show(value)


def test_a_value_that_cannot_show_itself_is_shown_by_its_kind():
    class Shy:
        def __repr__(self):
            raise RuntimeError("no")

    assert show(Shy()) == "Shy"
    assert "Shy" in difference(1.0, Shy())


def test_a_difference_names_structure_before_numbers():
    assert difference(np.zeros((2, 3)), np.ones((3, 2))) == (
        "Your result has shape (3, 2), shape (2, 3) was expected."
    )
    assert difference(["a", "b"], ["a"]) == "Your result has 1 items, 2 were expected."
    assert difference(np.zeros(3), "text") == (
        "Your result is a str, an array of shape (3,) was expected."
    )
    assert difference(np.zeros(3), None).startswith("Your result is a NoneType")


def test_a_difference_says_how_many_where_and_by_how_much():
    expected = np.zeros((2, 3))
    got = expected.copy()
    got[1, 2], got[0, 1] = 0.5, 0.25
    assert difference(expected, torch.from_numpy(got)) == (
        "2 of 6 values differ; the largest difference (0.5) is at [1, 2]: you gave 0.5, expected 0."
    )
    assert difference(2.0, 3.0) == "You returned 3, expected 2."
    got[0, 0] = math.nan
    assert difference(expected, got) == "1 of your 6 values are NaN."


@settings(max_examples=100, deadline=None)
@given(st.floats(-100, 100), st.floats(1e-7, 1e-2), st.integers(0, 2))
def test_two_numbers_that_differ_never_look_the_same(number, gap, form):
    several = torch.tensor([number, number - 1.0], dtype=torch.float64)
    pairs = [
        (number, number + gap),
        (several, several + gap),
        (["a", number], ["a", number + gap]),
    ]
    one, other = pairs[form]
    said = difference(one, other, EXACT)
    found = re.search(r"(?:gave|returned) (.*), expected (.*)\.$", said)
    assert found[1] != found[2], said
    assert len(set(values.show_both(one, other))) == 2


def test_as_many_decimals_are_shown_as_tell_two_values_apart():
    assert difference(1.0, 1.00003) == "You returned 1.00003, expected 1."
    assert difference(1.0, 0.99999999, EXACT) == "You returned 0.99999999, expected 1."
    assert "you gave 0.99998, expected 1." in difference([1.0, 2.0], [0.99998, 2.0])
    assert values.show_both([1.0, 2.0], torch.tensor([0.99998, 2.0])) == (
        "[1., 2.]",
        "[0.99998 2.     ]",
    )
    assert values.show_both(0.5, 0.25) == ("0.5", "0.25")
    assert values.show_both(["a", 0.5], ["a", 0.5]) == ("['a', 0.5]",) * 2
    assert difference(["a", [0.5]], ["a", [0.50001]], EXACT) == (
        "Item 1 differs: you gave [0.50001], expected [0.5]."
    )


def test_a_difference_with_nan_or_infinity_expected_has_words_too():
    assert "at [0]: you gave 1, expected nan" in difference([math.nan], [1.0])
    assert "infinite" in difference([1.0, math.inf], [1.0, 2.0])


def test_a_difference_of_dicts_names_the_key():
    assert "key 'b'" in difference({"a": 1, "b": 2}, {"a": 1})
    assert "key 'c' that is not expected" in difference({"a": 1}, {"a": 1, "c": 1})
    assert difference({"a": 1.0}, {"a": 2.0}) == "At key 'a': You returned 2, expected 1."
    assert difference({1, 2}, {1, 3}) == "You returned {1, 3}, expected {1, 2}."


def test_a_copy_keeps_strides_and_shares_nothing():
    tensor = torch.arange(6.0).reshape(2, 3).T
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    copied = copy_value({"t": [tensor], "a": (array,)})
    assert copied["t"][0].stride() == tensor.stride()
    assert copied["a"][0].flags.f_contiguous
    copied["t"][0].zero_()
    copied["a"][0][:] = 0
    assert tensor.sum() == 15
    assert array.sum() == 15


def test_size_counts_numbers_and_characters():
    assert values.size(torch.zeros(3, 4)) == 12
    assert values.size((np.zeros(3), "ab", 1.0)) == 3 + 2 + 1 + 1
    assert values.size({"a": [1, 2]}) == 3 + 1


def test_kinds_are_in_a_learners_words():
    assert kind(torch.zeros(2, 3)) == "tensor of shape (2, 3)"
    assert kind(torch.tensor(1.0)) == "tensor with one number"
    assert kind(True) == "truth value"
    assert kind(np.float32(1)) == kind(1) == "number"
    assert kind([1, 2]) == "list of 2"
    assert kind(None) == "NoneType"


def test_truth_values_beside_numbers_are_shown_as_such():
    assert values.show((False, 2)) == "(False, 2)"
    assert values.show([True, 0.5]) == "[True, 0.5]"
    assert values.show((1, 2)) == "[1, 2]"


def test_a_long_value_is_shown_short():
    assert len(show(list(range(10_000)))) < 420
    assert len(show("x" * 10_000)) < 420
    assert show([["a"] * 30]).count("'a'") == 12
    assert show(0.123456789) == "0.123457"


def test_what_is_in_tensors_and_arrays_is_had_in_lists():
    value = (torch.tensor([[1, 2]]), [np.array([0.5]), np.int64(3)], {"a": torch.tensor(True)}, "x")
    assert values.in_lists(value) == ([[1, 2]], [[0.5], 3], {"a": True}, "x")
    meta = torch.ones(2, device="meta")
    assert values.in_lists(meta) is meta


def test_the_dtypes_of_floats_are_found_wherever_they_stand():
    held = [torch.ones(1).half(), {"a": (torch.ones(1).double(), torch.arange(2), 0.5)}]
    assert values.float_dtypes(held) == {torch.float16, torch.float64}
    assert values.float_dtypes(values.in_dtype(held, torch.float32)) == {torch.float32}


def test_what_holds_nothing_is_shown_with_its_form():
    assert values.show([[], []]) == "[[], []]"
    assert values.show(([], [])) == "([], [])"
    assert values.show(torch.zeros(2, 0)) == "[] (shape (2, 0))"
    assert values.show([]) == "[]"
    assert values.show(torch.zeros(0)) == "[]"
