"""A copy is what its original was, and takes nothing along that was not the student's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import scratch
from harness.grade import copies
from harness.grade.copies import Copies
from harness.grade.journal import fingerprint
from harness.grade.reading import Ungradable, read_submission
from harness.grade.submissions import Submission
from tests.attacks import assignment


def _taken(path):
    kept = Copies()
    return kept, kept.__enter__().take(Submission("ada", path))


@pytest.fixture
def take():
    made = []

    def one(path):
        kept, copy = _taken(path)
        made.append(kept)
        return copy

    yield one
    for kept in made:
        kept.__exit__()


def test_a_copy_has_the_names_bytes_and_times_and_stays_as_it_was(tmp_path, take):
    folder = tmp_path / "ada" / "02"
    (folder / "data").mkdir(parents=True)
    (folder / "02.ipynb").write_text("{}")
    (folder / "data" / "M\udcfcller.txt").write_text("x")
    os.utime(folder / "02.ipynb", (1.0e9, 1.0e9))
    copy = take(folder)
    assert copy.path.parts[-2:] == ("ada", "02")
    assert fingerprint(copy.path) == fingerprint(folder)
    assert (copy.path / "02.ipynb").stat().st_mtime == 1.0e9
    assert copy.path.parents[2].stat().st_mode & 0o077 == 0
    (folder / "02.ipynb").write_text("changed")
    assert (copy.path / "02.ipynb").read_text() == "{}"


@pytest.mark.parametrize("make", [os.symlink, os.link], ids=["link", "hard link"])
def test_what_links_lead_to_is_not_copied(tmp_path, take, make):
    secret = tmp_path / "secret.ipynb"
    secret.write_text("secret")
    folder = tmp_path / "ada"
    folder.mkdir()
    make(secret, folder / "02.ipynb")
    os.mkfifo(folder / "pipe")
    copy = take(folder)
    assert (copy.path / "02.ipynb").is_symlink()
    for path in (folder, copy.path):
        with pytest.raises(Ungradable, match="no notebook"):
            read_submission(path, assignment.release())


def test_what_is_too_much_or_cannot_be_read_is_left_where_it_is(tmp_path, take, monkeypatch):
    deep = tmp_path / "deep"
    (deep / ("d/" * 60)).mkdir(parents=True)
    big = tmp_path / "big.ipynb"
    big.write_bytes(b"x" * 100)
    monkeypatch.setattr(copies, "MOST_BYTES", 99)
    for path in (deep, big, tmp_path / "nobody"):
        assert take(path).path == path


def test_copies_are_removed_one_by_one_and_at_the_end(tmp_path):
    path = tmp_path / "ada.ipynb"
    path.write_text("{}")
    with Copies(tmp_path) as kept:
        first, second = kept.take(Submission("a", path)), kept.take(Submission("b", path))
        kept.drop(first)
        kept.drop(Submission("c", path))
        assert not first.path.exists()
        assert second.path.exists()
    assert path.exists()
    assert os.listdir(tmp_path) == ["ada.ipynb"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks of this kind")
def test_copies_of_a_killed_run_are_removed_by_the_next(tmp_path):
    path = tmp_path / "ada.ipynb"
    path.write_text("{}")
    program = (
        "import os, signal\nfrom pathlib import Path\nfrom harness.grade.copies import Copies\n"
        "from harness.grade.submissions import Submission\n"
        f"copy = Copies().__enter__().take(Submission('ada', Path({str(path)!r})))\n"
        "print(copy.path, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    copy = Path(said.stdout.strip())
    assert copy.is_file()
    scratch.sweep()
    assert not copy.exists()
    assert path.is_file()
