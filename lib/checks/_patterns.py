"""What a wrong result has in common with the right one, where no named mistake explains it.

A named mistake needs somebody who thought of it. A pattern needs nobody: it is a relation between the
learner's result and the expected one (transposed, a row is missing, NaN where a number belongs) that
holds on every case that goes wrong. So what it says is true whatever the learner wrote.
"""

from __future__ import annotations

from collections.abc import Sequence

from lib.checks import _kind_patterns, _number_patterns, _shape_patterns
from lib.checks._pattern import Pair, Pattern
from lib.checks.values import Tolerance

# What tells that something is wrong without telling what is right about the result.
WEAK = frozenset(
    [
        "empty",
        "not-empty",
        "not-one-number",
        "one-number",
        "axes-missing",
        "axes-too-many",
        "too-many-numbers",
        "too-few-numbers",
        "only-zeros",
        "one-row-for-all",
        "first-row-only",
    ]
)


def of_results(pairs: Sequence[Pair], tolerance: Tolerance) -> Pattern | None:
    """The first pattern that holds on all pairs (expected, got); None if there is none."""
    for module in (_kind_patterns, _shape_patterns, _number_patterns):
        found = module.find(pairs, tolerance)
        if found is not None:
            return found
    return None
