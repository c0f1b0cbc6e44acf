import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lib.gradient_cache import cached_backward
from lib.losses import mnrl, triplet_loss

DIM = 6


def encoder(dropout=0.0, seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    layers = nn.Linear(DIM, 16), nn.Tanh(), nn.Dropout(dropout), nn.Linear(16, 5)
    return nn.Sequential(*layers).to(dtype)


def rows(count, seed=0, dtype=torch.float64):
    return torch.randn(count, DIM, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def gradients(model):
    return [p.grad.clone() for p in model.parameters()]


def at_once(model, loss, *inputs):
    """One large backward pass."""
    model.zero_grad()
    value = loss(*(model(x) for x in inputs))
    value.backward()
    return value.detach(), gradients(model)


def in_chunks(model, loss, size, *inputs):
    model.zero_grad()
    value = cached_backward(model, [x.split(size) for x in inputs], loss)
    return value, gradients(model)


def assert_same(first, second, atol=1e-10):
    torch.testing.assert_close(first[0], second[0], atol=atol, rtol=0)
    torch.testing.assert_close(first[1], second[1], atol=atol, rtol=0)
    assert any(float(g.abs().max()) > 1e-9 for g in first[1])


@settings(max_examples=30, deadline=None)
@given(batch=st.integers(2, 12), size=st.integers(1, 13), seed=st.integers(0, 1000))
def test_the_gradient_in_chunks_is_that_of_the_whole_batch(batch, size, seed):
    model = encoder(seed=seed)
    inputs = rows(batch, seed), rows(batch, seed + 1)
    assert_same(in_chunks(model, mnrl, size, *inputs), at_once(model, mnrl, *inputs))


def test_the_gradient_in_chunks_is_close_in_float32():
    model = encoder(dtype=torch.float32)
    inputs = rows(32, 1, torch.float32), rows(32, 2, torch.float32)
    assert_same(in_chunks(model, mnrl, 8, *inputs), at_once(model, mnrl, *inputs), atol=1e-5)


def test_adding_the_gradients_of_chunks_is_another_gradient():
    model = encoder()
    q, p = rows(12, 1), rows(12, 2)
    _, right = in_chunks(model, mnrl, 3, q, p)
    model.zero_grad()
    for query, positive in zip(q.split(3), p.split(3)):
        (mnrl(model(query), model(positive)) / 4).backward()
    assert max(float((a - b).abs().max()) for a, b in zip(right, gradients(model))) > 1e-2


def test_any_number_of_arguments_and_any_chunks():
    model = encoder()
    a, p, n = rows(7, 1), rows(7, 2), rows(7, 3)

    def loss(x, y, z):
        return triplet_loss(x, y, z, margin=1.0)

    model.zero_grad()
    chunks = [a.split([1, 4, 2]), [p], n.split(3)]
    value = cached_backward(model, chunks, loss)
    assert_same((value, gradients(model)), at_once(model, loss, a, p, n))


def test_dropout_draws_the_same_units_in_both_passes():
    model = encoder(dropout=0.5).train()
    q, p = rows(8, 1), rows(8, 2)
    torch.manual_seed(3)
    cached = in_chunks(model, mnrl, 2, q, p)
    after = torch.rand(1)
    torch.manual_seed(3)
    model.zero_grad()
    value = mnrl(*(torch.cat([model(part) for part in x.split(2)]) for x in (q, p)))
    value.backward()
    assert_same(cached, (value.detach(), gradients(model)))
    assert torch.equal(after, torch.rand(1))


def test_gradients_add_up_as_with_backward():
    model = encoder()
    q, p = rows(6, 1), rows(6, 2)
    _, once = in_chunks(model, mnrl, 2, q, p)
    cached_backward(model, [q.split(2), p.split(2)], mnrl)
    torch.testing.assert_close(gradients(model), [2 * g for g in once])


def test_a_parameter_of_the_loss_gets_its_gradient():
    model, scale = encoder(), torch.tensor(20.0, dtype=torch.float64, requires_grad=True)
    q, p = rows(6, 1), rows(6, 2)

    def loss(x, y):
        cosines = nn.functional.normalize(x) @ nn.functional.normalize(y).T
        return nn.functional.cross_entropy(scale * cosines, torch.arange(len(x)))

    in_chunks(model, loss, 2, q, p)
    cached, scale.grad = scale.grad, None
    at_once(model, loss, q, p)
    torch.testing.assert_close(cached, scale.grad)


def test_an_argument_that_the_loss_does_not_use_changes_nothing():
    model = encoder()
    q, p, idle = rows(6, 1), rows(6, 2), rows(6, 3)
    cached = in_chunks(model, lambda x, y, z: mnrl(x, y), 2, q, p, idle)
    assert_same(cached, at_once(model, mnrl, q, p))


def test_never_more_than_one_chunk_keeps_its_activations():
    """Counts the live outputs of the encoder that hang on a graph: it holds for any device."""
    model, alive, most = encoder(), [], [0]

    def watched(chunk):
        out = model(chunk)
        if out.requires_grad:
            alive.append(weakref.ref(out))
        most[0] = max(most[0], sum(ref() is not None for ref in alive))
        return out

    q, p = rows(16, 1), rows(16, 2)
    cached_backward(watched, [q.split(2), p.split(2)], mnrl)
    assert most[0] == 1
    assert len(alive) == 16  # each chunk was encoded with a graph once


def test_cached_mnrl_matches_sentence_transformers():
    from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss

    class Features(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = encoder(dtype=torch.float32)

        def forward(self, features):
            return {"sentence_embedding": self.layers(features["input_ids"])}

    model = nn.Sequential(Features())
    q, p = rows(10, 1, torch.float32), rows(10, 2, torch.float32)
    model.zero_grad()
    theirs = CachedMultipleNegativesRankingLoss(model, mini_batch_size=3)
    value = theirs([{"input_ids": q}, {"input_ids": p}], None)
    value.backward()
    expected = value.detach(), gradients(model)
    assert_same(in_chunks(model[0].layers, mnrl, 3, q, p), expected, atol=1e-5)


def test_works_on_the_meta_device():
    model = encoder().to("meta")
    q = rows(6).to("meta")
    value = cached_backward(model, [q.split(2), q.split(2)], mnrl)
    assert value.shape == ()
    assert all(p.grad.device.type == "meta" for p in model.parameters())


def test_says_what_does_not_fit():
    model, q = encoder(), rows(4)
    with pytest.raises(ValueError, match=r"have \[1, 0\] chunks"):
        cached_backward(model, [[q], []], mnrl)
    with pytest.raises(ValueError, match="at least one argument"):
        cached_backward(model, [], mnrl)
    with pytest.raises(ValueError, match=r"loss is \(4,\); expected a scalar"):
        cached_backward(model, [[q]], lambda x: x.sum(dim=1))
    with pytest.raises(ValueError, match=r"encode gave \(4,\)"):
        cached_backward(lambda x: model(x).sum(dim=1), [[q]], mnrl)
    with pytest.raises(ValueError, match="no parameter wants one"):
        cached_backward(model.requires_grad_(False), [[q], [q]], mnrl)
