"""A loop over what the card asks to take at once is told, though all numbers are right."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
import torch

from lib import checks
from lib.checks import call
from lib.checks._loops import FEW, MANY, MOST_MORE, NoLoop, loops
from tests.lib.checks.alternatives import alternatives
from tests.lib.checks.toy import TOY, row_means

LOOPLESS = [exercise for exercise in checks.every() if getattr(exercise, "no_loops", ())]


def _rows_by_tensors(x):
    means = []
    for row in x:
        means.append(row.sum() / max(len(row), 1))
    return torch.stack(means)


def _rows_by_comprehension(x):
    return torch.tensor([sum(row) / max(len(row), 1) for row in x.tolist()])


def _rows_by_map(x):
    return torch.stack(list(map(torch.mean, x.unbind())))


def _rows_by_a_function_for_each(x):
    return torch.from_numpy(np.apply_along_axis(lambda row: row.sum() / len(row), 1, x.numpy()))


def _rows_by_while(x):
    place, means = 0, torch.empty(len(x))
    while place < len(x):
        means[place] = x[place].mean()
        place += 1
    return means


def _over_columns(x):
    total = x[:, 0] * 0
    for column in x.unbind(dim=1):
        total = total + column
    return total / max(x.shape[1], 1)


WITHOUT = dataclasses.replace(
    TOY,
    no_loops=[NoLoop("rows", lambda n: (torch.arange(n * 3.0).reshape(n, 3),), "all at once.")],
)


@pytest.mark.parametrize(
    "function",
    [
        _rows_by_tensors,
        _rows_by_comprehension,
        _rows_by_map,
        _rows_by_a_function_for_each,
        _rows_by_while,
    ],
)
@pytest.mark.parametrize("hidden", [None, 5])
def test_a_loop_is_told_however_it_is_written(function, hidden):
    assert TOY.verdict(call(function), hidden).passed
    told = WITHOUT.verdict(call(function), hidden)
    assert (told.status, told.mistake) == ("wrong", "loop")
    assert told.message == "Right, but you loop over rows: all at once."


@pytest.mark.parametrize("function", [row_means, _over_columns, torch.vmap(torch.mean)])
def test_what_takes_all_at_once_or_loops_over_something_else_passes(function):
    assert WITHOUT.verdict(call(function)).passed


def test_a_wrong_result_is_told_first_and_what_watches_is_gone_afterwards():
    before = sys.gettrace()
    assert WITHOUT.verdict(call(lambda x: x.sum(dim=1))).mistake == "sum"
    assert WITHOUT.verdict(call(_rows_by_tensors)).mistake == "loop"
    assert sys.gettrace() is before


def test_a_function_that_fails_while_it_is_counted_keeps_its_right_results():
    def refuses_many(x):
        if len(x) == MANY:
            raise RuntimeError("too many")
        return row_means(x)

    assert WITHOUT.verdict(call(refuses_many)).passed


@pytest.mark.parametrize("exercise", LOOPLESS, ids=lambda e: e.name)
def test_right_answers_stay_far_below_what_is_told_as_a_loop(exercise):
    for answer in alternatives(exercise.name):
        steps = call(answer).steps
        for forbidden in exercise.no_loops:
            more = steps(forbidden.given(MANY)) - steps(forbidden.given(FEW))
            assert more <= MOST_MORE / 10, (answer, forbidden.over)


def _tokens_one_by_one(tokens, centroids):
    sums, counts = torch.zeros_like(centroids), [0] * len(centroids)
    for token in tokens:
        nearest = int((centroids @ token).argmax())
        sums[nearest] += token
        counts[nearest] += 1
    moved = torch.nn.functional.normalize(sums, dim=1)
    return torch.where(torch.tensor(counts)[:, None] > 0, moved, centroids)


def _vectors_one_by_one(codes, bits):
    if codes.shape[1] * bits % 8:
        raise ValueError("no whole bytes")
    rows = []
    for row in codes.tolist():
        digits = "".join(f"{code:0{bits}b}" for code in row)
        rows.append([int(digits[at : at + 8], 2) for at in range(0, len(digits), 8)])
    return torch.tensor(rows, dtype=torch.uint8)


def _best(query, mask, document, flags):
    table = (query @ document.transpose(-1, -2)).masked_fill(~flags[..., None, :], -torch.inf)
    return (table.amax(dim=-1) * mask).sum(dim=-1)


def _queries_one_by_one(queries, query_mask, documents, document_mask):
    rows = [_best(q, m, documents, document_mask != 0) for q, m in zip(queries, query_mask)]
    return torch.stack(rows)


def _documents_one_by_one(queries, query_mask, documents, document_mask):
    pairs = zip(documents, document_mask != 0)
    return torch.stack([_best(queries, query_mask, d, w) for d, w in pairs], dim=1)


def _query_tokens_one_by_one(queries, query_mask, documents, document_mask):
    total = 0
    for place in range(queries.shape[1]):
        one = slice(place, place + 1)
        total = total + _documents_at_once(
            queries[:, one], query_mask[:, one], documents, document_mask
        )
    return total


def _documents_at_once(queries, query_mask, documents, document_mask):
    table = torch.einsum("qid,njd->qnij", queries, documents)
    best = table.masked_fill(document_mask[None, :, None] == 0, -torch.inf).amax(dim=3)
    return (best * query_mask[:, None]).sum(dim=2)


def _document_tokens_one_by_one(queries, query_mask, documents, document_mask):
    best = torch.full((len(queries), len(documents), queries.shape[1]), -torch.inf)
    for place in range(documents.shape[1]):
        found = torch.einsum("qid,nd->qni", queries, documents[:, place])
        real = document_mask[None, :, place, None] != 0
        best = torch.maximum(best, found.masked_fill(~real, -torch.inf))
    return (best * query_mask[:, None]).sum(dim=2)


@pytest.mark.parametrize(
    ("name", "function", "says"),
    [
        ("kmeans_step", _tokens_one_by_one, "over tokens: the lesson has 30,000"),
        ("pack_codes", _vectors_one_by_one, "over vectors: an index"),
        ("max_sim_batch", _queries_one_by_one, "over queries: "),
        ("max_sim_batch", _documents_one_by_one, "over documents: "),
        ("max_sim_batch", _query_tokens_one_by_one, "over tokens of the query: "),
        ("max_sim_batch", _document_tokens_one_by_one, "over tokens of the document: "),
    ],
)
def test_what_the_card_forbids_to_loop_over_is_named(name, function, says):
    told = checks.find(name).verdict(call(function))
    assert told.mistake == "loop", told
    assert told.message.startswith("Right, but you loop")
    assert says in told.message


def test_a_count_is_taken_of_a_function_elsewhere():
    forbidden = NoLoop("rows", lambda n: (n,), "")
    assert loops(lambda args: args[0], forbidden)
    assert not loops(lambda args: 1_000, forbidden)
