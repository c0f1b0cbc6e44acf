import pytest
import torch

from lib.data import load_course_set
from lib.domain_ranking import judge, order_of


@pytest.fixture(scope="module")
def course():
    return load_course_set("fast")


def knows(course, split, place):
    """A system that puts the right passage at rank `place` + 1, from the texts that it is given."""

    def rows(texts, queries, k):
        assert queries == split.queries
        right = [texts.index(course.passages[row]) for row in split.positives]
        others = [[i for i in range(k + 1) if i != own][: k - 1] for own in right]
        return torch.tensor([o[:place] + [own] + o[place:] for own, o in zip(right, others)])

    return rows


@pytest.mark.parametrize("passages", [None, 500])
def test_systems_are_judged_by_where_they_put_the_right_passage(course, passages):
    split = course.validation
    seen = []

    def nothing(texts, queries, k):
        seen.append(len(texts))
        return torch.full((len(queries), k), -1)

    systems = {"second": knows(course, split, 1), "first": knows(course, split, 0), "none": nothing}
    scores = judge(course, split, systems, passages)
    assert seen == [passages or 4_000]
    means = {name: float(score.mean()) for name, score in scores.items()}
    assert means == pytest.approx({"first": 1.0, "second": 0.6309, "none": 0.0}, abs=1e-4)
    assert order_of(scores) == ["first", "second", "none"]
