"""The figures of lesson 01: that their numbers are the library's, and that they can be read."""

import math
import re
from types import SimpleNamespace

import pytest
import torch

from lib import word_figures
from lib.corpus_map import principal_components
from lib.metrics import Interval
from lib.word2vec import TrainingStep
from lib.word_vectors import SectionAccuracy, WordVectors, subsample_keep_probability
from tests.lib.figures import require_contrast, require_readable

COUNTS = torch.tensor([40_000, 38_000, 500, 300, 60, 5, 5, 5])
SHARES = COUNTS / COUNTS.sum()
HISTORY = [TrainingStep(i, 5_000 * i, 4.16 - 0.1 * i, 1.0) for i in range(1, 21)]
SECTIONS = [
    SectionAccuracy("capital-common-countries", 450, 506, 0),
    SectionAccuracy("gram2-opposite", 60, 500, 10),
    SectionAccuracy("all", 510, 1006, 10),
]
WORDS = ["which"] + [f"longword{i}" for i in range(1, 61)]
VECTORS = WordVectors(WORDS, torch.randn(61, 8, generator=torch.Generator().manual_seed(0)))
FIELDS = {"low": WORDS[1:7], "high": [*WORDS[20:26], "unknown"]}


def kept():
    marked = {"the": 1, "heart": 3, "fibula": 4}
    return word_figures.keep_probability(
        SHARES, subsample_keep_probability(COUNTS), marked, title="Kept"
    )


def a_row(name: str, mean: float):
    interval = Interval(mean, mean - 0.02, mean + 0.02)
    return SimpleNamespace(system=name, lesson="01", ndcg_at_10=interval)


DRAWN = {
    "seen_at_distance": lambda: word_figures.seen_at_distance(
        torch.tensor([1, 2, 3, 4, 5]), 5, title="Seen"
    ),
    "keep_probability": kept,
    "sigmoid": lambda: word_figures.sigmoid([-2, 0, 2]),
    "glove_weights": word_figures.glove_weights,
    "training_curve": lambda: word_figures.training_curve(HISTORY, 6 * math.log(2), title="Loss"),
    "analogies": lambda: word_figures.analogies(SECTIONS, SECTIONS, title="Right"),
    "board": lambda: word_figures.board([a_row("GloVe", 0.29), a_row("own", 0.35)]),
}


def test_every_figure_is_looked_at_here():
    others = {"WordMap", "accuracy_interval", "map_of_words"}
    assert {*word_figures.__all__} - others == {*DRAWN}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_can_be_read_and_told(name):
    figure, alt = DRAWN[name]()
    require_readable(figure)
    require_contrast(figure)
    assert 60 <= len(alt) <= 600


def test_a_distance_is_seen_by_the_centres_that_reach_it():
    alt = DRAWN["seen_at_distance"]().alt
    told = [float(x) for x in re.findall(r"(\d\.\d\d) at", alt)]
    assert told == [1.0, 0.8, 0.6, 0.4, 0.2]


def test_probabilities_to_keep_are_the_library_s():
    probability = subsample_keep_probability(COUNTS)
    alt = kept().alt
    assert f"'the', {100 * float(SHARES[1]):.2f}% of the text, {float(probability[1]):.2f}" in alt
    (line,) = kept().figure.axes[0].lines[:1]
    torch.testing.assert_close(
        torch.tensor(line.get_ydata()).float(), probability[[7, 4, 3, 2, 1, 0]], atol=1e-6, rtol=0
    )


def test_marked_values_of_the_curves_are_those_of_their_formulas():
    assert "0.12 at -2, 0.50 at 0, 0.88 at 2" in DRAWN["sigmoid"]().alt
    assert "0.03 for a count of 1, 0.59 for a count of 50, 1.00 for a count of 100" in (
        word_figures.glove_weights().alt
    )


def test_categories_are_ordered_by_accuracy_and_the_sum_is_no_bar():
    figure, alt = DRAWN["analogies"]()
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [name.split()[0].split("-")[0] for name in names] == ["capital", "gram2"]
    assert "best capital-common-countries at 0.89, worst gram2-opposite at 0.12" in alt


def test_the_map_measures_what_two_dimensions_keep():
    drawn = word_figures.map_of_words(VECTORS, FIELDS, size=50)
    figure, alt, still = drawn.shown
    require_readable(still)
    assert drawn.words == len(figure.data[0].x) >= 50
    shown = [re.match(r"<b>(.+?)</b>", text)[1] for text in figure.data[0].text]
    near = {
        w for word in (*FIELDS["low"], *FIELDS["high"][:-1]) for w, _ in VECTORS.most_similar(word)
    }
    assert ("which" in shown) is ("which" in near), "it is short, however frequent"
    table = VECTORS.unit[[VECTORS.index[word] for word in shown]]
    points, share = principal_components(table)
    assert drawn.variance == pytest.approx(float(share.sum()))
    near, far = table @ table.T, -torch.cdist(points, points)
    own = []
    for row in range(len(shown)):
        tops = [set((t[row].argsort(descending=True)).tolist()[:11]) - {row} for t in (near, far)]
        own.append(len(tops[0] & tops[1]) / 10)
    assert drawn.kept == pytest.approx(sum(own) / len(own), abs=0.005)
    assert f"{10 * drawn.kept:.1f} of a word's 10 nearest" in alt
    assert 0 <= drawn.alone <= 12


def test_an_accuracy_has_its_interval_over_the_questions():
    found = word_figures.accuracy_interval(SECTIONS[1])
    assert found.mean == pytest.approx(60 / 500)
    assert found.low < found.mean < found.high
