import json
import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from harness.execute import page
from harness.execute.page import PLOTLY, PLOTLY_SCRIPT, Heading

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TITLE = {"course": {"lesson": "90", "title": 'Vectors & "words"', "slug": "90_tiny"}}


def prose(source: str):
    return nbformat.v4.new_markdown_cell(source)


def code(source: str, *outputs, **metadata):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def shown(**data):
    kinds = {name.replace("__", "/"): content for name, content in data.items()}
    return nbformat.v4.new_output("display_data", data=kinds)


def printed(text: str):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells), metadata=TITLE)


def rendered(*cells) -> BeautifulSoup:
    return BeautifulSoup(page.render(notebook(*cells)), "html.parser")


def a_figure(words: str = "A line that rises."):
    data = [{"type": "scatter", "x": [1, 2], "y": [1, 2]}]
    layout = {"height": 300, "title": {"text": "</script><b>"}}
    return nbformat.v4.new_output(
        "display_data", data={PLOTLY: {"data": data, "layout": layout}, "text/plain": words}
    )


def test_a_page_has_a_title_a_language_and_its_text():
    found = rendered(prose("# Words"), code("x = 1", printed("one < two\n")))
    assert found.html["lang"] == "en"
    assert found.title.text == '90 Vectors & "words"'
    assert "x = 1" in found.select_one(".code").text
    assert "one < two" in found.select_one(".jp-OutputArea").text
    assert found.main is not None


def test_a_page_names_no_other_machine_and_loads_no_script():
    cells = [prose("# One\n\n$x^2$ [a link](https://example.org)"), code("x", printed("y"))]
    found = rendered(*cells)
    loaded = [tag for tag in found.find_all(["script", "link", "img", "iframe"]) if tag.get("src")]
    assert loaded == []
    assert not re.search(r"https?://", re.sub(r'(?:href|xmlns)="[^"]*"', "", str(found)))


@pytest.mark.parametrize(
    ("latex", "parts"),
    [
        (r"\max(0, \ln \frac{p(a, b)}{p(a)\,p(b)})", {"mfrac"}),
        (
            r"-\ln \sigma(c \cdot o) - \sum_{i=1}^{k} \ln \sigma(-c \cdot n_i)",
            {"msubsup", "munderover"},
        ),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", {"mtable"}),
        (r"^{0.75}", {"msup"}),
        (r"x_{<t} & y", {"msub"}),
    ],
)
def test_a_formula_is_mathml(latex, parts):
    found = BeautifulSoup(page.formula(latex), "html.parser")
    assert found.find("math") is not None
    assert parts & {tag.name for tag in found.find_all(True)}


def test_formulas_of_a_page_are_drawn_by_the_browser_not_by_a_script():
    found = rendered(
        prose("Inline $a_b$ and `$c$`.\n\n$$\\frac{1}{2}$$\n\n\\begin{align}x\\end{align}")
    )
    kinds = [math["display"] for math in found.find_all("math")]
    assert kinds == ["inline", "block", "block"]
    assert found.find("code").text == "$c$"
    assert len(found.select(".formula")) == 2


def test_a_formula_that_cannot_be_read_stays_as_it_was_written():
    assert page.formula(r"\left( a < b") == r"<code>\left( a &lt; b</code>"


def test_a_function_s_name_is_apart_from_its_argument():
    assert "mspace" in page.formula(r"\ln \sigma")
    assert "mspace" not in page.formula(r"\ln(x)")


def test_contents_link_to_every_section_once():
    found = rendered(
        prose("# Title\n\n## 1. One `x`\n\n### Inside\n\n#### Deep"),
        prose("## [Two](#x)\n\n### Inside\n\n## $y$"),
    )
    links = found.select("nav a")
    assert [link.text for link in links] == ["1. One x", "Inside", "Two", "Inside", "y"]
    targets = [link["href"].removeprefix("#") for link in links]
    assert len(set(targets)) == len(targets)
    for target, link in zip(targets, links):
        assert found.find(id=target).text == link.text
    assert [item.parent.parent.name for item in found.select("nav li")] == [
        "details", "li", "details", "li", "details"
    ]  # fmt: skip


def test_contents_begin_with_whatever_heading_is_first():
    levels = [3, 2, 3, 3]
    found = BeautifulSoup(
        page.contents([Heading(level, f"h{i}", f"a{i}") for i, level in enumerate(levels)]),
        "html.parser",
    )
    assert len(found.find_all("li")) == 4
    assert page.contents([]) == ""
    assert rendered(prose("words")).nav is None


def test_folded_code_is_closed_and_its_result_open():
    found = rendered(code("claim(1)", printed("holds"), jupyter={"source_hidden": True}))
    folded = found.select_one("details.folded-code")
    assert not folded.has_attr("open")
    assert "claim(1)" in folded.text
    assert "holds" not in folded.text
    assert "holds" in found.main.text


GRADED = {"nbgrader": {"grade": True, "grade_id": "hidden_x", "locked": True, "solution": False}}


def test_what_a_reader_has_no_use_for_is_left_out():
    hidden = "# Checked here.\n### BEGIN HIDDEN TESTS\nassert secret\n### END HIDDEN TESTS"
    found = rendered(
        code("# Checked here when the notebook is graded.", printed("passed"), **GRADED),
        code(hidden, printed("passed"), **GRADED),
        code(""),
        prose("  \n"),
        code("check('x', x)", printed("x: right"), **GRADED),
        code("def x():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"),
        code("# Only a remark, and not the grader's."),
    )
    text = found.main.text
    for gone in ("Checked here", "secret", "passed", "### "):
        assert gone not in text
    assert len(found.select(".cell")) == 3
    for kept in ("x: right", "return 1", "Only a remark"):
        assert kept in text


def test_parameters_stand_once_with_the_values_of_the_run():
    found = rendered(
        code('PROFILE = "fast"\nSEED = 0\nMODEL = "m"', tags=["parameters"]),
        code('# Parameters\nPROFILE = "full"\nSEED = 3\n', tags=["injected-parameters"]),
    )
    (cell,) = found.select(".cell")
    assert cell.text.split("\n")[1:4] == ['PROFILE = "full"', "SEED = 3", 'MODEL = "m"']


def test_the_notebook_stays_as_it_is():
    cells = [prose("## One"), code("", printed("x")), code("x", a_figure())]
    before = notebook(*cells)
    text = json.dumps(before)
    page.render(before)
    assert json.dumps(before) == text


def test_alt_texts_are_kept():
    image = f'<img src="data:image/png;base64,{PNG}" alt="A rising line &amp; its band">'
    found = rendered(code("show()", shown(text__html=image, image__png=PNG)))
    (only,) = found.find_all("img")
    assert only["alt"] == "A rising line & its band"


def test_a_plotly_figure_is_written_as_data_with_its_words():
    found = rendered(code("explore()", a_figure('A "rising" line & more')))
    (place,) = found.select(".plotly-figure")
    assert place["aria-label"] == 'A "rising" line & more'
    stored = json.loads(place.script.string)
    assert stored["layout"]["title"]["text"] == "</script><b>"
    assert [tag["src"] for tag in found.find_all("script") if tag.get("src")] == [PLOTLY_SCRIPT]


def test_plotly_s_script_lies_once_beside_the_pages_that_need_it(tmp_path):
    page.write(tmp_path / "a.html", notebook(prose("words")))
    assert not (tmp_path / PLOTLY_SCRIPT).exists()
    page.write(tmp_path / "b.html", notebook(code("x", a_figure())))
    script = tmp_path / PLOTLY_SCRIPT
    assert script.read_bytes() == page.plotly_script().read_bytes()
    before = script.stat().st_mtime_ns
    page.write(tmp_path / "c.html", notebook(code("x", a_figure())))
    assert script.stat().st_mtime_ns == before
    assert (tmp_path / "c.html").stat().st_size < 60_000
    script.write_text("half of it")
    page.write(tmp_path / "c.html", notebook(code("x", a_figure())))
    assert script.read_bytes() == page.plotly_script().read_bytes()


def test_an_error_and_its_colours_are_shown():
    error = nbformat.v4.new_output(
        "error", ename="ValueError", evalue="no", traceback=["\x1b[31mValueError\x1b[39m: no"]
    )
    found = rendered(code("raise ValueError('no')", error))
    assert found.select_one(".ansi-red-fg").text == "ValueError"
