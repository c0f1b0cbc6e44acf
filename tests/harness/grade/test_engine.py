import json
import os
import signal
import subprocess
import sys
import time

import pytest

from harness.grade.engine import LocalEngine, grade_all
from harness.grade.journal import Journal
from harness.grade.submissions import discover
from harness.grade.verdicts import CellVerdict, Remark, Report
from harness.kernels.student import NotStarted
from tests.harness.grade.fakes import FakeSession


def _report(submission):
    cell = CellVerdict("check_a", "passed", 1.0, 1.0, "Right.", exercise="a")
    remark = Remark("extra", "kept", "a")
    return Report(submission.student, "02", "x.ipynb", "graded", (cell,), (remark,))


def _submissions(folder, count):
    for number in range(count):
        (folder / f"s{number:02}.ipynb").write_text(f"{number}")
    return list(discover([folder]))


def test_reports_come_in_the_order_asked_for_any_number_of_workers(tmp_path):
    todo = _submissions(tmp_path, 12)
    ways = [grade_all(FakeSession(_report), todo, LocalEngine(jobs)) for jobs in (1, 5)]
    assert ways[0] == ways[1]
    assert [r.student for r in ways[0]] == [s.student for s in todo]


def test_what_is_in_the_journal_is_not_graded_again(tmp_path):
    todo = _submissions(tmp_path, 4)
    journal = tmp_path / "run" / "journal.jsonl"
    graded = []

    def grade(submission):
        graded.append(submission.student)
        return _report(submission)

    v1, two = FakeSession(grade, digest="v1"), LocalEngine(2)
    first = grade_all(v1, todo[:2], two, journal=Journal(journal))
    with open(journal, "ab") as file:
        file.write(b'\n{"key": "cut sho')
    again = grade_all(v1, todo, two, journal=Journal(journal))
    assert again[:2] == first
    assert sorted(graded) == [s.student for s in todo]
    (tmp_path / "s00.ipynb").write_text("changed")
    grade_all(v1, todo, two, journal=Journal(journal))
    assert graded.count("s00") == 2
    assert v1.opened == 3
    grade_all(v1, todo, two, journal=Journal(journal))
    assert v1.opened == 3  # nothing was left to do
    grade_all(FakeSession(grade, digest="v2"), todo, two, journal=Journal(journal))
    assert graded.count("s01") == 2


def test_a_grader_that_fails_on_one_submission_goes_on_with_the_others(tmp_path):
    todo = _submissions(tmp_path, 3)

    def grade(submission):
        if submission.student == "s01":
            raise RuntimeError("a defect")
        return _report(submission)

    journal = Journal(tmp_path / "journal.jsonl")
    reports = grade_all(FakeSession(grade), todo, LocalEngine(2), journal=journal)
    assert [r.status for r in reports] == ["graded", "ungradable", "graded"]
    assert "a defect" in reports[1].reason
    # The grader's own fault is no grade: it is tried again.
    assert "s01" not in journal.path.read_text()


def test_a_fault_that_does_not_come_again_is_no_fault(tmp_path):
    todo, tries = _submissions(tmp_path, 1), []

    def grade(submission):
        tries.append(submission.student)
        if len(tries) == 1:
            raise NotStarted("the notebook's process was ended by SIGSEGV")
        return _report(submission)

    assert grade_all(FakeSession(grade), todo, LocalEngine()) == [_report(todo[0])]
    assert len(tries) == 2


KILLED = """
import sys, time
from pathlib import Path
from harness.grade.engine import LocalEngine, grade_all
from harness.grade.journal import Journal
from harness.grade.submissions import discover
from harness.grade.verdicts import Report
from tests.harness.grade.fakes import FakeSession
def grade(s):
    time.sleep(0.02)
    return Report(s.student, "02", "x", "graded")
todo, journal = discover([Path(sys.argv[1])]), Journal(Path(sys.argv[2]))
grade_all(FakeSession(grade), todo, LocalEngine(2), journal=journal)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [2, 7])
def test_a_killed_run_is_taken_up_where_it_stood(tmp_path, after):
    folder, journal = tmp_path / "in", tmp_path / "journal.jsonl"
    folder.mkdir()
    todo = _submissions(folder, 20)
    worker = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), str(journal)])
    while not journal.is_file() or len(journal.read_text().split("key")) <= after:
        assert worker.poll() is None
        time.sleep(0.005)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    graded = []

    def grade(submission):
        graded.append(submission.student)
        return Report(submission.student, "02", "x", "graded")

    reports = grade_all(FakeSession(grade), todo, LocalEngine(2), journal=Journal(journal))
    assert [r.student for r in reports] == [s.student for s in todo]
    assert 0 < len(graded) <= 20 - after
    keys = [json.loads(line)["key"] for line in journal.read_text().split("\n") if line.strip()]
    assert len(keys) == len(set(keys)) == 20
