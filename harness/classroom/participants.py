"""Moodle's participants: who is whom in the classroom, and two of the same name told apart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from harness.classroom.kept import write_kept
from harness.classroom.student_names import student_id


class Participants:
    """The student of each participant of each lesson that was collected from Moodle.

    Moodle numbers participants anew in every assignment, so that the number cannot be the name: who
    is alone with a name goes by the name. Of namesakes each has the number behind it.

    Args:
        classroom: the folder; what is known lies in its `.grading/participants.json`.
    """

    def __init__(self, classroom: Path) -> None:
        self.path = Path(classroom, ".grading", "participants.json")
        try:
            known = json.loads(self.path.read_bytes())
            self._known: dict[str, dict[str, str]] = {
                str(lesson): {str(number): str(student) for number, student in of.items()}
                for lesson, of in known.items()
            }
        except (FileNotFoundError, ValueError, AttributeError):
            self._known = {}

    def of(
        self, lesson: str, found: Iterable[tuple[str, str]], blind: Iterable[str] = ()
    ) -> dict[tuple[str, str], str]:
        """The student of each (name, number), those that are new in this lesson included.

        A name of which nothing is left is passed over. Where the marking is blind nothing tells who a
        participant of one lesson is in another, so that number and lesson are both behind the name.

        Args:
            blind: names that stand for everybody.
        """
        known = self._known.setdefault(lesson, {})
        new: dict[str, set[tuple[str, str]]] = {}
        students = {}
        for name, number in set(found):
            try:
                plain = student_id(name)
            except ValueError:
                continue
            of_lesson = f"{plain}~{number}~{lesson}"
            # A number that is known with another name is a participant who was renamed, or chance.
            if known.get(number) in (plain, f"{plain}~{number}", of_lesson):
                students[name, number] = known[number]
            elif name in blind:
                students[name, number] = known[number] = of_lesson
            else:
                new.setdefault(plain, set()).add((name, number))
        for plain, namesakes in new.items():
            alone = len(namesakes) == 1 and not any(
                plain in (student, student.rpartition("~")[0]) for student in known.values()
            )
            for name, number in namesakes:
                students[name, number] = known[number] = plain if alone else f"{plain}~{number}"
        return students

    def keep(self) -> None:
        """Write what is known, for the next collection."""
        write_kept(self.path, self._known)
