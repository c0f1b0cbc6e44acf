"""From one vector a token to one vector a text: mean, max, CLS and last-token pooling.

Every pooling function takes the same two tensors,

    token_embeddings: (batch, tokens, dim)   floating point, one vector a token
    attention_mask:   (batch, tokens)        1 or True where a token is real, 0 where it is padding

and returns (batch, dim) on the same device and in the same dtype. Padding may stand on the right
(encoders) or on the left (decoders). A row without a real token has no meaning to pool: it becomes
the zero vector, never NaN or -inf, so that one empty text cannot spoil a whole matrix of scores.
"""

from __future__ import annotations

import torch
from torch import Tensor

HALF_PRECISION = (torch.float16, torch.bfloat16)


def mean_pool(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Average the vectors of the real tokens.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens).
    Returns (batch, dim); zeros for a row without a real token. Half-precision input is summed
    in float32, since a float16 sum of 500 tokens loses three decimal digits, and cast back.

    Raises TypeError or ValueError when dtype or shapes do not fit.
    Source: Reimers and Gurevych 2019, Sentence-BERT, section 3 (the MEAN strategy).
    """
    real = _real_tokens("mean_pool", token_embeddings, attention_mask)
    tokens = _at_least_float32(token_embeddings).masked_fill(~real.unsqueeze(-1), 0.0)
    counts = real.sum(dim=1, keepdim=True).clamp(min=1)
    return (tokens.sum(dim=1) / counts).to(token_embeddings.dtype)


def max_pool(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Take the largest value of each dimension over the real tokens.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens).
    Returns (batch, dim); zeros for a row without a real token. Padding counts as -inf: a padded
    zero would win every dimension in which all real values are negative.

    Raises TypeError or ValueError when dtype or shapes do not fit.
    Source: Reimers and Gurevych 2019, Sentence-BERT, section 3 (the MAX strategy).
    """
    real = _real_tokens("max_pool", token_embeddings, attention_mask)
    largest = token_embeddings.masked_fill(~real.unsqueeze(-1), float("-inf")).amax(dim=1)
    return largest.masked_fill(~real.any(dim=1, keepdim=True), 0.0)


def cls_pool(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Take the vector of the first real token: CLS, wherever the padding stands.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens).
    Returns (batch, dim); zeros for a row without a real token.

    Raises TypeError or ValueError when dtype or shapes do not fit.
    Source: Devlin et al. 2019, BERT, section 3 (the final state of [CLS]).
    """
    real = _real_tokens("cls_pool", token_embeddings, attention_mask)
    return _take_token(
        token_embeddings, real, _positions(real).masked_fill(~real, real.shape[1]).amin(1)
    )


def last_token_pool(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Take the vector of the last real token: what a decoder has read when it saw all the text.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens).
    Returns (batch, dim); zeros for a row without a real token. The last *token* is the last
    *position* only with padding on the left; counting the mask finds it only with padding on the
    right; this finds it for both.

    Raises TypeError or ValueError when dtype or shapes do not fit.
    Source: Wang et al. 2024, Improving Text Embeddings with Large Language Models, section 3.
    """
    real = _real_tokens("last_token_pool", token_embeddings, attention_mask)
    return _take_token(token_embeddings, real, _positions(real).masked_fill(~real, -1).amax(1))


POOLING_MODES = {
    "mean": mean_pool,
    "max": max_pool,
    "cls": cls_pool,
    "lasttoken": last_token_pool,
}


def pool(token_embeddings: Tensor, attention_mask: Tensor, mode: str = "mean") -> Tensor:
    """Pool by name: "mean", "max", "cls" or "lasttoken" (the names in a model's pooling config).

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens). Returns (batch, dim).
    Raises ValueError for an unknown mode, and what the pooling function itself raises.
    """
    if mode not in POOLING_MODES:
        raise ValueError(f"pool: mode is {mode!r}; choose one of {', '.join(POOLING_MODES)}")
    return POOLING_MODES[mode](token_embeddings, attention_mask)


def normalize(x: Tensor, dim: int = -1, eps: float = 1e-12) -> Tensor:
    """Scale the vectors along `dim` to length one.

    x: (..., dim), floating point. Returns the same shape and dtype. A vector shorter than `eps` is
    divided by `eps`, so the zero vector stays zero. Half precision is normalised in float32: the
    square of 300 is already infinite in float16, and eps would round to zero.

    Raises TypeError when x is not floating point.
    """
    _require_floating("normalize", "x", x)
    wide = _at_least_float32(x)
    return (wide / torch.linalg.vector_norm(wide, dim=dim, keepdim=True).clamp(min=eps)).to(x.dtype)


def cosine_matrix(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of every row of `a` with every row of `b`.

    a: (n, dim); b: (m, dim); same dtype and device. Returns (n, m), values in [-1, 1] up to
    rounding; a zero row has cosine 0 with everything. Holds n x m values: for a large corpus use
    `lib.search.top_k`, which works in blocks.

    Raises TypeError or ValueError when dtype or shapes do not fit.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            f"cosine_matrix: a is {tuple(a.shape)} and b is {tuple(b.shape)}; expected (n, dim) "
            "and (m, dim) with one dim: add a first axis to a single vector with v[None]"
        )
    return normalize(a) @ normalize(b).T


def _real_tokens(name: str, token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """The mask as (batch, tokens) booleans, after every check that needs no look at the values."""
    tokens, mask = tuple(token_embeddings.shape), tuple(attention_mask.shape)
    _require_floating(name, "token_embeddings", token_embeddings)
    if len(tokens) != 3:
        raise ValueError(
            f"{name}: token_embeddings is {tokens}; expected (batch, tokens, dim): "
            "add a batch axis to a single text with x[None]"
        )
    if mask != tokens[:2]:
        raise ValueError(
            f"{name}: attention_mask is {mask} but token_embeddings is {tokens}: the mask of a "
            f"batch is (batch, tokens), here {tokens[:2]}: take both from the same tokenizer call"
        )
    if tokens[1] == 0:
        raise ValueError(f"{name}: token_embeddings is {tokens}: there is no token to pool")
    if attention_mask.device != token_embeddings.device:
        raise ValueError(
            f"{name}: attention_mask is on {attention_mask.device} but token_embeddings is on "
            f"{token_embeddings.device}: move the mask with .to(token_embeddings.device)"
        )
    # Only floats are looked at, for which the device has to be waited for: a mask that is added to
    # attention scores has 0 where a token is real, so its tokens would be taken the wrong way round.
    if attention_mask.is_floating_point() and attention_mask.device.type != "meta":
        odd = attention_mask[(attention_mask != 0) & (attention_mask != 1)]
        if len(odd):
            raise ValueError(
                f"{name}: attention_mask holds {float(odd[0]):g}; expected 1 where a token is real, 0 "
                "where it is padding, as a tokenizer gives it"
            )
    return attention_mask != 0


def _require_floating(name: str, argument: str, x: Tensor) -> None:
    if not x.is_floating_point():
        raise TypeError(
            f"{name}: {argument} has dtype {x.dtype}; expected vectors of floating point: "
            "convert them with .float()"
        )


def _at_least_float32(x: Tensor) -> Tensor:
    return x.float() if x.dtype in HALF_PRECISION else x


def _positions(real: Tensor) -> Tensor:
    return torch.arange(real.shape[1], device=real.device).expand_as(real)


def _take_token(token_embeddings: Tensor, real: Tensor, index: Tensor) -> Tensor:
    """Row i's token number index[i]; zeros where the row has no real token (index out of range)."""
    index = index.clamp(0, token_embeddings.shape[1] - 1)
    chosen = token_embeddings.take_along_dim(index[:, None, None], dim=1).squeeze(1)
    return chosen.masked_fill(~real.any(dim=1, keepdim=True), 0.0)
