import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.learn.quiz_answers import NotAnswered, matches, normalise, shown
from tests.lib.learn import answers

KINDS = ("single", "multiple", "ordering", "numeric")


@pytest.mark.parametrize(
    ("kind", "answer", "means"),
    [
        ("single", " B) ", "b"),
        ("single", "[b]", "b"),
        ("multiple", "C, a", ("a", "c")),
        ("multiple", "a and c", ("a", "c")),
        ("multiple", "a & c", ("a", "c")),
        ("multiple", ("c)", "a)"), ("a", "c")),
        ("multiple", "dan", ("a", "d", "n")),
        ("ordering", "c -> a -> b", ("c", "a", "b")),
        ("ordering", "c, a, then b", ("c", "a", "b")),
        ("numeric", "  -.5e1 ", -5.0),
        ("numeric", "\N{MINUS SIGN}0.42", -0.42),
        ("numeric", np.float32(0.5), 0.5),
        ("numeric", np.array(3), 3.0),
        ("numeric", torch.tensor(0.25, dtype=torch.bfloat16), 0.25),
        ("numeric", torch.nn.Parameter(torch.tensor(2.0)), 2.0),
    ],
)
def test_answers_are_read_as_they_are_meant(kind, answer, means):
    assert normalise(kind, answer) == means


@pytest.mark.parametrize(
    ("kind", "answer", "says"),
    [
        ("single", "b or c", "give letters, such as \"b\"; you gave 'b or c'"),
        ("single", 1, 'give letters, such as "b"; you gave 1'),
        ("single", True, "you gave True"),
        ("single", torch.tensor(1), r"you gave a tensor of shape \(\) and type torch.int64"),
        ("single", "\u0430", "give letters"),  # a Cyrillic letter that looks like a Latin one
        ("multiple", "a-c", "give letters"),  # a and c, or a to c?
        ("multiple", "a1", "give letters"),
        ("multiple", ["ac"], "give letters, such as \"ac\"; you gave a list of 'ac'"),
        ("multiple", "aa", "give each letter at most once; you gave 'aa'"),
        ("ordering", {"a", "b"}, "a set has no order"),
        ("ordering", "x" * 100_000, 'give letters, such as "cab"'),
        ("numeric", "half", "give a number alone, such as 0.5; you gave 'half'"),
        ("numeric", "40%", "give a number alone"),
        ("numeric", "0,4", "write decimals with a point: 0.4, not 0,4"),
        (
            "numeric",
            "499,500",
            "a comma can mean two things: write 499.500 for a decimal point, 499500 for thousands, not 499,500",
        ),
        ("numeric", "1,000,000", "write decimals with a point: 1000000, not 1,000,000"),
        ("numeric", (0, 4), "Python reads a comma as two numbers"),
        ("numeric", True, "give a number, such as 0.5; you gave True"),
        ("numeric", torch.tensor(True), "give a number"),
        ("numeric", torch.tensor([0.4]), r"give one number, .* you gave a tensor of shape \(1,\)"),
        ("numeric", torch.tensor(0.4, device="meta"), "give a number"),
        ("numeric", float("nan"), "give a finite number, such as 0.5; you gave nan"),
        ("numeric", "1e999", "give a finite number"),
        ("numeric", 10**400, "not as large"),
    ],
    ids=lambda value: answers.named(value)[:20],
)
def test_what_is_no_answer_is_said_to_be_none(kind, answer, says):
    with pytest.raises(ValueError, match=says) as caught:
        normalise(kind, answer)
    assert not isinstance(caught.value, NotAnswered)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("kind", "answer", "says"),
    [
        ("single", "e", "no such choice as e: the choices are a, b, c and d"),
        ("multiple", "aef", "no such choice as e and f: the choices are a, b, c and d"),
        ("ordering", "ba", "leaves out c and d: an order names each of a, b, c and d once"),
    ],
)
def test_where_the_choices_are_known_letters_are_compared_with_them(kind, answer, says):
    with pytest.raises(ValueError, match=says):
        normalise(kind, answer, "abcd")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [None, ..., "", " \n", [], (), set()], ids=repr)
def test_nothing_is_told_from_something_wrong(kind, answer):
    with pytest.raises(NotAnswered):
        normalise(kind, answer)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", answers.PLACES, ids=answers.name)
def test_an_answer_is_read_or_refused_and_never_asked(kind, place):
    refused, read = "", None
    try:
        read = normalise(kind, answers.ALL[place], "abc")
    except ValueError as error:
        refused = str(error)
    assert len(refused) < 250
    assert bool(refused) is (read is None)
    if not refused:
        assert type(read) in (str, tuple, float)
        assert not matches(kind, {"numeric": 9.0}.get(kind, "d"), read)


@pytest.mark.parametrize("place", answers.PLACES, ids=answers.name)
def test_any_answer_can_be_shown_in_short(place):
    assert 0 < len(shown(answers.ALL[place])) < 300


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_out_is_that_number(number):
    assert normalise("numeric", repr(number)) == number


@given(st.text())
def test_a_text_that_python_reads_as_no_number_is_none(text):
    try:
        read = normalise("numeric", text)
    except ValueError:
        return
    assert read == float(text.replace("\N{MINUS SIGN}", "-"))


@given(st.permutations("abcde"), st.sampled_from(["", " ", ", ", ") ", "; ", " then "]))
def test_an_order_is_the_same_however_it_is_set_apart(order, between):
    assert normalise("ordering", between.join(order)) == tuple(order)
    assert normalise("multiple", between.join(order)) == tuple("abcde")
