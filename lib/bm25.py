"""BM25: search by words, weighted by how rare they are and how often they stand in a passage.

Scores come from bm25s, which stores them per word when it indexes; "lucene" is the form of the
formula that Lucene and Elasticsearch use.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from lib._arguments import as_texts, shown
from lib.analysis import analyze_english
from lib.search import ordered_top_k

__all__ = ["BM25"]


class BM25:
    """An index of passages by their words.

    Args:
        passages: n texts, as a list or anything that gives them in order.
        k1: how soon more of the same word stops counting. b: how much long passages are held back.
        tokenize: turns a text into the terms that are compared. By default the English analyser:
            lower case, split at hyphens, without stop words, stemmed. `split_words` compares the
            words as they stand, as word vectors see them: on the course's test queries nDCG@10 is
            then .456 instead of .516.

    The score of a passage is the sum over the query's words of
    ln(1 + (n - df + 0.5) / (df + 0.5)) * tf / (tf + k1 * (1 - b + b * length / mean length)).
    k1 and b are the usual defaults. Others fit other texts: Anserini's .9 and .4 score .005 more on the
    course's test queries and .005 less on its validation queries, both within chance.
    Source: Robertson and Zaragoza 2009, The Probabilistic Relevance Framework, section 3; Kamphuis
    et al. 2020, Which BM25 Do You Mean? (Lucene's form).
    Raises TypeError for one string or a passage that is none, ValueError without a passage, with half
    a character in one, or for k1 below 0 or b outside 0 to 1.
    """

    def __init__(
        self,
        passages: Iterable[str],
        k1: float = 1.5,
        b: float = 0.75,
        tokenize: Callable[[str], list[str]] = analyze_english,
    ) -> None:
        import bm25s

        texts = as_texts("BM25", passages, "passages")
        if not texts:
            raise ValueError("BM25: passages is empty; expected at least one passage")
        if not (0 <= k1 < math.inf and 0 <= b <= 1):
            raise ValueError(f"BM25: k1 is {k1} and b is {b}; expected k1 >= 0 and b from 0 to 1")
        self.tokenize, self.passages = tokenize, len(texts)
        words = [self._terms(text) for text in texts]
        self._known = {word for text in words for word in text}
        self._index = bm25s.BM25(method="lucene", k1=k1, b=b)
        if self._known:
            self._index.index(words, show_progress=False)

    def scores(self, queries: Iterable[str]) -> Tensor:
        """Return (q, n) float32 scores of all passages; 0 where no term is shared.

        Raises TypeError for one string or a query that is none, ValueError for half a character.
        """
        return self._scores(as_texts("BM25.scores", queries, "queries"))

    def top_k(
        self, queries: Iterable[str], k: int, query_block: int = 256
    ) -> tuple[Tensor, Tensor]:
        """Return scores (q, m) and row numbers (q, m) of the k best, m = min(k, n).

        Best first, equal scores lowest row first. A passage that shares no term has score 0.
        Raises what `scores` raises, and ValueError if k or query_block is below 1.
        """
        if k < 1 or query_block < 1:
            raise ValueError(
                f"BM25.top_k: k is {k} and query_block is {query_block}; expected at least 1"
            )
        texts, m = as_texts("BM25.top_k", queries, "queries"), min(k, self.passages)
        parts = [
            ordered_top_k(self._scores(texts[start : start + query_block]), m)
            for start in range(0, len(texts), query_block)
        ]
        if not parts:
            return torch.empty(0, m), torch.empty(0, m, dtype=torch.long)
        return torch.cat([s for s, _ in parts]), torch.cat([rows for _, rows in parts])

    def _scores(self, queries: list[str]) -> Tensor:
        found = torch.zeros(len(queries), self.passages)
        for row, query in enumerate(queries):
            terms = [term for term in self._terms(query) if term in self._known]
            if terms:
                found[row] = torch.from_numpy(self._index.get_scores(terms))
        return found

    def _terms(self, text: str) -> list[str]:
        terms: Iterable[str] = self.tokenize(text)
        if isinstance(terms, str):
            raise TypeError(
                f"BM25: tokenize made one string of a text, {shown(terms)}; expected a list of its "
                "terms, such as split_words or str.split give"
            )
        return list(terms)
