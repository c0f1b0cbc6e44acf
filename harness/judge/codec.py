"""A pickle-free form of plain values, so that a check can call a function in another process.

`encode` turns a value into JSON-able nodes with base64 buffers; `decode` turns them back. Nothing
is ever executed on the way in: a node names one of the kinds below, and everything else is refused.
Limits bound what a reply may hold.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import numpy as np
import torch

VERSION = 1
MAX_NODES, MAX_BYTES, MAX_DEPTH, MAX_DIMS = 200_000, 64 << 20, 32, 12

_TORCH = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float32,
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
}
_NUMPY = {
    np.dtype(name).str: np.dtype(name)
    for name in [
        "float64",
        "float32",
        "float16",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint64",
        "uint32",
        "uint16",
        "uint8",
        "bool",
    ]
}
_CONTAINERS: dict[str, type] = {"list": list, "tuple": tuple, "set": set}


class CodecError(ValueError):
    """A value that has no plain form, or a node that is malformed or over the limits."""


class _Budget:
    def __init__(self) -> None:
        self.nodes, self.bytes = MAX_NODES, MAX_BYTES

    def spend(self, depth: int, size: int = 0) -> None:
        self.nodes -= 1
        self.bytes -= size
        if self.nodes < 0 or self.bytes < 0 or depth > MAX_DEPTH:
            raise CodecError(
                f"the value is too large or too deep to hand over: at most {MAX_NODES} items, "
                f"{MAX_BYTES >> 20} MiB and {MAX_DEPTH} levels"
            )


def encode(value: Any) -> Any:
    """The JSON-able form of a plain value.

    Raises:
        CodecError: the value, or something inside it, is not plain, or it is over the limits.
    """
    return _encode(value, _Budget(), 0)


def _encode(value: Any, budget: _Budget, depth: int) -> Any:
    kind = type(value)  # exact types: a subclass may lie about what it holds
    budget.spend(depth)
    if value is None or kind is bool:
        return value
    if kind is str:
        budget.spend(depth, 4 * len(value))
        return value
    if kind is bytes:
        budget.spend(depth, len(value))
        return {"t": "bytes", "v": _to_text(value)}
    if kind is int:
        if abs(value) < 1 << 53:
            return value
        if abs(value) < 1 << 64:
            return {"t": "int", "v": str(value)}
        raise CodecError("an integer of more than 64 bits has no plain form here")
    if kind is float:
        return value if math.isfinite(value) else {"t": "float", "v": repr(value)}
    if kind in (list, tuple, set):
        nodes = [_encode(item, budget, depth + 1) for item in value]
        if kind is set:  # its order is another in each process
            nodes.sort(key=lambda node: json.dumps(node, sort_keys=True))
        return {"t": kind.__name__, "v": nodes}
    if kind is dict:
        pairs = [
            [_encode(key, budget, depth + 1), _encode(item, budget, depth + 1)]
            for key, item in value.items()
        ]
        return {"t": "dict", "v": pairs}
    if kind is torch.Tensor or kind is torch.nn.Parameter:
        return _encode_tensor(value, budget, depth)
    if kind is np.ndarray or isinstance(value, np.generic):
        array = np.asarray(value)
        if not array.dtype.isnative:  # numbers are numbers, whatever their byte order
            array = array.astype(array.dtype.newbyteorder("="))
        if array.dtype.str not in _NUMPY:
            raise CodecError(f"an array of dtype {array.dtype} has no plain form here")
        budget.spend(depth, array.nbytes)
        return {
            "t": "ndarray" if kind is np.ndarray else "npscalar",
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "v": _to_text(np.ascontiguousarray(array).tobytes()),
        }
    raise CodecError(
        f"a {kind.__module__}.{kind.__qualname__} has no plain form: return numbers, strings, "
        "bytes, arrays, tensors, or lists and dicts of these"
    )


def _encode_tensor(value: torch.Tensor, budget: _Budget, depth: int) -> dict:
    name = str(value.dtype).removeprefix("torch.")
    if value.layout != torch.strided or value.device.type == "meta" or name not in _TORCH:
        raise CodecError(
            f"a {value.layout} {value.dtype} tensor on {value.device} has no plain form here"
        )
    budget.spend(depth, value.numel() * value.element_size())
    # A fresh row of its own: an empty or expanded tensor may have strides that cannot be viewed.
    flat = torch.empty(value.numel(), dtype=value.dtype)
    flat.copy_(value.detach().reshape(-1))
    return {
        "t": "tensor",
        "dtype": name,
        "shape": list(value.shape),
        "v": _to_text(flat.view(torch.uint8).numpy().tobytes()),
    }


def decode(node: Any) -> Any:
    """The value of a node made by `encode`, possibly by somebody hostile.

    Raises:
        CodecError: the node is malformed or over the limits.
    """
    try:
        return _decode(node, _Budget(), 0)
    except CodecError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        raise CodecError(f"malformed value: {type(error).__name__}") from error


def _decode(node: Any, budget: _Budget, depth: int) -> Any:
    budget.spend(depth, len(node) if type(node) is str else 0)
    if type(node) is int and abs(node) >= 1 << 64:
        raise CodecError("malformed integer")
    if node is None or type(node) in (bool, int, float, str):
        return node
    if type(node) is not dict:
        raise CodecError(f"malformed value: a {type(node).__name__} where a node was expected")
    kind, body = node.get("t"), node.get("v")
    if kind == "int":
        if type(body) is not str or len(body) > 21:
            raise CodecError("malformed integer")
        if abs(number := int(body)) >= 1 << 64:
            raise CodecError("malformed integer")
        return number
    if kind == "float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[str(body)]
    if kind == "bytes":
        if type(body) is not str:
            raise CodecError("malformed bytes")
        budget.spend(depth, len(body) * 3 // 4)
        return _from_text(body)
    if kind in _CONTAINERS or kind == "dict":
        return _decode_container(kind, body, budget, depth)
    if kind in ("tensor", "ndarray", "npscalar"):
        return _decode_array(node, kind, budget, depth)
    raise CodecError(f"malformed value: unknown kind {str(kind)[:40]!r}")


def _decode_container(kind: str, body: Any, budget: _Budget, depth: int) -> Any:
    if type(body) is not list:
        raise CodecError(f"malformed {kind}")
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](_decode(item, budget, depth + 1) for item in body)
    if any(type(pair) is not list for pair in body):
        raise CodecError("malformed dict")
    return {_decode(key, budget, depth + 1): _decode(item, budget, depth + 1) for key, item in body}


def _decode_array(node: dict, kind: str, budget: _Budget, depth: int) -> Any:
    shape, text = node["shape"], node["v"]
    if type(shape) is not list or len(shape) > MAX_DIMS or type(text) is not str:
        raise CodecError("malformed array")
    if any(type(n) is not int or n < 0 for n in shape):
        raise CodecError("malformed shape")
    budget.spend(depth, len(text) * 3 // 4)
    raw = _from_text(text)
    if kind == "tensor":
        return _filled_tensor(raw, _TORCH[node["dtype"]], shape)
    dtype = _NUMPY[node["dtype"]]
    _see_that_it_fills(raw, dtype.itemsize, shape)
    if dtype.kind == "b" and set(raw) - {0, 1}:
        raise CodecError("malformed truth values")
    array = np.frombuffer(raw, dtype=dtype).reshape(shape).copy()
    return array if kind == "ndarray" else array[()]


def _filled_tensor(raw: bytes, dtype: torch.dtype, shape: list[int]) -> torch.Tensor:
    _see_that_it_fills(raw, dtype.itemsize, shape)
    if not raw:
        return torch.empty(shape, dtype=dtype)
    if dtype is torch.bool and set(raw) - {0, 1}:
        raise CodecError("malformed truth values")
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(dtype).reshape(shape)


def _see_that_it_fills(raw: bytes, itemsize: int, shape: list[int]) -> None:
    if math.prod(shape) * itemsize != len(raw):
        raise CodecError(f"a buffer of {len(raw)} bytes does not fill shape {shape}")


def _from_text(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CodecError("malformed buffer") from error


def _to_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
