"""Answers to `to_int8`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch


def right_torch(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """amin, amax, floor, clamp, minus 128."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


def right_masked_step(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """min and max with values, masked_fill for the step, clamp after the shift."""
    low = corpus.min(dim=0).values
    step = (corpus.max(dim=0).values - low).div(255)
    step = step.masked_fill(step == 0, 1.0)
    steps = torch.floor((vectors - low[None]) / step[None]) - 128
    return torch.clamp(steps, min=-128, max=127).to(dtype=torch.int8)


def right_numpy(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """numpy in the vectors' own dtype, np.clip."""
    v, c = vectors.detach().cpu().numpy(), corpus.detach().cpu().numpy()
    low = c.min(axis=0)
    step = (c.max(axis=0) - low) / c.dtype.type(255)
    step[step == 0] = 1
    return torch.from_numpy((np.clip(np.floor((v - low) / step), 0, 255) - 128).astype(np.int8))


def right_columns(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Dimension after dimension; clamped first, so that cutting the rest is the floor."""
    out = torch.empty(vectors.shape, dtype=torch.int8)
    for d in range(vectors.shape[1]):
        known = corpus[:, d]
        low, high = known.min(), known.max()
        step = (high - low) / 255 if high > low else torch.ones(())
        steps = ((vectors[:, d] - low) / step).clamp(0, 255).long()
        out[:, d] = (steps - 128).to(torch.int8)
    return out


def right_scalar_loops(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """The lesson's cell for each number, with math.floor on 0-dim float32 tensors."""
    low, high = torch.aminmax(corpus, dim=0)
    step = (high - low) / 255
    rows = []
    for row in vectors:
        codes = []
        for value, start, width in zip(row, low, step):
            width = width if width > 0 else 1.0
            steps = ((value - start) / width).clamp(-1, 256)
            codes.append(max(0, min(255, math.floor(steps))) - 128)
        rows.append(codes)
    return torch.tensor(rows, dtype=torch.int8).view(vectors.shape)


def wrong_own_ranges(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Ranges of the vectors: right only where both are the same."""
    low, high = vectors.amin(dim=0), vectors.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


def wrong_one_range(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """One range for all dimensions: right for one dimension only."""
    low, high = corpus.min(), corpus.max()
    step = (high - low) / 255
    if step == 0:
        step = 1.0
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


def wrong_rounded(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """round for floor: step 100.6 becomes -27."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).round().clamp(0, 255) - 128).to(torch.int8)


def wrong_no_clamp(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """No clamp: 99.0 wraps around to some other code."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).floor() - 128).long().to(torch.int8)


def wrong_division_by_zero(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """A step of 0 for a constant dimension: NaN or infinity in place of floor(v - low)."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


def wrong_tiny_step(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """+ 1e-9 for a step of 1: 0.5 above a constant dimension becomes 127, not -128."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255 + 1e-9
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


def wrong_256_steps(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Cuts the range into 256 steps: 1.004 of 0 to 2.55 becomes 100.79, 2.0 another code."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 256
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


def wrong_uint8(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """0 to 255 as uint8: forgets the 128."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return ((vectors - low) / step).floor().clamp(0, 255).to(torch.uint8)


def wrong_int16(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """The right codes as int16: two bytes each."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int16)


def wrong_symmetric(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Symmetric codes by the largest absolute value, -127 to 127: another scheme."""
    step = corpus.abs().amax(dim=0) / 127
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (vectors / step).floor().clamp(-127, 127).to(torch.int8)


def wrong_rows_axis(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Ranges of each passage (dim=1): raises or codes by other ranges."""
    low, high = corpus.amin(dim=1, keepdim=True), corpus.amax(dim=1, keepdim=True)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


def wrong_cast_before_clamp(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Clamps to -128 to 127 only after int8 has wrapped around; wrong outside the range."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    steps = ((vectors - low) / step).floor() - 128
    return steps.to(torch.int32).to(torch.int8).clamp(-128, 127)


def wrong_in_place(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """The right codes, but sub_ and div_ change the caller's vectors."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step[step == 0] = 1
    return (vectors.sub_(low).div_(step).floor_().clamp_(0, 255) - 128).to(torch.int8)


def wrong_clamped_to_127(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Outermost codes -127 and 127: the lowest value gets no -128."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, torch.ones_like(step), step)
    return (((vectors - low) / step).floor() - 128).clamp(-127, 127).to(torch.int8)


def wrong_all_steps_one(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """One constant dimension gives all dimensions a step of 1."""
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    if (step == 0).any():
        step = torch.ones_like(step)
    return (((vectors - low) / step).floor().clamp(0, 255) - 128).to(torch.int8)


RIGHT = [right_torch, right_masked_step, right_numpy, right_columns, right_scalar_loops]
WRONG = [
    wrong_own_ranges,
    wrong_one_range,
    wrong_rounded,
    wrong_no_clamp,
    wrong_division_by_zero,
    wrong_tiny_step,
    wrong_256_steps,
    wrong_uint8,
    wrong_int16,
    wrong_symmetric,
    wrong_rows_axis,
    wrong_cast_before_clamp,
    wrong_in_place,
    wrong_clamped_to_127,
    wrong_all_steps_one,
]
