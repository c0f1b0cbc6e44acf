"""The English analyser against bm25s's own and against the stemmer's published examples."""

from concurrent.futures import ThreadPoolExecutor

import bm25s
import pytest
import snowballstemmer
from hypothesis import given
from hypothesis import strategies as st

from lib.analysis import analyze_english, stem_english
from lib.text import split_words

WORDS = [
    "bleeding",
    "bleeds",
    "the",
    "of",
    "kidneys",
    "Abnormality",
    "not",
    "RENAL",
    "skies",
    "gas",
]


def test_terms_are_lower_case_split_at_hyphens_without_stop_words_and_stemmed():
    assert analyze_english("The X-linked diseases") == ["x", "link", "diseas"]
    assert analyze_english("X linked disease") == analyze_english("x\u2011linked diseases")
    assert analyze_english("Crohn’s and Crohn's of type 2.5") == ["crohn", "crohn", "type", "2.5"]
    assert analyze_english("bleeds, bleeding; BLEED") == ["bleed"] * 3
    assert analyze_english("of the -") == analyze_english("") == []


# Of the published vocabulary at snowballstem.org/algorithms/english/stemmer.html
@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("consist", "consist"),
        ("consistency", "consist"),
        ("consolation", "consol"),
        ("consonant", "conson"),
        ("knightly", "knight"),
        ("knives", "knive"),
        ("knocked", "knock"),
        ("generally", "general"),
        ("skies", "sky"),
    ],
)
def test_stems_are_the_published_ones(word, stem):
    assert stem_english(word) == stem


@given(st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_terms_are_those_of_bm25s_with_the_same_stemmer(text):
    stem = snowballstemmer.stemmer("english").stemWords
    found = bm25s.tokenize(
        [text], stopwords="en", stemmer=stem, return_ids=False, show_progress=False
    )
    assert analyze_english(text) == found[0]


@given(st.text(max_size=40))
def test_any_text_gives_stems_of_its_words(text):
    words = [part for word in split_words(text) for part in word.split("-")]
    terms = analyze_english(text)
    assert len(terms) <= len(words)
    assert set(terms) <= {stem_english(word) for word in words}


def test_threads_do_not_disturb_each_other():
    words = [f"{start}{end}" for start in "bcdfghjklm" for end in ("ational", "izing", "fulness")]
    alone = [snowballstemmer.stemmer("english").stemWord(word) for word in words]
    stem_english.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: [stem_english(word) for word in words], range(8)):
            assert found == alone
