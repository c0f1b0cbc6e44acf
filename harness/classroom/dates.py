"""When lessons are due, in the zone that the teacher lives in; some students may have a date of their own.

nbgrader keeps a lesson's date in UTC and knows no zones. What it has no place for lies in the classroom's
`.grading/dates.json`: the zone, students' own dates, and what being late costs.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

from harness.classroom.errors import ClassroomError
from harness.classroom.kept import read_kept, write_kept
from harness.classroom.late_rule import Rule

_FORMS = "2026-01-05, '2026-01-05 18:00' or 2026-01-05T18:00+01:00"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Dates:
    """What the classroom knows of dates beside nbgrader's gradebook.

    Args:
        zone: the name of the time zone; None is this machine's.
        own: dates in UTC by lesson and student.
        rules: what being late costs, by lesson; `*` is for all that have none of their own.
    """

    zone: str | None = None
    own: dict[str, dict[str, datetime]] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)

    def rule(self, lesson: str) -> Rule | None:
        """What being late costs in a lesson; None where no rule was ever given."""
        return self.rules.get(lesson, self.rules.get("*"))

    def of(self, lesson: str, student: str) -> datetime | None:
        """A student's own date for a lesson, in UTC."""
        return self.own.get(lesson, {}).get(student)


def load(classroom: Path) -> Dates:
    """What the classroom knows of dates; nothing if none were given.

    Raises:
        ClassroomError: the file is damaged. It is not passed over: somebody's own date is in it.
    """
    what_to_do = "mend it, or remove it and give dates and penalties anew"
    return read_kept(_place(classroom), _from_plain, Dates(), what_to_do)


def _from_plain(plain: Any) -> Dates:
    own = {
        lesson: {student: datetime.fromisoformat(text) for student, text in of.items()}
        for lesson, of in plain["own"].items()
    }
    rules = {lesson: Rule(**rule) for lesson, rule in plain["rules"].items()}
    return Dates(plain["zone"], own, rules)


def save(classroom: Path, dates: Dates) -> None:
    """Write what the classroom knows of dates."""
    plain = {
        "zone": dates.zone,
        "own": {
            lesson: {student: when.isoformat() for student, when in of.items()}
            for lesson, of in dates.own.items()
        },
        "rules": {lesson: dataclasses.asdict(rule) for lesson, rule in dates.rules.items()},
    }
    write_kept(_place(classroom), plain)


def zone_of(name: str | None) -> tzinfo | None:
    """A time zone by its name; None is this machine's.

    Raises:
        ClassroomError: there is none of this name.
    """
    from zoneinfo import ZoneInfo

    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ClassroomError(
            f"there is no time zone {name!r}: give one such as Europe/Berlin, America/New_York or UTC"
        ) from error


def in_utc(local: datetime, zone: tzinfo | None) -> datetime:
    """A time on the clocks of a zone, in UTC; of two that a clock shows when set back, the first."""
    if local.tzinfo is None and zone is not None:
        local = local.replace(tzinfo=zone)
    return local.astimezone(UTC)


def parse(text: str, zone: tzinfo | None) -> tuple[datetime, str]:
    """Read a date as a teacher types it; one without a time is the end of that day.

    Of a time that clocks show twice, when they are set back, the later one counts, for the students.

    Returns:
        The moment in UTC, and a remark if the clocks made a choice necessary, else "".

    Raises:
        ClassroomError: it is no date, or a time that clocks never show, when they are set forward.
    """
    text = text.strip()
    try:
        if _DAY.fullmatch(text):
            next_day = datetime.combine(datetime.fromisoformat(text), time()) + timedelta(days=1)
            return in_utc(next_day, zone) - timedelta(microseconds=1), ""
        given = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ClassroomError(f"{text!r} is no date ({error}): give one such as {_FORMS}") from error
    if given.tzinfo is not None:
        return given.astimezone(UTC), ""
    first, later = (in_utc(given.replace(fold=fold), zone) for fold in (0, 1))
    if first == later:
        return first, ""
    if _back(first, zone) != given:
        raise ClassroomError(
            f"clocks are set forward over {given:%Y-%m-%d %H:%M} there, so that nobody sees that time: "
            "give another, or the hours from UTC, such as 2026-03-29T02:30+01:00"
        )
    return later, f"clocks show {given:%Y-%m-%d %H:%M} twice, being set back: the later one counts"


def shown(moment: datetime | None, zone: tzinfo | None) -> str:
    """A moment on the clocks of a zone, with the hours from UTC; `-` for none."""
    if moment is None:
        return "-"
    local = moment.astimezone(zone)
    return f"{local:%a %Y-%m-%d %H:%M} (UTC{local:%z})"


def _back(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _place(classroom: Path) -> Path:
    return Path(classroom, ".grading", "dates.json")


def merged(of: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy with one entry set, or taken out if the value is None."""
    return {k: v for k, v in of.items() if k != key} | ({} if value is None else {key: value})
