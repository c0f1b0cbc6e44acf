"""A class: a plain nbgrader course in a folder of its own, graded by this grader.

Everything that needs nbgrader is imported when it is used, which takes seconds.
"""

from harness.classroom.collect import Collected, How, collect
from harness.classroom.errors import ClassroomError
from harness.classroom.folder import Classroom
from harness.classroom.making import init
from harness.classroom.report import ClassReport, report
from harness.classroom.student_names import student_id

__all__ = [
    "ClassReport",
    "Classroom",
    "ClassroomError",
    "Collected",
    "How",
    "collect",
    "init",
    "report",
    "student_id",
]
