"""What a function of texts does with anything that could be given for a list of texts."""

import dataclasses
from collections import deque

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib import bi_encoder, cross_encoder, finetune, text, word2vec, word_vectors
from lib._arguments import as_texts, word_lists
from lib.bm25 import BM25
from lib.cache import EmbeddingCache
from lib.search import encode_cached
from lib.text import Vocabulary

TEXTS = ["cat", "", "Sjögren", "two words"]


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        tuple(TEXTS),
        (text for text in TEXTS),
        deque(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pd.Series(TEXTS, index=[3, 1, 2, 0]),
        dict.fromkeys(TEXTS).keys(),
        map(str, TEXTS),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_gives_texts_in_order_is_a_list_of_texts(given):
    found = as_texts("f", given)
    assert found == TEXTS
    assert {type(text) for text in found} == {str}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cat", r"f: expected a list of texts; got one string: write \['cat'\]"),
        (np.str_("cat"), "got one string"),
        (b"cat", "got a value of type bytes"),
        (None, r"got None: write \['text', ...\]"),
        (7, r"got 7 \(int\)"),
        ({"a", "b"}, r"type set: .* sorted\(texts\)"),
        ({"a": "b"}, "type dict"),
        (np.array("cat"), r"type ndarray \(\)"),
        (np.array([["a"]]), r"type ndarray \(1, 1\)"),
        (pd.DataFrame({"text": ["a"]}), r"type DataFrame \(1, 1\): .*list\(table\['text'\]\)"),
        (["a", None], r"texts\[1\] is None, not a string: .*put '' for a missing text"),
        (pd.Series(["a", np.nan]), r"texts\[1\] is nan \(float\), .*leave such rows out"),
        (pd.Series(["a", None], dtype="string"), r"texts\[1\] is .*, .*leave such rows out"),
        (["a", b"b"], r"texts\[1\] is b'b' \(bytes\), .*decode"),
        (["a", ["b", "c"]], r"texts\[1\] is \['b', 'c'\] \(list\), .*join"),
        ([1.5], r"texts\[0\] is 1.5 \(float\), not a string: convert it by str\(\)"),
        (torch.arange(2), r"texts\[0\] is tensor\(0\) \(Tensor\)"),
        ([np.arange(3)], r"texts\[0\] is array\(\[0, 1, 2\]\)"),
    ],
)
def test_what_is_no_list_of_texts_is_refused_with_its_place_and_a_remedy(given, message):
    with pytest.raises(TypeError, match=message):
        as_texts("f", given)


@pytest.mark.parametrize("broken", ["\ud800", "ab\udfff", "\udc00\ud800"])
def test_half_a_character_is_refused_and_the_remedy_named_mends_it(broken):
    with pytest.raises(ValueError, match=r"f: texts\[1\] has .* lone surrogate") as caught:
        as_texts("f", ["fine 😀", broken])
    remedy = str(caught.value).partition("mend the text by ")[2]
    mended = eval(remedy, {"text": broken})
    assert as_texts("f", [mended]) == [mended]


def test_the_error_of_a_generator_is_its_own():
    def rows():
        yield "a"
        raise TypeError("no such column")

    with pytest.raises(TypeError, match=r"^no such column$"):
        as_texts("f", rows())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8))
def test_every_whole_text_is_taken_as_it_is(texts):
    assert as_texts("f", iter(texts)) == texts


def test_documents_are_lists_of_words():
    assert list(word_lists("f", iter([["a"], ("b", "c")]))) == [["a"], ("b", "c")]
    for documents in ("one text", ["one text"]):
        with pytest.raises(TypeError, match=r"documents\[0\] is one string, 'one text'.*split"):
            list(word_lists("f", documents))


def _judge(encoder):
    return cross_encoder.CrossEncoder(encoder, joint_layers=1)


def _tuples():
    return torch.tensor([[0, 0, 1]])


def _vectors():
    return word_vectors.WordVectors(["heart", "cat"], torch.eye(2))


# Every function of the library that takes texts, called with `given` in their place.
TAKERS = {
    "BM25": lambda encoder, given, folder: BM25(given),
    "BM25.scores": lambda encoder, given, folder: BM25(TEXTS).scores(given),
    "BM25.top_k": lambda encoder, given, folder: BM25(TEXTS).top_k(given, 2),
    "token_embeddings": lambda encoder, given, folder: text.token_embeddings(encoder, given),
    "encode_cached": lambda encoder, given, folder: encode_cached(
        encoder, given, cache=EmbeddingCache(folder), progress=False
    ),
    "embed": lambda encoder, given, folder: finetune.embed(encoder, given),
    "read": lambda encoder, given, folder: _judge(encoder).read(given, progress=False),
    "predict left": lambda encoder, given, folder: _judge(encoder).predict(given, TEXTS),
    "predict right": lambda encoder, given, folder: _judge(encoder).predict(TEXTS, given),
    "judge queries": lambda encoder, given, folder: cross_encoder.train(
        _judge(encoder), given, TEXTS, _tuples(), progress=False
    ),
    "judge passages": lambda encoder, given, folder: cross_encoder.train(
        _judge(encoder), TEXTS, given, _tuples(), progress=False
    ),
    "bi-encoder": lambda encoder, given, folder: bi_encoder.train(
        encoder, [TEXTS, given], lambda q, p: (q * p).sum(), last=1, progress=False
    ),
}


@pytest.mark.parametrize("taker", TAKERS)
def test_no_function_reads_a_text_by_its_letters_or_fails_without_a_sentence(
    taker, encoder, tmp_path
):
    call = TAKERS[taker]
    with pytest.raises(TypeError, match=r"expected a list of .*; got one string: write \['cat'\]"):
        call(encoder, "cat", tmp_path)
    with pytest.raises(TypeError, match=r"expected a list of .*\[2\] is None, not a string"):
        call(encoder, ["a", "b", None, "d"], tmp_path)
    with pytest.raises(TypeError, match="expected a list of"):
        call(encoder, None, tmp_path)
    with pytest.raises(ValueError, match=r"\[3\] has half a character"):
        call(encoder, ["a", "b", "c", "\ud83d"], tmp_path)


@pytest.mark.parametrize(
    "taker", ["BM25.scores", "BM25.top_k", "token_embeddings", "encode_cached", "embed", "read"]
)
def test_a_generator_and_an_array_give_what_the_list_gives(taker, encoder, tmp_path):
    call = TAKERS[taker]
    expected = call(encoder, TEXTS, tmp_path)
    for given_texts in (iter(TEXTS), np.array(TEXTS), pd.Series(TEXTS, [3, 2, 1, 0])):
        torch.testing.assert_close(call(encoder, given_texts, tmp_path), expected)


def test_words_are_not_letters_either(tmp_path):
    known = Vocabulary(["c", "a", "t"], [1, 1, 1])
    vectors, cache = _vectors(), EmbeddingCache(tmp_path)
    calls = [
        lambda: known.encode("cat"),
        lambda: Vocabulary("cat", [1, 1, 1]),
        lambda: Vocabulary.build(["cat"]),
        lambda: Vocabulary.build("cat"),
        lambda: dataclasses.replace(vectors, words="ab"),
        lambda: vectors.most_similar("heart", exclude="cat"),
        lambda: word_vectors.idf_weights(["cat"]),
        lambda: word_vectors.average_words(vectors, ["cat"]),
        lambda: word2vec.train_word2vec("cat"),
        lambda: cache.get("abc", "cat"),
        lambda: cache.put("abc", "cat", torch.eye(3)),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="one string"):
            call()
