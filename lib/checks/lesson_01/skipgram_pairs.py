"""Lesson 01, what skip-gram learns from: pairs of a centre and a word near it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.canonical import sorted_rows
from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _pairs_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yes = [True] * 5
    yield _sentence([7, 3, 9, 4, 2], [1] * 5, yes, "five words that each see one to a side")
    yield _sentence([7, 3, 9, 4, 2], [1, 2, 3, 1, 2], yes, "a reach of its own for each centre")
    kept = [True, False, True, True, True]
    yield _sentence([7, 3, 9, 4, 2], [1] * 5, kept, "a word dropped by subsampling")
    yield _sentence([7, 3, 9, 4, 2], [1, 3, 2, 1, 3], kept, "a word dropped, reaches differ")
    yield _sentence([5, 8, 5, 8, 5], [3, 2, 3, 1, 3], yes, "words that repeat")
    yield _sentence([6], [3], [True], "one word")
    yield _sentence([6, 2, 1], [2, 4, 1], [False] * 3, "every word dropped")
    for turn in range(12 if hidden else 6):
        length, window = int(rng.integers(2, 24)), int(rng.integers(2, 7))
        tokens = rng.integers(0, 30, length).tolist()
        keep = (rng.random(length) < 0.7).tolist()
        draws = rng.integers(1, window + 1, length).tolist()
        yield _sentence(tokens, draws, keep, f"random {turn}")
    yield _sentence([4, 1, 3], [9, 9, 9], [True] * 3, "a reach wider than the sentence")


def _sentence(tokens: list, draws: list, keep: list, label: str) -> Case:
    args = (torch.tensor(tokens), torch.tensor(draws), torch.tensor(keep, dtype=torch.bool))
    return Case(args, label)


def _pairs_by_loops(tokens, window_draws, keep) -> np.ndarray:
    kept = [(int(t), int(r)) for t, r, k in zip(tokens, window_draws, keep) if k]
    pairs = []
    for i, (centre, reach) in enumerate(kept):
        for j, (context, _) in enumerate(kept):
            if i != j and abs(i - j) <= reach:
                pairs.append((centre, context))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _pairs_with(near=lambda gap, reach: (gap.abs() >= 1) & (gap.abs() <= reach[:, None])):
    """A skip-gram function with another rule for what is near."""

    def pairs(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
        words, reach = tokens[keep], window_draws[keep]
        places = torch.arange(len(words))
        gap = places[None, :] - places[:, None]
        centre, context = near(gap, reach).nonzero(as_tuple=True)
        return torch.stack([words[centre], words[context]], dim=1)

    return pairs


_right = _pairs_with()


def _wrapped_slices(tokens, window_draws, keep):
    """words[i - r : i] and words[i + 1 : i + r + 1]: a start below 0 counts from the end."""
    words, reach = tokens[keep].tolist(), window_draws[keep].tolist()
    pairs = [
        (centre, context)
        for i, (centre, r) in enumerate(zip(words, reach))
        for context in words[i - r : i] + words[i + 1 : i + r + 1]
    ]
    return torch.tensor(pairs, dtype=tokens.dtype).reshape(-1, 2)


def _wrapped_places(tokens, window_draws, keep):
    """words[j] for j from i - r on: a place below 0 counts from the end."""
    words, reach = tokens[keep].tolist(), window_draws[keep].tolist()
    pairs = [
        (centre, words[j])
        for i, (centre, r) in enumerate(zip(words, reach))
        for j in range(i - r, min(i + r + 1, len(words)))
        if j != i and j >= -len(words)
    ]
    return torch.tensor(pairs, dtype=tokens.dtype).reshape(-1, 2)


def _other_words_only(tokens, window_draws, keep):
    pairs = _pairs_with(near=lambda gap, reach: gap.abs() <= reach[:, None])(
        tokens, window_draws, keep
    )
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _full_pairs(tokens, window_draws):
    """Row numbers of centre and context when nothing is dropped."""
    places = torch.arange(len(tokens))
    gap = (places[None, :] - places[:, None]).abs()
    return ((gap >= 1) & (gap <= window_draws[:, None])).nonzero(as_tuple=True)


def _drop_afterwards(tokens, window_draws, keep):
    centre, context = _full_pairs(tokens, window_draws)
    both = keep[centre] & keep[context]
    return torch.stack([tokens[centre[both]], tokens[context[both]]], dim=1)


def _drop_centres_only(tokens, window_draws, keep):
    centre, context = _full_pairs(tokens, window_draws)
    return torch.stack([tokens[centre], tokens[context]], dim=1)[keep[centre]]


def _widest_for_all(gap, reach):
    return (gap != 0) & (gap.abs() <= (int(reach.max()) if len(reach) else 0))


def _draws_not_dropped(tokens, window_draws, keep):
    words = tokens[keep]
    return _right(words, window_draws[: len(words)], keep.new_ones(len(words)))


EXERCISE = Exercise(
    name="skipgram_pairs",
    lesson="01",
    cases=_pairs_cases,
    oracle=_pairs_by_loops,
    tolerance=EXACT,
    canonical=sorted_rows,
    mistakes=[
        Mistake(
            "centre-as-context",
            "A word is its own context in your pairs: distance 0 belongs to the centre itself. "
            "Keep the places at distance 1 and more, or every word learns to predict itself.",
            _pairs_with(near=lambda gap, reach: gap.abs() <= reach[:, None]),
            hint=1,
        ),
        Mistake(
            "window-too-short",
            "Your window is one word too short. A centre with draw 2 sees two words on each side: "
            "distance 2 is included (mind that range and slices leave their end out).",
            _pairs_with(near=lambda gap, reach: (gap != 0) & (gap.abs() < reach[:, None])),
        ),
        Mistake(
            "right-end-left-out",
            "On the right your window is one word too short: `range` and slices leave their end out. A "
            "centre at place i with draw r sees the places from i - r to i + r, both included.",
            _pairs_with(
                near=lambda gap, reach: (
                    (gap != 0) & (gap >= -reach[:, None]) & (gap < reach[:, None])
                )
            ),
        ),
        Mistake(
            "place-below-zero",
            "At the beginning of the sentence something goes wrong: i - r falls below 0, and Python counts "
            "a place below 0 from the end. Begin at `max(0, i - r)`.",
            _wrapped_slices,
            also=[_wrapped_places],
        ),
        Mistake(
            "other-words-only",
            "You leave out every pair of a word with itself. Only the centre's own *place* is no context: "
            "a word that stands in the sentence twice can be its own context. Compare places, not ids.",
            _other_words_only,
            hint=1,
        ),
        Mistake(
            "window-too-long",
            "Your window is one word too long: a centre with draw 2 sees distances 1 and 2, and "
            "not 3.",
            _pairs_with(near=lambda gap, reach: (gap != 0) & (gap.abs() <= reach[:, None] + 1)),
        ),
        Mistake(
            "fixed-window",
            "Every centre reaches equally far. The dynamic window gives each centre its own draw, "
            "which is how near words come to count more than far ones.",
            _pairs_with(near=_widest_for_all),
            hint=3,
        ),
        Mistake(
            "one-side",
            "You only look to the right of the centre. The context is on both sides: compare the "
            "absolute distance with the reach.",
            _pairs_with(near=lambda gap, reach: (gap >= 1) & (gap <= reach[:, None])),
            hint=1,
        ),
        Mistake(
            "reach-of-the-context",
            "Centre and context are swapped: the first column is the centre, and it is the "
            "*centre's* draw that says how far to look. Check on which axis the reach stands.",
            _pairs_with(near=lambda gap, reach: (gap != 0) & (gap.abs() <= reach[None, :])),
            hint=3,
        ),
        Mistake(
            "dropped-afterwards",
            "You build the windows first and drop words afterwards. Subsampling comes first: the "
            "dropped words leave the sentence, their neighbours move together, and the window "
            "reaches further.",
            _drop_afterwards,
            hint=2,
        ),
        Mistake(
            "dropped-as-centre-only",
            "Dropped words still appear as contexts (second column). A dropped word leaves the "
            "sentence altogether.",
            _drop_centres_only,
            hint=2,
        ),
        Mistake(
            "nothing-dropped",
            "`keep` has no effect: no word is dropped. Where `keep` is False the word is gone "
            "before any window is laid.",
            lambda tokens, draws, keep: _right(tokens, draws, torch.ones_like(keep)),
            hint=2,
        ),
        Mistake(
            "draws-out-of-step",
            "You dropped words, but not their draws, so a centre uses the draw of another word. "
            "Index `window_draws` with `keep` as well.",
            _draws_not_dropped,
            hint=2,
        ),
        Mistake(
            "pairs-once",
            "Each pair comes out once. A pair that stands twice in the sentence is two training "
            "examples: how often words meet is exactly what is to be learnt.",
            lambda tokens, draws, keep: torch.unique(_right(tokens, draws, keep), dim=0),
        ),
        Mistake(
            "positions",
            "You return places in the sentence, not word ids. Look the ids up: words[place].",
            lambda tokens, draws, keep: _right(torch.arange(len(tokens)), draws, keep),
            also=[
                lambda tokens, draws, keep: _right(keep.cumsum(0) - 1, draws, keep),
            ],
        ),
    ],
    equivalent={
        "torch.arange(len(words), device=tokens.device) -> torch.arange(len(words))": (
            "the check runs on a CPU"
        ),
    },
    returns="tensor",
)
