"""Where a classroom may be made, and what is said where it may not."""

import pytest

from harness.classroom import ClassroomError, init


def test_a_classroom_is_not_made_where_it_could_be_published(tmp_path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(ClassroomError, match="git checkout"):
        init(tmp_path / "class")
    assert not (tmp_path / "class").exists()


def test_making_a_classroom_twice_changes_nothing(tmp_path):
    room = init(tmp_path / "class", course_id="course")
    before = (room.folder / "nbgrader_config.py").read_bytes()
    init(room.folder, course_id="another")
    assert (room.folder / "nbgrader_config.py").read_bytes() == before


def test_a_folder_with_something_in_it_is_not_taken(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(ClassroomError, match="no classroom"):
        init(tmp_path)


def test_a_database_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ClassroomError, match="could not be opened"):
        init(tmp_path / "class", f"sqlite:///{tmp_path}/no/such/folder.db")
    with pytest.raises(ClassroomError, match="no database URL"):
        init(tmp_path / "other", "grades")
