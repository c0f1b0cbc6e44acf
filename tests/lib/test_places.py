import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

import lib
from lib import _places
from lib._places import cache_folder, course_root, data_folder


def test_the_course_is_where_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "not there"))
    assert course_root() == tmp_path / "not there"


def test_untold_the_course_is_the_folder_that_holds_lib(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    assert course_root() == Path(lib.__file__).resolve().parents[1]
    monkeypatch.setenv("COURSE_ROOT", "")
    assert course_root() == Path(lib.__file__).resolve().parents[1]
    monkeypatch.setattr(_places, "__file__", str(tmp_path / "lib" / "_places.py"))
    assert course_root() == tmp_path


def test_folder_is_named_by_the_environment_and_made(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "a" / "b"))
    assert cache_folder() == tmp_path / "a" / "b"
    assert cache_folder().is_dir()


def test_the_cache_may_lie_at_home_or_where_the_system_keeps_such_things(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("COURSE_CACHE", " ~/mine ")
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.setenv("COURSE_CACHE", "  ")
    usual = tmp_path / "usual"
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name, **_: str(usual / name))
    assert cache_folder() == usual / "embeddings-course"
    assert cache_folder().is_dir()


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(OSError, match="file"):
        cache_folder()


def test_data_has_a_folder_of_its_own_which_asking_does_not_make(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name: tmp_path / name)
    assert data_folder() == tmp_path / "embeddings-course"
    assert not data_folder().exists()


def test_places_and_files_import_nothing_slow_and_nothing_of_the_course():
    code = (
        "import sys; before = set(sys.modules); import lib._places, lib._files;"
        "print(sorted(m for m in sys.modules.keys() - before if m.split('.')[0] in"
        " ('lib', 'harness', 'numpy', 'torch', 'platformdirs')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['lib', 'lib._files', 'lib._places']"
