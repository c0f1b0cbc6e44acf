import pytest

from harness.grade.journal import Journal, fingerprint
from harness.grade.verdicts import CellVerdict, Remark, Report


@pytest.fixture
def report():
    cell = CellVerdict("check_a", "wrong", 0.0, 2.0, "No.", "one-off", "a", True, "Count.")
    return Report(
        "ada", "02", "x.ipynb", "graded", (cell,), (Remark("twice", "There twice.", "a"),)
    )


def test_what_was_added_is_done_until_the_submission_changes(tmp_path, report):
    path = tmp_path / "deep" / "journal.jsonl"
    Journal(path).add("02", "ada", "key", report=report)
    again = Journal(path)
    assert again.done("02", "ada", "key")
    assert again.report("02", "ada", "key") == report
    assert not again.done("02", "ada", "other")
    assert again.report("02", "ada", "other") is None
    again.add("02", "ada", "other")
    assert not Journal(path).done("02", "ada", "key")  # the last one counts
    assert Journal(path).done("02", "ada", "other")
    assert Journal(path).report("02", "ada", "other") is None


def test_two_of_one_student_are_told_apart_by_their_place(tmp_path, report):
    path = tmp_path / "journal.jsonl"
    for place in ("a", "b"):
        Journal(path).add("02", "ada", f"key {place}", place, report)
    assert all(Journal(path).done("02", "ada", f"key {place}", place) for place in ("a", "b"))
    assert not Journal(path).done("02", "ada", "key a", "b")


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b'"x"', b'{"lesson": "02"}', b'{"lesson": "02", "stu']
)
def test_a_line_that_is_none_is_passed_over(tmp_path, line):
    path = tmp_path / "journal.jsonl"
    Journal(path).add("02", "ada", "key")
    with open(path, "ab") as file:
        file.write(line)
    journal = Journal(path)
    journal.add("02", "bob", "key")
    assert Journal(path).done("02", "ada", "key")
    assert Journal(path).done("02", "bob", "key")


def test_a_journal_without_a_file_remembers_for_the_run():
    journal = Journal(None)
    journal.add("02", "ada", "key")
    assert journal.done("02", "ada", "key")


def test_a_report_that_cannot_be_read_is_none(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"lesson": "02", "student": "ada", "key": "k", "report": {"cells": 3}}\n')
    assert Journal(path).done("02", "ada", "k")
    assert Journal(path).report("02", "ada", "k") is None


def test_a_fingerprint_depends_on_names_bytes_and_the_rest(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a").write_text("1")
    seen = {fingerprint(folder, "x")}
    assert fingerprint(folder, "x") in seen
    for change in (
        lambda: (folder / "a").write_text("2"),
        lambda: (folder / "a").rename(folder / "b"),
        lambda: (folder / "c").symlink_to(tmp_path),
    ):
        change()
        found = fingerprint(folder, "x")
        assert found not in seen
        seen.add(found)
    assert fingerprint(folder, "y") not in seen
    assert fingerprint(folder, "x", "") not in seen


def test_a_journal_that_cannot_be_written_ends_nothing_and_says_why(tmp_path, report):
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal.jsonl")
    journal.add("02", "ada", "key", report=report)
    assert journal.report("02", "ada", "key") == report
    assert isinstance(journal.fault, OSError)


def test_what_is_forgotten_is_not_done_until_it_is_noted_again(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.add_all("02", {"ada": "a", "bob": "b"})
    assert journal.forget("02", ["ada", "eve"]) == {"ada": "a"}
    for found in (journal, Journal(journal.path)):
        assert not found.done("02", "ada", "a")
        assert not found.done("02", "ada", "")
        assert found.done("02", "bob", "b")
    journal.add_all("02", {"ada": "c"})
    assert Journal(journal.path).done("02", "ada", "c")
    assert journal.forget("02", []) == {}
