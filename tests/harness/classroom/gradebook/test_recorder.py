"""What is recorded is in nbgrader's gradebook, whole, safe to show, and written once."""

from __future__ import annotations

import dataclasses
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter

from harness.classroom import Classroom
from harness.classroom.gradebook import Recorder, RecordError
from harness.classroom.lesson_text import keep_text
from harness.grade.verdicts import CellVerdict, GradedSubmission, Report
from harness.lock import Busy, one_writer
from tests.harness.classroom.gradebook.tiny import (
    LESSON,
    MARKUP,
    by,
    classroom,
    generous,
    grade,
    hand_in,
    rows,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    return classroom(tmp_path_factory.mktemp("room")).folder


@pytest.fixture
def room(empty, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(empty, tmp_path / "class"))


def recorded(room: Classroom, student: str) -> nbformat.NotebookNode:
    path = room.folder / "autograded" / student / LESSON / f"{LESSON}.ipynb"
    return nbformat.read(path, as_version=4)


def shown(markdown: str) -> str:
    """Markdown as formgrader's exporter shows it."""
    cell = nbformat.v4.new_markdown_cell(markdown)
    exporter = HTMLExporter(template_name="basic")
    return exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))[0]


def test_verdicts_become_the_scores(room):
    hand_in(room, "ada", mean="mean = 'right'", max="max = 0", why="Because.")
    outcome = room.autograde(LESSON, session=by(grade))
    assert outcome.failed == {}
    assert rows(room) == {
        ("ada", "check_mean"): (2.0, None, False, None),
        ("ada", "check_max"): (0.0, None, False, None),
        ("ada", "why"): (None, None, True, None),
        ("ada", "draw"): (None, None, True, None),
    }


def test_an_unanswered_written_cell_earns_nothing_as_in_nbgrader(room):
    hand_in(room, "ada")
    room.autograde(LESSON, session=by(grade))
    assert rows(room)["ada", "why"][:3] == (0.0, None, False)
    with room.gradebook() as book:
        assert book.find_comment("why", LESSON, LESSON, "ada").auto_comment == "No response."


@pytest.mark.parametrize("points", [float("nan"), float("inf"), -5.0, 99.0, None])
def test_points_never_leave_their_range(room, points):
    place = hand_in(room, "ada", mean="mean = 'right'")
    graded = grade(place, LESSON)
    cells = (dataclasses.replace(graded.report.cells[0], points=points), *graded.report.cells[1:])
    report = dataclasses.replace(graded.report, cells=cells)
    with Recorder(room.folder) as recorder:
        recorder.record(GradedSubmission(report, graded.notebook))
    assert rows(room)["ada", "check_mean"][0] == (2.0 if points == 99.0 else 0.0)


def test_a_check_without_a_verdict_earns_nothing(room):
    place = hand_in(room, "ada", mean="mean = 'right'", max="max = 'right'")
    graded = grade(place, LESSON)
    report = dataclasses.replace(graded.report, cells=graded.report.cells[:1])
    with Recorder(room.folder) as recorder:
        recorder.record(GradedSubmission(report, graded.notebook))
    assert rows(room)["ada", "check_mean"][0] == 2.0
    assert rows(room)["ada", "check_max"][0] == 0.0


def test_nothing_that_a_browser_runs_is_recorded(room):
    link = "[x](javascript:alert(1)) $\\href{javascript:alert(1)}{x}$"
    hand_in(room, "ada", mean="mean = 0", why=f"{link} {MARKUP}")
    room.autograde(LESSON, session=by(grade))
    notebook = recorded(room, "ada")
    bodies = [o.data for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert all(MARKUP not in body.get("text/html", "") for body in bodies)
    assert any("&lt;script&gt;" in body.get("text/html", "") for body in bodies)
    written = [c for c in notebook.cells if "alert(1)" in c.source]
    assert len(written) == 1
    page = shown(written[0].source)
    raw = shown(f"{link} {MARKUP}")
    for danger in ("<script>alert", 'href="javascript', "\\href"):
        assert danger in raw  # it would do harm
        assert danger not in page


def test_an_ungradable_submission_is_recorded_with_its_reason(room):
    place = hand_in(room, "ada", mean="mean = 'right'")
    (place / f"{LESSON}.ipynb").write_bytes(b"\0not a notebook")
    hand_in(room, "bob", mean="mean = 'right'")
    outcome = room.autograde(LESSON, session=by(grade))
    assert outcome.failed == {}
    assert rows(room)["ada", "check_mean"][:3] == (0.0, None, False)
    assert rows(room)["bob", "check_mean"][0] == 2.0
    first = recorded(room, "ada").cells[0].source
    assert "No notebook." in first
    assert MARKUP not in first


def test_a_grader_that_raises_does_not_stop_the_batch(room):
    hand_in(room, "ada")
    hand_in(room, "bob", mean="mean = 'right'")

    def raising(place, lesson):
        if place.parent.name == "ada":
            raise OSError("disk")
        return grade(place, lesson)

    outcome = room.autograde(LESSON, session=by(raising))
    assert "disk" in outcome.failed["ada"]  # no grade: it was not her notebook's fault
    assert ("ada", "check_mean") not in rows(room)
    assert rows(room)["bob", "check_mean"][0] == 2.0


def test_manual_scores_and_comments_outlast_a_new_grading(room):
    hand_in(room, "ada", mean="mean = 0", why="Because.")
    room.autograde(LESSON, session=by(grade))
    with room.gradebook() as book:
        book.find_grade("check_mean", LESSON, LESSON, "ada").manual_score = 1.5
        book.find_grade("why", LESSON, LESSON, "ada").manual_score = 3.0
        book.find_comment("why", LESSON, LESSON, "ada").manual_comment = "Good."
        book.db.commit()
    hand_in(room, "ada", mean="mean = 'right'", why="Because.")
    room.autograde(LESSON, session=by(grade))
    assert rows(room)["ada", "check_mean"][:3] == (2.0, 1.5, True)
    assert rows(room)["ada", "why"][:3] == (None, 3.0, True)
    with room.gradebook() as book:
        assert book.find_comment("why", LESSON, LESSON, "ada").manual_comment == "Good."


def test_regrading_one_exercise_leaves_all_other_scores(room):
    for student in ("ada", "bob"):
        hand_in(room, student, mean="mean = 0", max="max = 0")
    room.autograde(LESSON, session=by(grade))

    room.regrade(LESSON, "mean", session=by(generous))
    found = rows(room)
    for student in ("ada", "bob"):
        assert found[student, "check_mean"][0] == 2.0
        assert found[student, "check_max"][0] == 0.0
    assert [r.score for r in room.reports(LESSON)] == [2.0, 2.0]


def test_late_days_cost_what_the_course_says(room):
    with (room.folder / "nbgrader_config.py").open("a") as file:
        file.write(
            "from nbgrader.plugins import LateSubmissionPlugin\n"
            "class Late(LateSubmissionPlugin):\n"
            "    def late_submission_penalty(self, student_id, score, seconds):\n"
            "        return round(seconds / 86400)\n"
            "c.AssignLatePenalties.plugin_class = Late\n"
        )
    with room.gradebook() as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 12:00:00 UTC")
    hand_in(room, "ada", "2026-01-03 12:00:00 UTC", mean="mean = 'right'", max="max = 'right'")
    hand_in(room, "bob", "2025-12-31 12:00:00 UTC", mean="mean = 'right'")
    hand_in(room, "eve", "when I felt like it", mean="mean = 'right'")
    room.autograde(LESSON, session=by(grade))
    found = rows(room)
    assert found["ada", "check_mean"] == (2.0, None, False, 2.0)
    assert found["bob", "check_mean"][3] is None
    assert found["eve", "check_mean"] == (2.0, None, False, None)


def test_a_failure_leaves_gradebook_and_files_as_they_were(room):
    place = hand_in(room, "ada", mean="mean = 'right'")
    room.autograde(LESSON, session=by(grade))
    before, kept = rows(room), recorded(room, "ada")
    graded = grade(place, LESSON)
    graded.notebook.cells[1].metadata.nbgrader.grade_id = "check_mean"  # twice: nbgrader refuses
    with Recorder(room.folder) as recorder, pytest.raises(RecordError, match="could not record"):
        recorder.record(graded)
    assert rows(room) == before
    assert recorded(room, "ada") == kept


@pytest.mark.parametrize("name", ["Ada Lovelace", "Žofie Ω", "[a-z]*", "a'b;--", "..a", "{x}"])
def test_odd_names_are_recorded(room, name):
    hand_in(room, name, mean="mean = 'right'")
    assert room.autograde(LESSON, session=by(grade)).failed == {}
    assert rows(room)[name, "check_mean"][0] == 2.0


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../../up", "a\0b", "a\nb"])
def test_names_that_leave_the_folder_are_refused(room, name):
    report = Report(name, LESSON, "x", "graded", (CellVerdict("check_mean", "passed", 2.0, 2.0),))
    notebook = nbformat.read(room.folder / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
    with Recorder(room.folder) as recorder, pytest.raises(RecordError, match="name"):
        recorder.record(GradedSubmission(report, notebook))
    assert rows(room) == {}


def test_only_one_may_write(room):
    with one_writer(room.folder), pytest.raises(Busy, match="another process"):
        Recorder(room.folder).__enter__()


def test_what_was_recorded_is_not_graded_again_until_it_changes(room):
    hand_in(room, "ada", mean="mean = 'right'")
    calls = []

    def counting(place, lesson):
        calls.append(place)
        return grade(place, lesson)

    for _ in range(2):
        room.autograde(LESSON, session=by(counting))
    assert len(calls) == 1
    room.autograde(LESSON, session=by(counting, "2"))
    hand_in(room, "ada", mean="mean = 0")
    assert room.autograde(LESSON, session=by(counting, "2")).skipped == []
    assert len(calls) == 3
    assert rows(room)["ada", "check_mean"][0] == 0.0


def test_files_are_for_the_teacher_alone(room):
    hand_in(room, "ada", mean="mean = 'right'")
    room.autograde(LESSON, session=by(grade))
    for top in ("autograded", ".grading"):
        for path in [room.folder / top, *(room.folder / top).rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path
    assert (room.folder / "gradebook.db").stat().st_mode & 0o077 == 0


def test_a_run_killed_at_any_moment_goes_on_to_the_same_gradebook(room, tmp_path):
    students = [f"student {n}" for n in range(8)]
    for number, student in enumerate(students):
        hand_in(room, student, mean="mean = 'right'" if number % 2 else "mean = 0")
    whole = Classroom(shutil.copytree(room.folder, tmp_path / "whole"))
    whole.autograde(LESSON, session=by(grade))
    draw = random.Random(5)
    for kill in range(4):
        run = subprocess.Popen(
            [sys.executable, "-m", "tests.harness.classroom.gradebook.tiny", str(room.folder)],
            stdout=subprocess.PIPE,
        )
        for _ in range(1 + kill % 2):
            run.stdout.readline()
        time.sleep(draw.random() * 0.08)
        run.kill()
        run.wait()
        run.stdout.close()
    outcome = room.autograde(LESSON, session=by(grade))
    assert outcome.skipped  # some of it stood before
    assert rows(room) == rows(whole)
    for student in students:
        assert recorded(room, student) == recorded(whole, student)
    with room.gradebook() as book:
        assert len(book.assignment_submissions(LESSON)) == len(students)
    assert {r.student for r in room.reports(LESSON)} == set(students)


def test_a_marker_sees_the_rubric_above_the_answer_and_the_release_does_not_hold_it(room):
    item = {"kind": "free", "prompt": "Why?", "feedback": "Since.", "rubric": ["Names the reason"]}
    keep_text(room.folder, LESSON, {"title": "", "exercises": {}, "questions": {"why": item}})
    place = hand_in(room, "ada", why="So.")
    with Recorder(room.folder) as recorder:
        recorder.record(grade(place, LESSON))
    path = room.folder / "autograded" / "ada" / LESSON / f"{LESSON}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    (at,) = [
        n for n, c in enumerate(cells) if c.metadata.get("nbgrader", {}).get("grade_id") == "why"
    ]
    assert "- Names the reason" in cells[at - 1].source
    assert "A good answer: Since." in cells[at - 1].source
    assert "students do not see this cell" in cells[at - 1].source
    released = (room.folder / "release" / LESSON / f"{LESSON}.ipynb").read_text()
    assert "Names the reason" not in released


@pytest.mark.parametrize(
    ("place", "call"),
    [
        ("harness.classroom.gradebook.recorder:Recorder.record_all", 1),
        ("harness.classroom.gradebook.batches:MemoryBook.write", 1),
        ("harness.classroom.gradebook.batches:put", 1),
        ("harness.classroom.gradebook.batches:put", 3),
        ("harness.classroom.gradebook.transaction:_Held.end", 1),
        ("harness.grade.journal:Journal.add_all", 1),
    ],
)
def test_files_and_gradebook_agree_after_a_kill_at_each_step(room, place, call):
    """A forced run that is killed has changed some of what the journal knew as finished."""
    students = [f"student {n}" for n in range(4)]
    for student in students:
        hand_in(room, student, mean="mean = 0")
    room.autograde(LESSON, session=by(grade))
    command = [sys.executable, "-m", "tests.harness.classroom.gradebook.tiny"]
    run = subprocess.run([*command, str(room.folder), place, str(call)], check=False)
    assert run.returncode == -signal.SIGKILL
    room.autograde(LESSON, session=by(generous))  # as it is given again, without --force
    found = rows(room)
    assert {r.student for r in room.reports(LESSON)} == set(students)
    for report in room.reports(LESSON):
        shown = "".join(str(c.get("outputs")) for c in recorded(room, report.student).cells)
        for cell in report.cells[:2]:
            assert found[report.student, cell.grade_id][0] == cell.points
            assert f"{cell.points:g} of {cell.max_points:g} points" in shown
    with room.gradebook() as book:
        assert len(book.assignment_submissions(LESSON)) == len(students)
