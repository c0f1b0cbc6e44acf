"""What a wrong result has in common with the right one: every pattern, and never where a case contradicts it."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lib.checks import _patterns
from lib.checks.values import DEFAULT

TABLE = np.array([[1.0, 2.0, 4.0], [3.0, 9.0, 5.0]])
IDS = np.array([[4, 2, -1], [0, 3, 7]])
BIG = np.array([200.0, 1.0, 650.0, 3.0])


def found(*pairs):
    pattern = _patterns.of_results(pairs, DEFAULT)
    return pattern.name if pattern else None


ONE = {
    "nothing-returned": (TABLE, None),
    "generator": (TABLE, (n for n in "ab")),
    "complex-numbers": (TABLE, TABLE + 1j),
    "error-returned": (TABLE, ValueError("no")),
    "not-called": (TABLE, abs),
    "no-numbers": (TABLE, torch.zeros(2, 3, device="meta")),
    "pair-returned": (TABLE.max(axis=1), torch.from_numpy(TABLE + 1).max(dim=1)),
    "several-for-one": (TABLE, (TABLE[0], TABLE)),
    "first-row-alone": (TABLE, TABLE[:1]),
    "rows-missing": (TABLE, TABLE[1:]),
    "rows-too-many": (TABLE, np.vstack([TABLE, TABLE[:1]])),
    "transposed": (TABLE, TABLE.T),
    "axis-of-one": (TABLE, TABLE[:, None]),
    "another-shape": (TABLE, TABLE.ravel()),
    "mean-not-taken": (np.array(3.0), np.array([2.0, 4.0])),
    "sum-not-taken": (np.array(6.0), np.array([2.0, 4.0])),
    "columns-too-many": (TABLE[:, :2], TABLE),
    "columns-missing": (TABLE, TABLE[:, :2]),
    "empty": (TABLE, np.empty((0, 3))),
    "not-empty": (np.empty((0, 3)), TABLE),
    "empty-of-another-shape": (np.empty((0, 2)), np.empty(0)),
    "not-one-number": (np.array(3.0), TABLE),
    "one-number": (TABLE, np.array(3.0)),
    "axes-missing": (TABLE, np.array([7.0, 8.0])),
    "axes-too-many": (TABLE, np.zeros((2, 2, 3))),
    "too-many-numbers": (TABLE, np.zeros((4, 4))),
    "too-few-numbers": (TABLE, np.zeros((2, 1))),
    "scores-for-ids": (IDS, IDS * 0.37),
    "fill-value": (IDS, np.where(IDS == -1, 5, IDS)),
    "nan": (TABLE, np.where(TABLE == 9, np.nan, TABLE)),
    "infinity": (TABLE, np.where(TABLE == 9, np.inf, TABLE)),
    "zero-rows": (np.vstack([TABLE, 0 * TABLE[:1]]), np.vstack([TABLE, TABLE[:1]])),
    "sign": (TABLE, -TABLE),
    "rows-in-another-order": (TABLE, TABLE[::-1]),
    "order-within-rows": (TABLE, TABLE[:, [1, 2, 0]]),
    "only-zeros": (TABLE, np.zeros_like(TABLE)),
    "one-row-for-all": (TABLE, np.full_like(TABLE, 8.0)),
    "first-row-only": (TABLE, TABLE + [[0.0], [1.5]]),
    "offset": (IDS, IDS + 1),
    "rounded": (TABLE / 7, np.round(TABLE / 7, 2)),
    "factor": (TABLE, TABLE * 1.7),
    "cut-off": (BIG, np.minimum(BIG, 20.7)),
}


@pytest.mark.parametrize("name", ONE)
def test_each_pattern_is_found(name):
    assert found(ONE[name]) == name


def test_every_pattern_is_tried_here():
    folder = Path(_patterns.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("_*_patterns.py"))
    named = set(re.findall(r'^ +(?:return Pattern\()?"([a-z-]+)",', source, re.MULTILINE))
    assert len(named) > 30
    assert named <= set(ONE)
    assert named >= _patterns.WEAK


@pytest.mark.parametrize("name", [name for name in ONE if name != "generator"])
def test_no_pattern_is_named_that_another_case_contradicts(name):
    other = (np.array([0.3, 1.1]), np.array([5.77, -2.41]))
    assert found(ONE[name], other) is None


@given(npst.arrays(np.float64, (3, 4), elements=st.floats(-100, 100)), st.data())
def test_what_a_pattern_says_of_numbers_is_so(expected, data):
    got = data.draw(npst.arrays(np.float64, (3, 4), elements=st.floats(-100, 100)))
    name = found((expected, got))
    holds = {
        "sign": np.allclose(got, -expected, atol=1e-5),
        "rows-in-another-order": sorted(map(tuple, got.round(4)))
        == sorted(map(tuple, expected.round(4))),
        "order-within-rows": np.allclose(np.sort(got), np.sort(expected), atol=1e-5),
        "first-row-only": np.allclose(got[0], expected[0], atol=1e-4),
        "only-zeros": not got.any(),
    }
    assert holds.get(name, True)


@given(st.floats(0.01, 50).filter(lambda x: abs(x - 1) > 0.01))
def test_a_factor_is_told_by_its_number_but_not_in_a_hidden_check(factor):
    pattern = _patterns.of_results([(TABLE, TABLE * factor)], DEFAULT)
    if pattern.name != "factor":  # all of them rounded may look so, too
        return
    assert f"{factor:.4g}" in pattern.message
    assert not any(c.isdigit() for c in pattern.hidden)


def test_a_class_of_the_learner_s_own_breaks_no_pattern():
    class Odd:
        def __eq__(self, other):
            raise RuntimeError("no")

        __hash__ = None

        def __len__(self):
            return -1

    assert found((TABLE, Odd())) is None
    assert found((TABLE, [Odd(), Odd()])) is None
