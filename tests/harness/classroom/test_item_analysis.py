import numpy as np
import pytest

from harness.classroom.item_analysis import correlation, figures


def test_difficulty_is_the_mean_share_and_discrimination_pearson_s_r_with_the_rest():
    rng = np.random.default_rng(0)
    for _ in range(20):
        points = rng.integers(0, 2, 30).astype(
            float
        )  # right or wrong: the point-biserial correlation
        rest = points * rng.normal() + rng.normal(size=30)
        found = figures(points, rest, 1.0)
        assert found.difficulty == pytest.approx(points.mean())
        assert found.discrimination == pytest.approx(np.corrcoef(points, rest)[0, 1], abs=1e-9)
        assert (found.count, found.full) == (30, points.sum())


@pytest.mark.parametrize(
    ("points", "rest"),
    [([], []), ([1.0, 0.0], [1.0, 2.0]), ([1.0] * 5, range(5)), (range(5), [2.0] * 5)],
)
def test_where_it_cannot_be_reckoned_there_is_none(points, rest):
    assert correlation(points, rest) is None


def test_few_students_are_marked_as_few():
    assert figures([1.0] * 9, [1.0] * 9, 1.0).few
    assert not figures([1.0] * 10, [1.0] * 10, 1.0).few
    assert figures([], [], 1.0).difficulty is None
    assert figures([0.0], [1.0], 0.0).difficulty is None
