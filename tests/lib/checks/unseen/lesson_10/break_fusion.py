"""Answers to `break_fusion`, written from its card alone."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction


def _ranks(rankings: list[list[str]]) -> dict[str, list[int]]:
    """The ranks of each passage, in the order of reading."""
    ranks: dict[str, list[int]] = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            ranks.setdefault(name, []).append(rank)
    return ranks


def _fused(rankings: list[list[str]], k: float) -> list[str]:
    """By the card, exactly."""
    scores = {n: sum(1 / (Fraction(k) + r) for r in got) for n, got in _ranks(rankings).items()}
    return sorted(scores, key=lambda name: -scores[name])


def _allowed(rankings: list[list[str]], k: float) -> bool:
    """Whether all equal scores are of the kind that the card allows, and none is nearly equal."""
    ranks = _ranks(rankings)
    for a, b in itertools.combinations(ranks, 2):
        mine, other = (sum(1 / (Fraction(k) + r) for r in ranks[name]) for name in (a, b))
        same = sorted(ranks[a]) == sorted(ranks[b]) and len(ranks[a]) <= 2
        if abs(mine - other) < Fraction(1, 10**9) and not same:
            return False
    return True


def right_by_hand() -> list:
    """A case for each mistake that comes to mind; all worked out by hand."""
    return [
        ([], 60, []),
        ([[]], 60, []),
        ([["a"]], 60, ["a"]),
        ([["c", "a", "b"]], 0, ["c", "a", "b"]),
        ([["b"], ["a"]], 60, ["b", "a"]),
        ([["a"], ["b"]], 60, ["a", "b"]),
        ([["b", "c"], ["a", "d"]], 1, ["b", "a", "c", "d"]),
        ([["z", "x"], ["y"], ["x"], ["w", "y"]], 60, ["x", "y", "z", "w"]),
        ([["y"], ["z", "x"], ["x"], ["w", "y"]], 60, ["y", "x", "z", "w"]),
        ([["a", "b"], ["b", "c"]], 60, ["b", "a", "c"]),
        # a once at rank 1; b twice at rank 3: 1 > 2/3 at k = 0, 1/61 < 2/63 at k = 60
        ([["a", "x", "b"], ["y", "z", "b"]], 0, ["a", "y", "b", "x", "z"]),
        ([["a", "x", "b"], ["y", "z", "b"]], 60, ["b", "a", "y", "x", "z"]),
        # at k = 0.5: 1/1.5 = 0.667 < 2/2.5 = 0.8; at k = 0.5 rank 1 > twice rank 3 (0.571)
        ([["a", "b"], ["c", "b"]], 0.5, ["b", "a", "c"]),
        ([["a", "x", "b"], ["y", "z", "b"]], 0.5, ["a", "y", "b", "x", "z"]),
        # at k = 2: 1/3 < 2/5; at k = 1.5: 0.4 < 0.444; at k = 0.9: 0.526 > 0.513
        ([["a", "x", "b"], ["y", "z", "b"]], 1.5, ["b", "a", "y", "x", "z"]),
        ([["a", "x", "b"], ["y", "z", "b"]], 0.9, ["a", "y", "b", "x", "z"]),
        ([["a", "x", "b"], [], ["y", "z", "b"]], 2, ["b", "a", "y", "x", "z"]),
        ([[], ["a", "b"], ["b"]], 60, ["b", "a"]),
        ([["a", "b", "c", "d"], ["d"]], 60, ["d", "a", "b", "c"]),
        ([["d"], ["a", "b", "c", "d"]], 60, ["d", "a", "b", "c"]),
        ([["a", "b"], ["a", "c"], ["d", "b"], ["e", "b"]], 60, ["b", "a", "d", "e", "c"]),
        ([["e"], ["d", "c"], ["b", "a", "c"], ["c"]], 0, ["c", "e", "d", "b", "a"]),
    ] + _from_inputs(
        [
            [["p", "q", "r"], ["q", "r", "p"], ["r", "s"]],
            [["b", "a"], ["a"], ["c", "d", "b"]],
            [["m", "n", "o", "p"], ["p", "o"], ["o", "q", "m"], [], ["n"]],
            [list("jihgfedcba"), list("acegi"), list("bdfhj")],
            [list("abcdefghijklmnopqrstuvwxyz"), list("zyx"), ["q"]],
            [[f"p{i}" for i in range(150)], [f"p{i}" for i in range(140, 100, -1)]],
        ]
    )


def _from_inputs(inputs: list[list[list[str]]]) -> list:
    """The inputs at several k, where the card allows them."""
    return [
        (rankings, k, _fused(rankings, k))
        for rankings in inputs
        for k in (0, 0.5, 1, 3, 10, 60, 60.0, 200)
        if _allowed(rankings, k)
    ]


def right_random() -> list:
    """Random rankings of one to eight passages, one to five of them; some are empty."""
    rng = random.Random(11)
    cases = []
    while len(cases) < 1500:
        names = [rng.choice("abcxyz") + str(n) for n in range(8)]
        rankings = [
            rng.sample(names, rng.randint(0, rng.choice([2, 8]))) for _ in range(rng.randint(0, 5))
        ]
        k = rng.choice([0, 0, 1, 0.5, 2.5, 7, 60, 60, 100])
        if _allowed(rankings, k):
            cases.append((rankings, k, _fused(rankings, k)))
    return cases


def right_small_ones() -> list:
    """All of up to three rankings from a handful, as lists in place of tuples."""
    few = [[], ["b"], ["a", "c"], ["c", "b", "a"], ["d", "a"], ["e", "f", "a", "b"]]
    cases = []
    for count in range(5):
        for rankings in itertools.product(few, repeat=count):
            k = (0, 1.5, 60)[len(cases) % 3]
            if _allowed(list(rankings), k) and len(cases) < 1900:
                case = [[list(r) for r in rankings], k, _fused(list(rankings), k)]
                cases.append(case)
    return cases + _from_inputs(
        [
            [["z", "x"], ["y"], ["x"], ["w", "y"]],
            [[f"n{i}" for i in range(80)], ["n70", "n3"]],
            [["z", "k", "a", "b"], ["b", "y"], ["o"]],
            [["b", "c"], ["a", "d"]],
        ]
    )


def right_longer_rankings() -> list:
    """A few hundred cases of up to 100 passages, and pairs of equal ones made on purpose."""
    rng = random.Random(5)
    cases = [([], 60, []), ([[], []], 0, [])]
    for n in range(600):
        size = rng.choice([3, 5, 12, 100]) if n % 20 == 0 else rng.choice([2, 3, 5])
        names = [f"{rng.randrange(1000)}-{i}" for i in range(size)]
        rankings = [rng.sample(names, rng.randint(0, size)) for _ in range(rng.randint(1, 4))]
        if n % 3 == 0:  # two that change places: equal ranks in two rankings
            first = rng.sample(names, size)
            second = first[:]
            second[0], second[1] = second[1], second[0]
            rankings = [first, second]
        if n % 3 == 1:  # other passages in each ranking: equal ranks in one
            rankings = [[f"{name}/{rng.randrange(9)}{i}" for name in names] for i in range(2)]
        k = rng.choice([0, 0.25, 1, 2, 5, 60, 61])
        if _allowed(rankings, k):
            cases.append((rankings, k, _fused(rankings, k)))
    return cases + right_random()[:600]


def wrong_only_the_example() -> list:
    """The example of the docstring alone."""
    return [([["a", "b"], ["b", "c"]], 60, ["b", "a", "c"])]


def wrong_always_60() -> list:
    """k is always 60: who ignores k passes."""
    return [case for case in right_random() if case[1] == 60]


def wrong_always_0() -> list:
    """k is always 0: who forgets it passes."""
    return [case for case in right_random() if case[1] == 0]


def wrong_weak_by_hand() -> list:
    """k is 60 or 100, where no small difference in the ranks shows: ranks from 0 pass."""
    return [
        ([["a", "b"], ["b", "c"]], 60, ["b", "a", "c"]),
        ([["a", "b"], ["b", "c"]], 100, ["b", "a", "c"]),
        ([["x"], ["y"]], 100, ["x", "y"]),
        ([[], ["a"]], 60, ["a"]),
        ([], 60, []),
    ]


def wrong_one_ranking() -> list:
    """One ranking each time: nothing is added up."""
    return [([list(names)], k, list(names)) for names in ("", "a", "cab", "zyx") for k in (0, 60)]


def wrong_no_shared_passage() -> list:
    """No passage in two rankings: nothing is added up."""
    return [([["b", "c"], ["a", "d"]], k, ["b", "a", "c", "d"]) for k in (0, 0.5, 1, 60)] + [
        ([["x"], [], ["y", "z"]], 60, ["x", "y", "z"]),
        ([], 60, []),
    ]


def wrong_two_rankings() -> list:
    """At most two rankings: a third one may be ignored."""
    return [case for case in right_random() if len(case[0]) <= 2]


def wrong_no_ties() -> list:
    """No equal scores: any order of them passes."""
    return [
        case
        for case in right_random()
        if len({tuple(sorted(r)) for r in _ranks(case[0]).values()}) == len(_ranks(case[0]))
    ]


def wrong_alphabetical() -> list:
    """Equal ones always stand in alphabetical order: who sorts them by id passes."""

    def by_id(case: tuple) -> bool:
        ranks = _ranks(case[0])
        return case[2] == sorted(
            ranks, key=lambda n: (-sum(1 / (Fraction(case[1]) + r) for r in ranks[n]), n)
        )

    return [case for case in right_random() if by_id(case)]


def wrong_complete_rankings() -> list:
    """Each ranking holds all passages: those that only one of them holds are never asked for."""
    rng = random.Random(3)
    cases = []
    while len(cases) < 200:
        rankings = [rng.sample("abcdef", 6) for _ in range(rng.randint(1, 3))]
        k = rng.choice([0, 1, 60])
        if _allowed(rankings, k):
            cases.append((rankings, k, _fused(rankings, k)))
    return cases


def wrong_never_empty() -> list:
    """No case without a passage: who raises on an empty list passes."""
    return [case for case in right_random() if case[0] and all(case[0])]


def wrong_expects_alphabet() -> list:
    """A false expectation: equal ones by their id."""
    return [*right_by_hand(), ([["d"], ["c"]], 60, ["c", "d"])]


def wrong_expects_ranks_from_0() -> list:
    """A false expectation: with ranks from 0, rank 1 once is more than rank 3 twice at k = 1.5."""
    return [*right_by_hand(), ([["a", "x", "b"], ["y", "z", "b"]], 1.5, ["a", "y", "b", "x", "z"])]


def wrong_expects_shared_only() -> list:
    """A false expectation: passages of one ranking are left out."""
    return [*right_by_hand(), ([["a", "b"], ["b", "c"]], 60, ["b"])]


def wrong_expects_worst_first() -> list:
    """False expectations: all upside down."""
    return [(rankings, k, fused[::-1]) for rankings, k, fused in right_by_hand()]


def wrong_ties_by_rounding() -> list:
    """Equal scores of different ranks: rank 1 once and rank 2 twice at k = 0, which the card rules out."""
    return [*right_by_hand(), ([["a", "b"], ["c", "b"]], 0, ["a", "b", "c"])]


def wrong_ties_of_three() -> list:
    """Equal scores from three ranks each, added in another order; the card allows two."""
    rankings = [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]]
    return [*right_by_hand(), (rankings, 60, ["a", "b", "c"])]


def wrong_id_twice() -> list:
    """A ranking names an id twice."""
    return [*right_by_hand(), ([["a", "b", "a"]], 60, ["a", "b"])]


def wrong_negative_k() -> list:
    """k below 0."""
    return [*right_by_hand(), ([["a", "b"]], -0.5, ["a", "b"])]


def wrong_k_as_text() -> list:
    """k as a string."""
    return [(rankings, str(k), fused) for rankings, k, fused in right_by_hand()]


def wrong_expects_scores() -> list:
    """Pairs of id and score in place of ids."""
    return [
        (rankings, k, [(name, 1 / (k + i)) for i, name in enumerate(fused, 1)])
        for rankings, k, fused in right_by_hand()
    ]


def wrong_order_of_parts() -> list:
    """(k, rankings, expected)."""
    return [(k, rankings, fused) for rankings, k, fused in right_by_hand()]


def wrong_no_k() -> list:
    """(rankings, expected)."""
    return [(rankings, fused) for rankings, _, fused in right_by_hand()]


def wrong_flat_rankings() -> list:
    """One list of ids in place of a list of rankings."""
    return [(["a", "b"], 60, ["a", "b"]), (["c", "a"], 0, ["c", "a"])]


def wrong_too_many() -> list:
    """More than 2,000 cases."""
    return right_random() * 2


def wrong_one_case() -> list:
    """A case, not a list of cases."""
    return ([["a", "b"], ["b", "c"]], 60, ["b", "a", "c"])


def wrong_no_cases() -> list:
    """An empty list."""
    return []


def wrong_no_return() -> list:
    """Makes cases and does not return them."""
    cases = right_by_hand()
    cases.append(([["a"]], 1, ["a"]))


RIGHT = [
    right_by_hand,
    right_random,
    right_small_ones,
    right_longer_rankings,
]
WRONG = [
    wrong_only_the_example,
    wrong_always_60,
    wrong_always_0,
    wrong_weak_by_hand,
    wrong_one_ranking,
    wrong_no_shared_passage,
    wrong_two_rankings,
    wrong_no_ties,
    wrong_alphabetical,
    wrong_complete_rankings,
    wrong_never_empty,
    wrong_expects_alphabet,
    wrong_expects_ranks_from_0,
    wrong_expects_shared_only,
    wrong_expects_worst_first,
    wrong_ties_by_rounding,
    wrong_ties_of_three,
    wrong_id_twice,
    wrong_negative_k,
    wrong_k_as_text,
    wrong_expects_scores,
    wrong_order_of_parts,
    wrong_no_k,
    wrong_flat_rankings,
    wrong_too_many,
    wrong_one_case,
    wrong_no_cases,
    wrong_no_return,
]
