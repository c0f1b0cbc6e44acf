import os
import stat
from pathlib import Path

import pytest
import yaml

from course_site import repository

ROOT = Path(__file__).parents[2]


def project(folder: Path, urls: str) -> Path:
    (folder / "pyproject.toml").write_text(f'[project]\nname = "x"\n{urls}', encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    for name in (repository.VARIABLE, repository.REVISION):
        monkeypatch.delenv(name, raising=False)


def test_all_links_follow_from_the_one_setting(tmp_path):
    root = project(tmp_path, '[project.urls]\nRepository = "https://github.com/one/two.git"\n')
    found = repository.load(root)
    assert found.address == "https://github.com/one/two"
    assert found.file("docs/x.md") == "https://github.com/one/two/blob/main/docs/x.md"
    assert found.colab("n").endswith("/github/one/two/blob/colab/n.ipynb")
    assert found.binder("n.ipynb") == "https://mybinder.org/v2/gh/one/two/main?labpath=n.ipynb"
    assert found.codespace() == "https://codespaces.new/one/two?quickstart=1"


def test_the_variable_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv(repository.VARIABLE, "https://github.com/a/fork")
    assert repository.load(project(tmp_path, "")) == repository.Repository("a/fork", "main")
    monkeypatch.setenv(repository.REVISION, "0123abc")
    assert repository.load(project(tmp_path, "")).revision == "0123abc"


@pytest.mark.parametrize(
    "urls", ["", '[project.urls]\nRepository = "https://example.org/one/two"\n']
)
def test_another_address_or_none_is_refused_with_what_to_do(tmp_path, urls):
    with pytest.raises(ValueError, match=r"pyproject.*https://github\.com/OWNER/NAME"):
        repository.load(project(tmp_path, urls))


def test_the_course_has_its_setting():
    assert repository.load(ROOT).address.startswith("https://github.com/")


def test_the_workflow_builds_the_site_by_make_with_its_own_address():
    workflow = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text())
    build = workflow["jobs"]["build"]
    assert {"run": "make site"} in build["steps"]
    assert repository.VARIABLE in build["env"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no executable bit")
def test_binder_installs_the_lock_and_the_course():
    folder = ROOT / ".binder"
    assert (folder / "requirements.txt").read_text() == "-r ../requirements.lock\n"
    assert "--no-deps -e ." in (folder / "postBuild").read_text()
    assert (folder / "postBuild").stat().st_mode & stat.S_IXUSR
