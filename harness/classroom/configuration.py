"""The classroom's `nbgrader_config.py`: where the course is, and what nbgrader's own commands do in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from lib._files import write_whole

CONFIG = "nbgrader_config.py"
_BUTTONS = "harness.classroom.gradebook.formgrader"
_HEAD = """\
# Formgrader's buttons and stock `nbgrader` commands grade by the course's own sandboxed grader, and
# write feedback that shows nothing hidden. Another isolation than the best of this machine:
# c.CourseAutograde.isolation = "landlock"
"""
_CLASSES = {"Autograde": "CourseAutograde", "GenerateFeedback": "CourseFeedback"}


def configuration(course_id: str, database: str | None) -> str:
    """The text of a new classroom's configuration.

    Args:
        database: the gradebook's URL; None is nbgrader's default, `gradebook.db` in the folder.
    """
    lines = [
        "# Stock `nbgrader` commands and formgrader work in this folder.",
        "import os",
        "",
        "c = get_config()",
        "c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))",
        f"c.CourseDirectory.course_id = {course_id!r}",
    ]
    if database is not None:
        lines.append(f"c.CourseDirectory.db_url = {database!r}")
    return "\n".join(lines) + f"\n\n{_settings(_CLASSES)}"


def amended(folder: Path) -> str | None:
    """See that nbgrader's buttons and commands are ours; says what was done, None if they were already.

    A classroom that was made before these settings existed gets them at the end of its configuration,
    where they win over what is above. A teacher's own `exporter_class` stays.
    """
    path = folder / CONFIG
    text = path.read_text(encoding="utf-8")
    missing = [
        name
        for name in _CLASSES
        if not re.search(rf"^c\.{name}\.exporter_class\s*=", text, re.MULTILINE)
    ]
    if not missing:
        return None
    added = f"{text.rstrip()}\n\n{_settings(missing)}"
    write_whole(path, added.encode(), path.stat().st_mode & 0o777)
    return (
        f"{CONFIG} was added to: formgrader's buttons for autograding and feedback now use the course's "
        "own grader and pages. If JupyterLab runs in this classroom, start it anew"
    )


def _settings(converters: Iterable[str]) -> str:
    lines = [f'c.{one}.exporter_class = "{_BUTTONS}.{_CLASSES[one]}"\n' for one in converters]
    return _HEAD + "".join(lines)
