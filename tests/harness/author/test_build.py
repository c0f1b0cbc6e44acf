"""The files that the build writes, keeps and removes, and how it tells drift."""

import os
import subprocess
import sys

import nbformat
import pytest

from harness.author import build, catalogue, lesson, notebooks
from harness.author.lesson import LessonError
from tests.harness import tiny


@pytest.fixture
def tiny_lesson(root):
    return lesson.read(root / "lessons" / f"{tiny.SLUG}.py")


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
        "import sys; from pathlib import Path; from harness.author import build, loading, notebooks\n"
        "root = Path(sys.argv[1]); lessons = loading.load(root)\n"
        "texts = [*build.generated(root, lessons).values()]\n"
        "texts += [notebooks.to_text(notebooks.source_notebook(x)) for x in lessons]\n"
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
    solution.write_text(
        notebooks.to_text(notebooks.saved(tiny.executed(notebooks.source_notebook(tiny_lesson))))
    )
    assert reasons() == {}
    notebook.write_text(notebook.read_text().replace("One idea", "An idea"))
    (root / catalogue.CATALOGUE).write_text("{}")
    tiny.lay_out(root, tiny.LESSON.replace("a tiny run", "a small run"))
    found = reasons()
    assert found[notebook] == "differs from its lesson"
    assert found[root / catalogue.CATALOGUE] == "differs from its lesson"
    assert found[solution].startswith("differs from its lesson: run `course run --save`")
