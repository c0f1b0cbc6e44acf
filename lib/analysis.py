"""Text analysis as a search engine does it: from a text to the terms that are indexed and looked up.

People rarely ask in the very word that the passage has: "bleeds" for "bleeding", "x linked" for
"X-linked". An analyser maps the forms of a word to one term, in passages and queries alike, and drops
the words that say nothing of the subject.
"""

from __future__ import annotations

from functools import cache, lru_cache

from lib.text import split_words

__all__ = ["analyze_english", "stem_english"]

_REMEMBERED = 1 << 18  # words whose stems are kept: stemming one anew takes 0.1 ms


def analyze_english(text: str) -> list[str]:
    """Return the index terms of an English text, in order; a word that stands twice comes twice.

    Lower case, words as `split_words` finds them, split at hyphens, without Lucene's 33 English stop
    words, each reduced to its stem: "The X-linked diseases" gives ["x", "link", "diseas"].
    Raises TypeError for what is not one text.
    Source: Manning, Raghavan and Schütze 2008, Introduction to Information Retrieval, section 2.2.
    """
    stop_words = _stop_words()
    words = (part for word in split_words(text) for part in word.split("-"))
    return [stem_english(word) for word in words if word not in stop_words]


@lru_cache(_REMEMBERED)
def stem_english(word: str) -> str:
    """Return the stem of a lower-case English word by the Snowball stemmer ("bleeding" -> "bleed").

    A stem need not be a word ("diseases" -> "diseas"); what counts is that all forms share it.
    Source: Porter 2001, Snowball: a language for stemming algorithms ("Porter2"), by snowballstemmer.
    """
    from snowballstemmer.english_stemmer import EnglishStemmer

    # A stemmer holds the word that it works on: one of its own for each call is safe in threads.
    return EnglishStemmer().stemWord(word)


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN)
