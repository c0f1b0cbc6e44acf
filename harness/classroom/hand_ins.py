"""What is known of a hand-in beside its content: what it was called, who gave it, when it came.

One small file for each in the classroom's `.grading/collected/<lesson>/<student>.json`. Feedback goes back
under the names that the system gave, and a date that the system says counts for being late.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.classroom.kept import write_kept
from lib._files import write_whole

STAMP = "timestamp.txt"  # nbgrader reads it beside a hand-in


@dataclass(frozen=True)
class HandIn:
    """Where a hand-in came from.

    Args:
        path: its path in the downloads, from the folder or file that the system named for the student.
        system: whose rules named the student; `plain` for names that people give.
        source: what stood for the student in the listing.
        number, user, login, name: as `lms.owner.Owner` has them.
        changed: when the file was changed, in seconds since 1970. It is a date for nobody's lateness:
            copying a file changes it.
        at: when it was handed in, in UTC, as the system says; None if it does not.
        late: whether the system marks it as late; None if it does not say.
    """

    path: tuple[str, ...]
    system: str = "plain"
    source: str = ""
    number: str = ""
    user: str = ""
    name: str = ""
    changed: float = 0.0
    at: datetime | None = None
    late: bool | None = None
    login: str = ""


def place(classroom: Path, lesson: str, student: str) -> Path:
    """Where the file on a hand-in lies."""
    return Path(classroom, ".grading", "collected", lesson, f"{student}.json")


def read(classroom: Path, lesson: str, student: str) -> HandIn | None:
    """What is known of a hand-in; None if it did not come by `collect`, or cannot be read."""
    try:
        plain = json.loads(place(classroom, lesson, student).read_bytes())
        at = plain.pop("at")
        found = HandIn(**{**plain, "path": tuple(map(str, plain["path"]))})
        return dataclasses.replace(found, at=datetime.fromisoformat(at) if at else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(classroom: Path, lesson: str, student: str, found: HandIn) -> None:
    """Write what is known of a hand-in."""
    path = place(classroom, lesson, student)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    plain = dataclasses.asdict(found) | {"at": found.at and found.at.isoformat()}
    write_kept(path, plain)


def write_stamp(folder: Path, at: datetime | None) -> None:
    """Write when it was handed in as nbgrader reads it; nothing if it is not known."""
    if at is None:
        Path(folder, STAMP).unlink(missing_ok=True)
    else:
        stamp = at.astimezone(UTC)
        write_whole(Path(folder, STAMP), f"{stamp:%Y-%m-%d %H:%M:%S.%f} UTC\n".encode())


def read_stamp(folder: Path) -> datetime | None:
    """When a hand-in was made, as its `timestamp.txt` says in UTC; None if it does not."""
    try:
        text = Path(folder, STAMP).read_text(encoding="utf-8").strip()
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f UTC")
    except (OSError, ValueError):
        return None
    return moment.replace(tzinfo=UTC)
