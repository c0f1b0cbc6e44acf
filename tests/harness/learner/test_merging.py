"""What is new in the course comes into a learner's copy, and nothing of the learner's is lost."""

from __future__ import annotations

import copy
import hashlib
import string

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.author import notebooks
from harness.author.lesson import read
from harness.grade import cells as grading
from harness.learner.merging import as_given, merge, own_cells
from tests.harness import tiny

ANSWER = "def mean_pool(t, m):\n    return (t * m[..., None]).sum(1) / m.sum(1, keepdim=True)"


@pytest.fixture
def make(tmp_path):
    """The tiny lesson's notebook, after replacements in its source."""

    def made(*changes: tuple[str, str]):
        text = tiny.LESSON
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        root = tiny.lay_out(tmp_path, text)
        return notebooks.release_notebook(read(root / "lessons" / f"{tiny.SLUG}.py"))

    return made


def cell(notebook, name):
    return next(c for c in notebook.cells if grading.grade_id(c) == name)


def place(notebook, part: str) -> int:
    (found,) = [i for i, c in enumerate(notebook.cells) if part in c.source]
    return found


def code(text: str):
    return nbformat.v4.new_code_cell(text)


def test_answers_and_added_cells_stay_and_what_is_new_comes(make):
    base = make()
    mine = copy.deepcopy(base)
    cell(mine, "mean_pool").source = ANSWER
    cell(mine, "90-q1").source = 'q1 = "b"\nquiz("90-q1", q1)'
    cell(mine, "90-q5").source = "Because all summands are equal."
    mine.cells.insert(place(mine, "def mean_pool") + 1, code("mean_pool(x, y).shape  # a try"))
    new = make(
        ("One idea, a tiny run", "One idea, a small run"),
        ("# Average the vectors", "# Average only the vectors"),
        ("import torch\n", "import torch\nimport math\n"),
        ('# %% quiz="90-q1"', '# %% [markdown]\n# What follows is a quiz.\n\n# %% quiz="90-q1"'),
    )
    merged = merge(base, new, mine)
    assert cell(merged, "mean_pool").source == ANSWER
    assert cell(merged, "90-q1").source.startswith('q1 = "b"')
    assert cell(merged, "90-q5").source == "Because all summands are equal."
    text = "\n".join(c.source for c in merged.cells)
    for part in ("a small run", "Average only the", "import math", "What follows is a quiz."):
        assert part in text
    assert "a tiny run" not in text
    assert place(merged, "# a try") == place(merged, "def mean_pool") + 1
    assert place(merged, "What follows is a quiz.") < place(merged, 'quiz("90-q1"')
    assert [c.id for c in merged.cells if "note-" in c.id] == []
    nbformat.validate(merged)


def test_outputs_stay_with_a_cell_whose_text_stays_and_go_with_one_that_changes(make):
    base = make()
    mine = copy.deepcopy(base)
    shown = nbformat.v4.new_output("stream", text="hello\n")
    for name in ("setup", "check_mean_pool"):
        cell(mine, name).outputs, cell(mine, name).execution_count = [shown], 3
    merged = merge(base, make(("import torch\n", "import torch\nimport math\n")), mine)
    assert cell(merged, "check_mean_pool").outputs == [shown]
    assert cell(merged, "setup").outputs == []
    assert cell(merged, "setup").execution_count is None


def test_an_answer_whose_stub_changed_stays_and_the_new_stub_is_shown_beside(make):
    base = make()
    mine = copy.deepcopy(base)
    cell(mine, "mean_pool").source = ANSWER
    new = make(("Average the real tokens' vectors:", "Average the tokens that are real:"))
    merged = merge(base, new, mine)
    assert cell(merged, "mean_pool").source == ANSWER
    note = merged.cells[place(merged, "def mean_pool(t, m)") + 1]
    assert note.cell_type == "markdown"
    assert "The course has changed the cell above" in note.source
    assert "Average the tokens that are real:" in note.source
    # The same again changes nothing, and a note that was deleted does not come back.
    assert merge(base, new, merged) == merged == merge(new, new, merged)
    merged.cells.remove(note)
    assert merge(new, new, merged) == merged


def test_a_given_cell_that_both_changed_is_there_in_both_forms(make):
    base = make()
    mine = copy.deepcopy(base)
    mine.cells[place(mine, "One idea")].source = "One idea, and what I think of it."
    new = make(("One idea, a tiny run", "One idea, a small run"))
    merged = merge(base, new, mine)
    at = place(merged, "a small run")
    assert "What you wrote stands below" in merged.cells[at + 1].source
    assert merged.cells[at + 2].source == "One idea, and what I think of it."
    assert merge(base, new, merged) == merged


def test_a_given_cell_that_only_the_learner_changed_stays_theirs(make):
    base = make()
    mine = copy.deepcopy(base)
    figure = mine.cells[place(mine, "ax.plot")]
    figure.source = figure.source.replace("[0, 1]", "[0, 2]")
    new = make(("One idea, a tiny run", "One idea, a small run"))
    merged = merge(base, new, mine)
    assert "ax.plot([0, 2]" in merged.cells[place(merged, "ax.plot")].source


def test_what_the_learner_deleted_stays_away_until_the_course_changes_it(make):
    base = make()
    mine = copy.deepcopy(base)
    del mine.cells[place(mine, "ax.plot")]
    other = make(("One idea, a tiny run", "One idea, a small run"))
    assert "ax.plot" not in "".join(c.source for c in merge(base, other, mine).cells)
    redrawn = make(('title="A line"', 'title="A straight line"'))
    assert 'title="A straight line"' in "".join(c.source for c in merge(base, redrawn, mine).cells)


def test_an_answer_to_what_the_course_removed_is_kept_as_a_cell_of_the_learner_s(make):
    base = make()
    mine = copy.deepcopy(base)
    cell(mine, "90-q2").source = 'q2 = "ac"\nquiz("90-q2", q2)'
    merged = merge(base, make(('# %% quiz="90-q2"\n', "")), mine)
    (kept,) = [c for c in merged.cells if "q2 =" in c.source]
    assert "nbgrader" not in kept.metadata
    assert [c for c in merged.cells if grading.grade_id(c) == "grade-90-q2"] == []


def test_cells_that_the_learner_moved_stay_where_they_put_them(make):
    base = make()
    mine = copy.deepcopy(base)
    mine.cells.insert(2, mine.cells.pop(place(mine, "ax.plot")))
    new = make(('# %% quiz="90-q2"', '# %% [markdown]\n# Take a breath.\n\n# %% quiz="90-q2"'))
    merged = merge(base, new, mine)
    assert place(merged, "ax.plot") == 2
    assert place(merged, "Take a breath.") < place(merged, 'quiz("90-q2"')
    assert place(merged, "Take a breath.") > place(merged, 'quiz("90-q1"')


def test_a_copy_that_lost_its_ids_is_still_recognised(make):
    base = make()
    mine = copy.deepcopy(base)
    cell(mine, "mean_pool").source = ANSWER
    for number, one in enumerate(mine.cells):
        one.id = f"elsewhere-{number}"
    new = make(("One idea, a tiny run", "One idea, a small run"))
    merged = merge(base, new, mine)
    assert cell(merged, "mean_pool").source == ANSWER
    assert [c.id for c in merged.cells] == [c.id for c in new.cells]


def test_without_a_base_answers_stay_and_what_the_course_no_longer_has_goes(make):
    mine = make()
    cell(mine, "mean_pool").source = ANSWER
    mine.cells.append(code("1 + 1  # mine"))
    new = make(("One idea, a tiny run", "One idea, a small run"))
    merged = merge(None, new, mine)
    restubbed = merge(None, make(("Average the real tokens' vectors:", "Average them:")), mine)
    assert "Average them:" in restubbed.cells[place(restubbed, "def mean_pool(t, m)") + 1].source
    text = "\n".join(c.source for c in merged.cells)
    assert cell(merged, "mean_pool").source == ANSWER
    assert "a small run" in text
    assert "a tiny run" not in text
    assert "1 + 1  # mine" in text
    assert [c.id for c in merged.cells if c.id.startswith("note-")] == []


def test_what_jupyterlab_set_stays_and_what_the_course_says_of_a_cell_is_the_course_s(make):
    base = make()
    mine = copy.deepcopy(base)
    mine.metadata.kernelspec = {"name": "warm", "display_name": "Warm"}
    mine.metadata.language_info.version = "3.11"
    mine.cells[2].metadata["jupyter"] = {"outputs_hidden": True}
    cell(mine, "check_mean_pool").metadata.nbgrader.points = 99
    new = make(('check="mean_pool" points=1', 'check="mean_pool" points=3'))
    merged = merge(base, new, mine)
    assert merged.metadata.kernelspec.name == "warm"
    assert merged.metadata.language_info.version == "3.11"
    assert merged.cells[2].metadata.jupyter == {"outputs_hidden": True}
    assert cell(merged, "check_mean_pool").metadata.nbgrader.points == 3


def test_own_cells_are_answers_added_and_changed_cells_and_no_outputs(make):
    notebook = make()
    assert own_cells(notebook) == []
    notebook.cells.append(code("  \n"))
    cell(notebook, "setup").outputs = [nbformat.v4.new_output("stream", text="hello")]
    assert own_cells(notebook) == []
    cell(notebook, "mean_pool").source = ANSWER
    cell(notebook, "90-q1").source = 'q1 = "b"'
    notebook.cells.append(code("1 + 1"))
    assert own_cells(notebook) == ["mean_pool", "90-q1", "1 + 1"]
    assert own_cells(as_given(notebook)) == []
    for number, one in enumerate(notebook.cells):
        one.id = f"elsewhere-{number}"
    assert own_cells(notebook, make().cells) == ["mean_pool", "90-q1", "1 + 1"]


# Notebooks as the build makes them: a cell's id is the beginning of its text's hash.
TEXTS = st.lists(st.sampled_from(string.ascii_lowercase), unique=True, max_size=8)


def given_notebook(texts):
    cells = []
    for text in texts:
        one = code(text)
        one.id = hashlib.sha256(text.encode()).hexdigest()[:12]
        cells.append(one)
    return nbformat.v4.new_notebook(cells=cells)


@st.composite
def worked_in(draw):
    """(base, new, mine): a learner changed, deleted, moved and added cells of a notebook."""
    base = given_notebook(draw(TEXTS))
    mine = copy.deepcopy(base)
    cells = [c for c in mine.cells if draw(st.integers(0, 4))]
    for number, one in enumerate(cells):
        if not draw(st.integers(0, 2)):
            one.source = f"{one.source} changed {number}"
    if draw(st.booleans()):
        cells = draw(st.permutations(cells))
    for number in range(draw(st.integers(0, 3))):
        cells.insert(draw(st.integers(0, len(cells))), code(f"added {number}"))
    mine.cells = cells
    return base, given_notebook(draw(TEXTS)), mine


@given(worked_in())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_both_did_nothing_of_the_learner_s_is_lost_and_all_that_is_new_comes(work):
    base, new, mine = work
    before = copy.deepcopy((base, new, mine))
    merged = merge(base, new, mine)
    assert (base, new, mine) == before
    texts = [c.source for c in merged.cells]
    given = {c.source for c in base.cells}
    theirs = [c.source for c in mine.cells if c.source not in given]
    assert sorted(t for t in texts if t in theirs) == sorted(theirs)
    came = {c.source for c in new.cells} - given
    assert came <= set(texts)
    gone = given - {c.source for c in new.cells}
    assert not gone & set(texts)
    ids = [c.id for c in merged.cells]
    assert len(set(ids)) == len(ids)
    # A merge that was cut off before its base was kept is done again, and nothing is done twice.
    assert sorted(c.source for c in merge(base, new, merged).cells) == sorted(texts)
    assert merge(new, new, merged) == merged
    assert merge(base, base, mine).cells == mine.cells


@given(worked_in())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_without_a_base_nothing_of_the_learner_s_is_lost_either(work):
    base, new, mine = work
    merged = merge(None, new, mine).cells
    given = {c.source for c in (*base.cells, *new.cells)}
    assert {c.source for c in mine.cells} - given <= {c.source for c in merged}
    assert {c.id for c in new.cells} <= {c.id for c in merged}
