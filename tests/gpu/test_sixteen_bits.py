"""In 16 bits a GPU is nearly right where that is said; a search stays exact."""

from __future__ import annotations

import copy

import pytest
import torch

from lib import finetune, losses
from lib.device import autocast, low_precision_dtype
from lib.search import top_k

TEXTS = [f"a sentence of {n} about the {word}" for n in range(40) for word in ("heart", "left hip")]


@pytest.fixture
def moved(encoder, gpu):
    return copy.deepcopy(encoder).to(gpu).eval()


def test_products_run_in_the_type_that_the_device_has(gpu):
    x = torch.randn(8, 8, device=gpu)
    with autocast(gpu):
        assert (x @ x).dtype == low_precision_dtype(gpu)


def test_vectors_are_those_of_the_cpu_but_for_rounding(encoder, moved, gpu):
    plain = encoder.encode(TEXTS, convert_to_tensor=True, show_progress_bar=False)
    with autocast(gpu):
        found = moved.encode(TEXTS, convert_to_tensor=True, show_progress_bar=False).float().cpu()
    cosine = torch.cosine_similarity(found, plain)
    assert cosine.min() > 0.999
    assert (found - plain).abs().max() > 1e-6  # it was not 32 bits


def test_exact_search_stays_in_32_bits(gpu):
    torch.manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(60_000, 384), dim=1)
    queries, passages = rows[:300], rows[300:]
    exact = (queries.double() @ passages.double().T).topk(10, dim=1)
    scores, found = top_k(queries.to(gpu), passages.to(gpu), 10)
    torch.testing.assert_close(scores.cpu().double(), exact.values, atol=1e-5, rtol=0)
    assert (found.cpu() == exact.indices).double().mean() > 0.999


def test_a_step_of_training_goes_where_that_of_the_cpu_goes(encoder, moved):
    gradients = []
    for model in (copy.deepcopy(encoder), moved):
        model.zero_grad()
        pairs = TEXTS[:16], TEXTS[2:18]
        losses.mnrl(*(finetune.embed(model, texts) for texts in pairs)).backward()
        found = [p.grad.flatten().cpu() for p in model.parameters() if p.grad is not None]
        gradients.append(torch.cat(found))
    assert torch.cosine_similarity(*gradients, dim=0) > 0.98
