"""What a model forgets while it learns: how well it agrees with people's judgements, before and after.

Fine-tuning moves all vectors, not only those of the texts trained on. Judgements of texts that have
nothing to do with the domain show whether what the model knew about other texts has suffered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lib.judgements import Similarity
from lib.metrics import Interval, percentile_interval, spearman
from lib.pooling import normalize
from lib.search import encode_cached

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["change_of_agreement", "cosines_of_pairs", "draws_of_halves"]


def cosines_of_pairs(model: SentenceTransformer, pairs: Similarity) -> Tensor:
    """Return the cosine of the two texts of each pair, (pairs,). The vectors are kept on disk."""
    texts = list(dict.fromkeys([*pairs.left, *pairs.right]))
    vectors = normalize(encode_cached(model, texts))
    row = {text: place for place, text in enumerate(texts)}
    left, right = (vectors[[row[text] for text in side]] for side in (pairs.left, pairs.right))
    return (left * right).sum(dim=1)


def draws_of_halves(pairs: Similarity, draws: int = 1_000, seed: int = 0) -> Tensor:
    """Return rows of pairs, (draws, pairs within a half): each draw takes half of the texts.

    Pairs that share a text are no separate witnesses: a text that is misjudged spoils all of its
    pairs. So texts are drawn, without replacement, with all pairs among them; a half varies about as
    much as the whole would if it were drawn anew (Politis, Romano and Wolf 1999, Subsampling).
    Raises ValueError if the pairs are not all pairs of some texts, each once.
    """
    texts = list(dict.fromkeys([*pairs.left, *pairs.right]))
    number, row = {text: place for place, text in enumerate(texts)}, {}
    for place, (one, other) in enumerate(zip(pairs.left, pairs.right)):
        row[frozenset((number[one], number[other]))] = place
    if not len(row) == len(pairs) == len(texts) * (len(texts) - 1) // 2 > 0:
        raise ValueError(
            f"draws_of_halves: {len(pairs)} pairs of {len(texts)} texts came; expected every two of "
            "them, once"
        )
    table = torch.zeros(len(texts), len(texts), dtype=torch.long)
    for both, place in row.items():
        a, b = both
        table[a, b] = table[b, a] = place
    generator = torch.Generator().manual_seed(seed)
    half = max(2, len(texts) // 2)
    a, b = torch.triu_indices(half, half, offset=1)
    drawn = torch.rand(draws, len(texts), generator=generator).argsort(dim=1)[:, :half]
    return table[drawn[:, a], drawn[:, b]]


def change_of_agreement(
    before: Tensor, after: Tensor, human: Tensor, draws: Tensor, block: int = 1_000_000
) -> Interval:
    """Return Spearman's correlation with `human` after minus before, with its interval over draws.

    before, after, human: (items,). draws: (draws, n) rows of items: the same for both models, ranked
    anew in each draw; equal values share the mean of their ranks. At most `block` values are ranked
    at a time.
    Raises ValueError for shapes that do not fit.
    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    shapes = [tuple(x.shape) for x in (before, after, human)]
    if len(set(shapes)) > 1 or before.ndim != 1 or draws.ndim != 2:
        raise ValueError(
            f"change_of_agreement: before, after and human are {shapes}, draws {tuple(draws.shape)}; "
            "expected (items,) for each of the three, and (draws, n)"
        )

    def change(rows: Tensor) -> Tensor:
        old, new, people = (x[rows.to(x.device)] for x in (before, after, human))
        return spearman(new, people) - spearman(old, people)

    parts = draws.split(max(1, block // max(1, draws.shape[1])))
    value = float(change(torch.arange(len(human), device=human.device)))
    return percentile_interval(value, torch.cat([change(rows) for rows in parts]))
