"""Training on tuples, on toy vectors in which the right answer is known."""

import math

import pytest
import torch
import torch.nn.functional as F

from lib import tuple_training
from lib.data import CourseSet, Split
from lib.finetune import History
from lib.losses import mnrl
from lib.metrics import bootstrap_interval
from lib.pooling import normalize
from lib.significance import paired_interval
from lib.tuple_training import HeadBench, Taught, contests, in_batch, late, own_choices

GENERATOR = torch.Generator().manual_seed(0)
P = normalize(torch.randn(60, 16, generator=GENERATOR))
TURN = torch.linalg.qr(torch.randn(16, 16, generator=GENERATOR))[0]
Q = normalize(0.6 * P @ TURN + 0.4 * P)  # half turned away: a head can turn them back
OWN = torch.arange(60)


def course() -> CourseSet:
    names = [f"T{i}" for i in range(60)]

    def split(rows):
        ids = [names[i] for i in rows]
        return Split(ids, [f"q{i}" for i in rows], [{name: 1} for name in ids], list(rows))

    nothing = Split([], [], [], [])
    return CourseSet(
        "toy", names, names, names, names, [()] * 60,
        split(range(40)), split(range(40, 60)), nothing, "", "", "", "",
    )  # fmt: skip


def bench(seed: int = 0) -> HeadBench:
    return HeadBench(course(), Q[:40], P, Q[40:], seed)


def tuples(n: int = 3) -> torch.Tensor:
    wrong = (OWN[:40, None] + torch.arange(1, 1 + n)) % 40
    return torch.cat([OWN[:40, None], OWN[:40, None], wrong], dim=1)


def test_a_query_chooses_among_its_own_passages_only():
    q, p, n = Q[:5], P[:5], P[10:25].view(5, 3, 16)
    by_hand = [
        F.cross_entropy(20 * torch.stack([p[i], *n[i]]) @ q[i], torch.tensor(0)) for i in range(5)
    ]
    torch.testing.assert_close(own_choices(q, p, n), torch.stack(by_hand).mean())
    same = P[:1].expand(5, -1)
    assert float(own_choices(q, same, same[:, None].expand(5, 3, 16))) == pytest.approx(math.log(4))
    torch.testing.assert_close(in_batch(q, p, n), mnrl(q, p))


def test_training_teaches_is_seeded_and_leaves_the_vectors():
    before = Q.clone()
    one, history = bench().train(tuples(), epochs=30)
    two, _ = bench().train(tuples(), epochs=30)
    other, _ = bench().train(tuples(), epochs=30, seed=1)
    assert torch.equal(one.linear.weight, two.linear.weight)
    assert not torch.equal(one.linear.weight, other.linear.weight)
    assert torch.equal(Q, before)
    assert history.losses[-1] < history.losses[0]
    assert bench().quality(one).shape == (20,)
    assert torch.equal(bench(1).train(tuples(), epochs=30)[0].linear.weight, other.linear.weight)


def test_without_a_head_the_encoder_s_own_vectors_are_measured():
    found = (Q[40:] @ P.T).topk(10).indices
    torch.testing.assert_close(bench().quality(), bench().ndcg(found))


def test_candidates_are_put_in_the_order_of_their_scores():
    candidates = torch.tensor([[3, 40, 7], [41, 2, 9]])
    scores = torch.tensor([[0.1, 0.2, 0.9], [0.3, 0.5, 0.4]])
    found = bench().reordered(candidates, scores)
    expected = torch.tensor([1 / math.log2(3), 1 / math.log2(4)], dtype=torch.float64)
    torch.testing.assert_close(found, expected)


def test_what_is_taught_is_the_mean_over_the_seeds():
    each = [bench().quality(bench().train(tuples(), seed=s)[0]) for s in (0, 5)]
    found = bench().taught_by(tuples(), seeds=(0, 5))
    torch.testing.assert_close(found, torch.stack(each).mean(dim=0))


def test_a_validated_head_is_the_best_of_those_looked_at():
    head, history = bench().train(tuples(), mnrl, epochs=3, validated=True)
    assert float(bench().quality(head).mean()) == pytest.approx(history.best_score)


def test_each_round_mines_with_the_head_before():
    asked = []

    def mine(head):
        asked.append(head)
        return tuples(2)

    found = bench().in_rounds(tuples(), {"a": mine, "b": lambda _: tuples(1)}, 2, seeds=(0,))
    begun = bench().quality(bench().train(tuples())[0])
    for name, n in (("a", 2), ("b", 1)):
        first, second = found[name]
        torch.testing.assert_close(first, begun)
        torch.testing.assert_close(second, bench().quality(bench().train(tuples(n))[0]))
    assert len(asked) == 1
    assert torch.equal(asked[0].linear.weight, bench().train(tuples())[0].linear.weight)


def test_what_mines_with_a_head_gets_its_vectors_of_some_queries_and_of_all_passages():
    head, rows = bench().train(tuples())[0], torch.tensor([3, 7, 8])
    asked = []

    def way(queries, passages):
        asked.append((queries, passages))
        return torch.tensor([[1], [2], [3]])

    made = bench().mined_by(rows, way, lambda wrong: wrong + 10)(head)
    assert made.tolist() == [[11], [12], [13]]
    ((queries, passages),) = asked
    with torch.no_grad():
        torch.testing.assert_close(queries, head(Q[rows]))
        torch.testing.assert_close(passages, head(P))
    assert not queries.requires_grad


def test_a_missing_negative_is_refused():
    broken = tuples()
    broken[3, 2] = -1
    with pytest.raises(ValueError, match="lowest row of -1; expected"):
        bench().train(broken)


def test_differences_are_paired_and_named():
    a, b = torch.rand(50, generator=GENERATOR), torch.rand(50, generator=GENERATOR)
    taught = Taught({"a": a, "b": b})
    assert taught.minus("a", "b") == paired_interval(a, b)
    assert taught.differences([("a", "b")]) == {"a minus b": paired_interval(a, b)}
    assert taught.intervals(["b"]) == {"b": bootstrap_interval(b)}


def test_what_all_layers_were_taught_stands_beside_the_head():
    a, b, c, d = torch.rand(4, 50, generator=GENERATOR)
    taught = Taught({"a": a, "b": b, "all layers, a": c, "all layers, b": d})
    values, differences = taught.beside_all_layers([("a", "b")])
    assert values == taught.intervals(["a", "b", "all layers, a", "all layers, b"])
    assert [*values] == ["a", "b", "all layers, a", "all layers, b"]
    assert differences == {
        "a minus b": paired_interval(a, b),
        "all layers, a minus all layers, b": paired_interval(c, d),
    }


def test_the_last_third_of_a_training():
    assert late(History([9.0, 9, 9, 9, 1, 3], [5.0, 5, 5, 5, 2, 4])) == (2.0, 3.0)


def test_contests_are_drawn_from_each_pair_s_own_candidates():
    pairs, candidates = torch.arange(100, 120), torch.arange(200).view(20, 10)
    found = contests(pairs, OWN[:20], candidates, 15, n=4, seed=3)
    assert found.shape == (15, 6)
    assert len(set(found[:, 0].tolist())) == 15
    for query, positive, *wrong in found.tolist():
        assert positive == query - 100
        assert len(set(wrong)) == 4
        assert set(wrong) <= set(candidates[query - 100].tolist())
    assert torch.equal(found, contests(pairs, OWN[:20], candidates, 15, n=4, seed=3))
    candidates[:, :8] = -1
    assert len(contests(pairs, OWN[:20], candidates, 20, n=4)) == 0
    with pytest.raises(ValueError, match="20 pairs"):
        contests(pairs, OWN[:20], candidates, 21)


def test_a_whole_encoder_is_trained_once_and_what_it_found_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    trained = []

    def train(encoder, columns, loss, **options):
        trained.append([len(column[0]) if isinstance(column[0], list) else 1 for column in columns])

    class Encoder(torch.nn.Module):
        device = torch.device("cpu")

    monkeypatch.setattr(tuple_training.bi_encoder, "train", train)
    monkeypatch.setattr(tuple_training, "module_digest", lambda module: "same")
    sides = {"q50": Q[50:51]}
    monkeypatch.setattr(
        tuple_training, "encode_cached", lambda encoder, texts: sides.get(texts[0], P)
    )
    found = [
        tuple_training.search_after_training(Encoder(), course(), tuples(n), ["q50"])
        for n in (2, 2, 0)
    ]
    assert trained == [[1, 1, 2], [1, 1]]
    assert torch.equal(found[0], (Q[50:51] @ P.T).topk(10).indices)
    assert torch.equal(found[0], found[1])


def test_all_layers_learn_in_a_copy_for_each_kind_of_tuples(monkeypatch):
    encoder, seen = torch.nn.Linear(2, 2), []
    rows = torch.arange(20)[:, None] + torch.arange(-9, 1)  # the right one among the last

    def search(own, course_, made, queries, *, seed):
        seen.append((own, made, queries, seed))
        return rows + 40

    monkeypatch.setattr(tuple_training, "search_after_training", search)
    kinds = {"in-batch": tuples(0), "two more": tuples(2)}
    found = bench(5).all_layers(encoder, kinds)
    assert [*found] == ["all layers, in-batch", "all layers, two more"]
    torch.testing.assert_close(found["all layers, in-batch"], bench().ndcg(rows + 40))
    assert [made.shape[1] for _, made, _, _ in seen] == [2, 4]
    assert all(own is not encoder for own, *_ in seen), "the encoder itself is left as it is"
    assert seen[0][0] is not seen[1][0]
    assert all(len(queries) == 20 and seed == 5 for _, _, queries, seed in seen)
