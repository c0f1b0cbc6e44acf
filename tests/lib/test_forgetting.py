import pytest
import torch
from scipy.stats import spearmanr

from lib.forgetting import change_of_agreement, cosines_of_pairs, draws_of_halves
from lib.judgements import Similarity, load_similarity


def _pairs(texts):
    both = [(a, b) for i, a in enumerate(texts) for b in texts[i + 1 :]]
    left, right = map(list, zip(*both))
    return Similarity("x", left, right, [0.0] * len(both), "", "")


def test_the_change_is_that_of_spearmans_correlation_as_scipy_has_it():
    generator = torch.Generator().manual_seed(0)
    before, after, human = torch.randint(5, (3, 40), generator=generator).double()
    draws = torch.randint(40, (60, 40), generator=generator)
    found = change_of_agreement(before, after, human, draws, block=100)

    def change(rows):
        old, new, people = (x[rows].numpy() for x in (before, after, human))
        return spearmanr(new, people).statistic - spearmanr(old, people).statistic

    drawn = torch.tensor([change(rows) for rows in draws])
    assert found.mean == pytest.approx(change(torch.arange(40)), abs=1e-9)
    expected = torch.quantile(drawn, torch.tensor([0.025, 0.975], dtype=torch.float64))
    assert [found.low, found.high] == pytest.approx(expected.tolist(), abs=1e-9)


def test_a_draw_has_all_pairs_of_half_of_the_texts():
    pairs = _pairs([f"text {n}" for n in range(10)])
    draws = draws_of_halves(pairs, 50)
    assert draws.shape == (50, 10)
    for rows in draws.tolist():
        assert len(set(rows)) == 10
        assert len({text for row in rows for text in (pairs.left[row], pairs.right[row])}) == 5
    assert len({tuple(rows) for rows in draws.tolist()}) > 40
    assert torch.equal(draws, draws_of_halves(pairs, 50))


def test_pairs_that_are_not_all_pairs_of_some_texts_are_refused():
    with pytest.raises(ValueError, match="expected every two of them"):
        draws_of_halves(Similarity("x", ["a", "a"], ["b", "c"], [0.0, 0.0], "", ""))


def test_shapes_that_do_not_fit_are_refused():
    three, draws = torch.zeros(3), torch.zeros(2, 3, dtype=torch.long)
    with pytest.raises(ValueError, match=r"expected \(items,\)"):
        change_of_agreement(three, torch.zeros(4), three, draws)
    with pytest.raises(ValueError, match=r"expected \(items,\)"):
        change_of_agreement(three, three, three, draws[0])


def test_cosines_of_pairs_are_those_of_their_vectors(encoder):
    pairs = _pairs(["pain in the hip", "a sore hip", "nails that break"])
    vectors = encoder.encode(["pain in the hip", "a sore hip"], convert_to_tensor=True)
    found = cosines_of_pairs(encoder, pairs)
    assert found[0] == pytest.approx(float(vectors[0] @ vectors[1]), abs=2e-2)
    assert found[0] > found[1]


def test_lees_pairs_are_all_pairs_of_fifty_texts():
    assert draws_of_halves(load_similarity("lee"), 3).shape == (3, 300)
