"""Lessons 04 and 05: what their cards and given loops say is what the worked answers do."""

from __future__ import annotations

import ast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.negative_filters import below_judge, below_margin
from tests.lessons.worked import HEART, POSITIVE, SCORES, answer, lessons


def printed(exercise: str, sign: str, capsys) -> list[str]:
    """What the loop right before an exercise prints, with the toy that the cells before it define."""
    lesson = lessons()[exercise]
    cells = [c for c in lesson.cells if c.kind == "code" and c.role is None]
    before = [c.source for c in cells if c.line < lesson.cell("answer", exercise).line]
    assert sign in before[-1]
    toys = "\n".join(
        ast.unparse(node)
        for source in before
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node).lstrip("(").startswith("toy_")
    )
    facts = {"torch": torch}
    exec(toys, facts)
    exec(before[-1], facts)
    return capsys.readouterr().out.splitlines()


def test_the_loop_of_the_margin_prints_what_the_worked_answer_gives(capsys):
    lines = printed("keep_by_margin", "for relative in", capsys)
    scores, positive = torch.tensor([[0.6, 0.45, 0.35, 0.1]]), torch.tensor([0.5])
    for line, relative in zip(lines, (False, True), strict=True):
        kept = answer("keep_by_margin")(scores, positive, 0.2, relative)[0].tolist()
        assert line.endswith(str(kept))


def test_the_loop_of_the_judge_prints_what_the_worked_answer_gives(capsys):
    lines = printed("filter_by_judge", "for rows, scores, positive in", capsys)
    rows = torch.tensor([[7, 3, 9, 4], [5, -1, 2, -1]])
    judged = torch.tensor([[0.9, 0.3, 0.7, 0.2], [0.1, 0.0, 0.9, 0.0]])
    found = answer("filter_by_judge")(rows, judged, torch.tensor([0.8, 0.6]), 0.05, 2)
    assert lines == [str(row) for row in found.tolist()]


def test_the_example_of_bm25_shows_count_and_length_apart():
    once, twice, long, never = answer("bm25_scores")(["heart"], HEART)
    assert twice > once > long > never == 0
    assert twice < 2 * once


def test_the_example_of_the_margin_tells_the_two_rules_apart():
    keep = answer("keep_by_margin")
    assert not torch.equal(keep(SCORES, POSITIVE, 0.2, True), keep(SCORES, POSITIVE, 0.2, False))


@given(st.data())
def test_the_library_s_filter_is_the_worked_answer_also_on_missing_candidates(data):
    q, m, k = (data.draw(st.integers(1, 5)) for _ in range(3))
    numbers = st.lists(st.integers(-1, 6), min_size=q * m, max_size=q * m)
    rows = torch.tensor(data.draw(numbers)).view(q, m)
    judged = torch.tensor(data.draw(numbers)).view(q, m) / 4  # quarters: exact, with ties
    own = torch.tensor(data.draw(st.lists(st.integers(-1, 6), min_size=q, max_size=q))) / 4
    arguments = rows, judged, own, 0.25, k
    by_library = below_judge(*arguments)
    assert by_library.dtype == torch.int64
    assert torch.equal(by_library, answer("filter_by_judge")(*arguments))


@given(st.data())
def test_the_library_s_margin_is_the_worked_answer(data):
    q, m = (data.draw(st.integers(1, 5)) for _ in range(2))
    numbers = st.integers(-8, 8)
    scores = torch.tensor(data.draw(st.lists(numbers, min_size=q * m, max_size=q * m))) / 8
    own = torch.tensor(data.draw(st.lists(numbers, min_size=q, max_size=q))) / 4
    margin, relative = (
        data.draw(st.sampled_from([-0.5, 0, 0.25, 0.5, 1, 1.5])),
        data.draw(st.booleans()),
    )
    arguments = scores.view(q, m), own, margin, relative
    functions = below_margin, answer("keep_by_margin")
    if margin < 0 or (relative and margin > 1):
        for function in functions:
            with pytest.raises(ValueError, match="margin"):
                function(*arguments)
        return
    by_library, by_answer = (function(*arguments) for function in functions)
    assert torch.equal(by_library, by_answer)


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
