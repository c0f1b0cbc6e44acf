"""What the lower layers of an encoder make of texts, computed once and kept.

While only the last layers are trained, the states below them do not change (lib.late_layers).
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lib._arguments import as_texts
from lib._kept_training import digest
from lib.cache import remember
from lib.colbert import KINDS, Kind
from lib.device import autocast, low_precision_dtype
from lib.fingerprint import module_digest
from lib.late_interaction import TokenVectors
from lib.progress_bar import track
from lib.text import length_sorted_batches, token_lengths

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

__all__ = ["LowerStates", "layers_of", "lower_states"]

_RECIPE = 2  # count up when what is kept is computed otherwise


@dataclass(frozen=True, eq=False)
class LowerStates:
    """What the lower layers made of texts.

    states: (tokens, width) of each text, all of its tokens.  attended: (tokens,) bool, which tokens
    the others look at (a query's [MASK] tokens are looked at by none).  scored: (tokens,) bool, which
    become token vectors (punctuation of passages does not).
    """

    states: TokenVectors
    attended: Tensor
    scored: Tensor

    def __len__(self) -> int:
        return len(self.states)

    @cached_property
    def digest(self) -> str:
        """A SHA-256 of all that is in it."""
        parts = (self.states.vectors, self.states.offsets, self.attended, self.scored)
        return hashlib.sha256(" ".join(digest(x) for x in parts).encode()).hexdigest()

    def select(self, rows: Sequence[int]) -> LowerStates:
        """Return some of the texts, in the order of rows."""
        both = torch.stack([self.attended, self.scored], dim=1).float()
        marks = TokenVectors(both, self.states.offsets).select(rows).vectors.bool()
        return LowerStates(self.states.select(rows), marks[:, 0], marks[:, 1])

    def chunks(
        self, rows: Sequence[int], size: int = 8
    ) -> Iterator[tuple[list[int], Tensor, Tensor, Tensor]]:
        """Yield texts of like length together, `size` at a time, so that little is padded.

        rows: which texts. Each part has the places in rows, then states (r, longest, width), attended
        and scored (r, longest) bool.
        """
        lengths = self.states.lengths[torch.tensor(list(rows), dtype=torch.long)].tolist()
        both = torch.stack([self.attended, self.scored], dim=1).float()  # (tokens, 2)
        for places in length_sorted_batches(lengths, size):
            part = [rows[place] for place in places]
            tokens, real = self.states.pad(part)
            marks = TokenVectors(both, self.states.offsets).pad(part)[0].bool() & real[:, :, None]
            yield places, tokens, marks[:, :, 0], marks[:, :, 1]


@torch.no_grad()
def lower_states(
    model: MultiVectorEncoder,
    texts: Iterable[str],
    kind: Kind,
    *,
    last: int = 1,
    batch_size: int = 16,
    progress: bool = True,
) -> LowerStates:
    """Return what all layers but the `last` ones make of texts, kept on disk (2 bytes a number).

    model: a ColBERT as `colbert.make_colbert` makes it, of BERT's kind; kind: "query" or "document".
    batch_size: texts of like length at a time; a CPU is slower where their states outgrow its caches.
    The states are rounded to 16 bits, whether they were kept before or not.
    Raises TypeError for one text instead of a list, ValueError for another kind, for fewer than 1 or
    more layers than there are, and for a model without a list of layers.
    """
    texts = as_texts("lower_states", texts)
    if kind not in KINDS:
        raise ValueError(f"lower_states: kind is {kind!r}; expected one of {', '.join(KINDS)}")
    count = len(layers_of(model))
    if not 1 <= last <= count:
        raise ValueError(f"lower_states: last is {last}; expected 1 to {count}, the layers")
    transformer: Any = model[0]
    facts = {
        "recipe": _RECIPE,
        "embeddings": module_digest(transformer.auto_model.embeddings),
        "layers": [module_digest(layer) for layer in layers_of(model)[: count - last]],
        "masks": [module_digest(module) for module in list(model)[2:]],
        "lengths": [model.max_seq_length, transformer.query_length, transformer.document_length],
        "expansion": transformer.query_expansion,
        "prompt": model.prompts.get(kind),
        "kind": kind,
        "batch_size": batch_size,
        "texts": hashlib.sha256(json.dumps(texts).encode()).hexdigest(),
        "precision": str(low_precision_dtype(model.device)),
    }
    made = remember(
        "lower-states", facts, lambda: _read(model, texts, kind, last, batch_size, progress)
    )
    states = TokenVectors(made["states"].to(model.device).float(), made["offsets"])
    return LowerStates(states, made["attended"].to(model.device), made["scored"].to(model.device))


def _read(
    model: MultiVectorEncoder,
    texts: list[str],
    kind: Kind,
    last: int,
    batch_size: int,
    progress: bool,
) -> dict[str, Tensor]:
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    below = _without_last(model[0].auto_model, layers_of(model), last)
    masks = [module for module in model if isinstance(module, MultiVectorMask)]
    found: dict[int, tuple[Tensor, ...]] = {}
    batches = length_sorted_batches(token_lengths(model, texts), batch_size)
    name = "Reading queries" if kind == "query" else "Reading passages"
    for rows in track(batches, name, "batch", shown=progress):
        part = [texts[row] for row in rows]
        features: Any = model.preprocess(part, prompt=model.prompts.get(kind), task=kind)
        features = {k: x.to(model.device) for k, x in features.items() if isinstance(x, Tensor)}
        attended = features["attention_mask"].bool()
        read = {k: x for k, x in features.items() if k in ("input_ids", "token_type_ids")}
        with autocast(model.device):
            states = below(**read, attention_mask=features["attention_mask"]).last_hidden_state
        for mask in masks:
            features = mask(features, task=kind)
        scored = features["attention_mask"].bool()
        kept = attended | scored
        lengths = kept.sum(dim=1).tolist()
        parts = [x[kept].split(lengths) for x in (states.half(), attended, scored)]
        found.update(zip(rows, zip(*parts)))
    states, attended, scored = zip(*(found[row] for row in range(len(texts))))
    whole = TokenVectors.from_list(states)
    return {
        "states": whole.vectors,
        "offsets": whole.offsets,
        "attended": torch.cat(attended),
        "scored": torch.cat(scored),
    }


def _without_last(transformer: Any, layers: nn.ModuleList, last: int) -> Any:
    """A transformer of BERT's kind that ends before its `last` layers; all parts are shared."""
    encoder, below = copy.copy(transformer.encoder), copy.copy(transformer)
    for part in (encoder, below):
        part._modules = dict(part._modules)
    encoder.layer = layers[: len(layers) - last]
    below.encoder = encoder
    return below


def layers_of(model: MultiVectorEncoder) -> nn.ModuleList:
    """Return the transformer's layers, first to last. Raises ValueError if it is not of BERT's kind."""
    layers = getattr(getattr(model[0].auto_model, "encoder", None), "layer", None)
    if not isinstance(layers, nn.ModuleList):
        raise ValueError(
            f"layers_of: {type(model[0].auto_model).__name__} has no encoder.layer; expected a model "
            "of BERT's kind, as all-MiniLM-L6-v2 is"
        )
    return layers
