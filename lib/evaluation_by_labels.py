"""The two tasks of MTEB that need labels: classification and clustering, by scikit-learn.

Both say whether texts of one kind lie together. Classification learns to tell the kinds apart from a
few labelled texts of each; clustering is told only how many kinds there are. The draws are those of
mteb, so that equal vectors give equal scores. scikit-learn works on NumPy arrays: tensors become
arrays here and nowhere else.
"""

from __future__ import annotations

import random
import warnings
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import torch
from torch import Tensor

from lib._finite import require_finite
from lib.evaluation import Result
from lib.metrics import bootstrap_interval, percentile_interval

__all__ = ["classification", "clustering"]

_BATCH = 512  # texts that a step of k-means looks at, as in mteb


def classification(
    train: Tensor,
    train_labels: Sequence[Hashable],
    test: Tensor,
    test_labels: Sequence[Hashable],
    *,
    shots: int = 8,
    repeats: int = 10,
    seed: int = 42,
) -> Result:
    """Return the accuracy of a logistic regression on few labelled texts; macro-F1 is the further number.

    train: (n, dim), of which `shots` of each label are drawn anew in each of `repeats` rounds; test:
    (m, dim); a label for each row. per_item: (m,), in how many of the rounds a test text was labelled
    right. The interval is over test texts. The further number "chance" is the accuracy of naming the
    most frequent label.
    Raises ValueError for labels of another number, fewer than two of them, a test label that no
    training text has, and shots or repeats below 1.
    Source: Muennighoff et al. 2023, MTEB, section 3.2 (classification).
    """
    _require_labels("classification", train, train_labels)
    _require_labels("classification", test, test_labels)
    unknown = set(test_labels) - set(train_labels)
    if unknown or len(set(train_labels)) < 2 or min(shots, repeats) < 1:
        raise ValueError(
            f"classification: {len(set(train_labels))} labels in training, of the test's "
            f"{sorted(map(str, unknown))} are not among them, shots={shots}, repeats={repeats}; expected "
            "at least 2 labels, all of them in training, at least 1 shot and 1 repeat"
        )
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    number = {label: place for place, label in enumerate(dict.fromkeys(train_labels))}
    y, wanted = (np.array([number[x] for x in labels]) for labels in (train_labels, test_labels))
    x, asked = _as_array(train), _as_array(test)
    order, right, f1 = np.arange(len(y)), [], []
    for _ in range(repeats):
        np.random.RandomState(seed).shuffle(order)  # the order of the round before, as in mteb
        chosen = _first_of_each(y[order], shots, order)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 100 steps are what MTEB takes
            model = LogisticRegression(max_iter=100, random_state=seed).fit(x[chosen], y[chosen])
        labelled = model.predict(asked)
        right.append(labelled == wanted)
        f1.append(f1_score(wanted, labelled, average="macro"))
    per_item = torch.from_numpy(np.mean(right, axis=0))
    interval = bootstrap_interval(per_item)
    most = Counter(test_labels).most_common(1)[0][1]
    more = {"macro-F1": float(np.mean(f1)), "chance": most / len(wanted)}
    return Result("classification", "accuracy", interval.mean, interval, per_item, more)


def clustering(
    vectors: Tensor,
    labels: Sequence[Hashable],
    *,
    repeats: int = 10,
    size: int | None = None,
    seed: int = 42,
) -> Result:
    """Return the V-measure of k-means with as many clusters as labels, mean over draws of the texts.

    vectors: (n, dim); labels: one a row. Each of `repeats` rounds draws `size` texts with replacement,
    by default n. per_item: (repeats,), the V-measure of each round; as the rounds draw texts, their
    spread is the interval. V-measure is 1 if each cluster holds all of one label and nothing else, 0
    if clusters tell nothing of labels.
    Raises ValueError for labels of another number, fewer than two, a size below the number of labels
    and repeats below 1.
    Source: Rosenberg and Hirschberg 2007, V-Measure, EMNLP; Muennighoff et al. 2023, MTEB, section 3.2.
    """
    _require_labels("clustering", vectors, labels)
    kinds, size = len(set(labels)), len(labels) if size is None else size
    if kinds < 2 or size < kinds or repeats < 1:
        raise ValueError(
            f"clustering: {kinds} labels, size={size}, repeats={repeats}; expected at least 2 labels, a "
            "size of at least their number and 1 repeat"
        )
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.metrics import v_measure_score

    number = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    y, x = np.array([number[label] for label in labels]), _as_array(vectors)
    draw = random.Random(seed)
    means = MiniBatchKMeans(kinds, batch_size=_BATCH, init="k-means++", n_init=1, random_state=seed)
    found = []
    for _ in range(repeats):
        rows = draw.choices(range(len(y)), k=size)
        found.append(v_measure_score(y[rows], means.fit_predict(x[rows])))
    per_item = torch.tensor(found, dtype=torch.float64)
    score = float(per_item.mean())
    interval = percentile_interval(score, per_item)
    return Result("clustering", "V-measure", score, interval, per_item, drawn=per_item)


def _first_of_each(labels: np.ndarray, shots: int, rows: np.ndarray) -> np.ndarray:
    """Return the rows of the first `shots` of each label, in their order; labels: those of `rows`."""
    seen: Counter = Counter()
    kept = []
    for label, row in zip(labels.tolist(), rows.tolist()):
        if seen[label] < shots:
            seen[label] += 1
            kept.append(row)
    return np.array(kept)


def _require_labels(name: str, vectors: Tensor, labels: Sequence[Hashable]) -> None:
    if vectors.ndim != 2 or len(vectors) != len(labels):
        raise ValueError(
            f"{name}: {len(labels)} labels came for vectors of shape {tuple(vectors.shape)}; expected "
            f"({len(labels)}, dim), a vector for each label"
        )
    require_finite(name, "vectors", vectors)


def _as_array(x: Tensor) -> np.ndarray:
    return x.detach().float().cpu().numpy()
