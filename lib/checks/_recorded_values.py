"""Plain values as JSON, bit for bit and with their strides, and a name for each by its content.

What is written is made by the course itself, so nothing here is on guard; what comes from a student's
process goes through a stricter form (`harness.judge.codec`). Neither executes anything that it reads.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Literal

import numpy as np
import torch

_CONTAINERS: dict[str, type] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_PLAIN = (type(None), bool, int, float, str)  # exactly these: they are their own form


class NotPlain(ValueError):
    """A value that has no such form; the message says what kind it is of."""


def to_json(value: Any) -> Any:
    """The JSON-able form of numbers, texts, bytes, arrays, tensors and containers of these.

    Raises:
        NotPlain: the value, or something in it, is of another kind.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [to_json(item) for item in value]
    if kind in (set, frozenset):  # in an order that is the same each time
        return {"t": kind.__name__, "v": [to_json(x) for x in sorted(value, key=_digest)]}
    if kind is tuple:
        return {"t": "tuple", "v": [to_json(item) for item in value]}
    if kind is dict:
        return {"t": "dict", "v": [[to_json(k), to_json(v)] for k, v in value.items()]}
    if kind is bytes:
        return {"t": "bytes", "v": _text(value)}
    if kind is torch.Tensor:
        return _tensor_to_json(value)
    if isinstance(value, np.generic) or kind is np.ndarray:
        return _array_to_json(value)
    raise NotPlain(f"a {kind.__module__}.{kind.__qualname__} cannot be recorded")


def from_json(node: Any) -> Any:
    """The value whose form `to_json` made, a new one each time."""
    if type(node) in _PLAIN:
        return node
    if type(node) is list:
        return [from_json(item) for item in node]
    kind, body = node["t"], node["v"]
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](from_json(item) for item in body)
    if kind == "dict":
        return {from_json(key): from_json(item) for key, item in body}
    raw = base64.b64decode(body)
    if kind == "bytes":
        return raw
    if kind == "tensor":
        return _tensor_of(node, raw)
    array = np.frombuffer(raw, dtype=node["dtype"]).reshape(node["shape"], order=node["order"])
    return array.copy(order="K") if kind == "array" else array[()]


def fingerprint(value: Any) -> str:
    """A name that two values share if and only if all in them is the same, but for a tensor's strides.

    Raises:
        NotPlain: the value is not plain.
    """
    return _digest(value).hex()


def _digest(value: Any) -> bytes:
    said = hashlib.blake2b(digest_size=12)
    kind = type(value)
    if kind in _PLAIN:
        parts = [repr(value).encode("utf-8", "surrogatepass")]
    elif kind in (list, tuple):
        parts = [_digest(item) for item in value]
    elif kind in (set, frozenset):
        parts = sorted(_digest(item) for item in value)
    elif kind is dict:
        parts = [_digest(item) for pair in value.items() for item in pair]
    elif kind is bytes:
        parts = [value]
    elif kind is torch.Tensor:
        parts = [f"{value.dtype} {tuple(value.shape)} ".encode(), _bytes_of(value)]
    elif isinstance(value, np.generic) or kind is np.ndarray:
        array = np.asarray(value)
        parts = [
            f"{array.dtype.str} {array.shape} ".encode(),
            np.ascontiguousarray(array).tobytes(),
        ]
    else:
        raise NotPlain(f"a {kind.__module__}.{kind.__qualname__} cannot be recorded")
    said.update(f"{kind.__name__} {len(parts)} ".encode())
    for part in parts:
        said.update(part)
    return said.digest()


def _tensor_to_json(value: torch.Tensor) -> dict:
    if value.layout != torch.strided or value.device.type != "cpu":
        raise NotPlain(f"a {value.layout} tensor on {value.device} cannot be recorded")
    value = value.detach()
    node = {
        "t": "tensor",
        "dtype": str(value.dtype).removeprefix("torch."),
        "shape": list(value.shape),
    }
    if not value.is_contiguous():
        # All that lies between its first and its last number, gaps included; the strides find it there.
        steps = zip(value.shape, value.stride())
        length = 1 + sum((n - 1) * step for n, step in steps) if value.numel() else 0
        node["stride"] = list(value.stride())
        value = value.as_strided((length,), (1,)) if length else value.reshape(-1)
    return node | {"v": _text(_bytes_of(value))}


def _tensor_of(node: dict, raw: bytes) -> torch.Tensor:
    dtype, shape = getattr(torch, node["dtype"]), node["shape"]
    if not raw:
        return torch.empty(shape, dtype=dtype)
    flat = torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(dtype)
    return flat.as_strided(shape, node["stride"]) if "stride" in node else flat.reshape(shape)


def _bytes_of(value: torch.Tensor) -> bytes:
    # A fresh row of its own: an empty or expanded tensor may have strides that cannot be viewed.
    flat = torch.empty(value.numel(), dtype=value.dtype)
    flat.copy_(value.detach().reshape(-1))
    return flat.view(torch.uint8).numpy().tobytes()


def _array_to_json(value: np.ndarray | np.generic) -> dict:
    array = np.asarray(value)
    if array.dtype.kind not in "biufcU":
        raise NotPlain(f"an array of dtype {array.dtype} cannot be recorded")
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    order: Literal["C", "F"] = "F" if fortran else "C"
    return {
        "t": "array" if type(value) is np.ndarray else "scalar",
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "order": order,
        "v": _text(array.tobytes(order=order)),
    }


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
