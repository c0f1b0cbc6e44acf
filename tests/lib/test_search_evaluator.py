import pytest
import torch

from lib.data import load_course_set
from lib.search_evaluator import corpus_around, evaluator_of, search_evaluator

QUERIES = ["sore hip", "bleeding gums", "webbed toes"]
PASSAGES = ["Coxalgia. Pain of the hip.", "Gingival bleeding. Blood of the gums.", "Syndactyly."]
IDS = ["a", "b", "c"]
RELEVANT = [{"a": 1}, {"b": 1, "c": 0}, {"c": 1}]


@pytest.fixture(scope="module")
def course():
    return load_course_set()


def test_the_numbers_are_those_of_sentence_transformers(encoder, course):
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    ours = evaluator_of(course, passages=60, queries=40, k=5)
    corpus = dict(zip(ours.ids, ours.passages))
    queries = {str(row): text for row, text in enumerate(ours.queries)}
    right = {str(row): set(one) for row, one in enumerate(ours.relevant)}
    cuts = {"mrr_at_k": [5], "ndcg_at_k": [5], "accuracy_at_k": [5], "precision_recall_at_k": [5]}
    theirs = InformationRetrievalEvaluator(queries, corpus, right, **cuts, map_at_k=[5])(encoder)
    for name, value in ours(encoder).items():
        assert value == pytest.approx(theirs[f"cosine_{name}"], abs=1e-6), name


def test_a_name_stands_before_the_metrics_and_the_primary_one(encoder):
    evaluator = search_evaluator(QUERIES, PASSAGES, RELEVANT, IDS, k=2, name="validation")
    found = evaluator(encoder)
    assert set(found) == {"validation_ndcg@2", "validation_recall@2", "validation_mrr@2"}
    assert evaluator.primary_metric == "validation_ndcg@2"
    assert evaluator.greater_is_better


def test_another_measure_is_reported_too(encoder):
    def measure(queries, passages, right, k):
        assert queries.shape == passages.shape == (3, 384)
        torch.testing.assert_close(queries.norm(dim=1), torch.ones(3))
        assert right == [[0], [1], [2]]
        return {"recall@2": 0.25, "own": 0.5}

    found = search_evaluator(QUERIES, PASSAGES, RELEVANT, IDS, k=2, measure=measure)(encoder)
    assert found["recall@2"] == 0.25
    assert found["own"] == 0.5
    assert found["ndcg@2"] > 0.9


def test_k_may_exceed_the_number_of_passages(encoder):
    found = search_evaluator(QUERIES, PASSAGES, RELEVANT, IDS)(encoder)
    assert found["recall@10"] == 1


def test_what_decides_its_numbers_is_in_its_configuration():
    first = search_evaluator(QUERIES, PASSAGES, RELEVANT, IDS).get_config_dict()
    assert first == search_evaluator(QUERIES, PASSAGES, RELEVANT, IDS, name="x").get_config_dict()
    assert first != search_evaluator(QUERIES, PASSAGES, RELEVANT, IDS, k=3).get_config_dict()
    other = [{"b": 1}, *RELEVANT[1:]]
    assert first != search_evaluator(QUERIES, PASSAGES, other, IDS).get_config_dict()


@pytest.mark.parametrize(
    ("queries", "passages", "relevant", "ids"),
    [
        ([], PASSAGES, [], IDS),
        (QUERIES, [], RELEVANT, []),
        (QUERIES, PASSAGES, RELEVANT[:2], IDS),
        (QUERIES, PASSAGES, RELEVANT, IDS[:2]),
    ],
)
def test_numbers_that_do_not_fit_are_refused(queries, passages, relevant, ids):
    with pytest.raises(ValueError, match="as many of each two"):
        search_evaluator(queries, passages, relevant, ids)


def test_a_small_corpus_holds_all_that_answers_and_as_many_as_were_asked_for(course):
    split = course.validation.only(range(0, 700, 7))
    rows = corpus_around(course, split, 300)
    assert len(rows) == 300
    assert rows == sorted(set(rows))
    assert set(split.positives) <= set(rows)
    assert rows != corpus_around(course, split, 300, seed=1)
    assert set(corpus_around(course, split, 1)) == set(split.positives)


def test_some_queries_of_a_split_keep_all_that_belongs_to_them(course):
    part = course.test.only([5, 2])
    assert part.queries == [course.test.queries[5], course.test.queries[2]]
    assert part.positives == [course.test.positives[5], course.test.positives[2]]
    assert part.relevant[0] == {course.ids[part.positives[0]]: 1}
    assert (len(part), part.corpus) == (2, course.test.corpus)
