"""A bundle as a template repository for GitHub Classroom.

Nothing in a student's repository can grade with the keys: whoever may push there may change its workflows,
and print each secret that they are given. So its workflow runs the visible checks alone, from the bundle;
the teacher's own repository grades (`docs/github/grade-class.yml`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

WORKFLOW = ".github/workflows/classroom.yml"
_CHECKS = """\
# What your notebooks' own checks say, each time you push. Points are given by your teacher's grader, which
# is not in this repository.
name: Checks
on: [push, workflow_dispatch]
permissions:
  contents: read
jobs:
  checks:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
          cache: pip
          cache-dependency-path: requirements.txt
      - run: pip install -r requirements.txt
      - run: course check notebooks/*.ipynb
"""
_IGNORED = ".venv/\n.ipynb_checkpoints/\n__pycache__/\n"
_CONTAINER = {
    "name": "Text embeddings, measured",
    "image": "mcr.microsoft.com/devcontainers/python:3.11-bookworm",
    "hostRequirements": {"cpus": 2, "memory": "8gb"},
    "postCreateCommand": "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
    "postAttachCommand": ".venv/bin/course lab . --port=8888 --ServerApp.use_redirect_file=False",
    "forwardPorts": [8888],
    "portsAttributes": {"8888": {"label": "JupyterLab", "onAutoForward": "silent"}},
}


def files(bundle: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the repository: those of the bundle, its workflow, and a Codespace's settings."""
    own = {
        WORKFLOW: _CHECKS,
        ".gitignore": _IGNORED,
        ".devcontainer/devcontainer.json": json.dumps(_CONTAINER, indent=2) + "\n",
    }
    return dict(sorted({**bundle, **{name: text.encode() for name, text in own.items()}}.items()))
