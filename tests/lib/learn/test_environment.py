import pytest

from lib import _places
from lib.learn import environment


def test_a_script_is_headless():
    assert environment.headless()
    assert not environment.in_ipython()


def test_an_ipython_terminal_is_a_person(shell):
    assert environment.in_ipython()
    assert not environment.headless()


@pytest.mark.parametrize("variable", ["COURSE_HEADLESS", "NBGRADER_EXECUTION"])
def test_a_variable_makes_it_headless(shell, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    assert environment.headless()


def test_the_course_is_at_hand_only_with_lessons_and_solutions(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    assert environment.course_root() is None
    (tmp_path / "lessons").mkdir()
    assert environment.course_root() is None
    (tmp_path / "solutions").mkdir()
    assert environment.course_root() == tmp_path


def test_without_a_variable_the_folder_that_holds_lib_is_looked_at(monkeypatch, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lessons").mkdir()
    (tmp_path / "solutions").mkdir()
    monkeypatch.setattr(_places, "__file__", str(tmp_path / "lib" / "_places.py"))
    assert environment.course_root() == tmp_path
