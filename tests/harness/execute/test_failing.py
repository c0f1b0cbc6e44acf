"""Lessons that stop, in real kernels: the report says where, how far, and what is known."""

import json
import re
import subprocess
import sys

import nbformat
import pytest

from harness.execute import engine
from harness.execute.failing import describe
from harness.execute.one import Failure

RUN = """
import dataclasses, json, pathlib, sys
from harness.execute.one import execute
folder, told = pathlib.Path(sys.argv[1]), []
result = execute(
    folder / "source.ipynb", folder / "90_tiny.ipynb", {"SEED": 1}, {},
    lambda done, total: told.append(done), int(sys.argv[2]),
)
(folder / "result.json").write_text(json.dumps(dataclasses.asdict(result)))
"""
PARAMETERS = "SEED = 0"


def stopped(folder, *sources: str, limit: int = 60):
    """Run a notebook of these code cells in a process of its own: its failure, and what was saved."""
    cells = [nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "source.ipynb")
    subprocess.run([sys.executable, "-c", RUN, str(folder), str(limit)], check=True, timeout=480)
    failure = json.loads((folder / "result.json").read_text())["failure"]
    saved = nbformat.read(folder / "90_tiny.ipynb", as_version=4)
    return failure and Failure(**failure), saved


def printed(notebook) -> str:
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    return "".join(o.text for o in outputs if o.get("name") == "stdout")


@pytest.mark.slow
def test_a_cell_over_the_limit_is_stopped_at_its_line_and_said(tmp_path):
    slow = "import time\nprint('began')\nprint('never ends')\ntime.sleep(300)"
    failure, saved = stopped(tmp_path, "print('first')", slow, "print('last')", limit=2)
    assert (failure.cell, failure.done, failure.total) == (2, 2, 4)
    assert failure.source == slow
    assert "limit of 2 s" in failure.error
    assert "--cell-timeout 4" in failure.advice
    assert 2 <= failure.cell_seconds < 30
    assert printed(saved) == "first\nbegan\nnever ends\n"
    (hung,) = [cell for cell in saved.cells if cell.source == slow]
    assert re.search(r"4\S* time\.sleep\(", json.dumps(hung.outputs)), "the line is not shown"
    assert "KeyboardInterrupt" in json.dumps(hung.outputs)


@pytest.mark.slow
def test_a_cell_that_heeds_no_interrupt_is_stopped_all_the_same(tmp_path):
    deaf = (
        "import time\nwhile True:\n    try:\n        time.sleep(300)\n"
        "    except KeyboardInterrupt:\n        print('no')"
    )
    failure, saved = stopped(tmp_path, "print('first')", deaf, limit=1)
    assert (failure.cell, failure.done) == (2, 2)
    assert "limit of 1 s" in failure.error
    assert printed(saved).startswith("first\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "says", "of_memory"),
    [
        ("os.kill(os.getpid(), 9)", "signal 9, SIGKILL", "SIGKILL|not known"),
        ("os.kill(os.getpid(), 11)", "signal 11, SIGSEGV", "Nothing says that memory was short"),
        ("os._exit(3)", "exit code 3", "Nothing says that memory was short"),
    ],
)
def test_a_dead_kernel_is_told_with_its_cell_and_its_end(tmp_path, ending, says, of_memory):
    cell = f"import os, time\nprint('began', flush=True)\ntime.sleep(1)\n{ending}"
    failure, saved = stopped(tmp_path, "print('first')", cell, "print('last')")
    assert (failure.cell, failure.done, failure.total) == (2, 2, 4)
    assert failure.source == cell
    assert says in failure.error
    assert any(words in failure.memory for words in of_memory.split("|"))
    assert "The kernel was seen to hold" in failure.memory
    assert failure.seconds >= failure.cell_seconds >= 1
    assert printed(saved) == "first\nbegan\n"


@pytest.mark.slow
def test_a_cell_that_ends_the_notebook_is_a_failure(tmp_path):
    """papermill takes SystemExit for success, though the cells below were not run."""
    failure, saved = stopped(tmp_path, "print('first')", "raise SystemExit", "print('last')")
    assert failure.cell == 2
    assert "SystemExit" in failure.error
    assert "not run" in failure.error
    assert printed(saved) == "first\n"


@pytest.mark.slow
def test_of_two_equal_cells_the_one_that_failed_is_named_and_memory_is_told_if_short(tmp_path):
    again = "if globals().setdefault('seen', []):\n    raise MemoryError('no room')\nseen.append(1)"
    failure, _ = stopped(tmp_path, again, "1", again)
    assert failure.cell == 3
    assert failure.error == "MemoryError: no room"
    assert "Memory was short" in failure.memory


@pytest.mark.slow
def test_a_notebook_that_ends_well_has_no_failure(tmp_path):
    failure, saved = stopped(tmp_path, "print(SEED)", limit=0)
    assert failure is None
    assert printed(saved) == "1\n"


def test_before_the_first_cell_there_is_no_cell_to_name():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    found = describe(engine.Trace(), RuntimeError("no kernel"), notebook, 0, 1.0)
    assert (found.cell, found.source, found.done, found.total) == (-1, "", 0, 1)
    assert "RuntimeError: no kernel" in found.error
    assert describe(engine.Trace(), None, notebook, 0, 1.0) is None
