"""The folder `my/`: filled, brought up to date, and never emptied of what a learner wrote."""

from __future__ import annotations

import json
import os
import stat

import pytest

from harness.author import build
from harness.grade import cells as grading
from harness.learner import working_copy
from harness.lock import Busy, hold
from tests.harness import tiny

NAME = f"{tiny.SLUG}.ipynb"
ANSWER = "def mean_pool(t, m):\n    return (t * m[..., None]).sum(1) / m.sum(1, keepdim=True)"
MIDDLE = "One idea, a tiny run"


@pytest.fixture
def built(root):
    build.build(root)
    return root


def answered(root, folder="my"):
    """The notebook with an answer in it, saved as JupyterLab saves."""
    path = root / folder / NAME
    notebook = working_copy.read(path)
    next(c for c in notebook.cells if grading.grade_id(c) == "mean_pool").source = ANSWER
    working_copy.write(notebook, path)
    return path


def course_changes(root, text: str) -> None:
    tiny.lay_out(root, tiny.LESSON.replace(MIDDLE, text))
    build.build(root)


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_copy_is_made_and_then_left_alone(built):
    assert working_copy.refresh(built) == []
    mine = built / "my" / NAME
    assert mine.read_text() == (built / "notebooks" / NAME).read_text()
    answered(built)
    before = mine.read_bytes(), mine.stat().st_mtime_ns
    assert working_copy.refresh(built) == []
    assert (mine.read_bytes(), mine.stat().st_mtime_ns) == before
    assert files(built / "my" / ".backup") == []


def test_what_is_new_is_merged_in_and_a_backup_kept(built):
    working_copy.refresh(built)
    mine = answered(built)
    before = mine.read_bytes()
    course_changes(built, "A new beginning")
    (said,) = working_copy.refresh(built)
    (backup,) = files(built / "my" / ".backup")
    assert f"my/.backup/{backup}" in said
    assert (built / "my" / ".backup" / backup).read_bytes() == before
    text = mine.read_text()
    assert "A new beginning" in text
    assert json.dumps(ANSWER.splitlines()[1])[1:-1] in text
    assert working_copy.refresh(built) == []


def test_backups_of_a_notebook_are_bounded_and_the_newest_stay(built, monkeypatch):
    working_copy.refresh(built)
    (built / "my" / ".backup" / "other.2020-01-01T00-00-00.ipynb").write_text("kept")
    for number in range(working_copy.KEPT_BACKUPS + 3):
        course_changes(built, f"Beginning {number}")
        working_copy.refresh(built)
    kept = [name for name in files(built / "my" / ".backup") if name.startswith(tiny.SLUG)]
    assert len(kept) == working_copy.KEPT_BACKUPS
    texts = [(built / "my" / ".backup" / name).read_text() for name in kept]
    assert f"Beginning {working_copy.KEPT_BACKUPS + 1}" in "".join(texts)
    assert MIDDLE not in "".join(texts)
    assert (built / "my" / ".backup" / "other.2020-01-01T00-00-00.ipynb").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"cells": [{"cell_type": "code", "source": ["a',
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe{",
        b'<<<<<<< HEAD\n{"cells": []}',
        b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b'{"cells": [3], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b'{"cells": [{"cell_type": "code", "source": 3, "metadata": {}}], "nbformat": 4, '
        b'"nbformat_minor": 5, "metadata": {}}',
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:40]),
)
def test_a_copy_that_cannot_be_read_is_kept_aside_and_a_fresh_one_made(built, content):
    working_copy.refresh(built)
    mine = built / "my" / NAME
    mine.write_bytes(content)
    (said,) = working_copy.refresh(built)
    (aside,) = [name for name in files(built / "my") if ".broken-" in name]
    assert (built / "my" / aside).read_bytes() == content
    assert aside in said
    assert "is no notebook" in said
    assert mine.read_text() == (built / "notebooks" / NAME).read_text()


def test_a_base_that_is_lost_or_broken_costs_nothing(built):
    working_copy.refresh(built)
    mine = answered(built)
    for spoil in ("unlink", "write"):
        base = built / "my" / ".base" / NAME
        if spoil == "unlink":
            base.unlink()
        else:
            base.write_text("{")
        course_changes(built, f"After {spoil}")
        working_copy.refresh(built)
        text = mine.read_text()
        assert f"After {spoil}" in text
        assert "m[..., None]" in text


def test_answers_given_in_notebooks_itself_come_along_and_outlive_it(built):
    answered(built, "notebooks")
    working_copy.refresh(built)
    mine = built / "my" / NAME
    assert "m[..., None]" in mine.read_text()
    build.build(built, overwrite_answers=True)  # or `git checkout notebooks`
    working_copy.refresh(built)
    assert "m[..., None]" in mine.read_text()
    course_changes(built, "A new beginning")
    working_copy.refresh(built)
    assert "m[..., None]" in mine.read_text()
    assert "A new beginning" in mine.read_text()


def test_answers_given_in_notebooks_later_do_not_take_the_copy_s_place(built):
    working_copy.refresh(built)
    mine = answered(built)
    notebook = working_copy.read(built / "notebooks" / NAME)
    next(c for c in notebook.cells if grading.grade_id(c) == "mean_pool").source = "def other(): 1"
    working_copy.write(notebook, built / "notebooks" / NAME)
    said = working_copy.refresh(built)
    assert f"notebooks/{NAME} holds answers, too; my/{NAME} is what is opened" in said
    assert "m[..., None]" in mine.read_text()


def test_a_fresh_copy_keeps_the_old_one_beside(built):
    working_copy.refresh(built)
    answered(built)
    for wanted in ("90", "90_tiny", NAME, f"my/{NAME}"):
        before = (built / "my" / NAME).read_bytes()
        path, said = working_copy.fresh(built, wanted)
        assert path == built / "my" / NAME
        assert path.read_text() == (built / "notebooks" / NAME).read_text()
        kept = built / "my" / said.split("my/")[-1]
        assert kept.read_bytes() == before
    assert len([name for name in files(built / "my") if ".before-" in name]) == 4


@pytest.mark.parametrize("wanted", ["7", "", "tiny", "[red]"])
def test_a_fresh_copy_of_no_lesson_is_refused(built, wanted):
    with pytest.raises(ValueError, match=r"there is no lesson .* there are: 90_tiny"):
        working_copy.fresh(built, wanted)


def test_a_fresh_copy_of_a_notebook_that_was_worked_in_is_refused(built):
    answered(built, "notebooks")
    with pytest.raises(ValueError, match="it holds work in 'mean_pool'"):
        working_copy.fresh(built, "90")


def test_a_notebook_that_the_course_no_longer_has_stays_in_the_copy(built):
    working_copy.refresh(built)
    (built / "notebooks" / "91_next.ipynb").write_text((built / "notebooks" / NAME).read_text())
    (built / "notebooks" / NAME).unlink()
    working_copy.refresh(built)
    assert {NAME, "91_next.ipynb"} <= set(files(built / "my"))


def test_a_broken_notebook_of_the_course_is_said_and_stops_nothing(built):
    working_copy.refresh(built)
    mine = answered(built)
    before = mine.read_bytes()
    (built / "notebooks" / NAME).write_text("{")
    (built / "notebooks" / "91_next.ipynb").write_text(before.decode())
    (said,) = working_copy.refresh(built)
    assert f"notebooks/{NAME} is no notebook" in said
    assert "your copy of it stays as it is" in said
    assert mine.read_bytes() == before
    assert (built / "my" / "91_next.ipynb").is_file()


def test_what_json_may_hold_and_utf8_may_not_survives(built):
    working_copy.refresh(built)
    path = built / "my" / NAME
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = "half a pair \ud83d, and İstanbul"
    path.write_text(json.dumps(notebook))
    course_changes(built, "A new beginning")
    working_copy.refresh(built)
    assert "half a pair \ud83d, and İstanbul" in {c.source for c in working_copy.read(path).cells}


def test_a_notebook_behind_a_link_is_written_where_it_is_and_keeps_its_mode(built, tmp_path):
    working_copy.refresh(built)
    mine = built / "my" / NAME
    elsewhere = tmp_path / "elsewhere.ipynb"
    mine.rename(elsewhere)
    elsewhere.chmod(0o664)
    mine.symlink_to(elsewhere)
    course_changes(built, "A new beginning")
    working_copy.refresh(built)
    assert mine.is_symlink()
    assert "A new beginning" in elsewhere.read_text()
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o664


def test_a_copy_that_cannot_be_written_is_said_in_a_sentence(built):
    (built / "my").write_text("a file stands in the way")
    with pytest.raises(ValueError, match=r"your working copy .* cannot be kept up to date"):
        working_copy.refresh(built)


def test_a_write_that_fails_leaves_the_learner_s_notebook_as_it_was(built, monkeypatch):
    working_copy.refresh(built)
    mine = answered(built)
    before = mine.read_bytes()
    course_changes(built, "A new beginning")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValueError, match="No space left on device"):
        working_copy.refresh(built)
    assert mine.read_bytes() == before
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_ROOT", str(built))
    assert len(working_copy.refresh(built)) == 1
    assert "A new beginning" in mine.read_text()


def test_two_at_once_do_not_write_into_each_other(built):
    working_copy.refresh(built)
    with hold(built / "my" / ".base" / "lock", built / "my"), pytest.raises(Busy):
        working_copy.refresh(built)
