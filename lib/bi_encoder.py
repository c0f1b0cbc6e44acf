"""Training a whole bi-encoder: all its layers, or the last few, on rows of texts.

A head on kept vectors trains in a second; here the texts go through the encoder in every step, which
takes minutes on a CPU. What is saved is padding: the texts of a batch are encoded in chunks of like
length. A batch that does not fit into memory goes through in two passes (lib.gradient_cache).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib._arguments import as_texts, refuse_one_string
from lib.device import autocast
from lib.finetune import History, embed, fit, trainable_layers
from lib.gradient_cache import cached_backward
from lib.metrics import ndcg_at_k
from lib.search import top_k
from lib.search_evaluator import corpus_around

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from lib.data import CourseSet, Split

__all__ = ["train", "trained_copy", "validator"]


def train(
    model: SentenceTransformer,
    columns: Sequence[Sequence[str] | Sequence[Sequence[str]]],
    loss: Callable[..., Tensor],
    *,
    last: int | None = None,
    batch_size: int = 32,
    lr: float = 5e-5,
    chunk: int = 16,
    cached: bool = False,
    seed: int = 0,
    **options: Any,
) -> History:
    """Train the encoder in place on rows of texts by a loss over their vectors.

    columns: such as [queries, positives] or [queries, positives, negatives]; they have the same
    number of rows. A row of a column is a text or a list of n texts, the same n in each row; it is
    asked for anew in every step, so a column may draw it. loss: takes for each column unit vectors
    (batch, dim), or (batch, n, dim), float32, and returns a scalar.
    last: how many of the last layers are trained, None for the whole encoder with its word
    embeddings. chunk: texts encoded at a time, sorted by length. cached: keep the activations of one
    chunk only and encode a second time for the gradient; the same gradient in less memory.
    seed: of the shuffling and of dropout, whatever was drawn before. options: those of
    `finetune.fit`, such as epochs, keys, validate, every and progress.

    Returns the history; the model has the best validated state, or the last, and is in eval mode.
    Raises TypeError if a column is one text or a row holds what is none, ValueError if columns or
    lists differ in length, and what `fit` raises.
    Source: Reimers and Gurevych 2019, Sentence-BERT, section 3; Gao et al. 2021 for `cached`.
    """
    columns, rows = _checked(columns)
    if chunk < 1:
        raise ValueError(f"train: chunk is {chunk}; expected at least 1 text")
    if last is None:
        model.requires_grad_(True)
    else:
        trainable_layers(model, last)
    device = torch.device(model.device)

    def encode(texts: list[str]) -> Tensor:
        with autocast(device):
            return embed(model, texts).float()

    def step(batch: Tensor) -> Tensor:
        numbers = batch.tolist()
        parts = [_Part([column[i] for i in numbers], chunk) for column in columns]

        def whole(*vectors: Tensor) -> Tensor:
            return loss(*(part.restored(v) for part, v in zip(parts, vectors)))

        with torch.autocast(device.type, enabled=False):  # the loss in float32
            if cached:
                return cached_backward(encode, [part.chunks for part in parts], whole)
            return whole(*(torch.cat([encode(c) for c in part.chunks]) for part in parts))

    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        history = fit(model, rows, step, batch_size=batch_size, lr=lr, seed=seed, **options)
    model.eval()
    return history


def _checked(columns: Sequence[Sequence]) -> tuple[list[Sequence], int]:
    """The columns, each with rows at places from 0, and the number of rows of all of them."""
    refuse_one_string("train", columns, "columns")
    listed: list[Sequence] = []
    for number, column in enumerate(columns):
        name = f"train: columns[{number}]"
        refuse_one_string(name, column, "texts, one a row")
        # A column that draws its rows has places and a length, and is left to do so; a table's column
        # has rows by its own labels, and a generator has no places at all.
        places = hasattr(column, "__getitem__") and hasattr(column, "__len__")
        whole = isinstance(column, (list, tuple, Mapping)) or hasattr(column, "iloc")
        listed.append(column if places and not whole else _texts_of(name, column))
    sizes = [len(column) for column in listed]
    if not sizes or min(sizes) != max(sizes):
        raise ValueError(f"train: the columns have {sizes} rows; expected the same in each")
    return listed, sizes[0]


def _texts_of(name: str, column: Iterable) -> list[str] | list[list[str]]:
    """The rows as texts, or as lists of n texts where the first is a list."""
    if not isinstance(column, Iterable) or isinstance(column, (Mapping, Set)):
        return as_texts(name, column)  # which says what it is
    rows = list(column)
    if not rows or not (isinstance(rows[0], (list, tuple)) or getattr(rows[0], "ndim", 0) == 1):
        return as_texts(name, rows)
    several = [as_texts(f"{name}[{place}]", row) for place, row in enumerate(rows)]
    sizes = sorted({len(row) for row in several})
    if len(sizes) > 1:
        raise ValueError(f"{name}: its rows have {sizes} texts; expected as many each")
    return several


class _Part:
    """The texts of one column in a batch, in chunks of like length, and the way back."""

    chunks: list[list[str]]
    group: int | None  # texts a row, None where a row is a text

    def __init__(self, rows: list, chunk: int) -> None:
        checked = _texts_of("train: rows of a batch", rows)
        texts: list[str] = []
        for row in checked:
            texts += [row] if isinstance(row, str) else row
        self.group = None if isinstance(checked[0], str) else len(checked[0])
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        ordered = [texts[i] for i in order]
        self.chunks = [ordered[i : i + chunk] for i in range(0, len(ordered), chunk)]
        self._back = torch.tensor(order).argsort()

    def restored(self, vectors: Tensor) -> Tensor:
        """(texts, dim) in order of length, as (batch, dim) or (batch, n, dim) in order of rows."""
        vectors = vectors[self._back.to(vectors.device)]
        return vectors if self.group is None else vectors.unflatten(0, (-1, self.group))


def trained_copy(
    model: SentenceTransformer,
    course: CourseSet,
    loss: Callable[..., Tensor],
    negatives: Tensor | None = None,
    *,
    epochs: int = 2,
    lr: float = 1e-4,
    seed: int = 0,
    **options: Any,
) -> tuple[SentenceTransformer, History]:
    """Return a copy of the encoder with all its layers trained on the course's training pairs, and its history.

    loss: of unit vectors of queries and passages (batch, dim), and, where there are negatives, of theirs
    (batch, n, dim). negatives: (pairs, n) rows of passages that are wrong for each training query. A
    batch has 128 pairs, of which no two have the same passage; every 30 steps the validation queries
    are asked, and the best state is kept. options: others of `train`, whose errors it raises. The model
    itself stays as it is.
    """
    columns: list[Any] = [
        course.train.queries,
        [course.passages[row] for row in course.train.positives],
    ]
    if negatives is not None:
        columns.append([[course.passages[row] for row in rows] for rows in negatives.tolist()])
    encoder = copy.deepcopy(model)
    settings: dict[str, Any] = {
        "batch_size": 128,
        "keys": course.train.positives,
        "validate": validator(encoder, course),
        "every": 30,
    }
    settings |= {"epochs": epochs, "lr": lr, "seed": seed, **options}
    return encoder, train(encoder, columns, loss, **settings)


def validator(
    model: SentenceTransformer,
    course: CourseSet,
    split: Split | None = None,
    *,
    passages: int = 1_500,
    k: int = 10,
    seed: int = 0,
) -> Callable[[], float]:
    """Return a function that gives the mean nDCG@k of the model as it then is, for `fit`'s validate.

    split: the queries, by default the course set's validation queries. They search among all
    passages that answer one of them and others drawn at random, `passages` in all: this takes
    seconds where all passages take minutes. It is for choosing a step, not for reporting: among
    fewer passages the number is higher. Nothing is kept on disk.
    Raises ValueError if the split has no queries.
    """
    split = course.validation if split is None else split
    if not split.queries:
        raise ValueError("validator: the split has no queries; expected at least one")
    rows = corpus_around(course, split, passages, seed)
    ids, texts = [course.ids[i] for i in rows], [course.passages[i] for i in rows]

    def encoded(texts: Sequence[str]) -> Tensor:
        with autocast(model.device):
            return model.encode(
                list(texts),
                convert_to_tensor=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            ).float()

    def score() -> float:
        found = top_k(encoded(split.queries), encoded(texts), k)[1]
        ranked = [[ids[i] for i in places] for places in found.tolist()]
        return float(ndcg_at_k(ranked, split.relevant, k).mean())

    return score
