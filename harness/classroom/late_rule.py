"""What being late costs: a share for each day begun, at most so much, with grace, until a hard end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

DAY = 86_400.0  # a day begun is 24 hours, also where clocks are set forward or back


@dataclass(frozen=True)
class Rule:
    """A rule for late hand-ins.

    Args:
        share: of the points, for each day begun after the date, 0 to 1.
        most: the largest share that is ever taken off, 0 to 1.
        of: `earned` points or the `maximum` of the lesson.
        grace_minutes: so late is not late. Who is later is late from the date on.
        cutoff_days: who is later than so many days gets nothing; None never.
    """

    share: float = 0.0
    most: float = 1.0
    of: Literal["earned", "maximum"] = "earned"
    grace_minutes: float = 0.0
    cutoff_days: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("share", self.share), ("most", self.most)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value:g}: it is a share, from 0 to 1")
        if self.of not in ("earned", "maximum"):
            raise ValueError(f"a share of {self.of!r} is not known: earned or maximum")
        for length in (self.grace_minutes, self.cutoff_days or 0.0):
            if not 0 <= length < math.inf:
                raise ValueError(f"{length:g} is no length of time: give a number from 0")

    def points(self, late_seconds: float, earned: float, maximum: float) -> float:
        """The points to take off; never more than were earned."""
        if late_seconds <= 60 * self.grace_minutes or earned <= 0:
            return 0.0
        if self.cutoff_days is not None and late_seconds > self.cutoff_days * DAY:
            return earned
        share = min(self.most, self.share * math.ceil(late_seconds / DAY))
        return min(earned, round(share * (earned if self.of == "earned" else maximum), 9))

    @property
    def free(self) -> bool:
        """Whether being late costs nothing."""
        return self.share == 0 and self.cutoff_days is None

    @property
    def text(self) -> str:
        """The rule in words."""
        if self.free:
            return "being late costs nothing"
        whole = "the points earned" if self.of == "earned" else "the lesson's maximum"
        parts = []
        if self.share:
            share, most = (f"{100 * one:.6g}%" for one in (self.share, self.most))
            parts.append(f"{share} of {whole} for each day begun, at most {most}")
        if self.cutoff_days is not None:
            parts.append(f"nothing is earned more than {self.cutoff_days:g} days late")
        if self.grace_minutes:
            parts.append(f"{self.grace_minutes:g} minutes are free")
        return "; ".join(parts)
