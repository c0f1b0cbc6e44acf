"""The index of the search by meaning: sections as vectors in int8, and what turns a query into one.

Written below _static/meaning, read by static/meaning.js when somebody searches and not before:
index.json (sections, and how codes are decoded), passages.bin and tokens.bin (int8, row by row, as
`lib.quantization.Int8` of lesson 05 codes them), vocabulary.txt (a piece a line, its number the line's).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from course_site import distil
from course_site.sections import Section
from lib.chunking import best_of_chunks, chunk_texts, owners
from lib.pooling import normalize
from lib.quantization import Int8
from lib.search import encode_cached

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

FOLDER = "meaning"  # below _static
DIM = 128
CHUNK, OVERLAP = 120, 20  # tokens
SHOWN = 180  # characters of a section's text in a result


@dataclass(frozen=True)
class Index:
    """What the browser gets.

    passages: (chunks, dim) int8, of `coder`; tokens: (vocabulary, dim) int8, of `token_coder`;
    owner: (chunks,) int64, the section of each chunk.
    """

    sections: list[Section]
    owner: Tensor
    passages: Tensor
    coder: Int8
    tokens: Tensor
    token_coder: Int8


def passages(model: SentenceTransformer, sections: Sequence[Section]) -> tuple[list[str], Tensor]:
    """The texts that are encoded, each begun by its page's and its section's title, and their sections.

    A section is one chunk or several: what stands behind the encoder's limit would be in no vector.
    """
    heads = [f"{s.of}: {s.title}. " if s.title != s.of else f"{s.title}. " for s in sections]
    chunks = chunk_texts([s.text for s in sections], model.tokenizer, CHUNK, OVERLAP)
    return [heads[chunk.document] + chunk.text for chunk in chunks], owners(chunks)


def make(model: SentenceTransformer, sections: Sequence[Section], *, whole: bool = True) -> Index:
    """The index of sections by the encoder; whole: see `distil.distil`."""
    texts, owner = passages(model, sections)
    vectors = encode_cached(model, texts).cpu()
    table = distil.distil(model, [s.text for s in sections], whole=whole)
    # The directions in which passages differ most; a small site has fewer.
    _, _, rows = torch.linalg.svd(vectors, full_matrices=False)
    directions = rows[:DIM].T
    reduced, tokens = normalize(vectors @ directions), table @ directions
    coder, token_coder = Int8.calibrate(reduced), Int8.calibrate(tokens)
    return Index(
        list(sections), owner, coder.encode(reduced), coder, token_coder.encode(tokens), token_coder
    )


def write(index: Index, vocabulary: Sequence[str], folder: Path) -> int:
    """Write the files that the browser reads; returns their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "dim": index.passages.shape[1],
        "passages": _ranges(index.coder),
        "tokens": _ranges(index.token_coder),
        "owner": index.owner.tolist(),
        "sections": [
            [s.page, s.anchor, s.title, s.of if s.of != s.title else "", _beginning(s.text)]
            for s in index.sections
        ],
    }
    files = {
        "index.json": json.dumps(described, ensure_ascii=False, separators=(",", ":")).encode(),
        "passages.bin": index.passages.numpy().tobytes(),
        "tokens.bin": index.tokens.numpy().tobytes(),
        "vocabulary.txt": "\n".join(vocabulary).encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sum(map(len, files.values()))


def vocabulary(model: SentenceTransformer) -> list[str]:
    """The tokenizer's pieces by their numbers."""
    numbered = model.tokenizer.get_vocab()
    return sorted(numbered, key=numbered.__getitem__)


def scores(index: Index, queries: Tensor) -> Tensor:
    """Each section's score, (q, sections), for queries (q, dim) of unit length: its best chunk's.

    The same that static/meaning.js computes; for tests and for `site/measure.py`.
    """
    found = queries @ normalize(index.coder.decode(index.passages)).T
    return best_of_chunks(found, index.owner, len(index.sections))


def query_vectors(index: Index, model: SentenceTransformer, queries: Sequence[str]) -> Tensor:
    """The queries as the browser sees them: sums of their pieces' vectors, (q, dim), unit length."""
    table = index.token_coder.decode(index.tokens)
    sums = [
        table[torch.tensor(ids, dtype=torch.long)].sum(0)
        for ids in distil.pieces_of(model, queries)
    ]
    return normalize(torch.stack(sums))


def _beginning(text: str) -> str:
    """What a result shows of its section: whole words, and whether there is more."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN].rpartition(' ')[0]} …"


def _ranges(coder: Int8) -> dict[str, list[float]]:
    return {
        "low": [float(f"{x:.6g}") for x in coder.low],
        "step": [float(f"{x:.6g}") for x in coder.step],
    }
