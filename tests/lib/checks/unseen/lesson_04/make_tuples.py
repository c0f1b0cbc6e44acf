"""Answers to `make_tuples`, written from its card alone."""

from __future__ import annotations

import torch


def right_loops(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """The lesson's loop with append."""
    if len(positives) != len(negatives):
        raise ValueError("not as many rows as queries")
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if -1 not in row:
            for positive in own:
                out.append([query, positive, *row])
    return out


def right_comprehension(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """One comprehension; all(x >= 0)."""
    rows = negatives.tolist()
    if len(rows) != len(positives):
        raise ValueError(f"{len(positives)} queries, {len(rows)} rows")
    return [
        [q, p] + row for q, row in enumerate(rows) if all(x >= 0 for x in row) for p in positives[q]
    ]


def right_strict_zip(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """zip(strict=True) raises the ValueError."""
    result = []
    for query, (own, row) in enumerate(zip(positives, negatives, strict=True)):
        if (row == -1).any():
            continue
        result += [[query, positive, *row.tolist()] for positive in own]
    return result


def right_tensor(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """Columns of a tensor, put together by cat and made a list at the end."""
    if negatives.shape[0] != len(positives):
        raise ValueError("shapes do not fit")
    pairs = [(q, p) for q, own in enumerate(positives) for p in own]
    pairs = torch.tensor(pairs, dtype=torch.long).view(-1, 2)
    table = torch.cat([pairs, negatives[pairs[:, 0]].long()], dim=1)
    return table[(table[:, 2:] >= 0).all(dim=1)].tolist()


def right_complete_queries_first(
    positives: list[list[int]], negatives: torch.Tensor
) -> list[list[int]]:
    """nonzero of the complete rows, then extend."""
    if len(positives) != negatives.size(0):
        raise ValueError("expected one row of negatives for each query")
    complete = (negatives != -1).all(dim=1).nonzero().flatten().tolist()
    out: list[list[int]] = []
    for q in complete:
        out.extend([q, int(p)] + [int(x) for x in negatives[q]] for p in positives[q])
    return out


def wrong_zip_cuts(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """No ValueError: zip cuts to the shorter of three queries and two rows."""
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if -1 not in row:
            for positive in own:
                out.append([query, positive, *row])
    return out


def wrong_first_positive(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """own[0] only: the second positive of query 0 is missing."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    rows = negatives.tolist()
    return [[q, own[0], *rows[q]] for q, own in enumerate(positives) if -1 not in rows[q]]


def wrong_missing_removed(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """Leaves the -1 out, not the query: query 1 gives [1, 2, 6]."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        left = [x for x in row if x != -1]
        for positive in own:
            out.append([query, positive, *left])
    return out


def wrong_any_for_all(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """Keeps a query that has any negative: [1, 2, 6, -1] comes along."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    out = []
    for query, own in enumerate(positives):
        row = negatives[query]
        if (row >= 0).any():
            out += [[query, positive, *row.tolist()] for positive in own]
    return out


def wrong_only_last_checked(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """Looks at the last negative only: wrong for a row [-1, 6]."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if row[-1] != -1:
            for positive in own:
                out.append([query, positive, *row])
    return out


def wrong_query_renumbered(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """Counts the complete queries only: [1, 3, 8, 9] for [2, 3, 8, 9]."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    complete = [(own, row) for own, row in zip(positives, negatives.tolist()) if -1 not in row]
    return [
        [query, positive, *row] for query, (own, row) in enumerate(complete) for positive in own
    ]


def wrong_zero_is_missing(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """all(row): a negative in row 0 of the passages counts as missing."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if all(row) and -1 not in row:
            for positive in own:
                out.append([query, positive, *row])
    return out


def wrong_sorted_positives(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """sort() on the caller's lists: another order, [0, 0, 4, 5] first, and they are changed."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        own.sort()
        if -1 not in row:
            out.extend([query, positive, *row] for positive in own)
    return out


def wrong_prints(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """print for return, as in the lesson's loop."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if -1 not in row:
            for positive in own:
                print([query, positive, *row])


def wrong_generator(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """yield: no list, torch.tensor cannot read it, and a ValueError comes too late."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if -1 not in row:
            for positive in own:
                yield [query, positive, *row]


def wrong_nested_negatives(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """Forgets the star: [0, 1, [4, 5]]."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if -1 not in row:
            for positive in own:
                out.append([query, positive, row])
    return out


def wrong_returns_too_early(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """The return stands inside the loop: tuples of the first query only, None for no query."""
    if len(positives) != len(negatives):
        raise ValueError("rows")
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if -1 not in row:
            for positive in own:
                out.append([query, positive, *row])
        return out


def wrong_assert(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """An AssertionError where the card asks for a ValueError."""
    assert len(positives) == len(negatives)
    out = []
    for query, (own, row) in enumerate(zip(positives, negatives.tolist())):
        if -1 not in row:
            for positive in own:
                out.append([query, positive, *row])
    return out


RIGHT = [
    right_loops,
    right_comprehension,
    right_strict_zip,
    right_tensor,
    right_complete_queries_first,
]
WRONG = [
    wrong_zip_cuts,
    wrong_first_positive,
    wrong_missing_removed,
    wrong_any_for_all,
    wrong_only_last_checked,
    wrong_query_renumbered,
    wrong_zero_is_missing,
    wrong_sorted_positives,
    wrong_prints,
    wrong_generator,
    wrong_nested_negatives,
    wrong_returns_too_early,
    wrong_assert,
]
