"""Names by a pattern of the teacher's own: a regular expression with named groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from harness.classroom.lms.lesson_names import at_the_end, in_title, stem
from harness.classroom.lms.owner import Owner

NAME = "pattern"
EXAMPLE = r"(?P<student>[a-z]+)-(?P<lesson>.+)-(?P<date>[\d-]+)\.ipynb"
_DIGITS = ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d")


class PatternError(ValueError):
    """The pattern cannot be used; the message says what it has to be."""


class Pattern:
    """A system whose names are given by a regular expression, matched against the whole path.

    Args:
        text: with the groups `student`, and if wanted `lesson` and `date` (year first, then month, day,
            hour, minute, second, with anything between them). `/` stands between folders.

    Raises:
        PatternError: it is no regular expression, or has no group `student`.
    """

    NAME, EXAMPLE = NAME, EXAMPLE

    def __init__(self, text: str) -> None:
        try:
            self._pattern = re.compile(text, re.S)
        except re.error as error:
            raise PatternError(
                f"--pattern is no regular expression ({error}): give one such as {EXAMPLE}"
            ) from error
        known = set(self._pattern.groupindex)
        if "student" not in known or known - {"student", "lesson", "date"}:
            raise PatternError(
                f"--pattern has the groups {', '.join(sorted(known)) or 'none'}: it needs (?P<student>...)"
                " and may have (?P<lesson>...) and (?P<date>...)"
            )

    def recognises(self, paths: Sequence[Sequence[str]], lessons: Sequence[str]) -> bool:
        """Whether everything fits the pattern."""
        return bool(paths) and all(self._pattern.fullmatch("/".join(path)) for path in paths)

    def owner(
        self, parts: Sequence[str], lessons: Sequence[str], named: str | None = None
    ) -> Owner | None:
        """Whose it is, as the pattern says; the lesson is the group's, else that of the file's name."""
        match = self._pattern.fullmatch("/".join(parts))
        if match is None or not match["student"]:
            return None
        groups = match.groupdict()
        if groups.get("lesson"):
            said = groups["lesson"]
            lesson = said if said in lessons else in_title(said, lessons)
            lesson = lesson or in_title(f"lesson {said}", lessons)
        else:
            lesson = at_the_end(stem(parts[-1]), lessons) or named
            lesson = lesson or (lessons[0] if len(lessons) == 1 else None)
        if lesson is None:
            return None
        when = _when(groups.get("date") or "")
        return Owner(
            *(match["student"], lesson),
            system=NAME,
            login=match["student"],
            attempt=(when,) if when else (),
            handed_in=when,
        )

    def own(self, parts: Sequence[str]) -> bool:
        """Nothing is known of other files."""
        return False


def _when(text: str) -> datetime | None:
    digits = re.sub(r"\D", "", text)
    for form in _DIGITS:
        try:
            if len(digits) == len(datetime(2026, 1, 1).strftime(form)):
                return datetime.strptime(digits, form)
        except ValueError:
            return None
    return None
