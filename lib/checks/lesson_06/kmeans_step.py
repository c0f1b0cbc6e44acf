"""Lesson 06, fewer bytes a token: `kmeans_step`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake, NoLoop
from lib.checks.lesson_06._token_vectors import DEFAULT, clear, plain, unit_rows


def _well_posed(tokens: Tensor, centroids: Tensor) -> bool:
    """Whether each token has one nearest centroid, and no centroid's tokens cancel out."""
    table = plain(tokens) @ plain(centroids).T
    if not clear(table):
        return False
    nearest = table.argmax(axis=1)
    sums = [plain(tokens)[nearest == j].sum(axis=0) for j in set(nearest.tolist())]
    return all(np.linalg.norm(total) > 0.2 for total in sums)


def _step_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    tokens = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-0.6, 0.8]])
    centroids = torch.tensor([[0.8, -0.6], [0.0, 1.0]])
    yield Case((tokens, centroids), "two centroids, four tokens")
    unused = torch.tensor([[0.8, -0.6], [-0.6, -0.8], [0.0, 1.0]])
    yield Case((tokens, unused), "a centroid without tokens")
    yield Case((tokens[:1], centroids), "one token")
    yield Case((tokens, centroids[1:]), "one centroid")
    yield Case((-tokens, centroids), "no dot product above 0")
    yield Case(
        (torch.cat([tokens, tokens[:1], tokens[:1]]), centroids), "a token that comes thrice"
    )
    yield Case((tokens, -centroids.flip(0)), "centroids that move far")
    yield Case((tokens[:0], centroids), "no token at all")
    made = 0
    while made < (8 if hidden else 4):
        n, c, dim = (int(x) for x in rng.integers([6, 2, 3], [30, 7, 6]))
        rows, means = unit_rows(rng, n, dim), unit_rows(rng, c, dim)
        if not _well_posed(rows, means):
            continue
        made += 1
        yield Case((rows, means), f"random {made}")
        if made == 1:
            yield Case((rows.T.contiguous().T, means), "random 1, stored column by column")


def _step_by_loops(tokens: Tensor, centroids: Tensor) -> np.ndarray:
    means = centroids.double().tolist()
    sums: list[list[float] | None] = [None] * len(means)
    for row in tokens.double().tolist():
        scores = [sum(x * y for x, y in zip(row, mean)) for mean in means]
        j = scores.index(max(scores))
        sums[j] = [x + y for x, y in zip(sums[j] or [0.0] * len(row), row)]
    moved = []
    for mean, total in zip(means, sums):
        length = sum(x * x for x in total) ** 0.5 if total is not None else 1.0
        moved.append([x / length for x in (mean if total is None else total)])
    return np.array(moved)


def _sums(tokens: Tensor, centroids: Tensor, nearest: Tensor) -> tuple[Tensor, Tensor]:
    """Each centroid's tokens added up (c, dim), and how many they are (c, 1)."""
    chosen = F.one_hot(nearest, len(centroids)).to(tokens)
    return chosen.T @ tokens, chosen.sum(dim=0)[:, None]


def _moving(move: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable:
    """One round in which move(centroids, sums, counts) gives the new centroids."""

    def wrong(tokens: Tensor, centroids: Tensor) -> Tensor:
        nearest = (tokens @ centroids.T).argmax(dim=1)
        return move(centroids, *_sums(tokens, centroids, nearest))

    return wrong


def _kept(centroids: Tensor, sums: Tensor, counts: Tensor) -> Tensor:
    return torch.where(counts > 0, F.normalize(sums, dim=1), centroids)


_right = _moving(_kept)


def _farthest(tokens: Tensor, centroids: Tensor) -> Tensor:
    nearest = (tokens @ centroids.T).argmin(dim=1)
    return _kept(centroids, *_sums(tokens, centroids, nearest))


def _last_token(tokens: Tensor, centroids: Tensor) -> Tensor:
    moved = centroids.clone()
    for token, j in zip(tokens, (tokens @ centroids.T).argmax(dim=1)):
        moved[j] = token
    return moved


def _last_token_added(tokens: Tensor, centroids: Tensor) -> Tensor:
    """What `new[nearest] += tokens` does to a copy of the centroids, normalised."""
    moved = centroids.clone()
    for token, j in zip(tokens, (tokens @ centroids.T).argmax(dim=1)):
        moved[j] = centroids[j] + token
    return F.normalize(moved, dim=1)


def _best_token(tokens: Tensor, centroids: Tensor) -> Tensor:
    return tokens[(tokens @ centroids.T).argmax(dim=0)]


def _all_shared(tokens: Tensor, centroids: Tensor) -> Tensor:
    weights = (tokens @ centroids.T).softmax(dim=1)
    return F.normalize(weights.T @ tokens, dim=1)


def _unused_dropped(centroids: Tensor, sums: Tensor, counts: Tensor) -> Tensor:
    return F.normalize(sums, dim=1)[counts[:, 0] > 0]


def _many(tokens: int) -> tuple[Tensor, Tensor]:
    """A call with so many tokens, all of them near one of three centroids."""
    axes = torch.eye(3)
    return axes.repeat(tokens // 3 + 1, 1)[:tokens], F.normalize(axes + 0.1, dim=1)


EXERCISE = Exercise(
    "kmeans_step",
    "06",
    _step_cases,
    _step_by_loops,
    equivalent={"F.normalize(sums, dim=1) -> F.normalize(sums)": DEFAULT},
    mistakes=[
        Mistake(
            "not-normalised",
            "You return means as they are: the mean of unit vectors is shorter than 1. Give each new "
            "centroid length 1.",
            _moving(lambda c, s, k: torch.where(k > 0, s / k.clamp(min=1), c)),
            hint=2,
        ),
        Mistake(
            "sums",
            "You return the sum of each centroid's tokens. Give each new centroid length 1.",
            _moving(lambda c, s, k: torch.where(k > 0, s, c)),
            hint=2,
        ),
        Mistake(
            "zeros-for-unused",
            "A centroid without tokens becomes zeros, and no token finds it any more. It stays as it is.",
            _moving(lambda c, s, k: F.normalize(s, dim=1)),
            hint=3,
        ),
        Mistake(
            "nan-for-unused",
            "A centroid without tokens becomes NaN, the mean of nothing, 0 / 0. It stays as it is.",
            _moving(lambda c, s, k: F.normalize(s / k, dim=1)),
            hint=3,
        ),
        Mistake(
            "unused-dropped",
            "A centroid without tokens is left out, so that all behind it get another number. It stays as "
            "it is, at its place.",
            _moving(_unused_dropped),
            hint=3,
        ),
        Mistake(
            "old-centroid-counted",
            "The old centroid is added to its tokens. The sum begins at zeros: `torch.zeros_like(centroids)`.",
            _moving(lambda c, s, k: F.normalize(c + s, dim=1)),
            hint=1,
        ),
        Mistake(
            "halfway",
            "You move each centroid only halfway, to the mean of old and new. It becomes the normalised "
            "mean of its tokens alone.",
            _moving(
                lambda c, s, k: torch.where(k > 0, F.normalize(c + F.normalize(s, dim=1), dim=1), c)
            ),
        ),
        Mistake(
            "last-token",
            "Each centroid becomes the last of its tokens: `moved[nearest] = tokens` overwrites, and `+=` "
            "in its place keeps one token of each centroid as well. Use `index_add`.",
            _last_token,
            hint=1,
        ),
        Mistake(
            "one-token-added-to-the-old",
            "Two things: `new[nearest] += tokens` keeps only one of the tokens with the same centroid, and "
            "`new` begins with the old centroids, which are counted in. Begin with "
            "`torch.zeros_like(centroids)` and use `index_add`.",
            _last_token_added,
            hint=1,
        ),
        Mistake(
            "token-for-each-centroid",
            "You look for the best token of each centroid. The other way round: each *token* goes to its "
            "nearest centroid, the largest along dim 1 of (n, c).",
            _best_token,
            hint=1,
        ),
        Mistake(
            "farthest",
            "Each token goes to the centroid with the smallest dot product, which is the farthest. Take "
            "the largest.",
            _farthest,
        ),
        Mistake(
            "shared",
            "Every token counts a little for every centroid. In k-means it goes to the nearest alone.",
            _all_shared,
        ),
        Mistake(
            "normalised-along-dim-0",
            "You give the columns length 1. A centroid is a row: normalise along dim 1.",
            _moving(lambda c, s, k: torch.where(k > 0, F.normalize(s, dim=0), c)),
            hint=2,
        ),
        Mistake(
            "two-rounds",
            "You go two rounds. One is asked for; the lesson calls your function as often as it needs.",
            lambda tokens, centroids: _right(tokens, _right(tokens, centroids)),
        ),
    ],
    returns="tensor",
    no_loops=[
        NoLoop(
            "tokens",
            _many,
            "the lesson has 30,000 and eight rounds. `tokens @ centroids.T` compares all at once, "
            "`index_add` adds all at once.",
        )
    ],
)
