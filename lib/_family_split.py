"""Splits into training, validation and test by families: what belongs together stays together.

Who is dealt where depends on names alone, by a hash, so it is the same on every machine and does not
change when others are added.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def share(salt: str, key: str) -> float:
    """Return a number in [0, 1) that depends on salt and key alone, on every machine."""
    digest = hashlib.sha256(f"{salt}\t{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def sides(sizes: Mapping[str, int], salt: str) -> dict[str, str]:
    """Return "train", "validation" or "test" for each family, so that queries come out at 70/10/20.

    sizes: family -> its number of queries. A hash could throw a family that holds a third of all
    queries into the test set. So one that is larger than the validation share goes to training, and
    the others are dealt so that the whole comes out right.
    """
    total = sum(sizes.values())
    large = {name for name, size in sizes.items() if size > SHARES["validation"] * total}
    rest = 1 - sum(sizes[name] for name in large) / max(total, 1)
    test, validation = (SHARES[name] / rest if rest else 0 for name in ("test", "validation"))
    side = {}
    for name in sizes:
        place = share(salt, name)
        if name in large or place >= test + validation:
            side[name] = "train"
        else:
            side[name] = "validation" if place >= test else "test"
    return side
