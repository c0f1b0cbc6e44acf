import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.losses import (
    cosent_loss,
    cosine_similarity_loss,
    kl_distillation,
    margin_mse,
    mnrl,
    triplet_loss,
)

B, N, D = 5, 3, 7
SEEDS = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def library():
    """The losses of sentence-transformers as functions of vectors; they need no model for that."""
    from sentence_transformers.sentence_transformer import losses

    def loss(name, vectors, labels=None, **options):
        return getattr(losses, name)(None, **options).compute_loss_from_embeddings(vectors, labels)

    loss.losses = losses
    return loss


def vectors(*shapes, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for shape in shapes
    ]


def columns(x):
    """(batch, n, dim) as the library takes it: n tensors (batch, dim)."""
    return list(x.unbind(1))


def assert_same_with_gradients(ours, theirs, inputs, atol=1e-9):
    """The same loss and the same gradient of every input."""
    torch.testing.assert_close(ours, theirs, atol=atol, rtol=0)
    mine = torch.autograd.grad(ours, inputs)
    for left, right in zip(mine, torch.autograd.grad(theirs, inputs), strict=True):
        torch.testing.assert_close(left, right, atol=atol, rtol=0)
    assert any(g.abs().max() > 0 for g in mine)


PER_DIRECTION = {
    "directions": ("query_to_doc", "doc_to_query"),
    "partition_mode": "per_direction",
}


@settings(max_examples=40, deadline=None)
@given(
    batch=st.integers(2, 9),
    count=st.integers(0, 3),
    dim=st.integers(2, 12),
    scale=st.floats(0.5, 60),
    symmetric=st.booleans(),
    seed=SEEDS,
)
def test_mnrl_matches_sentence_transformers(library, batch, count, dim, scale, symmetric, seed):
    q, p, n = vectors((batch, dim), (batch, dim), (batch, max(count, 1), dim), seed=seed)
    inputs = [q, p, n] if count else [q, p]
    ours = mnrl(*inputs, scale=scale, symmetric=symmetric)
    options = PER_DIRECTION if symmetric else {}
    documents = [p, *columns(n)] if count else [p]
    theirs = library("MultipleNegativesRankingLoss", [q, *documents], scale=scale, **options)
    assert_same_with_gradients(ours, theirs, inputs, atol=1e-8)


@pytest.mark.parametrize("symmetric", [False, True])
def test_mnrl_matches_sentence_transformers_in_float32(library, symmetric):
    q, p, n = vectors((64, 384), (64, 384), (64, 2, 384), dtype=torch.float32)
    options = PER_DIRECTION if symmetric else {}
    theirs = library("MultipleNegativesRankingLoss", [q, p, *columns(n)], **options)
    ours = mnrl(q, p, n, symmetric=symmetric)
    assert_same_with_gradients(ours, theirs, [q, p, n], atol=1e-5)


def test_mnrl_of_equal_vectors_is_the_logarithm_of_the_candidates():
    q = torch.ones(8, 4)
    assert float(mnrl(q, q)) == pytest.approx(math.log(8))
    assert float(mnrl(q, q, torch.ones(8, 2, 4))) == pytest.approx(math.log(24))
    assert float(mnrl(q[:1], q[:1])) == 0.0


def test_mnrl_does_not_see_the_length_of_vectors():
    q, p = vectors((B, D), (B, D))
    torch.testing.assert_close(mnrl(q * 7, p * torch.arange(1, B + 1)[:, None]), mnrl(q, p))


def test_mnrl_symmetric_is_the_mean_of_both_directions():
    q, p = vectors((B, D), (B, D))
    torch.testing.assert_close(mnrl(q, p, symmetric=True), (mnrl(q, p) + mnrl(p, q)) / 2)


def loop_with_keys(q, p, n, same, scale):
    """Plain loops over each query's own list of candidates."""
    unit = [torch.nn.functional.normalize(x, dim=-1) for x in (q, p, n)]
    total = 0.0
    for i in range(len(q)):
        allowed = [j for j in range(len(q)) if j == i or same[j] != same[i]]
        scores = [scale * unit[0][i] @ unit[1][j] for j in allowed]
        scores += [scale * unit[0][i] @ x for x in unit[2].flatten(0, 1)]
        total += torch.logsumexp(torch.stack(scores), 0) - scores[allowed.index(i)]
    return total / len(q)


@settings(max_examples=30, deadline=None)
@given(keys=st.lists(st.integers(0, 4), min_size=2, max_size=8), seed=SEEDS)
def test_mnrl_leaves_out_rows_with_the_same_key(keys, seed):
    q, p, n = vectors((len(keys), D), (len(keys), D), (len(keys), 1, D), seed=seed)
    ours = mnrl(q, p, n, same=torch.tensor(keys))
    assert_same_with_gradients(ours, loop_with_keys(q, p, n, keys, 20.0), [q, p, n])


def test_mnrl_symmetric_leaves_out_duplicates_in_both_directions():
    q, p = vectors((3, D), (3, D))
    same = torch.tensor([4, 4, 9])
    none = torch.zeros(3, 0, D, dtype=q.dtype)
    expected = (loop_with_keys(q, p, none, same, 20.0) + loop_with_keys(p, q, none, same, 20.0)) / 2
    torch.testing.assert_close(mnrl(q, p, symmetric=True, same=same), expected)


def test_mnrl_with_keys_that_all_differ_is_mnrl():
    q, p = vectors((B, D), (B, D))
    torch.testing.assert_close(mnrl(q, p, same=torch.arange(B)), mnrl(q, p), atol=0, rtol=0)


def test_mnrl_of_a_batch_with_one_key_only_has_nothing_to_learn():
    q, p = vectors((B, D), (B, D))
    loss = mnrl(q, p, same=torch.zeros(B))
    assert loss.item() == 0.0
    assert all(float(g.abs().max()) == 0.0 for g in torch.autograd.grad(loss, [q, p]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_mnrl_of_half_precision_vectors_is_taken_in_float32(dtype):
    q, p = vectors((16, 32), (16, 32), dtype=dtype)
    torch.testing.assert_close(mnrl(q, p), mnrl(q.float(), p.float()), atol=1e-6, rtol=0)


def test_mnrl_under_autocast_is_taken_in_float32():
    q, p = vectors((16, 32), (16, 32), dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(
            mnrl(q, p), mnrl(q.double(), p.double()).float(), atol=1e-5, rtol=0
        )


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@settings(max_examples=25, deadline=None)
@given(batch=st.integers(1, 8), margin=st.floats(0.01, 6), seed=SEEDS)
def test_triplet_loss_matches_sentence_transformers(library, distance, batch, margin, seed):
    inputs = vectors((batch, D), (batch, D), (batch, D), seed=seed)
    metric = getattr(library.losses.TripletDistanceMetric, distance.upper())
    theirs = library("TripletLoss", inputs, distance_metric=metric, triplet_margin=margin)
    ours = triplet_loss(*inputs, margin=margin, distance=distance)
    torch.testing.assert_close(ours, theirs, atol=1e-7, rtol=0)
    for x, y in zip(torch.autograd.grad(ours, inputs), torch.autograd.grad(theirs, inputs)):
        torch.testing.assert_close(x, y, atol=1e-7, rtol=0)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_triplet_loss_of_unit_vectors_never_falls_below_its_margin_minus_two(distance):
    anchor = torch.eye(4)
    best = triplet_loss(anchor, anchor, -anchor, margin=5, distance=distance)
    assert float(best) == pytest.approx(3.0)
    assert float(triplet_loss(anchor, anchor, -anchor, margin=1.9, distance=distance)) == 0.0


def test_triplet_loss_of_an_anchor_that_is_its_positive_has_a_finite_gradient():
    anchor, negative = vectors((2, D), (2, D))
    loss = triplet_loss(anchor, anchor.detach(), negative, margin=9.0, distance="euclidean")
    assert torch.autograd.grad(loss, anchor)[0].isfinite().all()


@settings(max_examples=25, deadline=None)
@given(batch=st.integers(1, 8), seed=SEEDS)
def test_cosine_similarity_loss_matches_sentence_transformers(library, batch, seed):
    inputs = vectors((batch, D), (batch, D), seed=seed, dtype=torch.float32)
    scores = torch.rand(batch, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    theirs = library("CosineSimilarityLoss", inputs, scores)
    ours = cosine_similarity_loss(*inputs, scores)
    assert_same_with_gradients(ours, theirs, inputs, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    labels=st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), min_size=1, max_size=8).filter(
        lambda found: len(set(found)) > 1
    ),
    scale=st.floats(0.5, 60),
    seed=SEEDS,
)
def test_cosent_loss_matches_sentence_transformers(library, labels, scale, seed):
    inputs = vectors((len(labels), D), (len(labels), D), seed=seed)
    scores = torch.tensor(labels)
    theirs = library("CoSENTLoss", inputs, scores, scale=scale)
    assert_same_with_gradients(cosent_loss(*inputs, scores, scale=scale), theirs, inputs, atol=1e-7)


def test_cosent_loss_of_equal_scores_is_zero_and_only_their_order_counts():
    q, p = vectors((B, D), (B, D))
    assert cosent_loss(q, p, torch.ones(B)).item() == 0
    scores = torch.tensor([0.1, 0.9, 0.4, 0.2, 0.3])
    torch.testing.assert_close(cosent_loss(q, p, scores), cosent_loss(q, p, 7 * scores - 3))


@settings(max_examples=25, deadline=None)
@given(batch=st.integers(1, 8), count=st.integers(1, 4), seed=SEEDS)
def test_margin_mse_matches_sentence_transformers(library, batch, count, seed):
    q, p, n = inputs = vectors((batch, D), (batch, D), (batch, count, D), seed=seed)
    margins = vectors((batch, count), seed=seed + 1)[0].detach() * 4
    theirs = library("MarginMSELoss", [q, p, *columns(n)], margins)
    assert_same_with_gradients(margin_mse(q, p, n, margins), theirs, inputs)
    if count == 1:
        single = margin_mse(q, p, n[:, 0], margins[:, 0])
        torch.testing.assert_close(single, margin_mse(q, p, n, margins))


@settings(max_examples=25, deadline=None)
@given(batch=st.integers(1, 8), count=st.integers(2, 5), temperature=st.floats(0.3, 9), seed=SEEDS)
def test_kl_distillation_matches_sentence_transformers(library, batch, count, temperature, seed):
    q, c = inputs = vectors((batch, D), (batch, count, D), seed=seed)
    teacher = vectors((batch, count), seed=seed + 1)[0].detach() * 3
    theirs = library("DistillKLDivLoss", [q, *columns(c)], teacher, temperature=temperature)
    ours = kl_distillation(q, c, teacher, temperature)
    assert_same_with_gradients(ours, theirs, inputs, atol=1e-7)


def test_distillation_sends_no_gradient_to_the_teacher():
    q, p, n, margins = vectors((B, D), (B, D), (B, N, D), (B, N))
    (margin_mse(q, p, n, margins) + kl_distillation(q, n, margins)).backward()
    assert margins.grad is None
    assert q.grad is not None


def test_distillation_is_zero_where_student_and_teacher_agree():
    q, p, n = vectors((B, D), (B, D), (B, N, D))
    scores = (q[:, None] * n).sum(-1)
    own = (q * p).sum(-1, keepdim=True)
    assert margin_mse(q, p, n, own - scores).item() == pytest.approx(0, abs=1e-12)
    assert kl_distillation(q, n, scores + 5).item() == pytest.approx(0, abs=1e-12)


def every_loss(device):
    q, p, single = (torch.zeros(B, D, device=device, requires_grad=True) for _ in range(3))
    group = torch.zeros(B, N, D, device=device, requires_grad=True)
    row, rows = torch.zeros(B, device=device), torch.zeros(B, N, device=device)
    return [
        mnrl(q, p, group, symmetric=True, same=row),
        triplet_loss(q, p, single, margin=1),
        triplet_loss(q, p, single, margin=1, distance="euclidean"),
        cosine_similarity_loss(q, p, row),
        cosent_loss(q, p, row),
        margin_mse(q, p, single, row),
        margin_mse(q, p, group, rows),
        kl_distillation(q, group, rows, 2.0),
    ]


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_losses_are_scalars_on_the_device_of_their_vectors(device):
    for loss in every_loss(device):
        assert (loss.shape, loss.device.type, loss.requires_grad) == ((), device, True)


X, Y = torch.ones(4, 3), torch.ones(3, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mnrl(X, Y), r"positives is \(3, 3\) and queries \(4, 3\)"),
        (lambda: mnrl(X[0], X[0]), r"expected \(batch, dim\)"),
        (lambda: mnrl(X[:0], X[:0]), "at least one row"),
        (lambda: mnrl(X, X, X), r"expected \(4, n, 3\).*x\[:, None\]"),
        (lambda: mnrl(X, X, scale=0), "scale is 0"),
        (lambda: mnrl(X, X, same=torch.ones(3)), r"same is \(3,\); expected \(4,\)"),
        (lambda: mnrl(X, X.to("meta")), "one device"),
        (lambda: triplet_loss(X, X, Y, margin=1), r"negatives is \(3, 3\)"),
        (lambda: triplet_loss(X, X, X, margin=1, distance="dot"), "choose one of cosine"),
        (lambda: cosine_similarity_loss(X, X, torch.ones(4, 1)), r"scores is \(4, 1\)"),
        (lambda: cosent_loss(X, X, torch.ones(4, 1)), r"scores is \(4, 1\)"),
        (lambda: cosent_loss(X, X, torch.ones(4), scale=0), "scale is 0"),
        (lambda: margin_mse(X, X, X[:, None], torch.ones(4, 2)), r"expected \(4, 1\)"),
        (lambda: margin_mse(X, X, X, torch.ones(4, 1)), r"expected \(4, 1\)"),
        (lambda: kl_distillation(X, X[:, None], torch.ones(4, 1)), "at least two"),
        (lambda: kl_distillation(X, torch.ones(4, 2, 3), torch.ones(4, 2), 0), "temperature is 0"),
    ],
)
def test_losses_say_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_losses_want_floating_point():
    with pytest.raises(TypeError, match=r"dtype torch\.int64"):
        mnrl(X.long(), X.long())
    with pytest.raises(TypeError, match="negatives has dtype"):
        mnrl(X, X, X[:, None].long())


@pytest.mark.parametrize("scores", [[0.0, 2.5, 1.0, 5.0], [0.0, -1.5, 0, 0], [0, math.nan, 0, 0]])
def test_scores_that_no_cosine_reaches_are_refused(scores):
    with pytest.raises(ValueError, match="expected -1 to 1"):
        cosine_similarity_loss(X, X, torch.tensor(scores))
    assert cosine_similarity_loss(X, X, torch.tensor([1.0, 1.0 + 1e-6, 1, 1])) < 1e-9
