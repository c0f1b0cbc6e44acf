import json
import os
import signal
import subprocess
import sys
import time

import pytest

from harness.grade.engine import Journal, Submission, discover, grade_all
from harness.grade.verdicts import CellVerdict, Remark, Report


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
    ways = [grade_all(todo, lambda: _report, jobs=jobs) for jobs in (1, 5)]
    assert ways[0] == ways[1]
    assert [r.student for r in ways[0]] == [s.student for s in todo]


def test_what_is_in_the_journal_is_not_graded_again(tmp_path):
    todo = _submissions(tmp_path, 4)
    journal = tmp_path / "run" / "journal.jsonl"
    graded = []

    def grade(submission):
        graded.append(submission.student)
        return _report(submission)

    first = grade_all(todo[:2], lambda: grade, jobs=2, journal=Journal(journal, "v1"))
    with open(journal, "ab") as file:
        file.write(b'\n{"key": "cut sho')
    again = grade_all(todo, lambda: grade, jobs=2, journal=Journal(journal, "v1"))
    assert again[:2] == first
    assert sorted(graded) == [s.student for s in todo]
    (tmp_path / "s00.ipynb").write_text("changed")
    grade_all(todo, lambda: grade, jobs=1, journal=Journal(journal, "v1"))
    assert graded.count("s00") == 2
    grade_all(todo, lambda: grade, jobs=1, journal=Journal(journal, "v2"))
    assert graded.count("s01") == 2


def test_a_grader_that_fails_on_one_submission_goes_on_with_the_others(tmp_path):
    todo = _submissions(tmp_path, 3)

    def grade(submission):
        if submission.student == "s01":
            raise RuntimeError("a defect")
        return _report(submission)

    reports = grade_all(todo, lambda: grade, jobs=2)
    assert [r.status for r in reports] == ["graded", "ungradable", "graded"]
    assert "a defect" in reports[1].reason


KILLED = """
import sys, time
from pathlib import Path
from harness.grade.engine import Journal, discover, grade_all
from harness.grade.verdicts import Report
def grade(s):
    time.sleep(0.02)
    return Report(s.student, "02", "x", "graded")
grade_all(discover([Path(sys.argv[1])]), lambda: grade, jobs=2, journal=Journal(Path(sys.argv[2])))
"""


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

    reports = grade_all(todo, lambda: grade, jobs=2, journal=Journal(journal))
    assert [r.student for r in reports] == [s.student for s in todo]
    assert 0 < len(graded) <= 20 - after
    keys = [json.loads(line)["key"] for line in journal.read_text().split("\n") if line.strip()]
    assert len(keys) == len(set(keys)) == 20


def test_discover_reads_files_folders_and_nbgrader_s_layout(tmp_path):
    for name in ("ann/02_pooling", "bob/02_pooling"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "cid.ipynb").write_text("{}")
    found = list(discover([tmp_path, tmp_path / "cid.ipynb"], lesson="02_pooling"))
    assert found[0] == Submission("ann", tmp_path / "ann/02_pooling")
    assert [s.student for s in found] == ["ann", "bob", "cid", "cid"]
    with pytest.raises(FileNotFoundError, match="is not there"):
        list(discover([tmp_path / "nobody"]))
