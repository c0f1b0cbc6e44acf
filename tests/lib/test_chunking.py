import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.chunking import best_of_chunks, chunk_texts, content_limit, mean_of_chunks, owners, spans

SIZES = st.integers(1, 12).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))
WORDS = st.lists(
    st.sampled_from(
        [
            "heart",
            "Kidney.",
            "x-linked",
            "electroencephalographically",
            "naïve",
            "日本語",
            "(ok?)",
            "\n\n",
        ]
    ),
    max_size=60,
).map(" ".join)


@given(length=st.integers(0, 200), both=SIZES)
def test_spans_hold_every_token_and_the_overlap(length, both):
    size, overlap = both
    found = spans(length, size, overlap)
    assert {at for start, end in found for at in range(start, end)} == set(range(length))
    assert all(0 < end - start <= size for start, end in found)
    assert all(b[0] == a[1] - overlap for a, b in itertools.pairwise(found))
    assert [end for _, end in found].count(length) == (1 if length else 0)
    assert all(end - start == size for start, end in found[:-1])


@pytest.mark.parametrize(
    ("length", "size", "overlap"), [(5, 3, 3), (5, 3, -1), (5, 0, 0), (-1, 2, 0)]
)
def test_spans_that_do_not_get_further_are_refused(length, size, overlap):
    with pytest.raises(ValueError, match="expected a length of 0 or more and 0 <= overlap < size"):
        spans(length, size, overlap)


def covered(text, chunks):
    return {at for chunk in chunks for at in range(chunk.start, chunk.end)} == set(range(len(text)))


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(WORDS, st.text(max_size=120)), both=SIZES, sentences=st.booleans())
def test_no_character_is_lost_and_every_chunk_gets_further(encoder, text, both, sentences):
    size, overlap = both
    chunks = chunk_texts([text], encoder.tokenizer, size, overlap, sentences=sentences)
    assert covered(text, chunks)
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert all(a.start < b.start and a.end < b.end for a, b in itertools.pairwise(chunks))
    assert all(b.start <= a.end for a, b in itertools.pairwise(chunks))


@settings(max_examples=100, deadline=None)
@given(text=WORDS, size=st.integers(4, 12), overlap=st.integers(0, 3), sentences=st.booleans())
def test_a_chunk_has_no_more_tokens_than_asked_for(encoder, text, size, overlap, sentences):
    for chunk in chunk_texts([text], encoder.tokenizer, size, overlap, sentences=sentences):
        assert len(encoder.tokenizer.tokenize(chunk.text)) <= size


def test_a_text_that_fits_is_one_chunk_and_so_is_an_empty_one(encoder):
    chunks = chunk_texts(["  A short text. ", ""], encoder.tokenizer, 20, 5)
    assert [chunk.text for chunk in chunks] == ["  A short text. ", ""]
    assert owners(chunks).tolist() == [0, 1]
    assert chunk_texts([], encoder.tokenizer, 20) == []


def test_chunks_end_where_a_sentence_ends(encoder):
    text = "The heart is large. The kidney is small! It is so. Is the liver near? Yes."
    chunks = chunk_texts([text], encoder.tokenizer, 9)
    assert [chunk.text for chunk in chunks] == [
        "The heart is large. ",
        "The kidney is small! It is so. ",
        "Is the liver near? Yes.",
    ]
    fuller = chunk_texts([text], encoder.tokenizer, 9, sentences=False)
    assert fuller[0].text == "The heart is large. The kidney is "  # "small!" has two tokens


def test_neighbours_share_the_overlap(encoder):
    text = " ".join(f"word{number}" for number in range(60))
    chunks = chunk_texts([text], encoder.tokenizer, 16, 4)
    for left, right in itertools.pairwise(chunks):
        shared = text[right.start : left.end]
        assert len(encoder.tokenizer.tokenize(shared)) >= 4
        assert shared.startswith("word")


def test_a_long_text_is_read_to_its_end(encoder):
    text = "The heart is large. " * 200
    limit = content_limit(encoder)
    assert limit == encoder.max_seq_length - 2
    assert max(c.tokens for c in chunk_texts([text], encoder.tokenizer, limit, 32)) <= limit


def test_a_tokenizer_without_offsets_is_refused():
    with pytest.raises(TypeError, match="gives no offsets"):
        chunk_texts(["a"], object(), 4)


@given(data=st.data())
def test_documents_get_the_best_and_the_mean_of_their_chunks(data):
    q, n, documents = (data.draw(st.integers(low, 6)) for low in (0, 0, 1))
    owner = [data.draw(st.integers(0, documents - 1)) for _ in range(n)]
    scores = torch.randn(q, n, generator=torch.Generator().manual_seed(n)) - 2
    best, mean = (
        f(scores, torch.tensor(owner, dtype=torch.long), documents)
        for f in (best_of_chunks, mean_of_chunks)
    )
    assert best.shape == mean.shape == (q, documents)
    for row in range(q):
        for document in range(documents):
            own = [float(scores[row, at]) for at in range(n) if owner[at] == document]
            assert float(best[row, document]) == max(own, default=float("-inf"))
            expected = sum(own) / len(own) if own else float("-inf")
            assert float(mean[row, document]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("scores", "owner", "documents", "message"),
    [
        (torch.rand(2, 3), torch.tensor([0, 1]), 2, r"scores is \(2, 3\), owner is \(2,\)"),
        (torch.rand(2, 2), torch.tensor([0, 2]), 2, "owner names documents 0 to 2 of 2"),
        (torch.rand(2, 2), torch.tensor([0.0, 1]), 2, "expected floating point and whole numbers"),
    ],
)
def test_owners_that_do_not_fit_are_refused(scores, owner, documents, message):
    for pool in (best_of_chunks, mean_of_chunks):
        with pytest.raises(ValueError, match=message):
            pool(scores, owner, documents)
