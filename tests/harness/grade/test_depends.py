import pytest
from nbformat.v4 import new_code_cell, new_notebook

from harness.grade.depends import code_digest


def _cell(source, **flags):
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": "x"} | flags} if flags else {})


SOURCE = new_notebook(
    cells=[
        _cell("from lib import pooling, plots\nfrom lib.learn import check"),
        _cell("right = pooling.mean"),
        _cell("plots.show()"),
        _cell("check('mean', right)", grade=True, points=1),
        _cell("from lib.", grade=True, points=1),
    ]
)
FILES = {
    "__init__.py": "",
    "pooling.py": "import torch\nfrom lib._arrays import rows",
    "_arrays.py": "def rows():\n    from lib import text",
    "text.py": "",
    "plots.py": "",
    "search.py": "",
    "learn/__init__.py": "from lib import checks",
    "checks/__init__.py": "",
    "checks/exercise.py": "",
    "checks/lesson_02/mean.py": "from lib.checks.lesson_02._cases import cases",
    "checks/lesson_02/_cases.py": "from lib.checks.exercise import Case",
    "checks/lesson_02/other.py": "",
}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_digest_changes_with_the_checks_and_what_they_use_and_with_nothing_else(root, name):
    before = code_digest(SOURCE, ["mean"], root)
    (root / "lib" / name).write_text(FILES[name] + "\nmended = 1")
    unused = {"__init__.py", "plots.py", "search.py", "checks/lesson_02/other.py"}
    assert (code_digest(SOURCE, ["mean"], root) == before) == (name in unused)


def test_a_file_that_is_no_text_or_no_python_is_counted_all_the_same(root):
    path = root / "lib" / "checks" / "lesson_02" / "mean.py"
    digests = set()
    for content in (b"\xff\xfe", b"def (", b""):
        path.write_bytes(content)
        digests.add(code_digest(SOURCE, ["mean"], root))
    assert len(digests) == 3
