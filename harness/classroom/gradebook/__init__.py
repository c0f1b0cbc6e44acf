"""Verdicts into nbgrader's gradebook, through nbgrader's own converters and API."""

from harness.classroom.gradebook.recorder import GradedSubmission, Recorder, RecordError, record
from harness.lock import Busy, one_writer

__all__ = ["Busy", "GradedSubmission", "RecordError", "Recorder", "one_writer", "record"]
