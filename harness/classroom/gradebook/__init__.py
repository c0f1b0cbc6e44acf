"""Verdicts into nbgrader's gradebook, by nbgrader's own steps and in its own rows."""

from harness.classroom.gradebook.recorder import Recorder, RecordError, ToRecord

__all__ = ["RecordError", "Recorder", "ToRecord"]
