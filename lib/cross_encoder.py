"""A cross-encoder: a transformer that reads a query and a passage together and gives one score.

It is made from a sentence encoder. The lower layers read each text alone, so their work is done once
a text and kept; the upper `joint_layers` read the pair. Words hear the other text only in a whisper
(their attention scores across the border are lowered), so that an untrained cross-encoder ranks
about as the sentence encoder does, and training starts from there, not from chance.
Source: Cao et al. 2020, DeFormer; MacAvaney et al. 2020, PreTTR (lower layers apart, upper joint).
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib._arguments import as_texts
from lib.cache import remember
from lib.device import autocast, low_precision_dtype
from lib.finetune import History, fit
from lib.fingerprint import module_digest
from lib.pooling import mean_pool, normalize
from lib.progress_bar import track
from lib.text import length_sorted_batches, pad_tokens, restore_order

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["CrossEncoder", "train"]

SCALE = 20.0  # what scores are multiplied by in the loss, as in MNRL
_RECIPE = 1  # count up when the training below changes, so that what was kept is trained anew
_PART = 8  # pairs that are read together in training on a processor
_NOBODY = -1e4  # attention score of padding: e to its power is 0, and float16 can hold it


class CrossEncoder(nn.Module):
    """Scores pairs of texts, -1 to 1: the cosine of their means after they have read each other.

    encoder: a sentence encoder of BERT's kind that pools by the mean. Its layers are copied, it
      stays as it is. Prompts are not put before the texts.
    joint_layers: how many of its layers read both texts together, 1 to all. Only they are trained.
    max_tokens: a text is cut after so many, [CLS] and [SEP] among them; 3 to the encoder's limit.
    whisper: by how much attention scores between the two texts are lowered, 0 or more; 3 leaves a
      twentieth of the weight. It stays as it is: training outweighs it where that helps.

    In a pair each text keeps its own [CLS], [SEP] and positions, as the encoder read them alone.
    Raises ValueError for another kind of encoder and for numbers out of range.
    """

    def __init__(
        self,
        encoder: SentenceTransformer,
        joint_layers: int = 2,
        max_tokens: int = 48,
        whisper: float = 3.0,
    ) -> None:
        super().__init__()
        _require_mean_of_layers(encoder)
        transformer: Any = copy.deepcopy(_transformer(encoder))
        # The fused kernels are no faster on so few tokens, and their gradient may vary on a GPU.
        transformer.set_attn_implementation("eager")
        layers, limit = transformer.encoder.layer, encoder.max_seq_length
        if not 1 <= joint_layers <= len(layers):
            raise ValueError(
                f"CrossEncoder: joint_layers is {joint_layers}; expected 1 to {len(layers)}"
            )
        if max_tokens < 3 or (limit is not None and max_tokens > limit):
            raise ValueError(
                f"CrossEncoder: max_tokens is {max_tokens}; expected 3 to {limit}, which is what the "
                "encoder takes"
            )
        if not whisper >= 0:
            raise ValueError(f"CrossEncoder: whisper is {whisper}; expected 0 or more")
        apart = len(layers) - joint_layers
        self.embeddings: nn.Module = transformer.embeddings
        self.lower: nn.ModuleList = layers[:apart]
        self.joint: nn.ModuleList = layers[apart:]
        self.tokenizer, self.max_tokens, self.whisper = encoder.tokenizer, max_tokens, whisper
        self.requires_grad_(False)
        self.joint.requires_grad_(True)
        for module in self.modules():  # one epoch of few pairs: noise would only slow it down
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        self.eval()
        self._known: dict[str, Tensor] = {}

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @torch.no_grad()
    def read(
        self, texts: Iterable[str], batch_size: int = 64, progress: bool = True
    ) -> list[Tensor]:
        """Return what the lower layers make of each text alone: a list of (tokens, width).

        Each text is read once in the life of this object and kept on the device: 75 kB for 48
        tokens of 384 numbers, 0.3 GB for 4,000 such texts. progress: draw a bar on stdout.
        Raises TypeError for one text instead of a list, ValueError for half a character in a text.
        """
        texts = as_texts("CrossEncoder.read", texts)
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        cut = {"truncation": True, "max_length": self.max_tokens}
        ids = self.tokenizer(new, **cut)["input_ids"] if new else []
        batches = length_sorted_batches([len(own) for own in ids], batch_size)
        for rows in track(batches, "Reading texts", "batch", shown=progress):
            padded, mask = pad_tokens([ids[row] for row in rows])
            real = mask.bool().to(self.device)
            with autocast(self.device):
                states = self.embeddings(input_ids=padded.to(self.device))
                bias = states.new_zeros(real.shape).masked_fill(~real, _NOBODY)[:, None, None]
                for layer in self.lower:
                    states = layer(states, attention_mask=bias)
            lengths = mask.sum(dim=1).tolist()
            self._known.update(zip([new[row] for row in rows], states[real].split(lengths)))
        return [self._known[text].to(self.device) for text in texts]

    def forward(self, left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
        """Return the scores of pairs, (pairs,) float32, with a gradient for the joint layers.

        left, right: for each pair the states (tokens, width) of its two texts, see `read`.
        Raises ValueError if they differ in number.
        """
        both = [torch.cat(pair) for pair in zip(left, right, strict=True)]
        if not both:
            return torch.empty(0, device=self.device)
        dtype = next(self.joint.parameters()).dtype
        states = nn.utils.rnn.pad_sequence(both, batch_first=True).to(dtype)
        place = torch.arange(states.shape[1], device=states.device)
        ends = torch.tensor([[len(a), len(a) + len(b)] for a, b in zip(left, right)]).to(place)
        first = place < ends[:, :1]
        second = (place < ends[:, 1:]) & ~first
        across = first[:, :, None] & second[:, None, :] | second[:, :, None] & first[:, None, :]
        bias = states.new_zeros(across.shape).masked_fill(across, max(-self.whisper, _NOBODY))
        bias = bias.masked_fill(~(first | second)[:, None, :], _NOBODY)[:, None]
        for layer in self.joint:
            states = layer(states, attention_mask=bias)
        a, b = (normalize(mean_pool(states.float(), mask)) for mask in (first, second))
        return (a * b).sum(dim=1)

    @torch.no_grad()
    def predict(
        self,
        left: Iterable[str],
        right: Iterable[str],
        batch_size: int = 128,
        progress: bool = True,
        keep: bool = False,
    ) -> Tensor:
        """Return (pairs,) scores of left[i] with right[i], in batches of like length.

        progress: draw a bar on stdout. keep: keep the scores on disk, for this judge as it is.
        Raises ValueError for lists of different lengths, and what `read` raises.
        """
        left = as_texts("CrossEncoder.predict", left, "left")
        right = as_texts("CrossEncoder.predict", right, "right")
        if len(left) != len(right):
            raise ValueError(
                f"CrossEncoder.predict: {len(left)} and {len(right)} texts; expected as many"
            )
        if keep:
            facts = _facts(self, [left, right]) | {"batch_size": batch_size}
            made = remember(
                "cross-encoder-scores",
                facts,
                lambda: {"scores": self.predict(left, right, batch_size, progress)},
            )
            return made["scores"].to(self.device)
        states = list(zip(self.read(left, progress=progress), self.read(right, progress=progress)))
        scores = torch.empty(len(states), device=self.device)
        batches = length_sorted_batches([len(a) + len(b) for a, b in states], batch_size)
        for rows in track(batches, "Scoring pairs", "batch", shown=progress):
            with autocast(self.device):
                scores[rows] = self(*zip(*(states[row] for row in rows)))
        return scores


def train(
    judge: CrossEncoder,
    queries: Iterable[str],
    passages: Iterable[str],
    tuples: Tensor,
    *,
    batch_size: int = 16,
    epochs: int = 1,
    lr: float = 2e-4,
    seed: int = 0,
    progress: bool = True,
    keep: bool = False,
) -> History:
    """Train a cross-encoder in place to score each query's positive above its negatives.

    tuples: (t, 2 + n) int64 rows of query, positive, n negatives, as `negatives.ntuples` makes them.
    The loss is the cross-entropy of the positive among its 1 + n passages, their scores times 20.
    keep: keep the trained layers on disk, and read them instead of training when the judge as it
      is, the texts, the tuples, the settings and the precision are the same (see
      `cache.remember`). The history is then that of the training that was kept.
    Other arguments: see `finetune.fit`.
    Raises TypeError for one text instead of a list, ValueError for tuples without a negative or
    with rows that are not there, and what `fit` raises.
    Source: Nogueira and Cho 2019, Passage Re-ranking with BERT (pairs); Gao et al. 2021, Rethink
    Training of BERT Rerankers in Multi-Stage Retrieval Pipeline (the loss over a group).
    """
    queries = as_texts("train", queries, "queries")
    passages = as_texts("train", passages, "passages")
    rows = _checked(tuples, queries, passages)
    settings: dict[str, Any] = {
        "batch_size": batch_size,
        "epochs": epochs,
        "lr": lr,
        "seed": seed,
    }
    if not keep:
        return _train(judge, queries, passages, rows, progress=progress, **settings)

    def make() -> dict[str, Tensor]:
        history = _train(judge, queries, passages, rows, progress=progress, **settings)
        numbers = {name: getattr(history, name) for name in ("losses", "grad_norms", "seconds")}
        made = {
            name: torch.tensor(value, dtype=torch.float64, device="cpu")
            for name, value in numbers.items()
        }
        return made | judge.joint.state_dict(prefix="joint.")

    texts = [[queries[q], *(passages[p] for p in others)] for q, *others in rows.tolist()]
    kept = remember(
        "cross-encoder",
        settings | _facts(judge, texts),
        make,
    )
    losses, norms = (kept.pop(name).tolist() for name in ("losses", "grad_norms"))
    seconds = float(kept.pop("seconds"))
    judge.joint.load_state_dict({name.removeprefix("joint."): t for name, t in kept.items()})
    return History(losses, norms, seconds=seconds)


def _train(
    judge: CrossEncoder,
    queries: Sequence[str],
    passages: Sequence[str],
    tuples: Tensor,
    *,
    progress: bool,
    **settings: Any,
) -> History:
    asked, offered = tuples[:, 0].unique().tolist(), tuples[:, 1:].unique().tolist()
    query = dict(zip(asked, judge.read([queries[row] for row in asked], progress=progress)))
    passage = dict(zip(offered, judge.read([passages[row] for row in offered], progress=progress)))
    group = tuples.shape[1] - 1

    def step(rows: Tensor) -> Tensor:
        chosen = tuples[rows]
        left = [query[row] for row in chosen[:, 0].repeat_interleave(group).tolist()]
        right = [passage[row] for row in chosen[:, 1:].flatten().tolist()]
        scores = _in_parts(judge, left, right).view(len(rows), group)
        return F.cross_entropy(SCALE * scores, torch.zeros_like(scores[:, 0], dtype=torch.long))

    history = fit(judge, len(tuples), step, progress=progress, **settings)
    judge.eval()
    return history


def _in_parts(judge: CrossEncoder, left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
    """Return the scores of pairs, (pairs,), those of like length read together.

    On a processor padding costs as much as text; on a GPU few large products are faster.
    """
    if judge.device.type != "cpu":
        return judge(left, right)
    lengths = [len(a) + len(b) for a, b in zip(left, right)]
    parts = length_sorted_batches(lengths, _PART)
    scores = [judge([left[i] for i in part], [right[i] for i in part]) for part in parts]
    return restore_order(parts, torch.cat(scores))


def _checked(tuples: Tensor, queries: Sequence[str], passages: Sequence[str]) -> Tensor:
    """Return tuples (t, 2 + n) on the CPU if they are rows of queries and passages that are there."""
    if tuples.ndim != 2 or tuples.shape[1] < 3 or not _whole(tuples):
        raise ValueError(
            f"train: tuples is {tuple(tuples.shape)} {tuples.dtype}; expected (t, 2 + n) int64: "
            "query, positive and at least one negative"
        )
    rows = tuples.cpu()
    for what, part, texts in (("query", rows[:, 0], queries), ("passage", rows[:, 1:], passages)):
        wrong = part[(part < 0) | (part >= len(texts))]
        if len(wrong):
            raise ValueError(
                f"train: tuples name {what} {int(wrong[0])} of {len(texts)}; expected rows from 0. "
                "-1 stands where too few were mined: leave such rows out, as negatives.ntuples does"
            )
    return rows


def _whole(x: Tensor) -> bool:
    return not (x.is_floating_point() or x.is_complex() or x.dtype == torch.bool)


def _transformer(encoder: SentenceTransformer) -> nn.Module:
    """The network below a sentence encoder's pooling."""
    first: Any = encoder[0]
    return first.auto_model


def _require_mean_of_layers(encoder: SentenceTransformer) -> None:
    """Raise ValueError unless the encoder is embeddings, then layers, then the mean of the tokens."""
    kinds = [type(module).__name__ for module in encoder]
    mode = getattr(encoder[1], "pooling_mode", None) if len(kinds) > 1 else None
    if kinds[:2] != ["Transformer", "Pooling"] or {*kinds[2:]} - {"Normalize"} or mode != "mean":
        raise ValueError(
            f"CrossEncoder: the encoder is {', '.join(kinds)} with pooling {mode!r}; expected a "
            "Transformer and the mean, such as all-MiniLM-L6-v2"
        )
    transformer = _transformer(encoder)
    parts = {name for name, _ in transformer.named_children()} - {"pooler"}
    inner = {name for name, _ in getattr(transformer, "encoder", nn.Module()).named_children()}
    if parts != {"embeddings", "encoder"} or inner != {"layer"}:
        raise ValueError(
            f"CrossEncoder: {type(transformer).__name__} is not embeddings and `encoder.layer` "
            "alone; expected a sentence encoder of BERT's kind, such as all-MiniLM-L6-v2"
        )


def _facts(judge: CrossEncoder, texts: list) -> dict[str, object]:
    """What decides what a judge as it is makes of texts."""
    return {
        "recipe": _RECIPE,
        "judge": module_digest(judge),  # as it is, with its tokenizer: training starts from there
        "joint_layers": len(judge.joint),
        "max_tokens": judge.max_tokens,
        "whisper": judge.whisper,
        "texts": hashlib.sha256(json.dumps(texts).encode()).hexdigest(),
        "precision": str(low_precision_dtype(judge.device)),
    }
