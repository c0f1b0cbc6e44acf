"""A bundle as its users have it: made by the command, installed in a fresh environment, worked in."""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from typer.testing import CliRunner

from harness.author import proof
from harness.cli.main import app
from tests.harness.bundle.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
LESSON = "02_pooling"


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """A bundle and a repository of lesson 02, by the commands that a teacher gives."""
    folder = tmp_path_factory.mktemp("term")
    run = CliRunner().invoke
    room, to, github = folder / "room", folder / "bundle", folder / "repository"
    assert run(app, ["classroom", "init", str(room)]).exit_code == 0
    nothing = run(app, ["classroom", "bundle", str(room), "--to", str(to)])
    assert nothing.exit_code == 2
    assert "no lesson was released" in nothing.output
    assert run(app, ["classroom", "release", str(room), "02"]).exit_code == 0
    assert run(app, ["classroom", "bundle", str(room)]).exit_code == 2  # where to?
    made = run(app, ["classroom", "bundle", str(room), "--to", str(to), "--github", str(github)])
    assert made.exit_code == 0, made.output
    said = " ".join(made.output.split())
    assert (
        "No worked answer, key or hidden check can be read in it; functions that have to run"
        in said
    )
    return to, github


@pytest.fixture(scope="module")
def installed(handed_out, tmp_path_factory):
    """The folder of a fresh environment in which the wheel alone was installed, and its variables.

    What it needs is taken from the environment of the tests, which has the course itself, too: that comes
    behind, and is no package there.
    """
    folder = tmp_path_factory.mktemp("student")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text("\n".join(site.getsitepackages()))
    (wheel,) = handed_out[0].glob("*.whl")
    pip = [folder / "bin" / "pip", "install", "-q", "--no-deps", "--force-reinstall", wheel]
    subprocess.run(list(map(str, pip)), check=True, capture_output=True)
    without = ("PYTHONPATH", "COURSE_ROOT", "COURSE_HEADLESS")
    variables = {k: v for k, v in os.environ.items() if k not in without}
    variables["COURSE_PROGRESS"] = str(folder / "progress.json")
    return folder, variables


@pytest.fixture(scope="module")
def course(installed):
    """Runs the environment's program `course`, or another; gives its exit status and what it says."""
    folder, variables = installed

    def run(*arguments: str | Path, program: str = "course") -> tuple[int, str]:
        ran = subprocess.run(
            [str(folder / "bin" / program), *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=folder,
            env=variables,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr

    return run


@pytest.fixture
def watched(installed):
    """Runs a cell in a kernel of the environment, as JupyterLab does, where somebody could be asked."""
    folder, variables = installed
    manager = KernelManager()
    command = [str(folder / "bin" / "python"), "-m", "ipykernel_launcher", "-f"]
    manager.kernel_spec.argv = [*command, "{connection_file}"]
    manager.start_kernel(cwd=str(folder), env=variables)
    client = manager.client()
    client.start_channels()

    def run(code: str) -> str:
        said = []

        def hear(message: dict) -> None:
            content = message["content"]
            said.append(content.get("text") or content.get("data", {}).get("text/plain", ""))

        reply = client.execute_interactive(code, allow_stdin=True, output_hook=hear, timeout=300)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "\n".join(said)

    try:
        client.wait_for_ready(timeout=300)
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_environment_has_the_bundle_s_lib_and_no_harness(course):
    code = "import lib, importlib.util as u; print(lib.__file__, u.find_spec('harness'))"
    _, said = course("-c", code, program="python")
    assert re.search(
        r"student\d+/lib/python[\d.]+/site-packages/lib/__init__.py None$", said.strip()
    )


def test_doctor_finds_all_that_is_needed(course):
    code, said = course("doctor")
    assert code == 0, said
    assert re.search(r"ok +Course +0\.1\.0\+students\.\w+, lessons 02\.", said)
    assert "Traceback" not in said


def test_what_a_learner_calls_works(course):
    code = (
        "from lib.learn import check, hint, progress, quiz, solution\n"
        "print(hint('mean_pool')); print(solution('mean_pool')); print(progress())\n"
        "quiz('02-q1', 'b'); quiz('02-q1', 'z'); quiz('02-q4', 'abcde'); quiz('02-q2', 3)\n"
        "check('mean_pool', lambda token_embeddings, attention_mask: token_embeddings.mean(1))\n"
    )
    _, said = course("-c", code, program="python")
    for words in (
        "Hint 1 of 3 for mean_pool",
        "the worked answer is not here",
        "Progress: 0 of 8 exercises passed",
        "Question 02-q1: your answer 'b' is one that can be given",
        "It is not recorded here, since nobody watches this run.",
        "There is no such choice as z: the choices are a, b, c and d",
        "Question 02-q4: your answer 'abcde' is one that can be given",
        "Question 02-q2: your answer 3 is one that can be given",
        "You average over all positions, padding too",
    ):
        assert words in said, said
    assert "not right" not in said


def test_in_a_notebook_answers_are_recorded_and_progress_shows_them(watched, course):
    lesson = next(one for one in proof.lessons(ROOT) if one.slug == LESSON)
    said = watched(
        "import lib, torch\nfrom lib.learn import check, progress, quiz\nprint(lib.__file__)"
    )
    assert re.search(r"student\d+/lib/python[\d.]+/site-packages/lib/__init__.py", said)
    assert "Progress: 0 of 8 exercises passed" in watched("progress()")
    said = watched(f"{lesson.solution('mean_pool')}\ncheck('mean_pool', mean_pool)")
    assert "mean_pool: passed" in said
    assert "right" not in watched("quiz('02-q1', 'b')")
    assert "Question 02-q1: your answer 'b' is recorded" in watched("quiz('02-q1', 'b')")
    assert "There is no such choice as z" in watched("quiz('02-q4', 'z')")
    told = watched("progress()")
    assert "Progress: 1 of 8 exercises passed" in told
    items = len(lesson.quiz)
    assert re.search(rf"1 of 8 +1 of {items} answered +max_pool", told), told
    assert "right" not in told
    # It is kept: another process shows it, too.
    _, later = course("-c", "from lib.learn import progress; print(progress())", program="python")
    assert "Progress: 1 of 8 exercises passed" in later


@pytest.mark.thorough
def test_a_worked_notebook_passes_all_its_checks(course, handed_out, tmp_path):
    lesson = next(one for one in proof.lessons(ROOT) if one.slug == LESSON)
    notebook = nbformat.read(handed_out[0] / "notebooks" / f"{LESSON}.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in lesson.exercises():
            cell.source = lesson.solution(name)
    nbformat.write(notebook, tmp_path / f"{LESSON}.ipynb")
    code, said = course("check", tmp_path / f"{LESSON}.ipynb")
    assert code == 0, said
    assert f"{LESSON}.ipynb: 8 of 8 checks pass" in said


def test_a_repository_is_the_bundle_with_a_workflow(handed_out):
    to, github = (
        {p.relative_to(f).as_posix() for p in f.rglob("*") if p.is_file()} for f in handed_out
    )
    assert github - to == {
        ".devcontainer/devcontainer.json",
        ".github/workflows/classroom.yml",
        ".gitignore",
    }
