"""The repository's address, the one setting of the site, and the links that follow from it.

It stands in pyproject.toml as `[project.urls] Repository`; the variable COURSE_REPOSITORY, which the
workflow for GitHub Pages sets, comes first, so that a copy of the repository links to itself. That
workflow also says by COURSE_REVISION which commit it builds.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "COURSE_REPOSITORY"
REVISION = "COURSE_REVISION"
BRANCH = "main"
COLAB_BRANCH = "colab"  # where the workflow puts what course_site/colab.py makes
_ADDRESS = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Repository:
    """The repository on GitHub.

    name: "owner/name".  revision: the commit or branch that is built, which Colab installs.
    """

    name: str
    revision: str = BRANCH

    @property
    def address(self) -> str:
        return f"https://github.com/{self.name}"

    def file(self, path: str) -> str:
        """The page of a file or a folder."""
        return f"{self.address}/blob/{BRANCH}/{path}"

    def colab(self, slug: str) -> str:
        """What opens a lesson's copy for Google Colab there."""
        place = f"{self.name}/blob/{COLAB_BRANCH}/{slug}.ipynb"
        return f"https://colab.research.google.com/github/{place}"

    def binder(self, path: str) -> str:
        """What opens a notebook in JupyterLab on Binder."""
        return f"https://mybinder.org/v2/gh/{self.name}/{BRANCH}?labpath={path}"

    def codespace(self) -> str:
        """What opens the repository in GitHub Codespaces, by `.devcontainer`."""
        return f"https://codespaces.new/{self.name}?quickstart=1"


def load(root: Path) -> Repository:
    """The repository that the setting names.

    Raises ValueError for an address that is none of GitHub's, or if there is no setting.
    """
    said = os.environ.get(VARIABLE, "").strip()
    where = VARIABLE
    if not said:
        where = "[project.urls] Repository in pyproject.toml"
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        said = project.get("urls", {}).get("Repository", "")
    found = _ADDRESS.fullmatch(said)
    if found is None:
        raise ValueError(
            f"{where} is {said!r}; expected https://github.com/OWNER/NAME: all links of the site to "
            "the repository, Codespaces, Colab and Binder are made from it"
        )
    return Repository(found[1], os.environ.get(REVISION, "").strip() or BRANCH)
