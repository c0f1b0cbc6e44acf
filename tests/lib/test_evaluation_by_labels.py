"""Classification and clustering as MTEB has them, against scikit-learn used by hand."""

import numpy as np
import pytest
import torch
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, v_measure_score

from lib.evaluation_by_labels import classification, clustering


def _kinds(count, kinds=4, dim=10, apart=1.0, seed=0):
    """Vectors around `kinds` centres, which do not depend on the seed, and their labels."""
    centres = apart * torch.randn(kinds, dim, generator=torch.Generator().manual_seed(99))
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(kinds, (count,), generator=draw)
    labels[:kinds] = torch.arange(kinds)
    return centres[labels] + torch.randn(count, dim, generator=draw), [f"k{i}" for i in labels]


TRAIN, TRAIN_LABELS = _kinds(200)
TEST, TEST_LABELS = _kinds(120, seed=1)


def test_classification_is_scikit_learn_s_regression_on_few_texts_of_each_label():
    result = classification(TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, shots=6, repeats=3, seed=5)
    order, accuracy, f1 = list(range(200)), [], []
    for _ in range(3):
        np.random.RandomState(5).shuffle(order)
        chosen = []
        for i in order:
            if sum(TRAIN_LABELS[j] == TRAIN_LABELS[i] for j in chosen) < 6:
                chosen.append(i)
        model = LogisticRegression(max_iter=100, random_state=5)
        model.fit(TRAIN[chosen].numpy(), [TRAIN_LABELS[i] for i in chosen])
        found = model.predict(TEST.numpy())
        accuracy.append(accuracy_score(TEST_LABELS, found))
        f1.append(f1_score(TEST_LABELS, found, average="macro"))
    assert result.score == pytest.approx(np.mean(accuracy), abs=1e-9)
    assert result.more["macro-F1"] == pytest.approx(np.mean(f1), abs=1e-9)
    assert result.per_item.shape == (120,)
    assert float(result.per_item.mean()) == pytest.approx(result.score)


def test_classification_of_kinds_that_lie_apart_is_right_and_of_noise_is_chance():
    easy = classification(*_kinds(100, apart=9), *_kinds(60, apart=9, seed=1), repeats=2)
    assert easy.score == 1
    noise = classification(torch.randn(200, 10), TRAIN_LABELS, torch.randn(120, 10), TEST_LABELS)
    assert noise.score < 0.4
    most = max(TEST_LABELS.count(x) for x in set(TEST_LABELS)) / 120
    assert noise.more["chance"] == most


def test_more_labelled_texts_help():
    few, many = (
        classification(TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, shots=shots) for shots in (2, 32)
    )
    assert many.score > few.score


def test_clustering_is_scikit_learn_s_k_means_on_draws():
    import random

    result = clustering(TRAIN, TRAIN_LABELS, repeats=3, size=150, seed=8)
    draw, expected = random.Random(8), []
    for _ in range(3):
        rows = draw.choices(range(200), k=150)
        means = MiniBatchKMeans(4, batch_size=512, init="k-means++", n_init=1, random_state=8)
        found = means.fit_predict(TRAIN[rows].numpy())
        expected.append(v_measure_score([TRAIN_LABELS[i] for i in rows], found))
    assert result.per_item.tolist() == pytest.approx(expected, abs=1e-9)
    assert result.score == pytest.approx(np.mean(expected))
    assert min(expected) <= result.interval.low <= result.interval.high <= max(expected)


def test_clusters_of_kinds_that_lie_apart_are_the_kinds():
    assert clustering(*_kinds(300, apart=9)).score > 0.9
    assert clustering(torch.randn(300, 10), _kinds(300)[1]).score < 0.1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: classification(TRAIN, TRAIN_LABELS[1:], TEST, TEST_LABELS), "199 labels came"),
        (lambda: classification(TRAIN, TRAIN_LABELS, TEST, ["new"] * 120), r"\['new'\]"),
        (lambda: classification(TRAIN, ["a"] * 200, TEST, ["a"] * 120), "1 labels in training"),
        (lambda: classification(TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, shots=0), "shots=0"),
        (lambda: clustering(TRAIN, ["a"] * 200), "1 labels, size=200"),
        (lambda: clustering(TRAIN, TRAIN_LABELS, size=3), "size=3"),
        (lambda: clustering(TRAIN[0], TRAIN_LABELS), r"shape \(10,\)"),
        (lambda: clustering(TRAIN / 0 * 0, TRAIN_LABELS), "hold nan"),
    ],
)
def test_labels_that_do_not_fit_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
