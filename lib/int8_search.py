"""The plainest search with an index of its own: the encoder's vectors in int8, as one dict of files.

It is what a lesson serves until a learner's own system works, and what serves a folder of texts without
training pairs. Everything that `search` needs is in the index, so that it can be written to disk and
opened by another process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from lib.models import load_encoder
from lib.quantization import Int8
from lib.search import encode_cached

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["build_index", "search"]


def build_index(
    passages: Sequence[str],
    pairs: Sequence[tuple[str, int]] = (),
    model: SentenceTransformer | None = None,
) -> dict[str, bytes]:
    """Return the files of an index: the codes (n, dim) of n passages, and the scale of each dimension.

    passages: at least one text; pairs: training pairs, which this search does not use; model: the
    encoder, by default the course's on the CPU.
    Raises ValueError without a passage.
    """
    if not passages:
        raise ValueError("build_index: passages is empty; expected at least one text")
    vectors = encode_cached(model or load_encoder(device="cpu"), passages).float()
    codec = Int8.calibrate(vectors)
    parts = {"codes": codec.encode(vectors), "low": codec.low, "step": codec.step}
    return {name: part.cpu().numpy().tobytes() for name, part in parts.items()}


def search(
    index: Mapping[str, bytes],
    queries: Sequence[str],
    k: int = 10,
    model: SentenceTransformer | None = None,
) -> list[list[int]]:
    """Return the rows of the k best passages for each query, best first.

    index: what `build_index` returned; model: the same encoder as there.
    Raises ValueError for files that are none of such an index.
    """
    if missing := {"codes", "low", "step"} - set(index):
        raise ValueError(
            f"search: the index lacks {', '.join(sorted(missing))}; expected what build_index returned"
        )
    low, step = (
        torch.from_numpy(np.frombuffer(index[name], dtype=np.float32).copy())
        for name in ("low", "step")
    )
    codes = torch.from_numpy(np.frombuffer(index["codes"], dtype=np.int8).copy())
    if not queries:
        return []
    encoder = model or load_encoder(device="cpu")
    asked = encoder.encode(list(queries), convert_to_tensor=True, show_progress_bar=False)
    found = Int8(low, step).top_k(asked.float().cpu(), codes.view(-1, len(low)), k)
    return found[1].tolist()
