"""The texts of the course: its one retrieval set, and sentences to learn words from.

All of it lies in installed packages and is read at run time. What people judged (similarity,
analogies) is in lib.judgements and can be had from here too.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lib._family_split import SHARES, share, sides
from lib.judgements import AnalogySection, Similarity, load_analogies, load_similarity
from lib.ontology import Ontology, Term, families, load_ontology

__all__ = [
    "PROFILES",
    "AnalogySection",
    "CourseSet",
    "Similarity",
    "Split",
    "families_of",
    "load_analogies",
    "load_corpus_sentences",
    "load_course_set",
    "load_hidden_queries",
    "load_lay_sentences",
    "load_similarity",
]

PROFILES = {"fast": 4_000, "full": None}

_SHORTEST_QUERY = 5  # characters
_HIDDEN_SHARE = 0.1
_SALTS = {
    "split": "course split 1",
    "hidden": "capstone judge 1",
    "distractor": "course distractor 1",
}
_LICENCE = (
    "HPO licence (https://human-phenotype-ontology.github.io/license.html): free to use with "
    "citation and release, contents unaltered"
)


@dataclass(frozen=True)
class Split:
    """Queries of one side of the split.

    ids: name of each query.  queries: its text.  relevant: {passage id: grade}, here grade 1.
    positives: row in CourseSet.passages of the first relevant passage of each query.
    corpus: names the passages that are searched; the same queries in more passages are harder.
    """

    ids: list[str]
    queries: list[str]
    relevant: list[dict[str, int]]
    positives: list[int]
    corpus: str = ""

    def __len__(self) -> int:
        return len(self.queries)

    def only(self, rows: Sequence[int]) -> Split:
        """Return some of the queries, in the order of rows."""
        return Split(
            [self.ids[row] for row in rows],
            [self.queries[row] for row in rows],
            [self.relevant[row] for row in rows],
            [self.positives[row] for row in rows],
            self.corpus,
        )


@dataclass(frozen=True)
class CourseSet:
    """The retrieval set: what patients say (queries), what clinicians write (passages).

    ids, passages ("Name. Definition"), titles (the name), branches (organ system) and parents
    (ids of the terms above) go together row by row. checksum: SHA-256 of all of it.
    """

    name: str
    ids: list[str]
    passages: list[str]
    titles: list[str]
    branches: list[str]
    parents: list[tuple[str, ...]]
    train: Split
    validation: Split
    test: Split
    source: str
    licence: str
    version: str
    checksum: str


def _lay_queries(ontology: Ontology) -> list[tuple[str, Term, str]]:
    """Return (query id, term, text) of every usable layperson synonym, in order of id.

    Usable: the term has a definition; the text is marked layperson (so it is no abbreviation,
    plural, UK spelling or discarded name), differs from the name, has at least 5 characters and
    is no name or synonym of any other term, case aside.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for term in ontology.terms.values():
        for text in (term.name, *(synonym.text for synonym in term.synonyms)):
            owners[text.casefold()].add(term.id)
    queries = []
    for term in ontology.terms.values():
        if not term.definition:
            continue
        texts: dict[str, str] = {}
        for synonym in term.synonyms:
            key = synonym.text.casefold()
            if (
                synonym.kind == "layperson"
                and key != term.name.casefold()
                and len(synonym.text) >= _SHORTEST_QUERY
                and len(owners[key]) == 1
            ):
                texts.setdefault(key, synonym.text)
        for number, text in enumerate(texts.values(), start=1):
            queries.append((f"{term.id}/{number}", term, text))
    return queries


def _sides(queries: list[tuple[str, Term, str]]) -> dict[str, str]:
    """Return the side ("train", "validation", "test" or "hidden") of each term with a query."""
    family = families({term.id: term for _, term, _ in queries}.values())
    # One family of linked siblings (bones and limbs) holds nearly a third of all queries.
    dealt = sides(Counter(family[term.id] for _, term, _ in queries), _SALTS["split"])
    side = {}
    for term_id, name in family.items():
        side[term_id] = dealt[name]
        if dealt[name] == "test" and share(_SALTS["hidden"], term_id) < _HIDDEN_SHARE:
            side[term_id] = "hidden"
    return side


def _passage_terms(ontology: Ontology, positives: Iterable[str], limit: int | None) -> list[Term]:
    """Return all defined terms, or `limit` of them: every positive, filled up by a stable hash."""
    defined = [term for term in ontology.terms.values() if term.definition]
    if limit is None:
        return defined
    needed = set(positives)
    ranked = sorted(
        defined, key=lambda term: (term.id not in needed, share(_SALTS["distractor"], term.id))
    )
    return sorted(ranked[: max(limit, len(needed))], key=lambda term: term.id)


def _split(
    name: str, queries: list, side: dict[str, str], row: dict[str, int], corpus: str
) -> Split:
    chosen = [
        (query_id, term.id, text) for query_id, term, text in queries if side[term.id] == name
    ]
    return Split(
        [query_id for query_id, _, _ in chosen],
        [text for _, _, text in chosen],
        [{term_id: 1} for _, term_id, _ in chosen],
        [row[term_id] for _, term_id, _ in chosen],
        corpus,
    )


def _assemble(profile: str) -> tuple[CourseSet, Split]:
    if profile not in PROFILES:
        raise ValueError(
            f"load_course_set: profile is {profile!r}; expected one of {', '.join(PROFILES)}"
        )
    ontology = load_ontology()
    queries = _lay_queries(ontology)
    side = _sides(queries)
    terms = _passage_terms(ontology, side, PROFILES[profile])
    row = {term.id: number for number, term in enumerate(terms)}
    passages = [f"{term.name}. {term.definition}" for term in terms]
    searched = [[term.id, text] for term, text in zip(terms, passages)]
    corpus = hashlib.sha256(json.dumps(searched).encode()).hexdigest()[:16]
    splits = {name: _split(name, queries, side, row, corpus) for name in (*SHARES, "hidden")}
    content = [
        searched,
        {name: [part.ids, part.queries, part.positives] for name, part in splits.items()},
    ]
    canonical = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    course_set = CourseSet(
        name=f"hpo-lay-{profile}",
        ids=[term.id for term in terms],
        passages=passages,
        titles=[term.name for term in terms],
        branches=[ontology.branch(term.id) for term in terms],
        parents=[term.parents for term in terms],
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=(
            "Köhler et al. (2021), The Human Phenotype Ontology in 2021, Nucleic Acids Research "
            f"49, D1207-D1217; release {ontology.version}"
        ),
        licence=_LICENCE,
        version=ontology.version,
        checksum=hashlib.sha256(canonical.encode()).hexdigest(),
    )
    return course_set, splits["hidden"]


def load_course_set(profile: str = "fast") -> CourseSet:
    """Return the course's retrieval set: find the clinical term for a layperson's words.

    profile: "fast" has 4,000 passages (every term that a query asks for, and others drawn by a
    stable hash), "full" all that have a definition. Both have the same queries in three splits of
    about 70/10/20. What the split guarantees: a term's queries are all in one split, and no
    passage that answers a query of one split shares a parent with one that answers a query of
    another (training, validation, and test together with the capstone's hidden queries). What it
    does not: parent and child may be on two sides. Deterministic.
    Raises ValueError for another profile.
    """
    return _assemble(profile)[0]


def families_of(split: Split) -> list[str]:
    """Return for each query of a split a name that it shares with the queries near to it.

    Near are the other wordings of its term, and those of terms that share a parent with it, or with one
    that does (see `ontology.families`). They are found or missed together, so that a split of a thousand
    queries tells less than a thousand separate ones: give these to `significance` as `groups`.
    """
    terms = load_ontology().terms
    asked = [next(iter(relevant)) for relevant in split.relevant]
    family = families(terms[term_id] for term_id in set(asked))
    return [family[term_id] for term_id in asked]


def load_hidden_queries(profile: str = "fast") -> Split:
    """Return the test queries kept back for the capstone's judge; train and tune on nothing here.

    They ask for about a tenth of the test terms, which no visible query asks for. Rows refer to
    `load_course_set(profile)`. Only the judge of the capstone calls this: whoever looks at them
    while building a system measures how well they looked, not how well the system searches.
    """
    return _assemble(profile)[1]


def _held_out_texts(queries: list[tuple[str, Term, str]]) -> set[str]:
    side = _sides(queries)
    return {text.casefold() for _, term, text in queries if side[term.id] != "train"}


def load_corpus_sentences() -> list[str]:
    """Return the ontology's text to learn words from: passages, bare names, other names; no twice.

    A term with a definition gives "Name. Definition", one without gives its name, and synonyms of
    at least two words follow. The queries of validation, test and capstone are left out, so word
    vectors trained on these sentences have not read the questions they are later asked.
    """
    ontology = load_ontology()
    held_out = _held_out_texts(_lay_queries(ontology))
    sentences: dict[str, str] = {}
    for term in ontology.terms.values():
        first = f"{term.name}. {term.definition}" if term.definition else term.name
        others = (s.text for s in term.synonyms if " " in s.text)
        for text in (first, *others):
            if text.casefold() not in held_out:
                sentences.setdefault(text.casefold(), text)
    return list(sentences.values())


def load_lay_sentences() -> list[str]:
    """Return the layperson's wordings of the training split alone, one sentence each."""
    return load_course_set("full").train.queries
