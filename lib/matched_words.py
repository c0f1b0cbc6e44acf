"""Why a passage was found: which of its words answer which words of the query.

A search by words has an answer to that: the words in common. One by vectors has none of its own, for
its one number is made of all tokens at once; what can be shown is which tokens the same encoder holds
for the nearest, as MaxSim does. That is an explanation beside the score, not how it was computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib.analysis import analyze_english
from lib.late_interaction import max_sim_map
from lib.pooling import normalize
from lib.text import token_embeddings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["Match", "Why", "closest_words", "shared_words"]

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_KEPT = 512  # texts whose words' vectors are kept: a query is compared with ten passages in turn


class Match(NamedTuple):
    """A word of the query and the word of the passage that answers it, as they stand there.

    weight: their similarity, None where they are the same term.
    """

    query: str
    passage: str
    weight: float | None = None


Why = Callable[[str, int], list[Match]]  # (query, row of the passage)


def shared_words(
    passages: Iterable[str], tokenize: Callable[[str], list[str]] = analyze_english
) -> Why:
    """Return a function of (query, row): the words that query and passage share, in the query's order.

    passages: n texts. tokenize: gives the terms by which words are the same, the analyser of `BM25` by
    default, so that "bleeds" answers "bleeding"; a word without a term (a stop word) answers nothing.
    Raises what `as_texts` raises.
    """
    texts = as_texts("shared_words", passages, "passages")

    def why(query: str, row: int) -> list[Match]:
        answers: dict[str, list[str]] = {}  # term -> words of the passage
        for word in dict.fromkeys(_WORD.findall(texts[row])):
            for term in tokenize(word):
                answers.setdefault(term, []).append(word)
        found: dict[tuple[str, str], Match] = {}
        for word in _WORD.findall(query):
            for term in tokenize(word):
                for other in answers.get(term, ()):
                    found.setdefault((term, other.casefold()), Match(word, other))
        return list(found.values())

    return why


def closest_words(model: SentenceTransformer, passages: Iterable[str], least: float = 0.4) -> Why:
    """Return a function of (query, row): for each word of the query the nearest word of the passage.

    model: an encoder with a fast tokenizer; a word is the mean of its tokens' vectors before pooling.
    passages: n texts. least: pairs with a smaller cosine are left out. Function words ("my", "can") and
    punctuation are no words here: they are near to everything. Of equally near words the first counts.
    A call encodes one passage.
    Raises what `as_texts` raises. Source: Khattab and Zaharia 2020, ColBERT (SIGIR), equation 3.
    """
    texts = as_texts("closest_words", passages, "passages")
    words_of = lru_cache(_KEPT)(lambda text: _word_vectors(model, text))

    def why(query: str, row: int) -> list[Match]:
        asked, asked_vectors = words_of(query)
        words, vectors = words_of(texts[row])
        if not asked or not words:
            return []
        similarities, winners = max_sim_map(asked_vectors, vectors)
        best = similarities.amax(dim=1).tolist()
        pairs = zip(asked, winners.tolist(), best)
        return [Match(word, words[won], weight) for word, won, weight in pairs if weight >= least]

    return why


def _word_vectors(model: SentenceTransformer, text: str) -> tuple[list[str], Tensor]:
    """The words of a text that say something, and their unit vectors (words, dim)."""
    read = model.tokenizer(
        text, truncation=True, max_length=model.max_seq_length, return_offsets_mapping=True
    )
    owners, spans = _words_of(read.word_ids(), read["offset_mapping"])
    tokens = token_embeddings(model, [text])[0][0].detach().float()  # (tokens, dim)
    if len(owners) != len(tokens):
        raise ValueError(
            f"closest_words: the tokenizer gave {len(owners)} tokens and the encoder {len(tokens)} "
            "vectors; expected one vector a token: give shared_words in its place"
        )
    owner = torch.tensor(owners, device=tokens.device)
    real = owner >= 0
    sums = tokens.new_zeros(len(spans), tokens.shape[1])
    vectors = normalize(sums.index_add(0, owner[real], tokens[real]))  # a mean but for its length
    words = [text[start:end] for start, end in spans]
    kept = [
        place
        for place, word in enumerate(words)
        if _WORD.search(word) and word.casefold() not in _function_words()
    ]
    return [words[place] for place in kept], vectors[kept]


@cache
def _function_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN_PLUS

    return frozenset(STOPWORDS_EN_PLUS)


def _words_of(
    word_ids: Sequence[int | None], offsets: Sequence[tuple[int, int]]
) -> tuple[list[int], list[tuple[int, int]]]:
    """Of each token its word, -1 of a special one, and of each word where it stands in the text."""
    spans: list[tuple[int, int]] = []
    owners, last = [], None
    for word, (start, end) in zip(word_ids, offsets):
        if word is None:
            owners.append(-1)
        elif word == last:
            spans[-1] = (spans[-1][0], end)
            owners.append(len(spans) - 1)
        else:
            spans.append((start, end))
            owners.append(len(spans) - 1)
        last = word
    return owners, spans
