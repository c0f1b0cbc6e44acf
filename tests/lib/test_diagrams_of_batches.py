"""The diagrams of lesson 03: a batch, its softmax, forces, two passes, and what other losses ask for."""

import re

import numpy as np
import pytest
import torch

from lib import losses
from lib.diagrams import (
    batch_of_pairs,
    pull_and_push,
    scored_pairs,
    softmax_rows,
    teacher_and_student,
    triplet_margins,
)
from tests.lib.figures import require_readable, written

COSINES = [[0.95, 0.0, -0.71], [0.89, 0.71, -1.0], [0.0, 0.95, -0.45]]


def plain(text: str) -> str:
    return text.replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize("pairs", [2, 3, 5])
def test_a_batch_has_its_pairs_on_the_diagonal(pairs):
    titles = [f"A clinical term {i}" for i in range(pairs)]
    figure, alt = batch_of_pairs([f"what patient {i} says" for i in range(pairs)], titles)
    require_readable(figure)
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said.count("its own") == pairs
    assert said.count("negative") == pairs * (pairs - 1)
    assert f"{pairs} pairs on the diagonal, {pairs * (pairs - 1)} negatives off it" in alt


def test_the_softmax_and_the_losses_are_those_of_torch():
    figure, alt = softmax_rows(COSINES, 2.0)
    shares = (2 * torch.tensor(COSINES)).softmax(dim=1)
    for row in range(3):
        told = ", ".join(f"{x:.2f}" for x in shares[row].tolist())
        assert f"shares {told}, loss {-shares[row, row].log():.2f}" in plain(alt)
    assert f"Mean of the losses: {-shares.diagonal().log().mean():.2f}" in written(figure)


@pytest.mark.parametrize(("rows", "scale"), [(2, 1.0), (2, 5.0), (3, 0.5), (3, 4.0)])
def test_any_square_can_be_read(rows, scale):
    table = np.random.default_rng(rows).uniform(-1, 1, (rows, rows))
    require_readable(softmax_rows(table, scale).figure)


def test_forces_are_the_gradient_of_the_loss():
    _figure, alt = pull_and_push((25, 75, 150), -40)
    cosines = torch.cos(torch.deg2rad(torch.tensor([-40.0, 25, 75, 150]))).requires_grad_()
    loss = torch.nn.functional.cross_entropy(5 * cosines[None], torch.tensor([0]))
    (slope,) = torch.autograd.grad(loss, cosines)
    forces = (slope / 5).abs().tolist()
    assert [float(x) for x in re.findall(r"by (\d\.\d\d)", alt)] == pytest.approx(forces, abs=0.006)
    assert forces[0] == pytest.approx(sum(forces[1:]), abs=1e-5), "pull is the sum of the pushes"


@pytest.mark.parametrize("margin", [0.1, 0.3, 1.0])
def test_triplets_cost_what_the_library_says(margin):
    rows = ((0.2, 0.9), (0.2, 0.4), (0.7, 0.4))
    figure, alt = triplet_margins(rows, margin)
    require_readable(figure)
    told = [float(x) for x in re.findall(r"loss (\d\.\d\d)", alt)]
    at = torch.acos(1 - torch.tensor(rows))  # (triplets, 2) angles from the anchor
    points = torch.stack([at.cos(), at.sin()], dim=2)
    anchor = torch.tensor([[1.0, 0.0]])
    for loss, (near, far) in zip(told, points):
        expected = losses.triplet_loss(anchor, near[None], far[None], margin=margin)
        assert loss == pytest.approx(float(expected), abs=0.006)


def test_scored_pairs_cost_their_mean_squared_error():
    figure, alt = scored_pairs((0.35, 0.6, 0.3), (1, 0.5, 0))
    assert "Mean squared error: 0.1742" in written(figure)
    assert "pair 1: cosine 0.35, score 1" in alt


def test_shares_and_margins_of_the_teacher_are_computed():
    figure, alt = teacher_and_student()
    teacher = torch.tensor([4.0, 3.5, 1.0]).softmax(dim=0).tolist()
    student = torch.tensor([2.0, 1.0, 1.5]).softmax(dim=0).tolist()
    for mine, theirs in zip(teacher, student):
        assert f"(share {mine:.2f})" in alt
        assert f"(share {theirs:.2f})" in alt
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said.count("0.5") == 2, (
        "the teacher's margin of the near miss, the student's of the other"
    )


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: batch_of_pairs(["a"], ["b"]), "1 queries and 1 titles"),
        (lambda: batch_of_pairs(["a", "b"], ["c"]), "as many titles"),
        (lambda: softmax_rows(COSINES[:2], 2.0), r"cosines are \(2, 3\)"),
        (lambda: softmax_rows(COSINES, 0), "scale is 0"),
        (lambda: pull_and_push(()), "0 negatives"),
        (lambda: triplet_margins([(0.2, 1.5)]), "all 0 to 1"),
        (lambda: scored_pairs((0.1,), (1,)), "expected 2 to 4"),
        (lambda: scored_pairs((0.1, 2), (1, 0)), "expected 0 to 1"),
        (lambda: teacher_and_student((1, 2), (1,), ("a", "b")), "2 to 5 of each"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
