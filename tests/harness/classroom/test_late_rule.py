"""What being late costs: per day begun, at most so much, with grace, until a hard end."""

import pytest

from harness.classroom.late_rule import DAY, Rule


@pytest.mark.parametrize(
    ("late", "points"),
    [(0, 0.0), (1, 1.0), (DAY, 1.0), (DAY + 1, 2.0), (2.5 * DAY, 3.0), (99 * DAY, 5.0)],
)
def test_a_share_is_taken_for_each_day_begun_up_to_the_most(late, points):
    assert Rule(0.1, 0.5).points(late, 10.0, 20.0) == pytest.approx(points)


def test_a_share_may_be_of_the_maximum_and_never_takes_more_than_was_earned():
    rule = Rule(0.25, of="maximum")
    assert rule.points(1, 10.0, 20.0) == 5.0
    assert rule.points(1, 3.0, 20.0) == 3.0
    assert rule.points(1, 0.0, 20.0) == 0.0


def test_grace_is_free_and_whoever_is_later_is_late_from_the_date_on():
    rule = Rule(0.1, grace_minutes=15)
    assert rule.points(15 * 60, 10.0, 10.0) == 0.0
    assert rule.points(15 * 60 + 1, 10.0, 10.0) == 1.0


def test_after_the_hard_end_nothing_is_earned():
    rule = Rule(0.0, cutoff_days=2)
    assert rule.points(2 * DAY, 10.0, 10.0) == 0.0
    assert rule.points(2 * DAY + 1, 10.0, 10.0) == 10.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 10},
        {"most": -0.1},
        {"of": "half"},
        {"grace_minutes": -1},
        {"cutoff_days": float("inf")},
        {"share": float("nan")},
    ],
)
def test_a_rule_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"share|length"):
        Rule(**wrong)


def test_a_rule_is_said_in_words():
    assert Rule().text == "being late costs nothing"
    assert Rule(0.1, 0.5, grace_minutes=5, cutoff_days=7).text == (
        "10% of the points earned for each day begun, at most 50%; nothing is earned more than 7 days "
        "late; 5 minutes are free"
    )
