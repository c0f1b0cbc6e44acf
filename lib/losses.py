"""The losses that train an encoder: contrastive ones over a batch, and distillation from a teacher.

Every loss takes vectors, row i of every argument belonging to query i, and returns one number, the
mean over the rows, on the vectors' device. Scores are taken in float32 at least, under autocast
too: times a scale of 20, a bfloat16 cosine is off by a tenth. Where a loss speaks of cosine, it
normalises itself.
"""

from __future__ import annotations

import contextlib

import torch
import torch.nn.functional as F
from torch import Tensor

from lib.pooling import HALF_PRECISION, cosine_matrix, normalize

__all__ = ["cosent_loss", "cosine_similarity_loss", "kl_distillation", "margin_mse", "mnrl"]
__all__ += ["triplet_loss"]

DISTANCES = ("cosine", "euclidean")
_ROUNDING = 1e-2  # a cosine in 16 bits may lie so far beyond 1


def mnrl(
    queries: Tensor,
    positives: Tensor,
    negatives: Tensor | None = None,
    *,
    scale: float = 20.0,
    symmetric: bool = False,
    same: Tensor | None = None,
) -> Tensor:
    """Multiple negatives ranking loss (InfoNCE): each query has to find its own positive.

    queries: (batch, dim); positives: (batch, dim), row i belongs to query i, every other row is a
    negative for it. negatives: (batch, n, dim), more passages that are wrong; they join the pool of
    *every* query. scale: what cosines are multiplied by, 1 / temperature. symmetric: the mean of
    that loss and of its mirror image, in which each positive has to find its query among the
    batch's queries. same: (batch,), a key of each row's positive; rows with equal keys are not each
    other's negatives.

    Returns a scalar: the mean cross-entropy in nats, log(candidates) if all cosines are equal.
    Raises TypeError or ValueError when dtype or shapes do not fit or scale is not above 0.
    Source: Henderson et al. 2017, Efficient Natural Language Response Suggestion, section 4.4; van
    den Oord et al. 2018, Representation Learning with Contrastive Predictive Coding, section 2.3.
    """
    _require_rows("mnrl", queries=queries, positives=positives)
    if not scale > 0:
        raise ValueError(f"mnrl: scale is {scale}; expected a number above 0, 1 / temperature")
    candidates = positives
    if negatives is not None:
        _require_groups("mnrl", "negatives", negatives, queries)
        candidates = torch.cat([positives, negatives.flatten(0, 1)])
    scores = scale * _cosines(queries, candidates)
    duplicates = None if same is None else _duplicates(queries, same)
    loss = _own_column(scores, duplicates)
    if not symmetric:
        return loss
    return (loss + _own_column(scores[:, : len(queries)].T, duplicates)) / 2


def triplet_loss(
    anchors: Tensor,
    positives: Tensor,
    negatives: Tensor,
    *,
    margin: float,
    distance: str = "cosine",
) -> Tensor:
    """Triplet loss: the negative has to be farther from the anchor than the positive, by a margin.

    anchors, positives, negatives: (batch, dim). distance: "cosine" (1 - cosine, 0 to 2) or
    "euclidean" (of the vectors as they are; at most 2 for unit vectors). Returns a scalar, the mean
    of max(0, d(anchor, positive) - d(anchor, negative) + margin): at least `margin` - 2 for unit
    vectors by either distance, whatever the model learns, so a larger margin never closes.

    Raises TypeError or ValueError when dtype or shapes do not fit or the distance is unknown.
    Source: Schroff et al. 2015, FaceNet, section 3.1; Reimers and Gurevych 2019, section 3.
    """
    _require_rows("triplet_loss", anchors=anchors, positives=positives, negatives=negatives)
    if distance not in DISTANCES:
        raise ValueError(
            f"triplet_loss: distance is {distance!r}; choose one of {', '.join(DISTANCES)}"
        )
    if distance == "cosine":
        anchor = _unit(anchors)
        gap = (anchor * (_unit(negatives) - _unit(positives))).sum(dim=1)
    else:
        anchor = _wide(anchors)
        near = torch.linalg.vector_norm(anchor - _wide(positives), dim=1)
        gap = near - torch.linalg.vector_norm(anchor - _wide(negatives), dim=1)
    return F.relu(gap + margin).mean()


def cosine_similarity_loss(left: Tensor, right: Tensor, scores: Tensor) -> Tensor:
    """Mean squared difference between the cosine of each pair and the score that it should have.

    left, right: (batch, dim); scores: (batch,), -1 to 1. Returns a scalar.
    Raises TypeError or ValueError when dtype or shapes do not fit, or a score is no cosine.
    Source: Reimers and Gurevych 2019, Sentence-BERT, section 3 (the regression objective).
    """
    _require_rows("cosine_similarity_loss", left=left, right=right)
    _require_shape("cosine_similarity_loss", "scores", scores, (len(left),))
    if scores.device.type != "meta" and not bool((scores.abs() <= 1 + _ROUNDING).all()):
        raise ValueError(
            f"cosine_similarity_loss: scores are {float(scores.min()):g} to {float(scores.max()):g}; "
            "expected -1 to 1, which a cosine can reach: divide judgements of 0 to 5 by 5"
        )
    cosines = (_unit(left) * _unit(right)).sum(dim=1)
    return (cosines - scores).square().mean()


def cosent_loss(left: Tensor, right: Tensor, scores: Tensor, *, scale: float = 20.0) -> Tensor:
    """CoSENT: of two pairs the one with the higher score should have the higher cosine.

    left, right: (batch, dim); scores: (batch,), any numbers, of which only the order counts. scale: what
    cosines are multiplied by. Returns a scalar: log(1 + the sum of exp(scale * (cosine of pair j -
    cosine of pair i))) over all i, j where the score of i is higher; 0 if all scores are equal.

    Raises TypeError or ValueError when dtype or shapes do not fit or scale is not above 0.
    Source: Su 2022, CoSENT, https://kexue.fm/archives/8847.
    """
    _require_rows("cosent_loss", left=left, right=right)
    _require_shape("cosent_loss", "scores", scores, (len(left),))
    if not scale > 0:
        raise ValueError(
            f"cosent_loss: scale is {scale}; expected a number above 0, 1 / temperature"
        )
    cosines = scale * (_unit(left) * _unit(right)).sum(dim=1)
    wrong = (cosines - cosines[:, None]).masked_fill(scores[:, None] <= scores, float("-inf"))
    return torch.cat([wrong.flatten(), wrong.new_zeros(1)]).logsumexp(dim=0)


def margin_mse(
    queries: Tensor, positives: Tensor, negatives: Tensor, teacher_margins: Tensor
) -> Tensor:
    """Margin-MSE: the gap between positive and negative score should be the teacher's gap.

    queries, positives: (batch, dim); negatives: (batch, dim) with teacher_margins (batch,), or
    (batch, n, dim) with (batch, n). teacher_margins: the teacher's score of the positive minus that
    of the negative. Scores are dot products of the vectors as they are, so that gaps of any size
    can be met. Returns a scalar, the mean over all margins; no gradient flows to the teacher.

    Raises TypeError or ValueError when dtype or shapes do not fit.
    Source: Hofstätter et al. 2020, Improving Efficient Neural Ranking Models with
    Cross-Architecture Knowledge Distillation, section 3.
    """
    _require_rows("margin_mse", queries=queries, positives=positives)
    if negatives.ndim == 2:
        negatives, teacher_margins = negatives[:, None], teacher_margins[..., None]
    _require_groups("margin_mse", "negatives", negatives, queries)
    _require_shape("margin_mse", "teacher_margins", teacher_margins, tuple(negatives.shape[:2]))
    query = _wide(queries)[:, None]
    margins = (query * (_wide(positives)[:, None] - _wide(negatives))).sum(dim=-1)
    return (margins - teacher_margins.detach()).square().mean()


def kl_distillation(
    queries: Tensor, candidates: Tensor, teacher_scores: Tensor, temperature: float = 1.0
) -> Tensor:
    """Kullback-Leibler divergence of the student's ranking of some candidates from the teacher's.

    queries: (batch, dim); candidates: (batch, n, dim), n of at least 2, ranked for each query by
    dot product; teacher_scores: (batch, n), any scale. Both rows of scores become probabilities by
    a softmax of score / temperature. Returns a scalar in nats, the mean over queries times
    temperature squared, which keeps the size of the gradient when the temperature changes.

    Raises TypeError or ValueError when dtype or shapes do not fit or temperature is not above 0.
    Source: Hinton et al. 2015, Distilling the Knowledge in a Neural Network, section 2; Lin et al.
    2020, Distilling Dense Representations for Ranking using Tightly-Coupled Teachers.
    """
    _require_rows("kl_distillation", queries=queries)
    _require_groups("kl_distillation", "candidates", candidates, queries)
    _require_shape("kl_distillation", "teacher_scores", teacher_scores, tuple(candidates.shape[:2]))
    if candidates.shape[1] < 2:
        raise ValueError(
            "kl_distillation: there is one candidate a query, whose probability is always 1; "
            "expected at least two"
        )
    if not temperature > 0:
        raise ValueError(f"kl_distillation: temperature is {temperature}; expected more than 0")
    scores = (_wide(queries)[:, None] * _wide(candidates)).sum(dim=-1)
    student = (scores / temperature).log_softmax(dim=1)
    teacher = (teacher_scores.detach().to(scores.dtype) / temperature).softmax(dim=1)
    return F.kl_div(student, teacher, reduction="batchmean") * temperature**2


def _own_column(scores: Tensor, duplicates: Tensor | None) -> Tensor:
    """Mean cross-entropy of scores (batch, columns) whose right answer in row i is column i."""
    if duplicates is not None:
        hidden = F.pad(duplicates, (0, scores.shape[1] - len(scores)))
        scores = scores.masked_fill(hidden, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def _duplicates(queries: Tensor, same: Tensor) -> Tensor:
    """(batch, batch), True where another row has the same key."""
    _require_shape("mnrl", "same", same, (len(queries),))
    itself = torch.eye(len(same), dtype=torch.bool, device=same.device)
    return (same[:, None] == same) & ~itself


def _cosines(a: Tensor, b: Tensor) -> Tensor:
    with _full_precision(a.device):
        return cosine_matrix(_wide(a), _wide(b))


def _full_precision(device: torch.device) -> contextlib.AbstractContextManager:
    """No autocast: it would take the matrix product in half precision whatever it is given."""
    if torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in HALF_PRECISION else x


def _unit(x: Tensor) -> Tensor:
    return normalize(_wide(x))


def _require_rows(name: str, **vectors: Tensor) -> None:
    """All of one shape (batch, dim), floating point, on one device."""
    first_name, first = next(iter(vectors.items()))
    for argument, x in vectors.items():
        if not x.is_floating_point():
            raise TypeError(
                f"{name}: {argument} has dtype {x.dtype}; expected vectors of floating point: "
                "convert them with .float()"
            )
        if x.ndim != 2 or x.shape != first.shape or not len(x):
            raise ValueError(
                f"{name}: {argument} is {tuple(x.shape)} and {first_name} {tuple(first.shape)}; "
                "expected (batch, dim), the same for both, with at least one row: row i of each "
                "belongs to query i"
            )
        if x.device != first.device:
            raise ValueError(
                f"{name}: {argument} is on {x.device} but {first_name} is on {first.device}: "
                "move them to one device"
            )


def _require_groups(name: str, argument: str, x: Tensor, queries: Tensor) -> None:
    """(batch, n, dim) with the batch and dim of the queries."""
    batch, dim = queries.shape
    if x.ndim != 3 or x.shape[0] != batch or x.shape[2] != dim:
        raise ValueError(
            f"{name}: {argument} is {tuple(x.shape)} but the queries are {(batch, dim)}; expected "
            f"({batch}, n, {dim}): add an axis to one a query with x[:, None]"
        )
    if not x.is_floating_point():
        raise TypeError(f"{name}: {argument} has dtype {x.dtype}; expected floating point")


def _require_shape(name: str, argument: str, x: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(x.shape) != shape:
        raise ValueError(f"{name}: {argument} is {tuple(x.shape)}; expected {shape}")
