import os
import signal
import socket
import stat
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import _files
from lib._files import open_without_links, printable, write_whole


def test_atomic_write_replaces_and_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("lib._files.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"three")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"two"]


_FULL = """
import resource, sys
from pathlib import Path
from lib._files import write_whole

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    write_whole(Path(sys.argv[1]), b"x" * 100_000)
except OSError as error:
    print(type(error).__name__, error.errno)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_where_there_is_no_room_the_old_file_stays(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    run = subprocess.run(
        [sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["OSError", "27"]  # EFBIG, in the midst of the write
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"old")]


_KILLED = """
import os, signal, sys
from pathlib import Path
from lib import _files

setattr(os, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
_files.write_whole(Path(sys.argv[1]), b"new" * 9_999)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_a_process_killed_while_it_writes_leaves_the_old_file(tmp_path, at):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    run = subprocess.run([sys.executable, "-c", _KILLED, str(path), at], check=False)
    assert run.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


def test_what_cannot_be_replaced_stays_and_nothing_is_left_beside_it(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").touch()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"content")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "no such folder" / "file", b"content")


def test_a_reader_never_sees_a_part(tmp_path):
    path, seen = tmp_path / "file", set()
    whole = [letter * 300_000 for letter in (b"a", b"b")]
    write_whole(path, whole[0])
    done = threading.Event()

    def read():
        while not done.is_set():
            content = path.read_bytes()
            seen.add((len(content), content[:1] == content[-1:]))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(40):
        write_whole(path, whole[turn % 2])
    done.set()
    reader.join()
    assert seen == {(300_000, True)}


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
def test_only_the_owner_may_read_it_unless_told(tmp_path):
    path = tmp_path / "file"
    for mode, expected in [(None, 0o600), (0o644, 0o644), (0o640, 0o640), (None, 0o600)]:
        write_whole(path, b"content", mode)
        assert stat.S_IMODE(path.stat().st_mode) == expected


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127])
def test_a_name_may_be_as_long_as_names_can_be(tmp_path, name):
    write_whole(tmp_path / name, b"content")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_link_is_replaced_and_what_it_leads_to_left_alone(tmp_path):
    (tmp_path / "real").write_bytes(b"real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"new")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").read_bytes() == b"new"
    assert (tmp_path / "real").read_bytes() == b"real"


def test_a_file_is_opened_for_its_bytes(tmp_path):
    content = b"one\r\ntwo\x1a\r\n\x00\xff"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(content)
    (tmp_path / "other").symlink_to(tmp_path / "folder")
    for folder in ("folder", "other"):  # a folder above may be a link
        with open_without_links(tmp_path / folder / "file") as file:
            assert file.read() == content


def _link(path):
    (path.parent / "secret").write_text("secret")
    path.symlink_to(path.parent / "secret")


def _socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


KINDS = {
    "this is a link": _link,
    "this is a folder": os.mkdir,
    "this is a pipe": lambda path: os.mkfifo(path),
    "socket or device": _socket,
    "No such file": lambda path: None,
}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in folders are POSIX's")
@pytest.mark.timeout(240)  # a pipe that is waited for
@pytest.mark.parametrize("message", KINDS)
@pytest.mark.parametrize("flags", [_files._FLAGS, os.O_RDONLY], ids=["here", "on Windows"])
def test_all_but_a_file_is_refused_with_its_kind(tmp_path, monkeypatch, message, flags):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = tmp_path / "it"
    KINDS[message](path.relative_to(tmp_path) if message.startswith("socket") else path)
    monkeypatch.setattr(_files, "_FLAGS", flags)
    with pytest.raises(OSError, match=message) as raised:
        open_without_links(path)
    assert "it" in str(raised.value)


@pytest.mark.skipif(sys.platform == "win32", reason="a race that POSIX can close")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", [_link, os.mkdir, os.mkfifo])
def test_what_takes_the_name_after_the_look_is_refused_and_closed(tmp_path, monkeypatch, kind):
    path = tmp_path / "it"
    path.touch()
    regular, opened = os.lstat(path), []
    path.unlink()
    kind(path)
    real = os.open
    monkeypatch.setattr("lib._files.os.lstat", lambda _: regular)
    monkeypatch.setattr(
        "lib._files.os.open", lambda *args: opened.append(real(*args)) or opened[-1]
    )
    with pytest.raises(OSError, match="it"):
        open_without_links(path)
    for handle in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(handle)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Žofie 李雷", "Žofie 李雷"),
        ("a\n\x1b\x85\u202e", "a\\x0a\\x1b\\u0085\\u202e"),
        ("M\udcfcller", "M\\xfcller"),
        ("\udc85\x85", "\\x85\\u0085"),
        ("a\\b", "a\\\\b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_a_name_is_shown_with_nothing_but_printable_characters(name, shown):
    assert printable(name) == shown
    assert shown.isprintable()


@given(st.lists(st.text("a\\xfc\x85\udc85\n\udcfcü", max_size=6), unique=True))
def test_names_that_differ_are_shown_differently(names):
    assert len({printable(name) for name in names}) == len(names)
