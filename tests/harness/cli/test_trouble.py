"""Trouble with disks and gradebooks is a sentence with what to do, and an exit code."""

import errno
import sqlite3
import sys

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError

from harness.cli import main as cli
from harness.cli import trouble


def _raised(error, cause):
    try:
        raise error from cause
    except Exception as raised:
        return raised


def _sql(kind, text):
    return kind("SELECT 1", {}, sqlite3.OperationalError(text))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left", "/x"), "disk is full (/x): make room"),
        (OSError(errno.EROFS, "Read-only", "/x"), "can only be read (/x)"),
        (PermissionError(errno.EACCES, "Denied", "/x"), "change its permissions"),
        (FileExistsError(errno.EEXIST, "Exists", "/x"), "a file where a folder has to be"),
        (NotADirectoryError(errno.ENOTDIR, "Not", "/x"), "a part of this path is a file"),
        (IsADirectoryError(errno.EISDIR, "Is", "/a", None, "/x"), "this is a folder"),
        (OSError(errno.ENAMETOOLONG, "Too long", "/x"), "use shorter names"),
        (OSError(errno.EIO, "Input/output error", b"/x"), "Input/output error (/x)"),
        (FileNotFoundError("no lessons/ in x"), "no lessons/ in x"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory"), "No usable"),
        (_sql(OperationalError, "database is locked"), "wait until that is done"),
        (_sql(DatabaseError, "file is not a database"), "put back a copy"),
        (_sql(DatabaseError, "database disk image is malformed"), "put back a copy"),
        (_sql(OperationalError, "attempt to write a readonly database"), "writable for you"),
        (_sql(OperationalError, "database or disk is full"), "make room"),
        (_sql(OperationalError, "unable to open database file"), "see that its folder"),
        (_sql(OperationalError, "could not connect to server"), "server runs"),
        (_sql(OperationalError, "no such table: grade"), "no such table: grade"),
        (_raised(RuntimeError("nbgrader"), OSError(errno.ENOSPC, "No space", "/x")), "make room"),
    ],
)
def test_each_kind_says_what_to_do(error, said):
    found = trouble.sentence(error)
    assert said in found
    assert "\n" not in found


def test_what_is_no_trouble_of_disk_or_gradebook_is_left_to_others():
    assert trouble.sentence(ValueError("x")) is None


def _main(monkeypatch, capsys, error, *arguments):
    def fail():
        raise error

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr("sys.argv", ["course", *arguments])
    monkeypatch.setenv("COURSE_DEBUG", "")
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code, capsys.readouterr().out


def test_the_program_ends_in_a_sentence_and_a_code(monkeypatch, capsys):
    full = OSError(errno.ENOSPC, "No space left", "/x\x1b[31m\n::error::")
    code, said = _main(monkeypatch, capsys, full)
    assert code == 2
    assert "make room" in said
    assert trouble.AGAIN in said
    assert "\x1b[31m" not in said
    assert "\n::" not in said
    code, said = _main(monkeypatch, capsys, KeyError("x"))
    assert code == cli.FAULT
    assert "--debug" in said
    assert "Traceback" not in said


def test_debug_shows_the_whole_stack_wherever_it_stands(monkeypatch, capsys):
    for arguments in (["--debug", "grade", "x"], ["grade", "x", "--debug"]):
        monkeypatch.setenv("COURSE_DEBUG", "")
        monkeypatch.setattr("sys.argv", ["course", *arguments])

        def fail():
            assert sys.argv == ["course", "grade", "x"]
            raise OSError(errno.ENOSPC, "No space left", "/x")

        monkeypatch.setattr(cli, "app", fail)
        with pytest.raises(OSError, match="No space"):
            cli.main()


def test_debug_after_lab_is_jupyterlab_s():
    arguments = ["course", "lab", "--debug"]
    cli._take_debug(arguments)
    assert arguments == ["course", "lab", "--debug"]


def test_a_long_name_of_the_temporary_folder_is_refused_before_a_kernel_starts(monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/" + "d" * 100)
    with pytest.raises(OSError, match="TMPDIR=/tmp"):
        trouble.see_temporary_folder()
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    trouble.see_temporary_folder()


def test_a_file_that_cannot_be_written_is_said_before_anything_is_graded(
    monkeypatch, capsys, tmp_path
):
    (tmp_path / "file").write_text("")
    (tmp_path / "ada.ipynb").write_text("{}")
    monkeypatch.setattr("harness.cli.grade._grade", None)
    for to in ("file/x.json", "."):
        argv = ["course", "grade", str(tmp_path / "ada.ipynb"), "--isolation", "none"]
        monkeypatch.setattr("sys.argv", [*argv, "--json", str(tmp_path / to)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 2
        assert "--json" in capsys.readouterr().err


def test_one_file_that_cannot_be_written_keeps_no_other_from_being_written(tmp_path, capsys):
    from harness.cli.grade import _write
    from harness.grade.verdicts import Report

    report = Report("ada", "02", "x.ipynb", "graded")
    files = {"json": tmp_path, "markdown": tmp_path / "x.md"}
    assert not _write([report], files)
    assert (tmp_path / "x.md").is_file()
    assert "name a file in it" in capsys.readouterr().out
