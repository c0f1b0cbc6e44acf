"""Copies of the lessons for Google Colab, which does not have the course's library.

A copy is the notebook that a learner gets, with one cell before it that installs the course in Colab and
does nothing anywhere else. The copies are built with the site and are on a branch of their own: the
notebooks in `notebooks/`, the learner's in `my/` and the grader never meet that cell.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_site.repository import Repository
from harness.author.notebooks import to_text

FOLDER = "colab"
DISTRIBUTION = "embeddings-course"
# `%pip` and no process of our own: Colab says after it whether the session has to be restarted.
_INSTALL = """\
# In Google Colab this cell installs the course, which takes some minutes. Elsewhere it does nothing.
try:
    import google.colab  # noqa: F401
except ImportError:
    pass
else:
    print("Installing the course for this session ...")
    get_ipython().run_line_magic("pip", 'install -q "{requirement}"')  # noqa: F821
"""


def write(folder: Path, releases: Mapping[str, NotebookNode], repository: Repository) -> None:
    """Write a copy of each notebook into the folder, which is made.

    releases: lessons' names, "02_pooling", to their notebooks as learners get them.
    """
    folder.mkdir(parents=True)
    for slug, release in releases.items():
        text = to_text(notebook(release, repository))
        (folder / f"{slug}.ipynb").write_text(text, encoding="utf-8")


def notebook(release: NotebookNode, repository: Repository) -> NotebookNode:
    """The lesson with the cell that installs the course; `release` stays as it is."""
    requirement = f"{DISTRIBUTION} @ git+{repository.address}@{repository.revision}"
    installing = nbformat.v4.new_code_cell(_INSTALL.format(requirement=requirement).rstrip())
    installing["id"] = "install-in-colab"
    made = copy.deepcopy(release)
    made.cells.insert(0, installing)
    return made
