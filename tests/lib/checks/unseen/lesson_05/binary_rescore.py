"""Answers to `binary_rescore`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch

from lib import matryoshka, quantization


def right_xor_stable(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """Compares bits, stable sorts: lowest row first among equals."""
    bits = corpus > 0
    differ = ((queries > 0)[:, None] != bits[None]).sum(dim=2)
    listed = differ.sort(dim=1, stable=True).indices[:, :size].sort(dim=1).values
    signs = bits.to(queries.dtype) * 2 - 1
    scores = (queries[:, None] * signs[listed]).sum(dim=2)
    best = scores.sort(dim=1, descending=True, stable=True).indices[:, :k]
    return listed.gather(1, best)


def right_sign_product(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """The product of signs is dim - 2 x distance; topk, which takes any of equal ones."""
    signs = torch.where(corpus > 0, 1.0, -1.0)
    own = torch.where(queries > 0, 1.0, -1.0)
    size = min(size, len(corpus))
    listed = (own @ signs.T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, signs[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def right_library(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """lib's packed bits, hamming_top_k and rescore."""
    dim = corpus.shape[1]
    packed = quantization.to_binary(corpus)
    near = quantization.hamming_top_k(quantization.to_binary(queries), packed, size, dim)[1]
    signs = quantization.from_binary(packed, dim)
    return matryoshka.rescore(queries, signs, near, min(k, near.shape[1]))[1]


def right_loops(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """Lists and sorted; the shortlist keeps its order among equal scores."""
    signs = [[1 if x > 0 else -1 for x in row] for row in corpus.tolist()]
    out = []
    for query in queries.tolist():
        own = [1 if x > 0 else -1 for x in query]
        distance = [sum(a != b for a, b in zip(own, row)) for row in signs]
        shortlist = sorted(range(len(signs)), key=lambda row: distance[row])[:size]
        score = {row: sum(x * s for x, s in zip(query, signs[row])) for row in shortlist}
        out.append(sorted(shortlist, key=lambda row: score[row], reverse=True)[:k])
    return torch.tensor(out, dtype=torch.long).view(len(queries), -1)


def right_numpy(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """numpy: packbits, XOR and counted bits."""
    q, c = queries.detach().cpu().numpy(), corpus.detach().cpu().numpy()
    a, b = np.packbits(q > 0, axis=1), np.packbits(c > 0, axis=1)
    distance = np.unpackbits(a[:, None] ^ b[None], axis=2).sum(axis=2, dtype=np.int64)
    listed = np.argsort(distance, axis=1, kind="stable")[:, :size]
    signs = np.where(c > 0, 1, -1).astype(q.dtype)
    scores = np.take_along_axis(q @ signs.T, listed, axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return torch.from_numpy(np.take_along_axis(listed, order, axis=1))


def right_masked_table(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """cdist with p=0 counts differing bits; -inf outside the shortlist."""
    size = min(size, len(corpus))
    bits = (corpus > 0).float()
    distance = torch.cdist((queries > 0).float(), bits, p=0)
    listed = distance.topk(size, dim=1, largest=False).indices
    outside = torch.ones_like(distance, dtype=torch.bool).scatter_(1, listed, False)
    scores = (queries @ (2 * bits - 1).to(queries.dtype).T).masked_fill(outside, -torch.inf)
    return scores.topk(min(k, size), dim=1).indices


def wrong_zero_is_one(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """>= 0: a 0 gets the bit 1; right where no number is 0."""
    signs = torch.where(corpus >= 0, 1.0, -1.0)
    own = torch.where(queries >= 0, 1.0, -1.0)
    size = min(size, len(corpus))
    listed = (own @ signs.T).topk(size, dim=1).indices.sort(dim=1).values
    scores = torch.einsum("qd,qmd->qm", queries, signs[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_torch_sign(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """torch.sign gives 0 for 0, where the card's sign is -1."""
    signs, own = corpus.sign(), queries.sign()
    size = min(size, len(corpus))
    listed = (own @ signs.T).topk(size, dim=1).indices.sort(dim=1).values
    scores = torch.einsum("qd,qmd->qm", queries, signs[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_corpus_numbers(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """Rescores with the passages' own numbers, of which only signs may be used."""
    signs = torch.where(corpus > 0, 1.0, -1.0)
    own = torch.where(queries > 0, 1.0, -1.0)
    size = min(size, len(corpus))
    listed = (own @ signs.T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_bits_for_signs(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """Shortlists by products of bits (1 and 0): counts shared ones, not differing bits."""
    bits = (corpus > 0).float()
    size = min(size, len(corpus))
    listed = ((queries > 0).float() @ bits.T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, (2 * bits - 1)[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_most_different(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """topk of the distance without largest=False: shortlists the most different."""
    bits = corpus > 0
    size = min(size, len(corpus))
    differ = ((queries > 0)[:, None] != bits[None]).sum(dim=2)
    listed = differ.topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, (bits.float() * 2 - 1)[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_bits_alone(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """No rescoring: the shortlist's first k."""
    differ = ((queries > 0)[:, None] != (corpus > 0)[None]).sum(dim=2)
    return differ.sort(dim=1, stable=True).indices[:, :size][:, :k]


def wrong_no_shortlist(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """Scores all passages by the query's numbers: a far one in bits may win with one large number."""
    signs = torch.where(corpus > 0, 1.0, -1.0)
    return (queries @ signs.T).topk(min(k, size, len(corpus)), dim=1).indices


def wrong_query_signs(
    queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int
) -> torch.Tensor:
    """Rescores with the query's signs, not its numbers: the order of the shortlist again."""
    signs = torch.where(corpus > 0, 1.0, -1.0)
    own = torch.where(queries > 0, 1.0, -1.0)
    size = min(size, len(corpus))
    listed = (own @ signs.T).sort(dim=1, descending=True, stable=True).indices[:, :size]
    scores = torch.einsum("qd,qmd->qm", own, signs[listed])
    order = scores.sort(dim=1, descending=True, stable=True).indices[:, : min(k, size)]
    return listed.gather(1, order)


def wrong_places(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """Places in the shortlist for rows of the corpus."""
    signs = torch.where(corpus > 0, 1.0, -1.0)
    own = torch.where(queries > 0, 1.0, -1.0)
    size = min(size, len(corpus))
    listed = (own @ signs.T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, signs[listed])
    return scores.topk(min(k, size), dim=1).indices


def wrong_uncut(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """Raises for a size of 50 among 10 passages, or k above size."""
    signs = torch.where(corpus > 0, 1.0, -1.0)
    own = torch.where(queries > 0, 1.0, -1.0)
    listed = (own @ signs.T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, signs[listed])
    return listed.gather(1, scores.topk(k, dim=1).indices)


def wrong_uint8_sum(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """Counts differing bits in uint8, which wraps around at 256: wrong for 384 numbers."""
    bits = (corpus > 0).to(torch.uint8)
    own = (queries > 0).to(torch.uint8)
    differ = (own[:, None] ^ bits[None]).sum(dim=2, dtype=torch.uint8)
    listed = differ.sort(dim=1, stable=True).indices[:, :size]
    scores = torch.einsum("qd,qmd->qm", queries, (bits.float() * 2 - 1)[listed])
    return listed.gather(1, scores.sort(dim=1, descending=True).indices[:, :k])


def wrong_in_place(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """The right rows, but writes the signs into the caller's corpus."""
    above = corpus > 0
    corpus[above] = 1.0
    corpus[~above] = -1.0
    own = torch.where(queries > 0, 1.0, -1.0)
    size = min(size, len(corpus))
    listed = (own @ corpus.T).topk(size, dim=1).indices
    scores = torch.einsum("qd,qmd->qm", queries, corpus[listed])
    return listed.gather(1, scores.topk(min(k, size), dim=1).indices)


def wrong_one_query(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """Only the first query, as (k,) and not (1, k)."""
    signs = torch.where(corpus > 0, 1.0, -1.0)
    own = torch.where(queries[0] > 0, 1.0, -1.0)
    size = min(size, len(corpus))
    listed = (signs @ own).topk(size).indices
    return listed[(signs[listed] @ queries[0]).topk(min(k, size)).indices]


RIGHT = [
    right_xor_stable,
    right_sign_product,
    right_library,
    right_loops,
    right_numpy,
    right_masked_table,
]
WRONG = [
    wrong_zero_is_one,
    wrong_torch_sign,
    wrong_corpus_numbers,
    wrong_bits_for_signs,
    wrong_most_different,
    wrong_bits_alone,
    wrong_no_shortlist,
    wrong_query_signs,
    wrong_places,
    wrong_uncut,
    wrong_uint8_sum,
    wrong_in_place,
    wrong_one_query,
]
