import ast
import dataclasses
import time

import pytest

from harness.author.mutation import function_of, mutants, score
from lib.checks import Tolerance
from tests.lib.checks.toy import BREAK, TOY

ANSWER = '''
def row_means(x: Tensor) -> Tensor:
    """Rows' means: (rows, columns) to (rows,)."""
    total = x.sum(dim=1)
    return total / max(x.shape[1], 1)
'''


def described(body: str) -> list[str]:
    source = f'def f(x, y, z=1):\n    """Words."""\n    {body}\n'
    return [mutant.description for mutant in mutants(source)]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return x + y", "x + y -> x - y"),
        ("return x * y", "x * y -> x / y"),
        ("return x < y", "x < y -> x <= y"),
        ("return x < y", "x < y -> x > y"),
        ("return x == y", "x == y -> x != y"),
        ("return x and y", "x and y -> x or y"),
        ("return x and y", "x and y -> x"),
        ("return -x", "return -x -> return x"),
        ("return x.sum(dim=1)", "x.sum(dim=1) -> x.sum(dim=2)"),
        ("return x.sum(dim=1)", "x.sum(dim=1) -> x.sum(dim=0)"),
        ("return x.sum(dim=1)", "x.sum(dim=1) -> x.sum()"),
        ("return x.sum(dim=1)", "x.sum(dim=1) -> x.mean(dim=1)"),
        ("return x.clamp(min=y)", "x.clamp(min=y) -> x"),
        ("return F.normalize(x, dim=0)", "F.normalize(x, dim=0) -> x"),
        ("return g(x, y)", "g(x, y) -> g(y, x)"),
        ("return x[1:]", "x[1:] -> x[:]"),
        ("return x if y else z", "x if y else z -> x"),
        ("return [a for a in x if a]", "[a for a in x if a] -> [a for a in x]"),
        ("return g(keep=True)", "g(keep=True) -> g(keep=False)"),
        ("x = y", "x = y -> pass"),
        ("x += y", "x += y -> x -= y"),
        ("return 0.5", "return 0.5 -> return 2.0"),
    ],
)
def test_each_small_way_to_break_an_answer_is_tried(body, wanted):
    assert wanted in described(body)


def test_mutants_are_distinct_compile_and_come_in_one_order():
    found = mutants(ANSWER)
    assert found == mutants(ANSWER)
    assert len({m.source for m in found}) == len(found) == len({m.description for m in found})
    original = ast.unparse(ast.parse(ANSWER))
    for mutant in found:
        compile(mutant.source, "<mutant>", "exec")
        assert mutant.source != original


def test_a_docstring_and_annotations_are_never_what_is_broken():
    found = mutants(ANSWER)
    assert all("Words" not in m.source and "Tensor" not in m.source for m in found)


def test_mutation_leaves_no_trace_in_the_next_mutant():
    for mutant in mutants(ANSWER):
        changed = set(mutant.source.split("\n")) ^ set(
            ast.unparse(ast.parse(ANSWER.replace(": Tensor", "").replace(" -> Tensor", ""))).split(
                "\n"
            )
        )
        assert len({line for line in changed if '"""' not in line}) <= 2


def test_a_check_that_sees_everything_rejects_nearly_every_mutant():
    found = score(TOY, ANSWER, {})
    assert found.total >= 10
    assert found.rejected + found.equivalent + len(found.survivors) == found.total
    # No row of the toy is without columns, so that what guards against it may break unseen.
    assert all("max(x.shape[1], 1)" in survivor for survivor in found.survivors)
    assert found.rate > 0.6


def test_a_check_that_cannot_fail_has_a_score_of_zero():
    blind = dataclasses.replace(TOY, canonical=lambda result: 0)
    found = score(blind, ANSWER, {})
    assert found.rate < 0.3  # only what crashes where the oracle does not is rejected


def test_an_equivalent_mutant_is_excused_and_an_excuse_without_a_mutant_is_reported():
    plain = score(TOY, ANSWER, {})
    assert plain.survivors
    excuses = dict.fromkeys(plain.survivors, "no row is empty") | {"x -> y": "never made"}
    rejected = next(m.description for m in mutants(ANSWER) if m.description not in excuses)
    excuses[rejected] = "an excuse for what the check rejects anyway"
    found = score(dataclasses.replace(TOY, equivalent=excuses), ANSWER, {})
    assert found.survivors == ()
    assert found.rate == 1.0
    assert found.equivalent == len(plain.survivors)
    assert found.unused == tuple(sorted(["x -> y", rejected]))


def test_a_mutant_that_never_ends_counts_as_rejected_and_is_stopped():
    endless = (
        "def row_means(x):\n    i = 0\n    while i < 1:\n        i += 1\n    return x.mean(dim=1)\n"
    )
    started = time.monotonic()
    found = score(TOY, endless, {}, seconds=0.2)
    assert time.monotonic() - started < 10
    assert "i += 1 -> pass" not in found.survivors
    assert "i += 1 -> i -= 1" not in found.survivors


def test_an_answer_uses_the_names_it_is_given_and_leaves_them_alone():
    names = {"helper": lambda x: x + 1}
    function = function_of("def f(x):\n    global y\n    y = 1\n    return helper(x)\n", "f", names)
    assert function(1) == 2
    assert set(names) == {"helper"}


def test_a_break_its_mutants_are_spoilt_expectations_and_all_are_rejected():
    test = "def break_clamped():\n    return [(-1, 0, 1, 0), (2.0, 0, 1, 1.0), (0.5, 0, 1, 0.5)]\n"
    found = score(BREAK, test, {})
    assert found.total >= 12
    assert (found.rejected, found.survivors, found.rate) == (found.total, (), 1.0)
    total = found.total
    loose = dataclasses.replace(BREAK, tolerance=Tolerance(0.1, 0), equivalent={"x": "y"})
    found = score(loose, test, {})
    # A hundredth more or less goes through, on the two cases that expect a float.
    assert len([text for text in found.survivors if "1.01" in text or "0.51" in text]) == 2
    assert not [text for text in found.survivors if text.startswith("case 0")]
    assert found.unused == ("x",)
    assert found.rate == pytest.approx(1 - len(found.survivors) / total)
