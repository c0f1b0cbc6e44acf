"""Quality over the length of vectors, as a reader gets it."""

import pytest
import torch

from lib.metrics import bootstrap_interval
from lib.plots_lengths import quality_by_length
from tests.lib.figures import require_contrast, require_readable, written

DIMS = [8, 64, 384]


def some(seed: int = 0, lengths: int = 3) -> list[torch.Tensor]:
    return list(torch.rand(lengths, 50, generator=torch.Generator().manual_seed(seed)))


def test_the_words_say_the_mean_of_each_series_at_each_length():
    series = {"untrained": some(), "head, plain": some(1)}
    figure, alt = quality_by_length(DIMS, series, title="Cut short")
    for name, values in series.items():
        told = ", ".join(f"{float(v.mean()):.3f} at {dim}" for dim, v in zip(DIMS, values))
        assert f"{name} {told}" in alt
        assert name in written(figure)
    assert "95% interval over queries" in written(figure)


def test_a_band_is_the_bootstrap_interval():
    values = some(2)
    figure, _ = quality_by_length(DIMS, {"untrained": values}, title="Cut short")
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    for found in map(bootstrap_interval, values):
        assert abs(heights - found.low).min() < 1e-9
        assert abs(heights - found.high).min() < 1e-9


def test_it_can_be_read_on_a_telephone():
    figure, _ = quality_by_length(DIMS, {"untrained": some(), "PCA": some(3)}, title="Cut short")
    require_readable(figure)
    require_contrast(figure)


@pytest.mark.parametrize(
    ("dims", "series", "says"),
    [
        ([8], {"a": some(lengths=1)}, "two or more that rise"),
        ([64, 8], {"a": some(lengths=2)}, "two or more that rise"),
        (DIMS, {"a": some(lengths=2)}, "'a' has 2 lengths for 3 dims"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(dims, series, says):
    with pytest.raises(ValueError, match=says):
        quality_by_length(dims, series, title="Cut short")
