from dataclasses import replace

import pytest

from harness.grade.syntax import SyntaxFault
from harness.grade.verdicts import CellVerdict
from harness.reports.feedback import Feedback, Section, feedback_html

SEEN = CellVerdict(
    "check_a", "wrong", 0.0, 1.0, "it is the sum.", "not-divided", "a", False, "Divide."
)
UNSEEN = replace(SEEN, grade_id="hidden_a", max_points=2.0, hidden=True)
SECTION = Section("The mean (a)", (SEEN, UNSEEN), 0.0, 3.0, "<p>Average.</p>", ("def a(): 1 < 2",))


def _page(*sections):
    return feedback_html(Feedback("02 Pooling", "ada", ("0 of 3 points",), sections))


def test_a_wrong_answer_is_told_in_words_once_with_its_hint():
    found = _page(SECTION)
    assert "<h2>The mean (a): wrong</h2>" in found
    assert "0 of 3 points (check 0 of 1, hidden tests 0 of 2)" in found
    assert found.count("it is the sum.") == 1
    assert found.count("Divide.") == 1
    assert "not-divided" not in found
    assert "<p>Average.</p>" in found
    assert "def a(): 1 &lt; 2" in found


def test_what_only_hidden_tests_found_is_told_as_theirs():
    right = replace(SEEN, status="passed", points=1.0, message="", mistake=None, hint=None)
    found = _page(
        replace(SECTION, cells=(right, replace(UNSEEN, message="It did not pass.")), points=1.0)
    )
    assert "right in part" in found
    assert "Hidden tests: It did not pass." in found


def test_a_syntax_error_stands_at_the_top_with_its_line_instead_of_what_followed_from_it():
    found = _page(
        Section("First", (), 1.0, 1.0),
        replace(SECTION, fault=SyntaxFault(2, "'(' was never closed", "x = (<")),
    )
    top = found.index("Syntax error in your cell of The mean (a), line 2")
    assert top < found.index("<h2>First")
    assert "x = (&lt;" in found
    assert "The mean (a): syntax error" in found
    assert "it is the sum." not in found


@pytest.mark.parametrize(
    ("section", "state", "points"),
    [
        (Section("t", (), None, 2.0), "waits for a person", "<p>2 points</p>"),
        (Section("t", (), 1.5, 2.0, by_hand=True), "marked", "1.5 of 2 points, given by a person"),
        (
            Section("t", (SEEN,), 1.0, 1.0, by_hand=True),
            "marked",
            "1 of 1 point, given by a person",
        ),
    ],
)
def test_points_of_a_person_are_told_as_such(section, state, points):
    found = _page(section)
    assert f"<h2>t: {state}</h2>" in found
    assert points in found


def test_a_comment_and_an_explanation_stand_with_their_part():
    found = _page(replace(SECTION, comment="Nice <try>", explanation=("<p>Because.</p>",)))
    assert "Nice &lt;try&gt;" in found
    assert "<p>Because.</p>" in found
