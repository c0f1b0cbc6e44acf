"""The lessons' copies for Google Colab: what their first cell does, and how they get there."""

import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

from course_site import colab, repository
from course_site.repository import Repository

ROOT = Path(__file__).parents[2]
REPOSITORY = Repository("one/two", "0123abc")
RELEASES = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("site") / colab.FOLDER
    releases = {path.stem: nbformat.read(path, as_version=4) for path in RELEASES}
    colab.write(made, releases, REPOSITORY)
    return made


def installing(folder: Path) -> str:
    return nbformat.read(folder / "02_pooling.ipynb", as_version=4).cells[0].source


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_copy_is_the_lesson_with_one_more_cell_at_its_top(folder, release):
    made = nbformat.read(folder / release.name, as_version=4)
    nbformat.validate(made)
    first, *others = made.cells
    given = nbformat.read(release, as_version=4)
    assert others == given.cells
    assert made.metadata == given.metadata
    assert first.cell_type == "code"
    assert "installs the course" in first.source
    assert "nbgrader" not in first.metadata


def test_the_cell_does_nothing_where_there_is_no_colab(folder, capsys):
    exec(installing(folder), {})  # it would ask for get_ipython, which is not there
    assert capsys.readouterr().out == ""


def test_in_colab_the_cell_installs_the_course_at_the_version_of_the_site(folder, monkeypatch):
    for name in ("google", "google.colab"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    asked: list[tuple[str, str]] = []
    shell = SimpleNamespace(run_line_magic=lambda *given: asked.append(given))
    exec(installing(folder), {"get_ipython": lambda: shell})
    ((magic, line),) = asked
    *command, wanted = shlex.split(line)
    assert [magic, *command] == ["pip", "install", "-q"]
    requirement = Requirement(wanted)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert requirement.name == project["name"]
    assert requirement.url == "git+https://github.com/one/two@0123abc"


@pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine's PATH")
def test_the_workflow_puts_the_copies_where_the_button_leads(folder, tmp_path):
    workflow = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text())
    build, job = workflow["jobs"]["build"], workflow["jobs"]["colab"]
    assert build["env"][repository.REVISION] == "${{ github.sha }}"
    uploads = [step["with"] for step in build["steps"] if "upload-artifact" in step.get("uses", "")]
    assert {"name": "colab", "path": f"build/site/{colab.FOLDER}"} in uploads
    (push,) = (step for step in job["steps"] if "run" in step)
    given = shutil.copytree(folder, tmp_path / push["working-directory"])
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    environment = push["env"] | {"REMOTE": str(remote), "GITHUB_SHA": "0123abc"}
    environment |= {"PATH": str(Path(shutil.which("git")).parent), "HOME": str(tmp_path)}
    for _ in range(2):  # the second time the branch is there already
        shutil.rmtree(given / ".git", ignore_errors=True)
        command = [shutil.which("bash"), "-e", "-c", push["run"]]
        subprocess.run(command, cwd=given, env=environment, check=True)
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", repository.COLAB_BRANCH],
        cwd=remote, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert listed == [path.name for path in RELEASES]
    link = REPOSITORY.colab("02_pooling")
    assert link.endswith(f"/github/one/two/blob/{repository.COLAB_BRANCH}/02_pooling.ipynb")
