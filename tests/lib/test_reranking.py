"""A shortlist in a new order: who is trained on what, and what is measured."""

import pytest
import torch

from lib import reranking
from lib.data import CourseSet, Split
from lib.metrics import ndcg_at_k
from lib.pooling import normalize
from tests.lib import test_bi_encoder

tiny = test_bi_encoder.tiny  # the fixture: two random layers of 32 numbers
PASSAGES = [f"passage {a} {b}" for a in ("red", "weak", "thin", "no") for b in range(12)]
IDS = [f"p{i}" for i in range(len(PASSAGES))]


def _split(rows) -> Split:
    return Split(
        [f"q{row}" for row in rows],
        [f"query {row}" for row in rows],
        [{IDS[row]: 1, "elsewhere": 1} for row in rows],
        list(rows),
    )


TRAIN, VALIDATION = _split(range(0, 40, 2)), _split(range(1, 21, 2))
COURSE = CourseSet(
    "toy", IDS, PASSAGES, PASSAGES, PASSAGES, [()] * len(IDS), TRAIN, VALIDATION, VALIDATION, "", "",
    "", "",
)  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))


@pytest.fixture
def vectors(tiny):
    return tiny.encode(PASSAGES, convert_to_tensor=True, show_progress_bar=False)


@pytest.fixture
def judges(tiny, vectors):
    return reranking.trained_judge(tiny, COURSE, 3 * vectors, queries=8, wrong=4, joint_layers=1)


def test_both_learn_from_the_same_queries_against_near_passages_that_are_not_right(judges, vectors):
    assert judges.tuples.shape == (8, 6)
    chosen = list(range(0, 20, 2))[:8]
    for query, positive, *wrong in judges.tuples.tolist():
        assert positive == TRAIN.positives[chosen[query]]
        assert positive not in wrong
        assert len({*wrong}) == 4
    assert sorted(judges.tuples[:, 0].tolist()) == [*range(8)]
    with torch.no_grad():
        assert judges.head(vectors).shape == vectors.shape


def test_the_orders_are_measured_on_the_same_shortlists(tiny, judges, vectors):
    rows = [0, 3, 4]
    asked = tiny.encode(
        [VALIDATION.queries[row] for row in rows], convert_to_tensor=True, show_progress_bar=False
    )
    lists = reranking.shortlists(COURSE, rows, 2 * asked, 3 * vectors, depth=10)
    found = reranking.rerank(judges, COURSE, lists)
    best = (normalize(asked) @ normalize(vectors).T).topk(10, dim=1).indices.tolist()
    ranked = [[IDS[i] for i in own] for own in best]
    relevant = [VALIDATION.relevant[row] for row in rows]
    torch.testing.assert_close(found.by_vectors, ndcg_at_k(ranked, relevant, 10))
    for values in (found.by_vectors, found.by_trained_vectors, found.by_reading):
        assert values.shape == (3,)
        assert bool((values <= found.at_best + 1e-9).all())
    in_list = [IDS[VALIDATION.positives[row]] in own for row, own in zip(rows, ranked)]
    assert [value > 0 for value in found.at_best.tolist()] == in_list


def test_only_shortlists_with_a_right_passage_are_read(tiny, judges, vectors, monkeypatch):
    asked = tiny.encode(VALIDATION.queries, convert_to_tensor=True, show_progress_bar=False)
    every = list(range(len(VALIDATION)))
    best = (normalize(asked) @ normalize(vectors).T).topk(3, dim=1).indices.tolist()
    hopeful = [VALIDATION.positives[row] in own for row, own in zip(every, best)]
    assert any(hopeful)
    assert not all(hopeful)
    read = []

    def reading(judge, queries, passages, rows):
        read.extend(queries)
        return torch.arange(rows.numel()).view(rows.shape).float()  # the last passage first

    monkeypatch.setattr(reranking, "judged", reading)
    lists = reranking.shortlists(COURSE, every, asked, vectors, depth=3)
    assert lists.hopeful.tolist() == hopeful
    found = reranking.rerank(judges, COURSE, lists)
    assert read == [VALIDATION.queries[row] for row in every if hopeful[row]]
    turned = [[IDS[i] for i in own[::-1]] for own in best]
    torch.testing.assert_close(found.by_reading, ndcg_at_k(turned, VALIDATION.relevant, 10))
