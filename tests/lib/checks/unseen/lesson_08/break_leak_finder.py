"""Answers to `break_leak_finder`, written from its card alone."""

from __future__ import annotations

import itertools
import random


def _leaks(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> list[int]:
    queries = {query.strip().casefold() for query, _ in train}
    passages = {passage.strip().casefold() for _, passage in train}
    return [
        row
        for row, (query, passage) in enumerate(test)
        if query.strip().casefold() in queries or passage.strip().casefold() in passages
    ]


def right_by_hand() -> list:
    """A case or two for each mistake that comes to mind."""
    return [
        ([("a", "b")], [("a", "x")], [0]),
        ([("a", "b")], [("x", "b")], [0]),
        ([("a", "b")], [("a", "b")], [0]),
        ([("a", "b")], [("x", "y")], []),
        ([("a", "b")], [("b", "x")], []),
        ([("a", "b")], [("x", "a")], []),
        ([("a", "b")], [("b", "a")], []),
        ([], [("a", "b"), ("a", "b")], []),
        ([("a", "b")], [], []),
        ([], [], []),
        ([("a", "b")], [("x", "y"), ("a", "x"), ("y", "z"), ("w", "b")], [1, 3]),
        ([("a", "b")], [("a", "x"), ("a", "x"), ("a", "y")], [0, 1, 2]),
        ([("a", "b"), ("a", "b"), ("a", "c")], [("a", "c"), ("x", "b")], [0, 1]),
        ([("a", "b"), ("c", "d"), ("e", "f")], [("c", "x")], [0]),
        ([("a", "b"), ("c", "d"), ("e", "f")], [("x", "d")], [0]),
        ([("a", "b"), ("c", "d"), ("e", "f")], [("e", "x"), ("y", "b")], [0, 1]),
        ([("a", "b"), ("c", "d")], [("x", "y"), ("a", "z"), ("w", "v"), ("u", "d")], [1, 3]),
        ([("a", "b"), ("c", "d")], [("a", "d")], [0]),
        ([("A", "b")], [("a", "x")], [0]),
        ([("a", "b")], [("A", "x")], [0]),
        ([("a", "B")], [("x", "b")], [0]),
        ([("a", "b")], [("x", "B")], [0]),
        ([(" a", "b")], [("a", "x")], [0]),
        ([("a ", "b")], [("a", "x")], [0]),
        ([("a", "b")], [(" a", "x")], [0]),
        ([("a", "b")], [("a ", "x")], [0]),
        ([("a", " b")], [("x", "b")], [0]),
        ([("a", "b ")], [("x", "b")], [0]),
        ([("a", "b")], [("x", " b")], [0]),
        ([("a", "b")], [("x", "b ")], [0]),
        ([("a\n", "\tb")], [("\ta", "x"), ("x", "b\n")], [0, 1]),
        ([("a\u00a0", "b\u2003")], [("a", "x"), ("x", "b")], [0, 1]),
        ([("Straße", "Fuß")], [("STRASSE", "x"), ("x", "fuss")], [0, 1]),
        ([("strasse", "fuss")], [("Straße", "x"), ("x", "FUß")], [0, 1]),
        ([("sore toe", "red toe")], [("sore  toe", "x"), ("x", "red  toe")], []),
        ([("sore  toe", "red  toe")], [("sore toe", "x"), ("x", "red toe")], []),
        ([("sore toe", "red toe")], [("soretoe", "x"), ("x", "redtoe")], []),
        ([("sore toe", "red toe")], [("sore\ttoe", "x"), ("x", "red\ntoe")], []),
        ([("sore toe", "red toe")], [("toe sore", "x"), ("x", "toe red")], []),
        ([("flu?", "a virus.")], [("flu", "x"), ("x", "a virus")], []),
        ([("flu", "a virus")], [("flu?", "x"), ("x", "a virus.")], []),
        ([("x-ray", "cat's")], [("x ray", "y"), ("xray", "y"), ("y", "cats")], []),
        ([("café", "naïve")], [("cafe", "x"), ("x", "naive")], []),
        ([("cafe\u0301", "e\u0301")], [("caf\u00e9", "x"), ("x", "\u00e9")], []),
        ([("ﬁt", "Ⅳ")], [("ⅳ", "x"), ("x", "IV")], []),
        ([("x²", "½")], [("x2", "y"), ("y", "1⁄2")], []),
        ([("flu", "virus")], [("flu shot", "x"), ("x", "a virus"), ("f", "x"), ("x", "us")], []),
        ([("flu shot", "a virus")], [("flu", "x"), ("x", "virus"), ("shot", "a")], []),
        ([("a" * 300 + "b", "c")], [("a" * 300 + "c", "d")], []),
        ([("a", "b" * 3000 + "c")], [("x", "b" * 3000 + "d"), ("x", "d" + "b" * 3000)], []),
        ([("a", "b")], [("c", "d"), ("c", "e"), ("a", "e"), ("f", "d")], [2]),
        ([("a", "b"), ("c", "b")], [("x", "b"), ("x", "y")], [0]),
        ([("", "b")], [("", "x"), ("  ", "x"), ("x", "")], [0, 1]),
        ([("a", "")], [("x", ""), ("x", " "), ("", "x")], [0, 1]),
        ([("a", "b")], [("", "x"), ("x", "")], []),
        ([("a", "b")], [("x", "y")] * 12 + [("a", "y")], [12]),
        ([("a", "b"), ("c", "d")], [("c", "x"), ("y", "z"), ("x", "b")], [0, 2]),
        ([("toe", "sore")], [("tōe", "x"), ("toes", "x"), ("teo", "x"), ("x", "sores")], []),
        ([("q1", "p1"), ("q2", "p2")], [("q3", "p3"), ("q1", "p9"), ("q9", "p1")], [1, 2]),
        ([("a b", "c")], [("a", "b c"), ("a b", "d"), ("ab", "d")], [1]),
    ]


def right_random_with_oracle() -> list:
    """Many random cases of few texts in many spellings, and long lists."""
    rng = random.Random(8)
    words = ["flu", "straße", "sore toe", "sore  toe", "flu?", "café", "cafe", "", "toe", "a flu"]
    words += ["cafe\u0301", "sore-toe", "soretoe", "toe sore", "the flu", "flus", "x" * 500]
    words += ["x" * 500 + "y", "y" + "x" * 500, "1", "10", "strasse"]
    forms = [str, str.upper, str.title, lambda t: f" {t}", lambda t: f"{t} ", lambda t: f"\n{t}\t"]
    forms += [lambda t: f"\u00a0{t}\u00a0"]

    def text() -> str:
        return rng.choice(forms)(rng.choice(words))

    cases = []
    for i in range(1500):
        train = [(text(), text()) for _ in range(i % 5)]
        test = [(text(), text()) for _ in range(rng.randrange(9))]
        cases.append((train, test, _leaks(train, test)))
    return cases


def right_all_small_ones() -> list:
    """All pairs of texts that are alike, alone on each side, and a few longer lists."""
    alike = ["flu", "FLU", " flu", "flu\n", "flu?", "f lu", "flus", "flú", "a flu"]
    alike += ["Maß", "MASS", "mass ", "maß", "mas s", ""]
    cases = []
    for a, b in itertools.product(alike, repeat=2):
        for train, test in [
            ([(a, "p")], [(b, "r")]),
            ([("p", a)], [("r", b)]),
            ([("p", a)], [(b, "r")]),
            ([(a, "p")], [("r", b)]),
        ]:
            cases.append((train, test, _leaks(train, test)))
    letters = "abcd"
    rng = random.Random(3)
    for _ in range(400):
        train = [(rng.choice(letters), rng.choice(letters)) for _ in range(rng.randrange(3))]
        test = [(rng.choice("abcdef"), rng.choice("abcdef")) for _ in range(rng.randrange(1, 14))]
        cases.append((train, test, _leaks(train, test)))
    for size in (60, 150):
        train = [(f"q{i}", f"p{i}") for i in range(size)]
        test = [(f"q{i}" if i % 7 == 0 else f"x{i}", f"y{i}") for i in range(size)]
        cases.append((train, test, _leaks(train, test)))
        test = [(f"x{i}", f"p{i}" if i % 5 == 1 else f"y{i}") for i in range(size)][::-1]
        cases.append((train, test, _leaks(train, test)))
    for near in ["ma\u0308ss", "m\u00e4ss", "flu virus", "virus flu", "flu-virus", "flu  virus"]:
        for other in ["m\u00e4ss", "mass", "flu virus", "fluvirus", "flu\tvirus"]:
            for train, test in [([(near, "p")], [(other, "r")]), ([("p", near)], [("r", other)])]:
                cases.append((train, test, _leaks(train, test)))
    for length in (16, 32, 64, 100, 128, 256, 512, 1000, 5000):
        train = [("q" * length + "1", "p" * length + "1"), ("1" + "q" * length, "z")]
        test = [("q" * length + "2", "r"), ("r", "p" * length + "2"), ("2" + "q" * length, "r")]
        cases.append((train, test, []))
    return cases


def right_one_against_all() -> list:
    """Each text of a pool in training against the whole pool in test, and some random lists."""
    pool = [
        "heart",
        "HEART ",
        " heart",
        "heart\n",
        "heart.",
        "he art",
        "hearts",
        "a heart",
        "héart",
    ]
    pool += ["he\u0301art", "Größe", "GRÖSSE", "grösse", "gro\u0308sse", "big  toe", "big toe"]
    pool += ["big\ttoe", "big-toe", "toe big", "bigtoe", "", " ", "1", "I", "x" * 700, "x" * 701]
    cases = []
    for text in pool:
        as_queries = [(other, f"r{i}") for i, other in enumerate(pool)]
        as_passages = [(f"s{i}", other) for i, other in enumerate(pool)]
        for train in ([(text, "own passage")], [("own query", text)], [("q", "p"), (text, text)]):
            for test in (as_queries, as_passages, as_passages[::-1]):
                cases.append((train, test, _leaks(train, test)))
    rng = random.Random(5)
    for _ in range(800):
        train = [(rng.choice("abcde"), rng.choice("abcde")) for _ in range(rng.randrange(4))]
        test = [(rng.choice("abcxyz"), rng.choice("abcxyz")) for _ in range(rng.randrange(8))]
        cases.append((train, test, _leaks(train, test)))
    return cases


def right_by_hand_in_context() -> list:
    """The cases by hand, alone and with pairs before and behind that share nothing."""
    cases = []
    for train, test, rows in right_by_hand():
        cases.append((train, test, rows))
        around = [("new 1", "new 2"), *test, ("new 3", "new 4")]
        cases.append(([("old 1", "old 2"), *train], around, [row + 1 for row in rows]))
    return cases


def _only(keep) -> list:
    """The random cases for which `keep(train, test, expected)` holds."""
    return [case for case in right_random_with_oracle() if keep(*case)]


def wrong_only_the_example() -> list:
    """The one case of the stub."""
    return [([("flu", "a virus")], [("gout", "urate"), ("FLU", "fever")], [1])]


def wrong_queries_only() -> list:
    """No passage is shared: a finder that looks at queries alone passes."""
    cases = []
    for train, test, _ in right_random_with_oracle():
        train = [(query, f"p{i}") for i, (query, _) in enumerate(train)]
        test = [(query, f"r{i}") for i, (query, _) in enumerate(test)]
        cases.append((train, test, _leaks(train, test)))
    return cases


def wrong_passages_only() -> list:
    """No query is shared."""
    cases = []
    for train, test, _ in right_random_with_oracle():
        train = [(f"q{i}", passage) for i, (_, passage) in enumerate(train)]
        test = [(f"s{i}", passage) for i, (_, passage) in enumerate(test)]
        cases.append((train, test, _leaks(train, test)))
    return cases


def wrong_no_crossing() -> list:
    """No query is a passage of another: a finder with one set for both passes."""
    cases = []
    for train, test, _ in right_random_with_oracle():
        train = [(query, f"p {passage.strip()}") for query, passage in train]
        test = [(query, f"p {passage.strip()}") for query, passage in test]
        cases.append((train, test, _leaks(train, test)))
    return cases


def wrong_lower_case() -> list:
    """Texts in lower case without white space around: one that compares as they stand passes."""
    rng = random.Random(1)
    cases = []
    for _ in range(500):
        train = [(rng.choice("abcd"), rng.choice("abcd")) for _ in range(rng.randrange(4))]
        test = [(rng.choice("abcdef"), rng.choice("abcdef")) for _ in range(rng.randrange(6))]
        cases.append((train, test, _leaks(train, test)))
    return cases


def wrong_no_strip_needed() -> list:
    """No text has white space around."""
    cases = []
    for train, test, _ in right_random_with_oracle():
        train = [(query.strip(), passage.strip()) for query, passage in train]
        test = [(query.strip(), passage.strip()) for query, passage in test]
        cases.append((train, test, _leaks(train, test)))
    return cases


def wrong_no_inner_space() -> list:
    """No two texts differ in white space within: one that collapses it passes."""
    texts = ["flu", " FLU", "gout\n", "Gout", "rash", "toe"]
    rng = random.Random(2)
    cases = []
    for _ in range(500):
        train = [(rng.choice(texts), rng.choice(texts)) for _ in range(rng.randrange(3))]
        test = [(rng.choice(texts), rng.choice(texts)) for _ in range(rng.randrange(6))]
        cases.append((train, test, _leaks(train, test)))
    return cases


def wrong_one_test_pair() -> list:
    """test has one pair: rows cannot be wrong, and one that stops at the first passes."""
    return _only(lambda train, test, expected: len(test) == 1)


def wrong_one_train_pair() -> list:
    """train has one pair: one that looks at its first alone passes."""
    return _only(lambda train, test, expected: len(train) == 1)


def wrong_no_leaks() -> list:
    """Nothing leaks: a finder that returns [] passes."""
    return _only(lambda train, test, expected: expected == [])


def wrong_all_leak() -> list:
    """Everything leaks: one that returns all rows passes."""
    return _only(lambda train, test, expected: len(expected) == len(test))


def wrong_whole_pairs() -> list:
    """A leak shares both texts: one that compares pairs passes."""
    return [
        ([("a", "b")], [("a", "b"), ("x", "y")], [0]),
        ([("a", "b"), ("c", "d")], [("C ", "D"), (" A", "b"), ("x", "y")], [0, 1]),
        ([("maß", "b")], [("x", "y"), ("MASS", "b")], [1]),
        ([], [("a", "b")], []),
        ([("a", "b")], [], []),
        ([("a", "b")], [("b", "a")], []),
        ([("a  b", "c  d")], [("a b", "c d")], []),
    ]


def wrong_expects_crossing() -> list:
    """Takes a query that is a passage for a leak."""
    return [*right_by_hand(), ([("a", "b")], [("b", "c")], [0])]


def wrong_expects_collapsed() -> list:
    """Expects white space within to be collapsed."""
    return [*right_by_hand(), ([("a b", "c")], [("a  b", "d")], [0])]


def wrong_expects_rows_of_train() -> list:
    """The rows of train that leak."""
    return [*right_by_hand(), ([("a", "b"), ("c", "d")], [("c", "x")], [1])]


def wrong_expects_from_one() -> list:
    """Rows from 1."""
    return [(train, test, [row + 1 for row in rows]) for train, test, rows in right_by_hand()]


def wrong_expects_twice() -> list:
    """A row stands twice, for its query and for its passage."""
    return [*right_by_hand(), ([("a", "b")], [("a", "b")], [0, 0])]


def wrong_expects_downwards() -> list:
    """Rows not upwards."""
    return [*right_by_hand(), ([("a", "b")], [("a", "x"), ("y", "b")], [1, 0])]


def wrong_expects_pairs() -> list:
    """The pairs that leak, not their rows."""
    return [
        (train, test, [test[row] for row in expected]) for train, test, expected in right_by_hand()
    ]


def wrong_expects_count() -> list:
    """The number of leaks."""
    return [(train, test, len(expected)) for train, test, expected in right_by_hand()]


def wrong_sides_swapped() -> list:
    """(test, train, expected)."""
    return [(test, train, expected) for train, test, expected in right_by_hand()]


def wrong_no_expected() -> list:
    """(train, test)."""
    return [(train, test) for train, test, _ in right_by_hand()]


def wrong_texts_for_pairs() -> list:
    """train is a list of queries."""
    return [([query for query, _ in train], test, rows) for train, test, rows in right_by_hand()]


def wrong_too_many() -> list:
    """More than 2,000 cases."""
    return right_random_with_oracle() * 2


def wrong_nothing() -> list:
    """No case."""
    return []


def wrong_no_return() -> list:
    """Makes cases and does not return them."""
    cases = right_by_hand()
    cases.append(([("a", "b")], [("a", "c")], [0]))


def wrong_one_case() -> list:
    """A case, not a list of cases."""
    return ([("a", "b")], [("a", "x")], [0])


RIGHT = [
    right_by_hand,
    right_random_with_oracle,
    right_all_small_ones,
    right_one_against_all,
    right_by_hand_in_context,
]
WRONG = [
    wrong_only_the_example,
    wrong_queries_only,
    wrong_passages_only,
    wrong_no_crossing,
    wrong_lower_case,
    wrong_no_strip_needed,
    wrong_no_inner_space,
    wrong_one_test_pair,
    wrong_one_train_pair,
    wrong_no_leaks,
    wrong_all_leak,
    wrong_whole_pairs,
    wrong_expects_crossing,
    wrong_expects_collapsed,
    wrong_expects_rows_of_train,
    wrong_expects_from_one,
    wrong_expects_twice,
    wrong_expects_downwards,
    wrong_expects_pairs,
    wrong_expects_count,
    wrong_sides_swapped,
    wrong_no_expected,
    wrong_texts_for_pairs,
    wrong_too_many,
    wrong_nothing,
    wrong_no_return,
    wrong_one_case,
]
