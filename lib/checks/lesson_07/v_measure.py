"""Lesson 07, MTEB's clustering: `v_measure`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_07._rankings import MINUS_ZERO

Groups = list[int] | Tensor


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case(([0, 0, 1, 1], [5, 5, 3, 3]), "the same groups under other numbers")
    yield Case(([0, 0, 1, 1], [0, 0, 0, 1]), "one text in the wrong cluster")
    yield Case(([0, 0, 1, 1], [0, 1, 2, 3]), "a cluster for each text: homogeneous, not complete")
    yield Case(([0, 1, 2, 0], [4, 4, 4, 4]), "one cluster for all: complete, not homogeneous")
    yield Case(([0, 0, 1, 1], [0, 1, 0, 1]), "clusters that say nothing about the labels")
    yield Case(([7, 7, 7], [0, 1, 0]), "one label, two clusters")
    yield Case(([7, 7, 7], [2, 2, 2]), "one label, one cluster: both divisors are 0")
    yield Case(([3], [8]), "one text")
    yield Case((torch.tensor([0, 0, 1, 1, 2]), torch.tensor([1, 1, 0, 0, 0])), "as tensors")
    yield Case(([0, 0, 0, 1, 1, 2], torch.tensor([0, 0, 1, 1, 1, 1])), "a list and a tensor")
    yield Case(
        ([0, 0, 0, 0, 1, 1, 1, 11], [10, 100, 1000, 10, 0, 0, 10, 0]), "numbers of several digits"
    )
    yield Case(([0] * 9 + [1] * 3, [0] * 8 + [1] * 4), "clusters of different sizes")
    for turn in range(8 if hidden else 4):
        texts, kinds = int(rng.integers(8, 40)), int(rng.integers(2, 6))
        labels = rng.integers(0, kinds, size=texts) * 3 + 1
        clusters = np.where(rng.random(texts) < 0.6, labels, rng.integers(0, 7, size=texts))
        groups = [torch.from_numpy(clusters), torch.from_numpy(labels)]
        yield Case(
            (labels.tolist() if turn % 2 else groups[1], groups[0]),
            f"random {turn}",
        )


def _plain(groups: Groups) -> list[int]:
    return [int(group) for group in groups]


def _left_over(of: list[int], given: list[int]) -> float:
    """The entropy of `of` that is left where `given` is known, group by group."""
    left = 0.0
    for group in set(given):
        inside = [value for value, other in zip(of, given) if other == group]
        for value in set(inside):
            share = inside.count(value) / len(inside)
            left -= len(inside) / len(of) * share * math.log(share)
    return left


def _by_definition(labels: Groups, clusters: Groups) -> float:
    first, second = _plain(labels), _plain(clusters)
    parts = []
    for of, given in ((first, second), (second, first)):
        whole = _left_over(of, [0] * len(of))
        parts.append(1 - _left_over(of, given) / whole if whole > 0 else 1.0)
    return 2 * parts[0] * parts[1] / sum(parts) if sum(parts) > 1e-12 else 0.0


def _entropy(groups: list) -> float:
    shares = [count / len(groups) for count in Counter(groups).values()]
    return -sum(share * math.log(share) for share in shares)


def _parts(
    labels: Groups, clusters: Groups, left: Callable = _left_over, nothing: float = 1.0
) -> tuple[float, float]:
    """Homogeneity and completeness; left: what of the entropy is left, nothing: where the divisor is 0."""
    first, second = _plain(labels), _plain(clusters)
    found = []
    for of, given in ((first, second), (second, first)):
        whole = _entropy(of)
        found.append(1 - left(of, given) / whole if whole > 0 else nothing)
    return found[0], found[1]


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b > 1e-12 else 0.0


def _with(combine: Callable[[float, float], float], **kwargs) -> Callable:
    return lambda labels, clusters: combine(*_parts(labels, clusters, **kwargs))


def _wrong_in(part: int) -> Callable:
    """The other conditional entropy in one of the parts: 0 the homogeneity, 1 the completeness."""

    def measure(labels: Groups, clusters: Groups) -> float:
        parts = list(_parts(labels, clusters))
        wrong = _parts(labels, clusters, left=lambda of, given: _left_over(given, of))
        parts[part] = wrong[part]
        return _harmonic(*parts)

    return measure


def _joint(of: list[int], given: list[int]) -> float:
    return _entropy(list(zip(of, given)))


def _run_together(labels: Groups, clusters: Groups) -> float:
    """Each pair one number, of which the label gives the tens: (0, 10) and (1, 0) become the same."""
    first, second = _plain(labels), _plain(clusters)
    both = _entropy([10 * label + cluster for label, cluster in zip(first, second)])
    parts = []
    for of, given in ((first, second), (second, first)):
        whole = _entropy(of)
        parts.append(1 - (both - _entropy(given)) / whole if whole > 0 else 1.0)
    return _harmonic(*parts)


def _unweighted(of: list[int], given: list[int]) -> float:
    """The mean over groups, however large they are."""
    inside = [[x for x, y in zip(of, given) if y == group] for group in set(given)]
    return sum(map(_entropy, inside)) / len(inside)


def _added(of: list[int], given: list[int]) -> float:
    inside = [[x for x, y in zip(of, given) if y == group] for group in set(given)]
    return sum(map(_entropy, inside))


def _information(of: list[int], given: list[int]) -> float:
    return _entropy(of) - _left_over(of, given)


def _no_guard(labels: Groups, clusters: Groups) -> float:
    first, second = _plain(labels), _plain(clusters)
    parts = [
        1 - _left_over(of, given) / _entropy(of) for of, given in ((first, second), (second, first))
    ]
    return _harmonic(*parts)


def _equal(labels: Groups, clusters: Groups) -> float:
    pairs = list(zip(_plain(labels), _plain(clusters)))
    return sum(a == b for a, b in pairs) / len(pairs)


def _purity(labels: Groups, clusters: Groups) -> float:
    first, second = _plain(labels), _plain(clusters)
    most = [
        Counter(x for x, y in zip(first, second) if y == g).most_common(1)[0][1]
        for g in set(second)
    ]
    return sum(most) / len(first)


def _rand(labels: Groups, clusters: Groups) -> float:
    """The share of pairs of texts on which both agree."""
    first, second = _plain(labels), _plain(clusters)
    pairs = [(i, j) for i in range(len(first)) for j in range(i)]
    agree = [(first[i] == first[j]) == (second[i] == second[j]) for i, j in pairs]
    return sum(agree) / len(agree) if agree else 1.0


def _tensor_numbers_as_keys(labels: Groups, clusters: Groups) -> float:
    """Every number of a tensor is an object of its own to a dict or a Counter."""
    alone = [list(range(len(x))) if isinstance(x, Tensor) else list(x) for x in (labels, clusters)]
    return _by_definition(*alone)


EXERCISE = Exercise(
    "v_measure",
    "07",
    _cases,
    _by_definition,
    equivalent={
        "zip(labels, clusters) -> zip(clusters, labels)": "the joint entropy is symmetric",
        "2 * homogeneity * completeness / total if total > 0 else 0.0 -> "
        "2 * homogeneity * completeness / total if total > 0 else -0.0": MINUS_ZERO,
    },
    mistakes=[
        Mistake(
            "tensor-numbers-as-keys",
            "Where the groups come as tensors each text is a group of its own in your result: a number of a "
            "tensor is an object of its own to a dict, a set or a Counter. Make lists first: "
            "`torch.as_tensor(x).tolist()`.",
            _tensor_numbers_as_keys,
            hint=3,
        ),
        Mistake(
            "arithmetic-mean",
            "You take the plain mean of homogeneity and completeness, with which a cluster for each text "
            "scores over a half. The V-measure is their harmonic mean, 2hc / (h + c).",
            _with(lambda h, c: (h + c) / 2),
            hint=1,
        ),
        Mistake(
            "geometric-mean",
            "You take the root of the product of homogeneity and completeness. The V-measure is their "
            "harmonic mean, 2hc / (h + c).",
            _with(lambda h, c: math.sqrt(max(h * c, 0.0))),
            hint=1,
        ),
        Mistake(
            "product",
            "You multiply homogeneity and completeness. The V-measure is their harmonic mean, "
            "2hc / (h + c).",
            _with(lambda h, c: h * c),
            hint=1,
        ),
        Mistake(
            "not-doubled",
            "The harmonic mean is 2hc / (h + c); you forget the 2, so that a perfect clustering scores a "
            "half.",
            _with(lambda h, c: _harmonic(h, c) / 2),
            hint=1,
        ),
        Mistake(
            "homogeneity-alone",
            "You return the homogeneity: whether each cluster holds one label. A cluster for each text is "
            "perfect by it; take the harmonic mean with the completeness.",
            _with(lambda h, c: h),
            hint=1,
        ),
        Mistake(
            "completeness-alone",
            "You return the completeness: whether each label lies in one cluster. One cluster for all is "
            "perfect by it; take the harmonic mean with the homogeneity.",
            _with(lambda h, c: c),
            hint=1,
        ),
        Mistake(
            "joint-entropy",
            "You divide the joint entropy H(label, cluster). What is left of the labels once the clusters "
            "are known is H(label | cluster) = H(label, cluster) - H(cluster).",
            _with(_harmonic, left=_joint),
            hint=2,
        ),
        Mistake(
            "exchanged",
            "You subtract the wrong entropy: H(label | cluster) is H(label, cluster) minus H(cluster), and "
            "H(cluster | label) is H(label, cluster) minus H(label). Or you divide by the wrong one: "
            "H(label | cluster) belongs above H(label).",
            _with(_harmonic, left=lambda of, given: _left_over(given, of)),
            hint=2,
        ),
        Mistake(
            "exchanged-in-homogeneity",
            "You subtract the wrong entropy in the homogeneity: H(label | cluster) is H(label, cluster) minus "
            "H(cluster).",
            _wrong_in(0),
            hint=2,
        ),
        Mistake(
            "exchanged-in-completeness",
            "You subtract the wrong entropy in the completeness: H(cluster | label) is H(label, cluster) minus "
            "H(label).",
            _wrong_in(1),
            hint=2,
        ),
        Mistake(
            "pairs-run-together",
            "You make one number of a label and a cluster, such as 10 * label + cluster, so that different "
            "pairs become the same: (0, 10) and (1, 0). Count the pairs: `zip(labels, clusters)`.",
            _run_together,
            hint=2,
        ),
        Mistake(
            "clusters-not-weighed",
            "You average the entropy over clusters, however large they are. In H(label | cluster) each "
            "counts by its share of the texts.",
            _with(_harmonic, left=_unweighted),
            hint=2,
        ),
        Mistake(
            "clusters-added",
            "You add the entropies of the clusters. In H(label | cluster) each counts by its share of the "
            "texts.",
            _with(_harmonic, left=_added),
            hint=2,
        ),
        Mistake(
            "what-is-left",
            "You return what is left uncertain, H(label | cluster) / H(label), where 0 is best. Subtract "
            "each part from 1.",
            _with(_harmonic, left=_information),
            hint=2,
        ),
        Mistake(
            "one-group",
            "Where all texts have one label or lie in one cluster, an entropy is 0, and you divide by it. "
            "That part is 1, as the exercise says.",
            _no_guard,
            hint=3,
        ),
        Mistake(
            "zero-for-one-group",
            "Where an entropy is 0 there is nothing to separate, and that part is 1, as the exercise says; you take 0.",
            _with(_harmonic, nothing=0.0),
            hint=3,
        ),
        Mistake(
            "numbers-compared",
            "You compare the numbers of labels and clusters. A cluster's number means nothing: only which "
            "texts lie together counts.",
            _equal,
        ),
        Mistake(
            "purity",
            "You return the purity, the share of texts that carry the most frequent label of their cluster. "
            "The V-measure is built from entropies.",
            _purity,
        ),
        Mistake(
            "rand-index",
            "You return the Rand index, the share of pairs of texts on which labels and clusters agree. The "
            "V-measure is built from entropies.",
            _rand,
        ),
    ],
)
