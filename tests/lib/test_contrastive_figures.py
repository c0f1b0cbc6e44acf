"""The figures of lesson 03: readable, and with the numbers in their words."""

import math
from pathlib import Path

import pytest
import torch

from lib import contrastive_figures as figures
from lib.finetune import History
from tests.lib.figures import require_readable, written

BEFORE = torch.tensor([[0.6, 0.2, 0.3], [0.1, 0.7, 0.3], [0.2, 0.4, 0.5]])
HISTORIES = {"unmasked": History([2.0, 1.0, 0.8]), "masked": History([1.5, 0.5, 0.25, 0.1])}


def runs(*means: float, seeds: int = 3, queries: int = 40) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(seeds, queries, generator=generator) / 50
    return [mean + noise - noise.mean() for mean in means]


def test_a_square_tells_its_diagonal_from_the_rest():
    figure, alt = figures.square(BEFORE, title="A batch", value_label="cosine")
    require_readable(figure)
    assert "3 queries by 3 passages" in alt
    assert "0.50 to 0.70 with a mean of 0.60; the rest has a mean of 0.25" in alt


def test_losses_are_cut_to_the_shorter_and_stand_beside_what_to_compare_with():
    floors = {"log(2)": math.log(2)}
    figure, alt = figures.training(HISTORIES, floors, title="Twice", batch="batches of 32")
    require_readable(figure)
    assert "over 3 steps: unmasked from 2.00 to 0.80; masked from 1.50 to 0.25" in alt
    assert "log(2) = 0.69" in alt


def test_a_setting_that_a_series_lacks_is_a_gap_and_all_numbers_are_told():
    two, sixteen, large = runs(0.6, 0.65, 0.7)
    series = {"pools": {2: two, 16: sixteen}, "batches": {16: sixteen, 1024: large}}
    figure, alt = figures.by_setting(
        series, title="More", x_label="candidates", references={"before": 0.5}
    )
    require_readable(figure)
    assert "pools 0.600 at 2, 0.650 at 16; batches 0.650 at 16, 0.700 at 1024" in alt
    assert "before: 0.500" in alt
    assert "lowest to highest of 3 seeds" in written(figure)


def test_bars_take_runs_of_one_seed_and_of_several():
    one, several = runs(0.6, 0.7)
    figure, alt = figures.qualities({"one": one[0], "several": several}, title="Who?")
    require_readable(figure)
    assert f"one {one[0].mean():.3f}, several 0.700" in alt


def test_differences_are_paired_by_query_after_the_mean_over_seeds():
    a, b = runs(0.6, 0.65)
    figure, alt = figures.differences({"A": a, "B": b}, [("B", "A"), ("A", "A")], "Which?")
    require_readable(figure)
    assert "B minus A +0.050 [+0.050, +0.050], above 0" in alt
    assert "A minus A 0.000 [0.000, 0.000], no difference can be told" in alt


def test_memory_is_told_in_mib():
    figure, alt = figures.memory({"chunks of 4": 2**20 * 43, "at once": 2**20 * 404}, title="Kept")
    require_readable(figure)
    assert "chunks of 4 43 MiB, at once 404 MiB" in alt


@pytest.mark.parametrize("name", figures.__all__)
def test_every_figure_is_tried_here(name):
    assert f"figures.{name}(" in Path(__file__).read_text(encoding="utf-8")
