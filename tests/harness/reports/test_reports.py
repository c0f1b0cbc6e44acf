"""Each form is read back by what its readers use, with text that a student may have written."""

import base64
import html.parser
import io
import json
import random
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.grade.verdicts import CellVerdict, Remark, Report
from harness.reports import (
    feedback,
    github,
    gradescope,
    junit,
    markdown,
    results,
    sanitize,
    terminal,
)

HOSTILE = (
    "\x1b[31mred\x1b[0m\x00 <script>alert(1)</script> & ]]> @all [x](http://a.b) | \u202e |"
    "\r\n::set-output name=a::b\n%0A::error::x\ud800\ufffe ![i](https://a.b/c.png) `code` www.a.b"
)


def _report(student="ada", text="It is not centred."):
    cells = (
        CellVerdict("check_a", "passed", 2.0, 2.0, exercise="a"),
        CellVerdict("check_b", "wrong", 0.0, 3.0, text, "no mean", "b", False, "Subtract it."),
        CellVerdict("hidden_b", "failed", 0.0, 1.0, "Hidden.", hidden=True),
        CellVerdict("check_c", "not run", 0.0, 1.0, text),
        CellVerdict("essay", "manual", None, 5.0),
    )
    return Report(student, "02", "02.ipynb", "graded", cells, (Remark("lost", text, "b"),))


def _ungradable(student="bob", text="It is empty."):
    return Report(student, "02", "x.ipynb", "ungradable", reason=text, ask="Send it again.")


REPORTS = [_report(), _ungradable(), _report("eve", HOSTILE), _ungradable(HOSTILE, HOSTILE)]


def test_json_keeps_to_its_schema_and_its_bytes_do_not_depend_on_the_order():
    text = results.to_json(REPORTS)
    jsonschema.Draft202012Validator(results.schema()).validate(json.loads(text))
    shuffled = REPORTS[:]
    random.Random(1).shuffle(shuffled)
    assert results.to_json(shuffled) == text
    first = json.loads(text)["reports"][0]
    assert not {"seconds", "own_s"} & set(first)


def test_the_schema_refuses_what_is_not_a_verdict():
    data = json.loads(results.to_json([_report()]))
    data["reports"][0]["cells"][0]["status"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, results.schema())


def test_junit_counts_failures_errors_and_skipped_cells():
    root = ET.fromstring(junit.to_junit(REPORTS))
    assert {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "12",
        "failures": "4",
        "errors": "4",
        "skipped": None,  # Jenkins' schema knows it of a suite alone
    }
    assert [suite.get("skipped") for suite in root.findall("testsuite")].count("1") == 2
    assert len(root.findall("testsuite")) == 4
    assert len(root.findall(".//testcase")) == 12
    for case in root.iter("testcase"):
        assert case.get("name")
        assert case.get("classname")


@given(st.text(max_size=300))
def test_every_form_takes_any_text(text):
    report = _report(text, text)
    ET.fromstring(junit.to_junit([report]))
    jsonschema.validate(json.loads(results.to_json([report])), results.schema())
    json.loads(gradescope.to_gradescope([report]))
    results.to_json([report]).encode()
    markdown.to_markdown([report]).encode()
    for line in github.workflow_commands([report]):
        assert not {"\n", "\r"} & set(line)
        assert line.count("::") >= 2
    said = Console(file=io.StringIO(), width=200)
    said.print(terminal.table([report]))
    for line in terminal.details([report]):
        said.print(line)


def test_the_table_says_which_of_several_notebooks_was_graded():
    several = Remark("several", "b.ipynb was graded; also handed in: a.ipynb.")
    said = Console(file=io.StringIO(), width=200)
    said.print(terminal.table([replace(_report(), remarks=(several,))]))
    assert "b.ipynb was graded; also handed in: a.ipynb." in said.file.getvalue()


def test_markdown_shows_what_a_student_wrote_and_obeys_none_of_it():
    text = markdown.to_markdown([_report("eve", HOSTILE)])
    for active in ("<script", "@all", "](http", "https://", "\x1b", "\u202e", "www.a"):
        assert active not in text
    rows = [row for row in text.splitlines() if row.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_long_markdown_is_cut_and_says_so():
    text = markdown.to_markdown([_report(f"s{i}") for i in range(900)], most=20_000)
    assert len(text.encode()) <= 20_000
    assert text.endswith("too long to be shown here.\n")


def test_annotations_cannot_be_commands_of_the_student_s():
    lines = list(github.workflow_commands(REPORTS))
    assert len(lines) == 8
    assert all(line.startswith("::error file=") for line in lines)
    assert not any("\n" in line or "%0A::error::x\n" in line for line in lines)
    assert any("%250A" in line for line in lines)


def test_github_s_files_get_the_summary_and_the_result(tmp_path):
    env = {"GITHUB_STEP_SUMMARY": f"{tmp_path}/s", "GITHUB_OUTPUT": f"{tmp_path}/o"}
    assert len(github.write([_report("eve", HOSTILE)], env)) == 3
    assert (tmp_path / "s").read_text().startswith("# Grades")
    head, result, end = (tmp_path / "o").read_text().splitlines()
    assert head == f"result<<{end}"
    data = json.loads(base64.b64decode(result))
    assert (data["version"], data["status"], data["max_score"]) == (1, "fail", 7.0)
    assert sum(test["score"] for test in data["tests"]) == 2.0


def test_a_class_has_no_single_result(tmp_path):
    github.write(REPORTS, {"GITHUB_OUTPUT": f"{tmp_path}/o"})
    assert not (tmp_path / "o").exists()


def test_gradescope_hides_hidden_tests_until_the_due_date():
    data = json.loads(gradescope.to_gradescope([_report()]))
    assert {t["name"]: t["visibility"] for t in data["tests"]}["hidden_b"] == "after_due_date"
    assert sum(t["score"] for t in data["tests"]) == 2.0
    assert json.loads(gradescope.to_gradescope([_ungradable()]))["score"] == 0.0


class _Page(html.parser.HTMLParser):
    void = frozenset({"meta", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("report", REPORTS, ids=["ada", "bob", "eve", "hostile"])
def test_feedback_is_a_whole_page_without_scripts(report):
    page = _Page()
    page.feed(feedback.feedback_html(feedback.of_report(report, f"Pooling {HOSTILE}")))
    page.close()
    assert page.open == []
    assert not {"script", "img", "a"} & page.seen


def test_feedback_says_score_message_mistake_and_hint():
    text = feedback.feedback_html(feedback.of_report(_report(), "Pooling"))
    for said in (
        "2 of 12 points so far",
        "5 points wait for a person",
        "not centred",
        "Subtract it.",
    ):
        assert said in text


def test_a_terminal_s_line_has_no_escapes_and_no_markup():
    assert sanitize.line("a\x1b]0;title\x07b\x1b[2Jc\u202ed\ne") == "abcd e"
    assert terminal.shown("[red]x") == "\\[red]x"


def test_each_format_has_an_option_of_its_name_and_writes_what_it_makes(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from harness.cli import grade as command
    from harness.reports import formats

    path = tmp_path / "x.txt"
    command._write([REPORTS[0]], {"json": path})
    assert path.read_text() == formats["json"].make([REPORTS[0]])
    from harness.cli.main import app

    said = CliRunner().invoke(app, ["grade", "--help"], env={"COLUMNS": "200"}).output
    for name, form in formats.items():
        assert f"--{name}" in said
        assert form.help in said


@pytest.mark.parametrize(
    "text", ["::error::x", "a\n \t::set-output::", "a\u2028::x", "##[group]x", "x ##vso[task]"]
)
def test_no_line_of_a_text_is_a_command_to_a_log(text):
    for found in (sanitize.clean(text), sanitize.line(text)):
        assert not re.search(r"(?m)^\s*::|##\[|##vso\[", found)


def test_a_byte_that_is_not_utf_8_is_shown():
    assert sanitize.clean("M\udcfcller") == "M\\xfcller"


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "@x", "-1+1", " =1", "\uff1d1", "'=1"])
def test_a_cell_of_a_table_is_no_formula(text):
    assert sanitize.table_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-1.5", "+2", "1e-3", "ada", "o@x.org", ""])
def test_numbers_and_names_stay_in_a_table(text):
    assert sanitize.table_cell(text) == text


def test_cleaning_takes_no_longer_for_a_text_of_blanks():
    assert len(sanitize.clean("\n \t" * 400_000)) <= sanitize.MOST
