"""ColBERT from a sentence encoder: token vectors of queries and of passages.

The encoder reads a text as before, but its tokens are not pooled: each is projected to `dim` numbers
and scaled to length one. Queries and passages begin with a marker of their own, so that one encoder
can read them differently; a query may be filled up with [MASK] tokens, which guess what else could
stand there; punctuation of passages is not kept. The model is sentence-transformers'
`MultiVectorEncoder`; what is here makes one, and keeps what its layers compute.
Source: Khattab and Zaharia 2020, ColBERT, section 3.2.
"""

from __future__ import annotations

import copy
import hashlib
import json
import string
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from lib._arguments import as_texts
from lib.cache import remember
from lib.device import autocast, low_precision_dtype
from lib.fingerprint import module_digest
from lib.matryoshka import principal_directions
from lib.pooling import normalize
from lib.progress_bar import track
from lib.text import length_sorted_batches, token_lengths
from lib.token_vectors import TokenVectors

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

__all__ = [
    "KINDS",
    "MARKERS",
    "make_colbert",
    "project",
    "projection",
    "start_from_principal_directions",
    "token_states",
    "token_vectors",
]

Kind = Literal["query", "document"]
KINDS = ("query", "document")
# What ColBERT calls [Q] and [D]: entries of BERT's vocabulary that no text uses.
MARKERS = {"query": "[unused0]", "document": "[unused1]"}
_RECIPE = 1  # count up when the states below are computed otherwise


def make_colbert(
    encoder: SentenceTransformer,
    dim: int = 128,
    *,
    markers: bool | Kind = True,
    expansion: int | None = None,
    skip_punctuation: bool = True,
    query_tokens: int | None = None,
    document_tokens: int | None = None,
    seed: int = 0,
) -> MultiVectorEncoder:
    """Return a ColBERT, not yet trained, with the encoder's layers and a projection to `dim` numbers.

    encoder: a sentence encoder that begins with a transformer; it is copied and stays as it is.
    dim: 1 to the encoder's width. The projection is drawn by `seed`, its rows at right angles, which
    distorts similarities little; `start_from_principal_directions` is better, and training best.
    markers: put `MARKERS` before the texts, or before those of one kind alone ("query": the passages
    are then read as the encoder reads them); the tokenizer must know them. expansion: fill queries up
    to so many tokens with [MASK], which see the query and are not seen by it; None for no such tokens.
    skip_punctuation: drop the vectors of punctuation in passages. query_tokens, document_tokens: texts
    are cut after so many, special tokens among them; None for the encoder's limit.
    Raises ValueError for another kind of encoder, for markers that its tokenizer does not know, and
    numbers out of range.
    """
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    if not isinstance(encoder[0], Transformer):
        raise ValueError(
            f"make_colbert: the encoder begins with {type(encoder[0]).__name__}; expected a "
            "Transformer, such as all-MiniLM-L6-v2 has"
        )
    transformer: Any = copy.deepcopy(encoder[0])
    width = transformer.get_embedding_dimension()
    if not 1 <= dim <= width:
        raise ValueError(f"make_colbert: dim is {dim}; expected 1 to {width}, the encoder's width")
    limit = encoder.max_seq_length
    for name, asked in (
        ("query_tokens", query_tokens),
        ("document_tokens", document_tokens),
        ("expansion", expansion),
    ):
        if asked is not None and not 3 <= asked <= (limit or asked):
            raise ValueError(f"make_colbert: {name} is {asked}; expected 3 to {limit}, or None")
    marked = [kind for kind in KINDS if markers is True or markers == kind]
    if markers and not marked:
        raise ValueError(
            f"make_colbert: markers is {markers!r}; expected True, False, {' or '.join(KINDS)}"
        )
    if marked:
        _add_markers(transformer.tokenizer)
    transformer.query_length, transformer.document_length = query_tokens, document_tokens
    if expansion is not None:
        if query_tokens is not None and query_tokens < expansion:
            raise ValueError(
                f"make_colbert: queries are cut after {query_tokens} tokens and filled up to "
                f"{expansion}; expected query_tokens of at least expansion"
            )
        # Longer queries stay whole.
        transformer.query_expansion = {"strategy": "min", "length": expansion, "attend": False}
    draw = torch.Generator().manual_seed(seed)
    directions = torch.linalg.qr(torch.randn(width, dim, generator=draw, device="cpu"))[0]
    dense = Dense(
        width,
        dim,
        bias=False,
        activation_function=nn.Identity(),
        init_weight=directions.T.contiguous(),
        module_input_name="token_embeddings",
    )
    skipped = list(string.punctuation) if skip_punctuation else []
    model = MultiVectorEncoder(
        modules=[
            transformer,
            dense,
            MultiVectorMask(skiplist_words=skipped),
            Normalize(module_input_name="token_embeddings"),
        ],
        device=str(encoder.device),
        prompts={kind: f"{MARKERS[kind]} " for kind in marked} or None,
    )
    return model.eval()


def _add_markers(tokenizer: Any) -> None:
    """Make the tokenizer read the markers as one token each."""
    from transformers import AddedToken

    unknown = [m for m in MARKERS.values() if m not in tokenizer.get_vocab()]
    if unknown:
        raise ValueError(
            f"make_colbert: the tokenizer does not know {', '.join(unknown)}; expected BERT's, which "
            "has unused entries. Without them, use markers=False"
        )
    tokens = [AddedToken(m, normalized=False, special=True) for m in MARKERS.values()]
    tokenizer.add_special_tokens({"additional_special_tokens": tokens})


def projection(model: MultiVectorEncoder) -> nn.Linear:
    """Return the linear map from the transformer's token states to the token vectors.

    Raises ValueError if the model has none.
    """
    from sentence_transformers.base.modules.dense import Dense

    for module in model:
        if isinstance(module, Dense):
            return module.linear
    raise ValueError("projection: the model has no Dense module; expected one, as of make_colbert")


@torch.no_grad()
def start_from_principal_directions(model: MultiVectorEncoder, states: TokenVectors) -> None:
    """Let the projection begin with the directions in which token states have most of their length.

    states: of passages, as `token_states` gives them, each scaled to length one before they count.
    It changes the model in place. No other projection to as few numbers keeps the tokens' dot products
    better, so an untrained ColBERT ranks about as all of the encoder's numbers would.
    """
    linear = projection(model)
    directions = principal_directions(normalize(states.vectors), linear.out_features)
    linear.weight.copy_(directions.T.to(linear.weight))


@torch.no_grad()
def token_states(
    model: MultiVectorEncoder,
    texts: Iterable[str],
    kind: Kind,
    *,
    batch_size: int = 64,
    progress: bool = True,
    keep: bool = True,
) -> TokenVectors:
    """Return the last layer's states of the tokens that are scored, before the projection.

    Returns (tokens, width) float32 for each text, on the model's device, rounded to 16 bits, whether
    they were kept or not. kind: "query" or "document", which decides marker, limit and what is
    dropped. batch_size: texts of like length at a time. keep: keep them on disk, 2 bytes a number (100
    MB for 4,000 of the course's passages), and read them where layers, settings, texts and precision
    are the same; the projection is not among these, so one that is trained does not need them anew.
    Raises TypeError for one text instead of a list, ValueError for another kind or batch size.
    """
    texts = as_texts("token_states", texts)
    if kind not in KINDS:
        raise ValueError(f"token_states: kind is {kind!r}; expected one of {', '.join(KINDS)}")
    if batch_size < 1:
        raise ValueError(f"token_states: batch_size is {batch_size}; expected at least 1")
    device, distinct = model.device, list(dict.fromkeys(texts))
    if not distinct:
        return TokenVectors.from_list([], projection(model).in_features).to(device)

    def make() -> dict[str, Tensor]:
        found = _states(model, distinct, kind, batch_size, progress)
        return {"vectors": found.vectors.half(), "offsets": found.offsets}

    if keep:
        made = remember("token-states", _facts(model, distinct, kind, batch_size), make)
    else:
        made = make()
    each = TokenVectors(made["vectors"].to(device).float(), made["offsets"])
    if len(distinct) == len(texts):
        return each
    row = {text: number for number, text in enumerate(distinct)}
    return each.select([row[text] for text in texts])


def _states(
    model: MultiVectorEncoder, texts: list[str], kind: Kind, batch_size: int, progress: bool
) -> TokenVectors:
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    masks = [module for module in model if isinstance(module, MultiVectorMask)]
    prompt = model.prompts.get(kind)
    was_training = model.training
    model.eval()
    found: dict[int, Tensor] = {}
    batches = length_sorted_batches(token_lengths(model, texts), batch_size)
    for rows in track(
        batches, f"Reading {'queries' if kind == 'query' else 'passages'}", "batch", shown=progress
    ):
        features: Any = model.preprocess([texts[row] for row in rows], prompt=prompt, task=kind)
        features = {
            k: v.to(model.device) if isinstance(v, Tensor) else v for k, v in features.items()
        }
        with autocast(model.device):
            features = model[0](features, task=kind)
        for mask in masks:
            features = mask(features, task=kind)
        real = features["attention_mask"].bool()
        states = features["token_embeddings"][real].float()
        found.update(zip(rows, states.split(real.sum(dim=1).tolist())))
    model.train(was_training)
    return TokenVectors.from_list([found[row] for row in range(len(texts))])


def project(model: MultiVectorEncoder, states: TokenVectors) -> TokenVectors:
    """Return unit vectors (tokens, dim) of token states (tokens, width), with a gradient if wanted."""
    return TokenVectors(normalize(projection(model)(states.vectors)), states.offsets)


@torch.no_grad()
def token_vectors(
    model: MultiVectorEncoder,
    texts: Iterable[str],
    kind: Kind,
    *,
    batch_size: int = 64,
    progress: bool = True,
    keep: bool = True,
) -> TokenVectors:
    """Return the unit vectors of the tokens of texts, (tokens, dim) float32 for each, to be scored by
    MaxSim: what `model.encode_query` or `encode_document` return, with states rounded to 16 bits.

    Arguments and errors: see `token_states`, which keeps what takes time.
    """
    states = token_states(model, texts, kind, batch_size=batch_size, progress=progress, keep=keep)
    return project(model, states)


def _facts(
    model: MultiVectorEncoder, texts: list[str], kind: Kind, batch_size: int
) -> dict[str, object]:
    """What decides the states of texts: everything but the projection."""
    # What is said of queries changes no passage, and the other way round. The copy shares all else.
    transformer: Any = copy.copy(model[0])
    setattr(transformer, "document_length" if kind == "query" else "query_length", None)
    return {
        "recipe": _RECIPE,
        "layers": module_digest(transformer),
        "masks": [module_digest(module) for module in list(model)[2:]],
        "limit": model.max_seq_length,
        "expansion": transformer.query_expansion if kind == "query" else None,
        "prompt": model.prompts.get(kind),
        "kind": kind,
        "batch_size": batch_size,
        "texts": hashlib.sha256(json.dumps(texts).encode()).hexdigest(),
        "precision": str(low_precision_dtype(model.device)),
    }
