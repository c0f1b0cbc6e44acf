"""What tells a result is folded in what a learner opens, and only that."""

from __future__ import annotations

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.author import folding, notebooks
from harness.author.lesson import Cell, Lesson, read
from tests.harness import tiny

CLAIM = 'claim("The mean of ones is one."'
PROSE = "# %% [markdown]\n# One idea, a tiny run, a printed shape.\n"
lines = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)


def code(source: str, **metadata) -> Cell:
    return Cell("code", source, metadata, 1)


def tiny_lesson(root, text: str = tiny.LESSON) -> Lesson:
    return read(tiny.lay_out(root, text) / "lessons" / f"{tiny.SLUG}.py")


def cell_with(notebook: nbformat.NotebookNode, text: str) -> nbformat.NotebookNode:
    (found,) = [cell for cell in notebook.cells if text in cell.source]
    return found


def hidden(cell: nbformat.NotebookNode) -> bool:
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


@pytest.mark.parametrize(
    "source",
    [
        'claim("One is one.", True, measured="1")',
        'learn.claim("One is one.", True, measured="1")',
        'if PROFILE == "full":\n    for x in y:\n        claim("One.", x, measured="1")',
        'fig = plots.bars([1])\nplots.show(fig, alt="One bar.")',
        'show(fig, "One bar.")',
        'explore(figure, "One bar that grows.", still)',
    ],
)
def test_claims_and_figures_are_folded_without_a_tag(source):
    assert folding.is_folded(code(source))


@pytest.mark.parametrize(
    "source",
    ["x = 1", "claims = [1]", "print('claim(')", "def claim_of(x):\n    return x", "claim(", ""],
)
def test_other_code_is_folded_by_its_tag_alone(source):
    assert not folding.is_folded(code(source))
    assert folding.is_folded(code(source, tags=["folded"]))


@pytest.mark.parametrize("role", ["answer", "check", "card", "quiz", "hints", "hidden"])
def test_what_a_learner_has_to_see_is_never_folded(role):
    told = 'claim("One is one.", True, measured="1")'
    assert not folding.is_folded(code(told, **{role: "mean_pool"}, tags=["folded"]))
    assert not folding.is_folded(code(told, tags=["parameters", "folded"]))


@given(st.lists(lines, min_size=1, max_size=6), st.sampled_from(["", "## 2. Why\n\n", "### So\n"]))
def test_folded_prose_comes_back_as_it_was_written(written, heading):
    source = heading + "\n".join(written)
    wrapped = folding.wrap(source)
    assert folding.unwrapped(wrapped) == source
    assert folding.unwrapped(source) == source
    assert wrapped.startswith(heading)
    assert wrapped.endswith("</details>")


def test_the_release_folds_the_claim_and_the_figure_and_shows_the_rest(tmp_path):
    notebook = notebooks.release_notebook(tiny_lesson(tmp_path))
    folded = [cell for cell in notebook.cells if hidden(cell) and "nbgrader" not in cell.metadata]
    assert [cell.source.split("\n")[0] for cell in folded] == [
        'pool = yours("mean_pool", mean_pool, instead=pooling.mean_pool)',
        "fig, ax = plt.subplots(figsize=(3, 2))",
    ]
    assert "<details>" not in "".join(cell.source for cell in notebook.cells)
    assert not hidden(cell_with(notebook, "import matplotlib"))
    assert not hidden(cell_with(notebook, "raise NotImplementedError()"))
    assert not hidden(cell_with(notebook, "headline("))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (PROSE, PROSE.replace("[markdown]", '[markdown] tags=["folded"]')),
        (PROSE, PROSE.replace("# One", "# ## Takeaways\n#\n# One")),
    ],
    ids=["a tag", "takeaways"],
)
def test_prose_is_folded_for_the_learner_and_open_in_the_worked_lesson(old, new, tmp_path):
    assert old in tiny.LESSON
    lesson = tiny_lesson(tmp_path, tiny.LESSON.replace(old, new))
    released = cell_with(notebooks.release_notebook(lesson), "One idea").source
    assert released.index("<details>") < released.index("One idea") < released.index("</details>")
    assert "## Takeaways" not in released or released.startswith("## Takeaways\n\n<details>")
    worked = notebooks.worked_notebook(lesson)
    assert "<details>" not in "".join(cell.source for cell in worked.cells)
    assert hidden(cell_with(worked, CLAIM))  # its result stands below it


def test_the_opening_says_what_a_folded_cell_is(tmp_path):
    opening = notebooks.release_notebook(tiny_lesson(tmp_path)).cells[0].source
    assert "run a folded cell to see its result" in opening


def problems(root, text: str) -> list[str]:
    return [problem.message for problem in folding.problems(tiny_lesson(root, text))]


@pytest.mark.parametrize(
    "heading",
    [
        "2. Do equal numbers have a mean?",  # a question leaves it open
        "2. The mean",  # two words or fewer say nothing
        "2. The mean of other numbers",
        "Exercise: nothing",
    ],
)
def test_a_heading_that_leaves_the_result_open_is_accepted(heading, tmp_path):
    section = f'# %% [markdown]\n# ## {heading}\n\n# %% quiz="90-q1"\n'
    text = tiny.LESSON.replace('# %% quiz="90-q1"\n', section)
    text += '\n# %%\nclaim("Equal numbers have a mean.", True, measured="1")\n'
    assert problems(tmp_path, text) == []


def test_a_telling_heading_is_refused_only_where_something_is_predicted(tmp_path):
    heading = "# %% [markdown]\n# ## 2. Equal numbers have a mean\n\n"
    told = '\n# %%\nclaim("Equal numbers have a mean.", True, measured="1")\n'
    predicted = tiny.LESSON.replace('# %% quiz="90-q1"\n', f'{heading}# %% quiz="90-q1"\n') + told
    (message,) = problems(tmp_path, predicted)
    assert "the heading 'Equal numbers have a mean' tells before it is run" in message
    not_predicted = tiny.LESSON.replace('# %% quiz="90-q2"\n', f'{heading}# %% quiz="90-q2"\n')
    assert problems(tmp_path, not_predicted + told) == []
