"""The same vectors through mteb's own evaluators; nothing but this test needs mteb."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from lib.evaluation import pair_classification, reranking, retrieval, sts, summarisation
from lib.evaluation_by_labels import classification, clustering
from lib.pooling import cosine_matrix

mteb = pytest.importorskip("mteb")

from datasets import Dataset  # noqa: E402
from mteb._evaluators import retrieval_metrics  # noqa: E402
from mteb._evaluators.any_sts_evaluator import AnySTSEvaluator  # noqa: E402
from mteb._evaluators.pair_classification_evaluator import (  # noqa: E402
    PairClassificationEvaluator,
)
from mteb._evaluators.text.summarization_evaluator import SummarizationEvaluator  # noqa: E402
from mteb.abstasks.classification import AbsTaskClassification  # noqa: E402
from mteb.abstasks.clustering import _evaluate_clustering_bootstrapped  # noqa: E402
from mteb.abstasks.pair_classification import AbsTaskPairClassification  # noqa: E402
from mteb.abstasks.sts import AbsTaskSTS  # noqa: E402
from mteb.timing import TimingStack  # noqa: E402

DRAW = torch.Generator().manual_seed(0)


def _gauss(*shape):
    return torch.randn(*shape, generator=DRAW)


class Lookup:
    """An encoder as mteb calls it, that knows the vectors of its texts, which are numbers."""

    def __init__(self, vectors):
        self.vectors = vectors.numpy()

    def encode(self, inputs, **options):
        names = [int(text) for batch in inputs for text in batch["text"]]
        return self.vectors[names]

    def similarity(self, a, b):
        a, b = (torch.as_tensor(np.atleast_2d(x)) for x in (a, b))
        return cosine_matrix(a, b)

    def similarity_pairwise(self, a, b):
        return torch.cosine_similarity(torch.as_tensor(a), torch.as_tensor(b))


META = SimpleNamespace(
    modalities=["text"], name="mini", type="STS", get_modalities=lambda p: ["text"]
)
COMMON = {"task_metadata": META, "hf_split": "test", "hf_subset": "default"}


def _evaluated(evaluator, vectors):
    return evaluator(Lookup(vectors), encode_kwargs={"batch_size": 32})


def _names(first, count):
    return [str(i) for i in range(first, first + count)]


def test_retrieval_and_reranking_score_as_mteb_does():
    q, p = _gauss(25, 12), _gauss(150, 12)
    relevant = [{(7 * i) % 150: 2, (31 * i + 3) % 150: 1} for i in range(25)]
    cosines = cosine_matrix(q, p)
    qrels = {str(i): {str(d): g for d, g in grades.items()} for i, grades in enumerate(relevant)}

    def theirs(rows):
        found = {str(i): {str(d): float(cosines[i, d]) for d in row} for i, row in enumerate(rows)}
        return retrieval_metrics.calculate_retrieval_scores(found, qrels, [10, 150])

    everything = theirs([range(150)] * 25)
    ours = retrieval(q, p, relevant)
    assert ours.score == pytest.approx(everything.ndcg["NDCG@10"], abs=1e-5)
    assert ours.more["recall@10"] == pytest.approx(everything.recall["Recall@10"], abs=1e-5)
    assert ours.more["MRR@10"] == pytest.approx(everything.mrr["MRR@10"], abs=1e-5)
    candidates = [[*grades, *(d for d in range(40) if d not in grades)][:30] for grades in relevant]
    few = theirs(candidates)
    ours = reranking(q, p, torch.tensor(candidates), relevant)
    assert ours.score == pytest.approx(few.map["MAP@150"], abs=1e-5)
    assert ours.more["MRR"] == pytest.approx(few.mrr["MRR@150"], abs=1e-5)


def test_pair_classification_scores_as_mteb_does():
    left, right = _gauss(200, 10), _gauss(200, 10)
    same = torch.arange(200) % 3 == 0
    right[same] += 0.5 * left[same]
    data = Dataset.from_dict({"a": _names(0, 200), "b": _names(200, 200)})
    evaluator = PairClassificationEvaluator(
        data, input1_column_name="a", input2_column_name="b", input1_prompt_type=None,
        input2_prompt_type=None, timer=TimingStack(), **COMMON,
    )  # fmt: skip
    found = _evaluated(evaluator, torch.cat([left, right]))
    task = AbsTaskPairClassification.__new__(AbsTaskPairClassification)
    metrics = task._compute_metrics(found, same.long().tolist())
    assert pair_classification(left, right, same).score == pytest.approx(
        metrics["cosine_ap"], abs=1e-5
    )


def test_sts_scores_as_mteb_does():
    left, right = _gauss(150, 10), _gauss(150, 10)
    people = (torch.cosine_similarity(left, right) + 0.4 * _gauss(150)).tolist()
    data = Dataset.from_dict({"a": _names(0, 150), "b": _names(150, 150)})
    evaluator = AnySTSEvaluator(
        data, ("a", "b"), input1_prompt_type=None, input2_prompt_type=None,
        timer=TimingStack(), **COMMON,
    )  # fmt: skip
    found = _evaluated(evaluator, torch.cat([left, right]))
    task = AbsTaskSTS.__new__(AbsTaskSTS)
    expected = task._calculate_scores(found, people)["cosine_spearman"]
    assert sts(left, right, torch.tensor(people)).score == pytest.approx(expected, abs=1e-5)


def test_summarisation_scores_as_mteb_does():
    references, candidates = _gauss(12, 3, 10), _gauss(12, 6, 10)
    grades = torch.randint(0, 4, (12, 6), generator=DRAW)
    grades[5] = 1
    evaluator = SummarizationEvaluator(
        [_names(3 * i, 3) for i in range(12)], [_names(36 + 6 * i, 6) for i in range(12)],
        _names(0, 12), grades.double().tolist(), timer=TimingStack(), **COMMON,
    )  # fmt: skip
    vectors = torch.cat([references.flatten(0, 1), candidates.flatten(0, 1)])
    found = evaluator._calculate_metrics(_evaluated(evaluator, vectors))
    ours = summarisation(references, candidates, grades)
    assert ours.score == pytest.approx(found["cosine_spearman"], abs=1e-5)


def test_classification_draws_and_scores_as_mteb_does():
    centres = _gauss(5, 10)
    labels = [int(i) for i in torch.randint(5, (260,), generator=DRAW)]
    vectors = centres[labels] + 1.5 * _gauss(260, 10)
    train, test = (
        Dataset.from_dict({"label": labels[:160]}),
        Dataset.from_dict({"label": labels[160:]}),
    )
    task = AbsTaskClassification.__new__(AbsTaskClassification)
    task.seed, task.samples_per_label, task.n_experiments = 42, 8, 10
    task.evaluator_model = task.evaluator_model.set_params(random_state=42)
    order, accuracy, f1 = None, [], []
    for number in range(10):
        _, order, chosen = task._undersample_data(train, number, order)
        scores, _ = task._run_experiment(
            train.select(chosen), test, vectors[:160][chosen].numpy(), vectors[160:].numpy(), None
        )
        accuracy.append(scores["accuracy"])
        f1.append(scores["f1"])
    ours = classification(vectors[:160], labels[:160], vectors[160:], labels[160:])
    assert ours.score == pytest.approx(np.mean(accuracy), abs=1e-5)
    assert ours.more["macro-F1"] == pytest.approx(np.mean(f1), abs=1e-5)


def test_clustering_draws_and_scores_as_mteb_does():
    centres = _gauss(6, 10)
    labels = [int(i) for i in torch.randint(6, (300,), generator=DRAW)]
    vectors = centres[labels] + _gauss(300, 10)
    scores, _ = _evaluate_clustering_bootstrapped(
        vectors.numpy(), [[str(x)] for x in labels], n_clusters=10, cluster_size=300,
        kmean_batch_size=512, max_depth=None, rng_state=random.Random(42), seed=42,
    )  # fmt: skip
    expected = scores["v_measure"]["Level 0"]
    assert clustering(vectors, labels).per_item.tolist() == pytest.approx(expected, abs=1e-5)
