import unicodedata

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.text import (
    Vocabulary,
    end_and_pad,
    length_sorted_batches,
    pad_tokens,
    restore_order,
    split_words,
    token_embeddings,
    token_lengths,
)


def test_words_are_lower_case_without_punctuation():
    assert split_words("Crohn’s disease, X-linked (type 2.5)!") == [
        "crohn's",
        "disease",
        "x-linked",
        "type",
        "2.5",
    ]
    assert split_words(" ... ") == []
    assert split_words("Ménière snake_case") == ["ménière", "snake", "case"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sjögren’s SJÖGREN", ["sjögren's", "sjögren"]),
        ("हिन्दी में आँखें", ["हिन्दी", "में", "आँखें"]),  # vowel signs, virama, nasal dots
        ("İstanbul ISTANBUL", ["istanbul", "istanbul"]),
        ("ปวดที่ท้อง", ["ปวดที่ท้อง"]),  # Thai, which writes no spaces
        ("مُحَمَّد שָׁלוֹם", ["مُحَمَّد", "שָׁלוֹם"]),
        ("J̌ H̱ w̃-x̃", ["ǰ", "ẖ", "w̃-x̃"]),  # letters that have no capital in one character
        ("ΟΔΟΣ", ["οδος"]),
        ("x\u2011linked X\u2010LINKED crohn\u02bcs", ["x-linked", "x-linked", "crohn's"]),
        ("cardio\u00admegaly\ufeff می\u200cخواهم", ["cardiomegaly", "میخواهم"]),
        ("\u0301 - \u0301a \ud800b", ["a", "b"]),  # marks begin no word, half characters are none
    ],
)
def test_words_of_any_script_are_whole_however_they_are_composed(text, words):
    words = [unicodedata.normalize("NFC", word) for word in words]
    for form in ("NFC", "NFD"):
        assert split_words(unicodedata.normalize(form, text)) == words


def _is(character, kinds):
    return unicodedata.category(character)[0] in kinds


@given(st.text())
def test_words_depend_on_the_text_not_on_its_encoding(text):
    words = split_words(text)
    for form in ("NFC", "NFD"):
        assert split_words(unicodedata.normalize(form, text)) == words
    assert all(unicodedata.is_normalized("NFC", word) for word in words)
    assert split_words("\n".join(words)) == words


IN_WORDS = st.characters(categories=["L", "N", "M"], exclude_characters="ʼ")  # an apostrophe


@given(st.lists(st.text(IN_WORDS, min_size=1).filter(lambda t: _is(t[0], "LN")), max_size=5))
def test_letters_digits_and_their_marks_stay_together(texts):
    words = split_words(" ".join(texts))
    assert len(words) == len(texts)
    assert words == [split_words(text)[0] for text in texts]


@given(st.text())
def test_no_letter_and_no_digit_is_lost(text):
    lower = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).lower())
    found = unicodedata.normalize("NFD", " ".join(split_words(text)))
    assert [c for c in found if _is(c, "LN")] == [c for c in lower if _is(c, "LN") and c != "ʼ"]


@given(st.text(st.characters(codec="ascii")))
def test_ascii_text_takes_a_shorter_way_to_the_same_words(text):
    assert split_words(text) == split_words(text + " é")[:-1]


@pytest.mark.parametrize("text", [None, ["a text"], b"bytes", 3])
def test_what_is_no_text_is_refused_by_split_words(text):
    with pytest.raises(TypeError, match=r"split_words: text is .*; expected one string"):
        split_words(text)


def test_vocabulary_orders_by_count_then_word_and_drops_the_rare():
    sentences = [["b", "a", "c"], ["a", "b"], ["d", "e", "e"]]
    words = Vocabulary.build(sentences, min_count=2)
    assert (words.words, words.counts) == (["a", "b", "e"], [2, 2, 2])
    assert Vocabulary.build(sentences[::-1], size=2).words == ["a", "b"]
    assert words.encode(["e", "zzz", "a"]) == [2, 0]
    assert words.decode([2, 0]) == ["e", "a"]
    assert ("a" in words, "c" in words, len(words)) == (True, False, 3)


def test_vocabulary_refuses_what_is_no_vocabulary():
    with pytest.raises(ValueError, match="2 words came with 1 counts"):
        Vocabulary(["a", "b"], [1])
    with pytest.raises(ValueError, match="twice"):
        Vocabulary(["a", "a"], [1, 1])


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 7))
def test_batches_hold_each_row_once_longest_first_and_order_is_restored(lengths, size):
    batches = length_sorted_batches(lengths, size)
    flat = [i for batch in batches for i in batch]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[i] for i in flat] == sorted(lengths, reverse=True)
    assert all(len(batch) == size for batch in batches[:-1])
    rows = torch.tensor(flat).reshape(-1, 1)
    assert restore_order(batches, rows).flatten().tolist() == list(range(len(lengths)))


def test_restore_order_keeps_device_and_dtype_and_refuses_strangers():
    rows = torch.empty(3, 2, dtype=torch.float16, device="meta")
    restored = restore_order([[2, 0], [1]], rows)
    assert (restored.device.type, restored.dtype) == ("meta", torch.float16)
    for batches in ([[0, 1]], [[0, 0, 1]], [[1, 2, 3]]):
        with pytest.raises(ValueError, match="came with batches that name"):
            restore_order(batches, rows)


def test_batch_size_below_one_is_refused():
    with pytest.raises(ValueError, match="batch_size is 0"):
        length_sorted_batches([1], 0)


def test_pad_tokens_fills_either_side():
    ids, mask = pad_tokens([[5, 6], [7], []], padding=9)
    assert ids.tolist() == [[5, 6], [7, 9], [9, 9]]
    assert mask.tolist() == [[1, 1], [1, 0], [0, 0]]
    ids, mask = pad_tokens([[5, 6], [7]], side="left")
    assert (ids.tolist(), mask.tolist()) == ([[5, 6], [0, 7]], [[1, 1], [0, 1]])
    assert pad_tokens([])[0].shape == (0, 0)
    assert pad_tokens([[1]], device="meta")[1].device.type == "meta"
    with pytest.raises(ValueError, match="'middle'"):
        pad_tokens([[1]], side="middle")


def test_token_embeddings_pooled_by_mean_are_the_models_own_vectors(encoder):
    texts = ["Weak bones", "A far longer sentence about the heart and its valves.", "x"]
    tokens, mask = token_embeddings(encoder, texts)
    assert tokens.shape == (3, mask.sum(1).max(), 384)
    assert not tokens[mask == 0].any()
    pooled = (tokens * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    expected = encoder.encode(texts, convert_to_tensor=True, show_progress_bar=False)
    torch.testing.assert_close(
        torch.nn.functional.normalize(pooled, dim=1), expected, atol=1e-5, rtol=0
    )


def test_token_embeddings_want_a_list(encoder):
    with pytest.raises(ValueError, match="expected a list of texts"):
        token_embeddings(encoder, [])
    with pytest.raises(TypeError, match="expected a list of texts"):
        token_embeddings(encoder, "one text")


def test_a_decoder_s_batch_ends_in_the_end_token_and_is_padded_on_the_left():
    ids, mask = end_and_pad([[5, 6, 7, 8], [2], []], end=2, padding=2, limit=3)
    assert ids.tolist() == [[5, 6, 2], [2, 2, 2], [2, 2, 2]]
    assert mask.tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]
    with pytest.raises(ValueError, match="limit is 0"):
        end_and_pad([[1]], 2, 0, 0)


def test_token_lengths_count_what_the_model_reads(encoder):
    texts = ["bone", "Severe dysphagia", "", "heart " * 400]
    _, mask = token_embeddings(encoder, texts)
    assert token_lengths(encoder, texts) == mask.sum(dim=1).tolist() == [3, 7, 2, 256]
    assert token_lengths(encoder, []) == []


def test_token_lengths_are_characters_where_there_is_no_such_tokenizer():
    assert token_lengths(object(), ["bone", "a"]) == [4, 1]
