import json
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from lib.learn import catalogue, progress
from lib.learn import stored_progress as record
from lib.learn.stored_progress import EMPTY, load, next_hint, record_answer, record_check, update


@pytest.fixture
def watched(monkeypatch):
    """Somebody watches, as in JupyterLab."""
    monkeypatch.setattr(record, "headless", lambda: False)


def test_progress_survives(watched, progress_file):
    record_check("mean_pool", "wrong")
    record_check("mean_pool", "passed")
    record_answer("90-q1", "b", True)
    assert progress_file.is_file()
    stored = load()
    assert stored["exercises"]["mean_pool"] == {"attempts": 2, "passed": True, "last": "passed"}
    assert stored["quiz"]["90-q1"] == {"answer": "b", "right": True, "tries": 1}


def test_what_once_passed_stays_passed_and_looking_is_no_attempt(watched):
    for status in ("not attempted", "passed", "wrong", "crashed"):
        record_check("x", status)
    assert load()["exercises"]["x"] == {"attempts": 1, "passed": True, "last": "crashed"}


def test_a_right_answer_is_not_erased_by_a_later_wrong_one(watched, course):
    for answer, right in (("a", False), ("b", True), ("c", False), ("d", None)):
        record_answer("90-q1", answer, right)
        if answer == "c":
            assert load()["quiz"]["90-q1"]["last_right"] is False
            said = str(progress())
            assert "1 of 5 answered, 1 right" in said
            assert "90-q1 (last answer: c, not right)" in said
    assert load()["quiz"]["90-q1"] == {"answer": "d", "right": True, "tries": 4}
    assert "not right" not in str(progress())


def test_a_right_answer_again_is_said_no_more_to_have_slipped(watched, course):
    for answer, right in (("b", True), ("c", False), ("b", True)):
        record_answer("90-q1", answer, right)
    assert load()["quiz"]["90-q1"] == {"answer": "b", "right": True, "tries": 3}
    assert "last answer" not in str(progress())


def test_a_written_answer_is_neither_right_nor_wrong(watched, course):
    record_answer("90-q1", "b", True)
    record_answer("90-q5", "read", None)
    assert "2 of 5 answered, 1 right, 1 for a person to mark" in str(progress())


def test_an_answer_that_was_never_right_stays_wrong(watched, course):
    record_answer("90-q1", "a", False)
    record_answer("90-q1", "c", False)
    assert load()["quiz"]["90-q1"] == {"answer": "c", "right": False, "tries": 2}
    assert "1 of 5 answered, 0 right" in str(progress())


@pytest.mark.parametrize("status", ["wrong", "crashed"])
def test_a_solved_exercise_stays_solved_and_its_last_try_is_said(watched, course, status):
    record_check("mean_pool", "passed")
    record_check("mean_pool", status)
    said = str(progress())
    assert "1 of 1 exercises passed" in said
    assert f"mean_pool (last try: {status})" in said
    for better in ("passed", "not attempted"):
        record_check("mean_pool", better)
        assert "last try" not in str(progress())


def test_headless_nothing_is_written(progress_file):
    record_check("x", "passed")
    record_answer("90-q1", "b", True)
    assert not progress_file.parent.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        '{"version": 2}',
        '{"version": 1, "exercises": 5}',
        '{"version": 1, "exercises": {"x": 5}}',
        '{"version": 1, "exercises": {"x": {"attempts": "many", "passed": 0}}}',
        '{"version": 1, "exercises": [[1]]}',
        '{"version": 1, "quiz": {"90-q1": []}, "hints": {"x": "two"}}',
        "[" * 100_000,
        b"\xff\xfe",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_a_file_that_cannot_be_read_is_passed_over_and_replaced(
    watched, progress_file, course, text
):
    progress_file.parent.mkdir()
    progress_file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert load() == EMPTY
    assert "Progress: 0 of 1 exercises passed" in str(progress())
    assert next_hint("x", 3) == 0
    record_check("x", "passed")
    record_answer("90-q1", "b", True)
    assert load()["exercises"]["x"]["passed"] is True
    assert load()["quiz"]["90-q1"]["tries"] == 1


def test_sound_entries_survive_beside_damaged_ones(watched, progress_file):
    record_check("good", "passed")
    stored = json.loads(progress_file.read_text())
    stored["exercises"]["bad"] = None
    progress_file.write_text(json.dumps(stored))
    assert list(load()["exercises"]) == ["good"]


def test_load_never_hands_out_the_empty_form_itself():
    load()["exercises"]["x"] = {}
    assert EMPTY["exercises"] == {}
    assert load() == EMPTY


def test_a_folder_that_cannot_be_made_stops_nothing(watched, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    record_check("x", "passed")
    assert load() == EMPTY


def test_a_change_that_fails_leaves_the_file_and_no_rubbish(watched, progress_file):
    record_check("x", "passed")

    def fails(stored):
        stored["exercises"] = {}
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        update(fails)
    with pytest.raises(TypeError):
        update(lambda stored: stored.update(bad=object()))
    assert load()["exercises"]["x"]["passed"]
    names = {p.name for p in progress_file.parent.iterdir()}
    assert names <= {"progress.json", "progress.json.lock"}


_KILLED = """
import os, signal, sys
from lib.learn import stored_progress as record

record.headless = lambda: False
record.record_check("before", "passed")
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
setattr(record.os if sys.argv[1] != "dumps" else record.json, sys.argv[1], die)
record.record_check("after", "passed")
"""


@pytest.mark.slow
@pytest.mark.parametrize("at", ["dumps", "fsync", "replace"])
def test_a_process_killed_while_it_writes_leaves_a_readable_file(at, progress_file, watched):
    done = subprocess.run([sys.executable, "-c", _KILLED, at], env=os.environ, timeout=240)
    assert done.returncode == -signal.SIGKILL
    assert list(load()["exercises"]) == ["before"]
    record_check("later", "passed")  # nor does its lock stand in the way
    assert list(load()["exercises"]) == ["before", "later"]


def _count(path: str, name: str) -> None:
    os.environ["COURSE_PROGRESS"] = path
    record.headless = lambda: False
    for _ in range(25):
        record_check(name, "wrong")


def test_two_notebooks_at_once_lose_nothing(progress_file):
    context = multiprocessing.get_context("fork")
    jobs = [
        context.Process(target=_count, args=(str(progress_file), name))
        for name in ("same", "same", "other")
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(60)
    assert [job.exitcode for job in jobs] == [0, 0, 0]
    stored = load()["exercises"]
    assert (stored["same"]["attempts"], stored["other"]["attempts"]) == (50, 25)


def test_the_file_is_in_the_users_data_folder_unless_told(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    assert record.path().name == "progress.json"
    assert "embeddings-course" in str(record.path())


def test_progress_shows_what_is_done_what_is_next_and_the_answers(watched, course):
    said = str(progress())
    assert "Progress: 0 of 1 exercises passed" in said
    assert "90 A tiny lesson" in said
    assert "0 of 5 answered" in said
    assert "mean_pool" in said
    record_check("mean_pool", "passed")
    record_answer("90-q1", "b", True)
    record_answer("90-q2", "a", False)
    record_answer("90-q5", "why", None)
    said = str(progress())
    assert "Progress: 1 of 1 exercises passed" in said
    assert "1 of 1" in said
    assert "3 of 5 answered, 1 right" in said
    assert "all done" in said


def test_progress_without_keys_speaks_of_answers_only(watched, course):
    record_answer("90-q1", "b", None)
    said = str(progress())
    assert "1 of 5 answered" in said
    assert "right" not in said


def test_the_installed_catalogue_can_be_read():
    assert isinstance(catalogue.lessons(), list)
    for lesson in catalogue.lessons():
        for entry in lesson["exercises"]:
            assert catalogue.exercise(entry["name"])["slug"] == lesson["slug"]
