"""Lesson 09, what a model wants before a text: `with_prefix`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT

_TASK = "Given a question, find the passage that answers it"
_SIDES = ("query", "document")
_FAMILIES = ("e5", "nomic", "bge", "e5-mistral", "gte-qwen2", "minilm")
_TOLD = ("e5-mistral", "gte-qwen2")  # the families that are told what is searched for


def _prefix_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yield Case(("e5", ["sore toe"], "query"), "E5, a query")
    yield Case(("e5", ["Gout is an arthritis."], "document"), "E5, a document")
    texts = ["fever in children", "what is gout?"]
    for family in _FAMILIES:
        for side in _SIDES:
            yield Case((family, texts, side, _TASK), f"{family}, side {side!r}")
    yield Case(("bge", texts, "query"), "bge, no task")
    yield Case(("e5-mistral", ["a", "b"], "query", "Find the disease"), "another task")
    yield Case(("nomic", [], "query"), "no text")
    yield Case(("gte-qwen2", [], "document", _TASK), "no text, and a task")
    yield Case(("nomic", ["", " two spaces "], "document"), "an empty text, and spaces around one")
    yield Case(("gte-qwen2", ["", " two spaces "], "query", _TASK), "the same, with a task")
    yield Case(("minilm", [" as it is\n"], "query"), "a line break at the end")
    yield Case(("glove", texts, "query"), "an unknown family, query")
    yield Case(("glove", texts, "document"), "an unknown family, document")
    yield Case(("e5", texts, "passage"), "E5's own word for a document is no side")
    yield Case(("minilm", texts, "both"), "an unknown side, and a family that wants nothing")
    yield Case(("e5-mistral", texts, "both", _TASK), "an unknown side, and a task")
    yield Case(("e5-mistral", texts, "query"), "no task where one is told")
    yield Case(("gte-qwen2", texts, "query", ""), "an empty task where one is told")
    yield Case(("gte-qwen2", texts, "document"), "no task, documents")
    yield Case(("minilm", texts, "query"), "no task, minilm")
    odd = ["query: a", "{task}", "a {b}", "twice", "twice"]
    yield Case(("e5", odd, "query"), "texts that look like a prefix, and one that comes twice")
    yield Case(("e5-mistral", odd, "query", _TASK), "the same, with a task")
    yield Case(("glove", [], "query"), "an unknown family, no text")
    yield Case(("e5", [], "both"), "an unknown side, no text")
    yield Case(("gte-qwen2", [], "query"), "no task where one is told, and no text")
    yield Case(("E5", texts, "query"), "a family in capitals is unknown")
    yield Case(("e5", texts, "Query"), "a side in capitals is unknown")
    for turn in range(8 if hidden else 4):
        words = [" ".join(rng.choice(["hip", "pain", "of", "the", "arm"], 3)) for _ in range(3)]
        family, side = str(rng.choice(_FAMILIES)), str(rng.choice(_SIDES))
        task = f"Find {rng.choice(['the name', 'a definition', 'the cause'])} of what is described"
        yield Case((family, words, side, task), f"random {turn}")


def _text_by_text(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """The oracle: writes each text as the model's card shows it."""
    is_query = side == "query"
    if not is_query and side != "document":
        raise ValueError(f"side {side!r}")
    if is_query and family in _TOLD and task == "":
        raise ValueError("no task")

    def one(text: str) -> str:
        match family:
            case "e5":
                return f"query: {text}" if is_query else f"passage: {text}"
            case "nomic":
                return f"search_{side}: {text}"
            case "bge" if is_query:
                return f"Represent this sentence for searching relevant passages: {text}"
            case "e5-mistral" | "gte-qwen2" if is_query:
                return f"Instruct: {task}\nQuery: {text}"
            case "bge" | "e5-mistral" | "gte-qwen2" | "minilm":
                return text
        raise ValueError(f"family {family!r}")

    one("")  # another family is refused, also if there is no text
    return [one(text) for text in texts]


def _known(family: str, side: str, task: str = "") -> str:
    """The right prefix; ValueError for another family or side, and where a task is missing."""
    if family in _TOLD and side == "query" and not task:
        raise ValueError("no task")
    return _any_task(family, side, task)


def _any_task(family: str, side: str, task: str) -> str:
    told = f"Instruct: {task}\nQuery: "
    before = {
        "e5": ("query: ", "passage: "),
        "nomic": ("search_query: ", "search_document: "),
        "bge": ("Represent this sentence for searching relevant passages: ", ""),
        **dict.fromkeys(_TOLD, (told, "")),
        "minilm": ("", ""),
    }
    if family not in before or side not in _SIDES:
        raise ValueError("no such family or side")
    return before[family][_SIDES.index(side)]


def _with(
    prefix: Callable[[str, str, str], str],
    put: Callable[[str, str], str] = lambda before, text: before + text,
) -> Callable:
    """prefix(family, side, task) is put before each text."""

    def prefixed(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
        before = prefix(family, side, task)
        return [put(before, text) for text in texts]

    return prefixed


def _changed(change: Callable[[str, str, str], str]) -> Callable:
    """Another prefix made of the right one: change(family, side, right prefix)."""
    return _with(lambda family, side, task: change(family, side, _known(family, side, task)))


def _told(change: Callable[[str], str]) -> Callable:
    """The same, with another prefix for the queries of the families that are told the task."""
    return _changed(
        lambda family, side, before: change(before) if family in _TOLD and before else before
    )


def _exchanged(family: str, side: str, task: str) -> str:
    return _known(family, {"query": "document", "document": "query"}.get(side, side), task)


def _before_both(families: tuple[str, ...]) -> Callable:
    """What stands before queries of these families stands before their documents, too."""

    def prefix(family: str, side: str, task: str) -> str:
        before = _known(family, side, task)
        return _known(family, "query", task) if family in families else before

    return _with(prefix)


def _task_forgotten(family: str, side: str, task: str) -> str:
    _known(family, side, task)
    return _any_task(family, side, "")


def _asked_of_all_queries(family: str, side: str, task: str) -> str:
    before = _known(family, side, task)
    if side == "query" and not task:
        raise ValueError("no task")
    return before


def _asked_of_both_sides(family: str, side: str, task: str) -> str:
    before = _known(family, side, task)
    if family in _TOLD and not task:
        raise ValueError("no task")
    return before


def _unknown_family(family: str, side: str, task: str) -> str:
    return _known(family if family in _FAMILIES else "minilm", side, task)


def _key_error(family: str, side: str, task: str) -> str:
    if family not in _FAMILIES:
        raise KeyError(family)
    return _known(family, side, task)


def _checked_text_by_text(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    return [_known(family, side, task) + text for text in texts]


def _other_sides_as(taken: str) -> Callable:
    return _with(lambda family, side, task: _known(family, side if side in _SIDES else taken, task))


def _minilm_refused(family: str, side: str, task: str) -> str:
    return _known("" if family == "minilm" else family, side, task)


def _e5_for_all_e5(family: str, side: str, task: str) -> str:
    return _known("e5" if family.startswith("e5") else family, side, task)


EXERCISE = Exercise(
    "with_prefix",
    "09",
    _prefix_cases,
    _text_by_text,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "sides-exchanged",
            "Queries get what belongs before documents, and documents what belongs before queries. Compare "
            'with the table: "query: " of E5 stands before queries.',
            _with(_exchanged),
            hint=1,
        ),
        Mistake(
            "query-prefix-for-both",
            "You put the prefix of queries before documents, too. A document has a prefix of its own, or none.",
            _before_both(_FAMILIES),
            hint=1,
        ),
        Mistake(
            "documents-without-prefix",
            "Your documents never get a prefix. E5 and nomic want one before documents, too.",
            _changed(lambda family, side, before: before if side == "query" else ""),
            hint=1,
        ),
        Mistake(
            "instructions-before-documents",
            "You put an instruction before documents. In bge and in the models that are told the task it "
            "stands before queries alone.",
            _before_both(("bge", *_TOLD)),
            hint=1,
        ),
        Mistake(
            "bge-sentence-before-documents",
            "You put bge's sentence before documents. It stands before queries alone.",
            _before_both(("bge",)),
            hint=1,
        ),
        Mistake(
            "task-before-documents",
            "You tell the task before documents. It stands before queries alone: so a document has one vector, "
            "whatever is searched for.",
            _before_both(_TOLD),
            hint=1,
        ),
        Mistake(
            "nomic-as-e5",
            'You give nomic the prefixes of E5. Its own are "search_query: " and "search_document: ".',
            _changed(
                lambda family, side, before: _known("e5", side) if family == "nomic" else before
            ),
            hint=1,
        ),
        Mistake(
            "e5-mistral-as-e5",
            "You treat E5-Mistral as E5, since its name begins alike. It is another model and wants the task "
            "before queries.",
            _with(_e5_for_all_e5),
            hint=1,
        ),
        Mistake(
            "space-lost",
            'The space between the prefix and the text is missing. It belongs to the prefix: "query: ".',
            _changed(lambda family, side, before: before.rstrip(" ")),
            hint=2,
        ),
        Mistake(
            "space-lost-behind-query",
            'The space behind "Query:" is missing, where a task is told.',
            _told(lambda before: before.rstrip(" ")),
            hint=2,
        ),
        Mistake(
            "on-one-line",
            'Task and query stand on one line. A line break, "\\n", stands between them.',
            _told(lambda before: before.replace("\n", " ")),
            hint=2,
        ),
        Mistake(
            "line-break-lost",
            'Nothing stands between the task and "Query:". A line break, "\\n", belongs there.',
            _told(lambda before: before.replace("\n", "")),
            hint=2,
        ),
        Mistake(
            "line-break-written-out",
            'A backslash and an n stand between task and query, in place of a line break: a raw text (r"...") '
            "or a doubled backslash writes it out.",
            _told(lambda before: before.replace("\n", "\\n")),
            hint=2,
        ),
        Mistake(
            "task-not-filled-in",
            'The word "{task}" stands in your queries, in place of the task. Is the f before the quotation '
            "mark missing?",
            _told(lambda before: "Instruct: {task}\nQuery: "),
            hint=2,
        ),
        Mistake(
            "task-forgotten",
            'Behind "Instruct: " the task is missing. It is the argument `task`.',
            _with(_task_forgotten),
            hint=2,
        ),
        Mistake(
            "put-behind",
            "You put the prefix behind the text. It stands before it.",
            _with(_known, lambda before, text: text + before),
            hint=2,
        ),
        Mistake(
            "texts-stripped",
            "You take white space off the texts. Put the prefix before them and change nothing else.",
            _with(_known, lambda before, text: before + text.strip()),
            hint=2,
        ),
        Mistake(
            "looked-at-for-each-text",
            "You look at family, side and task inside the loop over the texts, so that without a text nothing is "
            "looked at. Look before the loop.",
            _checked_text_by_text,
            hint=3,
        ),
        Mistake(
            "unknown-family-unchanged",
            "The texts of an unknown family come back without a prefix, and nobody notices. Raise a "
            "ValueError.",
            _with(_unknown_family),
            hint=3,
        ),
        Mistake(
            "unknown-family-key-error",
            "An unknown family raises the KeyError of your dictionary. Raise a ValueError: ask with `in` first.",
            _with(_key_error),
            hint=3,
        ),
        Mistake(
            "other-sides-as-documents",
            'You take every side but "query" for a document. Raise a ValueError for one that is neither.',
            _other_sides_as("document"),
            hint=3,
        ),
        Mistake(
            "other-sides-as-queries",
            'You take every side but "document" for a query. Raise a ValueError for one that is neither.',
            _other_sides_as("query"),
            hint=3,
        ),
        Mistake(
            "task-unchecked",
            "Where the task is missing you put an empty one before the query, which the model never saw in "
            "training. Raise a ValueError.",
            _with(_any_task),
            hint=3,
        ),
        Mistake(
            "task-asked-of-all",
            "You ask every family for a task. Only the queries of `e5-mistral` and `gte-qwen2` are told one.",
            _with(_asked_of_all_queries),
            hint=3,
        ),
        Mistake(
            "task-asked-of-documents",
            "You ask for a task where documents are embedded. Only queries are told one.",
            _with(_asked_of_both_sides),
            hint=3,
        ),
        Mistake(
            "minilm-refused",
            "You refuse minilm, which wants no prefix. It is a family like the others: its texts come back as "
            "they are.",
            _with(_minilm_refused),
            hint=3,
        ),
    ],
)
