"""The plain first stage against loops, and against the index's own."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.centroid_candidates import centroid_candidates
from lib.late_index import LateIndex
from lib.late_interaction import TokenVectors


def _unit(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(*shape, generator=generator), dim=-1)


def _by_loops(query, centroids, ids, owners, probes, size):
    probed = set()
    for token in query:
        order = sorted(range(len(centroids)), key=lambda c: -float(token @ centroids[c]))
        probed |= set(order[:probes])
    found = sorted({int(p) for i, p in zip(ids, owners) if int(i) in probed})

    def score(passage: int) -> float:
        mine = [int(i) for i, p in zip(ids, owners) if int(p) == passage]
        return sum(max(float(token @ centroids[i]) for i in mine) for token in query)

    return sorted(found, key=lambda passage: -score(passage))[:size]


@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_candidates_are_those_of_loops(seed, probes, size):
    generator = torch.Generator().manual_seed(seed)
    centroids, query = _unit(generator, 8, 6), _unit(generator, 3, 6)
    ids = torch.randint(8, (30,), generator=generator)
    owners = torch.randint(10, (30,), generator=generator)
    found = centroid_candidates(query, centroids, ids, owners, probes, size).tolist()
    wanted = _by_loops(query, centroids, ids, owners, probes, size)
    assert len(found) == len(wanted)
    # passages with the same centroids score alike and may come in either order
    assert found == wanted or set(found) <= set(
        _by_loops(query, centroids, ids, owners, probes, 30)
    )


def test_the_index_finds_the_same_candidates(tmp_path):
    generator = torch.Generator().manual_seed(3)
    texts = [_unit(generator, int(n), 8) for n in torch.randint(2, 9, (40,), generator=generator)]
    documents = TokenVectors.from_list(texts)
    index = LateIndex.build(tmp_path / "index", documents, 2, 16)
    queries = _unit(generator, 5, 4, 8)
    found = index.candidates(queries, torch.ones(5, 4), probes=2, most=12)
    ids = index.codec.encode(documents.vectors).centroids.long()
    owners = torch.arange(40).repeat_interleave(documents.lengths)
    for query, rows in zip(queries, found.tolist()):
        plain = centroid_candidates(query, index.codec.centroids, ids, owners, 2, 12)
        assert sorted(plain.tolist()) == [row for row in rows if row >= 0]


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValueError, match="probes=0"):
        centroid_candidates(
            torch.ones(1, 2), torch.ones(2, 2), torch.zeros(3).long(), torch.zeros(3).long(), 0, 1
        )
    with pytest.raises(ValueError, match=r"centroid_ids \(2,\)"):
        centroid_candidates(
            torch.ones(1, 2), torch.ones(2, 2), torch.zeros(2).long(), torch.zeros(3).long(), 1, 1
        )
