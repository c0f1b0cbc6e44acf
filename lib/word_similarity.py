"""What word vectors are judged by: people's judgements, other vectors, the frequency of words."""

from __future__ import annotations

import torch
from torch import Tensor

from lib.judgements import Similarity
from lib.metrics import Interval, percentile_interval, spearman
from lib.word_vectors import WordVectors

__all__ = ["correlation", "length_and_frequency", "places_of_neighbours", "shared_neighbours"]

_DRAWS = 1_000


def correlation(judged: Similarity, vectors: WordVectors) -> Interval:
    """Spearman's correlation of cosines with people's judgements, and its 95% bootstrap interval.

    Pairs with a word that has no vector are left out; words are looked up in lower case. The interval
    is over pairs: as many are drawn with repetition, 1,000 times. Raises ValueError for under 3 pairs.
    """
    asked = zip(judged.left, judged.right, judged.scores)
    pairs = [(a.lower(), b.lower(), score) for a, b, score in asked]
    known = [p for p in pairs if p[0] in vectors and p[1] in vectors]
    if len(known) < 3:
        raise ValueError(
            f"correlation: {len(known)} of {len(pairs)} pairs of {judged.name!r} have vectors; "
            "expected 3 or more"
        )
    left = vectors.unit[[vectors.index[a] for a, _, _ in known]]
    right = vectors.unit[[vectors.index[b] for _, b, _ in known]]
    cosines = (left * right).sum(dim=1).cpu()
    scores = torch.tensor([score for _, _, score in known])
    generator = torch.Generator().manual_seed(0)
    draws = torch.randint(len(known), (_DRAWS, len(known)), generator=generator)
    drawn = spearman(cosines[draws], scores[draws])
    return percentile_interval(float(spearman(cosines, scores)), drawn)


def length_and_frequency(vectors: WordVectors) -> float:
    """Spearman's correlation of the length of a word's vector with the word's frequency.

    The words come most frequent first, so their places stand for their frequency.
    """
    lengths = vectors.vectors.norm(dim=1).cpu().double()
    return float(spearman(lengths, -torch.arange(len(lengths), dtype=torch.float64)))


def shared_neighbours(a: WordVectors, b: WordVectors, rows: Tensor, k: int = 10) -> Tensor:
    """The share of a word's k nearest neighbours by cosine that two models have in common.

    rows: (n,) words to ask for, of two models of the same words in the same order. Returns (n,).
    Raises ValueError when the words differ.
    """
    if a.words != b.words:
        raise ValueError(
            f"shared_neighbours: the models have {len(a)} and {len(b)} words, not the same in the "
            "same order; bring the rows of one into the order of the other"
        )
    first, second = (_nearest(v.unit[rows], v.unit, rows, k) for v in (a, b))
    return (first[:, :, None] == second[:, None, :]).any(dim=2).double().mean(dim=1)


def places_of_neighbours(vectors: WordVectors, rows: Tensor, by: str, k: int = 10) -> Tensor:
    """The places in the list of words, 0 for the most frequent, of the k nearest of each of `rows`.

    by: "dot product", in which length counts, or "cosine", in which it does not. Returns (n, k).
    Raises ValueError for another `by`.
    """
    if by not in ("dot product", "cosine"):
        raise ValueError(f"places_of_neighbours: by is {by!r}; expected 'dot product' or 'cosine'")
    corpus = vectors.vectors if by == "dot product" else vectors.unit
    return _nearest(vectors.vectors[rows], corpus, rows, k)


def _nearest(queries: Tensor, corpus: Tensor, own: Tensor, k: int) -> Tensor:
    """The rows of the k largest dot products, without each query's own row."""
    scores = queries @ corpus.T
    scores[torch.arange(len(queries), device=scores.device), own.to(scores.device)] = float("-inf")
    return scores.topk(k, dim=1).indices
