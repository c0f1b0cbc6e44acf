import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib._finite import named_rows, require_finite, require_finite_scores, rows_not_finite


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 40),
    wrong=st.dictionaries(
        st.integers(0, 39), st.sampled_from([torch.nan, torch.inf, -torch.inf]), max_size=6
    ),
    dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
    high=st.sampled_from([1.0, 6e4]),
)
def test_exactly_the_rows_that_are_not_finite_are_named(rows, wrong, dtype, high):
    x = torch.full((rows, 3), high, dtype=dtype)
    wrong = {row: value for row, value in wrong.items() if row < rows}
    for row, value in wrong.items():
        x[row, row % 3] = value
    assert rows_not_finite(x) == sorted(wrong)
    if not wrong:
        require_finite("f", "x", x)  # also where the sum of float16 is beyond float16
        return
    with pytest.raises(ValueError, match=f"^f: {named_rows(sorted(wrong))} of x "):
        require_finite("f", "x", x)


def test_infinities_of_both_signs_do_not_cancel():
    with pytest.raises(ValueError, match="rows 0, 1 of x"):
        require_finite("f", "x", torch.tensor([[torch.inf], [-torch.inf], [1.0]]))


def test_rows_of_more_dimensions_are_counted_through():
    x = torch.zeros(2, 3, 4)
    x[1, 2, 0] = torch.nan
    assert rows_not_finite(x) == [5]


def test_scores_name_the_vectors_that_are_at_fault_or_say_that_none_is():
    scores = torch.tensor([[1.0, 2.0], [torch.inf, 1.0]])
    fine, wrong = torch.ones(2, 2), torch.tensor([[1.0, 1.0], [torch.nan, 1.0]])
    require_finite_scores("f", fine, x=wrong)
    with pytest.raises(ValueError, match="row 1 of b"):
        require_finite_scores("f", scores, a=fine, b=wrong)
    with pytest.raises(ValueError, match=r"queries in row 1 are beyond what torch\.float32"):
        require_finite_scores("f", scores, a=fine, b=fine)


def test_on_the_meta_device_there_is_nothing_to_look_at():
    require_finite("f", "x", torch.empty(3, 2, device="meta"))
    require_finite_scores("f", torch.empty(3, 2, device="meta"))
