"""What a run of `full` leaves, and how a lesson reads it."""

import dataclasses
import json

import pytest

from lib import full_results
from lib.metrics import Interval

FOUND = {"a": Interval(0.5, 0.4, 0.6), "b": Interval(0.7, 0.6, 0.8)}
MORE = {"b minus a": Interval(0.2, 0.1, 0.3)}


def test_a_run_leaves_a_file_with_date_settings_and_numbers(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_FULL_RESULTS", str(tmp_path / "full"))
    kept = full_results.save("04", {"passages": 9}, FOUND, MORE)
    stored = tmp_path / "stored.json"
    stored.write_text(json.dumps({"04": json.loads((tmp_path / "full/04.json").read_text())}))
    assert full_results.load("04", stored) == kept
    assert full_results.load("05", stored) is None
    assert kept.settings["passages"] == "9"
    assert kept.values == FOUND
    for said in ("lesson 04", kept.date, "passages 9", "torch"):
        assert said in str(kept)


def test_without_a_folder_named_it_goes_to_the_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_FULL_RESULTS", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    full_results.save("03", {}, FOUND, {})
    assert (tmp_path / "full" / "03.json").is_file()


def test_nothing_is_stored_where_there_is_no_file_and_nothing_saved_without_values(tmp_path):
    assert full_results.load("04", tmp_path / "none.json") is None
    with pytest.raises(ValueError, match="no value to keep"):
        full_results.save("04", {}, {}, MORE)


def test_what_is_stored_in_the_course_can_be_read():
    if not full_results.STORED.is_file():
        return
    for lesson in json.loads(full_results.STORED.read_text(encoding="utf-8")):
        found = full_results.load(lesson)
        assert found is not None
        assert found.lesson == lesson
        for interval in (*found.values.values(), *found.differences.values()):
            assert dataclasses.astuple(interval)[1] <= interval.mean <= interval.high
