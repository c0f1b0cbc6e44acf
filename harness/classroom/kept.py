"""Small files of JSON in which a classroom keeps what nbgrader's gradebook has no place for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from harness.classroom.errors import ClassroomError
from lib._files import write_whole

T = TypeVar("T")


def read_kept(path: Path, make: Callable[[Any], T], empty: T, what_to_do: str) -> T:
    """What a file holds; `empty` if there is none.

    Args:
        make: makes it of the file's plain content; what does not fit may raise.
        what_to_do: ends the sentence on a file that is damaged.

    Raises:
        ClassroomError: the file is damaged. It is not passed over: somebody's marks depend on it.
    """
    try:
        return make(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return empty
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClassroomError(f"{path} cannot be read ({error}): {what_to_do}") from error


def write_kept(path: Path, plain: Any) -> None:
    """Write a file, whole and the same for the same content."""
    write_whole(path, json.dumps(plain, indent=1, sort_keys=True).encode() + b"\n")
