import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.data import Split, load_course_set
from lib.training_pairs import clean_training_set, find_leaks, leak_groups, leak_rows, pairs_of

texts = st.sampled_from(["a", "A ", "b", "c", "d", "ß", "ss", "e", "f", " g"])
pairs = st.lists(st.tuples(texts, texts), max_size=12)


def _key(text):
    return text.strip().casefold()


@given(pairs)
def test_groups_are_the_connected_components_of_the_texts(pairs):
    graph = networkx.Graph((_key(query), _key(passage)) for query, passage in pairs)
    part = {
        text: n for n, nodes in enumerate(networkx.connected_components(graph)) for text in nodes
    }
    groups = leak_groups(pairs)
    assert list(dict.fromkeys(groups)) == list(range(len(set(groups))))
    for i, (query, _) in enumerate(pairs):
        for j, (other, _) in enumerate(pairs):
            assert (groups[i] == groups[j]) == (part[_key(query)] == part[_key(other)])


def test_a_long_chain_is_one_group_in_no_time():
    assert set(leak_groups([(str(n), str(n + 1)) for n in range(50_000)])) == {0}


@given(pairs, pairs)
def test_a_row_leaks_if_its_query_or_its_passage_was_trained_on(train, test):
    expected = [
        row
        for row, pair in enumerate(test)
        if any(_key(pair[side]) == _key(known[side]) for known in train for side in (0, 1))
    ]
    assert find_leaks(train, test) == expected


@given(pairs, st.data())
def test_a_clean_set_has_neither_repeats_nor_right_negatives(pairs, data):
    negatives = [data.draw(st.lists(texts, max_size=5)) for _ in pairs]
    relevant = data.draw(st.dictionaries(texts, st.sets(texts)))
    cleaned = clean_training_set(pairs, negatives, relevant)
    kept = [(_key(query), _key(passage)) for query, passage, _ in cleaned]
    assert len(set(kept)) == len(kept)
    assert set(kept) == {(_key(q), _key(p)) for q, p in pairs if _key(q) != _key(p)}
    for query, passage, others in cleaned:
        keys = [_key(text) for text in others]
        wrong = {_key(passage)} | {_key(text) for text in relevant.get(query, ())}
        assert len(set(keys)) == len(keys)
        assert not wrong & set(keys)


def test_texts_come_out_as_they_came_and_the_first_of_equals_stays():
    pairs = [("flu", "p"), ("Flu", "p "), ("p", "P"), ("x", "y")]
    negatives = [["q", "r", "Q"], ["s"], ["t"], ["Y", "z "]]
    cleaned = clean_training_set(pairs, negatives, {"flu": {"R"}})
    assert cleaned == [("flu", "p", ["q"]), ("x", "y", ["z "])]


def test_another_number_of_negatives_is_refused():
    with pytest.raises(ValueError, match="0 lists of negatives came for 1 pairs"):
        clean_training_set([("a", "b")], [], {})


def test_a_leak_is_another_wording_of_what_is_asked_or_a_relative_of_it():
    positives = [7, 5, 7, 9, 7, 3, 5, 8]
    names = [str(row) for row in range(8)]
    families = ["a", "a", "a", "b", "b", "a", "a", "a"]  # row 3 is of a family that nobody asks for
    found = leak_rows(Split(names, names, [{} for _ in names], positives), families)
    assert found.asked == [2, 4, 6]
    assert found.wordings == [0, 1]
    assert found.relatives == [5, 7]


def test_pairs_of_splits_are_their_queries_with_what_answers_them():
    course = load_course_set()
    pairs = pairs_of(course, course.validation, course.test)
    assert len(pairs) == len(course.validation) + len(course.test)
    assert pairs[-1] == (course.test.queries[-1], course.passages[course.test.positives[-1]])
