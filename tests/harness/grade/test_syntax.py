import time

import pytest

from harness.grade.syntax import SyntaxFault, syntax_fault


def test_a_syntax_error_is_told_with_its_line():
    source = "def f(a):\n    x = (1 +\n    return x"
    assert syntax_fault(source) == SyntaxFault(2, "'(' was never closed", "    x = (1 +")
    assert syntax_fault(f"\n%%time\n{source}").line == 4


@pytest.mark.parametrize(
    "source", ["", "x = 1", "%time x\n!ls\nx?", "await x", "'\\d'", "%%bash\nif"]
)
def test_what_ipython_runs_is_none(source):
    assert syntax_fault(source) is None


@pytest.mark.parametrize(
    "source",
    ["(" * 100_000, "-" * 100_000, "x = 1\0", "a\n" * 300_000, "\ud800 = 1", "f'{" * 9_000],
)
def test_hostile_text_ends_soon_and_raises_nothing(source):
    began = time.monotonic()
    fault = syntax_fault(source)
    assert time.monotonic() - began < 5
    assert fault is None or len(fault.text) <= 200
