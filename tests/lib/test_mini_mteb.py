"""The benchmark in miniature: whose texts it has, and that it tells good vectors from bad ones."""

import hashlib

import pytest
import torch

from lib import mini_mteb
from lib.checks.lesson_10._kept_back import kept_back
from lib.data import load_course_set
from lib.mini_mteb import Task, load_tasks, run_all
from lib.ontology import load_ontology

NAMES = ["classification", "clustering", "pair classification", "reranking", "retrieval", "STS"]
NAMES += ["summarisation"]


@pytest.fixture(scope="module")
def tasks():
    return dict(zip(NAMES, load_tasks(), strict=True))


def _by_hash(texts):
    """Vectors that depend on the text and mean nothing."""
    seeds = [int.from_bytes(hashlib.sha256(t.encode()).digest()[:8], "big") // 2 for t in texts]
    draws = [torch.randn(16, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(draws)


def _all_texts(task):
    return [text for part in task.texts.values() for text in part]


@pytest.mark.slow
def test_the_seven_tasks_of_mteb_have_a_name_a_judge_and_texts(tasks):
    for name, task in tasks.items():
        assert task.name == name
        assert "judge" in task.about or "grade" in task.about
        assert all(task.texts.values())


@pytest.mark.slow
def test_no_task_shows_a_hidden_query(tasks):
    hidden = {text.casefold() for text, _ in kept_back(load_course_set())}
    shown = {text.casefold() for task in tasks.values() for text in _all_texts(task)}
    assert not hidden & shown


@pytest.mark.slow
def test_what_is_scored_was_not_in_the_training_split(tasks):
    course, ontology = load_course_set(), load_ontology()
    learned = {term_id for row in course.train.relevant for term_id in row}
    wordings = {text.casefold() for text in course.train.queries}
    for name, part in (
        ("classification", "test"), ("pair classification", "left"), ("reranking", "queries"),
        ("retrieval", "queries"), ("summarisation", "texts"),
    ):  # fmt: skip
        assert not wordings & {text.casefold() for text in tasks[name].texts[part]}
    passages = {course.passages[course.ids.index(i)] for i in learned}
    assert not passages & set(tasks["clustering"].texts["texts"])
    definitions = {ontology.terms[i].definition for i in learned}
    assert not definitions & set(tasks["summarisation"].texts["texts"])
    assert not set(tasks["classification"].texts["train"]) & set(
        tasks["classification"].texts["test"]
    )


@pytest.mark.slow
def test_pairs_are_of_one_term_or_of_siblings(tasks):
    ontology = load_ontology()
    names = {term.name: term for term in ontology.terms.values()}
    left, right = tasks["pair classification"].texts.values()
    assert len(left) == len(right) == 900
    for place in range(0, 90, 3):
        own, *others = (names[name] for name in right[place : place + 3])
        assert left[place] in [synonym.text for synonym in own.synonyms]
        for other in others:
            assert set(other.parents) & set(own.parents)
            assert left[place] not in [synonym.text for synonym in other.synonyms]


@pytest.mark.slow
def test_vectors_that_mean_nothing_score_by_chance(tasks):
    found = {result.task: result for result in run_all(_by_hash, list(tasks.values()))}
    assert list(found) == NAMES
    assert found["classification"].score < 1.2 * found["classification"].more["chance"]
    assert found["clustering"].score < 0.12
    assert found["pair classification"].score == pytest.approx(1 / 3, abs=0.06)
    assert found["reranking"].score < 0.22  # the sum of 1 / rank over 20 ranks, over 20, is 0.18
    assert found["retrieval"].score < 0.01
    assert abs(found["STS"].score) < 0.2
    assert abs(found["summarisation"].score) < 0.15
    for result in found.values():
        assert result.interval.low <= result.score <= result.interval.high


@pytest.mark.slow
def test_vectors_that_know_the_answers_score_as_high_as_can_be(tasks):
    def score(name, vectors):
        return tasks[name].score(**vectors).score

    pairs = torch.arange(900)
    wrong = torch.nn.functional.one_hot(pairs % 3, 3).float()
    ones = torch.tensor([[1.0, 0, 0]]).expand(900, -1)
    assert score("pair classification", {"left": ones, "right": wrong}) == 1
    course = load_course_set()
    codes = torch.randn(len(course.passages), 64, generator=torch.Generator().manual_seed(0))
    right = {"queries": codes[course.validation.positives], "passages": codes}
    assert score("retrieval", right) == score("reranking", right) == 1
    grades = torch.tensor([4.0, 4, 3, 2, 2, 1, 1, 1, 0, 0, 0]).repeat(100)
    candidates = torch.stack([grades, 5 - grades], dim=1)  # a larger angle for a lower grade
    texts = torch.tensor([[1.0, 0.0]]).expand(100, -1)
    best = score("summarisation", {"texts": texts, "candidates": candidates})
    assert best == pytest.approx(1, abs=1e-6)


@pytest.mark.slow
def test_tasks_are_the_same_in_every_run_and_drawn_from_the_seed(tasks):
    course, ontology = load_course_set(), load_ontology()

    def pairs(seed):
        return mini_mteb._pair_classification(course, ontology, 30, mini_mteb.random.Random(seed))

    assert pairs(0).texts == pairs(0).texts
    assert pairs(0).texts != pairs(1).texts
    assert pairs(0).texts["left"] == tasks["pair classification"].texts["left"][:90]


def test_an_encoder_that_loses_texts_is_refused():
    task = Task("retrieval", "", {"queries": ["a", "b"]}, lambda queries: None)
    with pytest.raises(ValueError, match=r"\(1, 3\) for the 2 texts 'queries' of retrieval"):
        task.evaluate(lambda texts: torch.zeros(1, 3))


def test_another_profile_is_refused():
    with pytest.raises(ValueError, match="profile is 'tiny'"):
        load_tasks("tiny")
