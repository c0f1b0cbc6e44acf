"""The capstone, graded: what is honest earns what it is worth, what cheats earns nothing."""

from __future__ import annotations

import contextlib
import json
import sys

import nbformat
import pytest

from harness import sandbox
from harness.grade.session import Session
from harness.sandbox import Level
from lib.checks import hidden_queries
from lib.data import load_course_set
from tests.harness import contest
from tests.journeys.classroom import Classroom
from tests.tiers import some

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # the first has to encode all passages
]
QUERIES = 24  # few: a cheat is found out by a few as well
HIDDEN = "hidden_capstone"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The lesson, and a teacher's file of queries, which are of the visible test."""
    folder = tmp_path_factory.mktemp("contest")
    test = load_course_set("fast").test
    chosen = list(zip(test.queries, test.relevant))[:: len(test) // QUERIES][:QUERIES]
    lines = [json.dumps({"query": q, "passage": next(iter(found))}) for q, found in chosen]
    (folder / "queries.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@contextlib.contextmanager
def _open(level, folder, queries=None):
    """A session of the contest; it asks the queries of a file, by default what the course keeps back."""
    reason = sandbox.why(level) if sys.platform == "linux" else "Linux only"
    if reason:
        pytest.skip(reason)
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # the judges have it from their parent's start
            patch.setenv(hidden_queries.VARIABLE, str(queries or ""))
            session = stack.enter_context(Session(contest.assignment(folder), level).open())
        yield session


@pytest.fixture(scope="module")
def opened(place):
    """A session that asks the teacher's queries; of the levels the best that there is."""
    with _open(sandbox.available()[0], place, place / "queries.jsonl") as session:
        yield session


def _grade(session, folder, answer):
    path = folder / f"{contest.SLUG}.ipynb"
    nbformat.write(contest.submission(session.session.assignment.release, answer), path)
    (*_, verdict) = session.grader().grade("student", path, frozenset({HIDDEN})).report.cells
    return verdict


def _both(session, folder, answer):
    path = folder / f"{contest.SLUG}.ipynb"
    nbformat.write(contest.submission(session.session.assignment.release, answer), path)
    return session.grader().grade("student", path).report.cells


CHEATS = {
    "reads what it is not given, while it builds": (contest.READS_WHILE_IT_BUILDS, "crashed"),
    "uses the notebook's data": (contest.USES_THE_NOTEBOOK, "crashed"),
    "lies about its size": (contest.LIES_ABOUT_ITS_SIZE, "wrong"),
    "sends code": (contest.SENDS_CODE, "wrong"),
    "is twice as large as it may be": (contest.TOO_LARGE, "wrong"),
    "is larger than can be handed over": (contest.BEYOND_ALL, "wrong"),
    "stops the clock": (contest.STOPS_THE_CLOCK, "wrong"),
    "works while it warms up": (contest.WORKS_WHILE_IT_WARMS_UP, "wrong"),
    "ends its process": (contest.ENDS_ITS_PROCESS, "crashed"),
}


@pytest.mark.parametrize("cheat", some(CHEATS, keep=[*CHEATS][:3].__contains__))
def test_a_cheat_earns_nothing(opened, tmp_path, cheat):
    answer, status = CHEATS[cheat]
    verdict = _grade(opened, tmp_path, answer)
    assert (verdict.points, verdict.status) == (0.0, status), verdict
    assert "in the judge" not in verdict.message


@pytest.mark.parametrize("level", [Level.NAMESPACES, Level.LANDLOCK])
def test_nothing_but_the_index_reaches_the_search(place, tmp_path, level):
    with _open(level, tmp_path, place / "queries.jsonl") as session:
        verdict = _grade(session, tmp_path, contest.LOOKS_EVERYWHERE)
    assert verdict.status == "wrong", verdict
    assert verdict.points == 0.0
    assert "nDCG@10 is 0.000" in verdict.message


def test_without_a_sandbox_the_same_search_finds_the_answers(place, tmp_path):
    with _open(Level.NONE, tmp_path, place / "queries.jsonl") as session:
        verdict = _grade(session, tmp_path, contest.LOOKS_EVERYWHERE)
    assert "a file was left" not in verdict.message
    assert verdict.points > 15, verdict


@pytest.fixture(scope="module")
def whole(opened, tmp_path_factory):
    """What the base encoder in int8 earns."""
    return _grade(opened, tmp_path_factory.mktemp("whole"), contest.BASELINE)


def test_who_trains_on_the_pairs_earns_nearly_all(opened, whole, tmp_path):
    good = _grade(opened, tmp_path, contest.GOOD)
    assert good.status == "passed", good
    assert 20 >= good.points >= 18, good
    assert good.points > whole.points + 3


def test_an_index_that_is_half_too_large_earns_half(opened, whole, tmp_path):
    half = _grade(opened, tmp_path, contest.HALF_OVER)
    assert half.points == pytest.approx(whole.points / 2, abs=0.15)
    assert "Next: the bytes" in half.message


@pytest.fixture(scope="module")
def kept_back(place):
    """A session that asks what the course keeps back."""
    with _open(sandbox.available()[0], place) as session:
        yield session


@pytest.mark.thorough  # it encodes all passages
def test_who_knows_the_visible_answers_by_heart_gains_nothing(kept_back, tmp_path):
    course = load_course_set("fast")
    test = course.test
    known = {q: course.titles[row] for q, row in zip(test.queries, test.positives, strict=True)}
    answer = f"KNOWN = {known!r}\n" + contest.EMPTY + contest.BY_HEART
    verdict = _grade(kept_back, tmp_path, answer)
    assert verdict.points == 0.0
    assert "nDCG@10 is 0.000" in verdict.message  # it ran, and was measured


@pytest.mark.thorough
def test_honest_work_earns_the_same_in_stock_nbgrader_and_a_cheat_only_there(kept_back, tmp_path):
    room = Classroom(tmp_path)
    room.release(contest.SLUG, kept_back.session.assignment.source)
    honest = {"base": contest.BASELINE, "tuned": contest.GOOD}
    for student, answer in {**honest, "cheat": contest.READS_THE_FILE}.items():
        room.hand_in(contest.SLUG, student, lambda name, _, answer=answer: answer)
    room.nbgrader("autograde", contest.SLUG, "--create", "--Execute.timeout=600")
    for student, least, most in (("base", 8.0, 10.0), ("tuned", 19.0, 20.0)):
        visible, hidden = _both(kept_back, tmp_path, honest[student])
        assert visible.points == 1.0
        assert least <= hidden.points <= most, hidden
        assert "on 172 hidden queries" in hidden.message
        grades = room.grades(contest.SLUG, student)
        assert grades["check_capstone"].full
        assert grades[HIDDEN].score == pytest.approx(hidden.points, abs=0.05)
    for verdict in _both(kept_back, tmp_path, contest.READS_THE_FILE):
        assert (verdict.points, verdict.status) == (0.0, "wrong"), verdict
        assert "nDCG@10 is 0.000" in verdict.message
    assert room.grades(contest.SLUG, "cheat")[HIDDEN].score > 15
