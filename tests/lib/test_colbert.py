"""The token encoder against sentence-transformers' own encoding; what is kept on disk and what not."""

import copy
import string

import pytest
import torch
from sentence_transformers import MultiVectorEncoder

from lib import colbert
from lib.colbert import make_colbert, project, projection, token_states, token_vectors
from lib.pooling import normalize
from tests.lib.test_bi_encoder import PASSAGES, QUERIES, tiny  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def model(tiny):  # noqa: F811
    return make_colbert(tiny, 16)


def states(model, texts=PASSAGES, kind="document", **options):
    return token_states(model, texts, kind, progress=False, **{"keep": False, **options})


def vectors(model, texts=PASSAGES, kind="document", **options):
    return token_vectors(model, texts, kind, progress=False, **{"keep": False, **options})


@pytest.fixture
def exact(monkeypatch):
    """Without 16-bit products, as sentence-transformers computes."""
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)


@pytest.mark.parametrize("expansion", [None, 12])
@pytest.mark.usefixtures("exact")
def test_vectors_are_those_of_the_library_in_order(tiny, expansion):  # noqa: F811
    model = make_colbert(tiny, 16, expansion=expansion, query_tokens=14, document_tokens=9)
    for kind, texts, encode in (
        ("query", QUERIES, model.encode_query),
        ("document", PASSAGES, model.encode_document),
    ):
        expected = encode(texts)
        found = vectors(model, texts, kind, batch_size=4)
        assert found.lengths.tolist() == [len(x) for x in expected]
        # States are rounded to 16 bits.
        torch.testing.assert_close(found.vectors, torch.cat(expected), atol=1e-3, rtol=0)
        in_float32 = project(model, colbert._states(model, texts, kind, 4, False))
        torch.testing.assert_close(in_float32.vectors, torch.cat(expected), atol=1e-5, rtol=0)


def test_vectors_are_the_projection_of_states_at_length_one(model):
    found, kept = vectors(model), states(model)
    expected = normalize(kept.vectors @ projection(model).weight.T)
    torch.testing.assert_close(found.vectors, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.vectors.norm(dim=1), torch.ones(len(found.vectors)))
    assert found.vectors.shape[1] == 16
    assert kept.vectors.shape[1] == 32
    assert project(model, kept).vectors.requires_grad


def test_queries_and_passages_begin_with_their_markers(model, encoder):
    ids = model.tokenizer.convert_tokens_to_ids(list(colbert.MARKERS.values()))
    for kind, marker in zip(colbert.KINDS, ids):
        features = model.preprocess(["cough"], prompt=model.prompts[kind], task=kind)
        assert features["input_ids"][0, 1] == marker
    assert encoder.tokenizer.tokenize("[unused0]") != ["[unused0]"], "the encoder was changed"
    assert not torch.allclose(
        states(model, ["cough"], "query").vectors, states(model, ["cough"]).vectors, atol=1e-2
    )


def test_without_markers_both_sides_read_alike(tiny):  # noqa: F811
    model = make_colbert(tiny, 16, markers=False)
    both = [vectors(model, ["loss of hair"], kind).vectors for kind in colbert.KINDS]
    assert torch.equal(*both)


def test_a_marker_before_one_kind_leaves_the_other_as_the_encoder_reads_it(tiny):  # noqa: F811
    plain, both, one = (make_colbert(tiny, 16, markers=m) for m in (False, True, "query"))
    texts = ["loss of hair"]
    assert torch.equal(vectors(one, texts).vectors, vectors(plain, texts).vectors)
    assert torch.equal(vectors(one, texts, "query").vectors, vectors(both, texts, "query").vectors)
    with pytest.raises(ValueError, match="markers is 'passage'; expected True, False, query or"):
        make_colbert(tiny, 16, markers="passage")


def test_punctuation_of_passages_alone_is_dropped(tiny, model):  # noqa: F811
    text = "A word. Another, (third)!"
    signs = sum(text.count(sign) for sign in string.punctuation)
    whole = make_colbert(tiny, 16, skip_punctuation=False)
    assert len(vectors(whole, [text])[0]) - len(vectors(model, [text])[0]) == signs
    assert len(vectors(whole, [text], "query")[0]) == len(vectors(model, [text], "query")[0])


@pytest.mark.usefixtures("exact")
def test_masks_fill_short_queries_and_are_not_seen_by_the_words(tiny):  # noqa: F811
    plain, filled = (make_colbert(tiny, 16, expansion=n) for n in (None, 12))
    long = " ".join(["word"] * 30)
    few, more = (vectors(m, [*QUERIES, long], "query") for m in (plain, filled))
    assert more.lengths.tolist() == [max(12, n) for n in few.lengths.tolist()]
    for a, b in zip(few, more):
        torch.testing.assert_close(a, b[: len(a)], atol=1e-3, rtol=0)
    assert vectors(filled).lengths.tolist() == vectors(plain).lengths.tolist()


def test_principal_directions_keep_dot_products_best(tiny):  # noqa: F811
    model = make_colbert(tiny, 8)
    kept = states(model)
    tokens = normalize(kept.vectors)

    def error():
        projected = tokens @ projection(model).weight.detach().T
        return (projected @ projected.T - tokens @ tokens.T).norm()

    before = error()
    colbert.start_from_principal_directions(model, kept)
    singular = torch.linalg.svdvals(tokens)
    torch.testing.assert_close(error(), singular[8:].square().norm(), atol=1e-4, rtol=1e-4)
    assert error() < before


def test_the_seed_draws_the_projection_with_rows_at_right_angles(tiny):  # noqa: F811
    first, again, other = (projection(make_colbert(tiny, 8, seed=s)).weight for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    torch.testing.assert_close(first @ first.T, torch.eye(8), atol=1e-5, rtol=0)


def test_kept_states_are_read_and_a_new_projection_needs_no_others(tiny, monkeypatch):  # noqa: F811
    model = make_colbert(tiny, 16)
    read = []
    compute = colbert._states
    monkeypatch.setattr(colbert, "_states", lambda *a: read.append(a) or compute(*a))
    made = states(model, keep=True)
    assert torch.equal(made.vectors, states(model).vectors), "kept or not, they are the same"
    read.clear()
    with torch.no_grad():
        projection(model).weight.mul_(-1)
    again = states(model, keep=True)
    assert read == []
    assert torch.equal(again.vectors, made.vectors)
    assert torch.equal(again.offsets, made.offsets)


@pytest.mark.parametrize(
    ("other", "changed"),
    [
        ({"markers": False}, ["query", "document"]),
        ({"markers": "query"}, ["document"]),
        ({"skip_punctuation": False}, ["query", "document"]),
        ({"expansion": 20}, ["query"]),
        ({"query_tokens": 8}, ["query"]),
        ({"document_tokens": 8}, ["document"]),
        ({"seed": 1}, []),
    ],
)
def test_another_setting_reads_no_kept_states_of_what_it_changes(tiny, model, other, changed):  # noqa: F811
    another = make_colbert(tiny, 16, **other)
    facts = [[colbert._facts(m, PASSAGES, k, 64) for m in (model, another)] for k in colbert.KINDS]
    assert [kind for kind, (a, b) in zip(colbert.KINDS, facts) if a != b] == changed


def test_other_layers_read_no_kept_states(tiny, model):  # noqa: F811
    another = make_colbert(tiny, 16)
    with torch.no_grad():
        next(another[0].parameters()).mul_(1.1)
    facts = [colbert._facts(m, PASSAGES, "query", 64)["layers"] for m in (model, another)]
    assert facts[0] != facts[1]


def test_texts_that_come_twice_are_read_once_and_stand_in_order(model):
    texts = [PASSAGES[1], PASSAGES[0], PASSAGES[1]]
    found = states(model, texts)
    assert torch.equal(found[0], found[2])
    expected = states(model, PASSAGES[:2])
    torch.testing.assert_close(found[1], expected[0], atol=1e-2, rtol=1e-2)
    assert len(states(model, [])) == 0
    assert vectors(model, []).vectors.shape == (0, 16)


def test_a_saved_model_is_the_same(model, tmp_path):
    model.save_pretrained(str(tmp_path))
    loaded = MultiVectorEncoder(str(tmp_path), device="cpu")
    for kind in colbert.KINDS:
        torch.testing.assert_close(
            vectors(loaded, QUERIES, kind).vectors, vectors(model, QUERIES, kind).vectors
        )


def test_what_does_not_fit_is_refused(tiny, model):  # noqa: F811
    for options, message in (
        ({"dim": 33}, "dim is 33; expected 1 to 32"),
        ({"expansion": 2}, "expansion is 2"),
        ({"document_tokens": 9_999}, "document_tokens is 9999; expected 3 to 256"),
        ({"expansion": 20, "query_tokens": 8}, "at least expansion"),
    ):
        with pytest.raises(ValueError, match=message):
            make_colbert(tiny, **{"dim": 16, **options})
    with pytest.raises(TypeError, match="expected a list"):
        token_states(model, "one", "query")
    with pytest.raises(ValueError, match="kind is 'passage'"):
        token_states(model, ["one"], "passage")
    with pytest.raises(ValueError, match="batch_size is 0"):
        token_states(model, ["one"], "query", batch_size=0)


def test_an_encoder_without_what_it_takes_is_refused(tiny):  # noqa: F811
    pooled = copy.deepcopy(tiny)
    del pooled[0]
    with pytest.raises(ValueError, match="begins with Pooling"):
        make_colbert(pooled)
    with pytest.raises(ValueError, match="no Dense module"):
        projection(tiny)
