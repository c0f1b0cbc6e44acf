"""Answers to `mine_negatives`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F


def right_block_topk(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Blocks by range, -inf at positives, topk, -1 where a score is -inf."""
    k = min(k, len(passages))
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for i, rows in enumerate(positives[start : start + block]):
            for row in rows:
                scores[i, row] = -torch.inf
        best, at = scores.topk(k, dim=1)
        at[best == -torch.inf] = -1
        out.append(at)
    return torch.cat(out) if out else torch.empty(0, k, dtype=torch.long)


def right_split_sort(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """split, a mask from flat index lists, a stable sort."""
    n = passages.shape[0]
    k = min(k, n)
    result = torch.full((len(queries), k), -1, dtype=torch.long, device=queries.device)
    done = 0
    for part in queries.split(block):
        if len(part) == 0:
            continue
        own = positives[done : done + len(part)]
        mask = torch.zeros(len(part), n, dtype=torch.bool, device=queries.device)
        who = [i for i, rows in enumerate(own) for _ in rows]
        what = [row for rows in own for row in rows]
        mask[who, what] = True
        scores = torch.einsum("qd,nd->qn", part, passages).masked_fill(mask, float("-inf"))
        order = scores.sort(dim=1, descending=True, stable=True).indices[:, :k]
        result[done : done + len(part)] = order.masked_fill(mask.gather(1, order), -1)
        done += len(part)
    return result


def right_scatter(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Positives padded to a column of their own that nobody has, then scatter_."""
    n = len(passages)
    most = max([len(p) for p in positives], default=0)
    padded = torch.tensor(
        [list(p) + [n] * (most - len(p)) for p in positives], dtype=torch.long
    ).view(len(positives), most)
    padded = padded.to(queries.device)
    found = [torch.empty(0, min(k, n), dtype=torch.long, device=queries.device)]
    for start in range(0, len(queries), block):
        part = slice(start, start + block)
        scores = F.pad(queries[part] @ passages.T, (0, 1))
        scores.scatter_(1, padded[part], -math.inf)
        values, rows = scores[:, :n].topk(min(k, n), dim=1)
        found.append(torch.where(values.isinf(), -1, rows))
    return torch.cat(found)


def right_lists(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """A table of scores a block, then Python's sorted as in the lesson's loop."""
    n = len(passages)
    k = min(k, n)
    answer = []
    for start in range(0, len(queries), block):
        table = (queries[start : start + block] @ passages.T).tolist()
        for row, own in zip(table, positives[start : start + block]):
            left = [j for j in range(n) if j not in own]
            left.sort(key=lambda j: -row[j])
            answer.append((left + [-1] * k)[:k])
    return torch.tensor(answer, dtype=torch.long).reshape(-1, k)


def right_numpy(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """numpy: argsort of the negated scores; fills by what each query has left."""
    q, p = queries.detach().cpu().numpy(), passages.detach().cpu().numpy()
    n = len(p)
    k = min(k, n)
    out = np.full((len(q), k), -1, dtype=np.int64)
    for start in range(0, len(q), block):
        scores = q[start : start + block] @ p.T
        for i in range(len(scores)):
            own = sorted(set(positives[start + i]))
            scores[i, own] = -np.inf
            keep = min(k, n - len(own))
            out[start + i, :keep] = np.argsort(-scores[i], kind="stable")[:keep]
    return torch.from_numpy(out)


def right_deeper_topk(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Takes k plus the most positives, then filters: deep enough for every query."""
    n = len(passages)
    wanted = min(k, n)
    deep = min(n, wanted + max((len(p) for p in positives), default=0))
    rows = []
    for start in range(0, len(queries), block):
        at = (queries[start : start + block] @ passages.T).topk(deep, dim=1).indices.tolist()
        for found, own in zip(at, positives[start : start + block]):
            own = set(own)
            found = [j for j in found if j not in own][:wanted]
            rows.append(found + [-1] * (wanted - len(found)))
    return torch.tensor(rows, dtype=torch.long).view(len(queries), wanted)


def wrong_block_row_shift(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """positives[i] counts from the block's start: wrong for the second block."""
    k = min(k, len(passages))
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for i in range(len(scores)):
            scores[i, positives[i]] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out.append(at.masked_fill(best == -torch.inf, -1))
    return torch.cat(out)


def wrong_no_fill(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Never fills with -1: with k = n the positives come back at the end."""
    k = min(k, len(passages))
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for i, rows in enumerate(positives[start : start + block]):
            scores[i, rows] = -torch.inf
        out.append(scores.topk(k, dim=1).indices)
    return torch.cat(out)


def wrong_first_positive(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Leaves out rows[0] only: wrong for a query with two positives."""
    k = min(k, len(passages))
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        own = torch.tensor([rows[0] for rows in positives[start : start + block]])
        scores[torch.arange(len(scores)), own] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out.append(at.masked_fill(best == -torch.inf, -1))
    return torch.cat(out)


def wrong_everybodys_positives(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Leaves out the positives of all queries: passage 1 is a fair negative for query 0."""
    k = min(k, len(passages))
    gone = sorted({row for rows in positives for row in rows})
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        scores[:, gone] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out.append(at.masked_fill(best == -torch.inf, -1))
    return torch.cat(out)


def wrong_minus_one(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """-1 for minus infinity: wrong for passages that are not of length 1 (scores below -1)."""
    k = min(k, len(passages))
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for i, rows in enumerate(positives[start : start + block]):
            scores[i, rows] = -1.0
        best, at = scores.topk(k, dim=1)
        at[best == -1.0] = -1
        out.append(at)
    return torch.cat(out)


def wrong_filtered_after(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Takes the top k, then drops positives: a -1 although more negatives are there."""
    k = min(k, len(passages))
    rows = []
    for start in range(0, len(queries), block):
        at = (queries[start : start + block] @ passages.T).topk(k, dim=1).indices.tolist()
        for found, own in zip(at, positives[start : start + block]):
            left = [j for j in found if j not in own]
            rows.append(left + [-1] * (k - len(left)))
    return torch.tensor(rows)


def wrong_last_block_lost(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """len // block blocks: 5 queries in blocks of 2 give 4 rows."""
    k = min(k, len(passages))
    out = [torch.empty(0, k, dtype=torch.long)]
    for number in range(len(queries) // block):
        start = number * block
        scores = queries[start : start + block] @ passages.T
        for i, rows in enumerate(positives[start : start + block]):
            scores[i, rows] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out.append(at.masked_fill(best == -torch.inf, -1))
    return torch.cat(out)


def wrong_cosine(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Normalises the passages: right for unit vectors, wrong for a dot product of others."""
    k = min(k, len(passages))
    unit = F.normalize(passages, dim=1)
    out = []
    for start in range(0, len(queries), block):
        scores = F.normalize(queries[start : start + block], dim=1) @ unit.T
        for i, rows in enumerate(positives[start : start + block]):
            scores[i, rows] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out.append(at.masked_fill(best == -torch.inf, -1))
    return torch.cat(out)


def wrong_k_not_cut(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Fills up to k columns: k = 10 with 4 passages must give 4 columns."""
    rows = []
    for start in range(0, len(queries), block):
        table = (queries[start : start + block] @ passages.T).tolist()
        for row, own in zip(table, positives[start : start + block]):
            left = sorted((j for j in range(len(row)) if j not in own), key=lambda j: -row[j])
            rows.append((left + [-1] * k)[:k])
    return torch.tensor(rows)


def wrong_ragged_topk(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """topk(k) uncut: raises for a k beyond the corpus."""
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for i, rows in enumerate(positives[start : start + block]):
            scores[i, rows] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out.append(at.masked_fill(best == -torch.inf, -1))
    return torch.cat(out)


def wrong_positives_emptied(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """The right rows, but pops the caller's positives."""
    k = min(k, len(passages))
    out = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for i in range(len(scores)):
            rows = positives[start + i]
            while rows:
                scores[i, rows.pop()] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out.append(at.masked_fill(best == -torch.inf, -1))
    return torch.cat(out)


def wrong_nested_list(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Returns lists: the lesson calls .cpu() on the result."""
    k = min(k, len(passages))
    rows = []
    for start in range(0, len(queries), block):
        table = (queries[start : start + block] @ passages.T).tolist()
        for row, own in zip(table, positives[start : start + block]):
            left = sorted((j for j in range(len(row)) if j not in own), key=lambda j: -row[j])
            rows.append((left + [-1] * k)[:k])
    return rows


def wrong_float_rows(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Writes rows into torch.full(..., -1.0): float rows cannot index passages."""
    k = min(k, len(passages))
    out = torch.full((len(queries), k), -1.0)
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for i, rows in enumerate(positives[start : start + block]):
            scores[i, rows] = -torch.inf
        best, at = scores.topk(k, dim=1)
        out[start : start + block] = at.masked_fill(best == -torch.inf, -1).float()
    return out


def wrong_all_at_once(
    queries: torch.Tensor,
    passages: torch.Tensor,
    positives: list[list[int]],
    k: int,
    block: int,
) -> torch.Tensor:
    """Ignores block: the whole table of scores that the exercise wants to avoid."""
    k = min(k, len(passages))
    scores = queries @ passages.T
    for i, rows in enumerate(positives):
        scores[i, rows] = -torch.inf
    best, at = scores.topk(k, dim=1)
    return at.masked_fill(best == -torch.inf, -1)


RIGHT = [
    right_block_topk,
    right_split_sort,
    right_scatter,
    right_lists,
    right_numpy,
    right_deeper_topk,
]
WRONG = [
    wrong_block_row_shift,
    wrong_no_fill,
    wrong_first_positive,
    wrong_everybodys_positives,
    wrong_minus_one,
    wrong_filtered_after,
    wrong_last_block_lost,
    wrong_cosine,
    wrong_k_not_cut,
    wrong_ragged_topk,
    wrong_positives_emptied,
    wrong_nested_list,
    wrong_float_rows,
    wrong_all_at_once,
]
