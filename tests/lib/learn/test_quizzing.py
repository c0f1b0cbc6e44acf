import json
import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from lib.learn import CheckFailed, grade_answer, quiz
from lib.learn import stored_progress as record
from lib.learn.quizzing import matches, normalise


def said(capsys, item, answer) -> str:
    quiz(item, answer)
    return capsys.readouterr().out


def is_right(text: str) -> bool:
    assert (": right" in text) != (": not right" in text), text
    return ": right" in text


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet_is_no_fault(course, capsys, answer):
    assert "90-q1: not answered yet" in said(capsys, "90-q1", answer)
    assert record.load()["quiz"] == {}


@pytest.mark.parametrize(
    ("answer", "right", "feedback"),
    [
        ("b", True, "Yes, whatever their number."),
        ("B", True, "Yes, whatever their number."),
        ("b)", True, "Yes, whatever their number."),
        (["b"], True, "Yes, whatever their number."),
        ("a", False, "That would be the mean of zeros."),
        ("c", False, "That is their sum."),
        ("z", False, "z) There is no such choice."),
    ],
)
def test_a_single_choice_gets_the_feedback_of_what_was_chosen(
    course, capsys, answer, right, feedback
):
    text = said(capsys, "90-q1", answer)
    assert is_right(text) is right
    assert feedback in text
    assert text.count(")") == 1  # of this choice and no other


@pytest.mark.parametrize(
    ("answer", "right", "feedback"),
    [
        ("ac", True, "The even prime."),
        ("c, a", True, "The first one that is counted."),
        ({"a", "c"}, True, "The even prime."),
        (("c", "a"), True, "The even prime."),
        ("a", False, "What you chose is right; something is missing."),
        ("abc", False, "A word is none."),
        ("bc", False, "A word is none."),
    ],
)
def test_several_choices_get_the_feedback_of_each(course, capsys, answer, right, feedback):
    text = said(capsys, "90-q2", answer)
    assert is_right(text) is right
    assert feedback in text
    assert ("something is missing" in text) is (answer == "a")


@pytest.mark.parametrize(
    ("answer", "right", "feedback"),
    [
        (0.5, True, "Right, exactly so."),
        (0.509, True, "Right, exactly so."),
        (np.float32(0.5), True, "Right, exactly so."),
        (Fraction(1, 2), True, "Right, exactly so."),
        (0.52, False, "Halve it once more."),
        (2, False, "That is the double of it."),
        (math.nan, False, "Halve it once more."),
        (-math.inf, False, "Halve it once more."),
    ],
)
def test_a_number_is_right_within_its_tolerance_and_traps_are_told(
    course, capsys, answer, right, feedback
):
    text = said(capsys, "90-q3", answer)
    assert is_right(text) is right
    assert feedback in text


@pytest.mark.parametrize(
    ("answer", "right"),
    [("cab", True), ("c a b", True), (["c", "a", "b"], True), ("abc", False), ("ca", False)],
)
def test_an_order_is_right_only_as_a_whole(course, capsys, answer, right):
    text = said(capsys, "90-q4", answer)
    assert is_right(text) is right
    assert ("Yes, growing they are." if right else "Begin with the smallest.") in text


def test_a_free_answer_is_recorded_and_compared_by_the_reader(course, capsys, shell):
    text = said(capsys, "90-q5", "because")
    assert "90-q5: recorded" in text or shell("quiz('90-q5', 'because')").text
    seen = shell("quiz('90-q5', 'because')")
    assert "A good answer says that all summands are equal." in seen.text
    assert record.load()["quiz"]["90-q5"]["right"] is None


@pytest.mark.parametrize(
    ("item", "answer", "says"),
    [
        ("90-q1", "ab", "give one letter; you gave 'ab'"),
        ("90-q1", 1, 'give letters, such as "b"; you gave 1'),
        ("90-q2", "aa", "each letter at most once"),
        ("90-q2", [1, 2], 'give letters, such as "ac"'),
        ("90-q3", "half", "give a number, such as 0.5; you gave 'half'"),
        ("90-q3", True, "give a number"),
        ("90-q3", torch.tensor(0.5), "you gave a Tensor"),
        ("90-q3", 10**400, "not as large"),
        ("90-q4", "x" * 100_000, 'give letters, such as "cab"'),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_answer_is_told_what_would_be_one(course, capsys, item, answer, says):
    text = said(capsys, item, answer)
    assert f"Question {item}: not an answer" in text
    assert says in text
    assert len(text) < 400


def test_answers_are_remembered_with_tries(course, shell):
    for answer in ("a", "b"):
        shell(f"quiz('90-q1', {answer!r})")
    assert record.load()["quiz"]["90-q1"] == {"answer": "b", "right": True, "tries": 2}


def test_without_solutions_an_answer_is_only_recorded(course, shell):
    (course / "solutions").rmdir()
    for item, answer in (("90-q1", "b"), ("90-q3", 0.4), ("90-q4", "abc"), ("90-q5", "why")):
        seen = shell(f"quiz({item!r}, {answer!r})")
        assert f"Question {item}: your answer {answer!r} is recorded" in seen.text
        assert "right" not in seen.text
        stored = record.load()["quiz"][item]
        assert (stored["answer"], stored["right"]) == (answer, None)


@pytest.mark.parametrize(
    "answer",
    [np.float32(0.5), torch.ones(2), {"b", "a"}, [object()], object(), "x" * 10**6, {"a": 1}],
    ids=lambda a: type(a).__name__,
)
def test_any_answer_can_be_recorded(course, shell, answer, monkeypatch):
    (course / "solutions").rmdir()
    quiz("90-q1", answer)
    assert record.load()["quiz"]["90-q1"]["tries"] == 1


def test_an_unknown_item_is_told_with_those_there_are(course):
    with pytest.raises(KeyError, match="no quiz item '90-q9'; this lesson has: 90-q1, 90-q2"):
        quiz("90-q9", "a")


def test_a_changed_quiz_file_is_read_again(course, capsys):
    path = course / "lessons" / "90_tiny.quiz.yaml"
    assert is_right(said(capsys, "90-q3", 0.5))
    path.write_text(path.read_text().replace("key: 0.5", "key: 0.25"))
    assert not is_right(said(capsys, "90-q3", 0.5))


class _AlwaysEqual:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class _Text(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def lower(self):
        return "b"


class _List(list):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 1


HOSTILE = [
    None,
    ...,
    True,
    object(),
    _AlwaysEqual(),
    _Text("b"),
    _List(["a", "b"]),
    [_AlwaysEqual()],
    [_Text("b")],
    ["a", "b", "c"],
    ["a", "b", "c", "a"],
    "abcdefghijklmnopqrstuvwxyz",
    "b" * 10_000_000,
    "",
    [],
    {"b": 1},
    b"b",
    math.nan,
    math.inf,
    10**400,
    1j,
    np.array(["b"]),
    np.array([0.5, 1.0]),
    torch.tensor(math.nan),
    (c for c in "b"),
    lambda: "b",
]


@pytest.mark.parametrize("answer", HOSTILE, ids=lambda a: type(a).__name__)
@pytest.mark.parametrize(
    ("kind", "key"),
    [("single", "b"), ("multiple", "bd"), ("ordering", "bdac"), ("numeric", 0.5)],
)
def test_no_hostile_answer_earns_a_point(kind, key, answer):
    with pytest.raises(CheckFailed) as caught:
        grade_answer("90-q1", answer, kind=kind, key=key, tolerance=0.01)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("kind", "key", "answer"),
    [("single", "b", "a"), ("multiple", "ac", "a"), ("ordering", "ab", "ba"), ("numeric", 7, 0)],
)
def test_a_wrong_answer_learns_nothing_of_the_key(kind, key, answer):
    with pytest.raises(CheckFailed, match=r"^question x: not right$"):
        grade_answer("x", answer, kind=kind, key=key)


@pytest.mark.parametrize(
    ("kind", "key", "right"),
    [
        ("single", "b", ["b", "B", " b ", ["b"], ("b",)]),
        ("multiple", "ca", ["ac", "ca", "a, c", {"a", "c"}, ["c", "a"]]),
        ("ordering", "cab", ["cab", "c, a, b", ["c", "a", "b"], "CAB"]),
        ("numeric", 0.5, [0.5, 0.51, 0.49, np.float64(0.5), Fraction(1, 2)]),
        ("numeric", 3, [3, 3.0, np.int64(3)]),
    ],
)
def test_every_way_to_write_the_right_answer_earns_it(kind, key, right):
    for answer in right:
        grade_answer("x", answer, kind=kind, key=key, tolerance=0.0101)
        assert matches(kind, key, normalise(kind, answer), 0.0101)


def test_the_edge_of_the_tolerance_belongs_to_it():
    grade_answer("x", 0.75, kind="numeric", key=0.5, tolerance=0.25)
    with pytest.raises(CheckFailed, match="question x: not right"):
        grade_answer("x", 0.7501, kind="numeric", key=0.5, tolerance=0.25)


def test_a_set_has_no_order_and_so_is_no_answer_to_an_ordering():
    with pytest.raises(CheckFailed):
        grade_answer("x", {"a", "b"}, kind="ordering", key="ab")


def test_a_stored_answer_is_json(course, shell, progress_file):
    shell("quiz('90-q3', 0.5)")
    assert json.loads(progress_file.read_text())["quiz"]["90-q3"]["answer"] == 0.5
