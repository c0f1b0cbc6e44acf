from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from harness.author import lesson
from harness.author.catalogue import catalogue_text
from lib import checks
from lib.learn import catalogue, checking
from lib.learn import stored_progress as record
from tests.harness import tiny
from tests.lib.checks.toy import BREAK, TOY


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    """A progress file of the test's own, and no memory of earlier tests."""
    path = tmp_path / "progress" / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    for name in ("COURSE_HEADLESS", "NBGRADER_EXECUTION", "COURSE_ROOT"):
        monkeypatch.delenv(name, raising=False)
    for held in ("_passed", "_mistakes", "_hinted"):
        monkeypatch.setattr(checking, held, {})
    monkeypatch.setattr(checking, "_converted", set())
    monkeypatch.setattr(record, "_session_hints", {})
    return path


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """The tests' own exercises beside the course's."""
    own, find = {TOY.name: TOY, BREAK.name: BREAK}, checks.find
    monkeypatch.setattr(checks, "find", lambda name: own.get(name) or find(name))


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The whole course at hand, as an author has it: the tiny lesson with its key and hints."""
    root = tiny.lay_out(tmp_path / "course")
    monkeypatch.setenv("COURSE_ROOT", str(root))
    entries = json.loads(catalogue_text([lesson.read(root / "lessons" / "90_tiny.py")]))
    monkeypatch.setattr(catalogue, "lessons", lambda: entries["lessons"])
    return root


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A real IPython shell: a person who watches. `see(code)` runs a cell and tells what it showed."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from traitlets.config import Config

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    running = InteractiveShell.instance(config=config)

    def see(code: str) -> SimpleNamespace:
        with capture_output() as seen:
            result = running.run_cell(code, store_history=True)
        data = [output.data for output in seen.outputs]
        return SimpleNamespace(
            error=result.error_before_exec or result.error_in_exec,
            stdout=seen.stdout,
            stderr=seen.stderr,
            data=data,
            text="\n".join(entry.get("text/plain", "") for entry in data),
            html="\n".join(entry.get("text/html", "") for entry in data),
        )

    see("from lib.learn import *\nimport torch, warnings, sys, logging, os")
    yield see
    InteractiveShell.clear_instance()
