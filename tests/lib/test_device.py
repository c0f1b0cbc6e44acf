import random

import numpy as np
import pytest
import torch

from lib.device import autocast, low_precision_dtype, pick_device, seed_everything


def test_named_device_wins_over_environment(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "meta")
    assert pick_device("cpu") == torch.device("cpu")


def test_auto_asks_the_environment_first(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", " CPU ")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == torch.device("cpu")
    assert pick_device("auto") == torch.device("cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_cuda_before_mps_before_cpu(monkeypatch, cuda, mps, expected):
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device().type == expected


def test_unknown_device_is_named_in_the_error(monkeypatch):
    with pytest.raises(ValueError, match="'gpu' is no device"):
        pick_device("gpu")
    monkeypatch.setenv("COURSE_DEVICE", "quantum")
    with pytest.raises(ValueError, match="COURSE_DEVICE: 'quantum'"):
        pick_device()


def test_absent_device_is_an_error_not_a_fallback(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="finds no such device"):
        pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match="cuda:1"):
        pick_device("cuda:1")


def test_seed_fixes_python_numpy_and_torch():
    def draws(seed):
        seed_everything(seed)
        return random.random(), np.random.rand(), torch.rand(()).tolist()

    assert draws(3) == draws(3)
    assert all(a != b for a, b in zip(draws(3), draws(4)))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match="expected 0 <= seed"):
        seed_everything(seed)


@pytest.mark.parametrize(
    ("capability", "expected"),
    [((9, 0), torch.bfloat16), ((8, 0), torch.bfloat16), ((7, 5), torch.float16), ((6, 1), None)],
)
def test_gpu_precision_follows_its_generation(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert low_precision_dtype("cuda") is expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"avx512_bf16": True}, torch.bfloat16), ({"amx_bf16": True}, torch.bfloat16), ({}, None)],
)
def test_cpu_precision_follows_its_flags_and_autocast_obeys(monkeypatch, flags, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    assert low_precision_dtype("cpu") is expected
    x = torch.randn(4, 4)
    with autocast("cpu"):
        assert (x @ x).dtype == (expected or torch.float32)
    assert (x @ x).dtype == torch.float32
