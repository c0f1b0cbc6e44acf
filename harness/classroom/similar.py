"""Hand-ins that are alike beyond what a lesson makes alike: pairs for a person to look at, never a verdict.

Each answer's fingerprints (`winnowing`) are compared with those of the same answer of everybody else. What
the released notebook and the worked answers hold is left out, and so is what many hand in alike: an answer
that a tenth of the class has found is nobody's own. The time grows with the number of hand-ins and not
with that of pairs, since a fingerprint that is left in is shared by few.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from harness.classroom.answers import answers
from harness.classroom.winnowing import (
    MOST_TOKENS,
    K,
    Token,
    code_tokens,
    kgrams,
    prose_tokens,
    winnow,
)
from harness.grade import cells as grading
from harness.grade.lesson_cells import given as names_given
from harness.reports.name_order import name_order

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from harness.classroom.folder import Classroom

LEAST_SHARED = 4  # fingerprints in a cell: some twenty tokens beyond what is common
LEAST_SHARE = 0.4  # of the smaller of both answers' own fingerprints
MOST_READ = 10_000  # tokens of one hand-in
MOST_STEPS = 5_000_000  # pairs of holders of a fingerprint that are counted, in all
_FEW, _TENTH = 4, 10


@dataclass(frozen=True)
class Match:
    """One answer of a pair.

    Args:
        cell: its grade_id.
        shared: how many fingerprints both have that are neither the lesson's nor common.
        share: of the smaller of both answers' own fingerprints, from 0 to 1.
        holders: how many hand-ins have one of the shared fingerprints, on average; 2 is this pair alone.
    """

    cell: str
    shared: int
    share: float
    holders: float


@dataclass(frozen=True)
class Pair:
    """Two hand-ins that share more than the lesson makes them.

    Args:
        matches: the answers that are alike, the most telling first.
        weight: what the pairs are sorted by: over their answers, the share times ln(class / holders).
    """

    students: tuple[str, str]
    matches: tuple[Match, ...]
    weight: float


@dataclass(frozen=True)
class Found:
    """The pairs of a lesson, the most telling first.

    Args:
        compared: how many hand-ins were compared.
        many: from how many hand-ins on a fingerprint counts as common.
        left_out: who handed in and was not graded, so that nothing was recorded to compare.
    """

    pairs: tuple[Pair, ...]
    compared: int
    many: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How a lesson's answers are read.

    Args:
        given: the names that the lesson gives.
        written: the answers that are text and not code.
        known: the texts of each answer that everybody may have: the released and the worked one.
    """

    given: Collection[str]
    written: Collection[str]
    known: Mapping[str, Sequence[str]]

    def tokens(self, cell: str, source: str, most: int = MOST_TOKENS) -> list[Token]:
        """The first tokens of an answer."""
        if cell in self.written:
            return prose_tokens(source, most)
        return code_tokens(source, self.given, most)

    def lesson_s_own(self, cell: str) -> set[int]:
        """The k-grams of an answer that are the lesson's own; all of them, not only the winnowed."""
        return {one for text in self.known.get(cell, ()) for one in kgrams(self.tokens(cell, text))}


def similar(classroom: Classroom, lesson: str) -> Found:
    """The pairs of a lesson's hand-ins that are alike, as they were recorded."""
    reading = read_lesson(classroom, lesson)
    texts = {name: answers(classroom.folder, lesson, name) for name in classroom.students(lesson)}
    none = tuple(sorted((name for name, own in texts.items() if not own), key=name_order))
    found = pairs({name: own for name, own in texts.items() if own}, reading)
    return Found(found.pairs, found.compared, found.many, none)


def read_lesson(classroom: Classroom, lesson: str) -> Reading:
    """How the answers of a classroom's lesson are read."""
    import nbformat

    paths = (classroom.folder / step / lesson / f"{lesson}.ipynb" for step in ("source", "release"))
    return reading_of(*(nbformat.read(path, as_version=4) for path in paths))


def reading_of(source: NotebookNode, release: NotebookNode) -> Reading:
    """How the answers of a lesson are read, from the teacher's and the released notebook."""
    known: defaultdict[str, list[str]] = defaultdict(list)
    written = set()
    for notebook in (source, release):
        for cell in notebook.cells:
            name = grading.grade_id(cell)
            if name is not None and grading.is_answer(cell):
                known[name].append(cell.source)
                if cell.cell_type != "code":
                    written.add(name)
    return Reading(names_given(release), written, known)


def pairs(texts: Mapping[str, Mapping[str, str]], reading: Reading) -> Found:
    """Compare hand-ins.

    Args:
        texts: the answers' text by student and grade_id.
    """
    holders: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    lesson_s: dict[str, set[int]] = {}
    for student, cells in sorted(texts.items()):
        room = MOST_READ
        for cell, source in cells.items():
            if cell not in reading.known:
                continue
            if cell not in lesson_s:
                lesson_s[cell] = reading.lesson_s_own(cell)
            tokens = reading.tokens(cell, source, room)
            room -= len(tokens)
            for mark in winnow(kgrams(tokens)) - lesson_s[cell]:
                holders[cell, mark].append(student)
    many = _common_from(Counter(map(len, holders.values())), len(texts))
    own: Counter[tuple[str, str]] = Counter()
    # By both students and the answer: shared fingerprints, and how many hand-ins have them, summed up.
    shared: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    held: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for (cell, _), students in holders.items():
        if len(students) > many:
            continue
        own.update((student, cell) for student in students)
        for one, other in combinations(students, 2):
            shared[one, other, cell] += 1
            held[one, other, cell] += len(students)
    by_pair: defaultdict[tuple[str, str], list[Match]] = defaultdict(list)
    for (one, other, cell), number in shared.items():
        share = number / min(own[one, cell], own[other, cell])
        if number >= LEAST_SHARED and share >= LEAST_SHARE:
            match = Match(cell, number, share, held[one, other, cell] / number)
            by_pair[one, other].append(match)
    found = []
    for both, matches in by_pair.items():
        matches.sort(key=lambda m: (-m.shared, m.cell))
        # Once an answer, however long: its fingerprints come together.
        weight = sum(m.share * math.log(len(texts) / m.holders) for m in matches)
        found.append(Pair(both, tuple(matches), weight))
    found.sort(key=lambda pair: (-pair.weight, pair.students))
    return Found(tuple(found), len(texts), many)


def _common_from(sizes: Mapping[int, int], count: int) -> int:
    """How many hand-ins may have a fingerprint that is left in: a tenth, and what can be counted in time.

    Args:
        sizes: how many fingerprints are held by so many hand-ins.
    """
    many, steps = _FEW, 0
    for size in sorted(sizes):
        steps += sizes[size] * size * (size - 1) // 2
        if size > max(_FEW, count // _TENTH) or (steps > MOST_STEPS and size > _FEW):
            break
        many = max(many, size)
    return many


def alike_lines(
    a: list[Token], b: list[Token], left_out: Collection[int]
) -> tuple[set[int], set[int]]:
    """The lines, from 0, of two answers that stand in a run of tokens which both have and the lesson has not."""
    hashes = kgrams(a), kgrams(b)
    both = (set(hashes[0]) & set(hashes[1])) - set(left_out)
    lines = tuple(
        {
            token.line
            for at, mark in enumerate(found)
            if mark in both
            for token in tokens[at : at + K]
        }
        for found, tokens in zip(hashes, (a, b))
    )
    return lines[0], lines[1]
