"""Lesson 06, the break-it exercise: a test that tells right MaxSim from wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lib.checks.breakit import BreakIt, Suspect

_Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _read(queries, query_mask, documents, document_mask) -> _Arrays:
    a, b = np.array(queries, dtype=np.float64), np.array(documents, dtype=np.float64)
    m, w = np.array(query_mask) != 0, np.array(document_mask) != 0
    if a.ndim != 3 or b.ndim != 3 or a.shape[2] != b.shape[2]:
        raise ValueError(f"queries {a.shape} and documents {b.shape} do not fit")
    if m.shape != a.shape[:2] or w.shape != b.shape[:2]:
        raise ValueError(f"masks {m.shape} and {w.shape} for {a.shape} and {b.shape}")
    return a, m, b, w


def _scored(pair: Callable) -> Callable:
    """All pairs, each by pair(query, its flags, document, its flags)."""

    def scored(queries, query_mask, documents, document_mask) -> np.ndarray:
        a, m, b, w = _read(queries, query_mask, documents, document_mask)
        return np.array([[pair(q, f, d, g) for d, g in zip(b, w)] for q, f in zip(a, m)])

    return scored


def _of_real(score: Callable) -> Callable:
    """A score of the table of real tokens alone, (real query tokens, real document tokens); 0 if empty."""
    return _scored(lambda q, f, d, g: score(q[f] @ d[g].T) if f.any() else 0.0)


_right = _of_real(lambda table: table.max(axis=1).sum())


def _right_at_once(queries, query_mask, documents, document_mask) -> np.ndarray:
    """Right, written otherwise: one table of all pairs, masked."""
    a, m, b, w = _read(queries, query_mask, documents, document_mask)
    table = np.where(w[None, :, None], np.einsum("qid,njd->qnij", a, b), -np.inf)
    return np.where(m[:, None], table.max(axis=3), 0.0).sum(axis=2)


def _unit(x: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(lengths > 0, lengths, 1)


def _first_query(queries, query_mask, documents, document_mask) -> np.ndarray:
    a, m, b, w = _read(queries, query_mask, documents, document_mask)
    return _right(np.repeat(a[:1], len(a), axis=0), np.repeat(m[:1], len(m), axis=0), b, w)


def _over_all_documents(queries, query_mask, documents, document_mask) -> np.ndarray:
    a, m, b, w = _read(queries, query_mask, documents, document_mask)
    pool = b[w][None]
    best = _right(a, m, pool, np.ones(pool.shape[:2]))
    return np.repeat(best, len(b), axis=1)


def _mean_times_count(q: np.ndarray, f: np.ndarray, d: np.ndarray, g: np.ndarray) -> float:
    """The mean over the query's real tokens, times their number: NaN where there are none."""
    return (q[f] @ d[g].T).max(axis=1).sum() if f.any() else np.nan


def _first_places(q: np.ndarray, f: np.ndarray, d: np.ndarray, g: np.ndarray) -> float:
    """As many tokens from the start as are real: padding is taken to stand at the end."""
    count = int(g.sum())
    return (q[f] @ d[:count].T).max(axis=1).sum() if f.any() else 0.0


def _each_once(table: np.ndarray) -> float:
    """The best of what the query tokens before have left; 0 where nothing is left."""
    total, left = 0.0, list(range(table.shape[1]))
    for row in table:
        if left:
            best = max(left, key=lambda column: row[column])
            total += row[best]
            left.remove(best)
    return total


def _unfair(queries, query_mask, documents, document_mask) -> str | None:
    for mask in (query_mask, document_mask):
        if not np.isin(np.array(mask, dtype=np.float64), (0, 1)).all():
            return "a mask holds 1 for a real token and 0 for padding, and nothing else."
    if not np.array(document_mask, dtype=bool).any(axis=-1).all():
        return "each document has at least one real token."
    return None


def _passes(what: str, then: str) -> str:
    return f"A suspect that {what} passes your test. {then}"


EXERCISE = BreakIt(
    "break_max_sim",
    "06",
    right=[_right, _right_at_once],
    suspects=[
        Suspect(
            "document-mask-ignored",
            _passes(
                "lets a document's padding be the best token",
                "Put a vector at the padding that beats the real ones.",
            ),
            _scored(lambda q, f, d, g: (q[f] @ d.T).max(axis=1).sum()),
            hint=1,
        ),
        Suspect(
            "absolute-values",
            _passes(
                "takes absolute values",
                "Let a token of the opposite direction be larger in size than the best.",
            ),
            _of_real(lambda table: np.abs(table).max(axis=1).sum()),
            hint=3,
        ),
        Suspect(
            "nothing-below-zero",
            _passes(
                "counts a negative maximum as 0",
                "Let the best dot product of a query token be negative.",
            ),
            _of_real(lambda table: table.max(axis=1).clip(min=0).sum()),
            hint=1,
        ),
        Suspect(
            "zeros-for-padding",
            _passes(
                "gives a document's padding the dot product 0",
                "Let all real dot products of a padded document be negative.",
            ),
            _scored(lambda q, f, d, g: np.where(g, q[f] @ d.T, 0.0).max(axis=1).sum()),
            hint=1,
        ),
        Suspect(
            "query-mask-ignored",
            _passes(
                "lets padded query tokens add to the score",
                "Put a vector that is not zero at a query's padding.",
            ),
            _scored(lambda q, f, d, g: (q @ d[g].T).max(axis=1).sum()),
            hint=1,
        ),
        Suspect(
            "padding-at-the-end",
            _passes(
                "counts a document's real tokens and takes so many from the start",
                "Put padding before or between the real tokens.",
            ),
            _scored(_first_places),
            hint=1,
        ),
        Suspect(
            "mean-for-sum",
            _passes(
                "takes the mean over the query's tokens",
                "Give a query with two real tokens or more.",
            ),
            _of_real(lambda table: table.max(axis=1).mean()),
            hint=2,
        ),
        Suspect(
            "wrong-axis",
            _passes(
                "takes the maximum over the query's tokens and adds up over the document's",
                "Give a query and a document of different numbers of tokens.",
            ),
            _of_real(lambda table: table.max(axis=0).sum()),
            hint=2,
        ),
        Suspect(
            "no-maximum",
            _passes(
                "adds up all dot products",
                "Give a document with a second real token that does not match.",
            ),
            _of_real(lambda table: table.sum()),
            hint=2,
        ),
        Suspect(
            "one-best-pair",
            _passes(
                "returns the largest dot product of all pairs",
                "Give a query of two real tokens that both find something.",
            ),
            _of_real(lambda table: table.max()),
            hint=2,
        ),
        Suspect(
            "last-token-only",
            _passes(
                "looks at the last real token of a document alone",
                "Let an earlier token be the best.",
            ),
            _of_real(lambda table: table[:, -1].sum()),
            hint=2,
        ),
        Suspect(
            "each-token-once",
            _passes(
                "gives each document token to one query token at most",
                "Let two query tokens find the same document token.",
            ),
            _of_real(_each_once),
            hint=2,
        ),
        Suspect(
            "cosines",
            _passes(
                "makes all vectors' lengths 1",
                "MaxSim takes dot products: give vectors of other lengths.",
            ),
            lambda q, m, d, w: _right(_unit(np.array(q, float)), m, _unit(np.array(d, float)), w),
            hint=3,
        ),
        Suspect(
            "first-query-for-all",
            _passes(
                "scores every row with the first query",
                "Give two queries with different scores.",
            ),
            _first_query,
            hint=3,
        ),
        Suspect(
            "best-of-all-documents",
            _passes(
                "looks for the best token among all documents of the batch",
                "Give two documents with different scores.",
            ),
            _over_all_documents,
            hint=3,
        ),
        Suspect(
            "transposed",
            _passes(
                "returns documents as rows and queries as columns",
                "The result is (q, n): give two queries, or two documents, in one case.",
            ),
            lambda q, m, d, w: _right(q, m, d, w).T,
            hint=3,
        ),
        Suspect(
            "empty-query",
            _passes(
                "divides by the number of a query's real tokens and multiplies again",
                "Give a query without real tokens: it scores 0.",
            ),
            _scored(_mean_times_count),
            hint=1,
        ),
    ],
    arguments=["queries", "query_mask", "documents", "document_mask"],
    unfair=_unfair,
)
