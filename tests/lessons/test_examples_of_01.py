"""Lesson 01: what its loops say is what the worked answers do, and the lesson goes on with them."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import word_vectors
from tests.lessons.worked import answer, lessons

TOY = {"context": ([2.0, 0.0], 1), "noise 1": ([0.0, 1.0], -1), "noise 2": ([-1.0, -1.0], -1)}


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_pairs_are_the_library_s(data):
    n = data.draw(st.integers(0, 8))
    numbers = st.integers(1, 5)
    tokens, draws = (
        torch.tensor(data.draw(st.lists(numbers, min_size=n, max_size=n)), dtype=torch.long)
        for _ in range(2)
    )
    keep = torch.tensor(
        data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=torch.bool
    )
    found = answer("skipgram_pairs")(tokens, draws, keep)
    expected = word_vectors.skipgram_pairs(tokens, draws, keep)
    assert sorted(found.tolist()) == sorted(expected.tolist())


def test_the_worked_loss_of_one_pair_is_that_of_the_answer_and_of_the_picture(capsys):
    (cell,) = [c for c in lessons()["sgns_loss"].cells if "-ln sigmoid(" in c.source]
    exec(cell.source, {"math": math})
    told = capsys.readouterr().out
    centre = torch.tensor([[1.0, 0.5]])
    vectors = torch.tensor([vector for vector, _ in TOY.values()])
    loss = answer("sgns_loss")(centre, vectors[:1], vectors[None, 1:])
    assert told.strip().endswith(f"together {float(loss):.4f} nats")
    picture = next(c for c in lessons()["sgns_loss"].cells if "diagrams.training_step" in c.source)
    assert all(str(vector) in picture.source for vector, _ in TOY.values())


def test_the_worked_pair_of_glove_costs_what_its_formula_says(capsys):
    (cell,) = [c for c in lessons()["sgns_loss"].cells if "met_times" in c.source]
    exec(cell.source, {"math": math})
    cost = 0.5**0.75 * (2.1 + 0.8 + 0.6 - math.log(50)) ** 2
    assert capsys.readouterr().out.strip().endswith(f"cost {cost:.3f}")


@pytest.mark.parametrize(
    ("exercise", "used_as"),
    [
        ("skipgram_pairs", "thinned.append(make_pairs(ids, draws, keep))"),
        ("sample_negatives", "noise = sampler(frequency"),
        ("sgns_loss", "loss = loss_of(centres[centre]"),
        ("nearest_neighbours", "near = neighbours(glove.vectors"),
        ("analogy_3cosadd", "solve(glove.vectors, *ids[:, :3].T"),
        ("idf_average", "table.embed(texts, average)"),
    ],
)
def test_what_the_learner_wrote_is_what_the_lesson_goes_on_with(exercise, used_as):
    lesson = lessons()[exercise]
    after = [c for c in lesson.cells if c.line > lesson.cell("check", exercise).line]
    assert any(used_as in cell.source for cell in after if cell.kind == "code")


def test_both_rows_of_the_leaderboard_are_averaged_by_the_learner_and_one_is_theirs():
    saved = [c.source for c in lessons()["idf_average"].cells if "leaderboard.save(" in c.source]
    assert len(saved) == 1
    assert 'whose = "the library\'s" if average is weighted_mean else "yours"' in saved[0]
    assert "for n, r in found.items()" in saved[0]
