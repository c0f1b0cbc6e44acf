import pytest
from nbformat.v4 import new_code_cell, new_notebook

from harness.grade.library_answers import in_text

ASKED = {"mean_pool": frozenset({"mean_pool"}), "other": frozenset({"other"})}


def _found(*sources, own=()):
    base = {"grade": False, "locked": False, "solution": True, "task": False}
    cells = [
        new_code_cell(text, metadata={"nbgrader": base | {"grade_id": name}})
        for name, text in zip(ASKED, sources, strict=False)
    ]
    cells += [new_code_cell(text, metadata={"grading": {"role": "extra"}}) for text in own]
    return in_text(new_notebook(cells=[new_code_cell("from lib.x import other"), *cells]), ASKED)


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("from lib.pooling import mean_pool", "lib.pooling.mean_pool"),
        ("from lib.pooling import max_pool as mean_pool", "lib.pooling.max_pool"),
        ("mean_pool = str(solution('mean_pool'))", "what `solution` returns"),
        ("import lib.learn\nexec(lib.learn.solution('mean_pool'))", "what `solution` returns"),
    ],
)
def test_what_a_text_takes_from_others_is_named(text, of):
    assert _found(text) == {"mean_pool": of}


@pytest.mark.parametrize(
    "text",
    [
        "from lib.pooling import mean_pool\ndef mean_pool(t, m):\n    return t",
        "from lib.pooling import max_pool",
        "from library.pooling import mean_pool",
        "def mean_pool(t, m):\n    return t\nsolution('mean_pool')\nprint(solution('mean_pool'))",
        "def mean_pool(:",
    ],
)
def test_work_of_one_s_own_is_not(text):
    assert _found(text) == {}


def test_a_name_that_another_cell_of_the_learner_s_defines_is_theirs():
    own = ["def mean_pool(t, m):\n    return t"]
    assert _found("from lib.pooling import mean_pool", own=own) == {}
