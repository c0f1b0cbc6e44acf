"""Long documents made of the course's passages, with the place of each answer: what a limit hides.

A document is some passages one after another. A question is answered by the document that holds its
passage; where in the document that passage stands decides whether a model with a limit reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lib.data import CourseSet, Split

__all__ = ["LongDocuments", "documents_found", "join_passages", "which_part_is_read"]


@dataclass(frozen=True)
class LongDocuments:
    """texts: the documents.  answers: for each question of the split (document, start, end), the place
    of its passage in the document, in characters."""

    texts: list[str]
    answers: list[tuple[int, int, int]]


def join_passages(
    course: CourseSet, split: Split, *, each: int = 12, documents: int = 50, seed: int = 0
) -> LongDocuments:
    """Return documents of `each` passages, drawn at random, that answer all questions of the split.

    documents: how many; more are made if the passages that answer a question need more.
    Raises ValueError for numbers below 1.
    """
    if each < 1 or documents < 1:
        raise ValueError(
            f"join_passages: each is {each}, documents {documents}; expected at least 1 each"
        )
    generator = torch.Generator().manual_seed(seed)
    needed = sorted(set(split.positives))
    others = sorted(set(range(len(course.passages))) - set(needed))
    missing = max(0, documents * each - len(needed))
    drawn = torch.randperm(len(others), generator=generator)[:missing].tolist()
    rows = [*needed, *(others[place] for place in drawn)]
    rows = [rows[place] for place in torch.randperm(len(rows), generator=generator).tolist()]
    texts: list[str] = []
    place_of: dict[int, tuple[int, int, int]] = {}
    for first in range(0, len(rows), each):
        text = ""
        for row in rows[first : first + each]:
            start = len(text)
            text += course.passages[row].strip()
            place_of[row] = (len(texts), start, len(text))
            text += " "
        texts.append(text.strip())
    return LongDocuments(texts, [place_of[row] for row in split.positives])


def which_part_is_read(made: LongDocuments, tokenizer: Any, limit: int) -> list[str]:
    """Return for each question "read", "cut" or "never read": what a model reads of its passage.

    limit: tokens that are read, special ones left out; tokenizer: a fast one. "cut" means that the
    limit falls into the passage.
    """
    read = tokenizer(
        made.texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )["offset_mapping"]
    # the first character that is not read; behind the last one where all is
    ends = [
        offsets[limit][0] if len(offsets) > limit else len(text) + 1
        for text, offsets in zip(made.texts, read)
    ]
    return [
        "read" if end <= ends[document] else "never read" if start >= ends[document] else "cut"
        for document, start, end in made.answers
    ]


def documents_found(scores: Tensor, made: LongDocuments, k: int) -> Tensor:
    """Return for each question 1.0 if its document is among the k with the highest scores, else 0.0.

    scores: (q, documents). Returns (q,) float32. Raises ValueError for another shape or k below 1.
    """
    shape = (len(made.answers), len(made.texts))
    if tuple(scores.shape) != shape or k < 1:
        raise ValueError(
            f"documents_found: scores is {tuple(scores.shape)}, k is {k}; expected {shape} and at "
            "least 1"
        )
    own = torch.tensor([document for document, _, _ in made.answers], device=scores.device)
    found = scores.topk(min(k, shape[1]), dim=1).indices
    return (found == own[:, None]).any(dim=1).float()
