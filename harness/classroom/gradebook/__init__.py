"""Verdicts into nbgrader's gradebook, through nbgrader's own converters and API."""

from harness.classroom.gradebook.recorder import Recorder, RecordError, record

__all__ = ["RecordError", "Recorder", "record"]
