import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.pooling import POOLING_MODES, cosine_matrix, max_pool, mean_pool, normalize, pool

MODES = sorted(POOLING_MODES)


@pytest.fixture(scope="module")
def reference():
    """sentence-transformers' own pooling, as a function of (tokens, mask, mode)."""
    from sentence_transformers.sentence_transformer.modules.pooling import Pooling

    def pooled(tokens, mask, mode):
        module = Pooling(tokens.shape[-1], pooling_mode=mode)
        features = {"token_embeddings": tokens, "attention_mask": mask}
        return module(features)["sentence_embedding"]

    return pooled


def padded(batch, tokens, dim, side, seed, dtype=torch.float32):
    """Random tokens, each row with at least one real one and padding full of large numbers."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, tokens, dim, generator=generator)
    lengths = torch.randint(1, tokens + 1, (batch, 1), generator=generator)
    mask = (torch.arange(tokens) < lengths).long()
    mask = mask.flip(1) if side == "left" else mask
    return x.masked_fill(mask[:, :, None] == 0, 1e4).to(dtype), mask


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=40, deadline=None)
@given(
    batch=st.integers(1, 5),
    tokens=st.integers(1, 9),
    dim=st.integers(1, 8),
    side=st.sampled_from(["left", "right"]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 10_000),
)
def test_pool_matches_sentence_transformers(reference, mode, batch, tokens, dim, side, dtype, seed):
    x, mask = padded(batch, tokens, dim, side, seed, dtype)
    ours = pool(x, mask, mode)
    assert ours.dtype == dtype
    torch.testing.assert_close(ours, reference(x, mask, mode), atol=1e-6, rtol=0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("side", ["left", "right"])
def test_half_precision_matches_sentence_transformers_and_keeps_its_dtype(
    reference, mode, dtype, side
):
    x, mask = padded(6, 40, 16, side, seed=3, dtype=dtype)
    ours = pool(x, mask, mode)
    assert ours.dtype == dtype
    torch.testing.assert_close(ours, reference(x, mask, mode), atol=1e-6, rtol=0)


def test_mean_of_many_half_precision_tokens_is_exact_to_their_precision():
    x = torch.full((1, 4096, 3), 0.1, dtype=torch.float16)
    mean = mean_pool(x, torch.ones(1, 4096))
    torch.testing.assert_close(mean, x[:, 0], atol=0, rtol=0)


def test_mean_of_large_half_precision_tokens_does_not_overflow():
    x = torch.full((1, 100, 2), 60_000.0, dtype=torch.float16)
    assert mean_pool(x, torch.ones(1, 100)).tolist() == [[60_000.0, 60_000.0]]


@pytest.mark.parametrize("mode", MODES)
def test_padding_never_changes_the_result(mode):
    x, mask = padded(4, 6, 5, "right", seed=1)
    longer = torch.cat([x, torch.full((4, 7, 5), math.nan)], dim=1)
    longer_mask = torch.cat([mask, torch.zeros(4, 7, dtype=torch.long)], dim=1)
    torch.testing.assert_close(pool(longer, longer_mask, mode), pool(x, mask, mode))


@pytest.mark.parametrize("mode", MODES)
def test_left_and_right_padding_give_the_same_vector(mode):
    text = torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(0))
    junk, on, off = torch.full((1, 2, 4), 9.0), torch.ones(1, 3), torch.zeros(1, 2)
    right = pool(torch.cat([text, junk], 1), torch.cat([on, off], 1), mode)
    left = pool(torch.cat([junk, text], 1), torch.cat([off, on], 1), mode)
    torch.testing.assert_close(left, right)
    torch.testing.assert_close(left, pool(text, on, mode))


@pytest.mark.parametrize("mode", MODES)
def test_a_row_without_tokens_is_zero_and_spoils_no_other(mode):
    x, mask = padded(3, 5, 4, "right", seed=2)
    alone = pool(x, mask, mode)
    mask[1] = 0
    pooled = pool(x, mask, mode)
    assert pooled[1].tolist() == [0.0] * 4
    torch.testing.assert_close(pooled[[0, 2]], alone[[0, 2]])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.bool, torch.int32, torch.uint8, torch.float32])
def test_masks_of_any_dtype_give_the_same_vector(mode, dtype):
    x, mask = padded(3, 5, 4, "left", seed=4)
    torch.testing.assert_close(pool(x, mask.to(dtype), mode), pool(x, mask, mode))


@pytest.mark.parametrize("mode", MODES)
def test_non_contiguous_input_is_read_right_and_left_alone(mode):
    x, mask = padded(5, 7, 6, "right", seed=5)
    strided, strided_mask = x.transpose(0, 1).contiguous().transpose(0, 1), mask.T.contiguous().T
    assert not strided.is_contiguous()
    before = strided.clone()
    torch.testing.assert_close(pool(strided, strided_mask, mode), pool(x, mask, mode))
    assert torch.equal(strided, before)


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_reaches_real_tokens_only(mode):
    x, mask = padded(3, 5, 4, "right", seed=6)
    x.requires_grad_()
    pool(x, mask, mode).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert (x.grad[mask == 0] == 0).all()
    assert x.grad.sum().item() == pytest.approx(3 * 4, rel=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_pool_stays_on_its_device(mode):
    x = torch.empty(2, 3, 4, device="meta", dtype=torch.float16)
    pooled = pool(x, torch.empty(2, 3, device="meta"), mode)
    assert (pooled.device.type, pooled.shape, pooled.dtype) == ("meta", (2, 4), torch.float16)


def test_max_pool_of_negative_tokens_is_negative():
    x = torch.tensor([[[-3.0], [-1.0], [0.0]]])
    assert max_pool(x, torch.tensor([[1, 1, 0]])).tolist() == [[-1.0]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("tokens", "mask", "says"),
    [
        ((8, 32, 4), (8, 31), r"attention_mask is \(8, 31\) but token_embeddings is \(8, 32, 4\)"),
        ((8, 32), (8, 32), r"expected \(batch, tokens, dim\)"),
        ((8, 0, 4), (8, 0), "no token to pool"),
    ],
)
def test_shapes_that_do_not_fit_are_named(mode, tokens, mask, says):
    with pytest.raises(ValueError, match=says):
        pool(torch.zeros(tokens), torch.zeros(mask), mode)


def test_integer_tokens_are_refused():
    with pytest.raises(TypeError, match=r"mean_pool: token_embeddings has dtype torch.int64"):
        mean_pool(torch.zeros(1, 2, 3, dtype=torch.long), torch.ones(1, 2))


def test_a_mask_on_another_device_is_named():
    with pytest.raises(ValueError, match="attention_mask is on meta"):
        mean_pool(torch.zeros(1, 2, 3), torch.ones(1, 2, device="meta"))


def test_an_unknown_mode_lists_the_known_ones():
    with pytest.raises(ValueError, match="'sum'; choose one of mean, max, cls, lasttoken"):
        pool(torch.zeros(1, 2, 3), torch.ones(1, 2), "sum")


@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    dim=st.integers(-1, 0),
    seed=st.integers(0, 10_000),
)
def test_normalize_matches_torch(shape, dim, seed):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 100
    expected = torch.nn.functional.normalize(x, dim=dim)
    torch.testing.assert_close(normalize(x, dim), expected, atol=1e-6, rtol=0)


def test_normalize_keeps_a_zero_vector_zero():
    assert normalize(torch.zeros(2, 3)).tolist() == [[0.0] * 3] * 2


def test_normalize_of_large_half_precision_vectors_has_length_one():
    unit = normalize(torch.full((2, 64), 300.0, dtype=torch.float16))
    assert unit.dtype == torch.float16
    torch.testing.assert_close(unit.float().norm(dim=1), torch.ones(2), atol=1e-3, rtol=0)


def test_normalize_refuses_integers():
    with pytest.raises(TypeError, match=r"normalize: x has dtype torch.int64"):
        normalize(torch.ones(2, 3, dtype=torch.long))


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 6), m=st.integers(1, 6), dim=st.integers(1, 9), seed=st.integers(0, 999))
def test_cosine_matrix_matches_scikit_learn(n, m, dim, seed):
    from sklearn.metrics.pairwise import cosine_similarity

    generator = torch.Generator().manual_seed(seed)
    a, b = (torch.randn(rows, dim, generator=generator) for rows in (n, m))
    expected = torch.from_numpy(cosine_similarity(a.numpy(), b.numpy()))
    torch.testing.assert_close(cosine_matrix(a, b), expected, atol=1e-6, rtol=0)


def test_cosine_with_a_zero_row_is_zero():
    assert cosine_matrix(torch.zeros(1, 3), torch.eye(3)).tolist() == [[0.0, 0.0, 0.0]]


def test_cosine_matrix_stays_on_its_device():
    a, b = torch.empty(2, 3, device="meta"), torch.empty(5, 3, device="meta")
    assert cosine_matrix(a, b).shape == (2, 5)


@pytest.mark.parametrize(("a", "b"), [((3,), (2, 3)), ((2, 3), (2, 4))])
def test_cosine_matrix_names_shapes_that_do_not_fit(a, b):
    with pytest.raises(ValueError, match=r"cosine_matrix: a is .* and b is "):
        cosine_matrix(torch.ones(a), torch.ones(b))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("value", [-1e4, -torch.inf, torch.nan, 0.5])
def test_a_mask_that_is_added_to_scores_is_refused(mode, value):
    tokens, mask = padded(3, 5, 4, "right", 0)
    added = torch.zeros(3, 5)
    added[1, 4] = value
    with pytest.raises(ValueError, match="expected 1 where a token is real"):
        pool(tokens, added, mode)
    for same in (mask.float(), mask.half(), mask.bool(), mask.int()):
        assert torch.equal(pool(tokens, same, mode), pool(tokens, mask, mode))
