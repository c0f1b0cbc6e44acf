"""Similar hand-ins: what is found, what is left out, and that a class takes seconds."""

import random
import re
import shutil
import time
from itertools import combinations

import pytest

from harness.classroom import Classroom
from harness.classroom.similar import Reading, alike_lines, pairs, reading_of, similar
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in, source

READING = Reading(
    frozenset({"torch"}), {"why"}, {"mean": ["def mean(x):\n    ..."], "why": ["Write."]}
)


def _own(seed, lines=12):
    """A function that nobody else has written."""
    rng = random.Random(seed)
    calls = ("sum", "amax", "clamp", "unsqueeze", "where", "cumsum", "argsort")
    body = [
        f"    v{n} = v{max(0, n - 1)}.{rng.choice(calls)}({rng.randrange(99)}) {rng.choice('+-*/')} "
        f"x.{rng.choice(calls)}(dim={rng.randrange(9)})"
        for n in range(lines)
    ]
    return "\n".join(["def mean(x):", *body, f"    return v{lines - 1}"])


def _renamed(code):
    code = re.sub(r"\bx\b", "given", re.sub(r"\bv(\d+)", r"other_\1", code))
    return "\n".join(f"{line}  # mine" for line in code.replace(" = ", "   =  ").splitlines())


def _class(size, lines=12):
    return {f"s{n:03}": {"mean": _own(n, lines)} for n in range(size)}


def test_a_copy_with_other_names_comments_and_layout_is_found_and_nobody_else():
    texts = _class(30) | {"thief": {"mean": _renamed(_own(7))}}
    found = pairs(texts, READING)
    (pair,) = found.pairs
    assert pair.students == ("s007", "thief")
    (match,) = pair.matches
    assert (match.cell, match.share, match.holders) == ("mean", 1.0, pytest.approx(2, abs=0.6))
    assert found.compared == 31


def test_a_copy_of_half_is_found_with_its_share():
    half = "\n".join([*_own(7).splitlines()[:7], *_own(99).splitlines()[7:]])
    (pair,) = pairs(_class(30) | {"thief": {"mean": half}}, READING).pairs
    assert pair.students == ("s007", "thief")
    assert 0.4 <= pair.matches[0].share < 0.8


def test_what_the_lesson_gives_and_what_it_worked_out_is_nobody_s():
    worked = _own(1)
    reading = Reading((), (), {"mean": ["def mean(x): ...", worked]})
    texts = _class(10) | {"a": {"mean": worked}, "b": {"mean": _renamed(worked)}}
    assert pairs(texts, reading).pairs == ()


def test_what_a_tenth_of_the_class_has_is_nobody_s():
    def texts(size, alike):
        return _class(size) | {f"t{n}": {"mean": _own(999)} for n in range(alike)}

    assert pairs(texts(85, 15), READING).pairs == ()
    found = pairs(texts(91, 9), READING)
    assert len(found.pairs) == 9 * 8 // 2
    assert found.pairs[0].matches[0].holders == pytest.approx(9, abs=0.5)


def test_several_answers_that_are_alike_weigh_more_than_one():
    reading = Reading((), (), {f"c{n}": [] for n in range(4)})
    texts = {s: {f"c{n}": _own(f"{s}{n}") for n in range(4)} for s in map(str, range(40))}
    for n in range(3):
        texts["1"][f"c{n}"] = texts["0"][f"c{n}"]
    texts["3"]["c0"] = texts["2"]["c0"]
    found = pairs(texts, reading).pairs
    assert [pair.students for pair in found] == [("0", "1"), ("2", "3")]
    assert [len(pair.matches) for pair in found] == [3, 1]


def test_written_answers_are_compared_by_their_words():
    text = (
        "The shortlist is a ceiling, since nothing that it left out can come back by any order. A better "
        "encoder lifts it, but every passage has to be embedded anew before the first query comes."
    )
    texts = {"a": {"why": text}, "b": {"why": text.upper() + " So."}, "c": {"why": "Other words."}}
    (pair,) = pairs(texts, READING).pairs
    assert pair.students == ("a", "b")


def test_short_answers_are_not_compared():
    texts = {name: {"mean": "def mean(x):\n    return x.mean(dim=1)"} for name in "ab"}
    assert pairs(texts, READING).pairs == ()


def test_marked_are_the_lines_that_both_have_and_the_lesson_has_not():
    one, other = _own(7), "y = 1\n" + _renamed(_own(7))
    tokens = [READING.tokens("mean", text) for text in (one, other)]
    a, b = alike_lines(*tokens, READING.lesson_s_own("mean"))
    assert a >= set(range(1, 14))
    assert b >= {n + 1 for n in a}
    assert 0 not in b


@pytest.mark.parametrize(
    "texts",
    [
        _class(500, 20),
        {f"s{n}": {"mean": "x+" * 10_000} for n in range(40)},
        {f"s{n}": {"mean": " ".join(map(str, range(n, 9000)))} for n in range(40)},
        {f"s{n}": {f"{m}": "x" for m in range(2000)} for n in range(40)},
    ],
    ids=["a class of 500", "one token", "long and shifted", "cells that the lesson has not"],
)
def test_it_takes_seconds_whatever_is_handed_in(texts):
    began = time.process_time()
    pairs(texts, READING)
    assert time.process_time() - began < 10


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    room = classroom(tmp_path_factory.mktemp("room"))
    for student, seed in (("ada", 1), ("bob", 2), ("cid", 1)):
        hand_in(room, student, mean=_own(seed))
    room.autograde(LESSON, session=by(grade))
    hand_in(room, "dee", mean=_own(1))
    return room.folder


def test_recorded_hand_ins_are_compared_and_the_others_named(graded, tmp_path):
    found = similar(Classroom(shutil.copytree(graded, tmp_path / "class")), LESSON)
    assert [pair.students for pair in found.pairs] == [("ada", "cid")]
    assert (found.compared, found.left_out) == (3, ("dee",))


def test_the_lesson_s_answers_are_read_from_both_notebooks():
    reading = reading_of(source(), source())
    assert set(reading.known) == {"mean", "max", "why"}
    assert reading.written == {"why"}
    assert len(reading.known["mean"]) == 2


def test_students_are_in_order_in_every_pair():
    texts = {name: {"mean": _own(1)} for name in ("b", "a", "c")}
    found = {pair.students for pair in pairs(texts, READING).pairs}
    assert found == set(combinations("abc", 2))
