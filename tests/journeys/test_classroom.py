"""A class through `course classroom`, with the real grader and stock nbgrader beside it."""

import csv
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from harness import paths, sandbox
from harness.author import loading, notebooks
from harness.classroom import Classroom
from harness.cli import main as cli
from tests.journeys.classroom import BESIDE
from tests.journeys.jupyter import outside_pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]
LESSON = "02_pooling"
ISOLATION = "auto" if sys.platform == "linux" and len(sandbox.available()) > 1 else "none"
WRONG = "def mean_pool(token_embeddings, attention_mask):\n    return token_embeddings.mean(dim=1)"


def _course(*arguments):
    """Exit code of `course classroom` with these arguments."""
    return _run("classroom", *arguments)


def _run(*arguments):
    """Exit code of `course` with these arguments."""
    before = sys.argv
    sys.argv = ["course", *map(str, arguments)]
    try:
        cli.main()
    except SystemExit as stop:
        return stop.code or 0
    finally:
        sys.argv = before
    return 0


def _hand_in(inbox, lesson, student, **sources):
    worked = notebooks.worked_notebook(lesson)
    for cell in worked.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = sources.get(name, cell.source)
    path = inbox / f"{student}_{LESSON}.ipynb"
    nbformat.write(worked, path)
    return path


def _environment():
    return outside_pytest() | {"PATH": f"{BESIDE}{os.pathsep}{os.environ['PATH']}"}


def _scores(room):
    with room.gradebook() as book:
        return {s.student.id: s.score for s in book.assignment_submissions(LESSON)}


@pytest.fixture(scope="module")
def lesson():
    return next(x for x in loading.load(paths.root()) if x.slug == LESSON)


@pytest.fixture(scope="module")
def room(lesson, tmp_path_factory):
    """A class of three, graded."""
    folder = tmp_path_factory.mktemp("term") / "class"
    inbox = tmp_path_factory.mktemp("inbox")
    assert _course("init", folder) == 0
    assert _course("release", folder, "02") == 0
    _hand_in(inbox, lesson, "ann")
    _hand_in(inbox, lesson, "bob", mean_pool=WRONG)
    (inbox / f"cid_{LESSON}.ipynb").write_text('{"cells": [')
    assert _course("collect", folder, inbox) == 0
    assert _course("autograde", folder, "02", "--isolation", ISOLATION) == 3  # cid's is no notebook
    return Classroom(folder)


def test_a_class_is_graded_into_the_gradebook(room):
    scores = _scores(room)
    assert scores["ann"] == 31
    assert scores["bob"] < 31
    assert scores["cid"] == 0


def test_what_is_recorded_is_not_graded_again(room, capsys):
    assert _course("autograde", room.folder, "--isolation", ISOLATION) == 3
    assert "0 graded, 3 as before" in capsys.readouterr().out


def test_only_the_teacher_can_read_the_class(room):
    for folder in ("", "source", "submitted", "autograded", "feedback", "submitted/ann"):
        assert stat.S_IMODE((room.folder / folder).stat().st_mode) & 0o077 == 0, folder


def test_stock_nbgrader_exports_the_same_scores(room, tmp_path):
    ours, stock = tmp_path / "ours.csv", tmp_path / "stock.csv"
    assert _course("export", room.folder, ours, "--so-far") == 0
    subprocess.run(
        [BESIDE / "nbgrader", "export", f"--to={stock}"],
        cwd=room.folder,
        env=_environment(),
        check=True,
        capture_output=True,
    )
    read = [
        {row["student_id"]: row["score"] for row in csv.DictReader(path.open())}
        for path in (ours, stock)
    ]
    assert read[0].pop("cid") == ""  # ungradable is no mark, where stock nbgrader says 0
    assert float(read[1].pop("cid")) == 0
    assert {s: float(x) for s, x in read[0].items()} == {s: float(x) for s, x in read[1].items()}
    assert {**{s: float(x) for s, x in read[0].items()}, "cid": 0} == _scores(room)


def test_feedback_names_the_mistake_and_nothing_hidden(room, lesson):
    assert _course("feedback", room.folder) == 0
    text = (room.folder / "feedback" / "bob" / LESSON / f"{LESSON}.html").read_text()
    assert "You average over all positions" in text
    source = notebooks.source_notebook(lesson)
    hidden = [
        line.strip()
        for cell in source.cells
        if "### BEGIN HIDDEN TESTS" in cell.source
        for line in cell.source.split("### BEGIN HIDDEN TESTS")[1].splitlines()
        if len(line.strip()) > 25 and "HIDDEN TESTS" not in line
    ]
    assert hidden
    released = (room.folder / "release" / LESSON / f"{LESSON}.ipynb").read_text()
    for line in hidden:
        assert line not in text
        assert json.dumps(line)[1:-1] not in released


def test_one_exercise_is_graded_anew_and_points_by_hand_stay(room, lesson, tmp_path, capsys):
    before = _scores(room)
    with room.gradebook() as book:
        marked = next(
            c.name for c in book.find_notebook(LESSON, LESSON).grade_cells if c.cell_type != "code"
        )
        grade = book.find_grade(marked, LESSON, LESSON, "bob")
        grade.manual_score = 1.0
        book.db.commit()
    path = room.folder / "submitted" / "bob" / LESSON / f"{LESSON}.ipynb"
    worked = {c.get("id"): c.source for c in notebooks.worked_notebook(lesson).cells}
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = worked.get(cell.get("id"), cell.source)
    nbformat.write(notebook, path)
    arguments = (LESSON, "mean_pool", "--student", "bob", "--isolation", ISOLATION)
    assert _course("regrade", room.folder, *arguments) == 0
    after = _scores(room)
    assert after["bob"] == 32
    assert {k: v for k, v in after.items() if k != "bob"} == {
        k: v for k, v in before.items() if k != "bob"
    }


def test_a_run_that_is_killed_goes_on_where_it_was(lesson, tmp_path):
    folder, inbox = tmp_path / "class", tmp_path / "inbox"
    inbox.mkdir()
    assert _course("init", folder) == 0
    assert _course("release", folder, "02") == 0
    for number in range(4):
        _hand_in(inbox, lesson, f"s{number}", **({"mean_pool": WRONG} if number % 2 else {}))
    assert _course("collect", folder, inbox) == 0
    command = [BESIDE / "course", "classroom", "autograde", folder, "--jobs", "1"]
    process = subprocess.Popen(
        [*command, "--isolation", ISOLATION], env=_environment(), stdout=subprocess.DEVNULL
    )
    reports = Path(folder, ".grading", "reports", LESSON)
    end = time.monotonic() + 90
    while time.monotonic() < end and not (reports.is_dir() and list(reports.glob("*.json"))):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    recorded = len(list(reports.glob("*.json")))
    assert 1 <= recorded < 4
    assert _course("autograde", folder, "--isolation", ISOLATION) == 0
    scores = _scores(Classroom(folder))
    assert scores["s0"] == scores["s2"] == 31
    assert scores["s1"] == scores["s3"] < 31


def test_mistakes_of_the_teacher_are_explained(room, tmp_path, capsys):
    assert _course("autograde", tmp_path) == 2
    assert "course classroom" in capsys.readouterr().out.replace(
        "`classroom init`", "course classroom"
    )
    assert _course("autograde", room.folder, "09") == 2
    assert "released: 02_pooling" in capsys.readouterr().out
    assert _course("regrade", room.folder, LESSON, "no_such") == 2
    assert "mean_pool" in capsys.readouterr().out
    assert _course("report", room.folder) == 0
    assert "mean_pool" in capsys.readouterr().out


CANARY = "canary-Zq7vXw"


def _planted(make):
    """Notebooks with a canary as source, as expected value and as input in each hidden test."""

    def planted(lesson):
        notebook = make(lesson)
        mark = "### BEGIN HIDDEN TESTS"
        line = (
            f'assert sorted("{CANARY}") == sorted("{CANARY}"[::-1]), "{CANARY}"  # {CANARY}\n'
            'with __import__("contextlib").suppress(Exception): '
            f'globals()["mean_pool"]("{CANARY}", "{CANARY}")\n'
        )
        for cell in notebook.cells:
            cell.source = cell.source.replace(f"{mark}\n", f"{mark}\n{line}")
        return notebook

    return planted


SPY = """def mean_pool(token_embeddings, attention_mask):
    text = repr((token_embeddings, attention_mask))
    print(text)
    open("seen.txt", "a").write(text)
    raise ValueError(text)"""


def test_no_byte_of_a_hidden_test_reaches_a_student(lesson, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(notebooks, "source_notebook", _planted(notebooks.source_notebook))
    folder, inbox, out = tmp_path / "class", tmp_path / "inbox", tmp_path / "out"
    inbox.mkdir()
    out.mkdir()
    assert _course("init", folder) == 0
    assert _course("release", folder, "02") == 0
    _hand_in(inbox, lesson, "ann")
    _hand_in(inbox, lesson, "bob", mean_pool=WRONG)
    _hand_in(inbox, lesson, "spy", mean_pool=SPY)
    assert _course("collect", folder, inbox) == 0
    assert _course("autograde", folder, "--isolation", ISOLATION) == 0
    assert _course("feedback", folder) == 0
    assert _course("export", folder, out / "grades.csv") == 0
    assert _course("report", folder) == 0
    assert _course("regrade", folder, LESSON, "mean_pool", "--isolation", ISOLATION) == 0
    files = [f"--{kind}={out / kind}" for kind in ("json", "junit", "markdown")]
    assert _run("grade", inbox, "--isolation", ISOLATION, *files) == 0
    said = capfd.readouterr()
    assert CANARY not in said.out + said.err
    there = [path for path in (folder / "source").rglob("*.ipynb") if CANARY in path.read_text()]
    assert there, "the canary was never planted"
    assert CANARY in "".join(p.read_text() for p in (folder / "autograded").rglob("*.ipynb")), (
        "graded without the hidden tests"
    )
    given = [
        path
        for place in (folder / "release", folder / "feedback", folder / ".grading", out)
        for path in place.rglob("*")
        if path.is_file()
    ]
    assert len(given) > 8
    for path in given:
        assert CANARY.encode() not in path.read_bytes(), path
    assert len(_scores(Classroom(folder))) == 3


def test_a_class_in_postgresql(server, lesson, tmp_path, capsys):
    folder, inbox = tmp_path / "class", tmp_path / "inbox"
    inbox.mkdir()
    assert _course("init", folder, "--db", server) == 0
    assert _course("release", folder, "02") == 0
    _hand_in(inbox, lesson, "ann")
    assert _course("collect", folder, inbox) == 0
    assert _course("autograde", folder, "--isolation", ISOLATION) == 0
    assert not (folder / "gradebook.db").exists()
    assert _course("export", folder, tmp_path / "grades.csv", "--so-far") == 0
    (row,) = csv.DictReader((tmp_path / "grades.csv").open())
    assert (row["student_id"], float(row["score"])) == ("ann", 31.0)
    assert server.partition("://")[2] not in capsys.readouterr().out
