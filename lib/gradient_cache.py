"""A large batch in little memory: the gradient of a contrastive loss in two passes (GradCache).

In-batch negatives tie all rows of a batch together, so a batch cannot simply be cut up and its
gradients added: each part would see its own negatives only. But the loss needs just the vectors,
which are small; what is large are the activations of the encoder behind them. So:

1. encode the batch chunk by chunk without keeping activations;
2. take the loss of all vectors, and its gradient with respect to each vector;
3. encode each chunk again, this time with activations, and hand it the gradient of its vectors.

The parameters' gradients are the same as of one large backward pass, at the price of a second
forward pass, in the memory of one chunk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

__all__ = ["cached_backward"]

Chunk = TypeVar("Chunk")


def cached_backward(
    encode: Callable[[Chunk], Tensor],
    batches_of_inputs: Sequence[Sequence[Chunk]],
    loss: Callable[..., Tensor],
) -> Tensor:
    """Add the gradient of `loss` over a whole batch to the parameters, keeping one chunk in memory.

    encode: turns a chunk of inputs (whatever it takes: texts, features, a tensor) into vectors
    (rows, dim) with a gradient. batches_of_inputs: for each argument of the loss the chunks of its
    inputs, in order, such as [chunks of queries, chunks of positives]. loss: takes one tensor
    (batch, dim) for each of them and returns a scalar. Dropout draws the same numbers in both
    passes. A parameter inside `loss`, such as a learned scale, gets its gradient, too.

    Returns the loss, a scalar without a gradient; the gradients are on the parameters, added to
    what was there, as `backward()` does.
    Raises ValueError when there is nothing to encode, or vectors or the loss have a wrong shape.
    Source: Gao et al. 2021, Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup.
    """
    chunks = [chunk for group in batches_of_inputs for chunk in group]
    sizes = [len(group) for group in batches_of_inputs]
    if not sizes or min(sizes) == 0:
        raise ValueError(
            f"cached_backward: the arguments of the loss have {sizes} chunks; expected at least "
            "one argument and one chunk of each"
        )
    vectors, draws = _encode_all(encode, chunks)
    leaves = [v.detach().requires_grad_() for v in vectors]
    value = loss(*(torch.cat(group) for group in _split(leaves, sizes)))
    if value.ndim:
        raise ValueError(
            f"cached_backward: the loss is {tuple(value.shape)}; expected a scalar: take its mean"
        )
    value.backward()
    # The last chunk still has its activations: it goes first, so that there is never more than one.
    for number in reversed(range(len(chunks))):
        encoded, gradient = vectors.pop(), leaves.pop().grad
        if gradient is None:
            continue
        if number < len(chunks) - 1:
            with draws[number].again():
                encoded = encode(chunks[number])
        encoded.backward(gradient)
    return value.detach()


def _encode_all(
    encode: Callable[[Chunk], Tensor], chunks: list[Chunk]
) -> tuple[list[Tensor], list[_Draws]]:
    """The vectors of each chunk and the random state before it; only the last keeps a gradient."""
    vectors, draws = [], []
    for number, chunk in enumerate(chunks, start=1):
        draws.append(_Draws())
        with torch.set_grad_enabled(number == len(chunks)):
            vectors.append(encode(chunk))
        if vectors[-1].ndim != 2:
            raise ValueError(
                f"cached_backward: encode gave {tuple(vectors[-1].shape)} for chunk {number}; "
                "expected (rows, dim)"
            )
    if not vectors[-1].requires_grad:
        raise ValueError(
            "cached_backward: the encoder's vectors carry no gradient: no parameter wants one "
            "(requires_grad), or encode runs under no_grad, as SentenceTransformer.encode does"
        )
    return vectors, draws


def _split(items: list[Tensor], sizes: list[int]) -> Iterator[list[Tensor]]:
    """Cut a list into lists of the given sizes."""
    start = 0
    for size in sizes:
        yield items[start : start + size]
        start += size


class _Draws:
    """The state of the random numbers, so that dropout drops the same units a second time."""

    def __init__(self) -> None:
        self.cpu = torch.get_rng_state()
        self.cuda = torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None
        self.mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        now = _Draws()
        self._restore()
        try:
            yield
        finally:
            now._restore()

    def _restore(self) -> None:
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda)
        if self.mps is not None:
            torch.mps.set_rng_state(self.mps)
