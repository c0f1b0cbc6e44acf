"""`claim` and `headline`: what a lesson asserts and what it is proudest of.

Both leave a machine-readable record in the cell's output, from which a run makes its table.
"""

from __future__ import annotations

from lib.learn import environment
from lib.learn.panel import Panel

# The model of which the lessons' claims speak; `load_encoder` gives it by this name.
MODEL = "all-MiniLM-L6-v2"


def claim(statement: str, holds: bool, measured: str) -> None:
    """State a claim, show what was measured, and assert that it holds.

    The claims are about the course's own model. In a notebook whose parameter `MODEL` names another
    one a claim that does not hold is shown, and the notebook goes on.

    Args:
        statement: the claim in one sentence.
        holds: the judgement, computed from the measurement.
        measured: the measured figures in words.

    Raises:
        AssertionError: it does not hold for the course's own model.
    """
    holds = bool(holds)
    model = environment.parameter("MODEL", MODEL)
    other = model != MODEL
    word = "holds" if holds else f"does not hold for {model}" if other else "does not hold here"
    facts = {"kind": "claim", "statement": statement, "holds": holds, "measured": measured}
    Panel(
        "passed" if holds else "info" if other else "wrong",
        f"Claim {word}: {statement}",
        [f"Measured: {measured}"],
        facts | ({"model": str(model)} if other else {}),
    ).display()
    assert holds or other, f"claim does not hold: {statement} Measured: {measured}"


def headline(text: str) -> None:
    """The lesson's one figure for the table at the end of a run, such as `nDCG@10 0.62`."""
    Panel("info", f"Headline: {text}", (), {"kind": "headline", "text": text}).display()
