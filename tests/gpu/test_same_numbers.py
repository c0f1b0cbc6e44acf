"""In 32 bits a GPU computes what the CPU does."""

from __future__ import annotations

import pytest
import torch

from tests.lib.on_devices import CASES, TOKENS, computed, read_and_taught, read_by_colbert

pytestmark = pytest.mark.usefixtures("bits32")
# Sums in another order; what learns multiplies them by its steps.
CLOSE = {"atol": 2e-5, "rtol": 1e-4}


def _same(found, expected):
    for ours, right in zip(found, expected, strict=True):
        torch.testing.assert_close(ours.cpu(), right.cpu(), **CLOSE)


@pytest.mark.parametrize("name", CASES)
def test_a_case_gives_the_same(name, gpu):
    _same(computed(name, gpu), computed(name, "cpu"))


def test_a_colbert_reads_texts_the_same(encoder, gpu):
    expected = read_by_colbert(encoder, TOKENS)
    found = read_by_colbert(encoder, TOKENS.to(gpu))
    assert {x.device.type for x in found} == {"cuda"}
    _same(found, expected)


def test_an_encoder_reads_and_learns_the_same(encoder, gpu):
    expected = read_and_taught(encoder, torch.device("cpu"))
    found = read_and_taught(encoder, gpu)
    assert {x.device.type for x in found} == {"cuda"}
    _same(found, expected)
