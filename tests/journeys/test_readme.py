"""Every command of the README does what the README says of it.

A command is run as it stands, in a copy of the course. Some cannot be run inside the tests (they
run the tests, need the network or do not end): each of those is named here with what covers it. A
command that is neither fails the test, so that a new one gets its line.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import lib
from lib import _machine
from tests.journeys.jupyter import outside_pytest

pytestmark = pytest.mark.journey

CHECKOUT = Path(lib.__file__).resolve().parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BESIDE = Path(sys.executable).parent

# What is run as it stands, and something that it says or leaves behind.
RUN = {
    ".venv/bin/course doctor": "Isolation",
    ".venv/bin/course build": "notebooks/ is up to date",
    ".venv/bin/course build --check": "every generated file is what its lesson gives",
    ".venv/bin/course build --source build/source": "build/source/02_pooling.ipynb",
    ".venv/bin/course prove mean_pool": "mean_pool",
    ".venv/bin/course classroom --help": "regrade",
    ".venv/bin/course run 01 --profile fast --jobs 1": "The course, executed",
}
SLOW = {".venv/bin/course run 01 --profile fast --jobs 1"}
# What `make` would do last, and the test that does it for real.
MAKE = {
    "make course": ("course run", "harness/execute/test_run.py"),
    "make test": ("-m pytest", "journeys/test_readme.py"),
    "make lab": ("course lab", "journeys/test_jupyterlab.py"),
}
# What is looked at by a test of its own below, or done by another file.
OTHERWISE = {
    ".ci/run": "journeys/test_readme.py",
    ".venv/bin/course grade": "harness/cli/test_grade.py",
    ".venv/bin/course lab --fresh": "harness/learner/test_working_copy.py",
    ".venv/bin/course run --save": "harness/execute/test_run.py",
    ".venv/bin/pip install torch==": "journeys/test_readme.py",
    "conda env create -f environment.yml": "journeys/test_readme.py",
}


def commands() -> list[str]:
    """The lines of the README's shell blocks."""
    blocks = re.findall(r"^```(?:sh|bash|shell|console)\n(.*?)^```", README, re.M | re.S)
    lines = (line.split(" #")[0].strip() for block in blocks for line in block.splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def covered(command: str) -> bool:
    return command in RUN or command in MAKE or any(command.startswith(name) for name in OTHERWISE)


def marked(command: str):
    marks = [pytest.mark.slow, pytest.mark.timeout(1800)] if command in SLOW else []
    return pytest.param(command, marks=marks, id=command.removeprefix(".venv/bin/"))


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of what a checkout holds, without its library: that is installed."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("lessons", "notebooks", "solutions"):
        shutil.copytree(CHECKOUT / name, root / name)
    (root / "lib" / "learn").mkdir(parents=True)
    shutil.copy(CHECKOUT / "lib" / "learn" / "catalogue.json", root / "lib" / "learn")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, root)
    return root


def test_the_readme_has_commands_and_each_is_covered():
    assert len(commands()) >= 5
    assert [command for command in commands() if not covered(command)] == []


def test_every_command_named_here_is_in_the_readme():
    """A line of the tables above that the README no longer has would test nothing."""
    told = commands()
    assert [name for name in {**RUN, **MAKE} if name not in told] == []
    assert [n for n in OTHERWISE if not any(c.startswith(n) for c in told)] == []


def test_the_tests_that_cover_a_command_are_there():
    files = [file for _, file in MAKE.values()] + list(OTHERWISE.values())
    assert [file for file in files if not (CHECKOUT / "tests" / file).is_file()] == []


@pytest.mark.parametrize("command", [marked(command) for command in RUN])
def test_a_command_runs_and_says_what_it_did(command, checkout):
    program, *arguments = shlex.split(command)
    done = subprocess.run(
        [str(BESIDE / Path(program).name), *arguments],
        cwd=checkout,
        env=outside_pytest() | {"COURSE_ROOT": str(checkout), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=1160,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert RUN[command] in done.stdout
    if "--source" in command:
        assert (checkout / RUN[command]).is_file()
    if " run " in command:
        for name in ("01_word_vectors.ipynb", "01_word_vectors.html", "results.json"):
            assert (checkout / "build" / "run" / name).is_file()


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine's PATH")
@pytest.mark.parametrize("command", MAKE)
def test_make_ends_in_the_command_that_another_journey_runs(command, checkout):
    done = subprocess.run(
        [*shlex.split(command), "--dry-run"],
        cwd=checkout,
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    *before, last = done.stdout.strip().splitlines()
    assert MAKE[command][0] in last
    assert any("-r requirements.lock" in line for line in before)  # nothing is set up here yet


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine's PATH")
def test_ci_is_a_program_that_lints_and_makes_the_tests():
    script = CHECKOUT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=80)
    lines = [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
    assert {"make lint", "make test"} <= set(lines)


def test_the_gpu_build_is_the_version_of_the_lock_file():
    (command,) = [c for c in commands() if " install torch==" in c]
    version = re.search(r"torch==(\S+)", command)[1]
    assert version == _machine.pins(CHECKOUT / "requirements.lock")["torch"]


def test_the_conda_environment_installs_the_lock_file():
    environment = yaml.safe_load((CHECKOUT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip == ["-r requirements.lock"]
    (python,) = [d for d in environment["dependencies"] if str(d).startswith("python=")]
    assert python in ("python=3.11", "python=3.12", "python=3.13")


def test_every_file_that_the_readme_links_to_is_there():
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", README)
    assert links
    assert [link for link in links if not (CHECKOUT / link).exists()] == []
