"""What a learner calls in a notebook: `from lib.learn import check, hint, solution, quiz, progress`."""

from lib.learn import fresh_kernel
from lib.learn.checking import CheckFailed, check, hint, solution, yours
from lib.learn.claims import claim, headline
from lib.learn.quizzing import grade_answer, quiz
from lib.learn.stored_progress import progress

fresh_kernel.install()

__all__ = [
    "CheckFailed",
    "check",
    "claim",
    "grade_answer",
    "headline",
    "hint",
    "progress",
    "quiz",
    "solution",
    "yours",
]
