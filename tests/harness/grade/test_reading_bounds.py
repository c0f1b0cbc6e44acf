"""Anything at all, any number of times: reading and parsing it takes bounded time and memory."""

import contextlib
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.grade import plan, reading
from harness.grade.matching import rebuild
from harness.grade.python_names import names, statements
from tests.attacks import assignment
from tests.attacks.bounds import _with_cells

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX"),
]
PIECES = [
    *(
        "\n",
        " ",
        "\t",
        "\r",
        "\0",
        "\\\n",
        "\\",
        "#",
        "'",
        '"',
        "'''",
        '"""',
        "f'{",
        "é",
        "\U0001d4b3",
    ),
    *(
        "%ls\n",
        "!x\n",
        "x?\n",
        "?",
        "x = !ls\n",
        "%%a\n",
        "# %%\n",
        "%",
        "!",
        "a",
        "1",
        "_",
        ".",
        ";",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "-",
        "*",
        "@",
        "not ",
        "lambda:",
        "await ",
        "a.b",
    ),
    *(
        "def f(x):\n return x\n",
        "def f{n}():\n pass\n",
        "class A:\n x = 1\n",
        "a{n} = 1\n",
        "a{n}\n",
    ),
    *(
        "if a:\n",
        "elif a: b\n",
        "else:\n",
        "for a in b: c\n",
        "global a\n",
        "import a\n",
        "a, ",
        "a[0] = b\n",
    ),
    *(
        "try:\n",
        "except: a\n",
        "with a: b\n",
        "[a for a in b]\n",
        "f(a)\n",
        "print(a)\n",
        "del a\n",
    ),
]
JSON = [
    *(
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        "\\",
        " ",
        "\n",
        "1",
        "1.5,",
        "null,",
        '"a":',
        '"",',
        "[{}],",
    ),
    *(
        '"outputs":',
        '"outputs":[',
        '"attachments":{',
        '"metadata":{',
        '{"cell_type":"code"},',
        "\\u0000",
    ),
    *(
        '{"cell_type":"code","source":"',
        '"source":[',
        '"a\\n",',
        "-",
        "e9",
        "\ufeff",
        "\U0001d4b3",
        "[[",
    ),
]


def repeated(pieces, most):
    """Texts made of a few runs, each of a few pieces over and over; `{n}` is another number each time."""
    run = st.tuples(st.lists(st.sampled_from(pieces), min_size=1, max_size=3), st.integers(1, most))
    return st.lists(run, min_size=1, max_size=4).map(lambda runs: "".join(map(_text, runs)))


def _text(run):
    unit, size = "".join(run[0]), run[1]
    count = max(1, size // len(unit))
    if "{n}" in unit:
        return "".join(unit.replace("{n}", str(number)) for number in range(count))
    return unit * count


LOOSE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@LOOSE
@given(repeated(PIECES, 60_000))
def test_any_code_has_names_soon_and_in_little_memory(bounded, source):
    def read():
        names(source)
        statements(source[:20_000])

    assert bounded(read, seconds=15, memory=700 << 20) == "done"


@LOOSE
@given(st.lists(repeated(PIECES, 20_000), min_size=1, max_size=5))
def test_any_cells_are_read_rebuilt_and_planned(bounded, tmp_path_factory, sources):
    path = tmp_path_factory.mktemp("fuzz") / "ps1.ipynb"
    path.write_bytes(_with_cells(*sources)[1])

    def prepare():
        notebook, _ = reading.read_submission(path, assignment.release())
        rebuilt = rebuild(assignment.release(), notebook)
        plan.plan(rebuilt.notebook, assignment.source(), prefixed=1)

    assert bounded(prepare, seconds=15, memory=700 << 20) == "done"


@LOOSE
@given(st.sampled_from(["", "{", '{"cells":[']), repeated(JSON, 2_000_000))
def test_any_file_is_read_or_refused(bounded, tmp_path_factory, begin, text):
    path = tmp_path_factory.mktemp("fuzz") / "ps1.ipynb"
    path.write_bytes((begin + text).encode())

    def read():
        with contextlib.suppress(reading.Ungradable):
            reading._read(path, assignment.release(), assignment.NAME)

    assert bounded(read, seconds=15, memory=900 << 20) == "done"


@LOOSE
@given(
    repeated(
        [
            "# %%\n",
            "# %% ",
            "#",
            "# In[1]:\n",
            "x\n",
            "\n",
            "# ---\n",
            "[",
            "{",
            "=",
            '"',
            "!ls\n",
            "%%a\n",
        ],
        200_000,
    )
)
def test_any_script_is_read_or_refused(bounded, tmp_path_factory, text):
    path = tmp_path_factory.mktemp("fuzz") / "ps1.py"
    path.write_bytes(text.encode())

    def read():
        with contextlib.suppress(reading.Ungradable):
            reading._read(path, assignment.release(), assignment.NAME)

    assert bounded(read, seconds=15, memory=700 << 20) == "done"


@pytest.fixture(scope="module")
def bounded():
    import jupytext  # noqa: F401 - before there is a limit

    from tests.attacks.bounded import within

    return within
