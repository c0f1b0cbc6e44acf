"""What several checks of lesson 08 share: when two texts count as one."""

from __future__ import annotations

from collections.abc import Callable

Pair = tuple[str, str]
Key = Callable[[str], str]


def key(text: str) -> str:
    """What two texts that count as one have in common."""
    return text.strip().casefold()


def as_it_stands(text: str) -> str:
    return text


def with_case(text: str) -> str:
    return text.strip()


def with_spaces(text: str) -> str:
    return text.casefold()


def lowered(text: str) -> str:
    return text.strip().lower()


def one_space_between(text: str) -> str:
    """White space inside is made alike, too."""
    return " ".join(text.casefold().split())
