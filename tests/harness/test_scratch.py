"""Folders that only the grader reads, that go whatever lies in them, and that a killed run leaves to the next."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness import scratch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX folders and locks")
OWNER = (
    "from harness import scratch\nimport time\n"
    "made = scratch.make()\n(made / 'work').mkdir()\n(made / 'work' / 'data').write_text('secret')\n"
    "print(made, flush=True)\ntime.sleep(99)"
)


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    """A folder for temporary files of its own, where nobody else's run lies."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(scratch, "_own", None)
    yield
    tempfile.tempdir = None


def _nested(depth, name="d"):
    """Folders in each other below the current one, deeper than a path can name."""
    here = os.open(".", os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name)
        os.chdir(name)
    Path("file").write_text("x")
    os.fchdir(here)
    os.close(here)


def test_a_folder_is_private_and_goes_at_the_end_of_the_block():
    with scratch.folder() as made:
        assert made.stat().st_mode & 0o777 == 0o700
        assert made.parent.stat().st_mode & 0o066 == 0
        (made / "file").write_text("x")
    assert not made.exists()


@pytest.mark.parametrize(("depth", "name"), [(1_200, "d"), (30, "n" * 200)])
def test_nested_folders_of_any_depth_and_length_go(monkeypatch, depth, name):
    made = scratch.make()
    monkeypatch.chdir(made)
    _nested(depth, name)
    _nested(20, "e")
    monkeypatch.chdir("/")
    assert scratch.remove(made)
    assert not made.exists()


def test_closed_folders_links_and_pipes_go_and_nothing_is_followed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    kept.chmod(0o500)
    made = scratch.make()
    (made / "closed" / "in").mkdir(parents=True)
    (made / "closed" / "in" / "file").write_text("x")
    (made / "closed" / "link").symlink_to(kept)
    (made / "link").symlink_to(kept)
    os.mkfifo(made / "pipe")
    os.chmod(made / "closed" / "in", 0)
    os.chmod(made / "closed", 0)
    assert scratch.remove(made)
    assert (kept / "file").read_text() == "x"
    assert kept.stat().st_mode & 0o777 == 0o500
    kept.chmod(0o700)


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    assert not scratch.remove(tmp_path / "link")
    assert (tmp_path / "kept").is_dir()


def _owner():
    started = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    return started, Path(started.stdout.readline().strip())


def test_what_a_killed_run_leaves_is_removed_by_the_next_and_a_living_one_s_is_not():
    living, theirs = _owner()
    killed, left = _owner()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert (left / "work" / "data").exists()  # nothing else removes it
    try:
        mine = scratch.make()
        assert not left.parent.exists()
        assert (theirs / "work" / "data").exists()
        assert mine.is_dir()
    finally:
        living.kill()
        living.wait()
        for one in (living, killed):
            one.stdout.close()


def test_a_run_that_ends_removes_its_own():
    code = OWNER.replace("time.sleep(99)", "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not Path(done.stdout.strip()).parent.exists()


def test_other_folders_are_left_alone(tmp_path):
    names = [f"{scratch.PREFIX}material", f"{scratch.PREFIX}12345678", "other"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / f"{scratch.PREFIX}linklink").symlink_to(tmp_path / "other")
    empty = tmp_path / f"{scratch.PREFIX}87654321"
    empty.mkdir()
    young = tmp_path / f"{scratch.PREFIX}abcdefgh"
    young.mkdir()
    os.utime(empty, (0, 0))
    scratch.sweep()
    assert all((tmp_path / name / "file").exists() for name in names)
    assert young.exists()
    assert not empty.exists()
