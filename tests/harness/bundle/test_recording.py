"""What a recorded check says of an answer is what the check itself says, word for word."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
import re

import pytest

from harness.bundle.recording import CannotBeRecorded, record
from lib import checks
from lib.checks import Case, Exercise, Mistake, call, recorded
from lib.learn.checking import panel
from tests.lib.checks.alternatives import alternatives, mistakes
from tests.lib.checks.unseen import answers
from tests.tiers import some

# The plainest, one whose gradients count, one of codes with a canonical form, one whose cases are texts.
KEPT = {
    "mean_of_two",
    "mean_pool",
    "mnrl",
    "pack_codes",
    "parse_queries",
}
NAMES = [*checks.names("00"), *(e.name for e in checks.every() if isinstance(e, Exercise))]


@functools.cache
def _recorded(name: str) -> Exercise:
    return recorded.exercise(json.loads(json.dumps(record(checks.find(name)))))


def _said(exercise: Exercise, function) -> tuple:
    with contextlib.redirect_stdout(io.StringIO()):
        verdict = exercise.verdict(call(function))
    # Python tells the address of a function, and keeps a set in another order in each process.
    shown = re.sub(r"0x[0-9a-f]+|\{[^{}]*\}", "...", panel(verdict).html())
    facts = dataclasses.replace(verdict, shown=None)
    return facts, shown


def _functions(name: str) -> list:
    own = [form for m in mistakes(name) for form in (m.wrong, *m.also)]
    right = [] if name in checks.names("00") else alternatives(name)
    return [*right, *own, *(one.function for one in answers() if one.exercise == name)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", some(NAMES, KEPT.__contains__))
def test_every_verdict_is_the_same_word_for_word(name):
    real, other = checks.find(name), _recorded(name)
    by_hash = {mistake.name for mistake in real.mistakes if mistake.by_hash}
    for function in _functions(name):
        here, there = _said(real, function), _said(other, function)
        assert here == there or (here[0].mistake in by_hash and not there[0].passed), function


def test_what_goes_by_the_hashes_of_texts_is_not_recorded():
    stored = record(checks.find("clean_training_set"))
    (lost,) = (one for one in stored["mistakes"] if one["name"] == "order-lost")
    assert lost["forms"] == [{}]


@pytest.mark.parametrize("name", ["mean_of_two", "truncate_vectors"])
def test_a_record_is_the_same_each_time_and_holds_no_function(name):
    stored = record(checks.find(name))
    assert json.dumps(stored) == json.dumps(record(checks.find(name)))
    assert "lambda" not in json.dumps(stored)


def _toy(**given) -> Exercise:
    def cases(draw, hidden):
        yield Case((1.0,), "one")
        yield Case((2.0,), "two")

    mistake = Mistake("twice", "This is twice.", lambda x: 2 * x)
    return Exercise("toy", "00", cases, given.pop("oracle", abs), [mistake], **given)


def test_a_result_that_is_no_data_is_refused_with_the_exercise_s_name():
    with pytest.raises(CannotBeRecorded, match=r"toy: a builtins.object cannot be recorded"):
        record(_toy(oracle=lambda x: object()))


def test_a_canonical_form_that_no_bundle_would_hold_is_refused():
    with pytest.raises(CannotBeRecorded, match=r"'<lambda>' is not in lib/checks/canonical.py"):
        record(_toy(canonical=lambda x: x))
