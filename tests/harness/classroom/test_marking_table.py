import csv
import io

import pytest

from harness.classroom.marking import Given, MarkError, Written
from harness.classroom.marking_table import from_table, to_table

QUEUE = [
    Written("ada", "answer-1", "02-q8", '=SUM(A1)\n\x1b[31mtwo, "lines"', 2.0, None, "", True),
    Written("=bob", "answer-2", "02-q8", "b", 2.0, 1.0, "'tis", False),
    Written("cid", "answer-3", "02-q8", "c", 2.0, None, "", True),
]


def _rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _filled(anonymous=True, bom=False, delimiter=",", **points):
    rows = _rows(to_table(QUEUE, anonymous))
    for row, one in zip(rows, QUEUE):
        given = points.get(one.student.strip("="))
        if given is not None:
            row["points"], row["comment"] = given
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def test_a_table_holds_no_formula_no_escape_and_if_anonymous_no_name():
    text = to_table(QUEUE, True)
    rows = _rows(text)
    assert [row["who"] for row in rows] == ["answer-1", "answer-2", "answer-3"]
    assert rows[0]["answer"] == '\'=SUM(A1)\ntwo, "lines"'
    assert "\x1b" not in text
    assert "ada" not in text
    assert [row["who"] for row in _rows(to_table(QUEUE, False))] == ["ada", "'=bob", "cid"]
    assert rows[1]["points"] == "1"


@pytest.mark.parametrize("anonymous", [True, False])
@pytest.mark.parametrize(("bom", "delimiter"), [(True, ","), (False, ";"), (True, "\t")])
def test_what_was_filled_in_is_given_and_what_was_left_is_not(anonymous, bom, delimiter):
    content = _filled(anonymous, bom, delimiter, ada=("1,5", "'=x\r\ny"), bob=("1", "'tis"))
    assert from_table(content, QUEUE) == [Given("ada", "02-q8", 1.5, "=x\ny")]


def test_a_changed_mark_is_given_anew():
    assert from_table(_filled(bob=("2", "'tis")), QUEUE) == [Given("=bob", "02-q8", 2.0, "'tis")]


def test_with_one_wrong_row_nothing_is_given_and_each_is_named():
    content = _filled(ada=("7", ""), cid=("1", "")).replace(b"answer-3", b"answer-9")
    with pytest.raises(MarkError) as found:
        from_table(content, QUEUE)
    said = str(found.value)
    assert said.startswith("nothing was given. row 2: '7' is not a number of points")
    assert "row 4: there is no answer of 'answer-9'" in said


def test_an_answer_that_was_given_anew_is_not_marked_by_an_old_table():
    content = _filled(cid=("1", ""))
    changed = [*QUEUE[:2], Written("cid", "answer-3", "02-q8", "new", 2.0, None, "", True)]
    with pytest.raises(MarkError, match="anew since the table was written"):
        from_table(content, changed)


def test_a_row_that_stands_twice_is_refused():
    content = _filled(cid=("1", ""))
    content += content.splitlines(keepends=True)[-1]
    with pytest.raises(MarkError, match="row 5: 'answer-3' stands twice"):
        from_table(content, QUEUE)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "no column question"), (b"a;b\n1;2", "--export"), (b"\xff\xfe", "not UTF-8")],
)
def test_what_is_no_such_table_is_told(content, words):
    with pytest.raises(MarkError, match=words):
        from_table(content, QUEUE)
