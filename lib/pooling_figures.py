"""The figures of a study of pooling: each returns a figure with its text alternative.

`show(*attention_by_layer(...))` displays one, `explore(*pooled_texts(...))` the one with two lists. What
they draw was measured by the caller; the text alternative names its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor

from lib import plots
from lib._diagram_paper import Diagram
from lib._explore_pooling import pooling_by_token, token_weights
from lib.contextual import Attention
from lib.pair_cost import PairCost
from lib.pooling import cosine_matrix
from lib.text import token_embeddings

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Explorable
    from sentence_transformers import SentenceTransformer

__all__ = ["Explored", "attention_by_layer", "cost_of_pairs", "padding_drift", "pooled_texts"]
__all__ += ["word_in_sentences"]

Pool = Callable[[Tensor, Tensor], Tensor]
_FOUND = 5  # passages of a query
_BEYOND = [100, 1_000, 10_000, 100_000, 1_000_000]


class Explored(NamedTuple):
    """What `explore` takes: `explore(*pooled_texts(...))`."""

    figure: Explorable
    alt: str
    still: Figure


def attention_by_layer(found: Attention, word: str) -> Diagram:
    """Return what a word attends to in each layer, tokens from left to right."""
    layers = [f"layer {number}" for number in range(1, 1 + len(found.weights))]
    figure = plots.heatmap(
        found.weights,
        layers,
        found.tokens,
        title=f"What '{word}' attends to",
        value_label="weight (mean over the heads)",
        x_label="token that is read",
        limits=(0.0, float(found.weights.max())),
    )
    told = "; ".join(
        f"{layer} {found.tokens[int(row.argmax())]} {float(row.max()):.2f}"
        for layer, row in zip(layers, found.weights)
    )
    alt = (
        f"Heat map of the weights by which '{word}' reads each token of its sentence, a row a layer; each "
        f"row adds up to 1. The largest weight of each row: {told}."
    )
    return Diagram(figure, alt)


def word_in_sentences(word: str, cosines: Tensor, names: Sequence[str], senses: str) -> Diagram:
    """Return the cosines of one word's vectors in several sentences, three for each of two senses.

    names: of the sentences, by a word in each; senses: said of them, "three about ... and three about ...".
    """
    figure = plots.heatmap(
        cosines,
        names,
        names,
        title=f"One word, {len(names)} vectors: '{word}' in {len(names)} sentences",
        value_label=f"cosine of the two '{word}' vectors",
        x_label="sentence with ...",
        y_label="sentence with ...",
        limits=(0.5, 1.0),
    )
    apart = ~torch.eye(3, dtype=torch.bool, device=cosines.device)
    alt = (
        f"Heat map of the cosines between the vectors of '{word}' in {len(names)} sentences, {senses}: from "
        f"{float(cosines.min()):.2f} for the two least alike; within the first sense the mean is "
        f"{float(cosines[:3, :3][apart].mean()):.2f}, within the second "
        f"{float(cosines[3:, 3:][apart].mean()):.2f}, across {float(cosines[:3, 3:].mean()):.2f}."
    )
    return Diagram(figure, alt)


def padding_drift(
    padding: Sequence[int], masked: float, forgetful: Mapping[str, Sequence[float]]
) -> Diagram:
    """Return the cosine of a padded text with the text alone, with the mask (one line) and without."""
    figure = plots.curve(
        padding,
        {"any text, masked": [masked] * len(padding), **forgetful},
        title="A mean that forgets the mask drifts with the padding",
        x_label="padding tokens in the row",
        y_label="cosine with the text alone",
    )
    told = ", ".join(f"{name} to {row[-1]:.2f}" for name, row in forgetful.items())
    alt = (
        "Curves of the cosine between a padded text and the same text alone, over the number of padding "
        f"tokens: with the mask it stays at {masked:.2f}, without it all texts fall, at "
        f"{padding[-1]} padding tokens {told}."
    )
    return Diagram(figure, alt)


def pooled_texts(
    model: SentenceTransformer,
    texts: Sequence[str],
    poolings: Mapping[str, Pool],
    passages: Mapping[str, Tensor],
    titles: Sequence[str],
) -> Explored:
    """Return the weight of each token of some texts by each pooling, with the passages nearest by it.

    poolings: name -> function of (batch, tokens, dim) and a mask; passages: name -> (n, dim), the
    passages pooled alike; titles: of the passages. The still picture is of the first text.
    """
    found = {}
    for text in texts:
        ids = model.tokenizer(text, truncation=True, max_length=model.max_seq_length)["input_ids"]
        tokens, mask = token_embeddings(model, [text])
        made = {}
        for name, pool in poolings.items():
            cosines = cosine_matrix(pool(tokens.float(), mask), passages[name])[0]
            best, rows = (part.tolist() for part in cosines.topk(_FOUND))
            nearest = [(titles[row], value) for row, value in zip(rows, best)]
            made[name] = (token_weights(pool, tokens[0]).tolist(), nearest)
        found[text] = (_all_different(model.tokenizer.convert_ids_to_tokens(ids)), made)
    text, (tokens_, made) = next(iter(found.items()))
    still = plots.heatmap(
        torch.tensor([weights for weights, _ in made.values()]),
        list(made),
        tokens_,
        title=f"'{text}': the weight of each token",
        value_label="weight in the text's vector",
        limits=(0.0, 1.0),
    )
    told = "; ".join(
        f"{name}: "
        + ", ".join(f"{token.strip()} {w:.0%}" for token, w in zip(tokens_, weights))
        + f", nearest {nearest[0][0]}"
        for name, (weights, nearest) in made.items()
    )
    alt = (
        f"Bars for the tokens of {len(found)} texts, as long as each token weighs in the vector of the text, "
        f"for {len(poolings)} poolings. '{text}', {told}."
    )
    return Explored(pooling_by_token(found, title="What does each token weigh?"), alt, still)


def cost_of_pairs(cost: PairCost) -> Diagram:
    """Return the seconds of reading n texts one by one and in pairs, measured and then extrapolated."""
    single, paired = zip(*(cost.expected(n) for n in _BEYOND))
    figure = plots.curve(
        cost.sizes + _BEYOND,
        {"all pairs": [*cost.pairs, *paired], "one by one": [*cost.single, *single]},
        title=f"Cost of comparing n texts: measured up to {cost.sizes[-1]}, then extrapolated",
        x_label="number of texts n",
        y_label="computing time (s)",
        references={"an hour": 3600, "a year": 3.156e7},
        regions={
            "measured": (cost.sizes[0], cost.sizes[-1]),
            "extrapolated": (cost.sizes[-1], _BEYOND[-1]),
        },
        log_x=True,
        log_y=True,
    )
    alt = (
        "Computing time over the number of texts, both axes logarithmic: scoring all pairs rises with "
        "slope two, encoding one by one with slope one; at a million texts they lie more than five "
        f"orders of magnitude apart. The part from {cost.sizes[0]} to {cost.sizes[-1]} texts is measured."
    )
    return Diagram(figure, alt)


def _all_different(tokens: Sequence[str]) -> list[str]:
    """Equal tokens told apart by the place at which they stand."""
    return [
        token if tokens.count(token) == 1 else f"{token} ({place})"
        for place, token in enumerate(tokens, 1)
    ]
