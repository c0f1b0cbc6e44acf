"""Answers to `break_max_sim`, written from its card alone."""

from __future__ import annotations

import itertools
import random

import torch


def right_by_hand() -> list:
    """Small cases by hand, each for a mistake or two."""
    return [
        # the best of each word, added up; the document has a token more than the query
        ([[[1, 0], [0, 1]]], [[1, 1]], [[[3, 1], [2, 5], [-9, 0]]], [[1, 1, 1]], [[8]]),
        # a document shorter than the query
        ([[[1, 0], [0, 2], [1, 1]]], [[1, 1, 1]], [[[2, 3]]], [[1]], [[13]]),
        # loud padding in front, between and behind
        (
            [[[1, 1]]],
            [[1]],
            [
                [[9, 9], [1, 2], [2, 2]],
                [[3, 0], [8, 8], [1, 1]],
                [[1, 0], [0, 4], [7, 9]],
            ],
            [[0, 1, 1], [1, 0, 1], [1, 1, 0]],
            [[4, 3, 4]],
        ),
        # nothing but negative dot products, some below -1 by far; padding of zeros and of noise
        (
            [[[2]]],
            [[1]],
            [[[-3], [-5], [0]], [[-200], [0], [-150]], [[6], [-1], [-2]]],
            [[1, 1, 0], [1, 0, 1], [0, 1, 1]],
            [[-6, -300, -2]],
        ),
        # a query's padding that is not zero, in front, between and behind; one query is all padding
        (
            [
                [[7], [1], [2]],
                [[1], [7], [3]],
                [[2], [2], [7]],
                [[7], [7], [7]],
            ],
            [[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0]],
            [[[1], [4]], [[-3], [-2]]],
            [[1, 1], [1, 1]],
            [[12, -6], [16, -8], [16, -8], [0, 0]],
        ),
        # both words want the same token; a word comes twice
        ([[[1, 1], [2, 0], [1, 1]]], [[1, 1, 1]], [[[5, 0], [1, 1]]], [[1, 1]], [[20]]),
        # two queries and three documents with masks of their own
        (
            [[[1, 2], [0, -1]], [[-1, 0], [3, 3]]],
            [[1, 1], [1, 0]],
            [
                [[1, 1], [2, -2]],
                [[0, 3], [5, 5]],
                [[-4, 0], [-1, -1]],
            ],
            [[1, 1], [1, 0], [0, 1]],
            [[5, 3, -2], [-1, 0, 1]],
        ),
        # the opposite direction is larger, and longer vectors are not better
        ([[[1, 0]]], [[1]], [[[-8, 0], [3, 1], [0, 50]]], [[1, 1, 1]], [[3]]),
    ]


def _score(query, words, document, tokens):
    total = 0
    for vector, word in zip(query, words):
        if word:
            products = [
                sum(a * b for a, b in zip(vector, other))
                for other, token in zip(document, tokens)
                if token
            ]
            total += max(products)
    return total


def right_random_with_loops() -> list:
    """150 random cases of whole numbers, scored by a plain loop."""
    rng = random.Random(3)
    cases = []
    for _ in range(150):
        q, n, i, j, dim = (rng.randint(1, 4) for _ in range(5))
        queries = [[[rng.randint(-9, 9) for _ in range(dim)] for _ in range(i)] for _ in range(q)]
        documents = [[[rng.randint(-9, 9) for _ in range(dim)] for _ in range(j)] for _ in range(n)]
        words = [[rng.randint(0, 1) for _ in range(i)] for _ in range(q)]
        tokens = [[rng.randint(0, 1) for _ in range(j)] for _ in range(n)]
        for row in tokens:
            row[rng.randrange(j)] = 1
        expected = [
            [_score(query, word, document, token) for document, token in zip(documents, tokens)]
            for query, word in zip(queries, words)
        ]
        cases.append((queries, words, documents, tokens, expected))
    return cases


def right_all_masks() -> list:
    """Every pair of masks of three places in one case, with vectors that differ much."""
    query = [[2, -1], [-3, 4], [5, 1]]
    document = [[-2, 3], [4, 1], [-1, -6]]
    words = [list(mask) for mask in itertools.product([0, 1], repeat=3)]
    tokens = [mask for mask in words if any(mask)]
    opposite = [[-20 * x for x in vector] for vector in document]
    cases = []
    for texts in (document, opposite):
        expected = [[_score(query, word, texts, token) for token in tokens] for word in words]
        cases.append(([query] * len(words), words, [texts] * len(tokens), tokens, expected))
    # other texts in every row, so that no row can stand for another
    queries = [[[a + k, b - k] for a, b in query] for k in range(3)]
    texts = [[[a * (k - 2), b + k] for a, b in document] for k in range(5)]
    expected = [
        [_score(x, word, y, token) for y, token in zip(texts, tokens)]
        for x, word in zip(queries, words[3:])
    ]
    cases.append((queries, words[3:6], texts, tokens[:5], expected))
    return cases


def right_expected_by_torch() -> list:
    """Normal numbers in float64 and -inf at padding; expected by torch."""
    generator = torch.Generator().manual_seed(6)
    cases = []
    for q, n, i, j, dim in [(2, 3, 4, 5, 3), (3, 2, 5, 2, 4), (1, 1, 3, 3, 2), (3, 3, 3, 3, 3)] * 4:
        queries = torch.randn(q, i, dim, generator=generator, dtype=torch.float64) * 3
        documents = torch.randn(n, j, dim, generator=generator, dtype=torch.float64) * 4 - 1
        words = torch.randint(0, 2, (q, i), generator=generator)
        words[0] = 0
        tokens = torch.randint(0, 2, (n, j), generator=generator)
        tokens[:, -1] |= tokens.sum(dim=1) == 0
        if q > 1:
            words[1, 0] = 1
        table = (queries.view(q, 1, i, dim) * 1) @ documents.transpose(1, 2)  # (q, n, i, j)
        table = table.masked_fill(tokens[None, :, None, :] == 0, -torch.inf)
        expected = (table.amax(dim=3) * words[:, None, :]).sum(dim=2)
        cases.append([part.tolist() for part in (queries, words, documents, tokens, expected)])
    one = [[[2.0, 1.0], [1.0, 0.0]]], [[1, 1]], [[[-3.0, -1.0], [-1.0, -2.0]]], [[1, 1]], [[-5.0]]
    long = (
        [[[300.0]]],
        [[1]],
        [[[-7.0], [1.0]], [[1.0], [-8.0]]],
        [[1, 0], [0, 1]],
        [[-2100.0, -2400.0]],
    )
    return [tuple(case) for case in cases] + [one, long]


def right_few_dense() -> list:
    """Three cases that each hold several traps."""
    return [
        (
            [[[1, 2], [9, 9], [-2, 1]], [[9, 9], [3, -1], [9, 9]], [[9, 9], [-9, 9], [9, -9]]],
            [[1, 0, 1], [0, 1, 0], [0, 0, 0]],
            [
                [[80, 80], [1, 1], [-2, 0], [2, -1]],
                [[-1, -3], [70, 70], [-70, 70], [-2, -2]],
            ],
            [[0, 1, 1, 1], [1, 0, 0, 1]],
            [[7, -4], [7, 0], [0, 0]],
        ),
        (
            [[[2, 0], [0, 3]], [[1, 1], [1, 1]]],
            [[1, 1], [1, 1]],
            [[[1, 4], [5, -2], [-7, -7]], [[-1, -1], [-2, -3], [0, 0]]],
            [[1, 1, 1], [1, 1, 0]],
            [[22, -5], [10, -4]],
        ),
        (
            [[[20]], [[-30]]],
            [[1], [1]],
            [[[-10], [-12]], [[11], [12]]],
            [[1, 1], [1, 0]],
            [[-200, 220], [360, -330]],
        ),
    ]


def right_all_pairs_and_single_ones() -> list:
    """Halves for whole numbers, masks built from lengths, one pair a case and all pairs once."""
    queries = [[[0.5, -1.5], [2.0, 2.5]], [[-3.5, 0.5], [1.0, 1.0]], [[1.5, 0.0], [0.0, -4.5]]]
    documents = [
        [[6.5, 7.0], [-1.5, 2.0], [0.5, -3.0]],
        [[-2.5, -4.0], [-6.0, -1.0], [9.0, 9.5]],
        [[1.0, -1.0], [12.0, 12.0], [2.0, 0.5]],
    ]
    words = [[0, 1], [1, 1], [1, 0]]
    tokens = [[0, 1, 1], [1, 1, 0], [1, 0, 1]]
    cases = []
    for a, b in itertools.product(range(3), repeat=2):
        score = _score(queries[a], words[a], documents[b], tokens[b])
        cases.append(([queries[a]], [words[a]], [documents[b]], [tokens[b]], [[score]]))
    table = [[case[4][0][0] for case in cases[3 * a : 3 * a + 3]] for a in range(3)]
    cases.append((queries, words, documents, tokens, table))
    cases.append((queries[:2], words[:2], documents, tokens, table[:2]))
    cases.append(([[[-64.5]]], [[1]], [[[0.5], [8.0]]], [[0, 1]], [[-516.0]]))
    empty = [[0, 0], [1, 1], [0, 0]]
    second = [_score(queries[1], [1, 1], documents[b], tokens[b]) for b in range(3)]
    cases.append((queries, empty, documents, tokens, [[0] * 3, second, [0] * 3]))
    return cases


def wrong_docstring_only() -> list:
    """The card's one case: no padding, one pair, one word."""
    return [([[[2]]], [[1]], [[[3], [5]]], [[1, 1]], [[10]])]


def wrong_no_padding() -> list:
    """All masks are 1: code that ignores them passes."""
    return [
        (
            [[[1, 2], [0, -1]], [[-1, 0], [3, 3]]],
            [[1, 1], [1, 1]],
            [[[1, 1], [2, -2]], [[0, 3], [5, 5]], [[-4, 0], [-1, -1]]],
            [[1, 1]] * 3,
            [[5, 12, -2], [5, 30, -2]],
        ),
        ([[[1, 0], [0, 1]]], [[1, 1]], [[[-3, -1], [-2, -5]]], [[1, 1]], [[-3]]),
    ]


def wrong_document_padding_only() -> list:
    """No query has padding: code that ignores the query's mask passes."""
    return [
        ([[[1]]], [[1]], [[[9], [2], [1]], [[-3], [0], [-4]]], [[0, 1, 1], [1, 0, 1]], [[2, -3]]),
        (
            [[[1, 0], [0, 2]], [[1, 1], [2, -1]]],
            [[1, 1], [1, 1]],
            [[[3, 1], [-5, 0], [1, 0]]],
            [[1, 1, 1]],
            [[5], [9]],
        ),
    ]


def wrong_query_padding_only() -> list:
    """No document has padding: code that ignores the document's mask passes."""
    return [
        (
            [[[2], [3]], [[1], [5]], [[8], [8]]],
            [[1, 1], [1, 0], [0, 0]],
            [[[4], [1]], [[-3], [-1]]],
            [[1, 1], [1, 1]],
            [[20, -5], [4, -1], [0, 0]],
        ),
    ]


def wrong_padding_of_zeros() -> list:
    """Padding is zero and every best dot product positive: zeros in place of masks pass."""
    return [
        (
            [[[1, 2], [0, 0]], [[2, 1], [1, 1]]],
            [[1, 0], [1, 1]],
            [[[3, 1], [0, 0]], [[1, 1], [2, 0]]],
            [[1, 0], [1, 1]],
            [[5, 3], [11, 6]],
        ),
        ([[[0, 0]]], [[0]], [[[5, 5]]], [[1]], [[0]]),
    ]


def wrong_padding_at_the_end() -> list:
    """Padding always comes last: counting ones and slicing passes."""
    return [
        (
            [[[1, 2], [0, -1]], [[-1, 0], [3, 3]], [[4, 4], [4, 4]]],
            [[1, 1], [1, 0], [0, 0]],
            [[[1, 1], [2, -2]], [[0, 3], [5, 5]], [[-1, -1], [-4, 0]]],
            [[1, 1], [1, 0], [1, 0]],
            [[5, 3, -2], [-1, 0, 1], [0, 0, 0]],
        ),
        ([[[1]]], [[1]], [[[-3], [-1], [0]]], [[1, 1, 0]], [[-1]]),
    ]


def wrong_never_negative() -> list:
    """All best dot products are positive: 0 at padding is no mistake."""
    return [
        (
            [[[1, 2], [9, 9]], [[7, 7], [2, 1]]],
            [[1, 0], [0, 1]],
            [[[8, 8], [3, 1]], [[1, 1], [2, 0]], [[4, 0], [9, 9]]],
            [[0, 1], [1, 1], [1, 0]],
            [[5, 3, 4], [7, 4, 8]],
        ),
        ([[[2, 0], [0, 3]]], [[1, 1]], [[[1, 4], [5, 2], [0, 1]]], [[1, 1, 1]], [[22]]),
        ([[[6], [6]]], [[0, 0]], [[[1]]], [[1]], [[0]]),
    ]


def wrong_one_word() -> list:
    """Every query has one real token: mean, sum and maximum over words are the same."""
    return [
        (
            [[[9], [2]], [[3], [9]]],
            [[0, 1], [1, 0]],
            [[[50], [1], [4]], [[-3], [-2], [0]]],
            [[0, 1, 1], [1, 1, 0]],
            [[8, -4], [12, -6]],
        ),
        ([[[5]]], [[0]], [[[3]]], [[1]], [[0]]),
    ]


def wrong_one_token() -> list:
    """Every document has one real token: maximum, mean and sum over tokens are the same."""
    return [
        (
            [[[1, 2], [3, 4]], [[5, 6], [9, 9]]],
            [[1, 1], [1, 0]],
            [[[9, 9], [-1, 2]], [[-3, -2], [0, 0]]],
            [[0, 1], [1, 0]],
            [[8, -24], [7, -27]],
        ),
        ([[[1, 1]]], [[0]], [[[2, 2]]], [[1]], [[0]]),
    ]


def wrong_one_pair() -> list:
    """One query and one document a case: code for the first mask or the first query passes."""
    return [
        ([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[2]]),
        ([[[1]]], [[1]], [[[-3], [-1], [0]]], [[1, 1, 0]], [[-1]]),
        ([[[2], [3]]], [[1, 0]], [[[4], [-5]]], [[1, 1]], [[8]]),
        ([[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0], [1, 0]]], [[1, 1, 1]], [[5]]),
        ([[[7], [7]]], [[0, 0]], [[[4]]], [[1]], [[0]]),
    ]


def wrong_unit_vectors() -> list:
    """All vectors have length 1: code that normalises, or fills padding with -2, passes."""
    return [
        (
            [[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[1, 0], [1, 0]]],
            [[1, 1], [1, 0], [0, 0]],
            [[[1, 0], [0, 1], [-1, 0]], [[-1, 0], [0, -1], [0.6, 0.8]]],
            [[0, 1, 1], [1, 1, 0]],
            [[1, 0], [0, 1], [0, 0]],
        ),
        ([[[1, 0]]], [[1]], [[[-0.6, 0.8], [-0.8, 0.6]]], [[1, 1]], [[-0.6]]),
        ([[[0.6, 0.8], [1, 0]]], [[1, 1]], [[[0.8, 0.6], [0, -1]]], [[1, 1]], [[1.76]]),
    ]


def wrong_no_empty_query() -> list:
    """Every query has a real token: code that divides by their number and multiplies again passes."""
    return [
        (
            [[[1, 2], [0, -1]], [[-1, 0], [3, 3]]],
            [[1, 1], [1, 0]],
            [[[1, 1], [2, -2]], [[0, 3], [5, 5]], [[-4, 0], [-1, -1]]],
            [[1, 1], [1, 0], [0, 1]],
            [[5, 3, -2], [-1, 0, 1]],
        ),
        ([[[9], [2], [1]]], [[0, 1, 1]], [[[-20], [-30], [0]]], [[1, 1, 0]], [[-60]]),
    ]


def wrong_expects_mean() -> list:
    """Expected values are means over words."""
    return [
        ([[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0]]], [[1, 1]], [[2.5]]),
        ([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[2]]),
    ]


def wrong_expects_padding() -> list:
    """Lets the document's padding win in what it expects."""
    return [
        ([[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0]]], [[1, 1]], [[5]]),
        ([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[9]]),
    ]


def wrong_slip_of_the_pen() -> list:
    """One expected number is miscalculated: 2 * 4 + 3 * 4 is 20, not 24."""
    return [
        ([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[2]]),
        ([[[1]]], [[1]], [[[-3], [-1]], [[-2], [0]]], [[1, 1], [1, 0]], [[-1, -2]]),
        ([[[2], [3]], [[1], [5]]], [[1, 1], [1, 0]], [[[4]]], [[1]], [[24], [4]]),
        ([[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0], [1, 0]]], [[1, 1, 1]], [[5]]),
    ]


def wrong_transposed() -> list:
    """Expected is (n, q)."""
    return [
        ([[[2], [3]], [[1], [5]]], [[1, 1], [1, 0]], [[[4]]], [[1]], [[20, 4]]),
        ([[[1]]], [[1]], [[[-3], [-1]], [[-2], [0]]], [[1, 1], [1, 0]], [[-1], [-2]]),
    ]


def wrong_one_number() -> list:
    """Expected is a number, not (q, n)."""
    return [
        ([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], 2),
        ([[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0], [1, 0]]], [[1, 1, 1]], 5),
    ]


def wrong_no_batch() -> list:
    """Queries and documents without their first axis."""
    return [
        ([[1]], [1], [[9], [2], [1]], [0, 1, 1], [[2]]),
        ([[1, 0], [0, 2]], [1, 1], [[3, 1], [-5, 0], [1, 0]], [1, 1, 1], [[5]]),
    ]


def wrong_masks_forgotten() -> list:
    """Three parts a case: the masks are missing."""
    return [
        ([[[1, 0], [0, 2]]], [[[3, 1], [-5, 0], [1, 0]]], [[5]]),
        ([[[1]]], [[[-3], [-1]]], [[-1]]),
    ]


def wrong_masks_exchanged() -> list:
    """1 at padding, 0 at real tokens, as key_padding_mask has it."""
    return [
        ([[[1]]], [[0]], [[[9], [2], [1]]], [[1, 0, 0]], [[2]]),
        ([[[2], [3]], [[1], [5]]], [[0, 0], [0, 1]], [[[4]]], [[0]], [[20], [4]]),
    ]


def wrong_empty_document() -> list:
    """A document without real tokens, which the card rules out."""
    return [
        ([[[1]]], [[1]], [[[9], [2]], [[3], [4]]], [[0, 1], [0, 0]], [[2, 0]]),
        ([[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0], [1, 0]]], [[1, 1, 1]], [[5]]),
    ]


def wrong_empty_query_infinite() -> list:
    """Expects minus infinity for the query without tokens."""
    return [
        ([[[2], [3]], [[1], [5]]], [[1, 1], [0, 0]], [[[4]]], [[1]], [[20], [float("-inf")]]),
        ([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[2]]),
    ]


def wrong_ragged() -> list:
    """Texts as long as they are, without padding."""
    return [
        (
            [[[1, 0], [0, 2]], [[1, 1]]],
            [[1, 1], [1]],
            [[[3, 1]], [[1, 0], [0, 1]]],
            [[1], [1, 1]],
            [[5, 3], [4, 1]],
        ),
    ]


def wrong_too_many() -> list:
    """More than 2,000 cases."""
    good = right_by_hand()
    return (good * (2000 // len(good) + 1))[:2001]


def wrong_no_cases() -> list:
    """An empty list."""
    return []


def wrong_no_return() -> list:
    """Cases are made and not returned."""
    cases = [([[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[2]])]
    cases.append(([[[1]]], [[1]], [[[-3], [-1]]], [[1, 1]], [[-1]]))


def wrong_case_not_in_a_list() -> list:
    """One case without the list around it."""
    return (
        [[[2], [3]], [[1], [5]]],
        [[1, 1], [1, 0]],
        [[[4], [9]], [[-1], [-2]]],
        [[1, 0], [1, 1]],
        [[20, -5], [4, -1]],
    )


RIGHT = [
    right_by_hand,
    right_random_with_loops,
    right_all_masks,
    right_expected_by_torch,
    right_few_dense,
    right_all_pairs_and_single_ones,
]
WRONG = [
    wrong_docstring_only,
    wrong_no_padding,
    wrong_document_padding_only,
    wrong_query_padding_only,
    wrong_padding_of_zeros,
    wrong_padding_at_the_end,
    wrong_never_negative,
    wrong_one_word,
    wrong_one_token,
    wrong_one_pair,
    wrong_unit_vectors,
    wrong_no_empty_query,
    wrong_expects_mean,
    wrong_expects_padding,
    wrong_slip_of_the_pen,
    wrong_transposed,
    wrong_one_number,
    wrong_no_batch,
    wrong_masks_forgotten,
    wrong_masks_exchanged,
    wrong_empty_document,
    wrong_empty_query_infinite,
    wrong_ragged,
    wrong_too_many,
    wrong_no_cases,
    wrong_no_return,
    wrong_case_not_in_a_list,
]
