"""Training on pairs, on toy vectors in which the right answer is known."""

import pytest
import torch

from lib import losses, pair_training
from lib.losses import mnrl
from lib.pair_training import PairBench, drawn_from, in_pools
from lib.pooling import normalize
from tests.lib.test_tuple_training import P, Q, course

TRAINED = 40  # of the 60 queries; the others validate
EASY = {"epochs": 20, "batch_size": 20, "lr": 2e-2}


def bench(seed: int = 0) -> PairBench:
    return PairBench(course(), Q[:TRAINED], P, Q[TRAINED:], seed)


def test_training_on_pairs_makes_search_better():
    before = bench().quality()
    after = bench().over_seeds(mnrl, **EASY)
    assert before.shape == (20,)
    assert after.shape == (3, 20)
    assert after.mean() > before.mean() + 0.05


def test_a_validated_training_keeps_its_best_state():
    head, history = bench().train(mnrl, validated=True, **EASY)
    assert [step for step, _ in history.scores] == [0, 20, 40]
    assert float(bench().quality(head).mean()) == max(score for _, score in history.scores)


def test_a_seed_repeats_a_training_and_another_one_does_not():
    first, second = (bench().train(mnrl, seed=s, **EASY)[1].losses for s in (1, 1))
    moved = bench(1).train(mnrl, **EASY)[1].losses
    other = bench().train(mnrl, seed=2, **EASY)[1].losses
    assert first == second == moved != other


def test_a_loss_is_given_the_head_s_vectors_of_a_batch_s_rows():
    seen = []

    def loss(q, p, n, given):
        seen.append((q.shape, p.shape, n.shape, given))
        return mnrl(q, p, n)

    pool = (torch.arange(TRAINED)[:, None] + torch.arange(1, 6)) % 60
    numbers = torch.arange(TRAINED) * 10
    options = {"negatives": drawn_from(pool, 2), "given": numbers, "batch_size": 8, "out": 4}
    head, history = bench().train(loss, torch.arange(16), epochs=1, **options)
    assert len(seen) == len(history.losses) == 2
    assert {shape for *shapes, _ in seen for shape in shapes} == {(8, 4), (8, 2, 4)}
    assert sorted(torch.cat([given for *_, given in seen]).tolist()) == [10 * i for i in range(16)]
    assert head.linear.weight.shape == (4, 16)


def test_what_is_given_belongs_to_the_pair_at_its_place():
    def loss(q, p, given):
        torch.testing.assert_close(p.detach(), P[given])  # the head is the identity at first
        return mnrl(q, p)

    bench().train(loss, given=torch.arange(TRAINED), batch_size=40, epochs=1)


def test_the_pairs_of_a_group_share_a_batch():
    groups, batches = torch.arange(TRAINED).view(20, 2), []

    def loss(q, p, given):
        batches.append(given)
        return mnrl(q, p)

    bench().train(loss, groups, given=torch.arange(TRAINED), batch_size=5, epochs=1)
    assert all(set(batch.tolist()) == {*batch.tolist()} for batch in batches)
    assert all((batch.view(-1, 2)[:, 0] + 1 == batch.view(-1, 2)[:, 1]).all() for batch in batches)


def test_pairs_of_one_passage_are_kept_apart():
    twins = course()
    twins.train.positives[1] = twins.train.positives[0]

    def loss(q, p):
        assert len(p.unique(dim=0)) == len(p)
        return mnrl(q, p)

    PairBench(twins, Q[:TRAINED], P, Q[TRAINED:]).train(loss, batch_size=40, epochs=2)


def test_negatives_come_from_the_row_of_their_pair_and_anew_each_time():
    pool = torch.arange(300).view(30, 10)
    draw = drawn_from(pool, 4, seed=3)
    rows = torch.tensor([7, 2, 7])
    first, second = draw(rows), draw(rows)
    assert first.shape == (3, 4)
    assert (first // 10 == rows[:, None]).all()
    assert not torch.equal(first, second)
    assert torch.equal(first, drawn_from(pool, 4, seed=3)(rows))


@pytest.mark.parametrize(("size", "pools"), [(2, 6), (4, 3), (5, 2), (12, 1), (99, 1)])
def test_pools_are_batches_of_their_own(size, pools):
    q, p = 3 * Q[:12], P[:12]
    fits = min(size, 12)
    parts = [slice(i * fits, (i + 1) * fits) for i in range(pools)]
    expected = sum(float(mnrl(q[part], p[part], scale=7.0)) for part in parts) / pools
    assert float(in_pools(size, scale=7.0)(q, p)) == pytest.approx(expected, abs=1e-5)


def test_the_quality_of_a_head_that_is_the_identity_is_the_encoder_s():
    head = pair_training.ProjectionHead(16)
    torch.testing.assert_close(bench().quality(head), bench().quality())
    ranked = bench().ranked(normalize(Q[:3]), P)
    assert [len(row) for row in ranked] == [10] * 3


def test_losses_that_want_scores_train_too():
    def right_and_wrong(q, p):
        scores = torch.cat([torch.ones(len(q)), torch.zeros(len(q))])
        return losses.cosent_loss(q.repeat(2, 1), torch.cat([p, p.roll(1, 0)]), scores)

    after = bench().over_seeds(right_and_wrong, **EASY)
    assert after.mean() > bench().quality().mean()
