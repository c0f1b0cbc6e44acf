"""Answers to `cached_gradient`, written from its card alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from lib import losses


def right_einsum_cumsum(weight, queries, positives, chunk, scale):
    """autograd for the vectors; outer products by einsum a chunk; cumsum over the chunks."""
    w = weight.detach()
    q = (queries @ w.T).detach().requires_grad_()
    p = (positives @ w.T).detach().requires_grad_()
    gq, gp = torch.autograd.grad(losses.mnrl(q, p, scale=scale), (q, p))
    parts = []
    for start in range(0, len(queries), chunk):
        s = slice(start, start + chunk)
        part = torch.einsum("bo,bw->ow", gq[s], queries[s])
        parts.append(part + torch.einsum("bo,bw->ow", gp[s], positives[s]))
    return torch.stack(parts).cumsum(dim=0)


def right_grad_outputs(weight, queries, positives, chunk, scale):
    """Encodes each chunk again and sends the vectors' gradients through it (grad_outputs)."""
    w = weight.detach().clone().requires_grad_(True)
    with torch.no_grad():
        vectors = [torch.cat([x @ w.T for x in side.split(chunk)]) for side in (queries, positives)]
    leaves = [v.requires_grad_() for v in vectors]
    upstream = torch.autograd.grad(losses.mnrl(*leaves, scale=scale), leaves)
    total, states = torch.zeros_like(w), []
    for x, y, gx, gy in zip(
        queries.split(chunk), positives.split(chunk), *(g.split(chunk) for g in upstream)
    ):
        again = [x @ w.T, y @ w.T]
        total = total + torch.autograd.grad(again, w, grad_outputs=[gx, gy])[0]
        states.append(total.detach())
    return torch.stack(states)


def right_backward_accumulates(weight, queries, positives, chunk, scale):
    """backward() adds to .grad of an own copy of the weight; a clone after each chunk."""
    own = torch.nn.Parameter(weight.detach().clone())
    q = F.linear(queries, own).detach().requires_grad_()
    p = F.linear(positives, own).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    out = []
    for i in range(0, queries.shape[0], chunk):
        for inputs, g in ((queries, q.grad), (positives, p.grad)):
            F.linear(inputs[i : i + chunk], own).backward(g[i : i + chunk])
        out.append(own.grad.clone())
    return torch.stack(out, dim=0)


def right_by_hand(weight, queries, positives, chunk, scale):
    """No autograd: the gradient of softmax and of the cosine by formula."""
    weight = weight.detach()
    q, p = queries @ weight.T, positives @ weight.T
    lq = q.norm(dim=1, keepdim=True).clamp(min=1e-12)
    lp = p.norm(dim=1, keepdim=True).clamp(min=1e-12)
    uq, up = q / lq, p / lp
    delta = (scale * uq @ up.T).softmax(dim=1) - torch.eye(len(q), dtype=q.dtype, device=q.device)
    delta = delta * scale / len(q)
    du, dv = delta @ up, delta.T @ uq
    gq = (du - (du * uq).sum(1, keepdim=True) * uq) / lq
    gp = (dv - (dv * up).sum(1, keepdim=True) * up) / lp
    result = weight.new_zeros(-(-len(q) // chunk), *weight.shape)
    for c in range(len(result)):
        end = (c + 1) * chunk
        result[c] = gq[:end].T @ queries[:end] + gp[:end].T @ positives[:end]
    return result


def right_outer_loop(weight, queries, positives, chunk, scale):
    """Outer products pair by pair, as on the toy; the sum is noted at the end of each chunk."""
    leaves = [(x @ weight.T).detach().requires_grad_() for x in (queries, positives)]
    upstream = torch.autograd.grad(losses.mnrl(*leaves, scale=scale), leaves)
    total, noted = torch.zeros_like(weight.detach()), []
    for i in range(len(queries)):
        for g, x in zip(upstream, (queries, positives)):
            total = total + torch.outer(g[i], x[i])
        if (i + 1) % chunk == 0 or i + 1 == len(queries):
            noted.append(total)
    return torch.stack(noted)


def right_surrogate(weight, queries, positives, chunk, scale):
    """An own loss by cross_entropy; a surrogate sum(vectors * gradient) for each chunk."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    scores = scale * F.normalize(q, dim=1) @ F.normalize(p, dim=1).T
    F.cross_entropy(scores, torch.arange(len(q), device=q.device)).backward()
    copy = weight.detach().clone().requires_grad_()
    sums = []
    for rows in torch.arange(len(q)).split(chunk):
        (queries[rows] @ copy.T * q.grad[rows]).sum().backward()
        (positives[rows] @ copy.T * p.grad[rows]).sum().backward()
        sums.append(copy.grad.tolist())
    return torch.tensor(sums, dtype=weight.dtype, device=weight.device)


def wrong_loss_per_chunk(weight, queries, positives, chunk, scale):
    """A loss of its own for each chunk: each sees only its own negatives (two chunks)."""
    w = weight.detach().clone().requires_grad_()
    total, out = torch.zeros_like(weight), []
    for q, p in zip(queries.split(chunk), positives.split(chunk)):
        loss = losses.mnrl(q @ w.T, p @ w.T, scale=scale) * len(q) / len(queries)
        total = total + torch.autograd.grad(loss, w)[0]
        out.append(total)
    return torch.stack(out).detach()


def wrong_not_running(weight, queries, positives, chunk, scale):
    """Each chunk's own share, not the running sum: wrong from the second chunk on."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    out = []
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk)
        out.append(q.grad[s].T @ queries[s] + p.grad[s].T @ positives[s])
    return torch.stack(out)


def wrong_only_queries(weight, queries, positives, chunk, scale):
    """The positives' share is forgotten: wrong for every batch of two."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach()
    (g,) = torch.autograd.grad(losses.mnrl(q, p, scale=scale), [q])
    parts = [a.T @ b for a, b in zip(g.split(chunk), queries.split(chunk))]
    return torch.stack(parts).cumsum(0)


def wrong_last_chunk_dropped(weight, queries, positives, chunk, scale):
    """batch // chunk chunks: the shorter last one is lost (batch 5, chunk 2)."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    gq, gp = torch.autograd.grad(losses.mnrl(q, p, scale=scale), (q, p))
    total, out = torch.zeros_like(weight), []
    for c in range(len(queries) // chunk):
        s = slice(c * chunk, (c + 1) * chunk)
        total = total + gq[s].T @ queries[s] + gp[s].T @ positives[s]
        out.append(total)
    return torch.stack(out).detach()


def wrong_total_only(weight, queries, positives, chunk, scale):
    """Returns the full gradient (out, width) without the axis of chunks; [-1] is then a row."""
    w = weight.detach().clone().requires_grad_()
    losses.mnrl(queries @ w.T, positives @ w.T, scale=scale).backward()
    return w.grad


def wrong_same_tensor_twice(weight, queries, positives, chunk, scale):
    """Appends the sum without a clone and adds in place: all entries are the last one."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    total, out = torch.zeros_like(weight.detach()), []
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk)
        total += q.grad[s].T @ queries[s] + p.grad[s].T @ positives[s]
        out.append(total)
    return torch.stack(out)


def wrong_grad_of_argument(weight, queries, positives, chunk, scale):
    """requires_grad_ and .grad on the caller's weight: a second call adds to the first."""
    weight.requires_grad_()
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    out = []
    for i in range(0, len(queries), chunk):
        (queries[i : i + chunk] @ weight.T).backward(q.grad[i : i + chunk])
        (positives[i : i + chunk] @ weight.T).backward(p.grad[i : i + chunk])
        out.append(weight.grad.clone())
    return torch.stack(out)


def wrong_needs_grad(weight, queries, positives, chunk, scale):
    """Never asks for a gradient: raises for a plain weight, as the lesson hands over."""
    loss = losses.mnrl(queries @ weight.T, positives @ weight.T, scale=scale)
    loss.backward()
    return weight.grad.repeat(-(-len(queries) // chunk), 1, 1)


def wrong_whole_gradient_repeated(weight, queries, positives, chunk, scale):
    """One backward, its result for every chunk: only the last entry is right."""
    w = weight.detach().clone().requires_grad_()
    losses.mnrl(queries @ w.T, positives @ w.T, scale=scale).backward()
    return w.grad.repeat(-(-len(queries) // chunk), 1, 1)


def wrong_default_scale(weight, queries, positives, chunk, scale):
    """The scale is not handed on, so it is 20: wrong at scale 2."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    gq, gp = torch.autograd.grad(losses.mnrl(q, p), (q, p))
    parts = []
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk)
        parts.append(gq[s].T @ queries[s] + gp[s].T @ positives[s])
    return torch.stack(parts).cumsum(0)


def wrong_outer_turned(weight, queries, positives, chunk, scale):
    """Outer product of input and gradient: transposed, (chunks, width, out)."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    gq, gp = torch.autograd.grad(losses.mnrl(q, p, scale=scale), (q, p))
    parts = []
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk)
        parts.append(queries[s].T @ gq[s] + positives[s].T @ gp[s])
    return torch.stack(parts).cumsum(0)


def wrong_number_of_chunks(weight, queries, positives, chunk, scale):
    """torch.chunk takes the number of chunks, not their size: wrong for batch 6, chunk 2."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    gq, gp = torch.autograd.grad(losses.mnrl(q, p, scale=scale), (q, p))
    sides = [x.chunk(chunk) for x in (gq, queries, gp, positives)]
    return torch.stack([a.T @ b + c.T @ d for a, b, c, d in zip(*sides)]).cumsum(0)


def wrong_mean_over_chunks(weight, queries, positives, chunk, scale):
    """Divides the running sum by the number of chunks so far: wrong from the second one on."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    total, out = torch.zeros_like(weight.detach()), []
    for n, i in enumerate(range(0, len(queries), chunk), start=1):
        s = slice(i, i + chunk)
        total = total + q.grad[s].T @ queries[s] + p.grad[s].T @ positives[s]
        out.append(total / n)
    return torch.stack(out)


def wrong_list(weight, queries, positives, chunk, scale):
    """A list of tensors, not one tensor (chunks, out, width)."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    total, out = torch.zeros_like(weight.detach()), []
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk)
        total = total + q.grad[s].T @ queries[s] + p.grad[s].T @ positives[s]
        out.append(total)
    return out


def wrong_starts_with_zero(weight, queries, positives, chunk, scale):
    """The empty sum is noted, too: one entry more than chunks, the first all zeros."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    out = [torch.zeros_like(weight.detach())]
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk)
        out.append(out[-1] + q.grad[s].T @ queries[s] + p.grad[s].T @ positives[s])
    return torch.stack(out)


def wrong_off_by_one(weight, queries, positives, chunk, scale):
    """[i : i + chunk - 1] leaves out the last pair of each chunk; chunk 1 is empty."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    out = []
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk - 1)
        out.append(q.grad[s].T @ queries[s] + p.grad[s].T @ positives[s])
    return torch.stack(out).cumsum(dim=0)


def wrong_chunk_weights(weight, queries, positives, chunk, scale):
    """Weighs each share by its part of the batch once more, as `gradient_of` does for losses."""
    q = (queries @ weight.T).detach().requires_grad_()
    p = (positives @ weight.T).detach().requires_grad_()
    losses.mnrl(q, p, scale=scale).backward()
    out = []
    for i in range(0, len(queries), chunk):
        s = slice(i, i + chunk)
        share = q.grad[s].T @ queries[s] + p.grad[s].T @ positives[s]
        out.append(share * len(queries[s]) / len(queries))
    return torch.stack(out).cumsum(dim=0)


def wrong_own_chunk_as_candidates(weight, queries, positives, chunk, scale):
    """A positive gets gradient from its own chunk's queries only: wrong with two chunks."""
    w = weight.detach().clone().requires_grad_()
    whole = (positives @ weight.T).detach()
    total, out = torch.zeros_like(w), []
    for rows in torch.arange(len(queries)).split(chunk):
        p = whole.clone()
        p[rows] = positives[rows] @ w.T
        scores = scale * F.normalize(queries[rows] @ w.T, dim=1) @ F.normalize(p, dim=1).T
        loss = F.cross_entropy(scores, rows, reduction="sum") / len(queries)
        total = total + torch.autograd.grad(loss, w)[0]
        out.append(total)
    return torch.stack(out).detach()


RIGHT = [
    right_einsum_cumsum,
    right_grad_outputs,
    right_backward_accumulates,
    right_by_hand,
    right_outer_loop,
    right_surrogate,
]
WRONG = [
    wrong_loss_per_chunk,
    wrong_not_running,
    wrong_only_queries,
    wrong_last_chunk_dropped,
    wrong_total_only,
    wrong_same_tensor_twice,
    wrong_grad_of_argument,
    wrong_needs_grad,
    wrong_whole_gradient_repeated,
    wrong_default_scale,
    wrong_outer_turned,
    wrong_number_of_chunks,
    wrong_mean_over_chunks,
    wrong_list,
    wrong_starts_with_zero,
    wrong_off_by_one,
    wrong_chunk_weights,
    wrong_own_chunk_as_candidates,
]
