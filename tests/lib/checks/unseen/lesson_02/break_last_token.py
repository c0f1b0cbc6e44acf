"""Answers to `break_last_token`, written from its card alone."""

from __future__ import annotations

import itertools
import random

import torch


def right_by_hand() -> list:
    """Nine small cases by hand, each for one mistake."""
    return [
        # the lesson's example and its mirror image
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [[3, 2]]),
        ([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]], [[3, 2]]),
        # rows of unlike length, right and left
        (
            [[[1, 2], [3, 4], [5, 6], [7, 8]], [[-1, 2], [8, 8], [9, 9], [7, 7]]],
            [[1, 1, 1, 0], [1, 0, 0, 0]],
            [[5, 6], [-1, 2]],
        ),
        (
            [[[8, 8], [1, 2], [3, 4], [-5, 6]], [[7, 7], [9, 9], [8, 8], [0.5, -2]]],
            [[0, 1, 1, 1], [0, 0, 0, 1]],
            [[-5, 6], [0.5, -2]],
        ),
        # no padding
        ([[[5, 1], [2, -3]], [[4, 4], [1, 7]]], [[1, 1], [1, 1]], [[2, -3], [1, 7]]),
        # an empty row between others, whose padding is not zero, on both sides
        (
            [[[1, 2], [3, 4]], [[6, 6], [5, 5]], [[2, 2], [9, 9]]],
            [[1, 1], [0, 0], [1, 0]],
            [[3, 4], [0, 0], [2, 2]],
        ),
        (
            [[[2, 2], [1, 0]], [[6, 6], [5, 5]], [[9, 9], [3, 4]]],
            [[1, 1], [0, 0], [0, 1]],
            [[1, 0], [0, 0], [3, 4]],
        ),
        # the last real token is a vector of zeros, and one number a token
        ([[[1, 2], [0, 0], [3, 3]]], [[1, 1, 0]], [[0, 0]]),
        ([[[7]]], [[1]], [[7]]),
    ]


def right_loop_reference() -> list:
    """Random texts and lengths; a plain loop works out what to expect."""
    random.seed(2)
    cases = []
    for number in range(40):
        batch, length, dim = random.randint(1, 4), random.randint(1, 6), random.randint(1, 3)
        tokens, masks, expected = [], [], []
        for _ in range(batch):
            row = [[random.randint(-9, 9) for _ in range(dim)] for _ in range(length)]
            count = random.randint(0, length)
            mask = [1] * count + [0] * (length - count)
            if number % 2:
                mask.reverse()
            real = [vector for vector, flag in zip(row, mask) if flag]
            tokens.append(row)
            masks.append(mask)
            expected.append(real[-1] if real else [0] * dim)
        cases.append((tokens, masks, expected))
    zero_last = ([[[4, 4], [1, 2], [0, 0]]], [[1, 1, 1]], [[0, 0]])
    return cases + [zero_last]


def right_all_masks() -> list:
    """Every allowed pair of masks of up to four positions, one side a case."""
    cases = []
    for length in range(1, 5):
        for left in (False, True):
            for counts in itertools.product(range(length + 1), repeat=2):
                tokens = [
                    [[10 * row + place + 1, -place - 1.5] for place in range(length)]
                    for row in range(2)
                ]
                masks, expected = [], []
                for row, count in enumerate(counts):
                    flags = [1] * count + [0] * (length - count)
                    masks.append(flags[::-1] if left else flags)
                    last = length - 1 if left else count - 1
                    expected.append(tokens[row][last] if count else [0, 0])
                cases.append((tokens, masks, expected))
    cases.append(([[[3, 1], [0, 0], [5, 5]]], [[1, 1, 0]], [[0, 0]]))
    cases.append(([[[6], [2], [8]]], [[1, 1, 0]], [[2]]))
    return cases


def right_two_big_cases() -> list:
    """Two batches, one padded right, one left, with all lengths from 0 to 5."""
    cases = []
    for left in (False, True):
        tokens = [[[b + 0.5, 7 * t - 10, t * b - 6] for t in range(5)] for b in range(6)]
        tokens[3][2] = tokens[3][4] = [0, 0, 0]
        mask, expected = [], []
        for b in range(6):
            mask.append([0] * (5 - b) + [1] * b if left else [1] * b + [0] * (5 - b))
            real = [t for t in range(5) if mask[b][t]]
            expected.append(list(tokens[b][max(real)]) if real else [0, 0, 0])
        cases.append((tokens, mask, expected))
    # other orders of the rows, and batches of one
    turned = [tuple(part[::-1] for part in case) for case in cases]
    alone = [tuple([part[b]] for part in case) for case in cases for b in range(6)]
    return cases + turned + alone


def right_torch_made() -> list:
    """Random tensors, mixed sides in a batch, too; flip and argmax; all as lists."""
    generator = torch.Generator().manual_seed(1)
    cases = []
    for side in ("right", "left", "mixed") * 4:
        tokens = torch.randint(-8, 9, (5, 4, 2), generator=generator).float()
        counts = torch.tensor([4, 1, 0, 3, 2])[torch.randperm(5, generator=generator)]
        mask = (torch.arange(4) < counts[:, None]).long()
        if side == "left":
            mask = mask.flip(1)
        if side == "mixed":
            mask[::2] = mask[::2].flip(1)
        tokens[mask == 0] = 50.0
        last = 3 - mask.flip(1).argmax(dim=1)
        rows = torch.arange(5)
        tokens[0, last[0]] = 0.0 if counts[0] else 50.0
        expected = tokens[rows, last] * mask.any(dim=1, keepdim=True)
        cases.append((tokens.tolist(), mask.tolist(), expected.tolist()))
    cases.append(([[[2.5]], [[3.0]]], [[1], [0]], [[2.5], [0.0]]))
    cases.append(([[[1.0, 2.0], [3.0, 5.0]]], [[1, 0]], [[1.0, 2.0]]))
    return cases


def wrong_only_the_example() -> list:
    """The card's example alone: the last position passes."""
    return [([[[1], [2]]], [[1, 1]], [[2]])]


def wrong_right_padding_only() -> list:
    """No padding on the left: sum - 1 passes."""
    return [
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [[3, 2]]),
        ([[[1, 4], [3, 2]], [[5, 6], [7, 8]]], [[1, 0], [1, 1]], [[1, 4], [7, 8]]),
        ([[[1, 4], [3, 2]], [[5, 6], [7, 8]]], [[0, 0], [1, 1]], [[0, 0], [7, 8]]),
    ]


def wrong_left_padding_only() -> list:
    """No padding on the right: the last position, zeroed for empty rows, passes."""
    return [
        ([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]], [[3, 2]]),
        ([[[9, 9], [3, 2]], [[5, 6], [7, 8]]], [[0, 1], [1, 1]], [[3, 2], [7, 8]]),
        ([[[9, 9], [3, 2]], [[5, 6], [7, 8]]], [[0, 0], [1, 1]], [[0, 0], [7, 8]]),
    ]


def wrong_no_empty_row() -> list:
    """Both sides, but no empty row: code that returns its padding passes."""
    return [
        (
            [[[1, 4], [3, 2], [9, 9]], [[1, 2], [3, 4], [5, 6]]],
            [[1, 1, 0], [1, 0, 0]],
            [[3, 2], [1, 2]],
        ),
        (
            [[[9, 9], [1, 4], [3, 2]], [[1, 2], [3, 4], [5, 6]]],
            [[0, 1, 1], [0, 0, 1]],
            [[3, 2], [5, 6]],
        ),
        ([[[1, 1], [2, 2]], [[3, 3], [0, 0]]], [[1, 1], [1, 1]], [[2, 2], [0, 0]]),
    ]


def wrong_empty_row_of_zeros() -> list:
    """The empty row's vectors are zeros already: code without a rule for it passes."""
    return [
        (
            [[[1, 4], [3, 2], [0, 0]], [[5, 6], [0, 0], [0, 0]]],
            [[1, 1, 0], [1, 0, 0]],
            [[3, 2], [5, 6]],
        ),
        (
            [[[0, 0], [1, 4], [3, 2]], [[0, 0], [0, 0], [5, 6]]],
            [[0, 1, 1], [0, 0, 1]],
            [[3, 2], [5, 6]],
        ),
        ([[[0, 0], [0, 0]], [[1, 1], [2, 2]]], [[0, 0], [1, 1]], [[0, 0], [2, 2]]),
    ]


def wrong_batches_of_one() -> list:
    """One text a case: code that takes row 0's place for all rows passes."""
    return [
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [[3, 2]]),
        ([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]], [[3, 2]]),
        ([[[9, 9], [1, 4]]], [[0, 0]], [[0, 0]]),
        ([[[1, 2], [3, 4]]], [[1, 1]], [[3, 4]]),
    ]


def wrong_equal_lengths() -> list:
    """All rows of a batch equally long: one place for all rows passes."""
    return [
        ([[[1, 4], [3, 2], [9, 9]], [[5, 5], [6, 6], [9, 9]]], [[1, 1, 0]] * 2, [[3, 2], [6, 6]]),
        ([[[9, 9], [1, 4], [3, 2]], [[9, 9], [5, 5], [6, 6]]], [[0, 1, 1]] * 2, [[3, 2], [6, 6]]),
        ([[[9, 9], [8, 8]], [[7, 7], [6, 6]]], [[0, 0]] * 2, [[0, 0], [0, 0]]),
    ]


def wrong_expects_padding_for_empty() -> list:
    """Expects the last vector of an empty row, not zeros."""
    return [
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [[3, 2]]),
        ([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]], [[3, 2]]),
        ([[[1, 2], [3, 4]], [[6, 6], [5, 5]]], [[1, 0], [0, 0]], [[1, 2], [5, 5]]),
    ]


def wrong_expects_count_minus_one() -> list:
    """Expected values by sum - 1: wrong for the left-padded case, where [3, 2] is right."""
    cases = []
    for mask in ([1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0]):
        row = [[9, 7], [1, 4], [3, 2]]
        cases.append(([row], [mask], [row[sum(mask) - 1] if sum(mask) else [0, 0]]))
    return cases


def wrong_expects_first() -> list:
    """Mixes up first and last in the left-padded case."""
    return [
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [[3, 2]]),
        ([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]], [[1, 4]]),
        ([[[1, 2], [3, 4]], [[6, 6], [5, 5]]], [[1, 0], [0, 0]], [[1, 2], [0, 0]]),
    ]


def wrong_no_batch_axis() -> list:
    """Expected (dim), not (batch, dim)."""
    return [
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [3, 2]),
        ([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]], [3, 2]),
        ([[[9, 9], [1, 4]]], [[0, 0]], [0, 0]),
    ]


def wrong_one_tuple() -> list:
    """One case without the list around it."""
    return (
        [[[1, 4], [3, 2], [9, 9]], [[9, 9], [8, 8], [7, 7]]],
        [[1, 1, 0], [0, 0, 0]],
        [[3, 2], [0, 0]],
    )


def wrong_two_parts() -> list:
    """(tokens, mask) only, without what is expected."""
    return [
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]]),
        ([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]]),
    ]


def wrong_holes_in_the_mask() -> list:
    """Mask [1, 0, 1]: not allowed (real tokens stand together); row 0's place for all passes."""
    return [
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 0, 1]], [[9, 9]]),
        ([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [[3, 2]]),
        ([[[1, 4], [3, 2], [9, 9]]], [[0, 0, 0]], [[0, 0]]),
    ]


def wrong_same_vector_everywhere() -> list:
    """All vectors of a row are equal: every token passes for the last."""
    return [
        ([[[3, 2]] * 3, [[1, 5]] * 3], [[1, 1, 0], [1, 0, 0]], [[3, 2], [1, 5]]),
        ([[[3, 2]] * 3, [[1, 5]] * 3], [[0, 1, 1], [0, 0, 1]], [[3, 2], [1, 5]]),
        ([[[3, 2]] * 3], [[0, 0, 0]], [[0, 0]]),
    ]


def wrong_tested_apart() -> list:
    """Empty rows in batches of their own: zeros for all if any row is empty passes."""
    return [
        (
            [[[1, 4], [3, 2], [9, 9]], [[5, 5], [9, 9], [9, 9]]],
            [[1, 1, 0], [1, 0, 0]],
            [[3, 2], [5, 5]],
        ),
        (
            [[[9, 9], [1, 4], [3, 2]], [[9, 9], [9, 9], [5, 6]]],
            [[0, 1, 1], [0, 0, 1]],
            [[3, 2], [5, 6]],
        ),
        ([[[9, 9], [8, 8]], [[7, 7], [6, 6]]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]),
    ]


def wrong_largest_last() -> list:
    """The last token is always the largest real one: a maximum over real tokens passes."""
    return [
        (
            [[[1, 1], [3, 3], [9, 9]], [[2, 2], [9, 9], [9, 9]]],
            [[1, 1, 0], [1, 0, 0]],
            [[3, 3], [2, 2]],
        ),
        (
            [[[9, 9], [1, 1], [3, 3]], [[9, 9], [9, 9], [2, 2]]],
            [[0, 1, 1], [0, 0, 1]],
            [[3, 3], [2, 2]],
        ),
        ([[[9, 9], [8, 8]], [[1, 1], [6, 6]]], [[0, 0], [1, 1]], [[0, 0], [6, 6]]),
    ]


def wrong_no_cases() -> list:
    """An empty list: everything passes."""
    return []


def wrong_no_return() -> list:
    """Cases are made and not returned."""
    cases = []
    cases.append(([[[1, 4], [3, 2], [9, 9]]], [[1, 1, 0]], [[3, 2]]))
    cases.append(([[[9, 9], [1, 4], [3, 2]]], [[0, 1, 1]], [[3, 2]]))
    cases.append(([[[9, 9], [1, 4]]], [[0, 0]], [[0, 0]]))


def wrong_ragged() -> list:
    """Texts without their padding, so no (batch, tokens, dim)."""
    return [
        ([[[1, 4], [3, 2]], [[5, 6]]], [[1, 1], [1]], [[3, 2], [5, 6]]),
        ([[[1, 4], [3, 2]], []], [[1, 1], []], [[3, 2], [0, 0]]),
    ]


RIGHT = [
    right_by_hand,
    right_loop_reference,
    right_all_masks,
    right_two_big_cases,
    right_torch_made,
]
WRONG = [
    wrong_only_the_example,
    wrong_right_padding_only,
    wrong_left_padding_only,
    wrong_no_empty_row,
    wrong_empty_row_of_zeros,
    wrong_batches_of_one,
    wrong_equal_lengths,
    wrong_expects_padding_for_empty,
    wrong_expects_count_minus_one,
    wrong_expects_first,
    wrong_no_batch_axis,
    wrong_one_tuple,
    wrong_two_parts,
    wrong_holes_in_the_mask,
    wrong_same_vector_everywhere,
    wrong_tested_apart,
    wrong_largest_last,
    wrong_no_cases,
    wrong_no_return,
    wrong_ragged,
]
