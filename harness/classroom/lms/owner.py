"""Whose file it is, as the name that a learning management system gave to it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Owner:
    """Whose file it is, of which lesson, and what else the system's name says.

    Args:
        student: as the system names the student: a login where it gives one, else the name.
        system: the module of `harness.classroom.lms` that read it.
        number: the system's, of the participant in this one assignment; it tells namesakes apart.
        blind: whether the name is the same for all, since the marking is blind.
        source: what in the listing stands for this student, dates and marks left out. Two sources are
            never one student. Empty where the name is all there is.
        name, login, user: the full name, the login and the system's number of the person, if given:
            the roster is asked by them.
        attempt: of two of a student for a lesson the greater one is the later attempt.
        handed_in: when, if the system says so; without a zone where it says none.
        late: whether the system marks it as late; None if it does not say.
    """

    student: str
    lesson: str
    number: str = field(default="", compare=False)
    system: str = field(default="plain", compare=False)
    blind: bool = field(default=False, compare=False)
    source: str = field(default="", compare=False)
    name: str = field(default="", compare=False)
    login: str = field(default="", compare=False)
    user: str = field(default="", compare=False)
    attempt: tuple[Any, ...] = field(default=(), compare=False)
    handed_in: datetime | None = field(default=None, compare=False)
    late: bool | None = field(default=None, compare=False)
