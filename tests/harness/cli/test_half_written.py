"""Only the lesson that is asked for is looked at: another one may be half written."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from harness.author import loading, notebooks
from harness.cli import main as cli
from harness.paths import root as course_root

BROKEN = "05_matryoshka"
CHECKOUT = course_root()


@pytest.fixture
def half_written(tmp_path, monkeypatch):
    """The course, whose last lesson has lost a hints marker."""
    root = tmp_path / "course"
    shutil.copytree(CHECKOUT / "lessons", root / "lessons")
    path = root / "lessons" / f"{BROKEN}.py"
    text = path.read_text(encoding="utf-8")
    assert 'hints="index_bytes"' in text
    path.write_text(text.replace('hints="index_bytes"', 'hint="index_bytes"'), encoding="utf-8")
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COLUMNS", "300")
    return root


def course(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


def handed_in(root: Path, folder: Path, number: str) -> Path:
    lesson = loading.load(CHECKOUT, [number])[0]
    path = folder / f"{lesson.slug}.ipynb"
    nbformat.write(notebooks.release_notebook(lesson), path)
    return path


@pytest.mark.slow
def test_a_check_that_cannot_be_imported_is_said_in_a_sentence(tmp_path):
    shutil.copytree(CHECKOUT / "lib", tmp_path / "lib")
    broken = tmp_path / "lib" / "checks" / "lesson_02" / "cosine_matrix.py"
    broken.write_text("EXERCISE = (", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['course', 'prove', 'cosine_matrix']"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nfrom harness.cli.main import main\nmain()"],
        capture_output=True,
        text=True,
        env=os.environ | {"COURSE_ROOT": str(CHECKOUT), "COLUMNS": "300"},
    )
    assert done.returncode == 2
    assert "lib/checks/lesson_02/cosine_matrix.py cannot be used: SyntaxError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_another_lesson_is_graded(half_written, tmp_path):
    path, out = handed_in(half_written, tmp_path, "02"), tmp_path / "out.json"
    code, said = course("grade", path, "--isolation", "none", "--json", out)
    assert code == 0, said
    (report,) = json.loads(out.read_text())["reports"]
    assert (report["lesson"], report["status"], report["score"]) == ("02_pooling", "graded", 0.0)


def test_the_broken_one_is_said_in_a_sentence(half_written, tmp_path):
    path = handed_in(half_written, tmp_path, "05")
    code, said = course("grade", path, "--isolation", "none")
    assert code == 2
    assert "a lesson that was handed in cannot be built" in said
    assert f"{BROKEN}.py:" in said
    assert "exercise index_bytes has no hints cell" in said


@pytest.mark.slow
def test_another_lesson_is_released_and_the_broken_one_refused(half_written, tmp_path):
    room = tmp_path / "class"
    assert course("classroom", "init", room)[0] == 0
    code, said = course("classroom", "release", room, "02")
    assert code == 0, said
    assert (room / "release" / "02_pooling" / "02_pooling.ipynb").is_file()
    code, said = course("classroom", "release", room, "05")
    assert code == 2
    assert "the lesson cannot be built" in said
    assert "exercise index_bytes has no hints cell" in said


def test_another_lesson_s_checks_are_proved(half_written):
    code, said = course("prove", "cosine_matrix")
    assert code == 0, said
    assert "cosine_matrix" in said
