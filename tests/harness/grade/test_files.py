import os

import pytest

from harness import scratch
from harness.grade import files
from harness.limits import Limits


@pytest.fixture
def sent(tmp_path):
    folder = tmp_path / "ada"
    (folder / "data").mkdir(parents=True)
    (folder / "ps1.ipynb").write_text("{}")
    (folder / "helper.py").write_text("x = 1")
    (folder / "data" / "rows.csv").write_text("a,b")
    return folder


def _names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_files_beside_the_notebook_come_along_and_notebooks_do_not(sent):
    with files.submitted_beside(sent, Limits()) as (folder, remarks):
        assert _names(folder) == ["data/rows.csv", "helper.py"]
        assert remarks == []
    assert not folder.exists()


def test_a_single_notebook_has_nothing_beside_it(sent):
    with files.submitted_beside(sent / "ps1.ipynb", Limits()) as found:
        assert found == (None, [])


def test_links_pipes_and_large_files_stay_behind_and_are_named(sent, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret").write_text("secret")
    (sent / "link.txt").symlink_to(tmp_path / "secret")
    (sent / "folder").symlink_to(tmp_path / "other")
    os.mkfifo(sent / "pipe")
    (sent / "large.bin").write_bytes(bytes(3000))
    with files.submitted_beside(sent, Limits(work_bytes=4000)) as (folder, remarks):
        assert _names(folder) == ["data/rows.csv", "helper.py"]
    (remark,) = remarks
    assert all(name in remark.text for name in ("link.txt", "folder", "pipe", "large.bin"))


def test_the_number_of_files_is_bounded(sent, monkeypatch):
    monkeypatch.setattr(files, "MOST_FILES", 3)
    for number in range(9):
        (sent / f"{number}.txt").write_text("x")
    with files.submitted_beside(sent, Limits()) as (folder, remarks):
        assert len(_names(folder)) == 3
    assert remarks


def test_neither_depth_nor_number_of_folders_matters(tmp_path, monkeypatch):
    from harness.grade.journal import fingerprint

    (tmp_path / "ada").mkdir()
    monkeypatch.chdir(tmp_path / "ada")
    for _ in range(1_200):
        os.mkdir("d")
        os.chdir("d")
    (tmp_path / "ada" / "ps1.ipynb").write_text("{}")
    for number in range(50):
        (tmp_path / "ada" / f"e{number}").mkdir()
    assert [p.name for p in files.walked(tmp_path / "ada", 20)] == ["ps1.ipynb"]
    with files.submitted_beside(tmp_path / "ada", Limits()) as (folder, remarks):
        assert (_names(folder), remarks) == ([], [])
    assert fingerprint(tmp_path / "ada") == fingerprint(tmp_path / "ada")
    monkeypatch.chdir(tmp_path)
    # pytest's own clean-up cannot: a RecursionError, after all that it says of failed tests.
    assert scratch.remove(tmp_path / "ada")


def test_files_come_before_the_folders_beside_them(sent):
    (sent / "a").mkdir()
    (sent / "a" / "b.txt").write_text("x")
    names = [str(p.relative_to(sent)) for p in files.walked(sent, 100)]
    assert names == ["helper.py", "ps1.ipynb", "a/b.txt", "data/rows.csv"]
