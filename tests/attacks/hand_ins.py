"""Attacks by what a hand-in is called and by when it changes: on other students, on logs, on tables.

Each entry names files of an inbox, the attacker's last; `victim` is who must keep their own work.
"""

from __future__ import annotations

from dataclasses import dataclass

LESSON = "pooling"  # of `tests.harness.classroom.gradebook.tiny`


@dataclass(frozen=True)
class HandIn:
    """One attack, and what it did where its defence was off.

    Args:
        theirs: the file of the victim, who is called `victim` in the classroom.
        own: the attacker's file, handed in later.
    """

    name: str
    row: int
    theirs: str
    own: str
    victim: str
    before: str = "the other's work is replaced"


HAND_INS = [
    HandIn(
        *("another's name in a file's name", 52),
        *(f"bob/{LESSON}.ipynb", f"alice/bob_{LESSON}.ipynb", "bob"),
    ),
    HandIn(
        *("another's name in a folder's name", 52),
        *(f"bob/{LESSON}.ipynb", f"alice/bob/{LESSON}.ipynb", "bob"),
    ),
    HandIn(
        *("another's folder as of Moodle in one's own", 52),
        f"Bob_2_assignsubmission_file_/{LESSON}.ipynb",
        f"alice/Bob_2_assignsubmission_file_/{LESSON}.ipynb",
        "Bob",
    ),
    HandIn(
        *("another's file as of Canvas in one's own folder", 52),
        *(f"bob_12_33_{LESSON}.ipynb", f"alice/bob_12_34_{LESSON}.ipynb", "bob_12"),
    ),
    HandIn(
        *("a name that differs in a byte that is not UTF-8", 53),
        *(f"M\udcf6ller/{LESSON}.ipynb", f"M\udcfcller/{LESSON}.ipynb", ""),
        before="two students are one",
    ),
    HandIn(
        *("a name that differs in its Unicode form", 53),
        *(f"Zo\u00eb/{LESSON}.ipynb", f"Zoe\u0308/{LESSON}.ipynb", "Zo\u00eb"),
        before="two students are one",
    ),
    HandIn(
        *("a name that differs in blanks", 53),
        *(f"ada/{LESSON}.ipynb", f"ada /{LESSON}.ipynb", "ada"),
        before="two students are one",
    ),
    HandIn(
        *("a namesake in Moodle", 53),
        f"Ada_1_assignsubmission_file_/{LESSON}.ipynb",
        f"Ada_2_assignsubmission_file_/{LESSON}.ipynb",
        "Ada",
        before="two students are one",
    ),
]


@dataclass(frozen=True)
class Other:
    """An attack that has a test of its own in `test_hand_ins`."""

    name: str
    row: int
    before: str


OTHERS = [
    Other("a file changed between its fingerprint and its grading", 54, "the other score is kept"),
    Other("terminal escapes in a name", 56, "they reach the terminal"),
    Other("workflow commands in a name", 56, "they reach the log"),
    Other("a formula in a name", 56, "it is in the table of scores"),
    Other("a name that is not UTF-8", 56, "the name is lost"),
]
NAMES = {
    "terminal escapes in a name": "a\x1b]0;title\x07\x1b[31mb",
    "workflow commands in a name": "::stop-commands::x\n::error::y##[add-mask]z##vso[task.complete]",
    "a formula in a name": "=HYPERLINK(A1)",
    "a name that is not UTF-8": "M\udcfcller",
}
