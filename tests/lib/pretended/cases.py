"""The same numbers on the pretended GPU as on the CPU, and nothing left on the wrong one."""

import pytest
import torch

from tests.lib.on_devices import (
    CASES,
    TOKENS,
    computed,
    generator,
    read_and_taught,
    read_by_colbert,
)
from tests.lib.pretended.device import NAME, OnGpu, pretend_gpu


@pytest.mark.parametrize("float64", [True, False])
def test_a_colbert_reads_texts_the_same_on_both_devices(float64, encoder, monkeypatch):
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)
    expected = read_by_colbert(encoder, TOKENS)
    with pretend_gpu(float64) as device:
        found = read_by_colbert(encoder, TOKENS.to(device))
        for ours, right in zip(found, expected, strict=True):
            assert ours.device.type == NAME
            torch.testing.assert_close(ours.cpu(), right, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("float64", [True, False])
def test_an_encoder_reads_and_learns_the_same_on_both_devices(float64, encoder, monkeypatch):
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)
    # what is pretended knows no inference mode, which is no_grad with less book-keeping
    for name in ("__enter__", "__exit__"):
        monkeypatch.setattr(torch.inference_mode, name, getattr(torch.no_grad, name))
    with pretend_gpu():  # the device is there before autograd first counts devices
        pass
    expected = read_and_taught(encoder, torch.device("cpu"))
    with pretend_gpu(float64) as device:
        found = read_and_taught(encoder, device)
        for ours, right in zip(found, expected, strict=True):
            assert ours.device.type == NAME
            torch.testing.assert_close(ours.cpu(), right, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("float64", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_the_same_on_both_devices(name, float64, monkeypatch):
    # 16 bits are for each device to say: without, both count alike
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)
    expected = computed(name, "cpu")
    with pretend_gpu(float64) as device:
        for ours, right in zip(computed(name, device), expected, strict=True):
            assert ours.device.type in (NAME, "cpu")
            torch.testing.assert_close(ours.cpu(), right, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda gpu: torch.ones(3, device=gpu) + torch.ones(3), "at least two devices"),
        (lambda gpu: torch.ones(3)[torch.tensor([0], device=gpu)], "indices should be either on"),
        (lambda gpu: torch.rand(3, device=gpu, generator=generator), "type for generator"),
        (lambda gpu: torch.ones(3, device=gpu).numpy(), "can't convert"),
        (lambda gpu: torch.ones(3, device=gpu).double(), "no float64"),
        (lambda gpu: torch.arange(3, dtype=torch.float64, device=gpu), "no float64"),
    ],
)
def test_what_a_gpu_refuses_is_refused(wrong, says):
    with pretend_gpu(float64=False) as gpu, pytest.raises((RuntimeError, TypeError), match=says):
        wrong(gpu)


def test_what_a_gpu_allows_is_allowed():
    with pretend_gpu() as gpu:
        x = torch.zeros(4, device=gpu)
        x[1:3] += 2  # a view writes into its base
        x[torch.tensor([0])] = 1
        assert isinstance(x, OnGpu)
        assert x.tolist() == [1, 2, 2, 0]
        assert (x * torch.tensor(2.0)).sum().item() == 10
