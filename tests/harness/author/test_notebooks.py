"""The notebook forms of a lesson: what each holds, and what a learner's must not."""

import json
import os
import sys

import nbformat
import pytest

from harness.author import lesson, notebooks
from tests.harness import tiny

SECRETS = [
    *("unsqueeze(-1)", "hidden=7", "grade_answer(", "### BEGIN", "### END"),
    *('q1 = "b"', 'q2 = "ac"', "q3 = 0.5", 'q4 = "cab"'),
    *("Yes, whatever their number.", "That would be the mean", "Halve it once more.", "exactly so"),
    *("all summands are equal", "Names the summands", "the double of it"),
]


@pytest.fixture
def tiny_lesson(root):
    return lesson.read(root / "lessons" / f"{tiny.SLUG}.py")


def by_grade_id(notebook) -> dict:
    graded = (c for c in notebook.cells if "nbgrader" in c.metadata)
    return {cell.metadata.nbgrader.grade_id: cell for cell in graded}


def sources(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


@pytest.mark.slow
def test_the_release_is_what_stock_nbgrader_makes_but_for_quiz_stubs(tiny_lesson, tmp_path):
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    folder = tmp_path / "class"
    source = folder / "source" / tiny.SLUG / f"{tiny.SLUG}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(notebooks.to_text(notebooks.source_notebook(tiny_lesson)))
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "tiny"
    # A new gradebook calls the program `alembic`, which stands beside this Python.
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)
        answer = NbGraderAPI(config=config).generate_assignment(tiny.SLUG)
    assert answer["success"], answer.get("log")
    stock = nbformat.read(folder / "release" / tiny.SLUG / f"{tiny.SLUG}.ipynb", as_version=4)
    ours = notebooks.release_notebook(tiny_lesson)
    assert len(stock.cells) == len(ours.cells)
    stubs = {
        name: notebooks.quiz_stub(item)
        for name, item in tiny_lesson.quiz.items()
        if item["kind"] != "free"
    }
    met = set()
    for theirs, mine in zip(stock.cells, ours.cells):
        name = mine.metadata.get("nbgrader", {}).get("grade_id")
        if name in stubs:
            met.add(name)
            assert mine.source == stubs[name]
            for cell in (theirs, mine):
                cell.source = ""
                del cell.metadata.nbgrader["checksum"]
        assert json.loads(json.dumps(theirs)) == json.loads(json.dumps(mine))
    assert met == set(stubs)
    assert stock.metadata.kernelspec == ours.metadata.kernelspec
    assert stock.metadata.course == ours.metadata.course


def test_checksums_hold_for_the_cells_as_released(tiny_lesson):
    from nbgrader.utils import compute_checksum

    cells = by_grade_id(notebooks.release_notebook(tiny_lesson))
    assert len(cells) >= 14
    for cell in cells.values():
        if cell.metadata.nbgrader.get("checksum"):
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)
    assert cells["90-q1"].metadata.nbgrader.get("checksum")


def test_every_form_is_a_valid_notebook(tiny_lesson):
    for form in (notebooks.source_notebook, notebooks.release_notebook, notebooks.worked_notebook):
        notebook = nbformat.reads(notebooks.to_text(form(tiny_lesson)), as_version=4)
        nbformat.validate(notebook)
        ids = [cell.id for cell in notebook.cells]
        assert len(set(ids)) == len(ids)
        assert all(not cell.get("outputs") for cell in notebook.cells)


def test_the_release_holds_no_secret_and_the_source_holds_all(tiny_lesson):
    released = sources(notebooks.release_notebook(tiny_lesson))
    metadata = notebooks.to_text(notebooks.release_notebook(tiny_lesson))
    for secret in SECRETS:
        assert secret not in released, secret
        assert secret not in metadata, secret
    source = sources(notebooks.source_notebook(tiny_lesson))
    for secret in ("unsqueeze(-1)", "hidden=7", "grade_answer(", 'key="cab"', "summands are equal"):
        assert secret in source, secret


def test_the_release_has_stubs_that_say_so(tiny_lesson):
    cells = by_grade_id(notebooks.release_notebook(tiny_lesson))
    stub = cells["mean_pool"].source
    assert "def mean_pool(token_embeddings: torch.Tensor" in stub
    assert '"""Average the real tokens' in stub
    assert stub.rstrip().endswith("raise NotImplementedError()")
    assert cells["90-q2"].source == (
        'q2 = None  # your answer, for example "ac"\nquiz("90-q2", q2)'
    )
    assert cells["hidden_mean_pool"].source.startswith("# Further cases of mean_pool")
    assert len(cells["hidden_mean_pool"].source.splitlines()) == 1


def test_points_and_locks_are_in_nbgraders_metadata(tiny_lesson):
    cells = by_grade_id(notebooks.source_notebook(tiny_lesson))
    points = {name: c.metadata.nbgrader.get("points") for name, c in cells.items()}
    assert points["check_mean_pool"] == 1
    assert points["hidden_mean_pool"] == 2
    assert points["grade-90-q1"] == 1
    assert points["90-q5"] == 2
    for name in ("check_mean_pool", "hidden_mean_pool", "grade-90-q3", "setup", "parameters"):
        assert cells[name].metadata.nbgrader.locked, name
    assert not cells["mean_pool"].metadata.nbgrader.locked
    assert cells["mean_pool"].metadata.nbgrader.solution
    assert cells["parameters"].metadata.tags == ["parameters"]
    assert sum(p or 0 for p in points.values()) == 9


def test_the_opening_cell_says_what_the_header_says(tiny_lesson):
    opening = notebooks.release_notebook(tiny_lesson).cells[0].source
    assert opening.startswith("# 90 A tiny lesson\n\nAbout 25 minutes.")
    assert "- see a check" in opening
    assert "- Python" in opening


def test_the_worked_form_runs_as_plain_python_without_marks_or_hidden_cells(tiny_lesson):
    notebook = notebooks.worked_notebook(tiny_lesson)
    text = sources(notebook)
    assert "unsqueeze(-1)" in text
    assert "###" not in text.replace("### Exercise", "")
    assert "hidden=7" not in text
    assert "grade_answer(" not in text
    assert 'q4 = "cab"' in text
    for cell in notebook.cells:
        if cell.cell_type == "code":
            compile(cell.source, cell.id, "exec")


def test_adding_a_cell_leaves_all_other_ids_alone(root, tiny_lesson):
    before = [cell.id for cell in notebooks.source_notebook(tiny_lesson).cells]
    more = tiny.LESSON.replace(
        '# %% [markdown] card="mean_pool"',
        '# %% [markdown]\n# A new thought.\n\n# %%\n2 + 2\n\n# %% [markdown] card="mean_pool"',
    )
    tiny.lay_out(root, more)
    after = [cell.id for cell in notebooks.source_notebook(lesson.read(tiny_lesson.path)).cells]
    assert len(after) == len(before) + 2
    assert [cell for cell in after if cell in before] == before


def test_cells_with_the_same_text_have_ids_of_their_own(root, tiny_lesson):
    tiny.lay_out(root, tiny.LESSON + "\n# %%\n1 + 1\n\n# %%\n1 + 1\n")
    ids = [cell.id for cell in notebooks.source_notebook(lesson.read(tiny_lesson.path)).cells]
    assert ids[-1] == f"{ids[-2]}-2"


def test_what_is_saved_is_worked_keeps_outputs_and_no_trace_of_the_run(tiny_lesson):
    saved = notebooks.saved(tiny.executed(notebooks.source_notebook(tiny_lesson)))
    text = notebooks.to_text(saved)
    worked = notebooks.worked_notebook(tiny_lesson)
    assert [c.source for c in saved.cells] == [c.source for c in worked.cells]
    for trace in ("papermill", "injected", "SEED = 1", "iopub", "hidden=7", "BEGIN", "duration"):
        assert trace not in text, trace
    assert sum(bool(c.get("outputs")) for c in saved.cells) == sum(
        c.cell_type == "code" for c in worked.cells
    )
    assert [c.metadata for c in saved.cells] == [c.metadata for c in worked.cells]
    nbformat.validate(nbformat.reads(text, as_version=4))
