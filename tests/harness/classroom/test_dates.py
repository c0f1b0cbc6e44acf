"""Dates as a teacher types them, where clocks are set forward and back."""

from datetime import UTC, datetime, timedelta

import pytest

from harness.classroom import dates
from harness.classroom.dates import Dates, parse, shown, zone_of
from harness.classroom.errors import ClassroomError
from harness.classroom.late_rule import Rule

BERLIN = zone_of("Europe/Berlin")
LAST = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05", datetime(2026, 1, 5, 23, tzinfo=UTC) - LAST),
        ("2026-07-05", datetime(2026, 7, 5, 22, tzinfo=UTC) - LAST),
        ("2026-03-29", datetime(2026, 3, 29, 22, tzinfo=UTC) - LAST),
        ("2026-10-25", datetime(2026, 10, 25, 23, tzinfo=UTC) - LAST),
        (" 2026-01-05 18:00 ", datetime(2026, 1, 5, 17, tzinfo=UTC)),
        ("2026-01-05T18:00:30", datetime(2026, 1, 5, 17, 0, 30, tzinfo=UTC)),
        ("2026-01-05T18:00-05:00", datetime(2026, 1, 5, 23, tzinfo=UTC)),
        ("2026-01-05T18:00Z", datetime(2026, 1, 5, 18, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_its_zone_and_without_a_time_is_the_end_of_that_day(text, moment):
    assert parse(text, BERLIN) == (moment, "")


def test_a_time_that_clocks_show_twice_is_the_later_one():
    moment, remark = parse("2026-10-25 02:30", BERLIN)
    assert moment == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert "twice" in remark


def test_a_time_that_no_clock_shows_is_refused():
    with pytest.raises(ClassroomError, match="nobody sees that time"):
        parse("2026-03-29 02:30", BERLIN)


def test_a_day_whose_midnight_no_clock_shows_ends_where_the_next_begins():
    moment, _ = parse("2018-11-03", zone_of("America/Sao_Paulo"))
    assert moment == datetime(2018, 11, 4, 3, tzinfo=UTC) - LAST


@pytest.mark.parametrize("text", ["5.1.2026", "tomorrow", "2026-13-01", "2026-02-30", "", "18:00"])
def test_what_is_no_date_is_told_with_an_example(text):
    with pytest.raises(ClassroomError, match=r"is no date .* give one such as 2026-01-05"):
        parse(text, BERLIN)


@pytest.mark.parametrize("name", ["Berlin", "", "../etc/passwd", "Europe", "CEST+99"])
def test_a_zone_that_is_none_is_told(name):
    with pytest.raises(ClassroomError, match="no time zone"):
        zone_of(name)


def test_a_moment_is_shown_on_the_clocks_of_the_zone():
    assert shown(datetime(2026, 1, 5, 17, tzinfo=UTC), BERLIN) == "Mon 2026-01-05 18:00 (UTC+0100)"
    assert shown(None, BERLIN) == "-"


def test_what_was_given_is_kept(tmp_path):
    (tmp_path / ".grading").mkdir()
    assert dates.load(tmp_path) == Dates()
    own = {"02": {"ada": datetime(2026, 1, 5, tzinfo=UTC)}}
    given = Dates("Europe/Berlin", own, {"*": Rule(0.1), "02": Rule()})
    dates.save(tmp_path, given)
    assert dates.load(tmp_path) == given
    assert given.rule("02") == Rule()
    assert given.rule("03") == Rule(0.1)
    assert given.of("02", "ada") == datetime(2026, 1, 5, tzinfo=UTC)
    assert given.of("02", "bob") is None
    (tmp_path / ".grading" / "dates.json").write_text("{")
    with pytest.raises(ClassroomError, match="mend it, or remove it"):
        dates.load(tmp_path)
