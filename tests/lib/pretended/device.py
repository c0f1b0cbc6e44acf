"""A GPU that is none: tensors that say they lie on another device and are computed on the CPU.

Code that forgets to move a tensor works on a machine without a GPU and fails on one with. Inside
`pretend_gpu()` it fails here, too, with what torch would say: a tensor on the CPU meets one on the
GPU, a CPU generator draws on the GPU, an array is asked of a tensor on the GPU. What CUDA's own
kernels compute, and how fast, this cannot show.

The device cannot be taken back from a process, so it is for processes of their own.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

NAME = "pretended"
aten = torch.ops.aten
# What takes tensors of both: copies between devices, and rows named by a CPU tensor.
_BOTH = {
    aten._to_copy,
    aten.copy_,
    aten.index,
    aten.index_put,
    aten.index_put_,
    aten._index_put_impl_,
}

_has_float64 = True


class OnGpu(torch.Tensor):
    """A tensor on the GPU that is pretended; `held` is what it holds, on the CPU."""

    @staticmethod
    def __new__(cls, held: torch.Tensor, requires_grad: bool = False) -> OnGpu:
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=torch.device(NAME, 0),
            requires_grad=requires_grad,
        )

    def __init__(self, held: torch.Tensor, requires_grad: bool = False) -> None:
        self.held = held

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is torch.Tensor.tolist:
            return args[0].held.tolist()
        if func in (torch.Tensor.numpy, torch.Tensor.__array__):
            raise TypeError(f"can't convert {NAME}:0 device type tensor to numpy. Use Tensor.cpu()")
        if func is torch.Tensor.new_tensor:
            options = {"dtype": args[0].dtype, "device": args[0].device} | (kwargs or {})
            return torch.tensor(args[1], **options)
        if func in (torch.Tensor.__getitem__, torch.Tensor.__setitem__):
            args = (args[0], _as_tensors(args[1]), *args[2:])
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _compute(func, args, kwargs or {})

    def __repr__(self, **options: Any) -> str:
        return f"OnGpu({self.held})"

    def __format__(self, how: str) -> str:
        return format(self.detach().held, how)


def _as_tensors(index: Any) -> Any:
    """Lists of rows as CPU tensors, which may index either: torch makes tensors of them unseen."""
    if isinstance(index, tuple):
        return tuple(map(_as_tensors, index))
    return torch.tensor(index) if isinstance(index, list) else index


def _compute(func, args: tuple, kwargs: dict[str, Any]) -> Any:
    leaves, _ = tree_flatten((args, kwargs))
    ours = [x for x in leaves if isinstance(x, OnGpu)]
    others = [x for x in leaves if isinstance(x, torch.Tensor) and not isinstance(x, OnGpu)]
    packet = func.overloadpacket
    if ours and packet not in _BOTH and any(x.dim() for x in others):
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, "
            f"{NAME}:0 and cpu! (in {packet})"
        )
    if packet in _BOTH - {aten._to_copy, aten.copy_} and not isinstance(args[0], OnGpu) and ours:
        raise RuntimeError(
            "indices should be either on cpu or on the same device as the indexed tensor"
        )
    asked = kwargs.get("device")
    on_gpu = torch.device(asked).type == NAME if asked is not None else bool(ours)
    if packet is aten.copy_:
        on_gpu = isinstance(args[0], OnGpu)
    drawn = [x for x in leaves if isinstance(x, torch.Generator)]
    if on_gpu and any(g.device.type == "cpu" for g in drawn):
        raise RuntimeError(f"Expected a {NAME!r} device type for generator but found 'cpu'")
    args, kwargs = tree_map(lambda x: x.held if isinstance(x, OnGpu) else x, (args, kwargs))
    if asked is not None and on_gpu:
        kwargs["device"] = "cpu"
    found = func(*args, **kwargs)
    if not on_gpu:
        return found
    made = [x for x in tree_flatten(found)[0] if isinstance(x, torch.Tensor)]
    if not _has_float64 and any(x.dtype == torch.float64 for x in made):
        raise TypeError(f"Cannot convert a {NAME} Tensor to float64 dtype as it has no float64")
    # what is written into stays the tensor that it was
    same = {id(x.held): x for x in ours}

    def wrapped(x: Any) -> Any:
        return same[id(x)] if id(x) in same else OnGpu(x) if isinstance(x, torch.Tensor) else x

    return tree_map(wrapped, found)


class _Pretending(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _compute(func, args, kwargs or {})


@contextlib.contextmanager
def pretend_gpu(float64: bool = True) -> Iterator[torch.device]:
    """Inside, "cuda" is a device like any other, computed on the CPU.

    float64: whether it has such numbers; Apple's MPS has none.
    """
    global _has_float64
    _register()
    _has_float64 = float64
    make = torch.tensor

    def tensor(data: Any, *, device: Any = None, **options: Any) -> torch.Tensor:
        # torch.tensor looks past every mode
        data = tree_map(lambda x: x.tolist() if isinstance(x, OnGpu) else x, data)
        return make(data, **options).to(device) if device is not None else make(data, **options)

    def as_tensor(data: Any, *, device: Any = None, **options: Any) -> torch.Tensor:
        return data.to(device) if isinstance(data, torch.Tensor) else tensor(data, device=device)

    with (
        mock.patch.object(torch, "tensor", tensor),
        mock.patch.object(torch, "as_tensor", as_tensor),
        _Pretending(),
    ):
        yield torch.device(NAME, 0)


@functools.cache
def _register() -> None:
    from torch.utils.backend_registration import _DummyBackendModule
    from torch.utils.backend_registration import _setup_privateuseone_for_python_backend as setup

    module = _DummyBackendModule()
    module.get_amp_supported_dtype = lambda: [torch.bfloat16, torch.float16]
    setup(NAME, module)
