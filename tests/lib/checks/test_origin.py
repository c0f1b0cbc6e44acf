"""Which data a name of the notebook was computed from."""

import pytest

from lib.checks._origin import Origins

LESSON = [
    "import math\nfrom lib.data import load_course_set\nSEED = 0",
    "course = load_course_set('fast')\ndim = 384",
    "def quality(k, split=course.validation):\n    return len(split) / k",
    "by_k = {k: quality(k) for k in (1, 60)}\nK = max(by_k, key=by_k.get)",
]
SCOPE = {"course": [1, 2, 3], "K": 1, "dim": 384, "load_course_set": open}


def source(name, *more):
    made = Origins([*LESSON, *more], SCOPE, lambda value: isinstance(value, list))
    return made.source(name)


@pytest.mark.parametrize("name", ["K", "by_k", "quality"])
def test_data_is_found_behind_numbers_and_functions(name):
    assert source(name) == "course"


@pytest.mark.parametrize("name", ["dim", "SEED", "math", "of_no_cell"])
def test_other_names_have_none_behind_them(name):
    assert source(name) is None


def test_what_reads_data_is_a_source_too():
    assert Origins(LESSON, SCOPE, lambda value: value is open).source("course") == "load_course_set"


def test_the_last_statement_that_bound_a_name_counts():
    assert source("K", "K = 5") is None
    assert source("K", "K = 5", "K = max(by_k, key=by_k.get)") == "course"
    assert source("MINE", "MINE = helper()", "def helper():\n    return K") == "course"


def test_a_name_that_is_made_of_itself_ends():
    assert source("n", "n = n + 1") is None


def test_cells_that_are_no_python_tell_nothing():
    assert source("K", "%%time\nK = 5", "K = (") == "course"


def test_a_name_is_known_that_a_cell_bound():
    made = Origins(LESSON, SCOPE, lambda value: False)
    assert [made.known(name) for name in ("K", "math", "of_no_cell")] == [True, True, False]
