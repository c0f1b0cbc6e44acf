"""Queries that nobody asked: made from a passage, to train on where real ones are few.

By rule they are cheap and crude; a language model writes better ones and knows words that stand in no
passage (Bonifacio et al. 2022, InPars; Dai et al. 2023, Promptagator). Either way the passage that a
query was made from is its right one, so they are pairs to train on, never to test on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lib._arguments import as_texts
from lib.analysis import analyze_english
from lib.ontology import load_ontology
from lib.progress_bar import track
from lib.text import split_words

if TYPE_CHECKING:
    from lib.data import CourseSet

__all__ = [
    "ask_for_queries",
    "glossary_names",
    "parse_queries",
    "prompt_for",
    "queries_by_rule",
    "reply_by_rule",
    "rule_client",
    "written_queries",
]

_MARK = re.compile(r"^(?:\d+[.)]|[-*•])\s+")
_CLAUSE = re.compile(r"[.;,:()]| that | which | due to | caused by | resulting | defined ")
_SHORTEST, _LONGEST = 2, 8  # words
_SHORTEST_NAME = 5  # characters
_OPENING = re.compile(
    r"^(?:an?|the|any|presence of|abnormal(?:ity)? of|a type of|a form of|a kind of)\s+", re.I
)

Parse = Callable[[str, str, int], list[str]]  # reply, title, count -> queries


def queries_by_rule(title: str, passage: str, count: int = 2, seed: int = 0) -> list[str]:
    """Return at most `count` queries made of pieces of a passage, which do not hold its title.

    A piece is what stands between two commas, full stops or words such as "that", without the article
    in front, of two to eight words; longer ones are cut at the end. Which pieces, the seed decides.
    The title, with which many passages begin, is left out.
    """
    body = passage.removeprefix(title).lstrip(". ")
    pieces: dict[str, str] = {}
    known = set(analyze_english(title))
    for clause in _CLAUSE.split(body):
        words = split_words(_OPENING.sub("", clause.strip()))[:_LONGEST]
        piece = " ".join(words)
        new = set(analyze_english(piece)) - known
        if len(words) >= _SHORTEST and len(new) >= _SHORTEST and title.casefold() not in piece:
            pieces.setdefault(piece.casefold(), piece)
    drawn = list(pieces.values())
    random.Random(f"{seed} {title}").shuffle(drawn)
    return drawn[:count]


def glossary_names(course: CourseSet, rows: Iterable[int]) -> list[tuple[int, str]]:
    """Return (row, another name of its term), from the ontology, for the rows that have one.

    Such names, "Overactive bladder syndrome" for "Urinary urgency", stand in a glossary that nobody
    made for training. Names that are a layperson's are left out, since these are the course's
    questions, and so are abbreviations, plurals and British spellings.
    """
    terms = load_ontology().terms
    found = []
    for row in rows:
        term = terms[course.ids[row]]
        names = [
            synonym.text
            for synonym in term.synonyms
            if not synonym.kind and synonym.text.casefold() != term.name.casefold()
        ]
        laypersons = {s.text.casefold() for s in term.synonyms if s.kind == "layperson"}
        names = [n for n in names if n.casefold() not in laypersons and len(n) >= _SHORTEST_NAME]
        if names:
            found.append((row, names[0]))
    return found


def prompt_for(title: str, passage: str, count: int) -> str:
    """Return what a language model is asked: `count` queries for a passage, without its title."""
    return (
        f"Below is a passage. Write {count} short search queries that people without special knowledge "
        "would type who look for it, in everyday words, one a line. Do not use its title, "
        f'"{title}".\n\nPassage:\n{passage}'
    )


def parse_queries(reply: str, title: str, count: int) -> list[str]:
    """Return at most `count` queries in a language model's reply, one a line, cleaned and distinct.

    A line loses one mark in front ("1. ", "- ") and a pair of quotes around it. Dropped are empty
    lines, headings that end in a colon, and lines that hold the title, which give the answer away.
    """
    found: dict[str, str] = {}
    for line in reply.splitlines():
        line = _MARK.sub("", line.strip())
        if line.startswith('"') and line.endswith('"'):
            line = line[1:-1].strip()
        key = line.casefold()
        if line and not line.endswith(":") and title.casefold() not in key:
            found.setdefault(key, line)
    return list(found.values())[:count]


def reply_by_rule(prompt: str) -> str:
    """Return what a language model might reply to `prompt_for`, with the queries made by rule.

    The stand-in of a local server, as `OfflineServer(answer=reply_by_rule)`: it knows no word that
    is not in the passage, but its replies have the form of real ones.
    """
    passage = prompt.rpartition("Passage:\n")[2]
    title = passage.partition(". ")[0]
    lines = [f"{n}. {query}" for n, query in enumerate(queries_by_rule(title, passage, 3), start=1)]
    return "\n".join(["Here are some queries:", *lines, f"- {title}"])


def rule_client() -> Any:
    """Return a client without a server, which answers by `reply_by_rule`: for where openai is missing."""

    def create(model: str, messages: Sequence[Any]) -> Any:
        message = SimpleNamespace(role="assistant", content=reply_by_rule(messages[-1]["content"]))
        return SimpleNamespace(model=model, choices=[SimpleNamespace(message=message)])

    return SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=create)))


def ask_for_queries(client: Any, model: str, title: str, passage: str, count: int = 3) -> str:
    """Return the reply of a language model that was asked for queries for a passage.

    client: anything with `chat.completions.create`, such as `openai.OpenAI(base_url=...)`: OpenAI's
    own service and every server that speaks its protocol. Raises what the client raises.
    """
    asked = [{"role": "user", "content": prompt_for(title, passage, count)}]
    answer = client.chat.completions.create(model=model, messages=asked)
    return answer.choices[0].message.content or ""


def written_queries(
    client: Any,
    model: str,
    titles: Iterable[str],
    passages: Iterable[str],
    *,
    count: int = 3,
    parse: Parse = parse_queries,
    progress: bool = True,
) -> list[list[str]]:
    """Return for each passage the queries that a language model writes for it, one request each.

    parse: turns a reply, a title and the most that are wanted into queries.
    Raises ValueError for another number of titles, and what the client raises.
    """
    names: Sequence[str] = as_texts("written_queries", titles, "titles")
    texts = as_texts("written_queries", passages, "passages")
    if len(names) != len(texts):
        raise ValueError(
            f"written_queries: {len(names)} titles for {len(texts)} passages; expected one each"
        )
    found = []
    for row in track(range(len(texts)), "Asking", "passage", shown=progress):
        reply = ask_for_queries(client, model, names[row], texts[row], count)
        found.append(list(parse(reply, names[row], count)))
    return found
