"""Lesson 06, late interaction: `max_sim_batch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake, NoLoop
from lib.checks.lesson_06._token_vectors import plain


def _padded(rng: np.random.Generator, texts: int, width: int, dim: int) -> tuple[Tensor, Tensor]:
    """Token vectors and a mask with padding anywhere, as a skipped comma leaves it; not zero there."""
    vectors = rng.normal(size=(texts, width, dim))
    mask = rng.random((texts, width)) < 0.6
    mask[np.arange(texts), rng.integers(width, size=texts)] = True
    vectors[~mask] *= 4
    return torch.from_numpy(vectors), torch.from_numpy(mask.astype(np.int64))


def _batch_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    queries = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    documents = torch.tensor([[[0.8, 0.6], [0.0, 1.0], [0.0, 0.0]]])
    all_two, two_of_three = torch.tensor([[1, 1]]), torch.tensor([[1, 1, 0]])
    yield Case((queries, all_two, documents, two_of_three), "one query, one document")
    yield Case(
        (-queries, all_two, documents.abs() + 0.1, two_of_three),
        "all real dot products below 0",
    )
    yield Case((-queries, all_two, documents, two_of_three), "padding of zeros, products below 0")
    loud = torch.tensor([[[0.8, 0.6], [0.1, 0.9], [2e3, 2e3]]])
    yield Case((queries, all_two, loud, two_of_three), "large numbers at the document's padding")
    million = torch.tensor([[[8e5, 6e5], [1e5, 9e5], [1e6, 1e6]]])
    yield Case(
        (queries * 1e6, all_two, million, two_of_three),
        "a dot product of a million millions at padding",
    )
    yield Case((queries, torch.tensor([[1, 0]]), documents, two_of_three), "a padded query token")
    yield Case((queries, torch.tensor([[0, 1]]), loud, torch.tensor([[0, 1, 0]])), "one real token")
    yield Case(
        (queries, torch.tensor([[0, 0]]), documents, two_of_three), "a query of padding only"
    )
    pair = torch.tensor([[[0.5, -1.0], [2.0, 0.3]], [[-0.7, 0.2], [0.4, 0.4]]])
    three = torch.cat([documents, loud, -documents - 0.2])
    flags = torch.tensor([[1, 1, 1], [1, 0, 0], [0, 1, 1]])
    yield Case((pair, torch.tensor([[1, 1], [1, 0]]), three, flags), "two queries, three documents")
    yield Case(
        (pair.flip(0), torch.tensor([[1, 0], [1, 1]]), three, flags.flip(0)),
        "the query with padding first",
    )
    yield Case((pair, torch.ones(2, 2, dtype=torch.long), three[2:], flags[:1]), "no padding")
    far = torch.tensor([[[-250.0, -200.0], [-300.0, 1.0], [1.0, 1.0]]])
    yield Case((queries * 200 + 100, all_two, far, two_of_three), "real dot products far below 0")
    deep = torch.tensor([[[-1e6, -9e5], [-1.2e6, -8e5], [1e3, 1e3]]])
    yield Case(
        (queries * 1e6, all_two, deep, two_of_three),
        "real dot products of minus a million millions",
    )
    long, wide = (torch.from_numpy(rng.normal(size=(3, n, 2))).transpose(0, 1) for n in (4, 3))
    yield Case(
        (long, torch.ones(4, 3, dtype=torch.long), wide, flags.T),
        "four queries, three documents",
    )
    for turn in range(8 if hidden else 4):
        q, i, n, j, dim = (int(x) for x in rng.integers([1, 2, 2, 3, 2], [4, 5, 5, 7, 5]))
        sides = *_padded(rng, q, i, dim), *_padded(rng, n, j, dim)
        yield Case(sides, f"random {turn}")


def _table_by_loops(
    queries: Tensor, query_mask: Tensor, documents: Tensor, document_mask: Tensor
) -> np.ndarray:
    """The oracle: drop the padding, then score one pair after the other."""
    table = np.zeros((len(queries), len(documents)))
    of_query, of_document = np.asarray(query_mask), np.asarray(document_mask)
    for row, tokens in enumerate(plain(queries)):
        for column, words in enumerate(plain(documents)):
            real = words[of_document[column] != 0]
            table[row, column] = sum(
                max(float(token @ word) for word in real)
                for token, flag in zip(tokens, of_query[row])
                if flag
            )
    return table


def _similar(queries: Tensor, documents: Tensor) -> Tensor:
    """Dot products (q, n, query_tokens, tokens)."""
    return queries[:, None] @ documents[None].transpose(2, 3)


def _filled(value: float) -> Callable:
    """Right but for what is put where a document's token is padding."""

    def scored(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
        table = _similar(q, d).masked_fill(w[None, :, None] == 0, value)
        return (table.amax(dim=3) * m[:, None]).sum(dim=2)

    return scored


_right = _filled(-torch.inf)


def _document_mask_ignored(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    return (_similar(q, d).amax(dim=3) * m[:, None]).sum(dim=2)


def _query_mask_ignored(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    return _right(q, torch.ones_like(m), d, w)


def _masks_ignored(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    return _similar(q, d).amax(dim=3).sum(dim=2)


def _wrong_axis(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    table = _similar(q, d).masked_fill(m[:, None, :, None] == 0, -torch.inf)
    return table.amax(dim=2).masked_fill(w[None] == 0, 0.0).sum(dim=2)


def _mean_of_real(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    return _right(q, m, d, w) / m.sum(dim=1, keepdim=True).clamp(min=1)


def _mean_of_all(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    return _right(q, m, d, w) / m.shape[1]


def _infinite(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    real = (m[:, None, :, None] != 0) & (w[None, :, None] != 0)
    return _similar(q, d).masked_fill(~real, -torch.inf).amax(dim=3).sum(dim=2)


def _no_maximum(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    table = _similar(q, d) * m[:, None, :, None] * w[None, :, None]
    return table.sum(dim=(2, 3))


def _document_filled_with_infinity(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    filled = d.masked_fill(w[:, :, None] == 0, -torch.inf)
    return (_similar(q, filled).amax(dim=3) * m[:, None]).sum(dim=2)


def _less_at_padding(by: float) -> Callable:
    def scored(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
        table = _similar(q, d) + (w[None, :, None].to(q) - 1) * by
        return (table.amax(dim=3) * m[:, None]).sum(dim=2)

    return scored


_billion_taken_off = _less_at_padding(1e9)


def _first_places(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    """As many tokens from the start as are real: padding is taken to stand at the end."""
    return _right(q, _from_the_start(m), d, _from_the_start(w))


def _first_words(q: Tensor, m: Tensor, d: Tensor, w: Tensor) -> Tensor:
    return _right(q, m, d, _from_the_start(w))


def _from_the_start(mask: Tensor) -> Tensor:
    return torch.arange(mask.shape[1]) < mask.sum(dim=1, keepdim=True)


def _many(q: int = 2, i: int = 3, n: int = 2, j: int = 3) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A call with q queries of i tokens and n documents of j."""
    rng = np.random.default_rng(0)
    (a, m), (b, w) = _padded(rng, q, i, 2), _padded(rng, n, j, 2)
    return a.float(), m, b.float(), w


_AT_ONCE = (
    "training calls your function in every step. "
    '`torch.einsum("qid,njd->qnij", queries, documents)` compares all with all.'
)

EXERCISE = Exercise(
    "max_sim_batch",
    "06",
    _batch_cases,
    _table_by_loops,
    mistakes=[
        Mistake(
            "padded-documents-win",
            "The documents' mask has no effect: what stands at padding can be the best token. Set the dot "
            "products with padding to minus infinity before you take the maximum.",
            _document_mask_ignored,
            hint=2,
        ),
        Mistake(
            "padded-queries-add",
            "The queries' mask has no effect: padded query tokens add to the score. Multiply what each "
            "query token finds by its mask before you sum.",
            _query_mask_ignored,
            hint=3,
        ),
        Mistake(
            "masks-ignored",
            "Neither mask has an effect: padding is scored as if it were text. A document's padding must "
            "never be the best token, a query's padding must add nothing.",
            _masks_ignored,
            hint=2,
        ),
        Mistake(
            "zeros-for-padding",
            "You set the dot products with padding to 0. Where all real ones are negative, 0 is the "
            "largest. Use minus infinity.",
            _filled(0.0),
            hint=2,
        ),
        Mistake(
            "minus-one-for-padding",
            "You set the dot products with padding to -1, the least that a cosine can be. Dot products "
            "of other vectors fall below it. Use minus infinity.",
            _filled(-1.0),
            hint=2,
        ),
        Mistake(
            "too-little-for-padding",
            "You fill padding with a number that real dot products can fall below. Minus infinity is "
            "below all of them.",
            _filled(-1e4),
            also=[_filled(-1e6), _filled(-1e9)],
            hint=2,
        ),
        Mistake(
            "large-number-taken-off",
            "You subtract a large number at padding; a dot product that is larger still wins. "
            "`masked_fill` with minus infinity replaces it.",
            _billion_taken_off,
            also=[_less_at_padding(1e4), _less_at_padding(1e6)],
            hint=2,
        ),
        Mistake(
            "padding-at-the-end",
            "You count the real tokens and take so many from the start. Real tokens may stand anywhere, "
            "not only in front.",
            _first_places,
            hint=2,
            also=[_first_words],
        ),
        Mistake(
            "documents-filled-with-infinity",
            "You put minus infinity into the vectors of padded tokens. Times a negative number that is "
            "plus infinity, times 0 it is NaN. Fill the dot products, not the vectors.",
            _document_filled_with_infinity,
            hint=2,
        ),
        Mistake(
            "infinity-for-query-padding",
            "You set padded query tokens to minus infinity as well, so that the whole sum is minus "
            "infinity. They add nothing: multiply by the mask after the maximum.",
            _infinite,
            hint=3,
        ),
        Mistake(
            "wrong-axis",
            "You take the largest value over the query's tokens and add up over the document's. Each "
            "*query* token looks for its best document token: the maximum is over the document's tokens.",
            _wrong_axis,
            hint=1,
        ),
        Mistake(
            "mean-for-sum",
            "You divide by the number of real query tokens. MaxSim is a sum, not a mean.",
            _mean_of_real,
        ),
        Mistake(
            "mean-over-padded-length",
            "You average over all places of the query, padding included, so that the score depends on how "
            "far a batch is padded. MaxSim is a sum.",
            _mean_of_all,
            hint=3,
        ),
        Mistake(
            "no-maximum",
            "You add up the dot products of all real pairs. Take the maximum over the document's tokens "
            "first, then sum over the query's.",
            _no_maximum,
            hint=1,
        ),
        Mistake(
            "transposed",
            "You return documents as rows and queries as columns. The result is (q, n), a row for each "
            "query.",
            lambda q, m, d, w: _right(q, m, d, w).T,
            hint=1,
        ),
        Mistake(
            "cosines",
            "You make the vectors' lengths 1 first. The dot products of the vectors as they come are "
            "asked for.",
            lambda q, m, d, w: _right(F.normalize(q, dim=2), m, F.normalize(d, dim=2), w),
        ),
        Mistake(
            "nothing-below-zero",
            "You count a negative maximum as 0. A query token whose best dot product is negative adds that "
            "negative number.",
            lambda q, m, d, w: (
                _similar(q, d)
                .masked_fill(w[None, :, None] == 0, -torch.inf)
                .amax(dim=3)
                .clamp(min=0)
                * m[:, None]
            ).sum(dim=2),
        ),
    ],
    returns="tensor",
    gradients=(0, 2),
    no_loops=[
        NoLoop("queries", lambda many: _many(q=many), _AT_ONCE),
        NoLoop("documents", lambda many: _many(n=many), _AT_ONCE),
        NoLoop("tokens of the query", lambda many: _many(i=many), _AT_ONCE),
        NoLoop("tokens of the document", lambda many: _many(j=many), _AT_ONCE),
    ],
)
