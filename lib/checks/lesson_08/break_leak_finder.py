"""Lesson 08, the break-it exercise: a test that tells a right finder of leaks from wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lib.checks.breakit import BreakIt, Suspect
from lib.checks.lesson_08 import _texts
from lib.checks.lesson_08._texts import Key, Pair, key

Pairs = list[Pair]


def _pairs(pairs: Any, name: str) -> Pairs:
    """The pairs of a case; ValueError where they are none."""
    if not isinstance(pairs, list | tuple):
        raise ValueError(f"{name} is no list")
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{name} holds something else than pairs (query, passage)")
        if not all(isinstance(text, str) for text in pair):
            raise ValueError(f"a pair of {name} holds something else than texts")
    return [(query, passage) for query, passage in pairs]


def _finder(find: Callable[[Pairs, Pairs], list]) -> Callable[[Any, Any], list]:
    return lambda train, test: find(_pairs(train, "train"), _pairs(test, "test"))


def _right(train: Pairs, test: Pairs) -> list[int]:
    queries = {key(query) for query, _ in train}
    passages = {key(passage) for _, passage in train}
    return [
        row
        for row, (query, passage) in enumerate(test)
        if key(query) in queries or key(passage) in passages
    ]


def _right_pair_by_pair(train: Pairs, test: Pairs) -> list[int]:
    """Right, written otherwise: every test pair against every training pair."""
    found = set()
    for row, pair in enumerate(test):
        for other in train:
            if any(a.strip().casefold() == b.strip().casefold() for a, b in zip(pair, other)):
                found.add(row)
    return sorted(found)


def _where(leaks: Callable[[Pair, Pairs], bool]) -> Callable[[Any, Any], list]:
    """The rows of test for which leaks(test pair, train) holds."""
    return _finder(lambda train, test: [row for row, pair in enumerate(test) if leaks(pair, train)])


def _sharing(
    of_test: Key = key, of_train: Key = key, roles: tuple[int, ...] = (0, 1), enough: Callable = any
) -> Callable[[Any, Any], list]:
    """Texts compared by these keys, in these roles; enough: any or all of them must be shared."""

    def leaks(pair: Pair, train: Pairs) -> bool:
        return enough(of_test(pair[r]) in {of_train(other[r]) for other in train} for r in roles)

    return _where(leaks)


def _alike(same: Callable[[str, str], bool]) -> Callable[[Any, Any], list]:
    """Texts are compared by same(test text, training text), both as keys."""

    def leaks(pair: Pair, train: Pairs) -> bool:
        return any(same(key(pair[r]), key(other[r])) for other in train for r in (0, 1))

    return _where(leaks)


def _crossed(pair: Pair, train: Pairs) -> bool:
    every = {key(text) for other in train for text in other}
    return any(key(text) in every for text in pair)


def _exchanged(pair: Pair, train: Pairs) -> bool:
    return any(key(pair[r]) == key(other[1 - r]) for other in train for r in (0, 1))


def _whole(pair: Pair, train: Pairs) -> bool:
    return any(key(pair[0]) == key(q) and key(pair[1]) == key(p) for q, p in train)


def _after(change: Callable[[Pairs, Pairs, list[int]], list]) -> Callable[[Any, Any], list]:
    """Something else made of the right rows: change(train, test, rows)."""
    return _finder(lambda train, test: change(train, test, _right(train, test)))


def _with_repeats(train: Pairs, test: Pairs) -> list[int]:
    """A test pair that shares a text with an earlier test pair counts, too."""
    return [row for row, pair in enumerate(test) if _right([*train, *test[:row]], [pair])]


def _in_order_of_training(train: Pairs, test: Pairs) -> list[int]:
    found = [row for other in train for row in _right([other], test)]
    return list(dict.fromkeys(found))


def _once_for_each_text(train: Pairs, test: Pairs) -> list[int]:
    queries, passages = ({key(other[r]) for other in train} for r in (0, 1))
    hits = [(key(q) in queries) + (key(p) in passages) for q, p in test]
    return [row for row, count in enumerate(hits) for _ in range(count)]


def _side_by_side(train: Pairs, test: Pairs) -> list[int]:
    return [row for row, (a, b) in enumerate(zip(train, test)) if _right([a], [b])]


EXERCISE = BreakIt(
    "break_leak_finder",
    "08",
    right=[_finder(_right), _finder(_right_pair_by_pair)],
    suspects=[
        Suspect(
            "rows-from-one",
            "A suspect that counts rows from 1 passes your test, since no case has a leak. Add one: the first test "
            "pair has row 0.",
            _after(lambda train, test, rows: [row + 1 for row in rows]),
            hint=3,
        ),
        Suspect(
            "whole-pair-needed",
            "A suspect that looks for the whole pair passes your test. Let a test pair share only its query or "
            "only its passage.",
            _where(_whole),
            hint=2,
        ),
        Suspect(
            "both-needed",
            "A suspect that wants query and passage both to be known passes your test. Let a test pair share "
            "only one of the two.",
            _sharing(enough=all),
            hint=2,
        ),
        Suspect(
            "queries-only",
            "A suspect that compares queries alone passes your test. Let a test pair share a passage with "
            "training, and not its query.",
            _sharing(roles=(0,)),
            hint=2,
        ),
        Suspect(
            "passages-only",
            "A suspect that compares passages alone passes your test. Let a test pair share its query with "
            "training, and not its passage.",
            _sharing(roles=(1,)),
            hint=2,
        ),
        Suspect(
            "roles-exchanged",
            "A suspect that compares test queries with training passages, and passages with queries, passes "
            "your test. Add a leak by the query and one by the passage.",
            _where(_exchanged),
            hint=2,
        ),
        Suspect(
            "roles-mixed",
            "A suspect that compares queries with passages as well passes your test. Let a test query be the "
            "text of a training passage: it is no leak.",
            _where(_crossed),
            hint=2,
        ),
        Suspect(
            "as-they-stand",
            "A suspect that compares texts exactly as they stand passes your test. Let a test text be one of "
            "training in capitals, or with white space around it.",
            _sharing(_texts.as_it_stands, _texts.as_it_stands),
            hint=1,
        ),
        Suspect(
            "test-as-it-stands",
            "A suspect that changes only the training texts before it compares passes your test. Let capitals "
            "or white space stand in the test text.",
            _sharing(_texts.as_it_stands, key),
            hint=1,
        ),
        Suspect(
            "training-as-it-stands",
            "A suspect that changes only the test texts before it compares passes your test. Let capitals or "
            "white space stand in the training text.",
            _sharing(key, _texts.as_it_stands),
            hint=1,
        ),
        Suspect(
            "case-kept",
            "A suspect that takes off white space and keeps capitals apart passes your test. Let a test text "
            "be one of training in capitals.",
            _sharing(_texts.with_case, _texts.with_case),
            hint=1,
        ),
        Suspect(
            "spaces-kept",
            "A suspect that ignores case and not the white space around a text passes your test. Let a test "
            "text be one of training with a space before or behind it.",
            _sharing(_texts.with_spaces, _texts.with_spaces),
            hint=1,
        ),
        Suspect(
            "lower-for-casefold",
            'A suspect that compares by `lower()` passes your test. Let "Straße" in one set meet "STRASSE" '
            "in the other.",
            _sharing(_texts.lowered, _texts.lowered),
            hint=1,
        ),
        Suspect(
            "spaces-inside",
            "A suspect that makes white space inside a text alike passes your test. Let two texts differ in a "
            "second space between two words: they are no leak.",
            _sharing(_texts.one_space_between, _texts.one_space_between),
            hint=1,
        ),
        Suspect(
            "training-text-inside",
            "A suspect that looks for a training text inside a test text passes your test. Let a test text be "
            "longer than one of training and contain it: it is no leak.",
            _alike(lambda of_test, of_train: of_train in of_test),
            hint=2,
        ),
        Suspect(
            "test-text-inside",
            "A suspect that looks for a test text inside a training text passes your test. Let a test text be "
            "part of one of training: it is no leak.",
            _alike(lambda of_test, of_train: of_test in of_train),
            hint=2,
        ),
        Suspect(
            "first-leak-only",
            "A suspect that stops at the first leak passes your test. Put two leaks into one test set.",
            _after(lambda train, test, rows: rows[:1]),
            hint=3,
        ),
        Suspect(
            "last-row-forgotten",
            "A suspect that does not look at the last test pair passes your test. Let the last one be a leak.",
            _after(lambda train, test, rows: [row for row in rows if row < len(test) - 1]),
            hint=3,
        ),
        Suspect(
            "first-training-pair-only",
            "A suspect that looks at the first training pair alone passes your test. Let a test pair share a "
            "text with a later one.",
            _finder(lambda train, test: _right(train[:1], test)),
            hint=3,
        ),
        Suspect(
            "side-by-side",
            "A suspect that compares the first pair with the first, the second with the second, passes your "
            "test. Let a leak stand at another place in test than in training.",
            _finder(_side_by_side),
            hint=3,
        ),
        Suspect(
            "rows-of-training",
            "A suspect that returns rows of training passes your test. Let a leak have another row in training "
            "than in test.",
            _finder(lambda train, test: _right(test, train)),
            hint=3,
        ),
        Suspect(
            "repeats-in-test",
            "A suspect that counts a repeat inside the test set as a leak passes your test. Let two test pairs "
            "share a text that training does not hold.",
            _finder(_with_repeats),
            hint=3,
        ),
        Suspect(
            "in-order-of-training",
            "A suspect that lists rows in the order of the training pairs passes your test. Let a later test "
            "pair share a text with an earlier training pair.",
            _finder(_in_order_of_training),
            hint=3,
        ),
        Suspect(
            "listed-twice",
            "A suspect that lists a row twice passes your test. Let a test pair share its query and its passage "
            "with training.",
            _finder(_once_for_each_text),
            hint=3,
        ),
        Suspect(
            "all-without-training",
            "A suspect that takes every row for a leak where there is no training pair passes your test. Add a "
            "case with an empty training set.",
            _after(lambda train, test, rows: rows if train else list(range(len(test)))),
            hint=3,
        ),
    ],
    arguments=["train", "test"],
    texts=True,
)
