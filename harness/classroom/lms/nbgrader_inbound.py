"""nbgrader's exchange: `al123+02_pooling+2026-01-05 10:11:12 UTC+4f2a/02_pooling.ipynb`.

`nbgrader submit` puts a folder for each hand-in into the exchange's `inbound`, and `nbgrader
zip_collect` knows zips of the same name. The time in the name is when it was handed in.
https://nbgrader.readthedocs.io/en/stable/exchange/exchange_api.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from harness.classroom.lms.lesson_names import is_lesson, stem
from harness.classroom.lms.owner import Owner

NAME = "nbgrader"
EXAMPLE = "al123+02_pooling+2026-01-05 10:11:12 UTC/02_pooling.ipynb"
_PATTERN = re.compile(
    r"^(?P<student>[^+]+)\+(?P<lesson>[^+]+)\+(?P<date>\d{4}-\d\d-\d\d[ T_]\d\d[:_-]\d\d[:_-]\d\d)"
    r"(?:\.(?P<part>\d{1,6}))?(?P<zone>[ _](?:UTC|[A-Za-z0-9/_]+|[+-]\d{4}))?(?:\+(?P<random>\w+))?$",
    re.S,
)


def recognises(paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
    """Whether everything is called as in the exchange."""
    return bool(paths) and all(_PATTERN.match(_first(path)) for path in paths)


def owner(parts: Sequence[str], lessons: Sequence[str], named: str | None = None) -> Owner | None:
    """Whose it is, all of it from the name of the folder or zip; the zone is UTC unless it says else."""
    match = _PATTERN.match(_first(parts))
    lesson = is_lesson(match["lesson"], lessons) if match else None
    if match is None or lesson is None:
        return None
    digits = re.sub(r"\D", "", match["date"])
    try:
        when = datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        return None
    zone = (match["zone"] or " UTC")[1:]
    moment = when.replace(tzinfo=UTC) if zone == "UTC" else _elsewhere(when, zone)
    student = match["student"]
    return Owner(
        *(student, lesson),
        system=NAME,
        login=student,
        attempt=(moment or when.replace(tzinfo=UTC),),
        handed_in=moment,
    )


def own(parts: Sequence[str]) -> bool:
    """The time that nbgrader writes beside a hand-in; the folder's name says it, too."""
    return parts[-1] == "timestamp.txt"


def _elsewhere(when: datetime, zone: str) -> datetime | None:
    """A time in another zone; None if nobody knows the zone."""
    try:
        if re.fullmatch(r"[+-]\d{4}", zone):  # which nbgrader itself takes for seconds
            return datetime.strptime(f"{when.isoformat()}{zone}", "%Y-%m-%dT%H:%M:%S%z").astimezone(
                UTC
            )
        return when.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, KeyError, OSError, OverflowError):
        return None


def _first(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) > 1 else stem(parts[0])
