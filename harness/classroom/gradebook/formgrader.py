"""What formgrader's buttons and stock `nbgrader` commands do in a classroom of ours.

nbgrader's own `Autograde` runs students' notebooks unprotected and writes scores that no report of ours
knows; its own `GenerateFeedback` shows hidden tests. Both make their exporter before they touch a file or
the gradebook, and a course's configuration names the class of it. So the classes here do our work at that
moment and leave nothing to convert. Where they cannot be imported, nbgrader refuses to start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbgrader.converters.base import BaseConverter, NbGraderException
from traitlets import Enum, Unicode

_UNGRADED, _NO_ISOLATION = 3, 4  # exit codes of `course classroom autograde`
_TAKES_AT_MOST_S = 6 * 3600


class CourseAutograde(NotebookExporter):
    """Stands where nbgrader's autograding has its exporter: grades by `course classroom autograde`.

    It runs in a process of its own, since a Jupyter server must not be forked into a sandbox.

    Raises:
        NbGraderException: somebody was not graded; the log says who and why.
    """

    isolation = Unicode("auto", help="As `course classroom autograde --isolation`.").tag(
        config=True
    )
    library_answers = Enum(
        ["deny", "allow"], "deny", help="As `course classroom autograde --library-answers`."
    ).tag(config=True)

    def __init__(self, parent: BaseConverter, **kwargs: Any) -> None:
        super().__init__(parent=parent, **kwargs)
        wanted, parent.assignments = _wanted(parent), {}
        for lesson, students in wanted.items():
            command = [  # -P: no module is taken from the folder in which Jupyter was started
                *(sys.executable, "-P", "-m", "harness.cli.main", "classroom", "autograde"),
                *(parent.coursedir.root, lesson, *(f"--student={one}" for one in students)),
                *("--isolation", self.isolation, "--library-answers", self.library_answers),
                *(["--force"] if parent.force else []),
            ]
            done = subprocess.run(
                command,
                env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_TAKES_AT_MOST_S,
            )
            said = done.stdout.decode("utf-8", "replace").strip()[-20_000:]
            if done.returncode == 0:
                parent.log.info("%s", said)
                continue
            parent.log.error("%s", said)
            raise NbGraderException(_why(lesson, done.returncode))


class CourseFeedback(HTMLExporter):
    """Stands where nbgrader's feedback has its exporter: writes the pages of `course classroom feedback`.

    Raises:
        NbGraderException: the pages could not be written, with the reason.
    """

    def __init__(self, parent: BaseConverter, **kwargs: Any) -> None:
        from harness.classroom.errors import ClassroomError
        from harness.classroom.folder import Classroom
        from harness.lock import Busy

        super().__init__(parent=parent, **kwargs)
        wanted, parent.assignments = _wanted(parent), {}
        for lesson, students in wanted.items():
            try:
                written = Classroom(Path(parent.coursedir.root)).feedback(lesson, students)
            except (ClassroomError, Busy) as error:
                parent.log.error("%s", error)
                raise NbGraderException(str(error)) from None
            for path in written:
                parent.log.info("wrote %s", path)


def _wanted(converter: BaseConverter) -> dict[str, list[str]]:
    """The submissions that nbgrader found for what was asked, as students by lesson."""
    found: dict[str, list[str]] = {}
    for place in map(Path, converter.assignments):
        found.setdefault(place.name, []).append(place.parent.name)
    return {lesson: sorted(students) for lesson, students in sorted(found.items())}


def _why(lesson: str, code: int) -> str:
    if code == _UNGRADED:
        return (
            f"Somebody's {lesson} could not be graded as it is; what is above says whose and why."
        )
    if code == _NO_ISOLATION:
        return (
            "Nothing was run: this machine gives no isolation for other people's notebooks. What is "
            "above says why, and `course doctor` says what to do."
        )
    return (
        f"The course's grader ended with exit code {code}; scores that were recorded before stay. What "
        "is above says why; the same can be tried in a terminal: course classroom autograde"
    )
