"""Lesson 06, a two-stage search: `candidate_passages`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_06._token_vectors import DEFAULT, SMALLER, clear, plain, unit_rows
from lib.checks.values import EXACT

_Index = tuple[Tensor, Tensor, Tensor, Tensor]


def _well_posed(query: Tensor, centroids: Tensor, ids: Tensor, owner: Tensor) -> bool:
    """Whether no two centroids of a query token and no two passages score alike."""
    table = plain(query) @ plain(centroids).T
    scores = _approximate(query, centroids, ids, owner)
    return clear(table) and clear(np.array([scores[row] for row in sorted(scores)]))


def _probe_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    query = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    centroids = torch.tensor([[0.9, -0.1], [0.2, 0.8], [-0.7, 0.4], [0.55, -0.6]])
    ids, owner = torch.tensor([3, 2, 0, 1, 2, 0, 1, 3]), torch.tensor([0, 0, 1, 2, 2, 3, 3, 4])
    index = (query, centroids, ids, owner)
    yield Case((*index, 1, 2), "one probe each, the two best")
    yield Case((*index, 1, 9), "fewer candidates than wanted")
    yield Case((*index, 2, 3), "two probes each")
    yield Case((*index, 2, 1), "the best one")
    yield Case((*index, 4, 9), "every centroid is probed")
    yield Case((*index, 7, 2), "more probes than centroids")
    yield Case((query[:1], centroids, ids[:4], owner[:4], 2, 4), "one query token")
    yield Case((-query, *index[1:], 1, 4), "negative dot products")
    yield Case((query * 30, centroids * 20, ids, owner, 2, 3), "vectors of any length")
    yield Case((query, centroids, ids[3:], owner[3:], 1, 5), "passages whose numbers begin at 2")
    yield Case((query, centroids, ids, owner.flip(0) * 3, 2, 2), "numbers in no order, with gaps")
    apart = torch.tensor([2, 0, 1, 3, 1, 2, 1, 0])
    yield Case((query, centroids, ids, apart, 1, 4), "a passage's tokens stand apart")
    lengths = torch.tensor([[0.3], [2.0], [5.0], [1.5]])
    yield Case((query, centroids * lengths, ids, owner, 1, 4), "centroids of different lengths")
    made = 0
    while made < (10 if hidden else 6):
        i, c, n = (int(x) for x in rng.integers([2, 4, 4], [5, 9, 9]))
        of_passages = rng.permutation(np.concatenate([np.arange(n), rng.integers(n, size=2 * n)]))
        random = (
            unit_rows(rng, i, 4),
            unit_rows(rng, c, 4) * torch.from_numpy(rng.uniform(0.5, 2, size=(c, 1))),
            torch.from_numpy(rng.integers(c, size=len(of_passages))),
            torch.from_numpy(of_passages),
        )
        probes, size = int(rng.integers(1, 4)), int(rng.integers(2, n + 2))
        if not _well_posed(*random) or not len(_by_dictionaries(*random, probes, size)):
            continue
        made += 1
        yield Case((*random, probes, size), f"random {made}")


def _approximate(query: Tensor, centroids: Tensor, ids: Tensor, owner: Tensor) -> dict[int, float]:
    """MaxSim of every passage, each token replaced by its centroid."""
    words: dict[int, list[np.ndarray]] = {}
    for place, passage in zip(ids.tolist(), owner.tolist()):
        words.setdefault(passage, []).append(plain(centroids)[place])
    return {
        passage: sum(max(float(token @ word) for word in rows) for token in plain(query))
        for passage, rows in words.items()
    }


def _by_dictionaries(
    query: Tensor, centroids: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int
) -> np.ndarray:
    """The oracle: lists of passages by centroid, as an inverted index has them."""
    holding: dict[int, set[int]] = {}
    for place, passage in zip(ids.tolist(), owner.tolist()):
        holding.setdefault(place, set()).add(passage)
    found: set[int] = set()
    for token in plain(query):
        similar = [float(token @ row) for row in plain(centroids)]
        for place in sorted(range(len(similar)), key=lambda row: -similar[row])[:probes]:
            found |= holding.get(place, set())
    scores = _approximate(query, centroids, ids, owner)
    return np.array(sorted(found, key=lambda row: -scores[row])[:size], dtype=np.int64)


def _probed(table: Tensor, probes: int) -> Tensor:
    return table.topk(min(probes, table.shape[1]), dim=1).indices.unique()


def _best(table: Tensor, ids: Tensor, owner: Tensor, reduce: str = "amax") -> Tensor:
    """The largest (or another) dot product of each query token with each passage."""
    start = -torch.inf if reduce == "amax" else 0.0
    best = table.new_full((len(table), int(owner.max()) + 1), start)
    places = owner.expand(len(table), -1)
    return best.scatter_reduce(1, places, table[:, ids], reduce, include_self=reduce != "mean")


def _ranked(candidates: Tensor, scores: Tensor, size: int) -> Tensor:
    """The candidates with the best scores, for scores of all passages."""
    return candidates[scores[candidates].topk(min(size, len(candidates))).indices]


def _scored(scores: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable:
    """Right but for scores(dot products with centroids, centroid ids, passages)."""

    def wrong(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
        table = q @ c.T
        candidates = owner[torch.isin(ids, _probed(table, probes))].unique()
        return _ranked(candidates, scores(table, ids, owner), size)

    return wrong


def _right_scores(table: Tensor, ids: Tensor, owner: Tensor) -> Tensor:
    return _best(table, ids, owner).sum(dim=0)


def _found_by(probed: Callable[[Tensor, int], Tensor]) -> Callable:
    """Right but for which centroids are probed."""

    def wrong(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
        table = q @ c.T
        candidates = owner[torch.isin(ids, probed(table, probes))].unique()
        return _ranked(candidates, _right_scores(table, ids, owner), size)

    return wrong


def _for_the_whole_query(table: Tensor, probes: int) -> Tensor:
    return table.sum(dim=0).topk(min(probes, table.shape[1])).indices


def _best_of_all(table: Tensor, probes: int) -> Tensor:
    return table.amax(dim=0).topk(min(probes, table.shape[1])).indices


def _only_probed(
    q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int
) -> Tensor:
    table = q @ c.T
    hit = torch.isin(ids, _probed(table, probes))
    scores = _right_scores(table, ids[hit], owner[hit])
    return _ranked(owner[hit].unique(), scores, size)


def _repeated(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
    table = q @ c.T
    candidates = owner[torch.isin(ids, _probed(table, probes))]
    return _ranked(candidates, _right_scores(table, ids, owner), size)


def _everything(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
    return _ranked(owner.unique(), _right_scores(q @ c.T, ids, owner), size)


def _unordered(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
    return owner[torch.isin(ids, _probed(q @ c.T, probes))].unique()[:size]


def _cut_first(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
    table = q @ c.T
    candidates = owner[torch.isin(ids, _probed(table, probes))].unique()[:size]
    return _ranked(candidates, _right_scores(table, ids, owner), size)


def _cut_as_found(
    q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int
) -> Tensor:
    """The same, with the candidates in the order in which their tokens stand."""
    table = q @ c.T
    found = owner[torch.isin(ids, _probed(table, probes))].tolist()
    candidates = torch.tensor(list(dict.fromkeys(found))[:size], dtype=torch.long)
    return _ranked(candidates, _right_scores(table, ids, owner), size)


def _by_hits(twice: bool, equals: str) -> Callable:
    """Candidates by how many of their tokens are at probed centroids.

    twice: count a token for each query token that probes its centroid. equals: which passage comes first
    where counts are equal, the "smaller" number, the "larger", or what "topk" makes of it.
    """

    def wrong(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
        table = q @ c.T
        probed = table.topk(min(probes, len(c)), dim=1).indices
        times = torch.bincount(probed.flatten(), minlength=len(c))
        hits = (times if twice else times.clamp(max=1))[ids]
        counts = torch.bincount(owner, hits.double()).long()
        candidates = counts.nonzero()[:, 0]
        if equals == "topk":
            return counts.topk(min(size, len(candidates))).indices
        candidates = candidates.flip(0) if equals == "larger" else candidates
        order = counts[candidates].argsort(descending=True, stable=True)
        return candidates[order][:size]

    return wrong


def _places(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
    table = q @ c.T
    candidates = owner[torch.isin(ids, _probed(table, probes))].unique()
    scores = _right_scores(table, ids, owner)[candidates]
    return scores.topk(min(size, len(candidates))).indices


def _neighbours_once(
    q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int
) -> Tensor:
    table = q @ c.T
    candidates = owner[torch.isin(ids, _probed(table, probes))].unique_consecutive()
    return _ranked(candidates, _right_scores(table, ids, owner), size)


def _cosines(q: Tensor, c: Tensor, ids: Tensor, owner: Tensor, probes: int, size: int) -> Tensor:
    return _right(F.normalize(q, dim=1), F.normalize(c, dim=1), ids, owner, probes, size)


def _hits(table: Tensor, ids: Tensor, owner: Tensor) -> Tensor:
    return torch.bincount(owner).to(table)


def _wrong_axis(table: Tensor, ids: Tensor, owner: Tensor) -> Tensor:
    best = table[:, ids].amax(dim=0)
    return best.new_zeros(int(owner.max()) + 1).index_add(0, owner, best)


_right = _scored(_right_scores)

EXERCISE = Exercise(
    "candidate_passages",
    "06",
    _probe_cases,
    _by_dictionaries,
    tolerance=EXACT,
    equivalent={
        "min(probes, len(centroids)) -> min(len(centroids), probes)": SMALLER,
        "similarity.topk(min(probes, len(centroids)), dim=1) -> "
        "similarity.topk(min(probes, len(centroids)))": DEFAULT,
        "int(passage_of.max()) -> passage_of.max()": "a tensor with one whole number will do as a size",
        "int(passage_of.max()) + 1 -> int(passage_of.max()) + 2": "one row more, of no passage",
        "best.sum(dim=0) -> best.mean(dim=0)": "one query has so many tokens, and the order is the same",
        "min(size, len(candidates)) -> min(len(candidates), size)": SMALLER,
    },
    mistakes=[
        Mistake(
            "probes-for-the-whole-query",
            "You add the query tokens' similarities up and probe the best centroids of the sum. Each query "
            "token probes its own: a word that stands alone must find its passages.",
            _found_by(_for_the_whole_query),
            hint=1,
        ),
        Mistake(
            "probes-shared",
            "You probe `probes` centroids in all, those with the largest dot products. Each query token "
            "probes as many: `topk` along dim 1 of (query_tokens, c).",
            _found_by(_best_of_all),
            hint=1,
        ),
        Mistake(
            "first-query-token-only",
            "Only the first query token probes centroids. Every one does.",
            _found_by(lambda table, probes: _probed(table[:1], probes)),
            hint=1,
        ),
        Mistake(
            "farthest-probed",
            "You probe the centroids with the smallest dot products. The best are those with the largest.",
            _found_by(lambda table, probes: _probed(-table, probes)),
        ),
        Mistake(
            "only-probed-tokens",
            "You score candidates by their tokens in probed centroids alone. Once a passage is a candidate, "
            "all of its tokens count.",
            _only_probed,
            hint=2,
        ),
        Mistake(
            "no-candidates",
            "You score every passage, so nothing is saved. Only passages with a token in a probed centroid "
            "are candidates.",
            _everything,
            hint=1,
        ),
        Mistake(
            "not-ordered",
            "You return candidates in the order of their numbers. Score them, and return the best first.",
            _unordered,
            hint=2,
        ),
        Mistake(
            "cut-before-scoring",
            "You cut to `size` before you score; the best may be among those cut. Score all candidates "
            "first.",
            _cut_first,
            hint=2,
            also=[_cut_as_found],
        ),
        Mistake(
            "hits-counted",
            "You count tokens at probed centroids. The score is MaxSim over centroids.",
            _by_hits(False, "smaller"),
            hint=2,
            also=[
                _by_hits(True, "smaller"),
                *(
                    _by_hits(twice, other)
                    for twice in (False, True)
                    for other in ("larger", "topk")
                ),
            ],
        ),
        Mistake(
            "worst-first",
            "You return the candidates that score lowest. The best come first.",
            _scored(lambda table, ids, owner: -_right_scores(table, ids, owner)),
        ),
        Mistake(
            "repeated",
            "A passage comes once for each of its tokens that was found. Take each candidate once: "
            "`unique()`.",
            _repeated,
            hint=3,
        ),
        Mistake(
            "repeated-apart",
            "A passage comes twice where its tokens stand apart: `unique_consecutive` drops neighbours "
            "alone. `passage_of` may come in any order: `unique()`.",
            _neighbours_once,
            hint=3,
        ),
        Mistake(
            "places-among-candidates",
            "You return places among the candidates, not passages. Look them up: `candidates[best]`.",
            _places,
            hint=3,
        ),
        Mistake(
            "size-ignored",
            "You return all candidates. Keep the `size` best.",
            lambda q, c, ids, owner, probes, size: _right(q, c, ids, owner, probes, len(owner)),
        ),
        Mistake(
            "tokens-added-up",
            "You add up the similarities of all tokens, so that long passages win. Take the largest for "
            "each query token, then the sum over the query.",
            _scored(lambda table, ids, owner: _best(table, ids, owner, "sum").sum(dim=0)),
            hint=2,
        ),
        Mistake(
            "best-pair",
            "You score a passage by its one best pair. MaxSim adds up the best of every query token.",
            _scored(lambda table, ids, owner: _best(table, ids, owner).amax(dim=0)),
            hint=2,
        ),
        Mistake(
            "wrong-axis",
            "You take the largest value over the query's tokens and add up over the passage's. Each query "
            "token looks for its best token of the passage.",
            _scored(_wrong_axis),
            hint=2,
        ),
        Mistake(
            "nothing-below-zero",
            "You begin the maximum at 0, so that negative similarities count as 0. Begin at minus infinity.",
            _scored(lambda table, ids, owner: _best(table, ids, owner).clamp(min=0).sum(dim=0)),
            hint=2,
        ),
        Mistake(
            "cosines",
            "You make the vectors' lengths 1 first. The dot products of the vectors as they come are "
            "asked for, to probe and to score.",
            _cosines,
        ),
        Mistake(
            "tokens-counted",
            "You order candidates by how many tokens they have. Score them by MaxSim, with centroids for "
            "tokens.",
            _scored(_hits),
            hint=2,
        ),
    ],
    returns="tensor",
)
