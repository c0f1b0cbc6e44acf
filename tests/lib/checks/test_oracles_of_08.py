"""What lesson 08's checks take for right is what the field's own libraries compute."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import pytrec_eval
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.cluster.hierarchy import DisjointSet
from scipy.stats import spearmanr
from transformers import EarlyStoppingCallback, TrainerControl, TrainerState

from lib import checks
from lib.checks import call
from lib.checks.lesson_08 import _cleaning, _evaluator, _query_parser, _rank_changes, should_stop

SEEDS = (None, 1, 2, 20_417)
TEXTS = st.sampled_from(["a", "A", " a", "b", "c", "d ", "e", "ß", "SS", "f", "g", "h"])
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=12)
EIGHTHS = st.integers(-8, 16).map(lambda number: number / 8)


def oracle(name: str):
    return checks.find(name).oracle


def cases(name: str):
    return [case for seed in SEEDS for case in checks.find(name).draw(seed)]


@given(PAIRS)
def test_groups_of_pairs_are_those_of_scipy_s_disjoint_sets(pairs):
    keys = [tuple(text.strip().casefold() for text in pair) for pair in pairs]
    sets = DisjointSet({text for pair in keys for text in pair})
    for pair in keys:
        sets.merge(*pair)
    names = [sets[query] for query, _ in keys]
    assert oracle("leak_groups")(pairs) == [list(dict.fromkeys(names)).index(n) for n in names]


@given(PAIRS, PAIRS)
def test_no_text_of_a_group_stands_in_another_and_the_finder_sees_no_leak_between_them(left, right):
    pairs = left + right
    groups = oracle("leak_groups")(pairs)
    one = [pair for pair, group in zip(pairs, groups) if group % 2]
    other = [pair for pair, group in zip(pairs, groups) if group % 2 == 0]
    for find in checks.find("break_leak_finder").right:
        assert find(one, other) == []


@given(PAIRS, PAIRS)
def test_every_right_finder_of_leaks_finds_the_same(train, test):
    first, second = (find(train, test) for find in checks.find("break_leak_finder").right)
    assert first == second


@given(PAIRS, st.data())
def test_a_cleaned_set_is_clean_and_cleaning_it_again_changes_nothing(pairs, data):
    negatives = [data.draw(st.lists(TEXTS, max_size=5)) for _ in pairs]
    relevant = {query: {passage, "b"} for query, passage in pairs[::2]}
    rows = oracle("clean_training_set")(pairs, negatives, relevant)
    again = [row[:2] for row in rows], [row[2] for row in rows], relevant
    assert oracle("clean_training_set")(*again) == rows
    assert len({(q.strip().casefold(), p.strip().casefold()) for q, p, _ in rows}) == len(rows)
    for query, passage, texts in rows:
        forms = [text.strip().casefold() for text in texts]
        assert len(set(forms)) == len(forms)
        assert passage.strip().casefold() not in forms
        assert query not in relevant or "b" not in forms


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 3, 10, 40])
def test_recall_and_mrr_are_those_of_trec_eval(seed, k):
    rng = np.random.default_rng(seed)
    queries, passages = rng.normal(size=(7, 5)), rng.normal(size=(30, 5))
    right = [rng.permutation(30)[: rng.integers(1, 6)].tolist() for _ in queries]
    cosines = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ (
        passages / np.linalg.norm(passages, axis=1, keepdims=True)
    ).T
    judged = {f"q{row}": {f"p{n}": 1 for n in rows} for row, rows in enumerate(right)}
    order = np.argsort(-cosines, axis=1)[:, :k]
    run = {
        f"q{row}": {f"p{n}": float(cosines[row, n]) for n in best} for row, best in enumerate(order)
    }
    found = pytrec_eval.RelevanceEvaluator(judged, {f"recall.{k}", "recip_rank"}).evaluate(run)
    expected = {
        f"recall@{k}": np.mean([one[f"recall_{k}"] for one in found.values()]),
        f"mrr@{k}": np.mean([one["recip_rank"] for one in found.values()]),
    }
    got = oracle("evaluate_search")(torch.tensor(queries), torch.tensor(passages), right, k)
    assert got == pytest.approx(expected, abs=1e-9)


@given(st.lists(EIGHTHS, max_size=10), st.integers(1, 4), st.sampled_from([0.0, 0.125, 0.25]))
def test_training_stops_where_the_callback_of_transformers_stops_it(scores, patience, gain):
    arguments = SimpleNamespace(metric_for_best_model="score", greater_is_better=True)
    callback, state, place, stop = EarlyStoppingCallback(patience, gain), TrainerState(), -1, False
    for number, score in enumerate(scores):
        control = TrainerControl()
        callback.on_evaluate(arguments, state, control, {"eval_score": score})
        stop = control.should_training_stop
        if state.best_metric is None or score > state.best_metric:  # as the Trainer does afterwards
            state.best_metric, place = score, number
    assert oracle("should_stop")(scores, patience, gain) == (stop, place)


@given(st.data())
def test_the_change_of_a_rank_correlation_is_that_of_scipy(data):
    items = data.draw(st.integers(3, 9))
    rows = arrays.arrays(np.int64, items, elements=st.integers(0, 4))
    before, after, human = (
        data.draw(rows.filter(lambda x: np.ptp(x) > 0)).astype(float) for _ in range(3)
    )
    drawn = arrays.arrays(np.int64, (3, items), elements=st.integers(0, items - 1))
    draws = data.draw(
        drawn.filter(lambda d: all(np.ptp(x[r]) > 0 for r in d for x in (before, after, human)))
    )

    def change(rows):
        new, old = (spearmanr(x[rows], human[rows]).statistic for x in (after, before))
        return new - old

    low, high = np.quantile([change(rows) for rows in draws], [0.025, 0.975])
    got = oracle("forgetting")(*map(torch.tensor, (before, after, human, draws)))
    np.testing.assert_allclose(got, (change(slice(None)), low, high), atol=1e-9)


def test_no_draw_of_the_forgetting_test_is_constant():
    for case in cases("forgetting"):
        *scores, draws = case.args
        for values in scores:
            drawn = values.float()[draws]
            assert (drawn.amax(dim=1) > drawn.amin(dim=1)).all(), case.label
            assert values.float().amax() > values.float().amin(), case.label


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_changes_no_rank_of_the_evaluator(dtype):
    for case in cases("evaluate_search"):
        queries, passages = (x.float().to(dtype) for x in case.args[:2])
        assert (queries.norm(dim=1) > 0.05).all()
        assert (passages.norm(dim=1) > 0.05).all()
        ordered = torch.cosine_similarity(queries[:, None], passages[None], dim=2).sort(dim=1)
        assert (ordered.values.diff(dim=1) > 1e-4).all(), case.label


def test_scores_of_evaluations_and_gains_are_multiples_of_an_eighth_or_a_sixteenth():
    for case in cases("should_stop"):
        numbers = [*case.args[0], *case.args[2:]]
        assert all((16 * number).is_integer() for number in numbers), case.label


def test_no_reply_holds_a_mark_alone_or_a_single_quote_mark():
    for case in cases("parse_queries"):
        for line in case.args[0].splitlines():
            assert line.strip() not in ("-", "*", "•", '"'), case.label
            assert not line.strip().rstrip(".)").isdigit(), case.label
        assert case.args[1].strip() == case.args[1] != ""


def test_what_mistakes_are_made_of_is_right_as_it_stands():
    plain = {
        "clean_training_set": _cleaning.clean,
        "evaluate_search": _evaluator.right,
        "should_stop": should_stop._right,
        "forgetting": _rank_changes.forgetting_by(),
        "parse_queries": _query_parser.parser(),
    }
    for name, function in plain.items():
        for seed in SEEDS:
            verdict = checks.find(name).verdict(call(function), seed)
            assert verdict.passed, verdict


@pytest.mark.parametrize("kind", [float, torch.tensor, np.float64, np.float32])
def test_numbers_may_come_as_those_of_python_numpy_or_torch(kind):
    of = {name: checks.find(name).oracle for name in ("evaluate_search", "forgetting")}
    answers = {
        "evaluate_search": lambda *a: {
            name: kind(value) for name, value in of["evaluate_search"](*a).items()
        },
        "forgetting": lambda *a: tuple(kind(value) for value in of["forgetting"](*a)),
    }
    for name, answer in answers.items():
        assert checks.find(name).verdict(call(answer)).passed, name
