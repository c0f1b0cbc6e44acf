"""Answers to `v_measure`, written from its card alone."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import torch
from sklearn.metrics import homogeneity_score, normalized_mutual_info_score

Groups = list[int] | torch.Tensor


def _entropy(groups: list) -> float:
    """Of a list by the card; the wrong answers below differ elsewhere."""
    shares = [count / len(groups) for count in Counter(groups).values()]
    return -sum(share * math.log(share) for share in shares)


def right_table(labels: Groups, clusters: Groups) -> float:
    """A table of counts in torch; xlogy leaves empty cells out."""
    labels, clusters = torch.as_tensor(labels).long(), torch.as_tensor(clusters).long()
    rows, columns = labels.unique(return_inverse=True)[1], clusters.unique(return_inverse=True)[1]
    table = torch.zeros(int(rows.max()) + 1, int(columns.max()) + 1, dtype=torch.float64)
    table.index_put_((rows, columns), torch.ones(len(rows), dtype=torch.float64), accumulate=True)
    p = table / table.sum()

    def entropy(x: torch.Tensor) -> torch.Tensor:
        return -torch.special.xlogy(x, x).sum()

    of_label, of_cluster, both = entropy(p.sum(1)), entropy(p.sum(0)), entropy(p)
    h = 1 - (both - of_cluster) / of_label if of_label > 1e-12 else torch.tensor(1.0)
    c = 1 - (both - of_label) / of_cluster if of_cluster > 1e-12 else torch.tensor(1.0)
    return float(2 * h * c / (h + c)) if h + c > 1e-12 else 0.0


def right_sklearn(labels: Groups, clusters: Groups) -> float:
    """scikit-learn's homogeneity, twice; completeness is the one with its arguments swapped."""
    left = labels.numpy() if isinstance(labels, torch.Tensor) else np.array(labels)
    right = clusters.numpy() if isinstance(clusters, torch.Tensor) else np.array(clusters)
    h, c = homogeneity_score(left, right), homogeneity_score(right, left)
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def right_mutual_information(labels: Groups, clusters: Groups) -> float:
    """The V-measure is mutual information over the mean of both entropies."""
    left, right = (np.asarray(x).tolist() for x in (labels, clusters))
    return float(normalized_mutual_info_score(left, right, average_method="arithmetic"))


def right_conditional(labels: Groups, clusters: Groups) -> float:
    """H(label | cluster) as the mean entropy within the clusters, weighted by their sizes."""
    left, right = [int(x) for x in labels], [int(x) for x in clusters]

    def within(groups: list[int], given: list[int]) -> float:
        parts = defaultdict(list)
        for group, other in zip(groups, given):
            parts[other].append(group)
        return sum(len(part) / len(groups) * _entropy(part) for part in parts.values())

    def share(groups: list[int], given: list[int]) -> float:
        whole = _entropy(groups)
        return 1.0 if len(set(groups)) == 1 else 1 - within(groups, given) / whole

    h, c = share(left, right), share(right, left)
    if h + c < 1e-12:
        return 0.0
    return 2 * h * c / (h + c)


def right_numpy(labels: Groups, clusters: Groups) -> float:
    """np.unique on single numbers and on pairs; log2, since the base cancels."""
    pairs = np.stack([np.asarray(labels), np.asarray(clusters)], axis=1)

    def entropy(x: np.ndarray) -> float:
        counts = np.unique(x, axis=0, return_counts=True)[1]
        p = counts / counts.sum()
        return float(-(p * np.log2(p)).sum())

    both, of_label, of_cluster = entropy(pairs), entropy(pairs[:, 0]), entropy(pairs[:, 1])
    h = c = 1.0
    if of_label != 0:
        h -= (both - of_cluster) / of_label
    if of_cluster != 0:
        c -= (both - of_label) / of_cluster
    return 0.0 if abs(h + c) < 1e-12 else 2.0 * h * c / (h + c)


def right_one_formula(labels: Groups, clusters: Groups) -> float:
    """2hc / (h + c) is 2 I / (H + H), both entropies 0 is a perfect match."""
    left = labels.tolist() if torch.is_tensor(labels) else list(labels)
    right = clusters.tolist() if torch.is_tensor(clusters) else list(clusters)
    both = _entropy([f"{x}/{y}" for x, y in zip(left, right)])
    total = _entropy(left) + _entropy(right)
    return 1.0 if total == 0 else 2 * (total - both) / total


def _plain(groups: Groups) -> list[int]:
    """Plain numbers of a list or a tensor."""
    return torch.as_tensor(groups).tolist()


def _parts(labels: Groups, clusters: Groups) -> tuple[float, float]:
    """Homogeneity and completeness by the card; the wrong answers below differ elsewhere."""
    left, right = _plain(labels), _plain(clusters)
    both, of_label, of_cluster = _entropy(list(zip(left, right))), _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_label if of_label > 0 else 1.0
    c = 1 - (both - of_label) / of_cluster if of_cluster > 0 else 1.0
    return h, c


def wrong_mean(labels: Groups, clusters: Groups) -> float:
    """The arithmetic mean: 0.75 in the example."""
    h, c = _parts(labels, clusters)
    return (h + c) / 2


def wrong_geometric(labels: Groups, clusters: Groups) -> float:
    """The geometric mean: 0.7071 in the example."""
    h, c = _parts(labels, clusters)
    return math.sqrt(max(h * c, 0))


def wrong_product(labels: Groups, clusters: Groups) -> float:
    """hc: 0.5 in the example."""
    h, c = _parts(labels, clusters)
    return h * c


def wrong_factor(labels: Groups, clusters: Groups) -> float:
    """hc / (h + c), without the 2."""
    h, c = _parts(labels, clusters)
    return h * c / (h + c) if h + c > 0 else 0.0


def wrong_homogeneity(labels: Groups, clusters: Groups) -> float:
    """Homogeneity alone: 1 in the example."""
    return _parts(labels, clusters)[0]


def wrong_completeness(labels: Groups, clusters: Groups) -> float:
    """Completeness alone: 0.5 in the example, 1 where all is one cluster."""
    return _parts(labels, clusters)[1]


def wrong_both_zero(labels: Groups, clusters: Groups) -> float:
    """ZeroDivisionError for labels [0, 0, 1, 1] with clusters [0, 1, 0, 1]."""
    h, c = _parts(labels, clusters)
    return 2 * h * c / (h + c)


def wrong_no_guard(labels: Groups, clusters: Groups) -> float:
    """ZeroDivisionError for one label or one cluster."""
    left, right = _plain(labels), _plain(clusters)
    both, of_label, of_cluster = _entropy(list(zip(left, right))), _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_label
    c = 1 - (both - of_label) / of_cluster
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def wrong_divisor_zero_is_zero(labels: Groups, clusters: Groups) -> float:
    """A divisor of 0 makes 0 and not 1: one label in one cluster scores 0."""
    left, right = _plain(labels), _plain(clusters)
    both, of_label, of_cluster = _entropy(list(zip(left, right))), _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_label if of_label > 0 else 0.0
    c = 1 - (both - of_label) / of_cluster if of_cluster > 0 else 0.0
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def wrong_subtracts_other(labels: Groups, clusters: Groups) -> float:
    """H(label | cluster) = H(both) - H(label): the wrong entropy is taken off."""
    left, right = _plain(labels), _plain(clusters)
    both, of_label, of_cluster = _entropy(list(zip(left, right))), _entropy(left), _entropy(right)
    h = 1 - (both - of_label) / of_label if of_label > 0 else 1.0
    c = 1 - (both - of_cluster) / of_cluster if of_cluster > 0 else 1.0
    return 2 * h * c / (h + c) if h + c != 0 else 0.0


def wrong_joint_for_conditional(labels: Groups, clusters: Groups) -> float:
    """H(label, cluster) where H(label | cluster) belongs."""
    left, right = _plain(labels), _plain(clusters)
    both, of_label, of_cluster = _entropy(list(zip(left, right))), _entropy(left), _entropy(right)
    h = 1 - both / of_label if of_label > 0 else 1.0
    c = 1 - both / of_cluster if of_cluster > 0 else 1.0
    return 2 * h * c / (h + c) if h + c != 0 else 0.0


def wrong_no_one_minus(labels: Groups, clusters: Groups) -> float:
    """Forgets "1 -": 0 for a perfect clustering."""
    h, c = _parts(labels, clusters)
    h, c = 1 - h, 1 - c
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def wrong_divides_by_other(labels: Groups, clusters: Groups) -> float:
    """Swaps the divisors: H(label | cluster) / H(cluster)."""
    left, right = _plain(labels), _plain(clusters)
    both, of_label, of_cluster = _entropy(list(zip(left, right))), _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_cluster if of_cluster > 0 else 1.0
    c = 1 - (both - of_label) / of_label if of_label > 0 else 1.0
    return 2 * h * c / (h + c) if h + c != 0 else 0.0


def wrong_sums_as_pairs(labels: Groups, clusters: Groups) -> float:
    """label + cluster for the pair: (0, 1) and (1, 0) are one."""
    left, right = _plain(labels), _plain(clusters)
    both = _entropy([x + y for x, y in zip(left, right)])
    of_label, of_cluster = _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_label if of_label > 0 else 1.0
    c = 1 - (both - of_label) / of_cluster if of_cluster > 0 else 1.0
    return 2 * h * c / (h + c) if h + c != 0 else 0.0


def wrong_ten_clusters(labels: Groups, clusters: Groups) -> float:
    """10 * label + cluster for the pair: (0, 10) and (1, 0) are one, right below 10 clusters."""
    left, right = _plain(labels), _plain(clusters)
    both = _entropy([10 * x + y for x, y in zip(left, right)])
    of_label, of_cluster = _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_label if of_label > 0 else 1.0
    c = 1 - (both - of_label) / of_cluster if of_cluster > 0 else 1.0
    return 2 * h * c / (h + c) if h + c > 1e-12 else 0.0


def wrong_tensor_keys(labels: Groups, clusters: Groups) -> float:
    """Right for lists; each number of a tensor is a key of its own."""
    left, right = list(labels), list(clusters)
    both, of_label, of_cluster = _entropy(list(zip(left, right))), _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_label if of_label > 0 else 1.0
    c = 1 - (both - of_label) / of_cluster if of_cluster > 0 else 1.0
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def wrong_tensors_only(labels: Groups, clusters: Groups) -> float:
    """AttributeError for lists."""
    h, c = _parts(labels.tolist(), clusters.tolist())
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def wrong_accuracy(labels: Groups, clusters: Groups) -> float:
    """The share of equal numbers, though a cluster's number means nothing."""
    pairs = list(zip(_plain(labels), _plain(clusters)))
    return sum(x == y for x, y in pairs) / len(pairs)


def wrong_purity(labels: Groups, clusters: Groups) -> float:
    """Purity: the share of the most frequent label in each cluster."""
    parts = defaultdict(list)
    for label, cluster in zip(_plain(labels), _plain(clusters)):
        parts[cluster].append(label)
    right = sum(Counter(part).most_common(1)[0][1] for part in parts.values())
    return right / sum(len(part) for part in parts.values())


def wrong_distinct(labels: Groups, clusters: Groups) -> float:
    """Entropies of the distinct numbers, not of their shares: log of how many there are."""
    left, right = _plain(labels), _plain(clusters)
    both = math.log(len(set(zip(left, right))))
    of_label, of_cluster = math.log(len(set(left))), math.log(len(set(right)))
    h = 1 - (both - of_cluster) / of_label if of_label > 0 else 1.0
    c = 1 - (both - of_label) / of_cluster if of_cluster > 0 else 1.0
    return 2 * h * c / (h + c) if h + c > 1e-12 else 0.0


def wrong_mixed_bases(labels: Groups, clusters: Groups) -> float:
    """The entropy of the pairs in bits, the others in nats."""
    left, right = _plain(labels), _plain(clusters)
    both = _entropy(list(zip(left, right))) / math.log(2)
    of_label, of_cluster = _entropy(left), _entropy(right)
    h = 1 - (both - of_cluster) / of_label if of_label > 0 else 1.0
    c = 1 - (both - of_label) / of_cluster if of_cluster > 0 else 1.0
    return 2 * h * c / (h + c) if h + c != 0 else 0.0


def wrong_three_numbers(labels: Groups, clusters: Groups) -> float:
    """(homogeneity, completeness, V), as scikit-learn's function of all three."""
    h, c = _parts(labels, clusters)
    return h, c, 2 * h * c / (h + c) if h + c > 0 else 0.0


def wrong_sorted_apart(labels: Groups, clusters: Groups) -> float:
    """Sorts each list on its own before pairing: who belongs to whom is lost."""
    h, c = _parts(sorted(_plain(labels)), sorted(_plain(clusters)))
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


RIGHT = [
    right_table,
    right_sklearn,
    right_mutual_information,
    right_conditional,
    right_numpy,
    right_one_formula,
]
WRONG = [
    wrong_mean,
    wrong_geometric,
    wrong_product,
    wrong_factor,
    wrong_homogeneity,
    wrong_completeness,
    wrong_both_zero,
    wrong_no_guard,
    wrong_divisor_zero_is_zero,
    wrong_subtracts_other,
    wrong_joint_for_conditional,
    wrong_no_one_minus,
    wrong_divides_by_other,
    wrong_sums_as_pairs,
    wrong_ten_clusters,
    wrong_tensor_keys,
    wrong_tensors_only,
    wrong_accuracy,
    wrong_purity,
    wrong_distinct,
    wrong_mixed_bases,
    wrong_three_numbers,
    wrong_sorted_apart,
]
