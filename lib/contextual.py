"""One word in its sentences: the vectors that a transformer gives it, and what it attends to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib.pooling import cosine_matrix
from lib.text import token_embeddings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "Attention",
    "Senses",
    "attention_of",
    "compare_senses",
    "layers_of_first",
    "vectors_of",
]


class Attention(NamedTuple):
    """What a word attends to: the tokens of its sentence, and weights (layers, tokens) that sum to 1."""

    tokens: list[str]
    weights: Tensor


class Senses(NamedTuple):
    """Cosines of one word's vectors: means and extremes within a sense and across, the largest of all."""

    within: float
    least_within: float
    across: float
    most_across: float
    most: float

    @property
    def gap(self) -> float:
        """How much nearer the vectors lie within a sense, on average."""
        return self.within - self.across

    def __str__(self) -> str:
        return (
            f"same sense {self.within:.3f} (at least {self.least_within:.3f}), "
            f"other sense {self.across:.3f} (at most {self.most_across:.3f})"
        )


def vectors_of(model: SentenceTransformer, word: str, sentences: Sequence[str]) -> Tensor:
    """Return the vector of `word` in each sentence, from the last layer: (sentences, dim).

    Raises ValueError unless the word is one token of the model and stands once in each sentence.
    """
    sentences = as_texts("vectors_of", sentences, "sentences")
    places = [_place(model, word, sentence) for sentence in sentences]
    tokens, _ = token_embeddings(model, sentences)
    return tokens[torch.arange(len(places)), torch.tensor(places)]


def compare_senses(vectors: Tensor, senses: Sequence[int]) -> Senses:
    """Return how alike one word's vectors (n, dim) are within a sense and across senses.

    senses: a number for the sense of each. Raises ValueError unless some two share one and some two
    do not.
    """
    labels = torch.tensor(list(senses), device=vectors.device)
    same = labels[:, None] == labels
    alike = same & ~torch.eye(len(labels), dtype=torch.bool, device=vectors.device)
    if len(labels) != len(vectors) or not alike.any() or same.all():
        raise ValueError(
            f"compare_senses: {len(vectors)} vectors of senses {list(senses)}; expected a sense for each, "
            "one that two of them share and one that they do not"
        )
    cosines = cosine_matrix(vectors, vectors)
    within, across = cosines[alike], cosines[~same]
    return Senses(
        within=float(within.mean()),
        least_within=float(within.min()),
        across=float(across.mean()),
        most_across=float(across.max()),
        most=max(float(within.max()), float(across.max())),
    )


@torch.no_grad()
def attention_of(model: SentenceTransformer, sentence: str, word: str) -> Attention:
    """Return what `word` attends to in its sentence, layer by layer, the mean over the heads.

    Row l holds the weights by which the word's next vector is put together in layer l from all tokens
    of the sentence; a row sums to 1. The model stays as it was.
    Raises ValueError unless the word is one token of the model and stands once in the sentence, and
    for a model without self-attention that can be read.
    Source: Vaswani et al. 2017, Attention Is All You Need, section 3.2; Clark et al. 2019, What Does
    BERT Look At?
    """
    place = _place(model, word, sentence)
    first: Any = model[0]
    transformer = first.auto_model
    features = model.tokenizer([sentence], return_tensors="pt").to(model.device)
    before = transformer.config._attn_implementation
    transformer.set_attn_implementation("eager")  # the fused kernels keep no weights
    try:
        layers = transformer(**features, output_attentions=True).attentions
    finally:
        transformer.set_attn_implementation(before)
    if not layers:
        raise ValueError("attention_of: the model returns no attention weights")
    rows = torch.stack([layer[0, :, place].mean(dim=0) for layer in layers])  # (layers, tokens)
    return Attention(model.tokenizer.convert_ids_to_tokens(features["input_ids"][0].tolist()), rows)


@torch.inference_mode()
def layers_of_first(model: SentenceTransformer, texts: Sequence[str]) -> Tensor:
    """Return the vector of each text's first token after each layer, (layers, texts, dim).

    The first token is [CLS] in BERT's kind of model. Raises ValueError for no text.
    """
    texts = as_texts("layers_of_first", texts)
    if not texts:
        raise ValueError("layers_of_first: no text came; expected one or more")
    first: Any = model[0]
    features = model.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    states = first.auto_model(**features.to(model.device), output_hidden_states=True).hidden_states
    return torch.stack([layer[:, 0] for layer in states[1:]])


def _place(model: SentenceTransformer, word: str, sentence: str) -> int:
    tokens = model.tokenizer.convert_ids_to_tokens(model.tokenizer(sentence)["input_ids"])
    if tokens.count(word) != 1:
        raise ValueError(
            f"{word!r} stands {tokens.count(word)} times among the tokens {tokens}; expected once: "
            "choose a word that is one token"
        )
    return tokens.index(word)
