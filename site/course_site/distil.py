"""Word vectors distilled from the course's encoder: what a browser turns a query into a vector with.

The encoder itself is 23 MB in int8, and what runs it in a browser 14 MB more. A table with one vector for
each piece of the vocabulary is 4 MB: a query is the sum of its pieces' vectors, of length 1. The table
begins with what the encoder makes of each piece alone, weighted by how rare the piece is (SIF: Arora,
Liang and Ma 2017), and is then trained so that sums come close to the encoder's vectors of sentences and
parts of sentences (as in model2vec and tokenlearn, MinishLab 2024). Passages keep the encoder's vectors.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lib.cache import remember
from lib.fingerprint import fingerprint
from lib.pooling import normalize
from lib.search import encode_cached

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SIF = 1e-3
EPOCHS, BATCH, RATE = 12, 512, 2e-3
_RECIPE = 1  # count up when a table would be made otherwise
_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")
_LONGEST = 40  # words of a sentence
_WORDS_A_PART = 12  # of a sentence that is longer, a part is drawn for so many words


def fragments(texts: Sequence[str], seed: int = 0) -> list[str]:
    """Sentences of the texts, and parts of them as short as queries, each once.

    What is drawn from a text depends on it and the seed alone: a text that stays gives the same.
    """
    found: set[str] = set()
    for text in texts:
        draw = random.Random(f"{seed} {text}")
        for sentence in _SENTENCE_END.split(text):
            words = sentence.split()
            if 2 <= len(words) <= _LONGEST:
                found.add(sentence)
            for _ in range(max(1, len(words) // _WORDS_A_PART)):
                size = draw.randint(2, 9)
                start = draw.randint(0, max(0, len(words) - size))
                part = " ".join(words[start : start + size]).lower().strip(".,;:()")
                if part:
                    found.add(part)
    return sorted(found)


def pieces_of(model: SentenceTransformer, texts: Sequence[str]) -> list[list[int]]:
    """The numbers of each text's tokens, without the special ones."""
    tokenizer: Any = model.tokenizer
    return tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]


def alone(model: SentenceTransformer, numbers: Sequence[int]) -> Tensor:
    """The encoder's vectors of single pieces between [CLS] and [SEP], (pieces, dim), unit length."""
    tokenizer, transformer = model.tokenizer, model[0].auto_model
    vectors = []
    with torch.no_grad():
        for start in range(0, len(numbers), 1024):
            some = torch.tensor(numbers[start : start + 1024])
            first = torch.full_like(some, tokenizer.cls_token_id)
            last = torch.full_like(some, tokenizer.sep_token_id)
            ids = torch.stack([first, some, last], dim=1).to(model.device)
            states = transformer(input_ids=ids, attention_mask=torch.ones_like(ids))
            vectors.append(normalize(states.last_hidden_state.mean(dim=1)).cpu())
    return torch.cat(vectors)


def _all_alone(model: SentenceTransformer) -> Tensor:
    """`alone` of the whole vocabulary: it takes minutes and is the same for all texts, so it is kept."""
    facts = {"model": fingerprint(model), "recipe": _RECIPE}
    every = range(len(model.tokenizer))
    return remember("site-pieces", facts, lambda: {"alone": alone(model, every)})["alone"]


def distil(model: SentenceTransformer, texts: Sequence[str], *, whole: bool = True) -> Tensor:
    """The table, (vocabulary, dim) float32: weights and vectors in one; kept on disk.

    texts: of the kind that is searched.  whole: whether pieces that no text has get vectors, too;
    without, they stay 0, which saves a minute.
    Raises ValueError without a text.
    """
    if not texts:
        raise ValueError("distil: texts is empty; expected the passages that are searched")
    said = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    facts = {"model": fingerprint(model), "texts": said, "whole": whole, "recipe": _RECIPE}
    return remember("site-words", facts, lambda: {"table": _distil(model, texts, whole)})["table"]


def _distil(model: SentenceTransformer, texts: Sequence[str], whole: bool) -> Tensor:
    parts = fragments(texts)
    target = encode_cached(model, parts).cpu()
    size = len(model.tokenizer)
    counts = torch.zeros(size)
    for ids in pieces_of(model, texts):
        counts.index_add_(0, torch.tensor(ids, dtype=torch.long), torch.ones(len(ids)))
    weight = SIF / (SIF + (counts + 0.5) / (counts.sum() + 0.5 * size))
    special = set(model.tokenizer.all_special_ids)
    bags = pieces_of(model, parts)
    seen = sorted({piece for bag in bags for piece in bag} - special)
    table = torch.zeros(size, target.shape[1])
    if whole:
        table = _all_alone(model)
        table[sorted(special)] = 0
    else:
        table[seen] = alone(model, seen)
    table *= weight[:, None]
    place = {piece: at for at, piece in enumerate(seen)}
    bags = [[place[piece] for piece in bag if piece in place] for bag in bags]
    table[seen] = _trained(table[seen], bags, target)
    return table


def _trained(rows: Tensor, bags: list[list[int]], target: Tensor) -> Tensor:
    """The rows after training: the sum over a bag points where the encoder's vector does."""
    table = nn.Parameter(rows.clone())
    optimizer = torch.optim.Adam([table], lr=RATE * float(rows.norm(dim=1).mean()))
    generator = torch.Generator().manual_seed(0)
    filled = torch.tensor([at for at, bag in enumerate(bags) if bag])
    for _ in range(EPOCHS):
        for some in filled[torch.randperm(len(filled), generator=generator)].split(BATCH):
            chosen = [bags[at] for at in some.tolist()]
            flat = torch.tensor([place for bag in chosen for place in bag])
            offsets = torch.tensor([0, *(len(bag) for bag in chosen[:-1])]).cumsum(0)
            sums = nn.functional.embedding_bag(flat, table, offsets, mode="sum")
            loss = (1 - torch.cosine_similarity(sums, target[some])).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return table.detach()
