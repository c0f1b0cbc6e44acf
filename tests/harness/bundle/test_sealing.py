"""A packed module runs as the module that it was, and none of its text can be read off."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings

import pytest

from harness.bundle.sealing import sealed
from lib import _sealed

SOURCE = '''"""Half of a number.

More of it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass


@dataclass
class Pair:
    first: int
    second: Pair | None = None


def half(number):
    """The half."""
    answer = number / 2  # the secret
    return answer


def warns():
    warnings.warn("careful")
'''


@pytest.fixture
def module(tmp_path):
    (tmp_path / "packed_half.py").write_text(sealed(SOURCE))
    sys.path.insert(0, str(tmp_path))
    try:
        yield importlib.import_module("packed_half")
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("packed_half", None)


def test_it_is_the_module_that_it_was(module):
    assert module.half(3) == 1.5
    assert module.half.__doc__ == "The half."
    assert module.Pair(1, module.Pair(2)).second.first == 2
    assert (module.half.__module__, module.Pair.__module__) == ("packed_half", "packed_half")
    assert module.__doc__.startswith("Half of a number.")


def test_a_warning_says_that_it_comes_from_that_file(module):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        module.warns()
    assert [one.filename for one in said] == [module.__file__]


def test_nothing_of_its_text_but_the_first_line_can_be_read():
    packed = sealed(SOURCE)
    assert packed.startswith('"Half of a number."\n')
    for word in ("answer", "secret", "dataclass", "The half", "careful"):
        assert word not in packed
    assert max(map(len, packed.splitlines())) <= 102


def test_packing_gives_the_text_back_and_is_the_same_each_time():
    assert _sealed.unpack(_sealed.pack(SOURCE)) == SOURCE
    assert _sealed.pack(SOURCE) == _sealed.pack(SOURCE)


def test_a_quotation_mark_or_a_backslash_is_in_no_packed_text():
    for n in range(300):
        packed = _sealed.pack("x = " + "ab\\\"'" * n)
        assert not set(packed) & set("\"'\\\n")


def test_what_unpacks_imports_nothing_of_the_course_that_is_slow():
    code = "import sys; from lib import _sealed; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
