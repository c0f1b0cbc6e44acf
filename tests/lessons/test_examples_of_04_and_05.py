"""Lessons 04 and 05: what their cards and given loops say is what the worked answers do."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.author import mutation, proof
from tests.lessons.worked import HEART, POSITIVE, SCORES, answer, lessons


@functools.cache
def given_function(exercise: str, name: str) -> Callable[..., Any]:
    """The function that a lesson gives away in a cell before the exercise."""
    lesson = lessons()[exercise]
    for cell in lesson.cells:
        if cell.kind == "code" and cell.role is None and f"def {name}(" in cell.source:
            assert cell.line < lesson.cell("answer", exercise).line
            (node,) = (n for n in ast.parse(cell.source).body if getattr(n, "name", "") == name)
            source = ast.unparse(node)
            return mutation.function_of(source, name, proof.namespace(lesson, exercise))
    raise KeyError(name)


def test_the_example_of_bm25_shows_count_and_length_apart():
    once, twice, long, never = answer("bm25_scores")(["heart"], HEART)
    assert twice > once > long > never == 0
    assert twice < 2 * once


def test_the_example_of_the_margin_tells_the_two_rules_apart():
    keep = answer("keep_by_margin")
    assert not torch.equal(keep(SCORES, POSITIVE, 0.2, True), keep(SCORES, POSITIVE, 0.2, False))


@given(st.data())
def test_the_loops_of_the_filter_are_the_worked_answer_also_on_missing_candidates(data):
    q, m, k = (data.draw(st.integers(1, 5)) for _ in range(3))
    numbers = st.lists(st.integers(-1, 6), min_size=q * m, max_size=q * m)
    rows = torch.tensor(data.draw(numbers)).view(q, m)
    judged = torch.tensor(data.draw(numbers)).view(q, m) / 4  # quarters: exact, with ties
    own = torch.tensor(data.draw(st.lists(st.integers(-1, 6), min_size=q, max_size=q))) / 4
    arguments = rows, judged, own, 0.25, k
    by_loops = given_function("filter_by_judge", "filter_by_loops")(*arguments)
    assert by_loops.dtype == torch.int64
    assert torch.equal(by_loops, answer("filter_by_judge")(*arguments))


@given(st.data())
def test_the_loops_of_the_margin_are_the_worked_answer(data):
    q, m = (data.draw(st.integers(1, 5)) for _ in range(2))
    numbers = st.integers(-8, 8)
    scores = torch.tensor(data.draw(st.lists(numbers, min_size=q * m, max_size=q * m))) / 8
    own = torch.tensor(data.draw(st.lists(numbers, min_size=q, max_size=q))) / 4
    margin, relative = (
        data.draw(st.sampled_from([-0.5, 0, 0.25, 0.5, 1, 1.5])),
        data.draw(st.booleans()),
    )
    arguments = scores.view(q, m), own, margin, relative
    functions = given_function("keep_by_margin", "keep_by_loops"), answer("keep_by_margin")
    if margin < 0 or (relative and margin > 1):
        for function in functions:
            with pytest.raises(ValueError, match="margin"):
                function(*arguments)
        return
    by_loops, by_answer = (function(*arguments) for function in functions)
    assert torch.equal(by_loops, by_answer)


@pytest.mark.parametrize(
    ("exercise", "used_as"),
    [
        ("matryoshka_mnrl", "nested_loss(q, p, prefixes"),
        ("make_tuples", "bench.taught_by(tuples_of(rows"),
        ("mine_negatives", "nearest(miner_q, miner_p, half_b)"),
        ("keep_by_margin", "four_below(miner_q, miner_p"),
        ("filter_by_judge", "filter_(by_miner"),
        ("shortlist_rescore", "rescored(nested(course.test.queries)"),
        ("to_int8", "int8(vectors[1], vectors[1])"),
    ],
)
def test_what_the_learner_wrote_is_what_the_lesson_goes_on_with(exercise, used_as):
    lesson = lessons()[exercise]
    after = [c for c in lesson.cells if c.line > lesson.cell("check", exercise).line]
    assert any(used_as in cell.source for cell in after if cell.kind == "code")
