"""Which words matched: by their terms, and by the encoder's tokens."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.analysis import analyze_english
from lib.matched_words import Match, closest_words, shared_words
from lib.models import load_encoder
from lib.text import split_words, token_embeddings

PASSAGES = [
    "Gingival bleeding. It bleeds, and bled; Bleeding of the gums.",
    "A hole in the heart",
    "",
]


def test_words_are_the_same_where_their_terms_are_and_come_as_they_stand():
    why = shared_words(PASSAGES)
    assert why("BLEEDS from the gum", 0) == [
        Match("BLEEDS", "bleeding"),
        Match("BLEEDS", "bleeds"),
        Match("gum", "gums"),
    ]
    assert why("holes of the hearts", 1) == [Match("holes", "hole"), Match("hearts", "heart")]
    assert why("the of in", 1) == why("hole", 2) == why("", 0) == []


def test_another_tokenizer_says_what_is_the_same():
    assert shared_words(PASSAGES, split_words)("holes heart", 1) == [Match("heart", "heart")]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_shared_words_stand_in_both_texts_and_share_a_term(query, passage):
    for found in shared_words([passage])(query, 0):
        assert found.query in query
        assert found.passage in passage
        assert set(analyze_english(found.query)) & set(analyze_english(found.passage))


def test_one_string_of_passages_is_refused():
    for make in (shared_words, lambda texts: closest_words(load_encoder(), texts)):
        with pytest.raises(TypeError, match="expected a list of passages"):
            make("one passage")


def test_the_nearest_word_is_that_of_the_encoder_s_tokens():
    model = load_encoder()
    passage = "Gingival hemorrhage, a bleeding."
    found = closest_words(model, [passage], least=-1)("my bleeding gum", 0)
    assert [m.query for m in found] == ["bleeding", "gum"]
    assert found[0].passage == "bleeding"
    # by hand: words of the tokenizer's own splitting, means of their tokens, cosine
    pieces = {text: model.tokenizer.tokenize(text) for text in (passage, "my bleeding gum")}
    vectors = {text: token_embeddings(model, [text])[0][0][1:-1] for text in pieces}

    def vector(text, word):
        whole, sums = [], []
        for piece, row in zip(pieces[text], vectors[text], strict=True):
            if piece.startswith("##"):
                whole[-1] += piece[2:]
                sums[-1] = sums[-1] + row
            else:
                whole.append(piece)
                sums.append(row)
        return sums[whole.index(word)]

    for match in found:
        words = ("gingival", "hemorrhage", "bleeding")
        asked = vector("my bleeding gum", match.query)
        cosines = {
            w: float(torch.cosine_similarity(asked, vector(passage, w), dim=0)) for w in words
        }
        assert match.passage.casefold() == max(cosines, key=cosines.get)
        assert match.weight == pytest.approx(max(cosines.values()), abs=1e-5)
    assert closest_words(model, [passage], least=0.99)("gum", 0) == []


def test_texts_without_a_word_and_texts_beyond_the_limit_match_what_can_be_seen():
    model = load_encoder()
    why = closest_words(model, ["...", "", "heart " * 400 + "kidney"])
    assert why("heart", 0) == why("heart", 1) == why("of the", 2) == why("", 2) == []
    assert {m.passage for m in why("kidney heart", 2)} <= {"heart"}
