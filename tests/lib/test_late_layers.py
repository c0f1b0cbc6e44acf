"""The last layers on kept states against the whole model, and their training."""

from __future__ import annotations

import pytest
import torch

from lib import colbert, late_layers, metrics
from lib.late_interaction import max_sim, max_sim_scores
from lib.models import load_encoder

TEXTS = ["Extra teeth.", "A heart, small, that lies on the right side of the chest", "Stiff neck"]


@pytest.fixture(scope="module")
def model():
    return colbert.make_colbert(load_encoder(device=torch.device("cpu")), dim=16)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))


@pytest.fixture
def exact(monkeypatch):
    """In float32 from end to end, as sentence-transformers computes: no product and no state in 16 bits."""
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)
    monkeypatch.setattr(torch.Tensor, "half", lambda x: x)


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("last", [1, 3])
@pytest.mark.parametrize("kind", ["query", "document"])
def test_in_float32_the_vectors_are_those_of_sentence_transformers(model, kind, last):
    lower = late_layers.lower_states(model, TEXTS, kind, last=last, progress=False)
    tokens = late_layers.Tokens(model, last)
    encode = model.encode_query if kind == "query" else model.encode_document
    expected = torch.cat(encode(TEXTS))
    for found in (tokens.encode(lower), tokens.project(tokens.states(lower))):
        torch.testing.assert_close(found.vectors, expected, atol=1e-5, rtol=0)


@pytest.mark.usefixtures("exact")
def test_in_float32_means_are_the_encoders_own():
    encoder = load_encoder(device=torch.device("cpu"))
    plain = colbert.make_colbert(encoder, markers="query")
    lower, _, means = late_layers.read_once(plain, TEXTS)
    expected = encoder.encode(TEXTS, convert_to_tensor=True, normalize_embeddings=True)
    for found in (means, late_layers.Mean(plain).encode(lower)):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("last", [1, 3])
@pytest.mark.parametrize("kind", ["query", "document"])
def test_lower_and_last_layers_together_are_the_whole_model(model, kind, last):
    lower = late_layers.lower_states(model, TEXTS, kind, last=last, progress=False)
    found = late_layers.Tokens(model, last).encode(lower)
    whole = colbert.token_vectors(model, TEXTS, kind, progress=False, keep=False)
    assert found.offsets.tolist() == whole.offsets.tolist()
    # states are kept in 16 bits, and bfloat16 products differ by the shape of a batch
    assert torch.nn.functional.cosine_similarity(found.vectors, whole.vectors).min() > 0.999


def test_states_are_what_the_projection_gets(model):
    lower = late_layers.lower_states(model, TEXTS, "document", progress=False)
    tokens = late_layers.Tokens(model)
    states = tokens.states(lower)
    projected = tokens.project(states)
    assert torch.allclose(projected.vectors.norm(dim=1), torch.ones(len(projected.vectors)))
    assert torch.allclose(projected.vectors, tokens.encode(lower).vectors, atol=2e-2)
    assert projected.offsets.tolist() == states.offsets.tolist()


def test_states_and_means_come_of_one_reading_and_a_second_run_reads_them(model):
    lower = late_layers.lower_states(model, TEXTS, "document", progress=False)
    tokens = late_layers.Tokens(model)
    states, means = tokens.states_and_means(lower)
    assert torch.equal(states.vectors, tokens.states(lower).vectors)
    assert torch.allclose(means, late_layers.Mean(model).encode(lower), atol=1e-6)
    first, second = (tokens.states_and_means(lower, keep=True) for _ in range(2))
    assert torch.equal(first[0].vectors, states.vectors.half().float())
    assert torch.equal(first[1], means)
    assert torch.equal(second[0].vectors, first[0].vectors)
    assert torch.equal(second[0].offsets, states.offsets)
    assert torch.equal(second[1], means)


def test_one_reading_gives_both_searches_what_they_begin_with():
    encoder = load_encoder(device=torch.device("cpu"))
    plain = colbert.make_colbert(encoder, markers="query")
    lower, states, means = late_layers.read_once(plain, TEXTS)
    assert torch.equal(
        states.vectors, late_layers.Tokens(plain).states(lower).vectors.half().float()
    )
    expected = torch.tensor(encoder.encode(TEXTS, normalize_embeddings=True))
    assert torch.nn.functional.cosine_similarity(means, expected).min() > 0.999


@pytest.mark.parametrize("kind", [late_layers.Tokens, late_layers.Mean])
def test_kept_vectors_are_those_of_the_layers_as_they_are(model, kind, monkeypatch):
    lower = late_layers.lower_states(model, TEXTS, "document", progress=False)
    encoder = kind(model)
    whole, kept = encoder.encode(lower), encoder.encode(lower, keep=True)
    other = encoder.encode(lower.select([2, 0]), keep=True)
    with monkeypatch.context() as only:
        only.setattr(kind, "forward", None)  # nothing is computed a second time
        again = encoder.encode(lower, keep=True)
    if kind is late_layers.Tokens:
        assert torch.equal(kept.vectors, whole.vectors.half().float())
        assert torch.equal(again.vectors, kept.vectors)
        assert torch.equal(again.offsets, whole.offsets)
        assert torch.allclose(other[1], kept[0], atol=1e-3)
    else:
        assert torch.equal(kept, whole)
        assert torch.equal(again, kept)
        assert torch.allclose(other, kept[[2, 0]], atol=1e-5)
    with torch.no_grad():
        next(encoder.layers.parameters()).mul_(1.5)
    moved = encoder.encode(lower, keep=True)
    if kind is late_layers.Tokens:
        moved, kept = moved.vectors, kept.vectors
    assert not torch.allclose(moved, kept, atol=1e-3)


def test_passages_without_a_marker_have_the_encoders_own_means():
    encoder = load_encoder(device=torch.device("cpu"))
    model = colbert.make_colbert(encoder, dim=16, markers="query")
    lower = late_layers.lower_states(model, TEXTS, "document", progress=False)
    means = late_layers.Mean(model).encode(lower)
    whole = encoder.encode(TEXTS, convert_to_tensor=True)
    assert torch.nn.functional.cosine_similarity(means, whole).min() > 0.9999


def test_expansion_tokens_are_scored_and_looked_at_by_none(model):
    masked = colbert.make_colbert(load_encoder(device=torch.device("cpu")), dim=16, expansion=12)
    plain = late_layers.lower_states(model, TEXTS, "query", progress=False)
    lower = late_layers.lower_states(masked, TEXTS, "query", progress=False)
    found = late_layers.Tokens(masked).encode(lower)
    assert int(lower.attended.sum()) == int(plain.attended.sum()) < len(found.vectors)
    whole = colbert.token_vectors(masked, TEXTS, "query", progress=False, keep=False)
    assert torch.nn.functional.cosine_similarity(found.vectors, whole.vectors).min() > 0.999


def test_chunks_hold_every_text_once_at_its_place(model):
    lower = late_layers.lower_states(model, TEXTS, "document", progress=False)
    rows = [2, 0, 1, 0]
    seen = {}
    for places, states, attended, scored in lower.chunks(rows, 2):
        assert states.shape[:2] == attended.shape == scored.shape
        assert bool((attended | ~scored).all())
        for place, one, real in zip(places, states, attended):
            seen[place] = one[real]
    assert sorted(seen) == [0, 1, 2, 3]
    for place, row in enumerate(rows):
        assert torch.equal(seen[place], lower.states[row])
    some = lower.select(rows)
    assert [len(x) for x in some.states] == [len(lower.states[row]) for row in rows]
    assert int(some.scored.sum()) == sum(int(m.sum()) for *_, m in lower.chunks(rows, 4))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [late_layers.Tokens, late_layers.Mean])
def test_training_teaches_pairs_and_a_second_run_reads_it(model, kind):
    words = ["tooth", "heart", "neck", "skin", "bone", "nail", "lung", "ear"]
    queries = late_layers.lower_states(
        model, [f"trouble {w}" for w in words], "query", progress=False
    )
    texts = [f"case {i}: the part named {w[::-1]}" for i, w in enumerate(words)]
    documents = late_layers.lower_states(model, texts, "document", progress=False)
    options = {"batch_size": 8, "epochs": 30, "progress": False}
    first = kind(model)
    history = late_layers.train(first, queries, documents, list(range(8)), keep=True, **options)
    assert history.losses[-1] < 0.3 * history.losses[0]
    second = kind(model)
    again = late_layers.train(second, queries, documents, list(range(8)), keep=True, **options)
    assert again.losses == history.losses
    assert again.seconds == history.seconds
    for mine, theirs in zip(first.state_dict().values(), second.state_dict().values()):
        assert torch.equal(mine, theirs)
    if kind is late_layers.Tokens:
        scores = max_sim_scores(*second.encode(queries).pad(), second.encode(documents))
    else:
        scores = second.encode(queries) @ second.encode(documents).T
    right = metrics.mrr_at_k(scores.argsort(dim=1, descending=True), [{i: 1} for i in range(8)], 8)
    assert float(right.mean()) > 0.9


@pytest.mark.slow
def test_the_score_that_is_given_is_used_and_into_writes_back(model):
    lower = late_layers.lower_states(model, TEXTS, "document", progress=False)
    asked = late_layers.lower_states(model, TEXTS, "query", progress=False)
    calls = []

    def score(*args):
        calls.append(args[0].shape)
        return max_sim(*args)

    tokens = late_layers.Tokens(model)
    late_layers.train(
        tokens, asked, lower, [0, 1, 2], score=score, batch_size=3, epochs=2, progress=False
    )
    assert calls
    copy = colbert.make_colbert(load_encoder(device=torch.device("cpu")), dim=16)
    tokens.into(copy)
    whole = colbert.token_vectors(copy, TEXTS, "document", progress=False, keep=False)
    same = torch.nn.functional.cosine_similarity(tokens.encode(lower).vectors, whole.vectors)
    assert same.min() > 0.999


def test_what_does_not_fit_is_said(model):
    with pytest.raises(ValueError, match="kind is 'passage'"):
        late_layers.lower_states(model, TEXTS, "passage")
    with pytest.raises(ValueError, match="last is 7; expected 1 to 6"):
        late_layers.lower_states(model, TEXTS, "query", last=7)
    lower = late_layers.lower_states(model, TEXTS, "query", progress=False)
    with pytest.raises(ValueError, match="2 positives for 3 queries"):
        late_layers.train(late_layers.Mean(model), lower, lower, [0, 1])
    with pytest.raises(ValueError, match="rows 0 to 9 of 3"):
        late_layers.train(late_layers.Mean(model), lower, lower, [0, 1, 9])
