"""Training the last layers of an encoder on what the layers below them made of each text, once.

The lower layers do not change, so their states are computed once and kept; in a step of training the
texts go through the last layers only, which takes a fraction of the time. What comes out becomes token
vectors for MaxSim (`Tokens`), or their mean (`Mean`), so that both can be trained alike.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lib._kept_training import kept_training
from lib.cache import remember
from lib.colbert import projection
from lib.colbert_training import in_batch_loss
from lib.device import autocast, low_precision_dtype
from lib.finetune import History, fit
from lib.fingerprint import module_digest
from lib.late_interaction import TokenVectors, max_sim
from lib.lower_states import LowerStates, layers_of, lower_states
from lib.pooling import mean_pool, normalize
from lib.text import length_sorted_batches

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

__all__ = ["LowerStates", "Mean", "Tokens", "lower_states", "read_once", "train"]

_RECIPE = 3  # count up when the training changes, so that what was kept is trained anew
_NOBODY = -1e4  # an attention score that leaves no weight, also in 16 bits


class _Last(nn.Module):
    """A copy of the last layers; without dropout, which would only slow down so short a training."""

    scale: float  # what scores are multiplied by in the loss

    def __init__(self, model: MultiVectorEncoder, last: int = 1) -> None:
        super().__init__()
        layers = layers_of(model)
        if not 1 <= last <= len(layers):
            raise ValueError(f"late_layers: last is {last}; expected 1 to {len(layers)}")
        self.layers = copy.deepcopy(layers[len(layers) - last :])
        for module in self.layers.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            part: Any = module
            if getattr(part, "config", None) is not None:
                # The fused kernels want masks of another form; the model's own setting stays.
                part.config = copy.copy(part.config)
                part.config._attn_implementation = "eager"
        self.requires_grad_(True)

    def _kept(
        self, name: str, lower: LowerStates, make: Callable[[], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """make()'s tensors, or what was kept of the same layers and states; then on their device."""
        device = lower.states.vectors.device
        facts = {
            "recipe": _RECIPE,
            "layers": module_digest(self),
            "lower": lower.digest,
            "precision": str(low_precision_dtype(device)),
        }
        return {k: x.to(device) for k, x in remember(name, facts, make).items()}

    def read(self, states: Tensor, attended: Tensor) -> Tensor:
        """(n, tokens, width) states of the layers below to those of the last one, in float32."""
        bias = states.new_zeros(attended.shape).masked_fill(~attended, _NOBODY)[:, None, None]
        for layer in self.layers:
            states = layer(states, attention_mask=bias)
        return states.float()


class Tokens(_Last):
    """Last layers and a projection: a vector of length one for each token, to be scored by MaxSim.

    model: a ColBERT, whose last layers and projection are copied; it stays as it is until `into`.
    last: how many layers.
    """

    scale = 2.0

    def __init__(self, model: MultiVectorEncoder, last: int = 1) -> None:
        super().__init__(model, last)
        self.projection = copy.deepcopy(projection(model))
        self.projection.requires_grad_(True)

    def forward(self, lower: LowerStates, rows: Sequence[int]) -> list[Tensor]:
        """Return the unit vectors (tokens, dim) of the scored tokens of each text, a list."""
        found: list[Tensor] = [lower.states.vectors] * len(rows)
        for places, states, attended, scored in lower.chunks(rows):
            vectors = normalize(self.projection(self.read(states, attended)).float())
            parts = vectors[scored].split(scored.sum(dim=1).tolist())
            for place, part in zip(places, parts):
                found[place] = part
        return found

    @torch.no_grad()
    def encode(self, lower: LowerStates, *, keep: bool = False) -> TokenVectors:
        """Return the token vectors of all texts. keep: in 16 bits on disk, and rounded to these."""
        if keep:

            def make() -> dict[str, Tensor]:
                found = self.encode(lower)
                return {"vectors": found.vectors.half(), "offsets": found.offsets}

            made = self._kept("token-vectors", lower, make)
            return TokenVectors(made["vectors"].float(), made["offsets"].cpu())
        with autocast(lower.states.vectors.device):
            return TokenVectors.from_list(self(lower, range(len(lower))))

    def states(self, lower: LowerStates) -> TokenVectors:
        """Return the last layer's states (tokens, width) of the scored tokens, before the projection."""
        return self.states_and_means(lower)[0]

    @torch.no_grad()
    def states_and_means(
        self, lower: LowerStates, *, keep: bool = False
    ) -> tuple[TokenVectors, Tensor]:
        """Return what `states` returns and what an untrained `Mean` would, (texts, width), from one
        reading. keep: the states in 16 bits on disk, and rounded to these.
        """
        if keep:

            def make() -> dict[str, Tensor]:
                states, means = self.states_and_means(lower)
                return {"states": states.vectors.half(), "offsets": states.offsets, "means": means}

            made = self._kept("last-states", lower, make)
            return TokenVectors(made["states"].float(), made["offsets"].cpu()), made["means"]
        found: dict[int, Tensor] = {}
        means: dict[int, Tensor] = {}
        for places, states, attended, scored in lower.chunks(range(len(lower))):
            with autocast(states.device):
                read = self.read(states, attended)
            found.update(zip(places, read[scored].split(scored.sum(dim=1).tolist())))
            means.update(zip(places, normalize(mean_pool(read, attended))))
        rows = range(len(lower))
        whole = TokenVectors.from_list([found[row] for row in rows])
        if not rows:
            return whole, whole.vectors
        return whole, torch.stack([means[row] for row in rows])

    @torch.no_grad()
    def project(self, states: TokenVectors) -> TokenVectors:
        """Return the token vectors (tokens, dim) that the projection makes of states (tokens, width)."""
        vectors = normalize(self.projection(states.vectors).float())
        return TokenVectors(vectors, states.offsets)

    @torch.no_grad()
    def into(self, model: MultiVectorEncoder) -> None:
        """Write layers and projection into a model of the same make, to be saved or shared."""
        layers = layers_of(model)
        for own, theirs in zip(self.layers, layers[len(layers) - len(self.layers) :]):
            theirs.load_state_dict(own.state_dict())
        projection(model).load_state_dict(self.projection.state_dict())


class Mean(_Last):
    """Last layers and the mean of the tokens: one vector of length one for each text."""

    scale = 20.0

    def forward(self, lower: LowerStates, rows: Sequence[int]) -> Tensor:
        """Return unit vectors (r, width)."""
        parts, order = [], []
        for places, states, attended, _ in lower.chunks(rows):
            parts.append(normalize(mean_pool(self.read(states, attended), attended)))
            order += places
        back = torch.tensor(order).argsort()
        return torch.cat(parts)[back.to(parts[0].device)]

    @torch.no_grad()
    def encode(self, lower: LowerStates, *, keep: bool = False) -> Tensor:
        """Return the vectors of all texts, (texts, width). keep: on disk."""
        if keep:
            made = self._kept("mean-vectors", lower, lambda: {"vectors": self.encode(lower)})
            return made["vectors"]
        with autocast(lower.states.vectors.device):
            return self(lower, range(len(lower)))


def read_once(
    model: MultiVectorEncoder, passages: Sequence[str]
) -> tuple[LowerStates, TokenVectors, Tensor]:
    """Read passages once, and return what both kinds of search begin with; all of it is kept on disk.

    model: as made by `colbert.make_colbert`. The states of the layers below the last, for training; the
    last layer's token vectors, as `Tokens.states` returns them; the texts' normalised means, (texts, width),
    which are `model.encode`'s vectors where the model puts no marker before passages.
    """
    lower = lower_states(model, passages, "document")
    states, means = Tokens(model).states_and_means(lower, keep=True)
    return lower, states, means


def train(
    encoder: Tokens | Mean,
    queries: LowerStates,
    documents: LowerStates,
    positives: Sequence[int],
    *,
    score: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = max_sim,
    batch_size: int = 128,
    epochs: int = 3,
    lr: float = 1e-3,
    seed: int = 0,
    progress: bool = True,
    keep: bool = False,
    **options: Any,
) -> History:
    """Train in place so that each query prefers its own document to those of the rest of the batch.

    positives: for each query the row of its document. The loss is MNRL: the cross-entropy of the own
    document among the batch's, over cosines times 20 for `Mean`, over MaxSims times 2 for `Tokens`
    (a MaxSim is a sum over some ten tokens). score: what makes a table (q, n) of vectors and masks,
    see `late_interaction.max_sim`; only for `Tokens`. Queries with one document never share a batch.
    keep: keep what was trained on disk, and read it instead of training when states, start and
    settings are the same. options: others of `finetune.fit`, such as validate; not with keep.
    Raises ValueError for positives of another number or that are not there, and what `fit` raises.
    """
    positives = [int(row) for row in positives]
    if len(positives) != len(queries) or not positives:
        raise ValueError(
            f"train: {len(positives)} positives for {len(queries)} queries; expected one each"
        )
    if not 0 <= min(positives) <= max(positives) < len(documents):
        raise ValueError(
            f"train: positives name rows {min(positives)} to {max(positives)} of {len(documents)} "
            "documents; expected rows from 0"
        )
    if keep and options:
        raise ValueError(f"train: keep does not go with {', '.join(options)}; expected one of them")
    device = queries.states.vectors.device

    def step(rows: Tensor) -> Tensor:
        numbers = rows.tolist()
        asked = encoder(queries, numbers)
        offered = encoder(documents, [positives[i] for i in numbers])
        with torch.autocast(device.type, enabled=False):  # the loss in float32
            if isinstance(encoder, Tokens):
                table = _table(score, asked, offered)
            else:
                table = asked @ offered.T
            return in_batch_loss(table, encoder.scale)

    settings: dict[str, Any] = {"batch_size": batch_size, "epochs": epochs, "lr": lr, "seed": seed}

    def run() -> History:
        return fit(
            encoder, len(positives), step, keys=positives, progress=progress, **settings, **options
        )

    if not keep:
        return run()
    facts = settings | {
        "recipe": _RECIPE,
        "kind": type(encoder).__name__,
        "positives": positives,
        "states": [queries.digest, documents.digest],
    }
    return kept_training("last-layers", encoder, facts, run)


def _table(score: Callable[..., Tensor], asked: list[Tensor], offered: list[Tensor]) -> Tensor:
    """(q, n) scores; documents of like length are padded together, or most of the work is padding."""
    queries = TokenVectors.from_list(asked).pad()
    batches = length_sorted_batches([len(x) for x in offered], 8)
    documents = TokenVectors.from_list(offered)
    columns = [score(*queries, *documents.pad(part)) for part in batches]
    back = torch.tensor([place for part in batches for place in part]).argsort()
    return torch.cat(columns, dim=1)[:, back.to(columns[0].device)]
