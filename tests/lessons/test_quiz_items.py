"""What holds for the quiz items of all lessons together: nothing but the subject tells the answer.

Not the letter, not the length of a choice, not the words that stand just above the question.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

import lib
from harness.author import proof
from harness.author.lesson import Lesson, between_marks, without_marks

LESSONS = proof.lessons(Path(lib.__file__).parents[1])
ITEMS = [(lesson, item) for lesson in LESSONS for item in lesson.quiz.values()]
SINGLE = [item for _, item in ITEMS if item["kind"] == "single"]
CHOSEN = [item for _, item in ITEMS if item["kind"] in ("single", "multiple")]
LETTERS = "abcde"

# Words that say nothing of what a choice claims.
EMPTY = frozenset(
    [
        "about",
        "above",
        "all",
        "also",
        "and",
        "any",
        "are",
        "been",
        "but",
        "can",
        "does",
        "each",
        "else",
        "for",
        "from",
        "had",
        "has",
        "have",
        "here",
        "how",
        "into",
        "its",
        "just",
        "like",
        "more",
        "most",
        "not",
        "now",
        "off",
        "one",
        "only",
        "other",
        "our",
        "out",
        "over",
        "same",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "too",
        "two",
        "under",
        "very",
        "was",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


def items(*kinds: str):
    chosen = [(lesson, item) for lesson, item in ITEMS if item["kind"] in kinds]
    return pytest.mark.parametrize(("lesson", "item"), chosen, ids=[i["id"] for _, i in chosen])


def lengths(item: dict) -> dict[str, int]:
    """The characters of each choice as a learner reads it."""
    return {letter: len(" ".join(c["text"].split())) for letter, c in item["choices"].items()}


def stands_out(item: dict, pick) -> float:
    """How likely a learner is right who takes the longest (or shortest) choice; ties are drawn."""
    sizes = lengths(item)
    best = [letter for letter, size in sizes.items() if size == pick(sizes.values())]
    return sum(letter in item["key"] for letter in best) / len(best)


def above(lesson: Lesson, name: str, cells: int = 2) -> str:
    """What stands in the cells that hold something, right above a question; worked answers do not."""
    place = next(i for i, c in enumerate(lesson.cells) if c.role == "quiz" and c.target == name)
    before = [c for c in lesson.cells[:place] if c.role not in ("quiz", "hidden", "check")]
    texts = []
    for cell in before[-cells:]:
        worked = set(between_marks(cell.source))
        lines = without_marks(cell.source).split("\n")
        texts.append("\n".join(line for line in lines if line not in worked))
    return "\n".join(texts)


def words(text: str) -> set[str]:
    """The words that carry a text's meaning, without their endings."""
    found = re.findall(r"[a-z]{3,}", text.lower())
    return {re.sub(r"(ings?|ed|es|s|ly|e)$", "", word) for word in found if word not in EMPTY}


def numbers(text: str) -> list[float]:
    """All numbers of a text, also 1,000 and -0.4."""
    found = re.findall(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w%])", text)
    return [float(number.replace(",", "")) for number in found]


def test_no_letter_holds_more_than_a_third_of_the_keys():
    """Every letter that all items have is right at least half as often as chance would have it."""
    counts = {letter: sum(item["key"] == letter for item in SINGLE) for letter in LETTERS}
    assert max(counts.values()) <= len(SINGLE) / 3, counts
    for letter in LETTERS[:3]:
        by_chance = sum(1 / len(item["choices"]) for item in SINGLE if letter in item["choices"])
        assert counts[letter] >= math.floor(by_chance / 2), counts


@pytest.mark.parametrize(("pick", "said"), [(max, "longest"), (min, "shortest")])
@pytest.mark.parametrize("kind", ["single", "multiple"])
def test_the_right_choice_is_the_longest_or_shortest_no_more_often_than_chance(kind, pick, said):
    """Chance: 1 / choices an item, right choices / choices where there are several; rounded up."""
    asked = [item for item in CHOSEN if item["kind"] == kind]
    by_chance = sum(len(item["key"]) / len(item["choices"]) for item in asked)
    right = sum(stands_out(item, pick) for item in asked)
    assert right <= math.ceil(by_chance), f"{right:.1f} of {len(asked)} right choices are {said}"


@items("single", "multiple")
def test_the_choices_of_an_item_are_written_with_equal_care(lesson, item):
    sizes = sorted(lengths(item).values())
    assert sizes[-1] <= 2 * sizes[0] + 10, lengths(item)
    ends = {c["text"].strip()[-1] in ".?" for c in item["choices"].values()}
    assert len(ends) == 1, "either all choices are sentences or none"


@items("single", "multiple")
def test_the_words_of_the_right_choice_do_not_stand_above_the_question(lesson, item):
    """A choice that repeats what was just read gives itself away, if the others do not."""
    told = words(item["prompt"] + "\n" + above(lesson, item["id"]))
    said = {letter: words(choice["text"]) for letter, choice in item["choices"].items()}
    shares = {letter: len(w & told) / max(1, len(w)) for letter, w in said.items()}
    others = max(share for letter, share in shares.items() if letter not in item["key"])
    for letter in item["key"]:
        repeats = shares[letter] >= 0.6 and len(said[letter] & told) >= 3
        assert not repeats or shares[letter] - others < 0.199, shares


@items("numeric")
def test_the_number_asked_for_does_not_stand_above_the_question(lesson, item):
    told = [*numbers(item["prompt"]), *numbers(above(lesson, item["id"]))]
    assert [x for x in told if abs(x - item["key"]) <= item["tolerance"]] == []


@items("ordering")
def test_the_steps_to_be_put_in_order_are_not_told_above_the_question(lesson, item):
    told = words(above(lesson, item["id"]))
    steps = set().union(*(words(choice["text"]) for choice in item["choices"].values()))
    # Lists of numbers have no words to be told.
    assert not steps or len(steps & told) < 0.5 * len(steps), sorted(steps & told)


@items("single", "multiple", "numeric", "ordering")
def test_feedback_is_a_sentence_that_names_no_letter(lesson, item):
    told = (
        [c["feedback"] for c in item["choices"].values()]
        if item["kind"] in ("single", "multiple")
        else []
    )
    if not told:
        said = item["feedback"]
        told = [said["right"], said["wrong"], *(trap["text"] for trap in said.get("traps", []))]
    for text in told:
        assert text.strip()[-1] in ".?!)", text
        assert len(text.split()) >= 6, text
        assert not re.search(r"\b(choice|answer|letter|option)s? \(?[a-e]\b|\b[a-e]\)", text), text
    assert len(set(told)) == len(told)


@items("single", "multiple")
def test_the_feedback_of_a_wrong_choice_does_not_quote_the_right_one(lesson, item):
    right = [
        " ".join(item["choices"][letter]["text"].lower().split()).rstrip(".")
        for letter in item["key"]
    ]
    for letter, choice in item["choices"].items():
        if letter not in item["key"]:
            told = " ".join(choice["feedback"].lower().split())
            assert not [text for text in right if len(text) > 12 and text in told]


@items("numeric")
def test_the_feedback_of_a_wrong_number_does_not_say_the_right_one(lesson, item):
    said = item["feedback"]
    for text in [said["wrong"], *(trap["text"] for trap in said.get("traps", []))]:
        assert item["key"] not in numbers(text), text
