"""Verdicts into nbgrader's gradebook, through nbgrader's own converters and API."""

from lib.grading.gradebook.lock import Busy, one_writer
from lib.grading.gradebook.record import GradedSubmission, Recorder, RecordError, record

__all__ = ["Busy", "GradedSubmission", "RecordError", "Recorder", "one_writer", "record"]
