"""The stand-in for an encoder, and the way back from texts to rows."""

import pytest
import torch
from datasets import Dataset
from sentence_transformers.util import mine_hard_negatives

from lib.known_vectors import KnownVectors, rows_of
from lib.negatives import mine
from lib.pooling import normalize

GENERATOR = torch.Generator().manual_seed(0)
Q, P = (normalize(torch.randn(n, 8, generator=GENERATOR)) for n in (20, 60))
QUERIES, PASSAGES = [f"query {i}" for i in range(20)], [f"passage {i}" for i in range(60)]
OWN = list(range(20))


def test_the_library_mines_with_known_vectors_what_ours_does():
    found = mine_hard_negatives(
        Dataset.from_dict({"query": QUERIES, "positive": [PASSAGES[i] for i in OWN]}),
        KnownVectors((QUERIES, Q), (PASSAGES, P)),
        corpus=PASSAGES,
        range_max=30,
        num_negatives=5,
        relative_margin=0.05,
        output_format="n-tuple",
        verbose=False,
    )
    theirs = rows_of(found, QUERIES, PASSAGES, 5)
    ours = mine(Q, P, [[row] for row in OWN], 5, relative_margin=0.05, depth=60).indices
    there = (theirs >= 0).all(dim=1)
    assert there.sum() == len(found) > 3
    assert torch.equal(theirs[there], ours[there])
    assert (theirs[~there] == -1).all()


def test_a_text_may_be_a_query_and_a_passage_with_different_vectors():
    known = KnownVectors((["same"], Q[:1]), (["same"], P[:1]))
    assert torch.equal(torch.as_tensor(known.encode_query(["same"])), Q[:1])
    assert torch.equal(torch.as_tensor(known.encode_document(["same"], batch_size=3)), P[:1])
    assert known.get_embedding_dimension() == 8


def test_what_is_not_known_is_named():
    known = KnownVectors((QUERIES, Q), (PASSAGES, P))
    with pytest.raises(KeyError, match="no vector is known of 'else'"):
        known.encode_query(["else"])
    with pytest.raises(ValueError, match="19 queries with vectors"):
        KnownVectors((QUERIES[:19], Q), (PASSAGES, P))
