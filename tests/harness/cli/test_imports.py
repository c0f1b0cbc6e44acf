"""A command's help is there at once: it imports nothing heavy."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "nbgrader", "sqlalchemy", "nbformat", "jupytext", "nbconvert", "IPython")


def _imported(code: str) -> set[str]:
    code += "\nimport sys; print('modules:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split("modules:")[1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import harness.cli.main",
        "from typer.testing import CliRunner\nfrom harness.cli.main import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "assert CliRunner().invoke(app, ['grade', '--help']).exit_code == 0\n"
        "assert CliRunner().invoke(app, ['classroom', '--help']).exit_code == 0",
    ],
    ids=["import", "help"],
)
def test_commands_and_their_help_import_nothing_heavy(code):
    modules = _imported(code)
    assert set(HEAVY) & modules == set()
    assert len(modules) < 500


def test_a_lock_imports_nothing_heavy():
    code = "import tempfile, pathlib\nfrom harness.lock import hold\n"
    code += "f = pathlib.Path(tempfile.mkdtemp())\nwith hold(f / 'lock', f): pass"
    modules = _imported(code)
    assert set(HEAVY) & modules == set()
    assert len(modules) < 250


def test_a_command_that_needs_more_than_a_learner_has_says_what_to_install():
    code = "import sys\nsys.modules['jupytext'] = None\nsys.argv = ['course', 'build']\n"
    code += "from harness.cli.main import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "400"},
    )
    assert done.returncode == 2
    assert "this command needs the package jupytext, which is not installed" in done.stdout
    assert "pip install -e '.[teacher]'" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
