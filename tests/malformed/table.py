"""The table of kinds in `docs/malformed.md`: what students send, and what comes of it.

python -m tests.malformed.table    writes the document anew
"""

from __future__ import annotations

from pathlib import Path

from harness.grade.reading import MOST_BYTES
from tests.malformed.kinds import FULL, KINDS

DOCUMENT = Path(__file__).parents[2] / "docs" / "malformed.md"
_HEAD = f"""# What students send

The grader takes the answers out of whatever was handed in and puts them into the released notebook. An answer cell is found by its `grade_id`, else by its cell id. Whatever else in the learner's cells gives a name that a stub asks for is their answer, too: in a copied or merged cell, in one of their own, in a script. They are run in the order of the notebook, so that the last before its check counts; a stub that was left is not run where there is an answer, and what stands only below its check is run before it. Of several notebooks that is graded in which most answers differ from their stubs, then the one named after the lesson, then the newest; the table of grades says which. `!` and `%pip` commands, `%%bash` and `exit()` do nothing and say so. What else was changed does not matter, and is reported. A submission is *ungradable* only where no answer can be read from it; the report then says why, and what to ask the student for. Nothing stops a batch.

A file of more than {MOST_BYTES >> 20} MiB is not read. A notebook with 200 MiB of output is graded like any other: its outputs are cut out before anything is parsed, which takes the grader under two seconds and no memory beside the file itself.

Each kind below is handed in by the tests, all in one batch (`tests/malformed`); the right answers are worth {FULL:g} points.

| what was handed in | what comes of it |
|---|---|
"""


def document() -> str:
    """The document's text."""
    rows = []
    for kind in KINDS:
        came = (
            "ungradable, with what to ask for" if kind.score is None else f"{kind.score:g} points"
        )
        rows.append(f"| {kind.name} | {came} |")
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
