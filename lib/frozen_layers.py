"""Training the last layers of a SentenceTransformer as it stands, with the lower ones computed once.

While the lower layers are frozen, what they make of a text does not change. `remember_lower_layers`
makes a model keep it and run the last layers only. The model stays a plain SentenceTransformer: the
Trainer, its losses and evaluators, `encode`, saving and loading work on it as on any other and give
what they would give, in a fraction of the time.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from lib._arguments import as_texts
from lib.cache import remember
from lib.device import autocast, low_precision_dtype
from lib.finetune import trainable_layers
from lib.fingerprint import module_digest
from lib.lower_states import layers_of
from lib.progress_bar import track
from lib.text import length_sorted_batches

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["LowerLayers", "forget_lower_layers", "remember_lower_layers"]

_RECIPE = 1  # count up when what is kept is computed otherwise
_NOBODY = -1e4  # an attention score that leaves no weight, also in 16 bits
_CHUNK = 16  # texts of like length that go through the layers together

Ids = tuple[int, ...]  # the tokens of a text

# What lower layers made of texts, by the layers: all models of a process that share them share it.
_STATES: dict[str, dict[Ids, Tensor]] = {}


class LowerLayers:
    """The frozen layers of a model, and what they made of the texts that it has seen.

    Made by `remember_lower_layers`.  trained: the number of parameters that want a gradient; key: a
    name that the frozen layers, the precision and the device decide.
    """

    def __init__(self, model: SentenceTransformer, last: int, precision: str) -> None:
        self.trained = trainable_layers(model, last)
        transformer: Any = model[0]
        self._transformer = transformer
        layers: list[Any] = list(layers_of(model))  # type: ignore[arg-type] # of any kind of model
        self._lower, self._upper = layers[: len(layers) - last], layers[len(layers) - last :]
        self._low = precision == "auto" and low_precision_dtype(model.device) is not None
        parts = [self._transformer.auto_model.embeddings, *self._lower]
        facts = [_RECIPE, [module_digest(part) for part in parts], self._low, str(model.device)]
        self.key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        self._states = _STATES.setdefault(self.key, {})
        self._dropout = [
            (module, module.p)
            for module in self._transformer.modules()
            if isinstance(module, nn.Dropout)
        ]

    def read(self, texts: Iterable[str], progress: bool = True) -> int:
        """Run texts through the frozen layers, or read from disk what they gave; return the tokens.

        Not needed, since a text is read when it first comes; but so it is done once and for all, with
        a bar, and kept on disk: 2 bytes a number in 16 bits, 4 in float32.
        Raises TypeError for one text instead of a list.
        """
        rows = self._ids(list(dict.fromkeys(as_texts("LowerLayers.read", texts))))
        lengths = [len(ids) for ids in rows]
        if any(ids not in self._states for ids in rows):

            def make() -> dict[str, Tensor]:
                self._run(rows, progress)
                return {"states": torch.cat([self._states[ids] for ids in rows])}

            content = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
            made = remember("frozen-layers", {"layers": self.key, "texts": content}, make)
            self._states.update(zip(rows, made["states"].split(lengths)))
        return sum(lengths)

    def attach(self) -> None:
        """Let the model use what is remembered. A second time changes nothing."""
        for module, _ in self._dropout:
            module.p = 0.0
        # On this one object, so that its class, by which it is saved and loaded, stays what it is.
        self._transformer.forward = self._forward
        self._transformer._lower_layers = self

    def detach(self) -> None:
        """Give the model its own way through all layers back, and its dropout."""
        for module, p in self._dropout:
            module.p = p
        del self._transformer.forward, self._transformer._lower_layers

    def __deepcopy__(self, memo: dict[int, Any]) -> LowerLayers:
        """A copy for a copy of the model, which shares what is kept."""
        other = copy.copy(self)
        memo[id(self)] = other
        for name in ("_transformer", "_lower", "_upper", "_dropout"):
            setattr(other, name, copy.deepcopy(getattr(self, name), memo))
        return other

    def _forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Add token_embeddings (batch, tokens, width) to the features, as the Transformer's own does.

        features: input_ids and attention_mask (batch, tokens). Texts of like length go through the
        last layers together, so that padding costs little; where it stands, the result is 0.
        """
        ids, mask = features["input_ids"], features["attention_mask"]
        lengths = mask.sum(dim=1).tolist()
        rows = [tuple(row[:n]) for row, n in zip(ids.tolist(), lengths)]
        self._run(list(dict.fromkeys(rows)), progress=False)
        parts, order = [], []
        for chunk in length_sorted_batches(lengths, _CHUNK):
            states = [self._states[rows[i]].to(ids.device).float() for i in chunk]
            read = _through(self._upper, states).float()
            parts.append(nn.functional.pad(read, (0, 0, 0, ids.shape[1] - read.shape[1])))
            order += chunk
        back = torch.tensor(order, device=ids.device).argsort()
        features["token_embeddings"] = torch.cat(parts)[back] * mask[:, :, None]
        return features

    def _ids(self, texts: list[str]) -> list[Ids]:
        """The token ids of each text, cut where the model cuts them."""
        found: list[Ids] = []
        for start in range(0, len(texts), 256):
            features: Any = self._transformer.preprocess(texts[start : start + 256])
            lengths = features["attention_mask"].sum(dim=1).tolist()
            found += [tuple(row[:n]) for row, n in zip(features["input_ids"].tolist(), lengths)]
        return found

    @torch.no_grad()
    def _run(self, rows: list[Ids], progress: bool) -> None:
        """Keep what the lower layers make of those rows of tokens that are not kept yet."""
        rows = [ids for ids in rows if ids not in self._states]
        device = self._transformer.auto_model.device
        batches = length_sorted_batches([len(ids) for ids in rows], _CHUNK)
        for batch in track(batches, "Reading", "batch", shown=progress):
            ids = [torch.tensor(rows[i], device=device) for i in batch]
            padded = pad_sequence(ids, batch_first=True)
            with autocast(device) if self._low else torch.autocast(device.type, enabled=False):
                embedded = self._transformer.auto_model.embeddings(input_ids=padded)
                read = _through(self._lower, [x[: len(i)] for x, i in zip(embedded, ids)])
            dtype = torch.float16 if self._low else torch.float32
            for i, state in zip(batch, read):
                self._states[rows[i]] = state[: len(rows[i])].to("cpu", dtype, copy=True)


def _through(layers: Sequence[nn.Module], states: list[Tensor]) -> Tensor:
    """States (tokens, width) of each text, padded together and through layers: (texts, most, width)."""
    padded = pad_sequence(states, batch_first=True)
    lengths = torch.tensor([len(state) for state in states], device=padded.device)
    places = torch.arange(padded.shape[1], device=padded.device)
    nobody = places >= lengths[:, None]
    bias = padded.new_zeros(nobody.shape).masked_fill(nobody, _NOBODY)[:, None, None]
    for layer in layers:
        padded = layer(padded, attention_mask=bias)
    return padded


def remember_lower_layers(
    model: SentenceTransformer, last: int = 1, precision: str = "auto"
) -> LowerLayers:
    """Freeze all but the `last` layers of a model, in place, and compute the frozen ones once a text.

    model: of BERT's kind, as all-MiniLM-L6-v2. Its dropout is switched off, which would change what
    is kept. precision: "auto" reads in 16 bits where the hardware has them, "float32" exactly. What
    is kept is shared by all models with the same lower layers, so a reloaded one finds it there.
    Raises ValueError for another precision, for a model that is not of BERT's kind or pads on the
    left, and for fewer than 1 or more layers than there are.
    """
    if precision not in ("auto", "float32"):
        raise ValueError(
            f'remember_lower_layers: precision is {precision!r}; expected "auto" or "float32"'
        )
    count = len(layers_of(model))  # type: ignore[arg-type]
    if not 1 <= last <= count:
        raise ValueError(
            f"remember_lower_layers: last is {last}; expected 1 to {count}, its layers"
        )
    if getattr(model.tokenizer, "padding_side", "right") != "right":
        raise ValueError("remember_lower_layers: the model pads on the left; expected the right")
    forget_lower_layers(model)
    made = LowerLayers(model, last, precision)
    made.attach()
    return made


def forget_lower_layers(model: SentenceTransformer) -> None:
    """Let the model compute all its layers again; what is frozen stays so. Without effect on others."""
    attached = getattr(model[0], "_lower_layers", None)
    if attached is not None:
        attached.detach()
