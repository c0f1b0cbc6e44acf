import re
from pathlib import Path

import nbformat
import pytest

from course_site import executed, lesson_page
from course_site.repository import Repository
from harness.author import notebooks
from harness.author.lesson import BEGIN_HIDDEN
from harness.execute import page

ROOT = Path(__file__).parents[2]
REPOSITORY = Repository("one/two")


def lesson(number: str):
    (found,) = executed.load(ROOT, [number])
    return found


def release_of(slug: str):
    return nbformat.read(ROOT / "notebooks" / f"{slug}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def pooling(tmp_path_factory):
    found = lesson("02")
    static = tmp_path_factory.mktemp("static")
    return lesson_page.notebook(found, release_of(found.slug), REPOSITORY, static)


def place(notebook, words: str) -> int:
    return next(i for i, cell in enumerate(notebook.cells) if words in cell.source)


def test_a_stub_stands_open_and_its_worked_answer_behind_a_click(pooling):
    at = place(pooling, "def mean_pool(")
    stub, answer = pooling.cells[at : at + 2]
    assert "raise NotImplementedError" in stub.source
    assert "tags" not in stub.metadata
    assert "clamp(min=1)" in answer.source
    assert answer.metadata["tags"] == ["hide-input"]
    assert answer.metadata["mystnb"]["code_prompt_show"] == "Show a worked answer of mean_pool"


def test_no_worked_answer_stands_open(pooling):
    found = lesson("02")
    release = {cell.source for cell in release_of(found.slug).cells}
    for cell in pooling.cells:
        if cell.cell_type == "code" and not cell.metadata.get("tags"):
            assert cell.source in release or "PROFILE" in cell.source


def test_the_key_of_a_question_and_what_it_tells_are_behind_a_click(pooling):
    cell = pooling.cells[place(pooling, 'q1 = "d"')]
    assert cell.metadata["tags"] == ["hide-cell"]
    assert "None" not in cell.source
    assert cell.outputs


def test_an_answer_in_prose_is_behind_a_click(pooling):
    cell = pooling.cells[place(pooling, "Show an answer to 02-q8")]
    assert cell.source.startswith('<details class="worked"><summary>')
    assert cell.source.endswith("</details>")


def test_hidden_checks_are_not_on_the_page(pooling):
    text = notebooks.to_text(pooling)
    assert BEGIN_HIDDEN not in text
    assert not re.search(r"hidden=\d", text)
    assert "grade_answer(" not in text


def test_the_code_of_figures_is_folded_and_their_pictures_have_words(pooling):
    shown = [c for c in pooling.cells if "<img" in str(c.get("outputs"))]
    assert len(shown) >= 5
    for cell in shown:
        assert cell.metadata["tags"] == ["hide-input"]
        assert "base64" not in str(cell.outputs)
        assert 'alt="' in str(cell.outputs)


def test_the_buttons_open_this_lesson(pooling):
    first = pooling.cells[0].source
    for link in ("colab.research.google.com", "mybinder.org", "codespaces.new"):
        assert link in first
    assert first.count("notebooks/02_pooling.ipynb") == 1
    assert "/blob/colab/02_pooling.ipynb" in first


def test_a_page_says_how_one_reads_it(pooling):
    assert lesson_page.HOW_TO_READ in pooling.cells[0].source
    assert notebooks.HOW_TO_WORK not in pooling.cells[0].source


def test_a_plotly_figure_is_a_place_that_the_shared_script_fills(tmp_path):
    found = lesson("06")
    made = lesson_page.notebook(found, release_of(found.slug), REPOSITORY, tmp_path)
    text = notebooks.to_text(made)
    assert text.count('class=\\"plotly-figure\\"') == 1
    assert page.PLOTLY not in text


def a_lesson(*cells):
    whole = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 90 T"), *cells])
    return executed.Executed("90_t", whole, "here.ipynb")


def test_an_answer_without_a_stub_is_refused(tmp_path):
    cell = nbformat.v4.new_code_cell("x = 1")
    cell.metadata["nbgrader"] = {"grade_id": "x", "solution": True}
    with pytest.raises(ValueError, match=r"'x' has no stub in notebooks/.*course build"):
        lesson_page.notebook(a_lesson(cell), nbformat.v4.new_notebook(), REPOSITORY, tmp_path)


@pytest.mark.parametrize("words", [{}, {"text/plain": "<Figure>"}])
def test_a_picture_without_alt_text_is_refused(tmp_path, words):
    shown = nbformat.v4.new_output("display_data", data={"image/png": "AAAA", **words})
    cell = nbformat.v4.new_code_cell("plt.show()", outputs=[shown])
    with pytest.raises(ValueError, match=r"lib\.plots\.show"):
        lesson_page.notebook(a_lesson(cell), nbformat.v4.new_notebook(), REPOSITORY, tmp_path)
