"""What the course holds: lessons, exercises with their hints, quiz items. Never an answer.

`catalogue.json` is written by `course build` from the lessons, so that a learner in a class, who
has no `lessons/` folder, still has hints and progress.
"""

from __future__ import annotations

import functools
import json
from importlib import resources


def lessons() -> list[dict]:
    """The lessons in order: `number, slug, title, minutes, exercises, quiz`."""
    return _stored()["lessons"]


def start() -> list[dict]:
    """The front door, `00_start`, in the same form, or nothing: what one tries out there counts nowhere."""
    return [_stored()["start"]] if "start" in _stored() else []


@functools.cache
def _stored() -> dict:
    text = resources.files("lib.learn").joinpath("catalogue.json").read_text(encoding="utf-8")
    return json.loads(text)


def exercise(name: str) -> dict:
    """The entry of one exercise: `name, title, points, hints` and its `lesson`.

    Raises:
        KeyError: there is none; the message lists the names there are.
    """
    names = []
    for lesson in (*lessons(), *start()):
        for entry in lesson["exercises"]:
            names.append(entry["name"])
            if entry["name"] == name:
                return {**entry, "lesson": lesson["number"], "slug": lesson["slug"]}
    raise KeyError(f"there is no exercise {name!r}; there are: {', '.join(names)}")
