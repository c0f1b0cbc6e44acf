"""The parts of a filter, against loops."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.negative_filters import (
    as_many_at_random,
    below_judge,
    below_margin,
    dropped_shares,
    first_below,
    first_kept,
    judged,
    mine_from_scores,
    refilled,
    scores_of,
)


def test_scores_are_dot_products_also_over_several_blocks():
    generator = torch.Generator().manual_seed(0)
    q, p = torch.randn(1030, 6, generator=generator), torch.randn(40, 6, generator=generator)
    rows = torch.randint(-1, 40, (1030, 3), generator=generator)
    found = scores_of(q, p, rows)
    for i in (0, 511, 512, 1029):
        for j, row in enumerate(rows[i].tolist()):
            expected = float(q[i] @ p[row]) if row >= 0 else -float("inf")
            assert float(found[i, j]) == pytest.approx(expected, abs=1e-5)
    assert scores_of(q[:0], p, rows[:0]).shape == (0, 3)


@given(st.data())
def test_the_first_that_are_kept_are_those_of_a_loop(data):
    q, m, k = (data.draw(st.integers(1, 5)) for _ in range(3))
    numbers = data.draw(st.lists(st.integers(-1, 9), min_size=q * m, max_size=q * m))
    marks = data.draw(st.lists(st.booleans(), min_size=q * m, max_size=q * m))
    rows, kept = torch.tensor(numbers).view(q, m), torch.tensor(marks).view(q, m)
    expected = []
    for own, stays in zip(rows.tolist(), kept.tolist()):
        left = [row for row, stay in zip(own, stays) if stay and row >= 0][:k]
        expected.append(left + [-1] * (k - len(left)))
    assert first_kept(rows, kept, k).tolist() == expected


def test_the_control_drops_as_many_of_each_query_and_others():
    generator = torch.Generator().manual_seed(1)
    dropped = torch.rand(300, 6, generator=generator) < 0.4
    control = as_many_at_random(dropped, seed=2)
    assert torch.equal(control.sum(dim=1), dropped.sum(dim=1))
    assert torch.equal(control, as_many_at_random(dropped, seed=2))
    assert not torch.equal(control, as_many_at_random(dropped, seed=3))
    assert control.double().mean(dim=0).std() < 0.1, "every rank is dropped about as often"


def test_what_is_dropped_is_filled_up_from_deeper_ranks():
    rows = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 9, -1]])
    dropped = torch.tensor([[True, False, False], [True, True, True]])
    assert refilled(rows, dropped, 3).tolist() == [[2, 3, 4], [9, -1, -1]]


def test_shares_are_of_queries_that_have_both_kinds():
    dropped = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1]]).bool()
    of = torch.tensor([[1, 0, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0]]).bool()
    some, others = dropped_shares(dropped, of)
    torch.testing.assert_close(some, torch.tensor([1.0, 0.5]))
    torch.testing.assert_close(others, torch.tensor([1 / 3, 0.5]))


def test_a_judge_is_asked_for_every_pair_in_order():
    class Judge:
        def predict(self, left, right, keep):
            return torch.tensor([float(a + b) for a, b in zip(left, right)])

    rows = torch.tensor([[1, 0], [0, 0]])
    assert judged(Judge(), ["1", "2"], ["3", "4"], rows).tolist() == [[14.0, 13.0], [23.0, 23.0]]


def test_the_miner_of_a_table_leaves_out_positives_the_query_and_what_is_too_near():
    scores = [[1, 0.5, 0.375, 0.25, 0.125]]
    assert mine_from_scores(scores, [[0, 1]], [4], 0.5, 2) == [[3, -1]]
    assert mine_from_scores([[-0.5, -0.375, -0.75, -1]], [[0]], [-1], 0.5, 2) == [[2, 3]]


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (
            lambda: scores_of(torch.ones(2, 3), torch.ones(4, 3), torch.ones(3, 1).long()),
            "2 queries",
        ),
        (lambda: first_kept(torch.ones(2, 3).long(), torch.ones(2, 2).bool(), 1), r"\(2, 3\)"),
        (lambda: first_kept(torch.ones(2, 3).long(), torch.ones(2, 3).bool(), 0), "k is 0"),
    ],
)
def test_what_does_not_fit_is_refused(refused, says):
    with pytest.raises(ValueError, match=says):
        refused()


@given(st.data())
def test_a_margin_is_that_of_a_loop(data):
    q, m = (data.draw(st.integers(1, 5)) for _ in range(2))
    eighths = st.integers(-8, 8).map(lambda n: n / 8)  # exact, with ties
    rows = data.draw(st.lists(st.lists(eighths, min_size=m, max_size=m), min_size=q, max_size=q))
    own = data.draw(st.lists(eighths, min_size=q, max_size=q))
    margin, relative = data.draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])), data.draw(st.booleans())
    expected = [
        [score <= positive - (margin * abs(positive) if relative else margin) for score in row]
        for row, positive in zip(rows, own)
    ]
    found = below_margin(torch.tensor(rows), torch.tensor(own), margin, relative)
    assert found.tolist() == expected


def test_a_margin_that_there_cannot_be_is_refused():
    scores, own = torch.zeros(1, 2), torch.zeros(1)
    below_margin(scores, own, 3.0, False)
    for margin, relative in ((-0.1, False), (-0.1, True), (1.1, True), (float("nan"), True)):
        with pytest.raises(ValueError, match=r"the margin is .*; expected 0 to"):
            below_margin(scores, own, margin, relative)


@given(st.data())
def test_a_judge_s_filter_is_that_of_a_loop_also_on_missing_candidates(data):
    q, m, k = (data.draw(st.integers(1, 5)) for _ in range(3))
    numbers = st.lists(st.integers(-1, 6), min_size=q * m, max_size=q * m)
    rows = torch.tensor(data.draw(numbers)).view(q, m)
    judged = torch.tensor(data.draw(numbers)).view(q, m) / 4  # quarters: exact, with ties
    own = torch.tensor(data.draw(st.lists(st.integers(-1, 6), min_size=q, max_size=q))) / 4
    expected = []
    for candidates, scores, positive in zip(rows.tolist(), judged.tolist(), own.tolist()):
        kept = [row for row, s in zip(candidates, scores) if row != -1 and s <= positive - 0.25][:k]
        expected.append(kept + [-1] * (k - len(kept)))
    assert below_judge(rows, judged, own, 0.25, k).tolist() == expected


def test_the_first_below_a_margin_are_those_of_a_loop():
    generator = torch.Generator().manual_seed(3)
    q, p = torch.randn(30, 6, generator=generator), torch.randn(40, 6, generator=generator)
    right = torch.randint(40, (30,), generator=generator)
    mined = (q @ p.T).argsort(dim=1, descending=True)[:, :12]
    found = first_below((q, p), mined, right, margin=0.2)
    assert found.shape == (30, 4)
    assert bool((found < 0).any()), "some query keeps fewer than four"
    for i, rows in enumerate(mined.tolist()):
        own = float(q[i] @ p[right[i]])
        kept = [row for row in rows if float(q[i] @ p[row]) <= own - 0.2 * abs(own)][:4]
        assert found[i].tolist() == kept + [-1] * (4 - len(kept))
    everything = first_below((q, p), mined, right, lambda s, *_: torch.ones_like(s).bool(), n=3)
    assert torch.equal(everything, mined[:, :3]), "the filter is the caller's"
