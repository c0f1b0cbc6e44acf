"""Answers to `nearest_neighbours`, written from its card alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def right_stable_sort(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """normalize, stable sort, then drop the excluded before taking k."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = cosines.argsort(descending=True, stable=True)
    allowed = torch.ones(len(vectors), dtype=torch.bool, device=vectors.device)
    allowed[exclude] = False
    return order[allowed[order]][:k]


def right_minus_infinity(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Excluded words get minus infinity and the answer is cut to what is left."""
    cosines = F.cosine_similarity(vectors, query[None, :], dim=1)
    cosines[exclude] = float("-inf")
    left = len(vectors) - len(exclude)
    return torch.sort(cosines, descending=True, stable=True).indices[: min(k, left)]


def right_python_sorted(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Lists and sorted() by (-cosine, id), as the cell above computes it."""
    q = query.tolist()
    scored = []
    for word, row in enumerate(vectors.tolist()):
        if word in exclude:
            continue
        length = math.hypot(*row) * math.hypot(*q)
        cosine = sum(a * b for a, b in zip(row, q)) / length if length > 0 else 0.0
        scored.append((-cosine, word))
    return torch.tensor([word for _, word in sorted(scored)[:k]], dtype=torch.int64)


def right_candidates_first(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Selects the candidates first and maps back; NaN of a zero vector becomes 0."""
    ids = torch.tensor([i for i in range(vectors.shape[0]) if i not in set(exclude)]).long()
    rows = vectors[ids]
    cosines = (rows * query).sum(1) / (rows.norm(dim=1) * query.norm())
    cosines = torch.nan_to_num(cosines, nan=0.0)
    best = (-cosines).argsort(stable=True)
    return ids[best[:k]]


def right_argmax_loop(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """The best one, k times; argmax gives the first among equals."""
    lengths = vectors.norm(dim=1).clamp(min=1e-12)
    scores = torch.einsum("wd,d->w", vectors, query) / lengths
    out = [word in exclude for word in range(len(vectors))]
    scores = scores.masked_fill(torch.tensor(out, dtype=torch.bool), float("-inf"))
    found = []
    while len(found) < k and len(found) < len(vectors) - len(exclude):
        best = int(scores.argmax())
        found.append(best)
        scores[best] = float("-inf")
    return torch.tensor(found, dtype=torch.long)


def wrong_dot_product(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Dot product: right only for unit vectors (the docstring's words without exclude)."""
    scores = vectors @ query
    scores[exclude] = float("-inf")
    order = scores.argsort(descending=True, stable=True)
    return order[: min(k, len(vectors) - len(exclude))]


def wrong_filter_after_k(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Takes the top k, then removes the excluded: one too few in the docstring's example."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = cosines.argsort(descending=True, stable=True)[:k]
    return torch.tensor([i for i in order.tolist() if i not in exclude], dtype=torch.long)


def wrong_skip_first(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Skips the best word, taking it for the query's own: wrong where exclude is empty."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    return cosines.argsort(descending=True, stable=True)[1 : k + 1]


def wrong_zero_for_excluded(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Excluded words get 0, which beats a negative cosine: [[1, 0], [-1, 0]], exclude [0]."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    cosines[exclude] = 0
    order = cosines.argsort(descending=True, stable=True)
    return order[: min(k, len(vectors) - len(exclude))]


def wrong_excluded_at_end(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Excluded words come back at the end where k is more than what is left."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    cosines[exclude] = float("-inf")
    return cosines.topk(min(k, len(cosines))).indices


def wrong_topk_raises(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """topk(k) raises where fewer than k words are left (3 words, k = 5)."""
    ids = torch.tensor([i for i in range(len(vectors)) if i not in exclude])
    cosines = F.cosine_similarity(vectors[ids], query[None], dim=1)
    return ids[cosines.topk(k).indices]


def wrong_places_not_ids(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Removes the rows and forgets to map back: [1, 0] for the docstring's example."""
    keep = [i for i in range(len(vectors)) if i not in exclude]
    cosines = F.normalize(vectors[keep], dim=1) @ F.normalize(query, dim=0)
    return cosines.argsort(descending=True, stable=True)[:k]


def wrong_nan_of_zero(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Divides by length 0: NaN sorts first, before every true neighbour."""
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    cosines = unit @ (query / query.norm())
    cosines[exclude] = float("-inf")
    order = cosines.argsort(descending=True, stable=True)
    return order[: min(k, len(vectors) - len(exclude))]


def wrong_higher_id_first(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Ascending sort turned round: among equals the higher id comes first."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = cosines.argsort(stable=True).flip(0)
    return torch.tensor([i for i in order.tolist() if i not in exclude][:k], dtype=torch.long)


def wrong_ascending(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """The right words, best last: forgets to turn the tail of an ascending sort."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = [i for i in cosines.argsort(stable=True).tolist() if i not in exclude]
    return torch.tensor(order[-k:], dtype=torch.long)


def wrong_list(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """A list of ints: found.tolist() in the lesson fails."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = cosines.argsort(descending=True, stable=True).tolist()
    return [i for i in order if i not in exclude][:k]


def wrong_cosines_returned(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Returns topk's values, not the ids."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    cosines[exclude] = float("-inf")
    return cosines.topk(min(k, len(vectors) - len(exclude))).values


def wrong_normalised_in_place(vectors: Tensor, query: Tensor, k: int, exclude: list) -> Tensor:
    """div_ on the caller's vectors: the ids are right, glove's table is changed."""
    vectors.div_(vectors.norm(dim=1, keepdim=True).clamp(min=1e-12))
    order = (vectors @ query).argsort(descending=True, stable=True).tolist()
    return torch.tensor([i for i in order if i not in exclude][:k], dtype=torch.long)


def wrong_axis(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Normalises the columns instead of the rows."""
    cosines = F.normalize(vectors, dim=0) @ F.normalize(query, dim=0)
    order = cosines.argsort(descending=True, stable=True).tolist()
    return torch.tensor([i for i in order if i not in exclude][:k], dtype=torch.long)


def wrong_epsilon_added(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """+ 1e-3 to the lengths against division by 0: short vectors lose ([[.001, 0], [1, .1]])."""
    cosines = (vectors @ query) / ((vectors.norm(dim=1) + 1e-3) * query.norm() + 1e-9)
    order = cosines.argsort(descending=True, stable=True).tolist()
    return torch.tensor([i for i in order if i not in exclude][:k], dtype=torch.long)


def wrong_pop_exclude(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Empties the caller's list of excluded words; the ids are right."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = cosines.argsort(descending=True, stable=True).tolist()
    while exclude:
        order.remove(exclude.pop())
    return torch.tensor(order[:k], dtype=torch.long)


def wrong_one_excluded(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """Only exclude[0] is left out: wrong for two, raises for none."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = cosines.argsort(descending=True, stable=True)
    return order[order != exclude[0]][:k]


def wrong_zero_vector_dropped(vectors: Tensor, query: Tensor, k: int, exclude: list) -> Tensor:
    """Treats a zero vector as no word at all: its id is missing for k = all words."""
    cosines = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    order = cosines.argsort(descending=True, stable=True).tolist()
    real = [i for i in order if i not in exclude and vectors[i].any()]
    return torch.tensor(real[:k], dtype=torch.long)


RIGHT = [
    right_stable_sort,
    right_minus_infinity,
    right_python_sorted,
    right_candidates_first,
    right_argmax_loop,
]
WRONG = [
    wrong_dot_product,
    wrong_filter_after_k,
    wrong_skip_first,
    wrong_zero_for_excluded,
    wrong_excluded_at_end,
    wrong_topk_raises,
    wrong_places_not_ids,
    wrong_nan_of_zero,
    wrong_higher_id_first,
    wrong_ascending,
    wrong_list,
    wrong_cosines_returned,
    wrong_normalised_in_place,
    wrong_axis,
    wrong_epsilon_added,
    wrong_pop_exclude,
    wrong_one_excluded,
    wrong_zero_vector_dropped,
]
