"""Training a whole encoder: which parameters move, the same gradient in chunks, what is refused."""

import copy
import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from lib import bi_encoder
from lib.data import CourseSet, Split
from lib.finetune import embed
from lib.losses import mnrl

QUERIES = ["trouble swallowing", "loss of hair", "red eyes", "a broken arm", "cough", "short"]
PASSAGES = [
    "Dysphagia. Difficulty in swallowing.",
    "Alopecia. Hair falls out.",
    "Conjunctival hyperemia. Dilated vessels of the conjunctiva, which make the eye look red.",
    "Fracture of the humerus.",
    "Cough. A sudden expulsion of air from the lungs.",
    "Short stature. A height below that which is expected.",
]
PAIRS = [QUERIES, PASSAGES]


@pytest.fixture(scope="module")
def tiny(encoder):
    """The course's model with the same tokenizer, but two random layers of 32 numbers."""
    from transformers import BertConfig, BertModel

    model = copy.deepcopy(encoder)
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    model[0].model = BertModel(config)
    return model.eval()


def _trained(tiny, columns=PAIRS, loss=mnrl, **options):
    model = copy.deepcopy(tiny)
    settings = {"batch_size": 6, "chunk": 2, "progress": False, **options}
    return model, bi_encoder.train(model, columns, loss, **settings)


def _weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_the_whole_encoder_learns_and_is_left_in_eval_mode(tiny):
    model, history = _trained(tiny, epochs=12, lr=3e-3)
    assert history.losses[-1] < 0.6 * history.losses[0]
    assert not any(module.training for module in model.modules())
    before = dict(tiny.named_parameters())
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert any("word_embeddings" in name for name in moved)
    assert all(any(f".layer.{i}." in name for name in moved) for i in (0, 1))


def test_a_generator_an_array_and_a_table_s_column_train_as_the_list_does(tiny):
    expected = _weights(_trained(tiny, lr=3e-3)[0])
    sorted_otherwise = pd.Series(PASSAGES, index=[5, 4, 3, 2, 1, 0])
    for column in (iter(PASSAGES), tuple(PASSAGES), np.array(PASSAGES), sorted_otherwise):
        found = _weights(_trained(tiny, [QUERIES, column], lr=3e-3)[0])
        torch.testing.assert_close(found, expected, atol=0, rtol=0)


def test_only_the_last_layers_move_when_asked(tiny):
    model, _ = _trained(tiny, last=1)
    before = dict(tiny.named_parameters())
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert moved
    assert all(".layer.1." in name for name in moved)


def _gradients(tiny, chunk, cached):
    """The gradients of the first step, caught before the optimizer's."""
    model = copy.deepcopy(tiny)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    seen = []

    def loss(q, p):
        seen.append((q.detach().clone(), p.detach().clone()))
        return mnrl(q, p)

    bi_encoder.train(
        model, PAIRS, loss, batch_size=6, chunk=chunk, cached=cached, lr=0.0, progress=False
    )
    grads = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return torch.cat(grads), seen[0]


@pytest.mark.parametrize("chunk", [1, 4, 64])
@pytest.mark.parametrize("cached", [False, True])
def test_chunks_and_two_passes_give_the_gradient_of_one_backward_pass(
    tiny, chunk, cached, monkeypatch
):
    # float32, so that rounding does not hide a difference; what autocast adds is tested below
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)
    found, (q, p) = _gradients(tiny, chunk, cached)
    model = copy.deepcopy(tiny).requires_grad_(True)
    vectors = [embed(model, texts) for texts in PAIRS]
    mnrl(*vectors).backward()
    grads = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    expected = torch.cat(grads)
    expected = expected / max(1.0, float(expected.norm()))  # fit clips to a norm of 1
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    # The rows come in the order of the batch, whatever their lengths.
    order = (q @ vectors[0].detach().T).argmax(dim=1)
    torch.testing.assert_close(p, vectors[1].detach()[order], atol=1e-5, rtol=0)


def test_two_passes_keep_the_gradient_in_low_precision(tiny):
    once, _ = _gradients(tiny, 2, False)
    twice, _ = _gradients(tiny, 2, True)
    assert len(once) == len(twice)
    assert torch.cosine_similarity(once, twice, dim=0) > 0.999


def test_a_column_of_lists_gives_groups_of_vectors_in_order(tiny):
    negatives = [[PASSAGES[(i + 1) % 6], PASSAGES[(i + 2) % 6], "x"] for i in range(6)]
    seen = []

    def loss(q, p, n):
        seen.append((p.detach(), n.detach()))
        return mnrl(q, p, n)

    model = copy.deepcopy(tiny)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    bi_encoder.train(
        model, [*PAIRS, negatives], loss, batch_size=6, chunk=4, lr=0.0, progress=False
    )
    p, n = seen[0]
    assert n.shape == (6, 3, 32)
    assert p.dtype == n.dtype == torch.float32
    passages = embed(tiny, PASSAGES).detach()
    for row in range(6):
        own = int((p[row] @ passages.T).argmax())
        found = [int((n[row, j] @ passages.T).argmax()) for j in (0, 1)]
        assert found == [(own + 1) % 6, (own + 2) % 6]


def test_the_seed_alone_decides(tiny):
    torch.manual_seed(5)
    one, _ = _trained(tiny, seed=3, batch_size=2)
    state = torch.get_rng_state()
    two, _ = _trained(tiny, seed=3, batch_size=2)
    assert torch.equal(_weights(one), _weights(two))
    assert torch.equal(torch.get_rng_state(), state)  # and nobody else's numbers change
    three, _ = _trained(tiny, seed=4, batch_size=2)
    assert not torch.equal(_weights(one), _weights(three))


def _course():
    ids = [f"T{i}" for i in range(6)]
    split = Split(ids[:3], QUERIES[:3], [{name: 1} for name in ids[:3]], [0, 1, 2])
    nothing = Split([], [], [], [])
    return CourseSet(
        "toy", ids, PASSAGES, ids, ids, [()] * 6, nothing, split, nothing, "", "", "", ""
    )


def test_the_validator_scores_the_model_as_it_is(encoder, tiny):
    course = _course()
    assert bi_encoder.validator(encoder, course)() > 0.9
    # With as few passages as there are right ones, all of those stay.
    small = bi_encoder.validator(encoder, course, passages=1)
    assert small() >= bi_encoder.validator(encoder, course)()
    model = copy.deepcopy(tiny)
    score = bi_encoder.validator(model, course)
    before = score()
    options = {"epochs": 15, "lr": 3e-3, "batch_size": 6, "progress": False}
    history = bi_encoder.train(model, PAIRS, mnrl, validate=score, every=5, **options)
    assert history.scores[0] == (0, before)
    assert score() == history.best_score >= before
    with pytest.raises(ValueError, match="no queries"):
        bi_encoder.validator(model, dataclasses.replace(course, validation=course.train))


def _with_training(positives):
    """The course of `_course` with six queries that ask for these passages, in training and validation."""
    names = [f"T{row}" for row in positives]
    train = Split(names, QUERIES, [{name: 1} for name in names], positives)
    return dataclasses.replace(_course(), train=train, validation=train)


def test_a_copy_is_trained_on_the_course_s_pairs_and_the_model_stays(tiny):
    course = _with_training([3, 4, 5, 0, 1, 2])  # nothing to know beforehand
    before = _weights(tiny)
    options = {"epochs": 40, "lr": 3e-3, "progress": False}
    encoder, history = bi_encoder.trained_copy(tiny, course, mnrl, **options)
    assert torch.equal(_weights(tiny), before)
    assert not torch.equal(_weights(encoder), before)
    assert len(history.losses) == 40  # a batch holds all six
    assert history.losses[-1] < history.losses[0]
    assert [step for step, _ in history.scores] == [0, 30, 40]
    assert bi_encoder.validator(encoder, course)() == history.best_score > history.scores[0][1]
    again, _ = bi_encoder.trained_copy(tiny, course, mnrl, **options)
    other, _ = bi_encoder.trained_copy(tiny, course, mnrl, seed=1, **options)
    assert torch.equal(_weights(again), _weights(encoder))
    assert not torch.equal(_weights(other), _weights(encoder))


def test_a_copy_s_batch_has_no_passage_twice(tiny):
    sizes = []

    def loss(q, p):
        sizes.append(len(q))
        return mnrl(q, p)

    bi_encoder.trained_copy(
        tiny, _with_training([0, 0, 0, 1, 1, 2]), loss, epochs=1, progress=False
    )
    assert max(sizes) == 3


def test_a_copy_learns_with_the_rows_of_negatives_that_it_is_given(tiny):
    course, seen = _with_training([0, 1, 2, 3, 4, 5]), []
    negatives = torch.tensor([[(row + 1) % 6, (row + 2) % 6] for row in range(6)])
    model = copy.deepcopy(tiny)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0

    def loss(q, p, n):
        seen.append((p.detach(), n.detach()))
        return mnrl(q, p, n)

    bi_encoder.trained_copy(model, course, loss, negatives, epochs=1, lr=0.0, progress=False)
    ((p, n),) = seen
    assert n.shape == (6, 2, 32)
    passages = embed(tiny, PASSAGES).detach()
    for row in range(6):
        own = int((p[row] @ passages.T).argmax())
        found = [int((n[row, j] @ passages.T).argmax()) for j in (0, 1)]
        assert found == [(own + 1) % 6, (own + 2) % 6]


@pytest.mark.parametrize(
    ("columns", "options", "error"),
    [
        ([QUERIES, PASSAGES[:5]], {}, ValueError),
        ([], {}, ValueError),
        (["one text", "two texts"], {}, TypeError),
        ("columns", {}, TypeError),
        ([QUERIES, None], {}, TypeError),
        ([QUERIES, [*PASSAGES[:5], None]], {}, TypeError),
        ([QUERIES, [*PASSAGES[:5], ["a", "b"]]], {}, TypeError),
        ([QUERIES, [["a", "b"]] * 5 + ["ab"]], {}, TypeError),
        ([QUERIES, [["a", "b"]] * 5 + [["a", 2]]], {}, TypeError),
        ([QUERIES, dict.fromkeys(PASSAGES)], {}, TypeError),
        ([QUERIES, [*PASSAGES[:5], "\ud800"]], {}, ValueError),
        ([QUERIES, [["a", "b"]] * 5 + [["a"]]], {}, ValueError),
        (PAIRS, {"chunk": 0}, ValueError),
        (PAIRS, {"last": 7}, ValueError),
    ],
)
def test_what_cannot_be_trained_is_refused(tiny, columns, options, error):
    with pytest.raises(error, match="expected"):
        _trained(tiny, columns, loss=lambda q, p: q.sum(), **options)


def test_a_loss_that_does_not_reach_the_encoder_is_refused(tiny):
    with pytest.raises(ValueError, match="no parameter a gradient"):
        _trained(tiny, loss=lambda q, p: mnrl(q.detach(), p.detach()))
