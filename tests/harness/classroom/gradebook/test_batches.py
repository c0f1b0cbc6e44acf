"""What is recorded many at a time is what nbgrader's own converter records: the same rows and bytes."""

from __future__ import annotations

import dataclasses
import random
import shutil
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
import sqlalchemy
from nbformat.v4 import new_output

from harness.author import loading, notebooks
from harness.classroom import Classroom, due
from harness.classroom.gradebook import Recorder, RecordError, ToRecord
from harness.classroom.late_rule import Rule
from harness.grade import cells as grading
from harness.grade.verdicts import CellVerdict, GradedSubmission, Report
from tests.harness.classroom.gradebook.tiny import LESSON, classroom, grade, hand_in, rows

ROOT = Path(__file__).parents[4]
TEXTS = (
    "",
    "plain",
    "ünï\u2028code\x0b\r\nlines\n",
    "<b>&\\href{x}{y}</b>",
    "a\n" * 1500,
    "\x1b[31m",
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    return classroom(tmp_path_factory.mktemp("room")).folder


@pytest.fixture
def rooms(empty, tmp_path) -> tuple[Classroom, Classroom]:
    """Two classrooms: one for batches, one for nbgrader's converter."""
    return _two(empty, tmp_path)


def _two(empty: Path, folder: Path) -> tuple[Classroom, Classroom]:
    one, two = (Classroom(shutil.copytree(empty, folder / name)) for name in ("fast", "slow"))
    return one, two


def _recorded(room: Classroom, items: list[ToRecord], fast: bool) -> list:
    with Recorder(room.folder) as recorder:
        if fast:
            recorder._convert = None  # every one goes the fast way
            return recorder.record_all(items)
        recorder._batches.can = False
        return [result for item in items for result in recorder.record_all([item])]


def _everything(room: Classroom, lesson: str = LESSON) -> tuple[list, dict]:
    """All rows of students, without ids, and the bytes of all files."""
    tables: dict[str, list[dict]] = {}
    with room.gradebook() as book, book.engine.connect() as connection:
        meta = sqlalchemy.MetaData()
        meta.reflect(book.engine)
        for table in meta.sorted_tables:
            tables[table.name] = [dict(r._mapping) for r in connection.execute(table.select())]
    who = {r["id"]: r["student_id"] for r in tables["submitted_assignment"]}
    whose = {r["id"]: who[r["assignment_id"]] for r in tables["submitted_notebook"]}
    found = []
    for name in ("student", "submitted_assignment", "submitted_notebook", "grade", "comment"):
        for row in tables[name]:
            owner = whose.get(row.get("notebook_id")) or who.get(row.get("assignment_id"))
            kept = {k: v for k, v in row.items() if k not in ("id", "notebook_id", "assignment_id")}
            found.append(
                (name, owner or row.get("student_id") or row["id"], sorted(kept.items(), key=str))
            )
    files = {}
    for top in ("autograded", ".grading/reports"):
        for path in sorted((room.folder / top).rglob("*")):
            content = path.read_bytes() if path.is_file() else None
            files[str(path.relative_to(room.folder))] = (content, path.stat().st_mode)
    return sorted(found, key=str), files


def _drawn(draw: random.Random, source, release, student: str, lesson: str) -> GradedSubmission:
    """A graded submission with verdicts, texts and outputs of all kinds."""
    notebook = nbformat.from_dict(release)
    verdicts = []
    for cell in notebook.cells:
        name = grading.grade_id(cell)
        if grading.is_check(cell):
            points, full = draw.choice([0.0, 0.5, 1.0, 99.0, float("nan")]), grading.points(cell)
            status = "passed" if points == full else "wrong"
            text = draw.choice(TEXTS)
            verdicts.append(
                CellVerdict(name, status, points, full, text, draw.choice([None, "<m>"]))
            )
        elif grading.is_manual(cell):
            verdicts.append(CellVerdict(name, "manual", None, grading.points(cell)))
        meta = cell.metadata.get("nbgrader", {})
        if (meta.get("solution") or not meta) and draw.random() < 0.6:
            cell.source = draw.choice(TEXTS)
        if cell.cell_type == "code":
            cell.outputs = [_output(draw) for _ in range(draw.randrange(4))]
            cell.execution_count = draw.choice([None, 3])
    draw.shuffle(verdicts)
    del verdicts[draw.randrange(len(verdicts)) :][:1]
    report = Report(student, lesson, "x.ipynb", "graded", tuple(verdicts))
    if draw.random() < 0.1:
        bad = Report(student, lesson, "x", "ungradable", reason="No <b>notebook</b>.", ask="Again.")
        return GradedSubmission(bad, None)
    return GradedSubmission(report, notebook)


def _output(draw: random.Random) -> nbformat.NotebookNode:
    text = draw.choice(TEXTS)
    return draw.choice(
        [
            new_output("stream", name=draw.choice(["stdout", "stderr"]), text=text),
            new_output("error", ename="E", evalue=text, traceback=["line"] * draw.choice([1, 300])),
            new_output("display_data", {"text/html": text, "text/plain": text}),
            new_output("execute_result", {"text/plain": "0.5", "application/json": {"a": [1, {}]}}),
        ]
    )


def _items(
    release, source, lesson: str, count: int, seed: int, again: bool = False
) -> list[ToRecord]:
    draw = random.Random(seed)
    times = [None, "2026-01-03 12:00:00 UTC", "2025-01-03 12:00:00.5 +0200", "when I liked"]
    found = []
    for number in range(count):
        graded = _drawn(draw, source, release, f"student {number}", lesson)
        only = None
        if again and number % 3 == 0 and graded.report.cells:
            only = frozenset(c.grade_id for c in graded.report.cells[:2] if c.points is not None)
        found.append(ToRecord(graded, draw.choice(times), only))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_files_are_those_of_nbgrader_s_converter(rooms, seed):
    release = nbformat.read(rooms[0].folder / "release" / LESSON / f"{LESSON}.ipynb", 4)
    for room in rooms:
        with (room.folder / "nbgrader_config.py").open("a") as file:
            file.write(
                "from nbgrader.plugins import LateSubmissionPlugin\n"
                "class Late(LateSubmissionPlugin):\n"
                "    def late_submission_penalty(self, student_id, score, seconds):\n"
                "        return seconds / 86400\n"
                "c.AssignLatePenalties.plugin_class = Late\n"
                "c.LimitOutput.max_lines = 200\n"
            )
        with room.gradebook() as book:
            book.update_or_create_assignment(LESSON, duedate="2026-01-01 12:00:00 UTC")
        (room.folder / "source" / LESSON / "more").mkdir()
        (room.folder / "source" / LESSON / "more" / "data.csv").write_text("1")
    for round_ in range(3):  # the second and third meet what is there, points by hand included
        items = _items(release, None, LESSON, 25, 10 * seed + round_, again=round_ > 0)
        fast, slow = (_recorded(room, items, room is rooms[0]) for room in rooms)
        assert fast == slow
        assert _everything(rooms[0]) == _everything(rooms[1])
        draw = random.Random(round_)
        by_hand = [(f"student {draw.randrange(25)}", draw.random()) for _ in range(8)]
        for room in rooms:
            with room.gradebook() as book:
                for student, points in by_hand:
                    found = book.find_grade("check_mean", LESSON, LESSON, student)
                    found.manual_score, found.extra_credit = points, 0.25
                    book.find_comment("why", LESSON, LESSON, student).manual_comment = "Good."
                book.db.commit()


@pytest.mark.parametrize("slug", ["02_pooling"])
def test_a_lesson_of_the_course_is_recorded_as_by_nbgrader_s_converter(empty, tmp_path, slug):
    room = Classroom(shutil.copytree(empty, tmp_path / "room"))
    (lesson,) = loading.load(ROOT, [slug])
    source = notebooks.source_notebook(lesson)
    nbformat.write(source, tmp_path / f"{slug}.ipynb")
    room.release(slug, tmp_path / f"{slug}.ipynb")
    release = nbformat.read(room.folder / "release" / slug / f"{slug}.ipynb", 4)
    rooms = _two(room.folder, tmp_path)
    items = _items(release, source, slug, 4, 7)
    assert _recorded(rooms[0], items, True) == _recorded(rooms[1], items, False)
    assert _everything(rooms[0]) == _everything(rooms[1])


def test_what_is_unusual_goes_through_nbgrader_s_converter(rooms):
    room = rooms[0]
    graded = []
    for name in ("ada", "bob", "eve", "joe"):
        graded.append(grade(hand_in(room, name, mean="mean = 'right'"), LESSON))
    graded[0].notebook.cells[1].source = "text = '\udcfc'"  # no UTF-8
    graded[1].notebook.cells[1]["id"] = graded[1].notebook.cells[0]["id"]
    graded[2].notebook.cells[1].metadata.nbgrader.grade_id = "check_mean"  # twice
    with Recorder(room.folder) as recorder:
        found = recorder.record_all([ToRecord(one) for one in graded])
    assert [isinstance(one, Report) for one in found] == [True, True, False, True]
    assert isinstance(found[2], RecordError)
    assert {student for student, _ in rows(room)} == {"ada", "bob", "joe"}


def test_a_configuration_of_nbgrader_s_converter_is_heeded(rooms):
    room = rooms[0]
    with (room.folder / "nbgrader_config.py").open("a") as file:
        file.write(
            "import pathlib\n"
            "def hook(assignment, student, notebooks):\n"
            f"    pathlib.Path({str(room.folder)!r}, 'hooked').touch()\n"
            "c.BaseConverter.post_convert_hook = hook\n"
        )
    graded = grade(hand_in(room, "ada", mean="mean = 'right'"), LESSON)
    with Recorder(room.folder) as recorder:
        assert not recorder._batches.can
        recorder.record(graded)
    assert (room.folder / "hooked").exists()
    assert rows(room)["ada", "check_mean"][0] == 2.0


def test_a_batch_whose_files_cannot_be_placed_is_not_in_the_gradebook(rooms, monkeypatch):
    room = rooms[0]
    graded = [grade(hand_in(room, name, mean="mean = 'right'"), LESSON) for name in ("ada", "bob")]
    items = [ToRecord(one) for one in graded]

    def full(*args):
        raise OSError(28, "No space left on device")

    with Recorder(room.folder) as recorder:
        with monkeypatch.context() as patch:
            patch.setattr("harness.classroom.gradebook.batches.put", full)
            with pytest.raises(OSError, match="No space"):
                recorder.record_all(items)
        assert rows(room) == {}
        assert [one.score for one in recorder.record_all(items)] == [2.0, 2.0]
    assert rows(room)["bob", "check_mean"][0] == 2.0


def test_two_of_one_student_in_a_batch_are_recorded_one_after_the_other(rooms):
    room = rooms[0]
    graded = grade(hand_in(room, "ada", mean="mean = 'right'"), LESSON)
    worse = dataclasses.replace(
        graded.report, cells=(dataclasses.replace(graded.report.cells[0], points=0.0),)
    )
    items = [ToRecord(graded), ToRecord(GradedSubmission(worse, graded.notebook))]
    with Recorder(room.folder) as recorder:
        recorder.record_all(items)
    assert rows(room)["ada", "check_mean"][0] == 0.0


def test_no_statement_of_a_batch_reads_what_others_handed_in(rooms):
    """Else each submission would cost more the more there are: a plan with an index says SEARCH."""
    room, _ = rooms
    due.set_due(room, LESSON, datetime(2026, 1, 5, tzinfo=UTC))
    due.set_rule(room, None, Rule(0.1))
    late = "2026-01-07 00:00:00 UTC"
    places = [hand_in(room, name, late, mean="mean = 'right'") for name in "abc"]
    items = [ToRecord(grade(place, LESSON), late) for place in places]
    asked: list[tuple[str, tuple]] = []
    with Recorder(room.folder) as recorder:
        engine = recorder.gradebook.engine
        sqlalchemy.event.listen(
            engine, "before_cursor_execute", lambda *told: asked.append(told[2:4])
        )
        for _ in range(2):  # new ones, and those that are there
            assert all(isinstance(one, Report) for one in recorder.record_all(items))
        with engine.connect() as connection:
            read = [one for one in asked if one[0].lstrip().upper().startswith("SELECT")]
            plans = [
                row[3]
                for text, values in read
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
            ]
    of_students = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")
    assert not [plan for plan in plans if plan.split()[:2] in [["SCAN", t] for t in of_students]]
    assert any(plan.startswith("SEARCH grade") for plan in plans)
