"""Attacks by what a hand-in is called and by when it changes, each also with its defence off."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import unicodedata
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from harness.classroom import Classroom, collect
from harness.classroom.lesson_text import LessonText
from harness.classroom.marks import CellMark, Mark
from harness.classroom.report import ClassReport, of_lesson
from harness.classroom.report_page import to_page
from harness.classroom.report_text import to_markdown, to_tables
from harness.grade import engine
from harness.grade.copies import Copies
from harness.grade.journal import Journal
from harness.grade.parts import Part
from harness.grade.submissions import Submission, discover
from harness.grade.verdicts import CellVerdict, Remark, Report
from harness.reports import feedback, formats, github, terminal
from tests.attacks.hand_ins import HAND_INS, LESSON, NAMES, OTHERS
from tests.harness.classroom.gradebook.tiny import by, classroom, grade, hand_in, submission
from tests.harness.grade.fakes import FakeSession

WHEN = 1_700_000_000.0


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Classroom:
    return classroom(tmp_path_factory.mktemp("room"))


@pytest.fixture
def room(empty, tmp_path) -> Classroom:
    return Classroom(shutil.copytree(empty.folder, tmp_path / "class"))


def _hand_in(room: Classroom, inbox: Path, path: str, who: str, when: float) -> None:
    place = inbox / path
    place.parent.mkdir(parents=True)
    nbformat.write(submission(room, mean=f"mean = '{who}'"), place)
    os.utime(place, (when, when))
    collect(room, inbox)


def _kept(room: Classroom) -> dict[str, str]:
    """Whose work lies in each student's place."""
    found = {}
    for path in (room.folder / "submitted").glob(f"*/{LESSON}/*.ipynb"):
        said = re.search(r"mean = '(.*?)'", path.read_text())
        found[path.parts[-3]] = said[1] if said else ""
    return found


def _innermost(parts, lessons, outer=None):
    """Whose file it is, as it was read off before: what is furthest in counts."""
    from harness.classroom.lms import canvas, moodle
    from harness.classroom.lms.owner import Owner

    for folder in reversed(parts[:-1]):
        if match := moodle.PATTERN.match(folder):
            return Owner(match["student"], LESSON)
    stem = parts[-1].rpartition(".")[0]
    if match := canvas.PATTERN.match(stem):
        return Owner(f"{match['student']}_{match['user']}", LESSON)
    found = re.match(rf"(.+)_{LESSON}$", stem)
    return Owner(found[1] if found else parts[-2], LESSON)


def _as_before(name):
    name = unicodedata.normalize("NFC", name).strip()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _defence_off(monkeypatch, attack):
    monkeypatch.setattr("harness.classroom.lms.plain.owner", _innermost)
    if attack.row == 53:
        monkeypatch.setattr("harness.classroom.identity.student_id", _as_before)
        monkeypatch.setattr("harness.classroom.identity._source", lambda owner: owner.system)


@pytest.mark.parametrize("attack", HAND_INS, ids=lambda a: f"{a.row} {a.name}")
def test_a_name_inside_a_hand_in_touches_nobody_else_s_work(room, tmp_path, attack):
    _hand_in(room, tmp_path / "1", attack.theirs, "victim", WHEN)
    _hand_in(room, tmp_path / "2", attack.own, "attacker", WHEN + 100)
    kept = _kept(room)
    assert sorted(kept.values()) == ["attacker", "victim"]
    assert kept.get(attack.victim, "victim") == "victim"


@pytest.mark.parametrize("attack", HAND_INS, ids=lambda a: f"{a.row} {a.name}")
def test_without_the_defence_the_attacker_takes_another_s_place(
    room, tmp_path, attack, monkeypatch
):
    _defence_off(monkeypatch, attack)
    _hand_in(room, tmp_path / "1", attack.theirs, "victim", WHEN)
    _hand_in(room, tmp_path / "2", attack.own, "attacker", WHEN + 100)
    assert set(_kept(room).values()) == {"attacker"}


def _points(one: Submission) -> Report:
    right = "right" in one.path.read_text()
    cell = CellVerdict("check", "passed" if right else "wrong", float(right), 1.0)
    return Report(one.student, "02", one.path.name, "graded", (cell,))


def _changing(path: Path) -> FakeSession:
    """A session in which the student changes the file just before it is graded, and back after it."""

    def grade(one: Submission) -> Report:
        path.write_text("right")
        report = _points(one)
        path.write_text("wrong")
        return report

    return FakeSession(grade)


@pytest.mark.parametrize("defended", [True, False], ids=["with copies", "without"])
def test_a_file_is_graded_as_it_was_fingerprinted(tmp_path, monkeypatch, defended):
    path = tmp_path / "ada.ipynb"
    path.write_text("wrong")
    if not defended:
        monkeypatch.setattr(Copies, "take", lambda self, one: Submission(one.student, one.path))
    todo, journal = list(discover([path])), Journal(tmp_path / "journal")
    session = _changing(path)
    engine.grade_all(session, todo, engine.LocalEngine(), journal=journal)
    (again,) = engine.grade_all(session, todo, engine.LocalEngine(), journal=journal)
    assert again.score == (0.0 if defended else 1.0)


@pytest.mark.parametrize("defended", [True, False], ids=["with copies", "without"])
def test_a_classroom_records_what_was_fingerprinted(room, monkeypatch, defended):
    place = hand_in(room, "ada", mean="mean = 0", max="max = 0")
    path = place / f"{LESSON}.ipynb"
    wrong = path.read_text()
    if not defended:
        monkeypatch.setattr(Copies, "take", lambda self, one: Submission(one.student, one.path))

    def swapping(folder: Path, lesson: str):
        path.write_text(wrong.replace("mean = 0", "mean = 'right'"))
        try:
            return grade(folder, lesson)
        finally:
            path.write_text(wrong)

    for _ in range(2):
        outcome = room.autograde(LESSON, session=by(swapping))
    assert outcome.reports["ada"].score == (0.0 if defended else 2.0)


def _said(name: str) -> dict[str, str]:
    """Everything that is printed or written of two hand-ins with this name, by form."""
    cells = (CellVerdict("check", "wrong", 0.0, 1.0, f"It is {name}.", name, name, hint=name),)
    reports = [
        Report(name, "02", f"{name}.ipynb", "graded", cells, (Remark("x", name),)),
        Report(name, "02", f"{name}.ipynb", "ungradable", reason=name, ask=name),
    ]
    forms = {key: form.make(reports[:1] if form.one else reports) for key, form in formats.items()}
    screen = Console(file=io.StringIO(), width=70, emoji=False)
    screen.print(terminal.table(reports))
    for text in [*terminal.details(reports), *terminal.details(reports[:1])]:
        screen.print(text)
    cells_of = {"check": CellMark("check", 0.0, None, 0.0, 1.0, False)}
    known = {
        name: Mark(name, "02", "graded", 1.0, cells_of),
        f"{name}2": Mark(name, "02", "ungradable", 1.0, reason=name),
        f"{name}3": Mark(name, "02", "missing", 1.0),
    }
    part = Part(name, (name,), ("check",), False, 1.0)
    own = {name: {name: name}}
    of_class = ClassReport((of_lesson(name, reports[:1], known, [part], LessonText(), own),))
    screen.print(to_tables(of_class))
    forms["terminal"] = screen.file.getvalue()
    forms["class"] = to_markdown(of_class, names=True)
    forms["class page"] = to_page(of_class, names=True)
    forms["page"] = feedback.feedback_html(feedback.of_report(reports[0], name))
    forms["workflow"] = "\n".join(github.workflow_commands(reports))
    return forms


_OBEYED = re.compile(r"(?m)^\s*::(?!error file=)|##\[|##vso\[|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_report_or_log_obeys_a_name(name, tmp_path):
    for form, text in _said(name).items():
        assert not _OBEYED.search(text), form
        text.encode()
    (tmp_path / f"{name}.ipynb".replace("/", "_")).write_text("{}")
    (one,) = discover([tmp_path])
    assert one.student.isprintable()


@pytest.mark.parametrize("name", list(NAMES.values())[:2], ids=list(NAMES)[:2])
def test_without_the_defence_names_are_obeyed(name, monkeypatch):
    for module in ("terminal", "sanitize"):
        monkeypatch.setattr(f"harness.reports.{module}.line", lambda text, most=0: str(text))
    assert _OBEYED.search(_said(name)["terminal"])


@pytest.mark.parametrize("defended", [True, False], ids=["defended", "without"])
def test_no_table_of_scores_holds_a_formula(room, tmp_path, monkeypatch, defended):
    for name in ("=HYPERLINK(A1)", "@SUM(A1)", "-1+A1", "bob,,,,,,,31,0,31,31"):
        hand_in(room, name, mean="mean = 'right'")
    room.autograde(LESSON, session=by(grade))
    if not defended:
        monkeypatch.setattr("harness.classroom.grade_tables.table_cell", str)
    to = tmp_path / "grades.csv"
    room.export(to, so_far=True)
    rows = list(csv.DictReader(io.StringIO(to.read_text(encoding="utf-8"))))
    formulas = [r for r in rows if r["student_id"][0] in "=+-@\t"]
    assert len(formulas) == (0 if defended else 3)
    assert {row["score"] for row in rows} == {"2"}


def test_every_attack_has_a_name_of_its_own():
    names = [one.name for one in [*HAND_INS, *OTHERS]]
    assert len(set(names)) == len(names)
    assert set(NAMES) <= set(names)
