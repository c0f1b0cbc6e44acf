"""One vector a word: what skip-gram learns from, and what can be done with the vectors.

First the pieces of skip-gram with negative sampling (Mikolov et al. 2013), each small enough to
read; `lib.word2vec` trains with them. Then `WordVectors`, a vocabulary with its vectors, however
they were made; analogies; and the average of a text's words, the oldest text embedding.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from lib._arguments import refuse_one_string, word_lists
from lib._finite import require_finite
from lib.pooling import normalize

if TYPE_CHECKING:
    from lib.judgements import AnalogySection


def subsample_keep_probability(counts: Tensor, threshold: float = 1e-3) -> Tensor:
    """How likely each word is to stay when frequent words are thinned out.

    counts: (words,) occurrences; threshold: a share of the text; a word is thinned from 2.6 times that share
    on.
    Returns (words,) probabilities: (sqrt(f / threshold) + 1) * threshold / f for a word that makes
    up the share f of the text, at most 1. Raises ValueError when threshold is not positive, or
    counts are none: below 0, not finite, or nothing but 0.
    Source: word2vec.c of Mikolov et al. 2013; their paper states sqrt(threshold / f) instead.
    """
    if not threshold > 0:
        raise ValueError(
            f"subsample_keep_probability: threshold is {threshold}; expected a positive share of "
            "the text such as 0.001; to keep every word, do not subsample"
        )
    _require_counts("subsample_keep_probability", counts)
    frequency = counts / counts.sum()
    ratio = threshold / frequency
    return (ratio.sqrt() + ratio).clamp(max=1.0)


def noise_distribution(counts: Tensor, power: float = 0.75) -> Tensor:
    """The distribution that negatives are drawn from: unigram counts, flattened.

    counts: (words,) occurrences. Returns (words,) probabilities that sum to 1. A power below 1
    gives rare words more, and frequent words fewer, turns as negatives than their counts would.
    Raises ValueError for counts below 0, not finite, or nothing but 0, and a power not finite.
    Source: Mikolov et al. 2013, Distributed Representations of Words and Phrases, section 2.2.
    """
    _require_counts("noise_distribution", counts)
    if not math.isfinite(power):
        raise ValueError(f"noise_distribution: power is {power}; expected a number such as 0.75")
    weights = counts.to(torch.get_default_dtype()).pow(power)
    return weights / weights.sum()


def _require_counts(name: str, counts: Tensor) -> None:
    if counts.device.type == "meta":
        return
    if counts.ndim != 1 or not bool(((counts >= 0) & counts.isfinite()).all() & (counts.sum() > 0)):
        raise ValueError(
            f"{name}: counts {tuple(counts.shape)} sum to {float(counts.sum()):g}; expected (words,) "
            "occurrences of at least 0, one of them above 0"
        )


def skipgram_pairs(tokens: Tensor, window_draws: Tensor, keep: Tensor | None = None) -> Tensor:
    """Every (centre, context) pair of one sentence.

    tokens: (n,) word ids; window_draws: (n,) integers, how many words each centre sees on either
    side, drawn anew for every centre so that near words are seen more often; keep: (n,) bool,
    tokens that survive subsampling (default: all). The others leave the sentence *before* the
    windows are laid, so that a window reaches further.
    Returns (pairs, 2) word ids: by centre, then by context, in the order of the sentence.
    Raises ValueError when the shapes differ, TypeError for ids or draws that are no whole numbers and
    a keep that is no truth value. Source: word2vec.c of Mikolov et al. 2013.
    """
    for what, x in (("tokens", tokens), ("window_draws", window_draws)):
        if x.numel() and (x.is_floating_point() or x.dtype == torch.bool):
            raise TypeError(f"skipgram_pairs: {what} are {x.dtype}; expected whole numbers")
    if keep is not None and keep.numel() and keep.dtype != torch.bool:
        raise TypeError(
            f"skipgram_pairs: keep is {keep.dtype}; expected bool: whole numbers would be taken for "
            "positions; use keep.bool()"
        )
    if (
        tokens.ndim != 1
        or window_draws.shape != tokens.shape
        or (keep is not None and keep.shape != tokens.shape)
    ):
        kept = None if keep is None else tuple(keep.shape)
        raise ValueError(
            f"skipgram_pairs: tokens is {tuple(tokens.shape)}, window_draws is "
            f"{tuple(window_draws.shape)}, keep is {kept}; expected one of each a token"
        )
    if keep is not None:
        tokens, window_draws = tokens[keep], window_draws[keep]
    if tokens.numel() == 0:
        return tokens.new_empty((0, 2))
    n, widest = tokens.shape[0], int(window_draws.max())
    here = torch.arange(n, device=tokens.device)[:, None]
    offsets = torch.arange(-widest, widest + 1, device=tokens.device)
    there = here + offsets
    seen = (offsets != 0) & (offsets.abs() <= window_draws[:, None]) & (there >= 0) & (there < n)
    return torch.stack([tokens[here.expand_as(there)[seen]], tokens[there[seen]]], dim=1)


def sgns_loss(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """The loss of skip-gram with negative sampling: seen pairs score high, drawn ones low.

    centre: (pairs, dim) centre words; context: (pairs, dim) a word seen beside each; negatives:
    (pairs, k, dim) k drawn words each. Returns a scalar in nats, the mean over the pairs of
    -log sigmoid(centre . context) - sum over k of log sigmoid(-centre . negative).
    Raises ValueError when the shapes do not fit.
    Source: Mikolov et al. 2013, Distributed Representations of Words and Phrases, equation 4.
    """
    if (
        centre.ndim != 2
        or context.shape != centre.shape
        or negatives.ndim != 3
        or (negatives.shape[0], negatives.shape[2]) != tuple(centre.shape)
    ):
        raise ValueError(
            f"sgns_loss: centre is {tuple(centre.shape)}, context is {tuple(context.shape)}, "
            f"negatives is {tuple(negatives.shape)}; expected (pairs, dim), (pairs, dim) and "
            "(pairs, k, dim): draw k negatives for every pair"
        )
    seen = (centre * context).sum(dim=-1)
    drawn = torch.einsum("pd,pkd->pk", centre, negatives)
    return -(logsigmoid(seen) + logsigmoid(-drawn).sum(dim=-1)).mean()


@dataclass(eq=False)
class WordVectors:
    """Words and their vectors.

    words: V different words, most frequent first by custom; vectors: (V, dim), floating point.
    Raises ValueError when the numbers differ, a word stands twice, or a vector has nan or infinity.
    """

    words: list[str]
    vectors: Tensor
    index: dict[str, int] = field(init=False, repr=False)
    unit: Tensor = field(init=False, repr=False)  # the vectors at length one, for cosines

    def __post_init__(self) -> None:
        refuse_one_string("WordVectors", self.words, "words")
        if self.vectors.ndim != 2 or self.vectors.shape[0] != len(self.words):
            raise ValueError(
                f"WordVectors: {len(self.words)} words came with vectors of shape "
                f"{tuple(self.vectors.shape)}; expected one row a word"
            )
        self.index = {word: row for row, word in enumerate(self.words)}
        if len(self.index) != len(self.words):
            raise ValueError("WordVectors: a word stands twice in the list; expected each once")
        require_finite("WordVectors", "vectors", self.vectors)
        self.unit = normalize(self.vectors)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> Tensor:
        """The vector of a word, (dim,). Raises KeyError when the word is unknown."""
        return self.vectors[self._row(word)]

    def most_similar(
        self, query: str | Tensor, k: int = 10, exclude: Collection[str] = ()
    ) -> list[tuple[str, float]]:
        """The k words of highest cosine with the query, best first.

        query: a word, which is not its own neighbour, or a vector (dim,). exclude: words to leave
        out. Returns at most k (word, cosine). Raises KeyError for an unknown query word, ValueError
        for a vector of another shape, with nan or infinity, and a k below 1, TypeError if `exclude` is
        one word instead of several.
        """
        if k < 1:
            raise ValueError(f"most_similar: k is {k}; expected at least 1")
        refuse_one_string("most_similar: exclude", exclude, "words")
        left_out = {self.index[word] for word in exclude if word in self.index}
        if isinstance(query, str):
            left_out.add(self._row(query))
            query = self[query]
        if query.shape != self.vectors.shape[1:]:
            raise ValueError(
                f"most_similar: query is {tuple(query.shape)}; expected a word or one vector of "
                f"{tuple(self.vectors.shape[1:])}"
            )
        require_finite("most_similar", "query", query)
        cosines = self.unit @ normalize(query.to(self.unit))
        if left_out:
            cosines[torch.tensor(sorted(left_out), device=cosines.device)] = float("-inf")
        best = cosines.topk(max(0, min(k, len(self) - len(left_out))))
        return [(self.words[row], cosine) for cosine, row in zip(*map(Tensor.tolist, best))]

    def analogy(
        self, a: str, b: str, c: str, k: int = 1, exclude_inputs: bool = True
    ) -> list[tuple[str, float]]:
        """Words that are to `c` as `b` is to `a`: man, king, woman gives queen (3CosAdd).

        Returns k (word, cosine) nearest to b - a + c on vectors of length one; the three inputs
        cannot be the answer unless exclude_inputs is False. Raises KeyError for an unknown word.
        Source: Mikolov, Yih and Zweig 2013; named by Levy and Goldberg 2014.
        """
        rows = [self._row(word) for word in (a, b, c)]
        target = self.unit[rows[1]] - self.unit[rows[0]] + self.unit[rows[2]]
        return self.most_similar(target, k, exclude=(a, b, c) if exclude_inputs else ())

    def _row(self, word: str) -> int:
        if word not in self.index:
            raise KeyError(
                f"{word!r} is not among the {len(self)} words; words are looked up as written: "
                "try lower case, or test with `word in vectors` first"
            )
        return self.index[word]


@dataclass(frozen=True)
class SectionAccuracy:
    """How many questions of a section were answered right; skipped: a word was unknown."""

    name: str
    correct: int
    asked: int
    skipped: int

    @property
    def accuracy(self) -> float:
        """Right answers over questions asked, NaN when none was asked."""
        return self.correct / self.asked if self.asked else math.nan


def analogy_accuracy(
    vectors: WordVectors,
    sections: Sequence[AnalogySection],
    exclude_inputs: bool = True,
    block: int = 512,
) -> list[SectionAccuracy]:
    """Answer analogy questions by 3CosAdd, all of them in blocks of matrix products.

    sections: named lists of (a, b, c, d): a is to b as c is to d. A question with an unknown word
    is skipped. Returns one result a section, in order, and last their sum, named "all".
    Holds block x V scores at a time.
    Source: Mikolov et al. 2013, Efficient Estimation of Word Representations, section 4.1.
    """
    known = [
        [tuple(vectors.index[w] for w in q) for q in s.questions if all(w in vectors for w in q)]
        for s in sections
    ]
    rows = [row for questions in known for row in questions]
    asked = torch.tensor(rows, dtype=torch.long, device=vectors.unit.device).reshape(-1, 4)
    right = torch.cat(
        [_answered(vectors.unit, part, exclude_inputs) for part in asked.split(block)]
        or [asked.new_zeros(0)]
    )
    correct = [int(part.sum()) for part in right.split([len(questions) for questions in known])]
    results = [
        SectionAccuracy(s.name, c, len(k), len(s.questions) - len(k))
        for s, k, c in zip(sections, known, correct)
    ]
    total = [sum(getattr(r, field) for r in results) for field in ("correct", "asked", "skipped")]
    return [*results, SectionAccuracy("all", *total)]


def _answered(unit: Tensor, questions: Tensor, exclude_inputs: bool) -> Tensor:
    """questions: (q, 4) rows of `unit`. Returns (q,) bool: the nearest word is the fourth."""
    a, b, c, d = questions.unbind(dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    if exclude_inputs:
        scores.scatter_(1, questions[:, :3], float("-inf"))
    return scores.argmax(dim=1) == d


def idf_weights(documents: Iterable[Sequence[str]]) -> dict[str, float]:
    """How much a word tells: the rarer among the documents, the more.

    documents: the words of each. Returns ln(1 + (N - df + 0.5) / (df + 0.5)) for every word, where
    df of the N documents hold it: never negative, and the same as in BM25 (lesson 04).
    Raises TypeError for a document that is one string: split it first.
    Source: Robertson and Zaragoza 2009, The Probabilistic Relevance Framework; Lucene's variant.
    """
    sets = [set(words) for words in word_lists("idf_weights", documents)]
    holding = Counter(word for words in sets for word in words)
    return {word: math.log1p((len(sets) - df + 0.5) / (df + 0.5)) for word, df in holding.items()}


def average_words(
    vectors: WordVectors,
    documents: Iterable[Sequence[str]],
    weights: Mapping[str, float] | None = None,
) -> Tensor:
    """Embed each document as the weighted mean of its words' vectors.

    documents: the words of each; weights: of each word (default: all 1), such as `idf_weights`.
    A word without a vector is left out; one without a weight counts as much as the weightiest, as
    nothing is rarer than a word never seen. Returns (documents, dim) on the device of the vectors,
    not normalised; zeros for a document without a known word. Raises TypeError for a document that is
    one string: split it first, ValueError for weights below 0 or not finite.
    """
    if weights and not all(0 <= weight < math.inf for weight in weights.values()):
        wrong = next(word for word, w in weights.items() if not 0 <= w < math.inf)
        raise ValueError(
            f"average_words: the weight of {wrong!r} is {weights[wrong]}; expected 0 or more, finite"
        )
    table, unseen = (weights, max(weights.values(), default=1.0)) if weights else ({}, 1.0)
    rows, ids, values, count = [], [], [], 0
    for count, words in enumerate(word_lists("average_words", documents), start=1):
        for word in words:
            if word in vectors.index:
                rows.append(count - 1)
                ids.append(vectors.index[word])
                values.append(table.get(word, unseen))
    device, dtype = vectors.vectors.device, vectors.vectors.dtype
    row = torch.tensor(rows, dtype=torch.long, device=device)
    weight = torch.tensor(values, dtype=dtype, device=device)
    token = vectors.vectors[torch.tensor(ids, dtype=torch.long, device=device)]
    sums = token.new_zeros(count, token.shape[1]).index_add_(0, row, token * weight[:, None])
    total = weight.new_zeros(count).index_add_(0, row, weight)
    return sums / total.clamp(min=torch.finfo(dtype).tiny)[:, None]
