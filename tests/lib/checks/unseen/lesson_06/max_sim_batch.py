"""Answers to `max_sim_batch`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def right_matmul(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Broadcast matmul to (q, n, i, j), where with the dtype's lowest number."""
    similarity = queries.unsqueeze(1) @ documents.transpose(1, 2).unsqueeze(0)
    lowest = torch.finfo(similarity.dtype).min
    real = document_mask.bool()[None, :, None, :]
    best = torch.where(real, similarity, lowest).max(dim=-1).values
    return torch.where(query_mask.bool()[:, None, :], best, 0.0).sum(-1)


def right_masks_by_sums(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """log of the mask is 0 or minus infinity and is added; the query's mask is multiplied in einsum."""
    similarity = torch.einsum("qid,njd->qinj", queries, documents)
    similarity = similarity + document_mask.to(similarity.dtype).log()
    best = similarity.amax(-1)
    return torch.einsum("qin,qi->qn", best, query_mask.to(best.dtype))


def right_zeroed_queries(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """The query's padding becomes a vector of zeros, whose best dot product is 0."""
    words = queries * query_mask.unsqueeze(-1)
    similarity = torch.einsum("qid,njd->qnij", words, documents)
    similarity = similarity.masked_fill(~document_mask.bool()[None, :, None], float("-inf"))
    return similarity.amax(dim=3).sum(dim=2)


def right_one_table(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """All tokens flattened into one product of two matrices."""
    q, i, dim = queries.shape
    n, j, _ = documents.shape
    table = queries.reshape(q * i, dim) @ documents.reshape(n * j, dim).T
    table[:, (document_mask == 0).reshape(-1)] = -torch.inf
    best = table.view(q, i, n, j).amax(dim=3)
    return torch.where(query_mask[:, :, None] == 0, 0, best).sum(dim=1)


def right_sorted(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """tensordot and the first of a descending sort."""
    similarity = torch.tensordot(queries, documents, dims=([2], [2]))  # (q, i, n, j)
    similarity = similarity.masked_fill(document_mask == 0, -torch.inf)
    best = similarity.sort(dim=3, descending=True).values[..., 0]
    return best.masked_fill((query_mask == 0)[..., None], 0.0).sum(dim=1)


def right_broadcast(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Products of all numbers, summed over dim; gather at the argmax."""
    a = queries[:, None, :, None, :]
    b = documents[None, :, None, :, :]
    similarity = (a * b).sum(dim=4)
    hidden = document_mask.logical_not()[None, :, None, :].expand_as(similarity)
    places = similarity.masked_fill(hidden, -torch.inf).argmax(dim=3, keepdim=True)
    best = similarity.gather(3, places).squeeze(3)
    return (best * query_mask[:, None, :].to(best.dtype)).sum(dim=2)


def right_vmap(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """A function of one pair, mapped over documents and then over queries."""

    def one(query, words, document, tokens):
        table = torch.where(tokens != 0, query @ document.T, -torch.inf)
        return (table.amax(dim=1) * words).sum()

    of_one_query = torch.vmap(one, in_dims=(None, None, 0, 0))
    return torch.vmap(of_one_query, in_dims=(0, 0, None, None))(
        queries, query_mask, documents, document_mask
    )


def wrong_document_mask_forgotten(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """A document's padding can be the best token: 10 in the example."""
    best = torch.einsum("qid,njd->qnij", queries, documents).amax(dim=3)
    return (best * query_mask[:, None, :]).sum(dim=2)


def wrong_query_mask_forgotten(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """A query's padding adds its best dot product."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -torch.inf)
    return similarity.amax(dim=3).sum(dim=2)


def wrong_multiplied_document_mask(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Padding becomes 0: larger than a document's real dot products if they are all negative."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    best = (similarity * document_mask[None, :, None, :]).amax(dim=3)
    return (best * query_mask[:, None, :]).sum(dim=2)


def wrong_filled_with_minus_one(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """-1 is no lower bound where vectors are longer than 1: a real dot product may be -2."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -1.0)
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_filled_with_minus_hundred(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """-100 is no lower bound either: [20] and [-10] have -200, and the card bounds no vector."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -100.0)
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_smallest_positive(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """finfo.tiny for finfo.min: a positive number, larger than all negative ones."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    tiny = torch.finfo(similarity.dtype).tiny
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, tiny)
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_mean(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """The mean over a query's real tokens: 0.9 in the example."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -torch.inf)
    total = (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)
    return total / query_mask.sum(dim=1, keepdim=True).clamp(min=1)


def wrong_axis(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Maximum over query tokens, sum over document tokens."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(query_mask[:, None, :, None] == 0, -torch.inf)
    best = similarity.amax(dim=2).clamp(min=-1e30)
    return (best * document_mask[None, :, :]).sum(dim=2)


def wrong_transposed(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """(n, q): the einsum's axes are the other way round."""
    similarity = torch.einsum("qid,njd->nqij", queries, documents)
    similarity = similarity.masked_fill(document_mask[:, None, None, :] == 0, -torch.inf)
    return (similarity.amax(dim=3) * query_mask[None]).sum(dim=2)


def wrong_pairs_only(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Query 0 with document 0, 1 with 1: (q,), and an error if there are not as many."""
    similarity = torch.bmm(queries, documents.transpose(1, 2))
    similarity = similarity.masked_fill(document_mask[:, None, :] == 0, -torch.inf)
    return (similarity.amax(dim=2) * query_mask).sum(dim=1)


def wrong_padding_at_the_end(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Counts the ones and takes so many from the front: wrong for padding before or between."""
    places = torch.arange(documents.shape[1], device=documents.device)
    real = places[None] < document_mask.sum(dim=1, keepdim=True)
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(~real[None, :, None, :], -torch.inf)
    words = torch.arange(queries.shape[1], device=queries.device)
    kept = words[None] < query_mask.sum(dim=1, keepdim=True)
    return (similarity.amax(dim=3) * kept[:, None, :]).sum(dim=2)


def wrong_first_mask_for_all(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """The first document's mask for all documents."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity[..., document_mask[0] == 0] = -torch.inf
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_needs_bool(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """~ of whole numbers: raises for masks of 1 and 0, right for truth values."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(~document_mask[None, :, None, :], -torch.inf)
    return similarity.amax(dim=3).masked_fill(~query_mask[:, None, :], 0.0).sum(dim=2)


def right_needs_numbers(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """1 - mask: needs whole numbers, which is what a mask holds."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity - (1 - document_mask)[None, :, None, :] * 1e30
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_no_gradient(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """The right scores, made under no_grad: the loss learns nothing."""
    with torch.no_grad():
        similarity = torch.einsum("qid,njd->qnij", queries, documents)
        similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -torch.inf)
        return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_numpy(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """The right scores by numpy: no gradient comes back."""
    q, d = queries.detach().numpy(), documents.detach().numpy()
    table = torch.from_numpy(q[:, None] @ d.transpose(0, 2, 1)[None])
    table[:, :, :, :].masked_fill_(document_mask[None, :, None, :] == 0, -torch.inf)
    return (table.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_documents_without_gradient(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Gradients flow to the queries only: the documents are detached."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents.detach())
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -torch.inf)
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_gradient_broken_in_place(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """The right scores, but zeros are written into amax's result, which its backward needs: it raises."""
    similarity = torch.einsum("qid,njd->qinj", queries, documents)
    best = similarity.masked_fill(document_mask == 0, -torch.inf).amax(dim=3)
    best[query_mask == 0] = 0
    return best.sum(dim=1)


def wrong_infinite_query_padding(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Minus infinity at both paddings: every query with padding scores minus infinity."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    real = (query_mask != 0)[:, None, :, None] & (document_mask != 0)[None, :, None, :]
    return torch.where(real, similarity, -torch.inf).amax(dim=3).sum(dim=2)


def wrong_cosine(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Normalises the tokens, which the card does not ask for: other scores for longer vectors."""
    queries, documents = F.normalize(queries, dim=2), F.normalize(documents, dim=2)
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -torch.inf)
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_in_place(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Zeros the padding of the caller's queries: changes them, and raises where gradients are asked for."""
    queries[query_mask == 0] = 0
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -torch.inf)
    return similarity.amax(dim=3).sum(dim=2)


def wrong_empty_query_nan(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Mean times count: the same as the sum, but 0/0 for a query without real tokens."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] == 0, -torch.inf)
    weights = query_mask / query_mask.sum(dim=1, keepdim=True)
    best = similarity.amax(dim=3) * weights[:, None, :]
    return best.sum(dim=2) * query_mask.sum(dim=1, keepdim=True)


def wrong_masks_exchanged(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """!= for ==: fills the real tokens, and takes the best of the padding."""
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    similarity = similarity.masked_fill(document_mask[None, :, None, :] != 0, -torch.inf)
    return (similarity.amax(dim=3) * query_mask[:, None, :]).sum(dim=2)


def wrong_unmasked_and_averaged(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Two mistakes: a document's padding counts, and the mean is over all places of the query."""
    best = torch.einsum("qid,njd->qnij", queries, documents).amax(dim=3)
    return (best * query_mask[:, None, :]).mean(dim=2)


RIGHT = [
    right_needs_numbers,
    right_matmul,
    right_masks_by_sums,
    right_zeroed_queries,
    right_one_table,
    right_sorted,
    right_broadcast,
    right_vmap,
]
WRONG = [
    wrong_document_mask_forgotten,
    wrong_query_mask_forgotten,
    wrong_multiplied_document_mask,
    wrong_filled_with_minus_one,
    wrong_filled_with_minus_hundred,
    wrong_smallest_positive,
    wrong_mean,
    wrong_axis,
    wrong_transposed,
    wrong_pairs_only,
    wrong_padding_at_the_end,
    wrong_first_mask_for_all,
    wrong_needs_bool,
    wrong_no_gradient,
    wrong_numpy,
    wrong_documents_without_gradient,
    wrong_gradient_broken_in_place,
    wrong_infinite_query_padding,
    wrong_cosine,
    wrong_in_place,
    wrong_empty_query_nan,
    wrong_masks_exchanged,
    wrong_unmasked_and_averaged,
]
