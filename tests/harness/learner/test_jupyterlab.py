"""What `course lab` tells JupyterLab; that it does so is for tests/journeys/test_jupyterlab.py."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from harness.learner import jupyterlab

FOLDER, FIRST = Path("/c/my"), Path("/c/my/00_start.ipynb")


def test_it_works_in_the_learner_s_folder_and_opens_the_front_door():
    command = jupyterlab.command(FOLDER, FIRST, ["--no-browser"])
    assert command[1:] == [
        *("-m", "jupyterlab", f"--ServerApp.root_dir={FOLDER}"),
        *("--LabApp.default_url=/lab/tree/00_start.ipynb", "--no-browser"),
    ]


def test_where_there_is_no_front_door_nothing_is_opened():
    assert "default_url" not in " ".join(jupyterlab.command(FOLDER, None, []))


@pytest.mark.parametrize(
    ("option", "gone"),
    [
        ("--LabApp.default_url=/lab", "00_start"),
        ("--ServerApp.root_dir=/elsewhere", str(FOLDER)),
        ("--notebook-dir=/elsewhere", str(FOLDER)),
    ],
)
def test_what_somebody_says_themselves_counts(option, gone):
    command = jupyterlab.command(FOLDER, FIRST, [option])
    assert option in command
    assert gone not in " ".join(command)


def test_the_learner_s_settings_come_first_and_what_was_there_stays():
    there = jupyterlab.environment({"JUPYTER_CONFIG_PATH": "/a", "HOME": "/h"})
    assert there["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [str(jupyterlab.SETTINGS), "/a"]
    assert there["HOME"] == "/h"
    alone = jupyterlab.environment({})
    assert alone["JUPYTER_CONFIG_PATH"] == str(jupyterlab.SETTINGS)


def test_every_extension_of_nbgrader_s_server_is_off_and_no_other():
    """nbgrader enables its parts by a file that comes with it."""
    pytest.importorskip("nbgrader")
    came = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "nbgrader.json")
    there = json.loads(came.read_text())["ServerApp"]["jpserver_extensions"]
    said = json.loads((jupyterlab.SETTINGS / "jupyter_server_config.json").read_text())
    assert said["ServerApp"]["jpserver_extensions"] == dict.fromkeys(there, False)
