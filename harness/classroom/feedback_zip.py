"""Feedback pages in a zip that the learning system takes back, under the names of its own download.

Moodle: "Upload multiple feedback files in a zip" of an assignment; the folders are those of the download.
Canvas: "Upload Submissions" of an assignment; it reads person and file off the two numbers in the name.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.classroom import hand_ins
from harness.classroom.errors import ClassroomError
from harness.classroom.folder import Classroom
from harness.classroom.hand_ins import HandIn
from harness.classroom.lms import canvas, moodle
from harness.classroom.lms.lesson_names import stem
from lib._files import open_without_links, write_whole

FORMS = ("moodle", "canvas")
_WHEN = (2000, 1, 1, 0, 0, 0)  # so that the same pages make the same zip


@dataclass
class Zipped:
    """What went into the zip, by student, and who is left out, since another system named them."""

    names: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def feedback_zip(
    classroom: Classroom, lesson: str, to: Path, form: str, students: Sequence[str] | None = None
) -> Zipped:
    """Write the feedback pages of a lesson anew, and a zip of them for a system.

    Raises:
        ClassroomError: the form is not known, a named student's hand-in was not graded, or no hand-in of
            the lesson came by that system.
    """
    if form not in FORMS:
        raise ClassroomError(f"a zip for {form!r} is not known: give {' or '.join(FORMS)}")
    to = Path(to)
    if not to.parent.is_dir():
        raise ClassroomError(f"{to.parent} is not there: make that folder first")
    zipped = Zipped()
    content = io.BytesIO()
    pages = {page.parts[-3]: page for page in classroom.feedback(lesson, students)}
    if left := sorted(set(students or ()) - set(pages)):
        raise ClassroomError(
            f"nothing of {', '.join(left)} was graded in {lesson}, so that there is no page"
        )
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, page in pages.items():
            about = hand_ins.read(classroom.folder, lesson, student)
            name = None if about is None else _name(about, lesson, form)
            if name is None or not name.isprintable():  # of bytes that are no text there is no name
                zipped.left_out.append(student)
                continue
            with open_without_links(page) as file:
                entry = zipfile.ZipInfo(name, _WHEN)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, file.read())
            zipped.names[student] = name
    if not zipped.names:
        raise ClassroomError(
            f"no hand-in of {lesson} was collected from a download of {form}: its names are needed to "
            "give feedback back; collect the download (again), and grade"
        )
    write_whole(to, content.getvalue())
    return zipped


def _name(about: HandIn, lesson: str, form: str) -> str | None:
    """The name in the zip of what came under a name; None if it did not come from that system."""
    if about.system != form or not about.path:
        return None
    first = about.path[0]
    if form == "canvas":
        return f"{stem(first)}.html" if canvas.PATTERN.match(stem(first)) else None
    match = moodle.PATTERN.match(first)
    if match is None:
        return None
    folder = f"{match['student']}_{match['number']}_assignsubmission_file_"
    return f"{folder}/{lesson}.html" if len(about.path) > 1 else f"{folder}{lesson}.html"
