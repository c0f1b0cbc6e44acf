"""Hypothesis strategies for plain values, and an equality that minds types, dtypes and NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

TORCH_DTYPES = [
    *(torch.float32, torch.float64, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
]
NUMPY_DTYPES = [
    *("float64", "float32", "float16", "int64", "int32", "int16", "int8"),
    *("uint64", "uint32", "uint16", "uint8", "bool"),
]
_shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    array = draw(hnp.arrays(np.dtype(draw(st.sampled_from(NUMPY_DTYPES))), draw(_shapes)))
    way = draw(st.sampled_from(["as it is", "transposed", "every second"]))
    if way == "transposed":
        return array.T
    return array[::2] if way == "every second" and array.ndim else array


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    wide = draw(hnp.arrays(np.float64, draw(_shapes)))
    wide = np.nan_to_num(wide, nan=7.0, posinf=1e3, neginf=-1e3) if draw(st.booleans()) else wide
    dtype = draw(st.sampled_from(TORCH_DTYPES))
    if not dtype.is_floating_point:
        wide = np.nan_to_num(wide, posinf=1.0, neginf=1.0) % 100
    tensor = torch.from_numpy(np.ascontiguousarray(wide).reshape(wide.shape)).to(dtype)
    way = draw(st.sampled_from(["as it is", "transposed", "every second", "expanded", "gradient"]))
    if way == "transposed" and tensor.dim() >= 2:
        return tensor.transpose(0, 1)
    if way == "every second" and tensor.dim():
        return tensor[::2]
    if way == "expanded":
        return tensor.expand(3, *tensor.shape)
    return tensor.requires_grad_() if way == "gradient" and dtype.is_floating_point else tensor


numbers = (
    st.integers(-(2**64) + 1, 2**64 - 1)
    | st.floats()
    | st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, True, False])
    | st.sampled_from(NUMPY_DTYPES[:-1]).flatmap(lambda d: st.just(np.dtype(d).type(3)))
)
atoms = numbers | st.text(max_size=8) | st.none()
_keys = st.integers(-5, 5) | st.text(max_size=3) | st.booleans()


def values() -> st.SearchStrategy:
    """Any plain value, nested up to a few levels."""

    def more(inner: st.SearchStrategy) -> st.SearchStrategy:
        return (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=4).map(tuple)
            | st.dictionaries(_keys, inner, max_size=3)
            | st.sets(_keys, max_size=4)
        )

    return st.recursive(atoms | arrays() | tensors(), more, max_leaves=12)


def identical(a: Any, b: Any) -> bool:
    """The same types, shapes, dtypes and bits; one NaN is as good as another."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        wide = [x.detach().to(torch.float64) for x in (a, b)]
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and torch.equal(wide[0].isnan(), wide[1].isnan())
            and torch.equal(wide[0].nan_to_num(), wide[1].nan_to_num())
            and torch.equal(
                wide[0].signbit() | wide[0].isnan(), wide[1].signbit() | wide[1].isnan()
            )
        )
    if isinstance(a, np.ndarray | np.generic):
        a, b = np.asarray(a), np.asarray(b)
        return a.dtype == b.dtype and a.shape == b.shape and _same_bits(a, b)
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (
            a == b and math.copysign(1, a) == math.copysign(1, b)
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(identical(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(
            identical(x, y) and identical(a[x], b[y]) for x, y in zip(a, b)
        )
    return a == b


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    if a.dtype.kind != "f":
        return bool((a == b).all())
    gone = np.isnan(a)
    return bool((gone == np.isnan(b)).all()) and bool(
        ((a == b) & (np.signbit(a) == np.signbit(b)) | gone).all()
    )
