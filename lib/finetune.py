"""Fine-tuning in a few lines: a training loop with validation, and what it may train.

The loop knows nothing of texts or losses: it asks for the loss of some rows. So the same loop trains
a projection head on cached vectors in seconds and the last layers of an encoder in minutes.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lib import progress_bar
from lib._arguments import as_texts
from lib.device import autocast
from lib.pooling import normalize

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

__all__ = [
    "History",
    "ProjectionHead",
    "batches",
    "embed",
    "fit",
    "fit_head",
    "trainable_layers",
]


@dataclass
class History:
    """What a training run was like.

    losses, grad_norms: one number a step (the norm before clipping). scores: (step, score) of each
    validation, step 0 before training. best_step, best_score: the state that the model has now.
    seconds: wall-clock time of all steps, validation left out.
    """

    losses: list[float] = field(default_factory=list)
    grad_norms: list[float] = field(default_factory=list)
    scores: list[tuple[int, float]] = field(default_factory=list)
    best_step: int | None = None
    best_score: float | None = None
    seconds: float = 0.0


class ProjectionHead(nn.Module):
    """A linear map of vectors (n, dim) to unit vectors (n, out), trained on a frozen encoder.

    It starts as the identity, or its first `out` rows, so that before training it gives what the
    encoder gives.
    """

    def __init__(self, dim: int, out: int | None = None) -> None:
        super().__init__()
        out = dim if out is None else out
        if not 1 <= out <= dim:
            raise ValueError(f"ProjectionHead: out is {out}; expected 1 to dim, which is {dim}")
        self.linear = nn.Linear(dim, out, bias=False)
        with torch.no_grad():
            self.linear.weight.copy_(torch.eye(out, dim))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return unit vectors (n, out) for vectors (n, dim)."""
        return normalize(self.linear(vectors))


def batches(
    pairs: int,
    batch_size: int,
    generator: torch.Generator | None = None,
    keys: Sequence[Hashable] | None = None,
) -> Iterator[Tensor]:
    """Yield all rows 0 ... pairs - 1 once, shuffled, in batches of row numbers (at most batch_size,).

    keys: rows with equal keys never share a batch, as in-batch negatives need it; then a batch may
    be smaller. A last batch of one row is left out: it has no negative.
    Raises ValueError for a batch size below 2 or keys of another number.
    """
    if batch_size < 2:
        raise ValueError(f"batches: batch_size is {batch_size}; expected at least 2")
    if keys is not None and len(keys) != pairs:
        raise ValueError(f"batches: {len(keys)} keys for {pairs} pairs; expected one a pair")
    left = torch.randperm(pairs, generator=generator).tolist()
    while left:
        if keys is None:
            taken, left = left[:batch_size], left[batch_size:]
        else:
            seen, taken, later = set(), [], []
            for place, row in enumerate(left):
                if len(taken) == batch_size:
                    later += left[place:]
                    break
                if keys[row] in seen:
                    later.append(row)
                else:
                    seen.add(keys[row])
                    taken.append(row)
            left = later
        if len(taken) > 1:
            yield torch.tensor(taken)


def fit(
    model: nn.Module,
    pairs: int,
    step: Callable[[Tensor], Tensor],
    *,
    batch_size: int = 64,
    epochs: int = 1,
    lr: float = 1e-3,
    warmup: float = 0.1,
    seed: int = 0,
    keys: Sequence[Hashable] | None = None,
    validate: Callable[[], float] | None = None,
    every: int | None = None,
    max_norm: float = 1.0,
    weight_decay: float = 0.01,
    progress: bool = True,
) -> History:
    """Train the parameters of `model` that want a gradient, by AdamW with warm-up and linear decay.

    step: gives the scalar loss of rows (batch,) int64 on the CPU; run in bfloat16 where the hardware
    has it. If the loss carries no gradient, the step has put the gradients on the parameters itself,
    as `gradient_cache.cached_backward` does. epochs: passes over all pairs. lr: the highest learning
    rate. warmup: share of the steps in which it rises. keys: see `batches`. validate: a score of the model as it is, larger is better,
    asked before the first step, after every `every` steps and after the last; the best state is kept.
    max_norm: gradients are scaled down to this norm. progress: draw a bar on stdout.
    Raises ValueError if nothing is to be trained or no gradient reaches what is, FloatingPointError
    if a loss is not finite.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("fit: no parameter of the model wants a gradient (requires_grad)")
    if epochs < 1 or not 0 <= warmup <= 1:
        raise ValueError(f"fit: epochs={epochs}, warmup={warmup}; expected >= 1 and 0 to 1")
    generator = torch.Generator().manual_seed(seed)
    plan = [rows for _ in range(epochs) for rows in batches(pairs, batch_size, generator, keys)]
    if not plan:
        raise ValueError(f"fit: {pairs} pairs make no batch; expected at least 2")
    optimizer = torch.optim.AdamW(parameters, lr=lr, weight_decay=weight_decay)
    rising = max(1, round(warmup * len(plan)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min((n + 1) / rising, (len(plan) - n) / max(1, len(plan) - rising + 1))
    )
    history, device = History(), parameters[0].device
    best = _validated(model, validate, history, 0, None)
    was_training = model.training
    model.train()
    with progress_bar.bar(len(plan), "Training", "step", shown=progress) as bar:
        for number, rows in enumerate(plan, start=1):
            began = time.perf_counter()
            optimizer.zero_grad(set_to_none=True)
            with autocast(device):
                loss = step(rows)
            if loss.requires_grad:
                loss.backward()
            if all(p.grad is None for p in parameters):
                raise ValueError(
                    f"fit: step {number} gave no parameter a gradient; expected a loss that depends "
                    "on the model: was it detached, or computed under no_grad, as by model.encode?"
                )
            norm = nn.utils.clip_grad_norm_(parameters, max_norm)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"fit: the loss is {value} in step {number} of {len(plan)}; "
                    "a smaller lr or temperature 1 / scale that is not 0 may help"
                )
            optimizer.step()
            schedule.step()
            history.losses.append(value)
            history.grad_norms.append(float(norm))
            history.seconds += time.perf_counter() - began
            bar.update()
            bar.set_postfix(loss=f"{value:.3f}", refresh=False)
            if number == len(plan) or (every and number % every == 0):
                best = _validated(model, validate, history, number, best)
    if best is not None:
        model.load_state_dict(best)
    model.train(was_training)
    return history


def fit_head(
    queries: Tensor,
    passages: Tensor,
    keys: Sequence[Hashable],
    *,
    negatives: Tensor | None = None,
    scale: float = 20.0,
    batch_size: int = 64,
    epochs: int = 8,
    progress: bool = False,
    **options: Any,
) -> ProjectionHead:
    """Return a head that was trained on pairs of vectors by MNRL, in a second or two, in eval mode.

    queries, passages: (pairs, dim) vectors of a frozen encoder; keys: one a pair, equal where two
    pairs have the same passage. negatives: (pairs, n, dim), passages that are wrong for each query;
    each query is set against those of its whole batch. options: those of `fit`.
    Raises ValueError for shapes that do not fit, and what `fit` raises.
    Source: Henderson et al. 2017, Efficient Natural Language Response Suggestion for Smart Reply.
    """
    fits = negatives is None or (negatives.ndim == 3 and len(negatives) == len(queries))
    if queries.shape != passages.shape or queries.ndim != 2 or not fits:
        shape = None if negatives is None else tuple(negatives.shape)
        raise ValueError(
            f"fit_head: queries are {tuple(queries.shape)}, passages {tuple(passages.shape)}, "
            f"negatives {shape}; expected (pairs, dim) twice, and (pairs, n, dim) or None"
        )
    head = ProjectionHead(queries.shape[1]).to(queries.device)

    def step(rows: Tensor) -> Tensor:
        at = rows.to(queries.device)
        offered = passages[at]
        if negatives is not None:
            offered = torch.cat([offered, negatives[at].flatten(0, 1)])
        table = scale * head(queries[at]) @ head(offered).T
        return nn.functional.cross_entropy(table.float(), torch.arange(len(at), device=at.device))

    fit(
        head,
        len(queries),
        step,
        keys=keys,
        batch_size=batch_size,
        epochs=epochs,
        progress=progress,
        **options,
    )
    return head.eval()


def _validated(
    model: nn.Module,
    validate: Callable[[], float] | None,
    history: History,
    number: int,
    best: dict | None,
) -> dict | None:
    """Ask for a score and return the best state so far."""
    if validate is None:
        return None
    was_training = model.training
    model.eval()
    with torch.no_grad():
        score = float(validate())
    model.train(was_training)
    history.scores.append((number, score))
    if history.best_score is not None and score <= history.best_score:
        return best
    history.best_step, history.best_score = number, score
    return copy.deepcopy(model.state_dict())


def trainable_layers(model: SentenceTransformer | MultiVectorEncoder, last: int) -> int:
    """Freeze all of an encoder but its `last` transformer layers; return the number of parameters
    that are trained. `last` = 0 freezes everything, the number of layers frees the layers alone.

    Raises ValueError if the model has no list of layers or fewer of them.
    """
    lists = [m for m in model[0].modules() if isinstance(m, nn.ModuleList) and len(m)]
    if not lists:
        raise ValueError("trainable_layers: the model has no list of transformer layers")
    layers = max(lists, key=len)
    if not 0 <= last <= len(layers):
        raise ValueError(f"trainable_layers: last is {last}; expected 0 to {len(layers)}")
    model.requires_grad_(False)
    for layer in layers[len(layers) - last :]:
        layer.requires_grad_(True)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def embed(model: SentenceTransformer, texts: Iterable[str]) -> Tensor:
    """Return unit vectors (n, dim) of texts *with* a gradient, unlike `model.encode`.

    Raises TypeError for one string or a text that is none, ValueError without a text.
    """
    texts = as_texts("embed", texts)
    if not texts:
        raise ValueError("embed: texts is empty; expected at least one text")
    features = model.preprocess(texts)
    features = {k: v.to(model.device) if isinstance(v, Tensor) else v for k, v in features.items()}
    return normalize(model(features)["sentence_embedding"])
