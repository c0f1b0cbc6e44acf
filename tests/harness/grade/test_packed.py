"""A submission travels as bytes with its names, and comes out as it was, wherever that is."""

import json
import os

import pytest

from harness.grade.copies import MOST_FILES
from harness.grade.packed import pack, unpack
from harness.grade.submissions import Submission


def _there(tmp_path, path):
    to = tmp_path / "there"
    to.mkdir()
    return unpack(pack(Submission("ada", path)), to), to


def test_a_file_keeps_its_name_its_time_and_the_name_of_its_folder(tmp_path):
    path = tmp_path / "inbox" / "M\udcfcller.ipynb"
    path.parent.mkdir()
    path.write_bytes(b"\0{}\n\n{")
    os.utime(path, ns=(5, 7_000_000_001))
    found, to = _there(tmp_path, path)
    assert found == to / "inbox" / path.name
    assert found.read_bytes() == path.read_bytes()
    assert found.stat().st_mtime_ns == 7_000_000_001


def test_a_folder_keeps_what_is_in_it_and_follows_no_link(tmp_path):
    folder = tmp_path / "ada"
    (folder / "a" / "empty").mkdir(parents=True)
    (folder / "a" / "b.ipynb").write_text("one")
    (folder / "c.csv").write_text("")
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    found, _ = _there(tmp_path, folder)
    names = {str(p.relative_to(found)) for p in found.rglob("*")}
    assert names == {"a", "a/empty", "a/b.ipynb", "c.csv", "link", "pipe"}
    assert (found / "a" / "b.ipynb").read_text() == "one"
    assert os.readlink(found / "link") == "/etc/passwd"
    assert (found / "pipe").is_fifo()


def test_what_is_packed_does_not_depend_on_where_it_lies(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place / "ada" / "x").mkdir(parents=True)
        for name in ("b", "a"):
            path = tmp_path / place / "ada" / "x" / name
            path.write_text(name)
            os.utime(path, (1, 1))
    packed = [pack(Submission("s", tmp_path / place / "ada")) for place in ("one", "two")]
    assert packed[0].replace(b'"one"', b'"two"') == packed[1]
    assert os.fsencode(tmp_path) not in packed[0]


def test_more_than_may_be_sent_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.grade.packed.MOST_BYTES", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(OSError, match="too much"):
        pack(Submission("ada", tmp_path / "large"))
    many = tmp_path / "many"
    many.mkdir()
    for number in range(MOST_FILES):
        (many / str(number)).touch()
    with pytest.raises(OSError, match="too much"):
        pack(Submission("ada", many))
    with pytest.raises(FileNotFoundError):
        pack(Submission("ada", tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "a\0b"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    entry = {"name": name, "in": -1, "kind": "file", "mtime": 0, "size": 1}
    data = json.dumps({"above": "x", "entries": [entry]}).encode() + b"\nx"
    with pytest.raises(ValueError, match="no name"):
        unpack(data, tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x04.", b"{}", b"[]\n", b'{"above": "a", "entries": []}\n']
)
def test_bytes_that_are_no_submission_are_refused(tmp_path, data):
    with pytest.raises(ValueError, match=r".*"):
        unpack(data, tmp_path)
