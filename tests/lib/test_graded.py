"""Graded relevance, against the ontology itself."""

from dataclasses import replace

import pytest

from lib.data import load_course_set
from lib.graded import graded_relevance
from lib.metrics import ndcg_at_k
from lib.ontology import load_ontology


@pytest.fixture(scope="module")
def course():
    return load_course_set()


def test_the_term_is_right_its_parents_and_children_in_part_and_nothing_else(course):
    ontology, searched = load_ontology(), set(course.ids)
    for relevant, grades in zip(course.test.relevant, graded_relevance(course, course.test)):
        (right,) = relevant
        line = {*ontology.terms[right].parents, *ontology.children[right]} & searched
        assert {i for i, grade in grades.items() if grade == 2} == {right}
        assert {i for i, grade in grades.items() if grade == 1} == line
        assert not set(ontology.siblings(right)) & set(grades)


def test_what_was_right_stays_more_right_than_its_relatives(course):
    graded = graded_relevance(course, course.validation)
    query = next(i for i, grades in enumerate(graded) if len(grades) > 1)
    right = next(iter(course.validation.relevant[query]))
    relative = next(i for i in graded[query] if i != right)

    def score(ranked):
        return float(ndcg_at_k([ranked], [graded[query]], 10)[0])

    assert 0 < score([relative]) < score([right]) < score([right, relative])


def test_a_query_with_two_right_terms_has_the_relatives_of_both(course):
    child = next(i for i, above in zip(course.ids, course.parents) if above[0] in course.ids)
    parent = dict(zip(course.ids, course.parents))[child][0]
    split = replace(course.test, relevant=[{child: 1, parent: 1}])
    (grades,) = graded_relevance(course, split)
    assert grades[child] == grades[parent] == 2


def test_a_split_of_another_set_is_refused(course):
    split = replace(course.test, relevant=[{"HP:0": 1}])
    with pytest.raises(ValueError, match="query 0 asks for HP:0, which is not among the 4000"):
        graded_relevance(course, split)
