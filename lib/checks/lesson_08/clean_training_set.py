"""Lesson 08, what a model is trained on: `clean_training_set`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.lesson_08 import _cleaning, _texts
from lib.checks.lesson_08._cleaning import Relevant, cleaned
from lib.checks.lesson_08._texts import Pair, key
from lib.checks.values import EXACT

# Pairs, negatives, relevant passages, and what is special about them.
_TELLING: list[tuple[list[Pair], list[list[str]], Relevant, str]] = [
    (
        [("chest pain", "angina"), ("rash", "eczema")],
        [["gout", "asthma"], ["croup", "stroke"]],
        {"chest pain": {"angina"}, "rash": {"eczema"}},
        "nothing to clean",
    ),
    (
        [("fever", "flu"), ("fever", "sepsis"), ("fever", "flu"), ("chills", "flu")],
        [["gout"], ["acne"], ["croup"], ["mumps"]],
        {"fever": {"flu", "sepsis"}, "chills": {"flu"}},
        "a pair that came before",
    ),
    (
        [("Fever", "Flu"), ("cough", "croup"), ("\tFever", "Flu "), ("FEVER", "flu")],
        [["Gout"], ["acne"], ["mumps"], ["polio"]],
        {"Fever": {"Flu"}, "cough": {"croup"}, "\tFever": {"Flu "}, "FEVER": {"flu"}},
        "a pair that came before, written otherwise",
    ),
    (
        [("gout", "gout"), ("sore toe", "gout"), ("Acne", " acne"), ("ACNE ", "pimples")],
        [["flu"], ["croup"], ["mumps"], ["polio"]],
        {"gout": {"gout"}, "sore toe": {"gout"}, "Acne": {" acne"}, "ACNE ": {"pimples"}},
        "a query that is its own passage",
    ),
    (
        [("fever", "flu"), ("thirst", "diabetes")],
        [["gout", "sepsis", "acne", "malaria"], ["sepsis", "gout"]],
        {"fever": {"flu", "sepsis", "malaria"}, "thirst": {"diabetes"}},
        "negatives that are relevant, one of them for the other query alone",
    ),
    (
        [("fever", "flu"), ("itch", "scabies")],
        [["flu", "gout"], ["acne", "scabies"]],
        {"fever": {"sepsis"}},
        "the own passage among the negatives, which `relevant` does not name",
    ),
    (
        [("fever", "flu"), ("itch", "scabies")],
        [["gout", "acne", "gout", "croup", "acne"], ["gout", "acne", "mumps"]],
        {"fever": {"flu"}, "itch": {"scabies"}},
        "negatives that repeat",
    ),
    (
        [("fever", "Flu")],
        [[" FLU", "sepsis ", "Gout ", "Malaria", "gout", "acne"]],
        {"fever": {"Flu", "SEPSIS", "malaria"}},
        "negatives in other cases and with white space",
    ),
    (
        [("Fever", "flu"), ("fever", "measles"), ("FEVER ", "mumps")],
        [["sepsis", "gout", "acne"], ["sepsis", "gout", "acne"], ["sepsis", "gout", "acne"]],
        {"Fever": {"flu", "sepsis"}, "fever": {"measles", "gout"}, "fever ": {"mumps", "acne"}},
        "`relevant` is looked up by the query as it stands",
    ),
    (
        [("fever", "flu"), ("fever", "sepsis"), ("itch", "scabies")],
        [["sepsis", "Flu"], ["flu", "gout"], []],
        {"fever": {"flu", "sepsis"}, "itch": {"scabies"}},
        "no negative is left, or there was none",
    ),
    (
        [("Fußpilz", "tinea"), ("FUSSPILZ", "tinea"), ("groß", "hoch")],
        [["gicht"], ["akne"], ["GROSS", "HOCH"]],
        {"Fußpilz": {"tinea"}, "FUSSPILZ": {"tinea"}, "groß": {"hoch"}},
        "a letter that casefold makes two",
    ),
    (
        [("wide", "broad"), ("sore foot", "Fußpilz")],
        [["GROSS", "groß", "thin"], ["FUSSPILZ", "NASS", "gout"]],
        {"wide": {"broad"}, "sore foot": {"Fußpilz", "naß"}},
        "negatives with a letter that casefold makes two",
    ),
    (
        [("fever", "flu"), ("fever", "sepsis"), ("thirst", "gout"), ("thirst", "diabetes")],
        [["acne"], ["flu", "acne"], ["acne"], ["gout", "acne"]],
        {"fever": {"sepsis"}},
        "the passage of an earlier pair, which `relevant` does not name",
    ),
    (
        [("itch", "scabies")],
        [["zoster", "mumps", "acne", "polio", "gout", "croup", "zoster", "lupus"]],
        {"itch": {"scabies", "acne"}},
        "many negatives",
    ),
    ([("itch", "scabies")], [["gout", "acne"]], {}, "nothing is said of the query"),
    ([], [], {}, "no pairs"),
]


def _cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    for pairs, negatives, relevant, label in _TELLING:
        yield Case((list(pairs), [list(row) for row in negatives], dict(relevant)), label)
    yield Case(([("a", "b"), ("a", "c")], [["x  y", "x y"], []], {}), "two spaces are not one")
    yield Case(
        ([("a", "b"), ("b", "a")], [[], []], {}), "query and passage exchanged are another pair"
    )
    for turn in range(8 if hidden else 3):
        yield Case(_drawn(rng), f"random {turn}")


def _drawn(rng: np.random.Generator) -> tuple:
    """Pairs, negatives and relevant passages from few names, each name written in two ways."""
    count = int(rng.integers(6, 14))

    def text(role: str, names: int) -> str:
        name = f"{role} {rng.integers(names)}"
        return name if rng.random() < 0.7 else f" {name.upper()}"

    pairs, negatives = [], []
    for _ in range(count):
        passage = text("passage", 10)
        own = rng.random() < 0.1
        pairs.append((passage.title() if own else text("query", 4), passage))
        negatives.append([text("passage", 10) for _ in range(int(rng.integers(0, 9)))])
    relevant: Relevant = {}
    for query, passage in pairs:
        if rng.random() < 0.8:
            relevant[query] = {passage, *(text("passage", 10) for _ in range(2))}
    return pairs, negatives, relevant


def _by_asking_each(
    pairs: list[Pair], negatives: list[list[str]], relevant: Relevant
) -> list[tuple]:
    """The oracle: asks of each pair and each negative whether something before it equals it."""

    def alike(a: str, b: str) -> bool:
        return a.strip().casefold() == b.strip().casefold()

    found = []
    for place, (query, passage) in enumerate(pairs):
        before = any(alike(query, q) and alike(passage, p) for q, p in pairs[:place])
        if before or alike(query, passage):
            continue
        right = [passage, *sorted(relevant.get(query, []))]
        row, kept = negatives[place], []
        for rank, text in enumerate(row):
            if not any(alike(text, other) for other in [*right, *row[:rank]]):
                kept.append(text)
        found.append((query, passage, kept))
    return found


EXERCISE = Exercise(
    "clean_training_set",
    "08",
    _cases,
    _by_asking_each,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "duplicates-kept",
            "A pair that came before is still there. It is no new example, and in a batch with its twin the "
            "right passage counts as a wrong one.",
            cleaned(lambda query, passage: object()),
            hint=1,
        ),
        Mistake(
            "one-pair-a-query",
            "You keep one pair for each query. A query may have several right passages: only the same query "
            "with the same passage is a repeat.",
            cleaned(lambda query, passage: key(query)),
            hint=1,
        ),
        Mistake(
            "one-pair-a-passage",
            "You keep one pair for each passage. A passage may answer several queries: only the same query "
            "with the same passage is a repeat.",
            cleaned(lambda query, passage: key(passage)),
            hint=1,
        ),
        Mistake(
            "last-of-equals-kept",
            "Of two equal pairs you keep the later one with its negatives. Keep the first as it came, and "
            "drop the later one.",
            _cleaning.last_kept,
            hint=1,
        ),
        Mistake(
            "negatives-merged",
            "You add the negatives of a repeated pair to those of the first. A dropped pair goes with its "
            "negatives.",
            _cleaning.merged,
            hint=1,
        ),
        Mistake(
            "own-query-kept",
            "A pair whose query is its own passage is still there. It teaches the model nothing: drop it.",
            cleaned(same=None),
            hint=1,
        ),
        Mistake(
            "out-of-step",
            "You drop pairs but not their rows of negatives, so that later pairs get the negatives of others. "
            "Go through both together with `zip`.",
            _cleaning.out_of_step,
            hint=1,
        ),
        Mistake(
            "as-they-stand",
            "You compare the texts as they stand. Compare `text.strip().casefold()`, so that case and white "
            "space around a text make no difference.",
            _cleaning.everywhere(_texts.as_it_stands),
            hint=2,
        ),
        Mistake(
            "case-kept",
            "A text in capitals counts as another text for you. Compare `text.strip().casefold()`.",
            _cleaning.everywhere(_texts.with_case),
            hint=2,
        ),
        Mistake(
            "spaces-kept",
            "White space around a text makes it another for you. Compare `text.strip().casefold()`.",
            _cleaning.everywhere(_texts.with_spaces),
            hint=2,
        ),
        Mistake(
            "lower-for-casefold",
            "You compare by `lower()`, if only in one place. It keeps ß and SS apart; `casefold()` does not.",
            _cleaning.everywhere(_texts.lowered),
            hint=2,
            also=[_cleaning.pairs_by(_texts.lowered), _cleaning.negatives_by(_texts.lowered)],
        ),
        Mistake(
            "pairs-as-they-stand",
            "You compare negatives without case and white space, but pairs as they stand. Compare "
            "`text.strip().casefold()` everywhere.",
            _cleaning.pairs_by(_texts.as_it_stands),
            hint=2,
        ),
        Mistake(
            "negatives-as-they-stand",
            "You compare pairs without case and white space, but negatives as they stand. Compare "
            "`text.strip().casefold()` everywhere.",
            _cleaning.negatives_by(_texts.as_it_stands),
            hint=2,
        ),
        Mistake(
            "relevant-as-it-stands",
            "You compare the negatives with the texts of `relevant` as these stand. Compare "
            "`text.strip().casefold()` of both.",
            cleaned(right=_texts.as_it_stands),
            hint=2,
            also=_cleaning.relevant_as_it_stands,
        ),
        Mistake(
            "adds-to-relevant",
            "You add to a set that belongs to `relevant`. Copy it first.",
            _cleaning.added_to_relevant(missing=False),
            hint=3,
            also=[_cleaning.added_to_relevant(missing=True)],
        ),
        Mistake(
            "query-looked-up-by-key",
            "You look `relevant` up by the query in small letters, and do not find it. Its keys are the "
            "queries exactly as they stand.",
            cleaned(looked_up=key),
            hint=3,
        ),
        Mistake(
            "query-not-in-relevant",
            "You look up a query that `relevant` does not name. It has only its own passage then: "
            "`relevant.get(query, set())`.",
            _cleaning.not_looked_up,
            hint=3,
        ),
        Mistake(
            "relevant-kept",
            "Negatives that are relevant for the query are still there; you drop the pair's own passage alone. "
            "These are the false negatives: drop all that `relevant` names for the query.",
            cleaned(others=False),
            hint=3,
        ),
        Mistake(
            "own-passage-kept",
            "The pair's own passage stands among its negatives where `relevant` does not name it. It is right "
            "in any case: drop it, too.",
            cleaned(own=None),
            hint=3,
        ),
        Mistake(
            "relevant-for-anyone",
            "You drop what is relevant for any query. A passage that is right for another query may be a good "
            "negative for this one.",
            cleaned(all_relevant=True),
            hint=3,
        ),
        Mistake(
            "repeats-kept",
            "A negative that stands twice in a row is still there twice. Keep its first occurrence.",
            cleaned(repeats=True),
            hint=3,
        ),
        Mistake(
            "once-in-the-whole-set",
            "You drop a negative that an earlier pair had. Only repeats among the negatives of one pair are "
            "dropped: begin anew for each pair.",
            _cleaning.once_in_the_set,
            hint=3,
        ),
        Mistake(
            "order-lost",
            "The right negatives are kept, in another order: a set has none. Go through the list and remember "
            "in a set what you have met.",
            cleaned(finish=lambda texts: list(set(texts))),
            by_hash=True,
        ),
        Mistake(
            "sorted-negatives",
            "You sort the negatives. They keep the order in which they came.",
            cleaned(finish=sorted),
        ),
        Mistake(
            "emptied-pairs-dropped",
            "You drop pairs that have no negative left. They stay, with an empty list: the other passages of "
            "the batch are negatives, too.",
            cleaned(emptied=False),
        ),
        Mistake(
            "negatives-stripped",
            "The negatives come back without the white space around them. Texts come out as they came in: "
            "strip only for comparing.",
            cleaned(finish=lambda texts: [text.strip() for text in texts]),
            hint=2,
        ),
        Mistake(
            "texts-changed",
            "The texts come back in small letters and without white space. Compare in this form, and return "
            "the texts as they came.",
            _cleaning.texts_as_compared,
            hint=2,
        ),
    ],
)
