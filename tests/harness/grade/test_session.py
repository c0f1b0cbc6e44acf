"""A session is plain: it can be sent to where the work is done, and tells what a verdict depends on."""

import pickle
from dataclasses import replace

import pytest

from harness.grade import session as session_module
from harness.grade.assignment import Assignment
from harness.grade.session import NoIsolation, Session, _hint, choose_level
from harness.limits import Limits
from harness.sandbox import Level
from lib.checks import hidden_queries
from lib.learn import catalogue
from tests.attacks import assignment


@pytest.fixture
def session():
    what = Assignment(assignment.NAME, assignment.source(), assignment.release())
    return Session(what, Level.NONE, Limits(cell_s=3))


def test_a_session_goes_through_a_pickle_whole(session):
    before = session.digest
    there = pickle.loads(pickle.dumps(session))
    assert there == session
    assert there.digest == before
    assert there.assignment.prefix == session.assignment.prefix


def test_the_digest_changes_with_whatever_a_verdict_depends_on(session):
    other = pickle.loads(pickle.dumps(session.assignment))
    other.source.cells[0].source += " "
    digests = {
        session.digest,
        replace(session, assignment=other).digest,
        replace(session, level=Level.NAMESPACES).digest,
        replace(session, limits=Limits(cell_s=4)).digest,
    }
    assert len(digests) == 4


def test_the_digest_changes_with_the_code_of_the_checks(session, monkeypatch):
    before = session.digest
    monkeypatch.setattr(session_module.depends, "code_digest", lambda source, exercises: "mended")
    assert replace(session).digest != before


def test_a_level_is_chosen_by_name_or_the_best_is_taken(monkeypatch):
    from harness import sandbox

    monkeypatch.setattr(sandbox, "available", lambda: [Level.LANDLOCK, Level.NONE])
    assert choose_level("auto") is Level.LANDLOCK
    assert choose_level("none") is Level.NONE
    with pytest.raises(ValueError, match="there is no isolation 'good'"):
        choose_level("good")
    monkeypatch.setattr(sandbox, "available", lambda: [Level.NONE])
    with pytest.raises(NoIsolation, match="--isolation none"):
        choose_level("auto")


def test_the_digest_changes_with_a_teacher_s_own_queries(session, monkeypatch, tmp_path):
    path = tmp_path / "queries.jsonl"
    path.write_text("one", encoding="utf-8")
    monkeypatch.delenv("COURSE_HIDDEN_QUERIES", raising=False)
    without = replace(session).digest
    monkeypatch.setenv("COURSE_HIDDEN_QUERIES", str(path))
    first = replace(session).digest
    path.write_text("two", encoding="utf-8")
    assert len({without, first, replace(session).digest}) == 3


def test_the_variable_has_the_name_that_the_judge_reads():
    assert session_module.QUERIES == hidden_queries.VARIABLE


def test_the_hint_is_the_one_that_fits_the_mistake():
    hints = catalogue.exercise("mean_pool")["hints"]
    assert _hint("mean_pool", "no-epsilon") == hints[2]["hint"]
    assert _hint("mean_pool", "not-divided") == hints[1]["hint"]
    for unknown in (None, "over-dim", "no-such-mistake"):
        assert _hint("mean_pool", unknown) == hints[0]["hint"]
    assert _hint("no_such_exercise", "not-divided") is None
