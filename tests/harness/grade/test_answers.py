from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from harness.grade.answers import MOST_PIECES, asked, count, pieces
from tests.attacks import assignment

RELEASE = assignment.release()


def _submitted(*sources):
    cells = []
    for source in sources:
        cell = new_code_cell(source)
        cell["id"] = ""
        cell["metadata"] = NotebookNode({"submitted": {"grade_id": None, "kind": "code"}})
        cells.append(cell)
    return NotebookNode(cells=cells)


def test_the_statements_of_a_cell_keep_their_text_and_the_comments_above_them():
    source = "# first\na = 1; b = 2\n\n@cached\ndef f():\n    return (a,\n        b)\n# end"
    found = pieces(source)
    assert [p.source for p in found] == [source[:20], source[22:]]
    assert [p.binds for p in found] == [{"a", "b"}, {"f"}]


def test_a_mark_is_the_same_whatever_is_said_beside_the_code():
    assert pieces("x = f( 1 )  # why")[0].mark == pieces("# so\nx=f(1)")[0].mark
    assert pieces("x = 1")[0].mark != pieces("x = 2")[0].mark


def test_a_function_that_cannot_be_read_takes_none_around_it_with_it():
    found = pieces("a = 1\n\ndef f(:\n    return 1\n\n    # still f\n\nb = 2")
    assert [(p.binds, p.python) for p in found] == [({"a"}, True), ({"f"}, False), ({"b"}, True)]


@given(st.text(alphabet="ab=1 ()\n:#'\"%!\tdef\r", max_size=60))
def test_any_text_has_pieces(text):
    assert isinstance(pieces(text), tuple)


def test_a_cell_of_very_many_statements_is_one_piece():
    source = "a = 1\n" * (MOST_PIECES + 1)
    assert [p.source for p in pieces(source)] == [source]


def test_a_stub_is_no_answer_and_any_other_binding_is():
    stub = "def f(x):\n    raise NotImplementedError"
    cell = new_code_cell(stub)
    cell.metadata["nbgrader"] = {"grade_id": "f", "solution": True}
    one = asked(new_notebook(cells=[cell]))[0]
    assert not one.given(f"# mine\n{stub}")
    for source in ("def f(x):\n    return 1", "f = max", "if True:\n    f = 1", "    f = 1"):
        assert one.given(source), source
    for source in ("", stub, "# later", "g = 1", "f(1)"):
        assert not one.answered(source), source


def test_what_a_stub_that_binds_nothing_asks_for_is_read_from_the_teacher_s_notebook():
    alone = asked(RELEASE)
    both = asked(RELEASE, assignment.source())
    names = {grade: one.names for grade, one in zip(assignment.RIGHT, both.values(), strict=True)}
    assert names == {name: {name} for name in assignment.RIGHT}
    assert [bool(one.names) for one in alone.values()] == [True, True, True, False]


def test_the_answers_of_a_notebook_are_counted_wherever_they_stand():
    named = [assignment.RIGHT[name] for name in ("double", "centre", "top")]
    assert count(RELEASE, _submitted(*named)) == 3
    assert count(RELEASE, _submitted("\n".join(named))) == 3
    assert count(RELEASE, _submitted(*(cell.source for cell in RELEASE.cells))) == 0
