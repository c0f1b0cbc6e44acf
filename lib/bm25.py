"""BM25: search by words, weighted by how rare they are and how often they stand in a passage.

Scores come from bm25s, which stores them per word when it indexes; "lucene" is the form of the
formula that Lucene and Elasticsearch use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lib.analysis import analyze_english
from lib.search import ordered_top_k

__all__ = ["BM25"]


class BM25:
    """An index of passages by their words.

    Args:
        passages: n texts.
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
    """

    def __init__(
        self,
        passages: Sequence[str],
        k1: float = 1.5,
        b: float = 0.75,
        tokenize: Callable[[str], list[str]] = analyze_english,
    ) -> None:
        import bm25s

        if isinstance(passages, str) or not passages:
            raise ValueError("BM25: expected a list of at least one passage")
        self.tokenize, self.passages = tokenize, len(passages)
        words = [tokenize(text) for text in passages]
        self._known = {word for text in words for word in text}
        self._index = bm25s.BM25(method="lucene", k1=k1, b=b)
        if self._known:
            self._index.index(words, show_progress=False)

    def scores(self, queries: Sequence[str]) -> Tensor:
        """Return (q, n) float32 scores of all passages; 0 where no word is shared."""
        found = torch.zeros(len(queries), self.passages)
        for row, query in enumerate(queries):
            words = [word for word in self.tokenize(query) if word in self._known]
            if words:
                found[row] = torch.from_numpy(self._index.get_scores(words))
        return found

    def top_k(
        self, queries: Sequence[str], k: int, query_block: int = 256
    ) -> tuple[Tensor, Tensor]:
        """Return scores (q, m) and row numbers (q, m) of the k best, m = min(k, n).

        Best first, equal scores lowest row first. A passage that shares no word has score 0.
        Raises ValueError if k is below 1.
        """
        if k < 1:
            raise ValueError(f"BM25.top_k: k is {k}; expected at least 1")
        m = min(k, self.passages)
        parts = [
            ordered_top_k(self.scores(queries[start : start + query_block]), m)
            for start in range(0, len(queries), query_block)
        ]
        if not parts:
            return torch.empty(0, m), torch.empty(0, m, dtype=torch.long)
        return torch.cat([s for s, _ in parts]), torch.cat([rows for _, rows in parts])
