import ir_measures
import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.metrics import (
    Interval,
    average_precision,
    average_ranks,
    bootstrap_interval,
    bootstrap_means,
    dcg,
    gains,
    ideal_gains,
    mrr_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    spearman,
)
from lib.search import top_k

IDS = [f"d{i}" for i in range(12)]
GRADES = st.dictionaries(st.sampled_from(IDS), st.integers(0, 4), min_size=1)
RANKING = st.permutations(IDS).flatmap(lambda p: st.integers(1, len(p)).map(lambda n: p[:n]))


def trec(measures, ranked, relevant):
    """The values of ir-measures, {measure: (queries,)}."""
    qrels = [
        ir_measures.Qrel(str(q), d, g) for q, row in enumerate(relevant) for d, g in row.items()
    ]
    run = [
        ir_measures.ScoredDoc(str(q), d, -float(rank))
        for q, row in enumerate(ranked)
        for rank, d in enumerate(row)
    ]
    values = {m: torch.zeros(len(ranked), dtype=torch.float64) for m in measures}
    for found in ir_measures.iter_calc(measures, qrels, run):
        values[found.measure][int(found.query_id)] = found.value
    return values


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(RANKING, GRADES), min_size=1, max_size=4), st.integers(1, 14))
def test_metrics_equal_trec_eval_on_graded_rankings(cases, k):
    ranked, relevant = [c[0] for c in cases], [c[1] for c in cases]
    ours = {
        ir_measures.nDCG @ k: ndcg_at_k(ranked, relevant, k),
        ir_measures.R @ k: recall_at_k(ranked, relevant, k),
        ir_measures.RR @ k: mrr_at_k(ranked, relevant, k),
        ir_measures.P @ k: precision_at_k(ranked, relevant, k),
        ir_measures.AP @ k: average_precision(ranked, relevant, k),
        ir_measures.AP: average_precision(ranked, relevant),
    }
    theirs = trec(list(ours), ranked, relevant)
    for measure, values in ours.items():
        torch.testing.assert_close(values, theirs[measure], atol=1e-6, rtol=0)


def test_worked_example_by_hand():
    ranked, relevant = [["a", "b", "c"]], [{"b": 2, "z": 1}]
    assert recall_at_k(ranked, relevant, 3).tolist() == [0.5]
    assert mrr_at_k(ranked, relevant, 3).tolist() == [0.5]
    assert precision_at_k(ranked, relevant, 2).tolist() == [0.5]
    assert average_precision(ranked, relevant).tolist() == [0.25]  # 1/2 for b, 0 for z
    assert average_precision(ranked, relevant, 1).tolist() == [0]
    best = 2 + 1 / torch.log2(torch.tensor(3.0, dtype=torch.float64))
    got = 2 / torch.log2(torch.tensor(3.0, dtype=torch.float64))
    torch.testing.assert_close(ndcg_at_k(ranked, relevant, 3), (got / best)[None])


def test_no_relevant_passage_and_empty_list_score_zero():
    for metric in (recall_at_k, mrr_at_k, ndcg_at_k, precision_at_k, average_precision):
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


METRICS = (gains, recall_at_k, mrr_at_k, ndcg_at_k, precision_at_k, average_precision)
FORMS = {
    "a tensor": lambda rows: torch.tensor(rows),
    "int32": lambda rows: torch.tensor(rows, dtype=torch.int32),
    "uint8": lambda rows: torch.tensor(rows, dtype=torch.uint8),
    "an array": np.array,
    "an array of objects": lambda rows: np.array(rows, dtype=object),
    "a list of tensors": lambda rows: list(torch.tensor(rows)),
    "a list of arrays": lambda rows: [np.array(row, dtype=np.uint16) for row in rows],
    "lists of tensors": lambda rows: [list(torch.tensor(row)) for row in rows],
    "lists of NumPy's numbers": lambda rows: [list(np.array(row)) for row in rows],
    "tuples": lambda rows: tuple(map(tuple, rows)),
    "a generator": lambda rows: (iter(row) for row in rows),
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=15, deadline=None)
@given(
    rows=st.integers(1, 6).flatmap(
        lambda m: st.lists(st.permutations(range(6)).map(lambda p: p[:m]), min_size=1, max_size=4)
    ),
    grades=st.lists(st.dictionaries(st.integers(0, 7), st.integers(0, 3)), min_size=4, max_size=4),
    k=st.integers(1, 7),
)
def test_rows_count_the_same_in_whatever_form_they_come(form, rows, grades, k):
    grades = grades[: len(rows)]
    by_text = [{f"d{key}": grade for key, grade in row.items()} for row in grades]
    for metric in METRICS:
        expected = metric([[f"d{row}" for row in ids] for ids in rows], by_text, k)
        assert torch.equal(metric(FORMS[form](rows), grades, k), expected)
        keys = [{torch.tensor(key): np.int64(g) for key, g in row.items()} for row in grades]
        assert torch.equal(metric(FORMS[form](rows), keys, k), expected)


def test_what_search_returns_can_be_scored():
    found = top_k(torch.eye(3), torch.eye(3)[[1, 0, 2]], 2)[1]
    assert ndcg_at_k(found, [{1: 1}, {0: 1}, {2: 1}], 10).tolist() == [1, 1, 1]
    assert ndcg_at_k(torch.tensor([[7, 3]]), [{7: 1}], 10).tolist() == [1]


def test_no_passage_is_no_duplicate_and_has_no_grade():
    rows = torch.tensor([[4, -1, -1], [-1, -1, 4]])
    assert gains(rows, [{4: 2}, {4: 2}], 3).tolist() == [[2, 0, 0], [0, 0, 2]]
    with pytest.raises(ValueError, match="stands where there is no passage"):
        gains(rows, [{4: 2}, {-1: 1}], 3)


@pytest.mark.parametrize(
    ("ranked", "relevant", "says"),
    [
        (torch.tensor([[7.0, 3.0]]), [{7: 1}], "the id 7.0, a float"),
        (np.array([[7.0]]), [{7: 1}], "not its scores"),
        ([[7.0]], [{7: 1}], "a float"),
        (torch.tensor([[True]]), [{1: 1}], "a truth value"),
        ([[7]], [{7.0: 1}], "the id 7.0"),
        ([["7"]], [{7: 1}], r"'7', a text, and its relevance 7, a whole number.*can never match"),
        ([[7]], [{"HP:7": 1}], "can never match"),
        ([["a"], [7]], [{"a": 1}, {"b": 1}], "the ranking of query 1 holds 7"),
        ([["a", 7]], [{"a": 1}], "can never match"),
        ([[None]], [{"a": 1}], "can never match"),
        ([[torch.tensor([7])]], [{7: 1}], "a Tensor as an id"),
        ([[[7]]], [{7: 1}], "a list as an id"),
        (torch.tensor([7, 3]), [{7: 1}, {3: 1}], r"row\[None, :\]"),
        (torch.tensor([[[7]]]), [{7: 1}], r"\(1, 1, 1\)"),
        ([torch.tensor([[7]])], [{7: 1}], r"query 0 is \(1, 1\)"),
        ([7, 3], [{7: 1}, {3: 1}], "query 0 is 7; expected a list"),
        ([{7: 0.5}], [{7: 1}], "best first"),
        ({"q": [7]}, [{7: 1}], "the rankings are a dict"),
        ([[7]], {7: 1}, "judgements are a dict"),
        ([[7]], [[7]], "is a list; expected {id: grade}"),
        ([[7]], [{7: float("nan")}], "grade nan"),
        ([[7]], [{7: float("inf")}], "grade inf"),
        ([[7]], [{7: "1"}], "grade '1'"),
        ([[7]], [{torch.tensor(7): 1, 7: 1}], "names a passage twice"),
    ],
)
@pytest.mark.parametrize("metric", METRICS)
def test_ids_and_grades_that_cannot_be_counted_are_refused(metric, ranked, relevant, says):
    with pytest.raises((TypeError, ValueError), match=f"{metric.__name__}: .*{says}"):
        metric(ranked, relevant, 10)


@pytest.mark.parametrize("k", [0, -1, 2.5, "10", None])
def test_a_depth_that_cannot_be_is_refused(k):
    with pytest.raises(ValueError, match="expected a whole number of at least 1"):
        recall_at_k([[1]], [{1: 1}], k)
    if k is not None:  # which means all ranks
        with pytest.raises(ValueError, match="expected a whole number of at least 1"):
            average_precision([[1]], [{1: 1}], k)


def test_relevant_is_a_grade_of_one_or_more():
    relevant = [{1: 0.5, 2: 1}]
    assert recall_at_k([[1]], relevant, 5).tolist() == [0]
    assert mrr_at_k([[1, 2]], relevant, 5).tolist() == [0.5]
    assert gains([[1, 2]], relevant, 2).tolist() == [[0.5, 1]]


def test_floats_of_python_keep_their_digits():
    a = [0.1, 0.1 + 1e-12, 0.1 + 2e-12, 0.3]
    assert spearman(a, [1, 2, 3, 4]) == 1
    assert spearman(np.array(a), torch.tensor([1, 2, 3, 4])) == 1


def test_ranks_of_a_row_with_a_nan_are_nan():
    ranks = average_ranks(torch.tensor([[1.0, torch.nan, 2.0], [3.0, 1.0, 3.0]]))
    assert ranks[0].isnan().all()
    assert ranks[1].tolist() == [2.5, 1, 2.5]


@pytest.mark.parametrize("shape", [(3, 4), (0,), ()])
def test_means_are_drawn_of_one_number_a_query(shape):
    with pytest.raises(ValueError, match="expected \\(queries,\\)"):
        bootstrap_means(torch.zeros(shape))


def test_metrics_do_not_follow_the_default_device():
    before = torch.get_default_device()
    torch.set_default_device("meta")
    try:
        assert ndcg_at_k([["b", "a"]], [{"a": 1}], 1).tolist() == [0]
        assert recall_at_k([["a"]], [{"a": 1}], 1).tolist() == [1]
        assert spearman([1.0, 2.0], [3.0, 4.0]).tolist() == 1
        assert bootstrap_interval([0.5, 0.5]).mean == 0.5
    finally:
        torch.set_default_device(before)
