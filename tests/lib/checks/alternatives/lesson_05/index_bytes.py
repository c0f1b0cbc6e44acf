"""Other right answers to `index_bytes`."""

from __future__ import annotations

from lib.checks.lesson_05.index_bytes import _refusing

ALTERNATIVES = [
    _refusing(lambda n, d, b, k: n * (-(-d * b // 8) - (-d * k // 8))),
    _refusing(lambda n, d, b, k: n * ((d * b + 7) // 8 + (d * k + 7) // 8)),
]
