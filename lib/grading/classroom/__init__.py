"""A class: a plain nbgrader course in a folder of its own, graded by this grader.

Everything that needs nbgrader is imported when it is used, which takes seconds.
"""

from lib.grading.classroom.collect import Collected, collect
from lib.grading.classroom.folder import Classroom, ClassroomError, init
from lib.grading.classroom.names import student_id
from lib.grading.classroom.report import ClassReport, report

__all__ = [
    "ClassReport",
    "Classroom",
    "ClassroomError",
    "Collected",
    "collect",
    "init",
    "report",
    "student_id",
]
