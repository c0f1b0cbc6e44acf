"""A submission becomes the released notebook with the learner's answers in it, and nothing else."""

from lib.grading.rebuild.matching import Rebuilt, rebuild
from lib.grading.rebuild.reading import Ungradable, read_submission

__all__ = ["Rebuilt", "Ungradable", "read_submission", "rebuild"]
