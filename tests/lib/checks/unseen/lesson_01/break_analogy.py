"""Answers to `break_analogy`, written from its card alone."""

from __future__ import annotations

import itertools
import math
import random

import torch
import torch.nn.functional as F


def right_two_cases() -> list:
    """Two cases found by trying: b, c, a come before the answer; lengths differ."""
    return [
        ([[2, -2], [2, 0], [-3, -4], [0, 2], [4, 5]], 1, 3, 4, 2),
        ([[-4, 0], [1, -1], [-3, 5], [-2, 1], [-4, -4]], 3, 4, 2, 0),
    ]


def right_a_case_per_mistake() -> list:
    """The docstring's case and one for each mistake I could think of, as tuples."""
    fair = ([[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 2, 3)
    inputs_win = ([[3, 1], [2, 1], [2, 4], [4, 1]], 0, 1, 2, 3)
    answer_below_zero = ([[2, -3], [-4, 5], [5, -2], [-1, 5]], 1, 0, 2, 3)
    long_inputs = ([[-3, 5], [-2, -3], [-4, 0], [-4, -2], [-3, 1]], 0, 4, 2, 3)
    long_words = ([[0, -3], [1, 1], [2, 5], [5, -4], [-3, 5]], 0, 2, 3, 1)
    needs_a = ([[2, -2], [-4, -4], [2, 1], [0, 3], [3, 5]], 0, 2, 1, 3)
    not_the_product = ([[-2, 5], [5, 4], [3, 3], [5, 0], [3, -4]], 0, 1, 2, 3)
    only_b_wins = ([[-4, 4], [2, -2], [-4, 0], [5, -2]], 0, 2, 1, 3)
    only_c_wins = ([[4, 4], [-3, 3], [-3, -2], [-4, -4]], 0, 2, 1, 3)
    both = right_two_cases()
    return [
        fair,
        inputs_win,
        answer_below_zero,
        long_inputs,
        long_words,
        needs_a,
        not_the_product,
        only_b_wins,
        only_c_wins,
        *both,
    ]


def right_random_with_margin() -> list:
    """300 random cases in plain Python, those with a close second left out."""
    rng = random.Random(7)
    cases = []
    while len(cases) < 300:
        n = rng.randint(4, 7)
        vectors = [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in range(n)]
        if [0, 0] in vectors:
            continue
        a, b, c = rng.sample(range(n), 3)
        unit = [[x / math.hypot(*row) for x in row] for row in vectors]
        target = [y - x + z for x, y, z in zip(unit[a], unit[b], unit[c])]
        scores = [x * target[0] + y * target[1] for x, y in unit]
        ranked = sorted(set(range(n)) - {a, b, c}, key=scores.__getitem__, reverse=True)
        if len(ranked) == 1 or scores[ranked[0]] - scores[ranked[1]] > 0.05:
            cases.append((vectors, a, b, c, ranked[0]))
    return cases


def right_every_question() -> list:
    """One set of six words of different lengths, all ordered triples, by torch."""
    vectors = [[0.5, 0.1], [3.0, 2.0], [-1.0, 4.0], [-0.3, -0.2], [1.0, -6.0], [0.2, 0.7]]
    unit = F.normalize(torch.tensor(vectors, dtype=torch.float64), dim=1)
    cases = []
    for a, b, c in itertools.permutations(range(6), 3):
        scores = unit @ (unit[b] - unit[a] + unit[c])
        scores[[a, b, c]] = -math.inf
        best = scores.topk(2)
        if best.values[0] - best.values[1] > 0.02:
            cases.append((vectors, a, b, c, int(best.indices[0])))
    return cases


def right_angles_as_lists() -> list:
    """Words given by angle and length, each case checked by hand against the angles."""

    def at(degrees: float, length: float) -> list:
        return [
            length * math.cos(math.radians(degrees)),
            length * math.sin(math.radians(degrees)),
        ]

    cases = []
    for turn in (0, 70, 200):
        for step in (40, -40):
            # a at 0, b one step on, c two steps on: the target is b - a + c
            for lengths in ((1, 1, 1, 1, 1, 1), (6, 1, 0.5, 2, 8, 9), (0.3, 5, 1, 1, 7, 0.2)):
                degrees = (0, step, 2 * step, 3 * step, 4 * step, -2 * step)
                rows = [at(turn + d, n) for d, n in zip(degrees, lengths)]
                cases.append((rows, 0, 1, 2, 3))
                cases.append((rows[::-1], 5, 4, 3, 2))
                # a small step forth: the inputs 1, 0, 2 are all nearer than the answer 3
                near = (0, 10 * step / 40, -12 * step / 40, 60 * step / 40, 180)
                rows = [at(turn + d, n) for d, n in zip(near, lengths)]
                cases.append((rows, 0, 1, 2, 3))
                # the only word left looks the other way: its score is below -1
                rows = [at(turn + d, n) for d, n in zip((180, 3, -4, 175), lengths)]
                cases.append((rows, 0, 1, 2, 3))
    return cases + right_two_cases()


def wrong_docstring_case() -> list:
    """The fair case only: a solver that does not scale passes."""
    return [([[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 2, 3)]


def wrong_unit_vectors() -> list:
    """Unit vectors only: every solver that forgets to scale passes."""
    return [
        ([[-0.96, -0.28], [0.6, -0.8], [0.96, 0.28], [0, -1], [-0.96, 0.28]], 3, 4, 0, 2),
        ([[-0.28, 0.96], [0.6, 0.8], [-1, 0], [0.28, 0.96], [-0.6, 0.8]], 2, 4, 0, 3),
    ]


def wrong_no_input_wins() -> list:
    """No input is nearer than the answer: a solver without any exclusion passes."""
    return [
        ([[5, -2], [-1, -1], [-2, 1], [-3, -1], [2, -3]], 4, 0, 3, 2),
        ([[-1, 3], [-1, 2], [-3, -1], [-3, 4], [3, 4]], 2, 3, 1, 0),
        ([[-1, -2], [5, -2], [4, 5], [0, -4], [1, -2]], 1, 3, 2, 0),
    ]


def wrong_only_c_wins() -> list:
    """Of the inputs only c is ever nearer: a solver that excludes c alone passes."""
    return [
        ([[2, 1], [-2, 5], [-2, -4], [3, 3], [5, 0]], 0, 3, 2, 1),
        ([[0, 4], [3, -2], [4, 1], [4, 2], [1, 1]], 1, 3, 2, 4),
    ]


def wrong_backwards_passes() -> list:
    """The answer is also the nearest to a - b + c: a solver with the sign turned passes."""
    return [
        ([[2, -4], [-3, -1], [-3, 5], [-2, 0], [1, 1]], 3, 0, 4, 2),
        ([[2, -4], [-1, 2], [2, 1], [4, -1], [4, 3]], 2, 4, 1, 3),
        ([[1, 3], [4, -4], [4, 0], [-2, -1], [-2, 4]], 1, 0, 4, 3),
    ]


def wrong_dot_product_passes() -> list:
    """Lengths differ, but a solver that does not scale at all finds the same answers."""
    return [
        ([[3, 4], [0, -3], [-1, -1], [3, -1], [-3, -2]], 1, 4, 2, 0),
        ([[-3, -4], [-1, -2], [-1, 3], [-3, 3], [-3, 0]], 0, 1, 4, 3),
    ]


def wrong_zeroed_inputs_pass() -> list:
    """No answer scores below 0: a solver that sets the inputs' scores to 0 passes."""
    return [
        ([[4, 5], [0, 1], [-2, -4], [-3, 5], [-1, 1]], 1, 4, 3, 2),
        ([[-2, 4], [-2, 2], [-4, 2], [-4, -1], [5, 4]], 3, 2, 0, 1),
    ]


def wrong_b_plus_c_passes() -> list:
    """b + c gives the same answers: a solver that forgets a passes."""
    return [
        ([[2, -4], [-3, -1], [-3, 5], [-2, 0], [1, 1]], 3, 0, 4, 2),
        ([[-1, -1], [-4, 2], [5, 4], [5, -4], [5, 2]], 4, 3, 2, 0),
    ]


def wrong_expected_backwards() -> list:
    """A good set, but one expected value computed from a - b + c: right solvers fail."""
    return right_two_cases() + [([[2, 0], [0, 1], [-1, 0], [-1, 5], [-1, -5]], 0, 1, 2, 4)]


def wrong_input_expected() -> list:
    """Expects c, the nearest of all words, in one case: right solvers exclude it."""
    return right_two_cases() + [([[3, 1], [2, 1], [2, 4], [4, 1]], 0, 1, 2, 2)]


def wrong_expected_unscaled() -> list:
    """Expected values computed from the raw vectors."""
    cases = []
    for vectors, a, b, c, _ in right_a_case_per_mistake():
        target = [vectors[b][i] - vectors[a][i] + vectors[c][i] for i in range(2)]
        left = [w for w in range(len(vectors)) if w not in (a, b, c)]
        best = max(left, key=lambda w: sum(x * y for x, y in zip(vectors[w], target)))
        cases.append((vectors, a, b, c, best))
    return cases


def wrong_tie() -> list:
    """A case in which two words have the same direction: right solvers may give either."""
    return right_two_cases() + [([[2, 0], [0, 1], [-1, 0], [-1, 5], [-2, 10]], 0, 1, 2, 4)]


def wrong_no_expected() -> list:
    """Forgets the expected row number."""
    return [case[:4] for case in right_two_cases()]


def wrong_one_bare_case() -> list:
    """A case instead of a list of cases."""
    return ([[2, -2], [2, 0], [-3, -4], [0, 2], [4, 5]], 1, 3, 4, 2)


def wrong_no_return() -> list:
    """Forgets the return."""
    cases = [
        ([[2, -2], [2, 0], [-3, -4], [0, 2], [4, 5]], 1, 3, 4, 2),
        ([[-4, 0], [1, -1], [-3, 5], [-2, 1], [-4, -4]], 3, 4, 2, 0),
    ]
    print(cases)


def wrong_nothing() -> list:
    """No case: every wrong solver passes."""
    return []


def wrong_counts_from_one() -> list:
    """Row numbers from 1, as one counts by hand."""
    return [(v, a + 1, b + 1, c + 1, e + 1) for v, a, b, c, e in right_two_cases()]


def wrong_expected_vector() -> list:
    """Expects the row itself instead of its number."""
    return [(v, a, b, c, v[e]) for v, a, b, c, e in right_two_cases()]


def wrong_zero_vector() -> list:
    """One case has a word of length zero, which solvers may divide by."""
    return right_two_cases() + [([[2, 0], [0, 1], [-1, 0], [-1, 5], [0, 0]], 0, 1, 2, 3)]


def wrong_same_input_twice() -> list:
    """One case has a = c; the card asks for three different row numbers."""
    return right_two_cases() + [([[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 0, 3)]


def wrong_order_of_fields() -> list:
    """(a, b, c, vectors, expected)."""
    return [(a, b, c, v, e) for v, a, b, c, e in right_two_cases()]


def wrong_leftover_raise() -> list:
    """The stub's raise stands above the return."""
    raise NotImplementedError()
    return [([[2, -2], [2, 0], [-3, -4], [0, 2], [4, 5]], 1, 3, 4, 2)]


RIGHT = [
    right_two_cases,
    right_a_case_per_mistake,
    right_random_with_margin,
    right_every_question,
    right_angles_as_lists,
]
WRONG = [
    wrong_docstring_case,
    wrong_unit_vectors,
    wrong_no_input_wins,
    wrong_only_c_wins,
    wrong_backwards_passes,
    wrong_dot_product_passes,
    wrong_zeroed_inputs_pass,
    wrong_b_plus_c_passes,
    wrong_expected_backwards,
    wrong_input_expected,
    wrong_expected_unscaled,
    wrong_tie,
    wrong_no_expected,
    wrong_one_bare_case,
    wrong_no_return,
    wrong_nothing,
    wrong_counts_from_one,
    wrong_expected_vector,
    wrong_zero_vector,
    wrong_same_input_twice,
    wrong_order_of_fields,
    wrong_leftover_raise,
]
