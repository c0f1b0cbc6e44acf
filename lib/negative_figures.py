"""The figures of a study of hard negatives: each returns a figure with its text alternative.

`show(*loss_left(...))` displays one, `explore(*margin_search(...))` the one with a slider. What they draw was
measured by the caller; the text alternative names its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from matplotlib.figure import Figure
from torch import Tensor

from lib import plots
from lib._diagram_negatives import negatives_on_a_line, unmarked_positives
from lib._diagram_paper import Diagram
from lib._explore_margin import Searches, margin_line
from lib.data import CourseSet
from lib.finetune import History
from lib.leaderboard import Row
from lib.metrics import Interval
from lib.negative_filters import scores_of
from lib.ontology_relations import Relations
from lib.plots_paired import paired_differences
from lib.tuple_training import Taught

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Explorable

__all__ = ["Explored", "board", "by_margin", "differences", "kin_by_rank", "loss_left"]
__all__ += ["margin_search", "pulls", "told_differences", "unmarked", "word_share"]

_LENGTHS = {"half as long as the mean": 0.5, "of mean length": 1.0, "three times as long": 3.0}


class Explored(NamedTuple):
    """What `explore` takes: `explore(*margin_search(...))`."""

    figure: Explorable
    alt: str
    still: Figure


def loss_left(histories: Mapping[str, History], choices: int = 5) -> Diagram:
    """Return the loss over the steps of several trainings of as many steps, beside a blind guess.

    choices: how many passages a query chooses among.
    """
    steps = min(len(history.losses) for history in histories.values())
    figure = plots.curve(
        list(range(1, 1 + steps)),
        {name: history.losses[:steps] for name, history in histories.items()},
        title="What is left to learn from four negatives a query",
        x_label="step (batches of 128 pairs)",
        y_label="loss (nats)",
        references={f"log({choices}), a blind guess": math.log(choices)},
    )
    told = "; ".join(
        f"with {name} negatives from {h.losses[0]:.2f} to {h.losses[steps - 1]:.2f}"
        for name, h in histories.items()
    )
    alt = f"Training loss over {steps} steps: {told}. A blind guess among {choices} passages costs "
    return Diagram(figure, f"{alt}{math.log(choices):.2f}.")


def word_share(k1: float = 1.5, b: float = 0.75, most: int = 6) -> Diagram:
    """Return what a word adds to BM25 as a share of its idf, by how often passages of three lengths have it."""
    counts = list(range(most + 1))
    shares = {
        name: [n / (n + k1 * (1 - b + b * length)) for n in counts]
        for name, length in _LENGTHS.items()
    }
    figure = plots.curve(
        counts,
        shares,
        title="What a word adds to the score, as a share of its idf",
        x_label="how often the passage has the word",
        y_label="share of the word's idf",
    )
    told = "; ".join(
        f"in a passage {name} {values[1]:.2f} for one occurrence and {values[-1]:.2f} for {most}"
        for name, values in shares.items()
    )
    alt = "Three curves that rise and flatten, the share of a word's idf over how often it occurs: "
    return Diagram(figure, f"{alt}{told}.")


def kin_by_rank(shares: Mapping[str, Tensor], by_chance: float) -> Diagram:
    """Return the share of negatives that are parent or child of the right passage, over their rank.

    shares: source -> (queries, ranks), 1 where a negative is one; by_chance: the share among random ones.
    """
    ranks = min(rows.shape[1] for rows in shares.values())
    figure = plots.curve(
        list(range(1, ranks + 1)),
        {name: rows[:, :ranks].mean(dim=0) * 100 for name, rows in shares.items()},
        title="How many negatives are parents or children of the right passage",
        x_label="rank among the negatives",
        y_label="share of queries (%)",
        references={"random passages": by_chance * 100},
    )
    told = "; ".join(
        f"{name} {float(rows[:, 0].mean()):.0%} at rank 1 and {float(rows[:, ranks - 1].mean()):.1%} at "
        f"rank {ranks}"
        for name, rows in shares.items()
    )
    alt = "Share of negatives that are parent or child of the right passage, falling with their rank: "
    return Diagram(figure, f"{alt}{told}; random passages {by_chance:.1%}.")


def by_margin(qualities: Mapping[float, float], references: Mapping[str, float]) -> Diagram:
    """Return the quality that negatives teach over the relative margin that they kept (0 to 1)."""
    figure = plots.curve(
        [100 * margin for margin in qualities],
        {"the miner's four, after the margin": list(qualities.values())},
        title="A margin below the positive",
        x_label="relative margin (% of the positive's score)",
        y_label="nDCG@10 on validation queries",
        references=references,
    )
    told = ", ".join(f"{quality:.3f} at {margin:.0%}" for margin, quality in qualities.items())
    beside = ", ".join(f"{name} {quality:.3f}" for name, quality in references.items())
    return Diagram(figure, f"nDCG@10 over the relative margin: {told}. For comparison: {beside}.")


def pulls(
    course: CourseSet,
    text: str,
    vectors: tuple[Tensor, Tensor],
    positive: Tensor,
    hard: Tensor,
    random: Tensor,
) -> Diagram:
    """Return where a query's positive and its negatives of two kinds lie, and the weight of each.

    vectors: of the query (dim,) and of all passages (n, dim); positive (1,), hard and random: rows.
    """
    asked, passages = vectors
    (own,), *others = (
        [(course.titles[i], float(asked @ passages[i])) for i in rows.tolist()]
        for rows in (positive, hard, random)
    )
    return negatives_on_a_line(text, own, *others)


def unmarked(course: CourseSet, text: str, right: Tensor, mined: Tensor) -> Diagram:
    """Return what the marks, a reader and training say of a query's mined passages.

    right: () the row that is marked; mined: (m,) rows, the hardest first.
    """
    (kinds,) = Relations(course).kinds(right[None], mined[None])
    titles = [course.titles[i] for i in mined.tolist()]
    return unmarked_positives(text, course.titles[int(right)], list(zip(titles, kinds)))


def differences(taught: Taught, pairs: Sequence[tuple[str, str]], title: str) -> Diagram:
    """Return the paired differences of what some pairs of negatives teach."""
    return told_differences(taught.differences(pairs), title)


def told_differences(found: Mapping[str, Interval], title: str) -> Diagram:
    """Return differences of nDCG@10 with their intervals, named by what they compare."""
    label = "difference of nDCG@10 on the validation queries"
    return paired_differences(found, title=title, value_label=label)


def board(rows: Sequence[Row]) -> Diagram:
    """Return the leaderboard with its numbers in words."""
    alt = "Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    told = ", ".join(f"{row.system} {row.ndcg_at_10.mean:.2f}" for row in rows)
    return Diagram(plots.leaderboard(rows), f"{alt}{told}.")


def margin_search(
    course: CourseSet,
    queries: Mapping[str, int],
    vectors: tuple[Tensor, Tensor],
    positives: Tensor,
    mined: Tensor,
    *,
    depth: int = 12,
    margin: float = 0.05,
) -> Explored:
    """Return candidates on a scale of scores with a slider for the margin, its words and a still picture.

    queries: text -> its row in the vectors (queries (q, dim), passages (n, dim)), in positives (q,) and in
    mined (q, m), rows of passages, the hardest first. The still picture and the words are of the first
    query, with `margin`.
    """
    asked, passages = vectors
    relations, searches = Relations(course), {}
    for text, row in queries.items():
        right, rows = positives[row : row + 1], mined[row : row + 1, :depth]
        (kinds,) = relations.kinds(right, rows)
        scores = scores_of(asked[row : row + 1], passages, rows)[0].tolist()
        own = float(scores_of(asked[row : row + 1], passages, right[:, None]))
        names = [course.titles[j] for j in rows[0].tolist()]
        searches[text] = (course.titles[int(right)], own, list(zip(names, scores, kinds)))
    return Explored(
        margin_line(searches, title="Which candidates are kept?"), *_still(searches, margin)
    )


def _still(searches: Searches, margin: float) -> tuple[str, Figure]:
    text, (title, positive, found) = next(iter(searches.items()))
    limit = positive - margin * abs(positive)
    figure = plots.bars(
        [name for name, _, _ in found],
        [score for _, score, _ in found],
        title=f"'{text}': {len(found)} candidates and a margin of {margin:.0%}",
        value_label="cosine with the query by the miner",
        references={"limit": limit, "positive": positive},
    )
    above = [f"{name} {score:.3f} ({kind})" for name, score, kind in found if score > limit]
    alt = (
        f"Candidates of {len(searches)} queries on a scale of scores. For '{text}' the right passage, "
        f"{title}, has {positive:.3f}, and a margin of {margin:.0%} puts the limit at {limit:.3f}. Above it "
        f"{'lie ' + ', '.join(above) if above else 'lies none'}."
    )
    return alt, figure
