import pytest

from tests.harness import tiny


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course folder with the tiny lesson, where `course` and the notebooks look for it."""
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    return tiny.lay_out(tmp_path)
