import ir_measures
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.metrics import (
    Interval,
    average_ranks,
    bootstrap_interval,
    bootstrap_means,
    dcg,
    gains,
    ideal_gains,
    mrr_at_k,
    ndcg_at_k,
    recall_at_k,
    spearman,
)

IDS = [f"d{i}" for i in range(12)]
GRADES = st.dictionaries(st.sampled_from(IDS), st.integers(0, 4), min_size=1)
RANKING = st.permutations(IDS).flatmap(lambda p: st.integers(1, len(p)).map(lambda n: p[:n]))


def trec(measure, ranked, relevant):
    qrels = [
        ir_measures.Qrel(str(q), d, g) for q, row in enumerate(relevant) for d, g in row.items()
    ]
    run = [
        ir_measures.ScoredDoc(str(q), d, -float(rank))
        for q, row in enumerate(ranked)
        for rank, d in enumerate(row)
    ]
    found = {m.query_id: m.value for m in ir_measures.iter_calc([measure], qrels, run)}
    return torch.tensor([found[str(q)] for q in range(len(ranked))], dtype=torch.float64)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(RANKING, GRADES), min_size=1, max_size=4), st.integers(1, 14))
def test_metrics_equal_trec_eval_on_graded_rankings(cases, k):
    ranked, relevant = [c[0] for c in cases], [c[1] for c in cases]
    for ours, theirs in (
        (ndcg_at_k, ir_measures.nDCG @ k),
        (recall_at_k, ir_measures.R @ k),
        (mrr_at_k, ir_measures.RR @ k),
    ):
        torch.testing.assert_close(
            ours(ranked, relevant, k), trec(theirs, ranked, relevant), atol=1e-6, rtol=0
        )


def test_worked_example_by_hand():
    ranked, relevant = [["a", "b", "c"]], [{"b": 2, "z": 1}]
    assert recall_at_k(ranked, relevant, 3).tolist() == [0.5]
    assert mrr_at_k(ranked, relevant, 3).tolist() == [0.5]
    best = 2 + 1 / torch.log2(torch.tensor(3.0, dtype=torch.float64))
    got = 2 / torch.log2(torch.tensor(3.0, dtype=torch.float64))
    torch.testing.assert_close(ndcg_at_k(ranked, relevant, 3), (got / best)[None])


def test_no_relevant_passage_and_empty_list_score_zero():
    for metric in (recall_at_k, mrr_at_k, ndcg_at_k):
        assert metric([["a"], []], [{}, {"a": 1}], 10).tolist() == [0.0, 0.0]
        assert metric([], [], 10).shape == (0,)


def test_negative_grades_count_as_zero():
    assert gains([["a", "b"]], [{"a": -2, "b": 1}], 3).tolist() == [[0, 1, 0]]
    assert ideal_gains([{"a": -2, "b": 1}], 3).tolist() == [[1, 0, 0]]


def test_duplicates_lengths_and_k_are_refused_in_words():
    with pytest.raises(ValueError, match="query 1 names a passage twice"):
        recall_at_k([["a"], ["b", "b"]], [{}, {}], 5)
    with pytest.raises(ValueError, match="2 ranked lists came with 1"):
        ndcg_at_k([["a"], ["b"]], [{}], 5)
    with pytest.raises(ValueError, match="k is 0"):
        mrr_at_k([["a"]], [{}], 0)
    with pytest.raises(ValueError, match="expected a list of ids"):
        gains(["HP:1"], [{}], 5)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.floats(-2, 2, width=32)), min_size=3, max_size=40
    ).filter(lambda rows: all(len({r[i] for r in rows}) > 1 for i in (0, 1)))
)
def test_spearman_equals_scipy_with_ties(rows):
    a, b = [r[0] for r in rows], [r[1] for r in rows]
    expected = scipy.stats.spearmanr(a, b).statistic
    assert spearman(a, b).tolist() == pytest.approx(expected, abs=1e-9)


def test_spearman_of_constant_or_nan_is_nan():
    assert torch.isnan(spearman([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]))
    assert torch.isnan(spearman([1.0, float("nan"), 2.0], [1.0, 2.0, 3.0]))


def test_spearman_takes_a_batch_and_refuses_other_shapes():
    a, b = torch.randn(3, 20), torch.randn(3, 20)
    torch.testing.assert_close(spearman(a, b), torch.stack([spearman(x, y) for x, y in zip(a, b)]))
    with pytest.raises(ValueError, match=r"\(3, 20\) and \(3,\)"):
        spearman(a, b[:, 0])


def test_tensor_parts_run_on_meta():
    x = torch.empty(5, 8, device="meta")
    for value in (dcg(x), spearman(x, x), bootstrap_means(x[0], 100), average_ranks(x)):
        assert value.device.type == "meta"


def test_bootstrap_interval_agrees_with_scipy():
    values = torch.rand(300, generator=torch.Generator().manual_seed(0)).double() ** 2
    ours = bootstrap_interval(values, resamples=4000, level=0.9)
    theirs = scipy.stats.bootstrap(
        (values.numpy(),), lambda x, axis: x.mean(axis), n_resamples=4000, confidence_level=0.9,
        method="percentile", rng=0,
    ).confidence_interval  # fmt: skip
    assert ours.mean == pytest.approx(values.mean().tolist())
    assert ours.low == pytest.approx(theirs.low, abs=3e-3)
    assert ours.high == pytest.approx(theirs.high, abs=3e-3)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    draw = torch.Generator().manual_seed(1)
    hits = 0
    for trial in range(200):
        sample = (torch.rand(80, generator=draw) < 0.4).double()
        interval = bootstrap_interval(sample, resamples=300, seed=trial)
        hits += interval.low <= 0.4 <= interval.high
    assert 0.88 <= hits / 200 <= 0.99


def test_bootstrap_is_seeded_and_blocks_are_the_same_draws():
    x = torch.rand(50)
    assert bootstrap_interval(x, seed=5) == bootstrap_interval(x, seed=5)
    assert bootstrap_interval(x, seed=5) != bootstrap_interval(x, seed=6)
    torch.testing.assert_close(
        bootstrap_means(x, 200, 5, block=64), bootstrap_means(x, 200, 5), atol=0, rtol=0
    )


def test_bootstrap_of_equal_values_has_no_width():
    assert bootstrap_interval(torch.full((9,), 0.25)) == Interval(0.25, 0.25, 0.25)


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([], {}),
        ([[0.1], [0.2]], {}),
        ([0.1, float("nan")], {}),
        ([0.1], {"level": 1.0}),
        ([0.1], {"resamples": 1}),
    ],
)
def test_bootstrap_refuses_what_has_no_interval(values, options):
    with pytest.raises(ValueError, match="bootstrap_interval"):
        bootstrap_interval(torch.tensor(values), **options)
