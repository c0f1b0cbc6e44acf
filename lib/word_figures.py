"""The figures of a study of word vectors: each returns a figure with its text alternative.

`show(*sigmoid(...))` displays one, `explore(*map_of_words(...).shown)` the map. What they draw was computed
here or measured by the caller; the text alternative names its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure
from torch import Tensor

from lib import plots
from lib._diagram_paper import Diagram
from lib._explore_words import word_neighbours
from lib._plot_colours import PALETTE
from lib._plot_labels import INK, SMALL
from lib.corpus_map import principal_components
from lib.leaderboard import Row
from lib.metrics import Interval, bootstrap_interval
from lib.word2vec import TrainingStep
from lib.word_vectors import SectionAccuracy, WordVectors

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Explorable

__all__ = [
    "WordMap",
    "accuracy_interval",
    "analogies",
    "board",
    "glove_weights",
    "keep_probability",
]
__all__ += ["map_of_words", "seen_at_distance", "sigmoid", "training_curve"]

_LONG = 6  # letters: shorter words that are frequent say little, such as "which"


def seen_at_distance(draws: Tensor, window: int, *, title: str) -> Diagram:
    """Return the share of centres that see a word at each distance; draws: (n,) reach of each centre."""
    distances = list(range(1, window + 1))
    shares = [float((draws >= distance).double().mean()) for distance in distances]
    figure = plots.bars(
        [f"distance {distance}" for distance in distances],
        shares,
        title=title,
        value_label="share of centres that see a word at this distance",
        decimals=2,
    )
    told = ", ".join(f"{share:.2f} at distance {d}" for d, share in zip(distances, shares))
    return Diagram(figure, f"Bars that fall evenly, the share of centres that see a word: {told}.")


def keep_probability(
    shares: Tensor, kept: Tensor, marked: Mapping[str, int], *, title: str
) -> Diagram:
    """Return how likely a word is to be kept over its share of the text, with some words marked.

    shares, kept: (words,), the most frequent first; marked: word -> its row.
    """
    different = shares.unique(sorted=True)
    rows = torch.searchsorted(-shares, -different)
    figure = plots.curve(
        (100 * different).tolist(),
        {"kept": kept[rows].tolist()},
        title=title,
        x_label="share of the text (%, log scale)",
        y_label="probability to keep an occurrence",
        log_x=True,
    )
    told = []
    for word, row in marked.items():
        share, probability = 100 * float(shares[row]), float(kept[row])
        _mark(figure, share, probability, word)
        told.append(f"'{word}', {share:.2f}% of the text, {probability:.2f}")
    alt = "The probability to keep an occurrence is 1 for rare words and falls for frequent ones: "
    return Diagram(figure, f"{alt}{'; '.join(told)}.")


def sigmoid(scores: Sequence[float]) -> Diagram:
    """Return the sigmoid from -6 to 6 with some scores marked."""
    xs = torch.linspace(-6, 6, 121)
    figure = plots.curve(
        xs.tolist(),
        {"sigmoid": xs.sigmoid().tolist()},
        title="The sigmoid turns a score into a probability",
        x_label="score (a dot product)",
        y_label="probability that the pair is true",
    )
    told = []
    for score in scores:
        value = 1 / (1 + math.exp(-score))
        _mark(figure, score, value, f"{score:g}: {value:.2f}".replace("-", "\N{MINUS SIGN}"))
        told.append(f"{value:.2f} at {score:g}")
    return Diagram(figure, f"An S-shaped curve that rises from 0 to 1: {', '.join(told)}.")


def glove_weights(most: float = 100, power: float = 0.75) -> Diagram:
    """Return the weight of a pair in GloVe's loss over its count: rising, and 1 from `most` on.

    Source: Pennington, Socher and Manning 2014, equation 9 and figure 1.
    """
    counts = [float(count) for count in range(0, 2 * int(most) + 1, 2)]
    figure = plots.curve(
        counts,
        {"weight": [min(1.0, count / most) ** power for count in counts]},
        title="How much a pair counts in GloVe's loss",
        x_label="how often the two words met",
        y_label="weight",
    )
    told = ", ".join(
        f"{min(1.0, n / most) ** power:.2f} for a count of {n:g}" for n in (1, most / 2, most)
    )
    return Diagram(figure, f"A curve that rises from 0 and stays at 1: {told}, and 1 above.")


def _mark(figure: Figure, x: float, y: float, text: str) -> None:
    """Mark a point of a curve, and name it."""
    (ax,) = figure.axes
    ax.plot([x], [y], "s", color=PALETTE[1], markersize=7, zorder=5)
    ax.annotate(
        text,
        (x, y),
        xytext=(7, -5),
        textcoords="offset points",
        va="top",
        fontsize=SMALL,
        color=INK,
    )


def training_curve(
    history: Sequence[TrainingStep], start: float, smooth: int = 5, *, title: str
) -> Diagram:
    """Return the loss over the words read; start: that of vectors that know nothing, in nats."""
    losses = torch.tensor([step.loss for step in history]).unfold(0, smooth, 1).mean(dim=1)
    edge = smooth // 2
    figure = plots.curve(
        [step.words / 1e6 for step in history][edge : len(history) - edge],
        {"own Word2Vec": losses},
        title=title,
        x_label="words read (millions)",
        y_label="loss (nats a pair)",
        references={"start": start},
    )
    return Diagram(
        figure,
        f"Training curve: the loss falls steeply at first, then slowly, from {history[0].loss:.2f} to "
        f"{float(losses[-1]):.2f} nats a pair, below the {start:.2f} of a coin toss.",
    )


@dataclass(frozen=True)
class WordMap:
    """A map of words to explore: `explore(*map_of_words(...).shown)`.

    variance: the share that the map keeps; kept: of a word's ten nearest, those that are its ten nearest on
    the map, a mean over the words; words: how many are shown; alone: of the fields' words, those whose
    nearest other word of the fields is of another field, by all numbers; alone_on_map: the same on the map.
    """

    shown: tuple[Explorable, str, Figure]
    variance: float
    kept: float
    words: int
    alone: int
    alone_on_map: int


def map_of_words(
    vectors: WordVectors, fields: Mapping[str, Sequence[str]], *, size: int = 300, k: int = 10
) -> WordMap:
    """Return the words of some fields, their k nearest and frequent words on two principal components.

    Words without a vector are left out. The still picture shows the fields' words alone, in their places.
    """
    known = {name: [word for word in ws if word in vectors] for name, ws in fields.items()}
    chosen = dict.fromkeys(word for ws in known.values() for word in ws)
    nearest = {word: vectors.most_similar(word, k) for word in chosen}
    words = dict.fromkeys([*chosen, *(w for found in nearest.values() for w, _ in found)])
    long = (word for word in vectors.words if len(word) >= _LONG)  # the most frequent first
    for word in long:
        if len(words) >= size:
            break
        words.setdefault(word)
    rows = torch.tensor([vectors.index[word] for word in words])
    table = vectors.unit[rows].cpu()
    points, share = principal_components(table)
    nearest |= {w: vectors.most_similar(w, k) for w in words if w not in nearest}
    variance = float(share.sum())
    title = f"{len(words)} words on a map"
    figure = word_neighbours([*words], points, nearest, known, title=title, share=variance)
    pairs = [(word, name) for name, ws in known.items() for word in ws]
    names, groups = [list(column) for column in zip(*pairs)]
    still = plots.word_map(
        points[: len(chosen)], names, groups, title=f"{len(chosen)} words of {len(known)} fields"
    )
    cosines = table[: len(chosen)] @ table[: len(chosen)].T
    closest = cosines.fill_diagonal_(-1).argmax(dim=1).tolist()
    alone = sum(groups[i] != groups[j] for i, j in enumerate(closest))
    shown = points[: len(chosen)]
    apart = torch.cdist(shown, shown).fill_diagonal_(torch.inf).argmin(dim=1).tolist()
    alone_on_map = sum(groups[i] != groups[j] for i, j in enumerate(apart))
    kept = _overlap(table @ table.T, -torch.cdist(points, points), k)
    alt = (
        f"A map of {len(words)} words by two principal components, which keep {variance:.0%} of the variance. "
        f"The words of {len(known)} fields ({', '.join(known)}) can be lit up, and the {k} nearest words of each. "
        f"On average {kept * k:.1f} of a word's {k} nearest are its {k} nearest on the map."
    )
    return WordMap((figure, alt, still), variance, kept, len(words), alone, alone_on_map)


def _overlap(first: Tensor, second: Tensor, k: int) -> float:
    """The share of each row's k largest, the diagonal left out, that two tables (n, n) share: a mean."""
    tops = []
    for table in (first, second):
        table = table.clone().fill_diagonal_(float("-inf"))
        tops.append(table.topk(k, dim=1).indices)
    return float((tops[0][:, :, None] == tops[1][:, None, :]).any(dim=2).double().mean())


def accuracy_interval(result: SectionAccuracy) -> Interval:
    """The accuracy of a section's answers with its bootstrap interval over the questions."""
    return bootstrap_interval((torch.arange(result.asked) < result.correct).float())


def analogies(
    excluded: Sequence[SectionAccuracy], allowed: Sequence[SectionAccuracy], *, title: str
) -> Diagram:
    """Return accuracy by category with inputs excluded, beside both means; the last result is all."""
    *sections, total = excluded
    order = sorted(sections, key=lambda section: -section.accuracy)
    ends = [accuracy_interval(section) for section in order]
    means = {"all": total.accuracy, "all, inputs allowed": allowed[-1].accuracy}
    figure = plots.bars(
        [f"{section.name} ({section.asked})" for section in order],
        [section.accuracy for section in order],
        [(interval.low, interval.high) for interval in ends],
        title=title,
        value_label="accuracy, with 95% interval",
        references=means,
        decimals=2,
    )
    return Diagram(
        figure,
        f"Bars of analogy accuracy for {len(order)} categories: best {order[0].name} at "
        f"{order[0].accuracy:.2f}, worst {order[-1].name} at {order[-1].accuracy:.2f}; all together "
        f"{means['all']:.2f}, with inputs allowed {means['all, inputs allowed']:.2f}.",
    )


def board(rows: Sequence[Row]) -> Diagram:
    """Return the leaderboard with its numbers in words."""
    alt = "Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    told = ", ".join(f"{row.system} {row.ndcg_at_10}" for row in rows)
    return Diagram(plots.leaderboard(rows), f"{alt}{told}.")
