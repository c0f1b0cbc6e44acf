import copy
import json
import os
import subprocess
import sys

import nbformat
import pytest

from harness.author import build, lesson
from harness.author.lesson import LessonError, parse_hints
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


def tree(root) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_building_twice_writes_once(root):
    written = build.build(root)
    assert {str(p.relative_to(root)) for p in written} == {
        "notebooks/90_tiny.ipynb",
        "lib/learn/catalogue.json",
    }
    before = tree(root)
    assert build.build(root) == []
    assert tree(root) == before


@pytest.mark.slow
def test_the_build_is_the_same_whatever_the_hash_seed(root):
    code = (
        "import sys; from pathlib import Path; from harness.author import build\n"
        "root = Path(sys.argv[1]); lessons = build.load(root)\n"
        "texts = [*build.generated(root, lessons).values()]\n"
        "texts += [build.to_text(build.source_notebook(x)) for x in lessons]\n"
        "sys.stdout.write('\\0'.join(texts))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, str(root)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(outputs[0]) > 10_000
    assert outputs[0] == outputs[1]


@pytest.mark.slow
def test_the_release_is_what_stock_nbgrader_makes_but_for_quiz_stubs(tiny_lesson, tmp_path):
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    folder = tmp_path / "class"
    source = folder / "source" / tiny.SLUG / f"{tiny.SLUG}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(build.to_text(build.source_notebook(tiny_lesson)))
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
    ours = build.release_notebook(tiny_lesson)
    assert len(stock.cells) == len(ours.cells)
    stubs = {
        name: build.quiz_stub(item)
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

    cells = by_grade_id(build.release_notebook(tiny_lesson))
    assert len(cells) >= 14
    for cell in cells.values():
        if cell.metadata.nbgrader.get("checksum"):
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)
    assert cells["90-q1"].metadata.nbgrader.get("checksum")


def test_every_form_is_a_valid_notebook(tiny_lesson):
    for form in (build.source_notebook, build.release_notebook, build.worked_notebook):
        notebook = nbformat.reads(build.to_text(form(tiny_lesson)), as_version=4)
        nbformat.validate(notebook)
        ids = [cell.id for cell in notebook.cells]
        assert len(set(ids)) == len(ids)
        assert all(not cell.get("outputs") for cell in notebook.cells)


def test_the_release_holds_no_secret_and_the_source_holds_all(tiny_lesson):
    released = sources(build.release_notebook(tiny_lesson))
    metadata = build.to_text(build.release_notebook(tiny_lesson))
    for secret in SECRETS:
        assert secret not in released, secret
        assert secret not in metadata, secret
    source = sources(build.source_notebook(tiny_lesson))
    for secret in ("unsqueeze(-1)", "hidden=7", "grade_answer(", 'key="cab"', "summands are equal"):
        assert secret in source, secret


def test_the_release_has_stubs_that_say_so(tiny_lesson):
    cells = by_grade_id(build.release_notebook(tiny_lesson))
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
    cells = by_grade_id(build.source_notebook(tiny_lesson))
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
    opening = build.release_notebook(tiny_lesson).cells[0].source
    assert opening.startswith("# 90 A tiny lesson\n\nAbout 5 minutes.")
    assert "- see a check" in opening
    assert "- Python" in opening


def test_the_worked_form_runs_as_plain_python_without_marks_or_hidden_cells(tiny_lesson):
    notebook = build.worked_notebook(tiny_lesson)
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
    before = [cell.id for cell in build.source_notebook(tiny_lesson).cells]
    more = tiny.LESSON.replace(
        '# %% [markdown] card="mean_pool"',
        '# %% [markdown]\n# A new thought.\n\n# %%\n2 + 2\n\n# %% [markdown] card="mean_pool"',
    )
    tiny.lay_out(root, more)
    after = [cell.id for cell in build.source_notebook(lesson.read(tiny_lesson.path)).cells]
    assert len(after) == len(before) + 2
    assert [cell for cell in after if cell in before] == before


def test_cells_with_the_same_text_have_ids_of_their_own(root, tiny_lesson):
    tiny.lay_out(root, tiny.LESSON + "\n# %%\n1 + 1\n\n# %%\n1 + 1\n")
    ids = [cell.id for cell in build.source_notebook(lesson.read(tiny_lesson.path)).cells]
    assert ids[-1] == f"{ids[-2]}-2"


def executed(tiny_lesson):
    """The source form as papermill leaves it: outputs, timings, an injected cell."""
    notebook = copy.deepcopy(build.source_notebook(tiny_lesson))
    for number, cell in enumerate(notebook.cells):
        cell.metadata["papermill"] = {"duration": 1.5}
        if cell.cell_type == "code":
            cell.metadata.setdefault("tags", [])
            cell.metadata["execution"] = {"iopub.status.busy": "now"}
            cell.execution_count = number
            cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}\n")]
    injected = nbformat.v4.new_code_cell("SEED = 1", metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(3, injected)
    notebook.metadata["papermill"] = {"parameters": {"SEED": 1}}
    return notebook


def test_what_is_saved_is_worked_keeps_outputs_and_no_trace_of_the_run(tiny_lesson):
    saved = build.saved(executed(tiny_lesson))
    text = build.to_text(saved)
    worked = build.worked_notebook(tiny_lesson)
    assert [c.source for c in saved.cells] == [c.source for c in worked.cells]
    for trace in ("papermill", "injected", "SEED = 1", "iopub", "hidden=7", "BEGIN", "duration"):
        assert trace not in text, trace
    assert sum(bool(c.get("outputs")) for c in saved.cells) == sum(
        c.cell_type == "code" for c in worked.cells
    )
    assert [c.metadata for c in saved.cells] == [c.metadata for c in worked.cells]
    nbformat.validate(nbformat.reads(text, as_version=4))


def test_a_refused_lesson_writes_nothing_at_all(root):
    build.build(root)
    (root / "lessons" / "91_broken.py").write_text(
        tiny.LESSON.replace('lesson: "90"', 'lesson: "91"').replace(" seed=7", "")
    )
    (root / "lessons" / f"{tiny.SLUG}.py").write_text(tiny.LESSON.replace("One idea", "An idea"))
    (root / "notebooks" / "80_gone.ipynb").write_text("{}")
    before = tree(root)
    with pytest.raises(LessonError, match="seed"):
        build.build(root)
    assert tree(root) == before


def test_a_notebook_without_a_lesson_is_removed(root):
    build.build(root)
    gone = root / "notebooks" / "80_gone.ipynb"
    gone.write_text("{}")
    assert [str(d) for d in build.drift(root) if d.path == gone] == [f"{gone}: has no lesson"]
    assert build.build(root) == [gone]
    assert not gone.exists()


def work_in(path, text="def mean_pool(t, m):\n    return t.mean(1)"):
    notebook = nbformat.read(path, as_version=4)
    cell = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution"))
    cell.source = text
    nbformat.write(notebook, path)


def test_a_notebook_that_was_worked_in_is_not_overwritten(root):
    build.build(root)
    notebook = root / "notebooks" / "90_tiny.ipynb"
    work_in(notebook)
    tiny.lay_out(root, tiny.LESSON.replace("a tiny run", "a small run"))
    before = tree(root)
    with pytest.raises(build.Answered) as refused:
        build.build(root)
    assert refused.value.cells == {notebook: ["mean_pool"]}
    assert tree(root) == before
    written = build.build(root, overwrite_answers=True)
    (kept,) = (root / "my").glob("90_tiny.yours-*.ipynb")
    assert written == [kept, notebook]
    assert "t.mean(1)" in kept.read_text()
    assert "a small run" in notebook.read_text()
    assert build.build(root) == []


@pytest.mark.parametrize("kind", ["stub", "outputs", "blank"])
def test_what_is_no_work_is_overwritten_as_ever(kind, root):
    """A lesson's stub changed; the notebook was run; a blank cell was left at its end."""
    build.build(root)
    notebook = root / "notebooks" / "90_tiny.ipynb"
    there = nbformat.read(notebook, as_version=4)
    if kind == "outputs":
        for cell in there.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("stream", text="hello")]
    if kind == "blank":
        there.cells.append(nbformat.v4.new_code_cell(""))
    nbformat.write(there, notebook)
    tiny.lay_out(root, tiny.LESSON.replace("Average the real tokens' vectors", "Average them"))
    assert notebook in build.build(root)
    assert not (root / "my").exists()


def test_a_notebook_of_somebody_s_own_is_not_removed(root):
    build.build(root)
    own = root / "notebooks" / "scratch.ipynb"
    cells = [nbformat.v4.new_code_cell("1 + 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), own)
    with pytest.raises(build.Answered):
        build.build(root)
    assert own.exists()
    build.build(root, overwrite_answers=True)
    assert not own.exists()
    assert len(list((root / "my").glob("scratch.yours-*.ipynb"))) == 1


def test_a_broken_notebook_is_built_anew_and_what_was_in_it_is_kept(root):
    build.build(root)
    notebook = root / "notebooks" / "90_tiny.ipynb"
    text = notebook.read_text()
    notebook.write_text("<<<<<<< HEAD\n" + text)
    build.build(root)
    assert notebook.read_text() == text
    (kept,) = (root / "my").iterdir()
    assert kept.read_text() == "<<<<<<< HEAD\n" + text


def test_drift_names_each_file_and_its_reason(root, tiny_lesson):
    notebook = root / "notebooks" / "90_tiny.ipynb"
    solution = root / "solutions" / "90_tiny.ipynb"

    def reasons():
        return {d.path: d.reason for d in build.drift(root)}

    assert reasons()[notebook] == "is missing"
    build.build(root)
    assert list(reasons()) == [solution]
    solution.write_text(build.to_text(build.saved(executed(tiny_lesson))))
    assert reasons() == {}
    notebook.write_text(notebook.read_text().replace("One idea", "An idea"))
    (root / build.CATALOGUE).write_text("{}")
    tiny.lay_out(root, tiny.LESSON.replace("a tiny run", "a small run"))
    found = reasons()
    assert found[notebook] == "differs from its lesson"
    assert found[root / build.CATALOGUE] == "differs from its lesson"
    assert found[solution].startswith("differs from its lesson: run `course run --save`")


def test_the_catalogue_has_hints_and_points_but_no_key(tiny_lesson):
    text = build.catalogue_text([tiny_lesson])
    (entry,) = json.loads(text)["lessons"]
    assert (entry["number"], entry["slug"], entry["minutes"]) == ("90", "90_tiny", 5)
    (exercise,) = entry["exercises"]
    assert exercise["points"] == 3
    assert exercise["title"] == "mean pooling that minds the mask"
    assert exercise["hints"][2] == {
        "symptom": "You get NaN.",
        "hint": "A text may have no token at all.",
    }
    assert entry["quiz"][1] == {"id": "90-q2", "kind": "multiple", "points": 1}
    for secret in ("key", "feedback", "rubric", "tolerance", "solution", "seed"):
        assert secret not in text


def test_a_hint_may_run_over_several_lines():
    hints = parse_hints("- **One\n  two.** Three\n  four.\n- **Five.** Six.\n- no hint\n")
    assert hints == [
        {"symptom": "One two.", "hint": "Three four."},
        {"symptom": "Five.", "hint": "Six."},
    ]
