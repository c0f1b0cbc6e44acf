import pytest
import torch

from lib.analysis import analyze_english
from lib.near_far import near_and_far, nearest_overlap

KNOWN = ["webbed toes", "bleeding gums at night", "the", ""]


def _by_loops(queries, known):
    found = []
    for query in queries:
        a, best = set(analyze_english(query)), 0.0
        for other in known:
            b = set(analyze_english(other))
            best = max(best, len(a & b) / len(a | b) if a | b else 0.0)
        found.append(best)
    return found


def test_the_overlap_is_that_with_the_nearest_known_query():
    queries = ["Webbed toe", "gums that bleed", "sore hip", "", "webbed webbed toes night"]
    found = nearest_overlap(queries, KNOWN, block=2)
    assert found.tolist() == pytest.approx(_by_loops(queries, KNOWN))
    assert found[0] == 1
    assert found[2] == 0


def test_without_queries_there_is_nothing_to_compare():
    assert nearest_overlap([], KNOWN).shape == (0,)
    with pytest.raises(ValueError, match="known is empty"):
        nearest_overlap(["a"], [])
    with pytest.raises(TypeError, match="nearest_overlap"):
        nearest_overlap("a", KNOWN)


def test_near_is_at_least_the_bound_and_the_others_are_far():
    near, far = near_and_far([0.5, 0.2, 1.0, 0.49])
    assert (near.tolist(), far.tolist()) == ([0, 2], [1, 3])
    near, far = near_and_far(torch.tensor([0.5, 0.2]), bound=0.6)
    assert (near.tolist(), far.tolist()) == ([], [0, 1])
