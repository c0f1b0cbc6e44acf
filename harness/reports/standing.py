"""Where a submission stands, in the same words wherever it is said: points so far, of how many, and how many wait.

All points of a lesson are counted, those that a person gives, too; so nothing says 31 of 31 of somebody
whose written answers nobody has read yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.grade.verdicts import Report

EXPLAINED = "Points are those so far, of all that the lesson is worth; what is waiting is for a person to give."


@dataclass(frozen=True)
class Standing:
    """The points of one submission.

    Args:
        points: so far, without what being late has cost.
        maximum: what the lesson is worth, all that a person marks included.
        waiting: the points that wait for a person; an answer that is empty waits for nobody.
        late: what being late has cost.
    """

    points: float
    maximum: float
    waiting: float = 0.0
    late: float = 0.0

    @property
    def short(self) -> str:
        """For a table."""
        return f"{self.points:g}/{self.maximum:g}"

    @property
    def total(self) -> str:
        """In words."""
        so_far = " so far" if self.waiting else ""
        return f"{self.points:g} of {counted(self.maximum)}{so_far}"

    @property
    def rest(self) -> str:
        """What waits, as a sentence; empty if nothing does."""
        if not self.waiting:
            return ""
        wait = "waits" if self.waiting == 1 else "wait"
        return f"{counted(self.waiting)} {wait} for a person, who has not marked that yet."


def of_report(report: Report) -> Standing | None:
    """Where a submission stands by its report alone, that is before a person has marked any of it."""
    if report.status == "ungradable":
        return None
    return Standing(report.score, report.worth, report.manual)


def counted(number: float) -> str:
    """A number of points with its unit."""
    return f"{number:g} point" if number == 1 else f"{number:g} points"
