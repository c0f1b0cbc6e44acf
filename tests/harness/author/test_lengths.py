"""The lengths of a lesson's sections, counted in the tiny lesson and with what is put into it."""

import pytest

from harness.author import lengths, minutes
from harness.author.lesson import read
from tests.harness import tiny

MORE = """
# %% [markdown]
# ## One more section
#
# Three more words.

# %%
import json

x = 1
y = json.dumps(x)

# %%
claim("One is one.", x == 1, measured="1")
"""


@pytest.fixture
def root(tmp_path):
    return tiny.lay_out(tmp_path, tiny.LESSON + MORE)


@pytest.fixture
def lesson(root):
    return read(root / "lessons" / f"{tiny.SLUG}.py")


def test_a_section_has_its_words_and_its_lines_but_no_imports(lesson):
    assert lengths.sections(lesson)[-1] == lengths.Length("One more section", 6, 2, 1)


def test_the_sections_words_are_those_that_the_minutes_are_made_of(lesson):
    found = lengths.sections(lesson)
    assert found[0].title == lesson.title
    assert sum(section.words for section in found) == minutes.reckon(lesson).words


def test_answers_and_checks_are_nobody_s_to_read(lesson):
    given = [c for c in lesson.cells if c.kind == "code" and not c.role]
    lines = sum(section.given + section.folded for section in lengths.sections(lesson))
    assert 0 < lines <= sum(len(cell.source.splitlines()) for cell in given)


def test_lessons_are_told_by_their_numbers(root, capsys):
    assert lengths.main(["90"], root) == 0
    said = capsys.readouterr().out
    assert f"## {tiny.SLUG}" in said
    assert "| One more section | 6 | 2 | 1 |" in said
    assert lengths.main(["--of", str(root), "89"]) == 0
    assert capsys.readouterr().out == ""
