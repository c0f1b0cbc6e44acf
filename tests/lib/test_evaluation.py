"""The seven tasks of MTEB, against scikit-learn, scipy and trec_eval."""

from dataclasses import replace

import ir_measures
import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.evaluation import (
    average_precision_of_scores,
    change,
    pair_classification,
    reranking,
    retrieval,
    sts,
    summarisation,
)
from lib.metrics import bootstrap_interval
from lib.pooling import cosine_matrix


def _gauss(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _trec(measure, rows, scores, relevant):
    qrels = [
        ir_measures.Qrel(str(q), str(d), g)
        for q, grades in enumerate(relevant)
        for d, g in grades.items()
    ]
    run = [
        ir_measures.ScoredDoc(str(q), str(d), float(s))
        for q in range(len(rows))
        for d, s in zip(rows[q].tolist(), scores[q].tolist())
        if d >= 0
    ]
    return ir_measures.calc_aggregate([measure], qrels, run)[measure]


QUERIES, PASSAGES = 3 * _gauss(30, 8), _gauss(90, 8, seed=1) / 4
RELEVANT = [{(7 * q) % 90: 2, (11 * q + 1) % 90: 1} for q in range(30)]
COSINES = cosine_matrix(QUERIES, PASSAGES)


def test_retrieval_is_trec_eval_s_ndcg_by_cosine():
    result = retrieval(QUERIES, PASSAGES, RELEVANT)
    every = torch.arange(90).expand(30, -1)
    for measure, ours in (
        (ir_measures.nDCG @ 10, result.score),
        (ir_measures.R @ 10, result.more["recall@10"]),
        (ir_measures.RR @ 10, result.more["MRR@10"]),
    ):
        assert ours == pytest.approx(_trec(measure, every, COSINES, RELEVANT), abs=1e-6)
    assert result.per_item.shape == (30,)
    assert result.interval.low < result.score < result.interval.high
    assert str(result).startswith("retrieval ")


def test_reranking_is_trec_eval_s_map_over_the_candidates():
    candidates = torch.stack([torch.randperm(90)[:20] for _ in range(30)])
    for q, grades in enumerate(RELEVANT):
        candidates[q, :2] = torch.tensor(list(grades))
        candidates[q, 2:] = torch.tensor(
            [x for x in torch.randperm(90) if int(x) not in grades][:18]
        )
    candidates[4, 5:] = candidates[9, 1:] = -1
    result = reranking(QUERIES, PASSAGES, candidates, RELEVANT)
    scores = COSINES.gather(1, candidates.clamp(min=0))
    expected = _trec(ir_measures.AP, candidates, scores, RELEVANT)
    assert result.score == pytest.approx(expected, abs=1e-6)
    expected = _trec(ir_measures.RR, candidates, scores, RELEVANT)
    assert result.more["MRR"] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
        lambda rows: sum(label for _, label in rows) > 0
    )
)
def test_average_precision_of_scores_is_scikit_learn_s_with_ties(rows):
    scores, positive = torch.tensor([s for s, _ in rows]), torch.tensor([p for _, p in rows])
    expected = sklearn.metrics.average_precision_score(positive, scores)
    assert float(average_precision_of_scores(scores.float(), positive)) == pytest.approx(expected)
    both = torch.stack([scores.float(), scores.flip(0).float()])
    found = average_precision_of_scores(both, torch.stack([positive, positive.flip(0)]))
    assert found.tolist() == pytest.approx([expected, expected])


def test_pair_classification_is_average_precision_over_cosines():
    same = torch.rand(200, generator=torch.Generator().manual_seed(2)) < 0.3
    left = _gauss(200, 16)
    right = left * same[:, None] * 0.6 + _gauss(200, 16, seed=3)
    result = pair_classification(left, right, same)
    cosines = torch.cosine_similarity(left, right)
    expected = sklearn.metrics.average_precision_score(same, cosines)
    assert result.score == pytest.approx(expected, abs=1e-6)
    assert float(result.per_item.mean()) == pytest.approx(expected, abs=1e-6)
    assert result.more["chance"] == pytest.approx(float(same.double().mean()))
    assert result.interval.low < result.score < result.interval.high
    assert pair_classification(left, right, same.long()).score == result.score


def test_sts_is_spearman_over_cosines_and_its_items_average_to_it():
    left, right = _gauss(300, 12), _gauss(300, 12, seed=1)
    people = torch.cosine_similarity(left, right) + 0.3 * _gauss(300, seed=2)
    result = sts(left, right, people)
    expected = scipy.stats.spearmanr(torch.cosine_similarity(left, right), people).statistic
    assert result.score == pytest.approx(expected, abs=1e-6)
    assert float(result.per_item.mean()) == pytest.approx(expected, abs=1e-6)
    wide = scipy.stats.bootstrap(
        (torch.cosine_similarity(left, right).numpy(), people.numpy()),
        lambda a, b: scipy.stats.spearmanr(a, b).statistic,
        paired=True, vectorized=False, n_resamples=1000, method="percentile", rng=0,
    ).confidence_interval  # fmt: skip
    assert result.interval.low == pytest.approx(wide.low, abs=0.02)
    assert result.interval.high == pytest.approx(wide.high, abs=0.02)


def test_pairs_that_share_texts_have_a_wider_interval():
    texts, pairs = _gauss(24, 8), torch.combinations(torch.arange(24))
    left, right = texts[pairs[:, 0]], texts[pairs[:, 1]]
    liked = _gauss(24, seed=5)  # people judge each text, which all its pairs share
    people = torch.cosine_similarity(left, right) + liked[pairs].sum(dim=1) / 4
    narrow = sts(left, right, people)
    wide = sts(left, right, people, [tuple(p) for p in pairs.tolist()])
    assert wide.score == narrow.score
    assert wide.interval.high - wide.interval.low > 1.2 * (
        narrow.interval.high - narrow.interval.low
    )
    assert wide.interval.low < wide.score < wide.interval.high


def test_summarisation_is_the_mean_of_each_text_s_spearman():
    references, candidates = _gauss(9, 3, 8), _gauss(9, 6, 8, seed=1)
    grades = torch.randint(0, 4, (9, 6), generator=torch.Generator().manual_seed(0))
    grades[4] = 2  # no order: left out
    expected = []
    for r, c, g in zip(references, candidates, grades):
        if g.unique().numel() > 1:
            best = cosine_matrix(c, r).max(dim=1).values
            expected.append(scipy.stats.spearmanr(best, g).statistic)
    result = summarisation(references, candidates, grades)
    assert len(result.per_item) == len(expected) == 8
    assert result.per_item.tolist() == pytest.approx(expected, abs=1e-6)
    assert result.score == pytest.approx(np.mean(expected), abs=1e-6)


def test_random_vectors_score_by_chance():
    same = torch.arange(1_000) % 4 == 0
    a, b = _gauss(1_000, 32), _gauss(1_000, 32, seed=1)
    result = pair_classification(a, b, same)
    assert result.interval.low - 0.01 < result.more["chance"] < result.interval.high + 0.01
    assert abs(sts(a, b, _gauss(1_000, seed=2)).score) < 0.1


X, PAIRS = _gauss(4, 3), torch.tensor([1, 0, 1, 0])


def test_a_change_s_interval_is_that_of_the_paired_draws():
    noise = _gauss(90, 8, seed=3)
    before, after = (retrieval(QUERIES, x, RELEVANT) for x in (PASSAGES, noise))
    found = change(before, after)
    expected = bootstrap_interval(after.per_item - before.per_item)
    assert (found.mean, found.low, found.high) == pytest.approx(
        (expected.mean, expected.low, expected.high)
    )
    same = change(before, before)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_a_change_of_a_score_that_is_no_mean_draws_the_same_pairs_for_both():
    left, right, labels = _gauss(60, 8), _gauss(60, 8, seed=1), torch.arange(60) % 3 == 0
    near = left + _gauss(60, 8, seed=2)
    before, after = (pair_classification(left, x, labels) for x in (right, near))
    found = change(before, after)
    assert found.mean == pytest.approx(after.score - before.score)
    apart = (after.interval.high - after.interval.low) + (
        before.interval.high - before.interval.low
    )
    assert 0 < found.high - found.low < apart
    turned = change(after, before)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_changes_between_two_tasks_or_other_texts_are_refused():
    whole, part = (retrieval(QUERIES[:n], PASSAGES, RELEVANT[:n]) for n in (30, 20))
    with pytest.raises(ValueError, match="30 items and retrieval of 20"):
        change(whole, part)
    pairs = sts(QUERIES, PASSAGES[:30], torch.arange(30.0))
    with pytest.raises(ValueError, match="the same task on the same texts"):
        change(whole, pairs)
    with pytest.raises(ValueError, match="1000 and 999 draws have a score"):
        change(pairs, replace(pairs, drawn=pairs.drawn[1:]))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: reranking(X, X, torch.zeros(3, 2, dtype=torch.long), [{}] * 4), r"\(4, m\) rows"),
        (lambda: pair_classification(X, X[:3], PAIRS), r"right \(3, 3\)"),
        (lambda: pair_classification(X, X, PAIRS * 0), "0 of 4 pairs belong together"),
        (lambda: pair_classification(X * torch.nan, X, PAIRS), "hold nan"),
        (lambda: sts(X, X, PAIRS[:3]), r"scores \(3,\)"),
        (lambda: sts(X, X, PAIRS, [(0, 1)]), r"texts are \(1, 2\); expected \(4, 2\)"),
        (lambda: summarisation(X, X, PAIRS), r"expected \(texts, r, dim\)"),
        (lambda: summarisation(X[None], X[None, :1], PAIRS[None, :1]), "at least 2 of each text"),
        (lambda: summarisation(X[None], X[None], PAIRS[None] * 0), "no text has candidates"),
        (lambda: retrieval(X, X, [{}] * 3), "4 ranked lists came with 3"),
    ],
)
def test_what_is_no_task_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
