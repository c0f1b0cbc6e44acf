"""Lesson 03: the worked answers are what the library does, and the numbers in the prose are right."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import losses
from tests.lessons.worked import answer, lessons

TOY_Q = torch.tensor([[2.0, 0.0], [0.5, 0.5], [-1.0, 3.0]])
TOY_P = torch.tensor([[3.0, 1.0], [0.0, 2.0], [-0.5, -0.5]])
SIZES = (st.integers(2, 6), st.floats(0.5, 50), st.integers(0, 99))


def vectors(*shapes: tuple[int, ...], seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in shapes]


def same(found, expected) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@given(*SIZES)
@settings(max_examples=20, deadline=None)
def test_the_losses_of_a_batch_are_the_library_s(batch, scale, seed):
    q, p, n = vectors((batch, 5), (batch, 5), (batch, 3, 5), seed=seed)
    keys = torch.arange(batch) // 2
    same(answer("mnrl")(q, p, scale=scale), losses.mnrl(q, p, scale=scale))
    same(answer("mnrl_with_negatives")(q, p, n, scale), losses.mnrl(q, p, n, scale=scale))
    both = losses.mnrl(q, p, scale=scale, symmetric=True)
    same(answer("mnrl_symmetric")(q, p, scale), both)
    same(answer("mnrl_masked")(q, p, keys, scale), losses.mnrl(q, p, scale=scale, same=keys))


@given(*SIZES)
@settings(max_examples=20, deadline=None)
def test_the_other_losses_are_the_library_s(batch, margin, seed):
    q, p, other, n = vectors((batch, 5), (batch, 5), (batch, 5), (batch, 3, 5), seed=seed)
    expected = losses.triplet_loss(q, p, other, margin=margin)
    same(answer("triplet_cosine")(q, p, other, margin), expected)
    (margins,) = vectors((batch, 3), seed=seed + 1)
    same(answer("margin_mse")(q, p, n, margins), losses.margin_mse(q, p, n, margins))


def test_the_toy_is_the_one_of_the_prose():
    assert float(losses.mnrl(TOY_Q, TOY_P, scale=2.0)) == pytest.approx(1.3552, abs=5e-5)
    shares = 2 * torch.nn.functional.normalize(TOY_Q) @ torch.nn.functional.normalize(TOY_P).T
    assert shares.softmax(dim=1)[0, 0] == pytest.approx(0.84, abs=0.005)
    prose = " ".join(c.source for c in lessons()["mnrl"].cells if c.kind == "markdown")
    assert "84%" in prose
    assert "1.3552" in prose
    assert round(math.exp(20 * 0.25)) == 148
    assert "= 148" in prose
    assert 1 / 0.05 == 20
    assert "1 / 0.05 = 20" in prose


@pytest.mark.parametrize(
    ("exercise", "used_as"),
    [
        ("mnrl", "bench.over_seeds(mnrl_)"),
        ("mnrl", "bench.train(mnrl_, epochs=5"),
        ("mnrl_with_negatives", "bench.over_seeds(hard_, negatives="),
        ("mnrl_symmetric", "bench.over_seeds(symmetric_)"),
        ("mnrl_masked", "bench.over_seeds(masked_, grouped"),
        ("triplet_cosine", "triplet_(q, p, p.roll(1, 0), margin=m)"),
        ("margin_mse", "bench.over_seeds(margin_mse_, given=teacher_margins"),
        ("cached_gradient", "cached_(weight.detach()"),
    ],
)
def test_what_the_learner_wrote_is_what_the_lesson_goes_on_with(exercise, used_as):
    lesson = lessons()[exercise]
    after = [c for c in lesson.cells if c.line > lesson.cell("check", exercise).line]
    assert any(used_as in cell.source for cell in after if cell.kind == "code")
