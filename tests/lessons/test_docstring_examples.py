"""What a card promises is so: every example in a docstring, by the worked answer and by the oracle."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np
import pytest
import torch

from lib import checks, losses
from lib.checks import Case, Returned, call, values
from lib.checks.breakit import MOST_CASES
from tests.lessons.worked import HEART, POSITIVE, SCORES, answer, lessons

QUERIES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
PASSAGES = torch.tensor([[0.9, 0.1], [0.8, 0.3], [0.2, 0.7], [-0.5, 0.6]])
JUDGED = torch.tensor([[7, 3, 9, 4]]), torch.tensor([[0.9, 0.3, 0.7, 0.2]]), torch.tensor([0.8])
SHORT = torch.tensor([[0.8, 0.6, 0.0], [0.28, 0.0, 0.96], [0.0, 1.0, 0.0]])
BITS = torch.tensor([[0.1, -0.9, -0.5], [-0.7, -0.3, 0.6], [0.5, -0.1, 0.2]])
LOSSES = (
    torch.tensor([[1.0, 0.0, 2.0, 1.0], [0.0, 1.0, -1.0, 3.0]]),
    torch.tensor([[0.8, 0.3, 1.0, -1.0], [-0.2, 1.0, 0.5, 2.0]]),
)
TOKENS, REAL = torch.tensor([[[1.0, 4.0], [3.0, 2.0], [9.0, 9.0]]]), torch.tensor([[1, 1, 0]])
PEOPLE = torch.tensor([[1.0, 0, 1], [0, 1, 1], [1, 0, 3], [0, 1, 3], [-1, -1, 0]])  # man ... apple
ALIKE = torch.tensor([[0.6, 0.8], [0.6, 0.8]])
PAIRS = torch.tensor([[1.0, 2.0], [-1.0, 0.5]]), torch.tensor([[0.5, 1.0], [2.0, -1.0]])
OWN, TWO = torch.tensor([[1.0, 2.0], [0.0, 3.0]]), torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
QUERY, DOCUMENT = torch.eye(2), torch.tensor([[0.8, 0.6], [-1.0, 0.0], [0.1, 0.9]])
CENTROIDS, BYTE = torch.tensor([[0.6, 0.0, 0.8, 0.0]]), torch.tensor([[198]], dtype=torch.uint8)
INDEX = (
    torch.tensor([[0.9, 0.1], [0.2, 0.8]]),
    torch.tensor([1, 0, 1, 1]),
    torch.tensor([0, 1, 1, 2]),
)
WEIGHT = torch.tensor([[1.0, 0.5], [-0.5, 2.0]])


def margins(queries, positives, negatives):
    return (queries * positives).sum(1)[:, None] - torch.einsum("qd,qnd->qn", queries, negatives)


def whole_gradient():
    weight = WEIGHT.clone().requires_grad_()
    loss = losses.mnrl(*(x @ weight.T for x in PAIRS), scale=2.0)
    return torch.autograd.grad(loss, weight)[0][None]


# Exercise, arguments, what its docstring says comes out (as it stands there), the same as a value where
# the text is no value.
EXAMPLES = [
    (
        "skipgram_pairs",
        (torch.tensor([7, 3, 9]), torch.tensor([1, 1, 2]), torch.ones(3, dtype=torch.bool)),
        "[[7, 3], [3, 7], [3, 9], [9, 3], [9, 7]]",
        None,
    ),
    (
        "sample_negatives",
        (torch.tensor([1, 16, 1]), torch.tensor([0.05, 0.5, 0.95])),
        "[0, 1, 2]",
        None,
    ),
    (
        "sgns_loss",
        (torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 1, 2)),
        "2 ln 2 = 1.3863",
        2 * math.log(2),
    ),
    (
        "nearest_neighbours",
        (torch.tensor([[1.0, 0.0], [6.0, 8.0], [0.9, 0.1]]), torch.tensor([1.0, 0.0]), 2, [0]),
        "[2, 1]",
        None,
    ),
    (
        "analogy_3cosadd",
        (PEOPLE, torch.tensor([0]), torch.tensor([1]), torch.tensor([2]), 1),
        "[[3]]",
        None,
    ),
    (
        "idf_average",
        (
            torch.tensor([[9.0, 9.0], [2.0, 0.0], [0.0, 4.0]]),
            torch.tensor([0.5, 1.0, 3.0]),
            torch.tensor([[1, 2, 0]]),
            torch.tensor([[1, 1, 0]]),
        ),
        "[[0.5, 3]]",
        None,
    ),
    ("mean_pool", (TOKENS, REAL), "[[2, 3]]", None),
    (
        "max_pool",
        (torch.tensor([[[-1.0, 4.0], [-3.0, 2.0], [0.0, 9.0]]]), REAL),
        "[[-1, 4]]",
        None,
    ),
    (
        "cls_pool",
        (torch.tensor([[[9.0, 9.0], [1.0, 4.0], [3.0, 2.0]]]), torch.tensor([[0, 1, 1]])),
        "[[1, 4]]",
        None,
    ),
    ("last_token_pool", (TOKENS, REAL), "[[3, 2]]", None),
    (
        "length_sorted_batches",
        ([4, 9, 2, 7, 9], 2),
        "[[1, 4], [3, 0], [2]]",
        [[1, 4], [3, 0], [2]],
    ),
    ("restore_order", ([[2, 0], [1]], torch.tensor([30, 10, 20])), "[10, 20, 30]", None),
    (
        "cosine_matrix",
        (torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([[1.0, 1.0]])),
        "[[0.7071], [0.7071]]",
        None,
    ),
    ("mnrl", (ALIKE, ALIKE, 7.0), "log(2) = 0.6931", math.log(2)),
    (
        "mnrl_with_negatives",
        (ALIKE[:1], ALIKE[:1], ALIKE[None], 5.0),
        "log(3) = 1.0986",
        math.log(3),
    ),
    (
        "mnrl_symmetric",
        (*PAIRS, 3.0),
        "swapping queries and positives does not change the result",
        float(losses.mnrl(*PAIRS, scale=3.0) + losses.mnrl(*PAIRS[::-1], scale=3.0)) / 2,
    ),
    ("mnrl_masked", (*PAIRS, torch.tensor([5, 5]), 3.0), "its loss is 0", 0.0),
    ("triplet_cosine", (PAIRS[0], PAIRS[1], PAIRS[1], 0.4), "the loss is the margin", 0.4),
    ("margin_mse", (*PAIRS, TWO, margins(*PAIRS, TWO) + 2), "a loss of 4", 4.0),
    (
        "cached_gradient",
        (WEIGHT, *PAIRS, 2, 2.0),
        "one entry, the gradient of the whole batch",
        whole_gradient().tolist(),
    ),
    ("bm25_scores", (["heart"], HEART, 1.5, 0.75), "[0.1626, 0.2234, 0.1043, 0.0]", None),
    (
        "mine_negatives",
        (QUERIES, PASSAGES, [[0], [2, 1]], 3, 1),
        "[[1, 2, 3], [3, 0, -1]]",
        None,
    ),
    ("keep_by_margin", (SCORES, POSITIVE, 0.2, False), "[[False, False, False, True]]", None),
    ("keep_by_margin", (SCORES, POSITIVE, 0.2, True), "[[False, False, True, True]]", None),
    ("filter_by_judge", (*JUDGED, 0.05, 2), "[[3, 9]]", None),
    (
        "make_tuples",
        ([[1, 0], [2], [3]], torch.tensor([[4, 5], [6, -1], [8, 9]])),
        "[[0, 1, 4, 5], [0, 0, 4, 5], [2, 3, 8, 9]]",
        None,
    ),
    ("truncate_vectors", (torch.tensor([[3.0, 4.0, 12.0]]), 2), "[[0.6, 0.8]]", None),
    (
        "matryoshka_mnrl",
        (*LOSSES, [4, 2], [1.0, 0.5], 2.0),
        "MNRL of 4 numbers + half of MNRL of 2",
        float(
            losses.mnrl(*LOSSES, scale=2.0)
            + losses.mnrl(*(x[:, :2] for x in LOSSES), scale=2.0) / 2
        ),
    ),
    ("shortlist_rescore", (torch.tensor([[0.6, 0.0, 0.8]]), SHORT, 2, 2, 1), "row 1", [[1]]),
    (
        "to_int8",
        (torch.tensor([[1.004]]), torch.tensor([[0.0], [2.55], [1.0]])),
        "becomes -28",
        [[-28]],
    ),
    ("binary_rescore", (torch.tensor([[0.8, -0.4, 0.2]]), BITS, 2, 1), "[[2]]", None),
    ("index_bytes", (1_000, 384, 1, 8), "432,000", 432_000),
    ("max_sim", (QUERY, DOCUMENT), "the score is 1.7", 1.7),
    (
        "max_sim_batch",
        (
            QUERY[None],
            torch.tensor([[1, 1]]),
            torch.tensor([[[0.8, 0.6], [0.0, 1.0], [5.0, 5.0]]]),
            torch.tensor([[1, 1, 0]]),
        ),
        "[[1.8]]",
        None,
    ),
    (
        "kmeans_step",
        (
            torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]),
            torch.tensor([[0.8, -0.6], [0.0, 1.0], [0.0, -1.0]]),
        ),
        "[[1, 0], [0.447, 0.894], [0, -1]]",
        [[1, 0], [0.2**0.5, 0.8**0.5], [0, -1]],
    ),
    (
        "fit_buckets",
        (torch.arange(9.0).view(3, 3), 2),
        "cutoffs [2, 4, 6], values [1, 3, 5, 7]",
        [[2, 4, 6], [1, 3, 5, 7]],
    ),
    ("pack_codes", (torch.tensor([[3, 0, 1, 2]]), 2), "[[198]]", None),
    (
        "decode_tokens",
        (torch.tensor([0]), BYTE, CENTROIDS, torch.tensor([-0.3, -0.1, 0.1, 0.4])),
        "the sum is [1, -0.3, 0.7, 0.1], which is then divided by its length",
        [[x / 1.59**0.5 for x in (1, -0.3, 0.7, 0.1)]],
    ),
    ("candidate_passages", (QUERY[:1], *INDEX, 1, 2), "of which passage 1 has a token: [1]", [1]),
    ("candidate_passages", (QUERY[:1], *INDEX, 2, 1), "passage 1 scores best (0.9): [1]", [1]),
    ("token_index_bytes", (10, 200, 128, 2, 16), "= 15,496", 15_496),
    (
        "three_similarities",
        (torch.tensor([[3.0, 4.0]]), torch.tensor([[6.0, 8.0], [0.0, 0.0]])),
        "([[50, 0]], [[1, 0]], [[5, 5]])",
        None,
    ),
    ("recall_at_k", (["a", "b", "c"], {"b": 1, "c": 0, "d": 2}, 2), "0.5", None),
    ("reciprocal_rank_at_k", (["a", "b", "c"], {"a": 0, "c": 2, "b": 1}, 3), "0.5", None),
    (
        "average_precision",
        (["b", "a", "d"], {"b": 1, "d": 2, "x": 1}),
        "(1 + 2/3 + 0) / 3 = 0.5556",
        5 / 9,
    ),
    ("ndcg_at_k", (["a", "b"], {"a": 1, "b": 3}, 2), "0.7967", None),
    (
        "bootstrap_interval",
        (torch.tensor([0.0, 1.0, 1.0, 0.0]), torch.tensor([[1, 1, 2, 0]])),
        "(0.5, 0.75, 0.75)",
        None,
    ),
    (
        "randomisation_test",
        (
            torch.tensor([1.0, 1.0]),
            torch.tensor([0.0, 0.5]),
            torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]),
        ),
        "(1 + 2) / (1 + 3) = 0.75",
        0.75,
    ),
    (
        "index_recall",
        (torch.tensor([[7, 3], [5, -1]]), torch.tensor([[3, 7], [5, 1]])),
        "(1 + 1/2) / 2 = 0.75",
        0.75,
    ),
    (
        "pair_average_precision",
        (torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1, 1, 0])),
        "(1 + 2/3) / 2 = 0.8333",
        5 / 6,
    ),
    ("v_measure", ([0, 0, 1, 1], [0, 1, 2, 3]), "2/3 = 0.6667", 2 / 3),
    (
        "leak_groups",
        ([("flu", "p"), ("rash", "r"), ("Fever", "p "), ("fever", "s")],),
        "[0, 1, 0, 0]",
        None,
    ),
    (
        "clean_training_set",
        ([("flu", "p"), ("Flu", "p ")], [["q", "r", "q"], ["s"]], {"flu": {"p", "R"}}),
        '[("flu", "p", ["q"])]',
        None,
    ),
    (
        "evaluate_search",
        (torch.eye(2), torch.tensor([[2.0, 0.0], [1.0, 9.0]]), [[1], [1]], 1),
        '{"recall@1": 0.5, "mrr@1": 0.5}',
        None,
    ),
    ("should_stop", ([0.5, 0.75, 0.75, 0.625], 2), "(True, 1)", None),
    (
        "forgetting",
        (
            torch.tensor([1.0, 3.0, 2.0]),
            torch.tensor([5.0, 6.0, 8.0]),
            torch.tensor([1.0, 2.0, 3.0]),
            torch.tensor([[0, 1, 1]]),
        ),
        "(0.5, 0.0, 0.0)",
        None,
    ),
    (
        "parse_queries",
        ('Queries:\n1. sore toe\n- Gout diet\n2) "red toe"\n* Sore Toe', "gout", 5),
        '["sore toe", "red toe"]',
        None,
    ),
    ("with_prefix", ("e5", ["Gout hurts."], "document"), '["passage: Gout hurts."]', None),
    ("chunk_spans", (9, 4, 1), "[(0, 4), (3, 7), (6, 9)]", None),
    (
        "left_pad_with_end",
        ([[5, 6, 7, 8], [9]], 2, 0, 3),
        "([[5, 6, 2], [0, 9, 2]], [[1, 1, 1], [0, 1, 1]])",
        None,
    ),
    ("embedding_costs", ([2_000, 500], 1_000, 200.0, 10.0, 2.4), "(0.3, 0.1)", None),
    (
        "pick_batch_size",
        ({4: [2.0], 8: [1.25], 16: [1.0, 1.5, 1.125]}, 100, 0.2),
        "give 8",
        8,
    ),
    ("decode_vector", ("AABAQAAAgEAAAEBB", 2), "[0.6, 0.8]", None),
    (
        "best_chunk",
        (torch.tensor([[0.2, 0.7, 0.5]]), torch.tensor([0, 0, 1]), 2),
        "[[0.7, 0.5]]",
        None,
    ),
    ("reciprocal_rank_fusion", ([["a", "b"], ["b", "c"]],), '["b", "a", "c"]', None),
    ("frontier", ([3.0, 1.0, 2.0, 4.0], [0.6, 0.2, 0.6, 0.7]), "[1, 2, 3]", None),
    (
        "best_within",
        ([[9.0, 1.0], [4.0, 5.0], [2.0, 2.0]], [4.0, 5.0], [0.9, 0.7, 0.5]),
        "give 1",
        1,
    ),
]
TESTS = {
    "break_analogy": ([[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 2, 3),
    "break_last_token": ([[[1], [2]]], [[1, 1]], [[2]]),
    "break_mnrl": ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, 0.3133),
    "break_miner": ([[0.25, 1]], [[1]], [-1], 0.5, 2, [[0, -1]]),
    "break_rescore": ([[1]], [[5], [9]], [[0, 1]], 1, [[1]]),
    "break_max_sim": ([[[2]]], [[1]], [[[3], [5]]], [[1, 1]], [[10]]),
    "break_ndcg": (["a", "b"], {"a": 1, "b": 2}, 2, 0.8597),
    "break_leak_finder": ([("flu", "a virus")], [("gout", "urate"), ("FLU", "fever")], [1]),
    "break_chunker": (6, 4, 1, [(0, 4), (3, 6)]),
    "break_fusion": ([["a", "b"], ["b", "c"]], 60, ["b", "a", "c"]),
}


def plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value.tolist() if isinstance(value, torch.Tensor | np.ndarray) else value


def said(name: str) -> str:
    return " ".join((answer(name).__doc__ or "").split())


def test_every_exercise_has_an_example_here():
    assert {name for name, *_ in EXAMPLES} | set(TESTS) == {e.name for e in checks.every()}


@pytest.mark.parametrize(
    ("name", "arguments", "text", "value"), EXAMPLES, ids=[e[0] for e in EXAMPLES]
)
def test_an_example_is_what_the_worked_answer_and_the_oracle_give(name, arguments, text, value):
    assert text in said(name)
    wanted = ast.literal_eval(text) if value is None else value
    for function in (answer(name), checks.find(name).oracle):
        got = call(function)(Case(arguments, "the docstring's example"))
        assert isinstance(got, Returned), got
        if checks.find(name).canonical is not None:
            expected = torch.tensor(wanted, dtype=checks.find(name).dtype)
            several = isinstance(got.value, tuple)
            found = plain(got.value) if several else got.value
            assert checks.find(name)._same(expected, torch.as_tensor(found))
            continue
        if values.as_array(wanted) is None:  # rows of several lengths, texts, or numbers with names
            assert values.same(wanted, got.value)
            continue
        left, right = (torch.as_tensor(x, dtype=torch.float64) for x in (wanted, plain(got.value)))
        assert left.shape == right.shape
        assert torch.allclose(left, right, atol=5e-5)


@pytest.mark.parametrize("name", TESTS)
def test_the_example_of_a_break_it_is_a_right_case(name):
    exercise, test = checks.find(name), TESTS[name]
    assert str(test) in said(name)
    assert all(exercise._accepts(test, exercise._run(right, test)) for right in exercise.right)


@pytest.mark.parametrize("name", TESTS)
def test_the_card_of_a_break_it_says_how_many_cases_there_may_be(name):
    assert f"{MOST_CASES:,}" in lessons()[name].cell("card", name).source
