import pytest
import torch

from lib import frozen_bench
from lib.frozen_bench import FrozenBench
from lib.metrics import ndcg_at_k
from lib.pooling import normalize
from tests.lib.test_pair_training import TRAINED, P, Q, course


def bench() -> FrozenBench:
    return FrozenBench(course(), Q[:TRAINED], P, Q[TRAINED:])


def test_ten_passages_are_found_by_their_dot_products():
    found = bench().found(Q[:3], P)
    assert found.shape == (3, 10)
    torch.testing.assert_close(found, (Q[:3] @ P.T).topk(10).indices)


def test_the_quality_without_a_head_is_that_of_the_encoder_s_vectors():
    one = bench()
    ranked = one.ranked(one.held_out, one.passages)
    expected = ndcg_at_k(ranked, one.course.validation.relevant, 10)
    torch.testing.assert_close(one.quality(), expected)
    torch.testing.assert_close(one.quality(lambda x: 3 * x), expected)  # lengths do not matter


def test_rows_of_more_than_ten_passages_are_cut_and_fewer_queries_are_the_first():
    one = bench()
    rows = one.found(one.held_out, one.passages)
    longer = torch.cat([rows, rows.flip(1)], dim=1)
    torch.testing.assert_close(one.ndcg(longer[:2]), one.ndcg(rows)[:2])


def test_a_head_changes_what_is_found():
    matrix = torch.randn(P.shape[1], 2, generator=torch.Generator().manual_seed(1))
    with pytest.raises(AssertionError):
        torch.testing.assert_close(
            bench().quality(lambda x: normalize(x @ matrix)), bench().quality()
        )


def test_another_encoder_is_measured_by_its_own_vectors(monkeypatch):
    one, asked = bench(), Q[TRAINED:]

    def encoded(shift, texts):
        return asked if texts is one.course.validation.queries else P.roll(shift, dims=0)

    monkeypatch.setattr(frozen_bench, "encode_cached", encoded)
    torch.testing.assert_close(one.quality_of(0), one.quality())
    moved = one.quality_of(7)
    torch.testing.assert_close(moved, one.ndcg(one.found(asked, P.roll(7, dims=0))))
    assert moved.mean() < one.quality().mean()
