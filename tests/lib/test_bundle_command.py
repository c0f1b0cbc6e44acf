"""The program `course` that students get: doctor, lab and check."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lib import _bundle_checks, _bundle_command
from lib._bundle_checks import CannotBeRun, Said

FACTS = "application/vnd.embeddings-course+json"


def _panel(exercise: str, status: str, *lines: str, kind: str = "check"):
    facts = {"kind": kind, "exercise": exercise, "status": status}
    text = "\n".join([f"[x] {exercise}: {status}", *lines])
    return new_code_cell(
        outputs=[new_output("display_data", data={FACTS: facts, "text/plain": text})]
    )


def test_what_a_check_said_is_read_from_its_output():
    cells = [
        _panel("mean_pool", "passed", "more"),
        _panel("max_pool", "wrong", "You take  the \x1b[31mmaximum.", "Given:"),
        _panel("cls_pool", "not attempted", "Fill in"),
        _panel("a claim", "passed", kind="claim"),
        new_code_cell(outputs=[new_output("stream", text="check")]),
        new_markdown_cell("text"),
    ]
    assert [one for cell in cells for one in _bundle_checks._of(cell)] == [
        Said("mean_pool", "passed"),
        Said("max_pool", "wrong", "You take the \\x1b[31mmaximum."),
        Said("cls_pool", "not attempted"),
    ]


def test_a_table_holds_no_mark_of_a_student_s(tmp_path):
    said = [Said("max_pool", "wrong", "a | b <script> `c`"), Said("mean_pool", "passed")]
    text = _bundle_checks.table([(tmp_path / "02_pooling.ipynb", said)])
    assert text.splitlines()[2:] == [
        "| 02_pooling.ipynb | max_pool | wrong: a \\| b &lt;script> 'c' |",
        "| 02_pooling.ipynb | mean_pool | passed |",
    ]


def test_what_is_no_notebook_is_refused_in_a_sentence(tmp_path, capsys):
    path = tmp_path / "02_pooling.ipynb"
    path.write_text("no notebook")
    with pytest.raises(CannotBeRun, match="is no notebook"):
        _bundle_checks.run(path)
    assert _bundle_command.main(["check", str(path), str(tmp_path / "none.ipynb")]) == 2
    said = capsys.readouterr()
    assert said.err.count("error: ") == 2
    assert "Traceback" not in said.err


@pytest.fixture
def ran(monkeypatch):
    """What checks say, without a kernel."""

    def say(*said: Said) -> None:
        monkeypatch.setattr(_bundle_checks, "run", lambda path: list(said))

    return say


def test_check_counts_what_passes_and_ends_with_1_if_something_does_not(
    ran, capsys, tmp_path, monkeypatch
):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    ran(Said("mean_pool", "passed"), Said("max_pool", "wrong", "You take the maximum."))
    assert _bundle_command.main(["check", "02_pooling.ipynb"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "02_pooling.ipynb: 1 of 2 checks pass",
        "  passed         mean_pool",
        "  wrong          max_pool: You take the maximum.",
    ]
    assert "| mean_pool | passed |" in (tmp_path / "summary.md").read_text()
    ran(Said("mean_pool", "passed"))
    assert _bundle_command.main(["check", "02_pooling.ipynb"]) == 0


@pytest.mark.slow
def test_a_notebook_is_run_in_a_fresh_kernel_and_what_did_not_come_to_run_is_told(tmp_path):
    path = tmp_path / "02_pooling.ipynb"
    source = (
        "from lib.learn import check\n"
        "def cls_pool(token_embeddings, attention_mask):\n"
        "    return token_embeddings[:, 0]\n"
        "check('cls_pool', cls_pool)"
    )
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0"), new_code_cell(source)]), path)
    before = path.read_bytes()
    said = _bundle_checks.run(path)
    assert said[0].exercise == "cls_pool"
    assert said[0].status in ("passed", "wrong")
    assert {(one.exercise, one.status) for one in said} >= {("mean_pool", "not run")}
    assert path.read_bytes() == before


def test_doctor_has_a_line_for_everything_and_ends_with_1_if_something_is_missing(
    monkeypatch, capsys
):
    monkeypatch.setattr(
        _bundle_command._machine,
        "accelerator",
        lambda again: _bundle_command._machine.Finding("missing", "torch", "broken", again),
    )
    assert _bundle_command.main(["doctor"]) == 1
    said = capsys.readouterr().out
    for name in ("Python", "Course", "Packages", "Model", "Retrieval set", "Disk"):
        assert f" {name} " in said
    assert "broken. Run `pip install -r requirements.txt`" in said


def test_doctor_tells_of_packages_that_are_missing_or_of_another_version(monkeypatch):
    asked = ["no-such-package>=1", "numpy>=2"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: asked)
    assert _bundle_command._packages().text == "not installed: no-such-package"
    asked[:] = ["numpy<1"]
    assert _bundle_command._packages().state == "note"
    asked[:] = ["numpy>=2"]
    assert _bundle_command._packages().state == "ok"


def test_doctor_tells_of_lessons_without_checks(monkeypatch, tmp_path):
    (tmp_path / "learn").mkdir()
    catalogue = {"lessons": [{"number": "02"}, {"number": "03"}]}
    (tmp_path / "learn" / "catalogue.json").write_text(json.dumps(catalogue))
    (tmp_path / "checks" / "lesson_02").mkdir(parents=True)
    monkeypatch.setattr(_bundle_command, "__file__", str(tmp_path / "_bundle_command.py"))
    assert _bundle_command._course().text == "no checks of 03"
    (tmp_path / "learn" / "catalogue.json").unlink()
    assert _bundle_command._course().state == "missing"


def test_lab_opens_the_folder_of_the_notebooks_at_the_front_door(monkeypatch, tmp_path, capsys):
    started = []
    monkeypatch.setattr(os, "execve", lambda *given: started.append(given))
    assert _bundle_command.main(["lab", str(tmp_path)]) == 2
    assert "there is no lesson in" in capsys.readouterr().err
    assert started == []
    (tmp_path / "notebooks").mkdir()
    for name in ("00_start.ipynb", "02_pooling.ipynb"):
        (tmp_path / "notebooks" / name).write_text("{}")
    _bundle_command.main(["lab", str(tmp_path), "--no-browser"])
    ((_, command, variables),) = started
    assert command[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path / 'notebooks'}" in command
    assert "--LabApp.default_url=/lab/tree/00_start.ipynb" in command
    assert command[-1] == "--no-browser"
    assert variables["PYTHONSTARTUP"].endswith("fresh_kernel.py")


def test_help_imports_nothing_that_may_be_missing():
    code = (
        "import sys\nfrom lib import _bundle_command\n"
        "try:\n    _bundle_command.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'nbclient', 'packaging')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode
        == 0
    )
