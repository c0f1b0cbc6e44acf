import pytest
import torch

from lib.data import load_course_set
from lib.long_documents import LongDocuments, documents_found, join_passages, which_part_is_read


@pytest.fixture(scope="module")
def course():
    return load_course_set("fast")


def test_every_question_is_answered_at_its_place_in_one_document(course):
    made = join_passages(course, course.validation, each=12, documents=50)
    assert len(made.texts) == 50
    for positive, (document, start, end) in zip(course.validation.positives, made.answers):
        assert made.texts[document][start:end] == course.passages[positive].strip()
    assert made == join_passages(course, course.validation, each=12, documents=50)
    assert made != join_passages(course, course.validation, each=12, documents=50, seed=1)


def test_more_documents_are_made_where_the_answers_need_them(course):
    made = join_passages(course, course.validation, each=10, documents=1)
    passages = len(set(course.validation.positives))
    assert len(made.texts) == -(-passages // 10)


def test_what_is_read_is_what_the_limit_leaves(encoder):
    text = "the heart is large. the kidney is small. the liver is near."  # 5 tokens a sentence
    answers = [(0, 0, 19), (0, 20, 40), (0, 41, len(text))]
    made = LongDocuments([text], answers)
    for limit, said in (
        (15, ["read", "read", "read"]),
        (10, ["read", "read", "never read"]),
        (8, ["read", "cut", "never read"]),
        (5, ["read", "never read", "never read"]),
    ):
        assert which_part_is_read(made, encoder.tokenizer, limit) == said


def test_a_document_is_found_if_it_is_among_the_first_k():
    made = LongDocuments(["a", "b", "c"], [(0, 0, 1), (2, 0, 1)])
    scores = torch.tensor([[0.1, 0.5, 0.3], [0.1, 0.5, 0.3]])
    assert documents_found(scores, made, 1).tolist() == [0, 0]
    assert documents_found(scores, made, 2).tolist() == [0, 1]
    assert documents_found(scores, made, 9).tolist() == [1, 1]


def test_shapes_and_numbers_that_do_not_fit_are_refused(course):
    made = LongDocuments(["a"], [(0, 0, 1)])
    with pytest.raises(ValueError, match=r"scores is \(1, 2\), k is 1; expected \(1, 1\)"):
        documents_found(torch.zeros(1, 2), made, 1)
    with pytest.raises(ValueError, match="each is 0, documents 5"):
        join_passages(course, course.validation, each=0, documents=5)
