"""Answers to `analogy_3cosadd`, written from its card alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def right_scatter(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Matrix product, scatter_ of minus infinity, topk; targets are not scaled."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def right_index_put(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Scales the targets too, excludes by index, sorts."""
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    target = F.normalize(unit[b] - unit[a] + unit[c], dim=1)
    scores = torch.einsum("qd,wd->qw", target, unit)
    question = torch.arange(len(a), device=vectors.device)
    for ids in (a, b, c):
        scores[question, ids] = -math.inf
    return scores.sort(dim=1, descending=True).indices[:, :k]


def right_three_cosines(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """cos(w, b) - cos(w, a) + cos(w, c) from the table of all cosines, masked_fill."""
    unit = F.normalize(vectors, dim=-1)
    cosines = unit @ unit.T
    scores = cosines[b] - cosines[a] + cosines[c]
    words = torch.arange(len(vectors), device=vectors.device)
    inputs = (words == a[:, None]) | (words == b[:, None]) | (words == c[:, None])
    return scores.masked_fill(inputs, float("-inf")).argsort(dim=1, descending=True)[:, :k]


def right_python_loop(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Lists, one question after the other, sorted() over the words that are left."""
    unit = [[x / math.hypot(*row) for x in row] for row in vectors.tolist()]
    answers = []
    for i, j, m in zip(a.tolist(), b.tolist(), c.tolist()):
        target = [y - x + z for x, y, z in zip(unit[i], unit[j], unit[m])]
        left = [w for w in range(len(unit)) if w not in {i, j, m}]
        left.sort(key=lambda w: sum(x * y for x, y in zip(unit[w], target)), reverse=True)
        answers.append(left[:k])
    return torch.tensor(answers, dtype=torch.int64).reshape(len(answers), k)


def right_one_hot(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """One-hot rows build the targets and the exclusion; -10 lies below every score."""
    unit = F.normalize(vectors, dim=1)
    one = torch.eye(len(unit), dtype=unit.dtype, device=unit.device)
    scores = ((one[b] - one[a] + one[c]) @ unit) @ unit.mT
    out = (one[a] + one[b] + one[c]) > 0
    return torch.where(out, torch.full_like(scores, -10.0), scores).topk(k).indices


def wrong_not_scaled(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """No scaling at all: right for unit vectors only."""
    scores = (vectors[b] - vectors[a] + vectors[c]) @ vectors.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_scaled_after(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Builds the target from the raw vectors and scales afterwards: a long c decides alone."""
    target = F.normalize(vectors[b] - vectors[a] + vectors[c], dim=1)
    scores = target @ F.normalize(vectors, dim=1).T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_corpus_not_scaled(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Scales the three inputs, compares with the raw words: long words win."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ vectors.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_sign(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """a - b + c: the step backwards."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[a] - unit[b] + unit[c]) @ unit.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_inputs_allowed(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Forgets the exclusion: c is often its own answer."""
    unit = F.normalize(vectors, dim=1)
    return ((unit[b] - unit[a] + unit[c]) @ unit.T).topk(k, dim=1).indices


def wrong_c_excluded_only(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Excludes c only: b may be the answer."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores[torch.arange(len(c)), c] = float("-inf")
    return scores.topk(k, dim=1).indices


def wrong_a_not_excluded(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Excludes b and c, forgets a: seen at k = words - 3, where a is the last but one."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores.scatter_(1, torch.stack([b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_excluded_for_all(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """scores[:, ids] excludes every question's inputs from every question: two are enough."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores[:, torch.cat([a, b, c])] = float("-inf")
    return scores.topk(k, dim=1).indices


def wrong_zero_for_inputs(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Inputs get 0, which beats words of negative cosine."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), 0.0)
    return scores.topk(k, dim=1).indices


def wrong_minus_one(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Inputs get -1, but unscaled targets reach scores down to -3."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), -1.0)
    return scores.topk(k, dim=1).indices


def wrong_filter_after_k(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Takes the top k and filters: rows too short where an input was among them."""
    unit = F.normalize(vectors, dim=1)
    best = ((unit[b] - unit[a] + unit[c]) @ unit.T).topk(k, dim=1).indices
    rows = [
        [w for w in row if w not in question]
        for row, question in zip(best.tolist(), zip(a.tolist(), b.tolist(), c.tolist()))
    ]
    return torch.tensor(rows)


def wrong_first_three_cut(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Takes the first three for the inputs: wrong where an answer comes before a or b."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    return scores.topk(k + 3, dim=1).indices[:, 3:]


def wrong_one_question(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Answers the first question only, as (k,)."""
    unit = F.normalize(vectors, dim=1)
    scores = unit @ (unit[b[0]] - unit[a[0]] + unit[c[0]])
    scores[torch.stack([a[0], b[0], c[0]])] = float("-inf")
    return scores.topk(k).indices


def wrong_axis(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """F.normalize with dim=0 scales the columns."""
    unit = F.normalize(vectors, dim=0)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_removed_rows(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Deletes the inputs' rows and forgets to map the places back to ids."""
    unit = F.normalize(vectors, dim=1)
    answers = []
    for i, j, m in zip(a.tolist(), b.tolist(), c.tolist()):
        left = [w for w in range(len(unit)) if w not in (i, j, m)]
        answers.append((unit[left] @ (unit[j] - unit[i] + unit[m])).topk(k).indices)
    return torch.stack(answers)


def wrong_in_place(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Scales the caller's vectors in place; the answers are right."""
    vectors /= vectors.norm(dim=1, keepdim=True)
    scores = (vectors[b] - vectors[a] + vectors[c]) @ vectors.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_multiplied(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """3CosMul instead of 3CosAdd, which ranks some words differently."""
    unit = F.normalize(vectors, dim=1)
    cosines = (unit @ unit.T + 1) / 2
    scores = cosines[b] * cosines[c] / (cosines[a] + 1e-3)
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.topk(k, dim=1).indices


def wrong_distance(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Euclidean distance to the raw vectors: a long word in the right direction loses."""
    target = vectors[b] - vectors[a] + vectors[c]
    far = torch.cdist(target, vectors)
    far.scatter_(1, torch.stack([a, b, c], dim=1), float("inf"))
    return far.topk(k, dim=1, largest=False).indices


def wrong_always_one(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """argmax for every k: (questions, 1), wrong for k = 3."""
    unit = F.normalize(vectors, dim=1)
    scores = (unit[b] - unit[a] + unit[c]) @ unit.T
    scores.scatter_(1, torch.stack([a, b, c], dim=1), float("-inf"))
    return scores.argmax(dim=1, keepdim=True)


RIGHT = [
    right_scatter,
    right_index_put,
    right_three_cosines,
    right_python_loop,
    right_one_hot,
]
WRONG = [
    wrong_not_scaled,
    wrong_scaled_after,
    wrong_corpus_not_scaled,
    wrong_sign,
    wrong_inputs_allowed,
    wrong_c_excluded_only,
    wrong_a_not_excluded,
    wrong_excluded_for_all,
    wrong_zero_for_inputs,
    wrong_minus_one,
    wrong_filter_after_k,
    wrong_first_three_cut,
    wrong_one_question,
    wrong_axis,
    wrong_removed_rows,
    wrong_in_place,
    wrong_multiplied,
    wrong_distance,
    wrong_always_one,
]
