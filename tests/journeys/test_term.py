"""A term of thirty students and three lessons by the commands: from rosters to grades in each system's form.

Lessons come as three systems give them: 01 from Moodle, 02 from Canvas, 03 from Blackboard. Three students
of lesson 02 are graded for real. A rule marks the others, and 01 and 03 are short lessons under their names,
since what is tried here is everything around grading. All else is done by the commands, to the end: points
by hand, feedback, report, similar hand-ins and the final marks.
"""

from __future__ import annotations

import csv
import io
import random
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from harness import paths
from harness.author import loading, notebooks
from harness.classroom import Classroom
from harness.grade import cells as grading
from harness.grade.verdicts import CellVerdict, GradedSubmission, Report
from tests.harness.classroom.gradebook.tiny import source
from tests.harness.grade.fakes import FakeSession
from tests.journeys.test_classroom import ISOLATION, _course

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]
LESSONS = ("01_word_vectors", "02_pooling", "03_mnrl")
PEOPLE = [
    # login, first and last name; the last two have one name, the third a hostile one
    *(("al", "Ada", "Lovelace"), ("zu", "Žofie", "Ünal"), ("eq", "=1+1", "O'Neil, Jr.")),
    *((f"s{n:02}", f"First{n}", f"Last {n}") for n in range(4, 29)),
    *(("kim1", "Kim", "Lee"), ("kim2", "Kim", "Lee")),
]
REAL = ("al", "zu", "eq")
FORMS = {  # whom a row is of, the lesson's column, how the student stands there
    "moodle": ("Email address", "Assignment: 01 Word vectors (Real)", "{}@x.org"),
    "canvas": ("SIS Login ID", "02 Pooling (992)", "{}"),
    "blackboard": ("Username", "03 MNRL [Total Pts: 30 Score] |77", "{}"),
}


def _table(rows, mark=",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows(rows)
    return text.getvalue()


def _rosters(folder: Path) -> dict[str, Path]:
    """The three systems' tables of the same people, each in its encoding."""
    canvas = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "02 Pooling (992)"]]
    canvas.append(["    Points Possible", "", "", "", "", "33"])
    moodle = [
        [
            "First name",
            "Surname",
            "ID number",
            "Email address",
            "Assignment: 01 Word vectors (Real)",
        ]
    ]
    board = [["Last Name", "First Name", "Username", "Student ID", "Availability"]]
    board[0].append("03 MNRL [Total Pts: 30 Score] |77")
    for number, (login, first, last) in enumerate(PEOPLE, 1):
        canvas.append([f"{last}, {first}", f"{number}", f"{4000 + number}", login, "A", ""])
        moodle.append([first, last, f"{4000 + number}", f"{login}@x.org", "-"])
        board.append([last, first, login, f"{4000 + number}", "Yes", ""])
    canvas.append(["Student, Test", "999", "", "test", "A", ""])
    found = {}
    for name, rows, mark, coding in (
        ("canvas", canvas, ",", "utf-8-sig"),
        ("moodle", moodle, ";", "utf-8"),
        ("blackboard", board, "\t", "utf-16"),
    ):
        found[name] = folder / f"{name}.csv"
        found[name].write_bytes(_table(rows, mark).encode(coding))
    return found


def _downloads(folder: Path, work: dict[str, bytes]) -> dict[str, Path]:
    """What the three systems give of the three lessons; the last student hands in nothing in 03."""
    one, two, three = (folder / name for name in ("moodle.zip", "canvas.zip", "board"))
    with zipfile.ZipFile(one, "w") as moodle, zipfile.ZipFile(two, "w") as canvas:
        for number, (login, first, last) in enumerate(PEOPLE, 1):
            name = f"{first} {last}_{100 + number}_assignsubmission_file_"
            moodle.writestr(f"{name}/my work.ipynb", work[LESSONS[0]])
            plain = "".join(c for c in f"{last}{first}".casefold() if c.isalnum())
            late = "LATE_" if login == "s04" else ""
            wrong = login == "zu"
            content = work["wrong" if wrong else LESSONS[1]]
            canvas.writestr(f"{plain}_{late}{number}_{500 + number}_{LESSONS[1]}-1.ipynb", content)
    three.mkdir()
    for login, _, _ in PEOPLE[:-1]:
        for day in ("06", "07") if login == "s05" else ("06",):
            stamp = f"2026-02-{day}-12-00-00"
            name = f"03 MNRL_{login}_attempt_{stamp}"
            (three / f"{name}.txt").write_text("Name: somebody\n")
            (three / f"{name}_Copy of {LESSONS[2]}.ipynb").write_bytes(work[LESSONS[2]])
    return {LESSONS[0]: one, LESSONS[1]: two, LESSONS[2]: three}


def _worksheet(path: Path) -> Path:
    rows = [["Identifier", "Full name", "Email address", "Last modified (submission)"]]
    for number, (login, first, last) in enumerate(PEOPLE, 1):
        when = "Monday, 5 January 2026, 10:00 AM"
        rows.append([f"Participant {100 + number}", f"{first} {last}", f"{login}@x.org", when])
    path.write_text(_table(rows), encoding="utf-8")
    return path


def _by_rule(room: Classroom, lesson: str) -> FakeSession:
    """Marks every check of a lesson at random, the same for the same student; nobody's is read."""
    release = nbformat.read(room.folder / "release" / lesson / f"{lesson}.ipynb", as_version=4)
    checks = [(name, grading.points(cell)) for name, cell in grading.checks(release)]

    def grade(one) -> GradedSubmission:
        dice = random.Random(f"{lesson} {one.student}")
        verdicts = []
        for name, points in checks:
            right = dice.random() < 0.7
            status = "passed" if right else "wrong"
            verdicts.append(CellVerdict(name, status, points if right else 0.0, points))
        report = Report(one.student, lesson, f"{lesson}.ipynb", "graded", tuple(verdicts))
        return GradedSubmission(report, release)

    return FakeSession(grade, lesson)


def _rows(path: Path, coding: str = "utf-8", mark: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(coding)), delimiter=mark))


@pytest.fixture(scope="module")
def term(tmp_path_factory) -> Path:
    """The folder of the term: the class, graded, is in `class`."""
    folder = tmp_path_factory.mktemp("term")
    room = folder / "class"
    (lesson,) = (one for one in loading.load(paths.root()) if one.slug == LESSONS[1])
    work = {LESSONS[1]: nbformat.writes(notebooks.worked_notebook(lesson)).encode()}
    wrong = notebooks.worked_notebook(lesson)
    for cell in wrong.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "mean_pool":
            cell.source = "def mean_pool(token_embeddings, attention_mask):\n    return 1"
    work["wrong"] = nbformat.writes(wrong).encode()
    assert _course("init", room) == 0
    for table in _rosters(folder).values():
        assert _course("roster", "import", room, table) == 0
    assert _course("release", room, "02") == 0
    for slug in (LESSONS[0], LESSONS[2]):
        short = source()
        del short.cells[-1]  # a task, which always waits for a person
        nbformat.write(short, folder / f"{slug}.ipynb")
        released = Classroom(room).release(slug, folder / f"{slug}.ipynb")
        work[slug] = released.read_bytes()
    assert _course("due", room, "02", "2026-01-20", "--tz", "Europe/Berlin") == 0
    assert _course("due", room, "03", "2026-02-06 12:00") == 0
    assert _course("penalty", room, "--per-day", "10%", "--most", "50%", "--grace", "10") == 0
    found = _downloads(folder, work)
    sheet = _worksheet(folder / "worksheet.csv")
    more = {LESSONS[0]: ["--lesson", "01", "--worksheet", sheet]}
    for slug, inbox in found.items():
        assert _course("collect", room, inbox, *more.get(slug, [])) == 0
    students = [option for name in REAL for option in ("--student", name)]
    assert _course("autograde", room, "02", *students, "--isolation", ISOLATION) == 0
    opened = Classroom(room)
    rest = sorted({login for login, _, _ in PEOPLE} - set(REAL))
    opened.autograde(LESSONS[1], rest, session=_by_rule(opened, LESSONS[1]))
    for slug in (LESSONS[0], LESSONS[2]):
        opened.autograde(slug, session=_by_rule(opened, slug))
    return folder


def test_every_hand_in_is_of_a_student_of_the_roster(term):
    room = Classroom(term / "class")
    logins = sorted(login for login, _, _ in PEOPLE)
    assert room.students(LESSONS[0]) == room.students(LESSONS[1]) == logins
    assert room.students(LESSONS[2]) == sorted(set(logins) - {"kim2"})
    assert sorted(path.name for path in (room.folder / "submitted").iterdir()) == logins


def _marks(term: Path, lesson: str) -> dict[str, str]:
    to = term / "marks.csv"
    assert _course("export", term / "class", to, lesson, "--so-far") == 0
    return {row["student_id"]: row["score"] for row in _rows(to)}


def test_three_are_graded_for_real(term):
    found = _marks(term, LESSONS[1])
    assert found["al"] == found["eq"] == "31"
    assert 0 < float(found["zu"]) < 31


def _in_its_form(term: Path, form: str, lesson: str, *options: str) -> dict[str, str]:
    """The marks in the table for a system, by login."""
    to = term / f"{form}.out.csv"
    assert _course("export", term / "class", to, lesson, "--format", form, *options) == 0
    rows = _rows(to)
    assert all(cell[:1] not in ("=", "+", "@") for row in rows for cell in row.values())
    key, heading, name = FORMS[form]
    logins = {name.format(login): login for login, _, _ in PEOPLE}
    return {logins[row[key]]: row[heading] for row in rows if row[key]}


def test_each_system_gets_the_marks_in_its_form(term):
    for form, lesson in zip(FORMS, LESSONS):
        found = _in_its_form(term, form, lesson, "--so-far")
        assert found == _marks(term, lesson)
        assert len(found) == 30
    assert found["kim2"] == ""  # handed in nothing: no 0


def test_what_waits_for_a_person_is_empty_unless_it_is_asked_for(term, capsys):
    room, to = term / "class", term / "final.csv"
    assert _course("export", room, to, "02", "--format", "canvas") == 0
    assert "waiting for a person" in capsys.readouterr().out
    found = {row["SIS Login ID"]: row["02 Pooling (992)"] for row in _rows(to)}
    assert found["al"] == ""  # the worked answer to the free question is to be read by somebody


def test_lateness_costs_what_the_rule_says_and_an_extension_takes_it_back(term, capsys):
    room = term / "class"

    def penalties(lesson):
        to = term / "late.csv"
        assert _course("export", room, to, lesson, "--so-far") == 0
        rows = {row["student_id"]: row for row in _rows(to)}
        return {
            login: round(float(row["late_submission_penalty"]) / float(row["raw_score"]), 6)
            for login, row in rows.items()
            if float(row["late_submission_penalty"])
        }

    assert penalties("02") == {"s04": 0.1}  # Canvas marks it: a day begun
    assert penalties("03") == {"s05": 0.1}  # the later of two attempts, a day late
    assert _course("due", room, "03", "2026-02-07", "--student", "s05") == 0
    assert penalties("03") == {}
    assert _course("due", room, "03", "2026-02-05 12:00") == 0
    late = penalties("03")
    earned = {login for login, points in _marks(term, "03").items() if points not in ("", "0")}
    assert late == dict.fromkeys(earned - {"s05"}, 0.1)  # of nothing nothing is taken off
    assert _course("due", room, "03", "2026-02-06 12:00") == 0
    assert _course("due", room, "03", "none", "--student", "s05") == 0
    assert penalties("03") == {"s05": 0.1}


def test_feedback_goes_back_under_the_names_of_the_downloads(term):
    room = term / "class"
    for form, lesson in (("moodle", "01"), ("canvas", "02")):
        to = term / f"{form}.feedback.zip"
        assert _course("export-feedback", room, lesson, to, "--format", form) == 0
        with zipfile.ZipFile(to) as archive:
            names = archive.namelist()
        with zipfile.ZipFile(term / f"{form}.zip") as download:
            given = download.namelist()
        if form == "moodle":
            assert sorted(n.split("/")[0] for n in names) == sorted(n.split("/")[0] for n in given)
        else:
            assert sorted(n[:-5] for n in names) == sorted(n[:-6] for n in given)


def test_collecting_again_changes_nothing(term, capsys):
    assert _course("collect", term / "class", term / "canvas.zip") == 0
    assert "0 collected, 30 as before" in capsys.readouterr().out
    assert _course("collect", term / "class", term / "board", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "read as blackboard names its downloads" in said
    assert "in the roster by login al" in said


def _marked_in_a_spreadsheet(table: Path) -> int:
    """Fill in half of the points of each answer, and words; returns how many answers there are."""
    rows = list(csv.DictReader(io.StringIO(table.read_bytes().decode("utf-8-sig"))))
    for row in rows:
        row["points"], row["comment"] = f"{float(row['maximum']) / 2:g}", "Say why, too."
    filled = [list(rows[0]), *(list(row.values()) for row in rows)]
    table.write_text(_table(filled), encoding="utf-8")
    return len(rows)


def test_marks_by_hand_make_the_term_s_grades_final_and_the_same_everywhere(term, capsys):
    room, final = term / "class", {}
    for lesson in ("01", "02", "03"):
        table = term / f"answers-{lesson}.csv"
        assert _course("mark", room, lesson, "--all", "--export", table) == 0
        count = _marked_in_a_spreadsheet(table)
        assert count >= 29
        assert _course("mark", room, lesson, "--import", table) == 0
        assert f"{count} answers marked" in capsys.readouterr().out
    assert _course("feedback", room) == 0
    page, alike = term / "report.html", term / "similar.html"
    assert _course("report", room, "--html", page) == 0
    capsys.readouterr()
    assert _course("similar", room, "02", "--html", alike) == 0
    # Ada and O'Neil handed in the very same work, which is the worked answer: nothing to look at.
    assert "0 pairs of 30 hand-ins are alike" in capsys.readouterr().out
    to = term / "final-marks.csv"
    assert _course("export", room, to) == 0
    assert "waiting" not in capsys.readouterr().out
    for row in _rows(to):
        lesson, student = row["assignment"], row["student_id"]
        missing = (lesson, student) == (LESSONS[2], "kim2")
        assert row["status"] == ("nothing handed in" if missing else "graded")
        if missing:
            continue
        final.setdefault(lesson, {})[student] = row["score"]
        shown = (room / "feedback" / student / lesson / f"{lesson}.html").read_text()
        assert f"{row['score']} of {row['max_score']} points" in shown
        assert ("taken off" in shown) == (row["late_submission_penalty"] != "0")
        assert "Say why, too." in shown
    for lesson, of in final.items():
        mean = sum(map(float, of.values())) / len(of)
        assert f"{mean:.2f}" in page.read_text()
        with Classroom(room).gradebook() as book:
            rows = book.assignment_submissions(lesson)
            points = {one.student.id: one.score - one.late_submission_penalty for one in rows}
        assert {name: pytest.approx(float(said), abs=1e-3) for name, said in of.items()} == points
    for form, lesson in zip(FORMS, LESSONS):
        found = _in_its_form(term, form, lesson)
        assert {login: points for login, points in found.items() if points} == final[lesson]
