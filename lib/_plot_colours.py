"""Colours of a figure: a series keeps its own from figure to figure, and words stay readable.

Source of the contrast: WCAG 2.2, "relative luminance" and "contrast ratio"; small text needs 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence

# Okabe and Ito 2008, Color Universal Design; yellow is left out: on white it cannot be seen.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_BLUE, _VERMILLION, _GREEN, _PURPLE, _ORANGE, _SKY, _BLACK = range(len(PALETTE))
_PALE = (_ORANGE, _SKY)  # on white: for fills, and for lines only where the others are taken
_PREFERRED = (_BLUE, _VERMILLION, _GREEN, _PURPLE, _BLACK, *_PALE)

# What several figures of the course show. Names of one line mean the same thing.
_KNOWN = {
    **dict.fromkeys(("untrained", "first numbers", "untrained, first numbers"), _BLUE),
    **dict.fromkeys(("encoder", "untrained encoder", "the encoder's nearest"), _BLUE),
    **dict.fromkeys(("pca", "pca directions", "untrained, pca"), _GREEN),
    "untrained, pca directions": _GREEN,
    **dict.fromkeys(("random", "random numbers", "untrained, random numbers"), _BLACK),
    **dict.fromkeys(("random vectors", "random passages"), _BLACK),
    **dict.fromkeys(("plain", "head, plain"), _VERMILLION),
    **dict.fromkeys(("matryoshka", "head, matryoshka"), _PURPLE),
    "all layers, plain": _ORANGE,
    "all layers, matryoshka": _BLACK,
    "bm25": _VERMILLION,
    "miner": _GREEN,
    "mnrl": _BLUE,
    "triplet": _VERMILLION,
    "masked": _BLUE,
    "unmasked": _VERMILLION,
}
_given: dict[str, int] = {}  # to other names, in this process


def colours_of(names: Sequence[str]) -> list[int]:
    """Return each series' place in `PALETTE` and `MARKERS`, no place twice.

    A name that the course knows has its own place; any other one keeps what it was first given.
    Only where two names of one figure have the same place does the later one take a free one.
    Raises ValueError for more names than colours.
    """
    if len(names) > len(PALETTE):
        raise ValueError(f"{len(names)} names; at most {len(PALETTE)} can be told apart")
    keys = [name.strip().casefold() for name in names]
    places: dict[int, int] = {}  # position in names -> place
    # what is known first, then what was given earlier, then what is new
    ranked = sorted(range(len(keys)), key=lambda i: (keys[i] not in _KNOWN, keys[i] not in _given))
    for i in ranked:
        free = [place for place in _PREFERRED if place not in places.values()]
        wanted = _KNOWN.get(keys[i], _given.get(keys[i]))
        if wanted is None:
            used = list(_given.values())
            wanted = min(free, key=lambda place: (place in _PALE, used.count(place)))
            _given[keys[i]] = wanted
        places[i] = wanted if wanted in free else free[0]
    return [places[i] for i in range(len(names))]


def luminance(rgb: Sequence[float]) -> float:
    """Return the relative luminance of a colour of three numbers 0 to 1 (sRGB): 0 black, 1 white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the contrast ratio of two colours, 1 (equal) to 21 (black and white)."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def ink_on(background: Sequence[float]) -> str:
    """Return black or white, whichever reads better: 4.5 or more on every colour there is."""
    # The two are equal, 4.58 each, on a luminance of 0.179. A dark grey for black would miss 4.5.
    return (
        "black" if contrast(background, (0, 0, 0)) >= contrast(background, (1, 1, 1)) else "white"
    )
