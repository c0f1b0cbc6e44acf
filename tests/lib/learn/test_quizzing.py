import json
import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.learn import CheckFailed, grade_answer, quiz
from lib.learn import stored_progress as record
from lib.learn.quiz_answers import matches, normalise
from tests.lib.learn import answers


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
        ("a and c", True, "The first one that is counted."),
        (" A C ", True, "The first one that is counted."),
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
        (torch.tensor(0.5), True, "Right, exactly so."),
        (np.array(0.5), True, "Right, exactly so."),
        ("0.5", True, "Right, exactly so."),
        (0.52, False, "Halve it once more."),
        (2, False, "That is the double of it."),
        (torch.tensor(2), False, "That is the double of it."),
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
    [
        ("cab", True),
        ("c a b", True),
        (["c", "a", "b"], True),
        ("c, a, then b", True),
        ("abc", False),
    ],
)
def test_an_order_is_right_only_as_a_whole(course, capsys, answer, right):
    text = said(capsys, "90-q4", answer)
    assert is_right(text) is right
    assert ("Yes, growing they are." if right else "Begin with the smallest.") in text


def test_a_free_answer_is_recorded_and_compared_by_the_reader(course, capsys, shell):
    assert "90-q5: what a good answer says" in said(capsys, "90-q5", "because")
    seen = shell("quiz('90-q5', 'because')")
    assert "A good answer says that all summands are equal." in seen.text
    assert record.load()["quiz"]["90-q5"]["right"] is None


@pytest.mark.parametrize(
    ("item", "answer", "says"),
    [
        ("90-q1", "ab", """Give one letter, such as "b"; you gave 'ab'."""),
        ("90-q1", "z", "There is no such choice as z: the choices are a, b and c"),
        ("90-q2", "a, y and z", "There is no such choice as y and z"),
        ("90-q3", "0,5", "Write decimals with a point: 0.5, not 0,5."),
        ("90-q3", math.nan, "Give a finite number, such as 0.5; you gave nan."),
        ("90-q4", "ca", "Your order leaves out b: an order names each of a, b and c once"),
        ("90-q4", "b", "Your order leaves out a and c:"),
        ("90-q5", 3, "Give a text between quotation marks"),
    ],
    ids=lambda value: answers.named(value)[:20],
)
def test_what_is_no_answer_is_told_what_would_be_one(course, shell, item, answer, says):
    seen = shell(f"import math; quiz({item!r}, {answer!r})".replace("nan", "math.nan"))
    assert seen.error is None
    assert f"Question {item}: not an answer" in seen.text
    assert says in seen.text
    assert record.load()["quiz"] == {}, "what is no answer is no try"


@pytest.mark.parametrize("answer", ["", "  ", [], (), set(), ...], ids=repr)
@pytest.mark.parametrize("item", ["90-q1", "90-q2", "90-q3", "90-q4", "90-q5"])
def test_an_empty_answer_is_no_answer_yet(course, capsys, item, answer):
    text = said(capsys, item, answer)
    assert f"[○] Question {item}: not answered yet" in text
    assert "missing" not in text


@pytest.mark.parametrize("place", answers.PLACES, ids=answers.name)
@pytest.mark.parametrize("item", ["90-q1", "90-q2", "90-q3", "90-q4", "90-q5"])
def test_whatever_is_given_the_answer_is_one_short_panel(course, capsys, item, place):
    text = said(capsys, item, answers.ALL[place])
    assert text.startswith("[")
    assert f"Question {item}: " in text
    assert text.count("Question") == 1
    assert len(text) < 400


def test_answers_are_remembered_with_tries(course, shell):
    for answer in ("a", "b"):
        shell(f"quiz('90-q1', {answer!r})")
    assert record.load()["quiz"]["90-q1"] == {"answer": "b", "right": True, "tries": 2}


def test_without_solutions_an_answer_is_only_recorded(course, shell):
    (course / "solutions").rmdir()
    for item, answer in (("90-q1", "b"), ("90-q3", 0.4), ("90-q4", "abc"), ("90-q5", "why")):
        seen = shell(f"quiz({item!r}, {answer!r})")
        told = "marked by hand" if item == "90-q5" else f"your answer {answer!r} is recorded"
        assert f"Question {item}: {told}" in seen.text
        assert "right" not in seen.text
        stored = record.load()["quiz"][item]
        assert (stored["answer"], stored["right"]) == (answer, None)


def test_an_answer_is_said_to_be_recorded_only_where_it_is(
    course, capsys, shell, monkeypatch, progress_file
):
    (course / "solutions").rmdir()
    progress_file.parent.mkdir()
    progress_file.mkdir()  # it cannot be written
    no_file = shell("quiz('90-q1', 'b')").text
    assert "recorded here, since the file with your progress cannot be written now" in no_file
    progress_file.rmdir()
    monkeypatch.setenv("COURSE_HEADLESS", "1")
    text = said(capsys, "90-q1", "b")
    assert "your answer 'b' is one that can be given" in text
    assert "not recorded here, since nobody watches this run" in text
    assert "is recorded" not in no_file + text
    assert record.load()["quiz"] == {}


def test_without_solutions_the_form_of_an_answer_is_told(course, shell):
    (course / "solutions").rmdir()
    for item, answer, says in (
        ("90-q1", "ab", "Give one letter"),
        ("90-q3", "0,5", "Write decimals with a point"),
        ("90-q4", "caa", "Give each letter at most once"),
        ("90-q1", "", "not answered yet"),
    ):
        assert says in shell(f"quiz({item!r}, {answer!r})").text
    assert record.load()["quiz"] == {}


@pytest.mark.parametrize("place", answers.PLACES, ids=answers.name)
def test_any_answer_without_solutions_is_taken_or_told(course, capsys, place):
    (course / "solutions").rmdir()
    for item in ("90-q1", "90-q3", "90-q5"):
        text = said(capsys, item, answers.ALL[place])
        taken = ("is one that can be given", "marked by hand")
        assert any(word in text for word in (*taken, "not an answer", "not answered yet"))


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("90-q9", "There is no quiz item '90-q9'; this lesson has: 90-q1, 90-q2, 90-q3"),
        ("99-q1", "There is no lesson 99; there are: 90."),
        (None, "instead of the id you gave None"),
        (3, "instead of the id you gave 3"),
        ("b", "instead of the id you gave 'b'"),
        ("", "instead of the id you gave ''"),
        ("[0-9]*-q1", "instead of the id you gave '[0-9]*-q1'"),
        ("/-q1", "instead of the id you gave '/-q1'"),
        (object(), "instead of the id you gave an object"),
    ],
    ids=answers.named,
)
@pytest.mark.parametrize("solutions", [True, False])
def test_an_unknown_item_is_told_with_those_there_are(course, capsys, item, says, solutions):
    if not solutions:
        (course / "solutions").rmdir()
    text = said(capsys, item, "b")
    assert "There is no such question" in text
    assert says in text


def test_an_id_may_be_written_carelessly(course, capsys):
    assert is_right(said(capsys, " 90-Q1 ", "b"))


def test_a_quiz_file_that_cannot_be_read_is_told(course, capsys):
    (course / "lessons" / "90_tiny.quiz.yaml").write_text("- id: [90-q1")
    assert "90_tiny.quiz.yaml cannot be read as a quiz" in said(capsys, "90-q1", "b").replace(
        "\n", " "
    )


def test_a_changed_quiz_file_is_read_again(course, capsys):
    path = course / "lessons" / "90_tiny.quiz.yaml"
    assert is_right(said(capsys, "90-q3", 0.5))
    path.write_text(path.read_text().replace("key: 0.5", "key: 0.25"))
    assert not is_right(said(capsys, "90-q3", 0.5))


@pytest.mark.parametrize("place", answers.PLACES[-len(answers.HOSTILE) :], ids=answers.name)
@pytest.mark.parametrize(
    ("kind", "key"),
    [("single", "b"), ("multiple", "bd"), ("ordering", "bdac"), ("numeric", 0.5)],
)
def test_no_hostile_answer_earns_a_point(kind, key, place):
    with pytest.raises(CheckFailed) as caught:
        grade_answer("90-q1", answers.ALL[place], kind=kind, key=key, tolerance=0.01)
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
        ("multiple", "ca", ["ac", "ca", "a, c", "A and C", {"a", "c"}, ["c", "a"]]),
        ("ordering", "cab", ["cab", "c, a, b", ["c", "a", "b"], "CAB", "c > a > b"]),
        ("numeric", 0.5, [0.5, 0.51, 0.49, np.float64(0.5), "0.5", torch.tensor(0.5)]),
        ("numeric", 3, [3, 3.0, np.int64(3), np.array(3), torch.tensor(3), " 3 "]),
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


def verdict_of_the_grader(kind: str, key, answer, tolerance: float = 0.0) -> str:
    try:
        grade_answer("x", answer, kind=kind, key=key, tolerance=tolerance)
    except CheckFailed as failed:
        return failed.verdict["status"]
    return "right"


def verdict_of_the_quiz(text: str) -> str:
    if "not answered yet" in text:
        return "not attempted"
    return "wrong" if "not right" in text or "not an answer" in text else "right"


def numbers():
    near = st.floats(0.47, 0.53)
    return st.one_of(
        near,
        near.map(str),
        near.map(np.float32),
        near.map(torch.tensor),
        near.map(np.array),
        near.map(lambda x: str(round(x, 2)).replace(".", ",")),
        st.floats(),
        st.integers(),
        st.integers(-3, 3).map(np.int8),
        st.lists(st.integers(0, 9), max_size=3).map(tuple),
    )


def letters():
    some = st.lists(st.sampled_from("abcdABC"), max_size=5)
    between = st.sampled_from(["", " ", ", ", ") ", " and ", "; ", " > ", "-"])
    return st.one_of(
        some,
        some.map(tuple),
        some.map(set),
        st.builds(lambda parts, by: by.join(parts), some, between),
        st.permutations("abc").map("".join),
        st.text(max_size=6),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(answer=st.one_of(letters(), numbers()))
def test_the_grader_and_the_quiz_give_one_verdict(course, capsys, answer):
    verdicts_agree(capsys, answer)


@pytest.mark.parametrize("place", answers.PLACES, ids=answers.name)
def test_the_grader_and_the_quiz_give_one_verdict_on_strange_answers(course, capsys, place):
    verdicts_agree(capsys, answers.ALL[place])


def verdicts_agree(capsys, answer) -> None:
    for item, kind, key, tolerance in (
        ("90-q1", "single", "b", 0.0),
        ("90-q2", "multiple", "ac", 0.0),
        ("90-q3", "numeric", 0.5, 0.01),
        ("90-q4", "ordering", "cab", 0.0),
    ):
        graded = verdict_of_the_grader(kind, key, answer, tolerance)
        assert verdict_of_the_quiz(said(capsys, item, answer)) == graded


@pytest.mark.parametrize("answer", [None, ..., "", [], " "], ids=repr)
@pytest.mark.parametrize(("kind", "key"), [("single", "b"), ("numeric", 0), ("multiple", "a")])
def test_the_grader_tells_no_answer_from_a_wrong_one(kind, key, answer):
    assert verdict_of_the_grader(kind, key, answer) == "not attempted"


def test_a_set_has_no_order_and_so_is_no_answer_to_an_ordering():
    with pytest.raises(CheckFailed):
        grade_answer("x", {"a", "b"}, kind="ordering", key="ab")


def test_a_stored_answer_is_json(course, shell, progress_file):
    shell("quiz('90-q3', 0.5)")
    assert json.loads(progress_file.read_text())["quiz"]["90-q3"]["answer"] == 0.5
