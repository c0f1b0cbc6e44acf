"""Long texts in chunks that fit a model's limit, and the scores of chunks as scores of documents.

A model reads a text up to its limit and no further: what stands behind is in no vector. So a long text
is cut into chunks, each is encoded by itself, and a document is found by its best chunk.

A chunk ends at the end of a sentence where one is near, else at the end of a word. Neighbours share
`overlap` tokens or a few more, so that what stands at a cut stands whole in one of them. No character of
a text is lost: each lies in at least one chunk.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib._arguments import as_texts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["Chunk", "best_of_chunks", "chunk_texts", "content_limit", "mean_of_chunks"]
__all__ += ["owners", "spans"]

# How good a cut before a token is: between two pieces of a character never.
_NEVER, _IN_WORD, _BETWEEN_WORDS, _BETWEEN_SENTENCES = range(4)
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)\]]*$")


@dataclass(frozen=True)
class Chunk:
    """A part of a text: `text` is `texts[document][start:end]`, in characters.

    tokens: how many it had within the whole text, the special ones left out.
    """

    document: int
    start: int
    end: int
    tokens: int
    text: str


def spans(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Return spans (start, end) of at most `size` of `length` tokens, in the plainest way.

    Each span after the first starts `overlap` tokens before the end of the one before; the last one
    ends at `length`, and no other does. Without a token there is no span.
    Raises ValueError for a negative length or an overlap that is not 0 <= overlap < size.
    """
    if length < 0 or not 0 <= overlap < size:
        raise ValueError(
            f"spans: length {length}, size {size}, overlap {overlap}; expected a length of 0 or more "
            "and 0 <= overlap < size: with more overlap no span gets further than the one before"
        )
    found: list[tuple[int, int]] = []
    while not found or found[-1][1] < length:
        start = found[-1][1] - overlap if found else 0
        found.append((start, min(start + size, length)))
    return found if length else []


def content_limit(model: SentenceTransformer) -> int:
    """Return how many tokens of a text the model sees: its limit without the special tokens."""
    if model.max_seq_length is None:
        raise ValueError("content_limit: the model states no limit (max_seq_length is None)")
    return model.max_seq_length - model.tokenizer.num_special_tokens_to_add(pair=False)


def chunk_texts(
    texts: Iterable[str], tokenizer: Any, size: int, overlap: int = 0, *, sentences: bool = True
) -> list[Chunk]:
    """Return the chunks of all texts, in order; of a text of at most `size` tokens the text itself.

    tokenizer: a fast one, such as `model.tokenizer`.  size: tokens a chunk, special tokens left out
    (see `content_limit`).  overlap: tokens that a chunk shares at least with the one before it, fewer
    where the sentence or the word before it leaves no room.  sentences: whether a sentence's end in
    the second half of a chunk is preferred to a fuller chunk. An empty text is one empty chunk.
    Raises ValueError unless 0 <= overlap < size, TypeError for a tokenizer that gives no offsets.
    """
    texts = as_texts("chunk_texts", texts)
    spans(0, size, overlap)  # raises what does not fit
    if not getattr(tokenizer, "is_fast", False):
        raise TypeError(
            f"chunk_texts: {type(tokenizer).__name__} gives no offsets; expected a fast tokenizer, "
            "such as AutoTokenizer.from_pretrained gives"
        )
    if not texts:
        return []
    read = tokenizer(
        texts,
        add_special_tokens=False,
        truncation=False,
        padding=False,
        return_offsets_mapping=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,  # the warning that a text is too long for the model: here it may be
    )
    chunks = []
    for document, (text, offsets) in enumerate(zip(texts, read["offset_mapping"])):
        quality = _qualities(text, offsets)
        parts = _parts(quality, size, overlap, sentences)
        parts = _shorten(text, offsets, quality, parts, size, tokenizer)
        # A chunk reaches to the next token, so that the characters between two are in one.
        cuts = [0, *(start for start, _ in offsets[1:]), len(text)]
        for first, last in parts:
            start, end = cuts[first], cuts[last] if offsets else len(text)
            chunks.append(Chunk(document, start, end, last - first, text[start:end]))
    return chunks


def _qualities(text: str, offsets: list[tuple[int, int]]) -> list[int]:
    """How good it is to cut before each token, and behind the last."""
    found = [_BETWEEN_SENTENCES]
    for (_, end), (start, _) in itertools.pairwise(offsets):
        if start < end or start == 0:
            found.append(_NEVER)  # two tokens of one character
        elif not any(sign.isspace() for sign in text[end:start]):
            found.append(_IN_WORD)
        elif text[start : start + 1].islower() or not _SENTENCE_END.search(text[:end][-8:]):
            found.append(_BETWEEN_WORDS)
        else:
            found.append(_BETWEEN_SENTENCES)
    return [*found, _BETWEEN_SENTENCES] if offsets else [_BETWEEN_SENTENCES]


def _parts(quality: list[int], size: int, overlap: int, sentences: bool) -> list[tuple[int, int]]:
    """Spans of tokens, cut where it is good to cut."""
    length = len(quality) - 1
    found: list[tuple[int, int]] = []
    start = before = 0
    while length - start > size:
        # The next chunk must get further than this one, and this one further than the last.
        least = max(before, start + overlap) + 1
        end = _last_of(quality, max(least, start + (size + 1) // 2), start + size, 3)
        if end is None or not sentences:
            end = _last_of(quality, least, start + size, _BETWEEN_WORDS)
        if end is None:
            end = _last_of(quality, least, start + size, _IN_WORD)
        if end is None:  # a character of so many tokens stays whole
            end = next(at for at in range(least, length + 1) if quality[at] > _NEVER)
        found.append((start, end))
        if end == length:
            return found
        start, before = _next_start(quality, start, end, overlap), end
    return [*found, (start, length)]


def _last_of(quality: list[int], low: int, high: int, least: int) -> int | None:
    return next((at for at in range(high, low - 1, -1) if quality[at] >= least), None)


def _next_start(quality: list[int], start: int, end: int, overlap: int) -> int:
    """Where the chunk after (start, end) begins: `overlap` before the end, at a word if one is near."""
    target = end - overlap
    if overlap == 0:
        return end
    for least in (_BETWEEN_WORDS, _IN_WORD):
        at = _last_of(quality, max(start + 1, target - max(8, overlap)), target, least)
        if at is not None:
            return at
    return end


def _shorten(
    text: str,
    offsets: list[tuple[int, int]],
    quality: list[int],
    parts: list[tuple[int, int]],
    size: int,
    tokenizer: Any,
) -> list[tuple[int, int]]:
    """The same spans, but where a word had to be cut and its pieces have more tokens than they had.

    A tokenizer splits half a word otherwise than it splits the word: there the span is parted, down
    to single tokens.
    """
    whole = (_BETWEEN_WORDS, _BETWEEN_SENTENCES)
    found: list[tuple[int, int]] = []
    for first, last in parts:
        if quality[first] in whole and quality[last] in whole:
            found.append((first, last))
            continue
        todo = [(first, last)]
        while todo:
            left, right = todo.pop()
            piece = text[offsets[left][0] : offsets[right - 1][1]]
            count = len(tokenizer(piece, add_special_tokens=False, verbose=False)["input_ids"])
            inner = [at for at in range(left + 1, right) if quality[at] > _NEVER]
            if count <= size or not inner:
                found.append((left, right))
                continue
            middle = inner[len(inner) // 2]
            todo += [(middle, right), (left, middle)]
    kept: list[tuple[int, int]] = []
    for first, last in sorted(found, key=lambda part: (part[0], -part[1])):
        if not kept or last > kept[-1][1]:  # no span within another
            kept.append((first, last))
    return kept


def owners(chunks: Iterable[Chunk]) -> Tensor:
    """Return the document of each chunk, (chunks,) int64."""
    return torch.tensor([chunk.document for chunk in chunks], dtype=torch.long)


def best_of_chunks(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    """Return for each query and document the score of its best chunk.

    scores: (q, chunks), floating point; owner: (chunks,) whole numbers from 0, the document of each.
    Returns (q, documents) in the scores' dtype; a document without chunks has minus infinity.
    Raises ValueError when shapes do not fit or an owner is out of range.
    """
    owner = _checked("best_of_chunks", scores, owner, documents)
    best = scores.new_full((len(scores), documents), float("-inf"))
    return best.scatter_reduce_(1, owner.expand_as(scores), scores, "amax")


def mean_of_chunks(scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    """Return for each query and document the mean score of its chunks, as `best_of_chunks` does.

    Raises ValueError when shapes do not fit or an owner is out of range.
    """
    owner = _checked("mean_of_chunks", scores, owner, documents)
    sums = scores.new_zeros(len(scores), documents).index_add_(1, owner, scores)
    ones = scores.new_ones(scores.shape[1])
    counts = scores.new_zeros(documents).index_add_(0, owner, ones)
    return (sums / counts).masked_fill(counts == 0, float("-inf"))


def _checked(name: str, scores: Tensor, owner: Tensor, documents: int) -> Tensor:
    if scores.ndim != 2 or tuple(owner.shape) != (scores.shape[1],) or documents < 0:
        raise ValueError(
            f"{name}: scores is {tuple(scores.shape)}, owner is {tuple(owner.shape)}, documents "
            f"is {documents}; expected (q, chunks), (chunks,) and 0 or more: owner names the document "
            "of each column"
        )
    if not scores.is_floating_point() or owner.is_floating_point():
        raise ValueError(
            f"{name}: scores are {scores.dtype} and owner is {owner.dtype}; expected floating "
            "point and whole numbers"
        )
    if len(owner) and owner.device.type != "meta":
        low, high = int(owner.min()), int(owner.max())
        if low < 0 or high >= documents:
            raise ValueError(
                f"{name}: owner names documents {low} to {high} of {documents}; expected 0 to "
                f"{documents - 1}"
            )
    return owner.to(scores.device, torch.long)
