"""What a classroom keeps is read back, and what is damaged is told and not passed over."""

import pytest

from harness.classroom import ClassroomError, dates, roster
from harness.classroom.kept import read_kept, write_kept


def test_what_is_kept_is_read_back_in_the_same_bytes(tmp_path):
    path = tmp_path / "x.json"
    write_kept(path, {"b": [1], "a": "ø"})
    before = path.read_bytes()
    write_kept(path, read_kept(path, dict, {}, "mend it"))
    assert path.read_bytes() == before


def test_where_nothing_is_kept_it_is_empty(tmp_path):
    assert read_kept(tmp_path / "x.json", dict, {"empty": 1}, "mend it") == {"empty": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"people": 3}', '{"own": [], "columns": 1}'])
def test_what_is_damaged_is_told_with_what_to_do(tmp_path, text):
    (tmp_path / ".grading").mkdir()
    for load, name, what_to_do in (
        (dates.load, "dates", "give dates and penalties anew"),
        (roster.load, "roster", "import the roster again"),
    ):
        (tmp_path / ".grading" / f"{name}.json").write_text(text)
        with pytest.raises(ClassroomError, match=what_to_do):
            load(tmp_path)
