"""`claim` and `headline`: what a lesson asserts and what it is proudest of.

Both leave a machine-readable record in the cell's output, from which a run makes its table.
"""

from __future__ import annotations

from lib.learn.panel import Panel


def claim(statement: str, holds: bool, measured: str) -> None:
    """State a claim, show what was measured, and assert that it holds.

    Args:
        statement: the claim in one sentence.
        holds: the judgement, computed from the measurement.
        measured: the measured figures in words.

    Raises:
        AssertionError: it does not hold.
    """
    holds = bool(holds)
    word = "holds" if holds else "does not hold here"
    Panel(
        "passed" if holds else "wrong",
        f"Claim {word}: {statement}",
        [f"Measured: {measured}"],
        {"kind": "claim", "statement": statement, "holds": holds, "measured": measured},
    ).display()
    assert holds, f"claim does not hold: {statement} Measured: {measured}"


def headline(text: str) -> None:
    """The lesson's one figure for the table at the end of a run, such as `nDCG@10 0.62`."""
    Panel("info", f"Headline: {text}", (), {"kind": "headline", "text": text}).display()
