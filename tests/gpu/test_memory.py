"""A search takes room for some of its scores on the GPU, never for all."""

from __future__ import annotations

import torch

from lib.late_interaction import TokenVectors, max_sim_scores
from lib.search import top_k

MIB = 1 << 20


def _beyond(run) -> float:
    """The most MiB that a call takes beyond what is there."""
    run()  # what CUDA keeps from a first call
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run()
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - before) / MIB


def test_exact_search(gpu):
    queries, passages = torch.randn(2_000, 64, device=gpu), torch.randn(500_000, 64, device=gpu)
    all_scores = 4 * len(queries) * len(passages) / MIB
    assert _beyond(lambda: top_k(queries, passages, 10)) < all_scores / 4


def test_max_sim(gpu):
    queries = torch.nn.functional.normalize(torch.randn(32, 32, 64, device=gpu), dim=2)
    mask = torch.ones(32, 32, device=gpu)
    stored = TokenVectors(torch.randn(400_000, 64, device=gpu), torch.arange(0, 400_001, 40))
    all_scores = 4 * 32 * 32 * 400_000 / MIB
    assert _beyond(lambda: max_sim_scores(queries, mask, stored)) < all_scores / 4
