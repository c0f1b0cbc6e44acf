"""Two more domains in the form of the course's own set, to try on them what was learned on it.

"attack": which technique does a sentence on an attack describe (MITRE ATT&CK)?  "docstrings": which
documentation belongs to the sentence that says what a function does? Both are split by family, the
parent technique or the subpackage, so that no near twin of a test passage was trained on.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from lib import attack_techniques, docstrings
from lib._family_split import SHARES, share, sides
from lib.data import PROFILES, CourseSet, Split, families_of, load_course_set

__all__ = ["DOMAINS", "families_in", "load_domain"]

_SALT = {"split": "domain split 1", "kept": "domain fast 1"}
_FAST_QUERIES = {"attack": 4, "docstrings": 1}  # at most so many of a passage in "fast"
_FAST_PASSAGES = {"attack": None, "docstrings": 3_000}


class _Passage(NamedTuple):
    id: str
    text: str
    title: str
    branch: str
    parents: tuple[str, ...]
    family: str


class _Query(NamedTuple):
    text: str
    passage: str  # its id


class _Texts(NamedTuple):
    passages: list[_Passage]
    queries: list[_Query]
    source: str
    licence: str
    version: str


def _attack() -> _Texts:
    techniques = attack_techniques.load_techniques()
    passages = [
        _Passage(
            one.id,
            f"{one.name}. {one.description}",
            one.name,
            one.tactic,
            (one.family,) if one.family != one.id else (),
            one.family,
        )
        for one in techniques
    ]
    # A sentence that stands with two techniques has two answers, and is left out.
    owners: dict[str, set[str]] = defaultdict(set)
    for use in attack_techniques.load_uses():
        owners[use.text.casefold()].add(use.technique)
    firsts = {use.text.casefold(): use for use in reversed(attack_techniques.load_uses())}
    queries = [
        _Query(use.text, use.technique)
        for use in attack_techniques.load_uses()
        if len(owners[use.text.casefold()]) == 1 and firsts[use.text.casefold()] is use
    ]
    return _Texts(
        passages,
        queries,
        "MITRE ATT&CK, enterprise matrix; Strom et al. (2018), MITRE ATT&CK: Design and Philosophy; "
        f"release {attack_techniques.VERSION}",
        attack_techniques.LICENCE,
        attack_techniques.VERSION,
    )


def _docstrings() -> _Texts:
    found = docstrings.load_docstrings()
    passages = [
        _Passage(one.name, one.rest, one.name, one.name.partition(".")[0], (), one.family)
        for one in found
    ]
    version = ", ".join(f"{name} {number}" for name, number in docstrings.versions().items())
    return _Texts(
        passages,
        [_Query(one.first, one.name) for one in found],
        f"docstrings of {version}",
        "each package's own licence (BSD, 3-clause)",
        version,
    )


_MAKERS: dict[str, Callable[[], _Texts]] = {"attack": _attack, "docstrings": _docstrings}
DOMAINS = ("course", *_MAKERS)


def load_domain(name: str, profile: str = "fast") -> CourseSet:
    """Return a retrieval set: the course's own ("course"), "attack" or "docstrings".

    profile: "full" has all queries and passages; "fast" at most four queries a technique of "attack",
    and 3,000 passages of "docstrings", each with its query, drawn by a stable hash.
    What the split guarantees: all passages of a family, and what asks for them, are on one side;
    `families_in` names the families. parents: of "attack" the technique that a part belongs to.
    Deterministic; "docstrings" for the same versions of its packages.
    Raises ValueError for another name or profile, ModuleNotFoundError when a package is missing.
    """
    if name not in DOMAINS or profile not in PROFILES:
        raise ValueError(
            f"load_domain: name is {name!r} and profile {profile!r}; expected one of "
            f"{', '.join(DOMAINS)} and one of {', '.join(PROFILES)}"
        )
    if name == "course":
        return load_course_set(profile)
    texts = _MAKERS[name]()
    if profile == "fast":
        texts = _fewer(texts, _FAST_QUERIES[name], _FAST_PASSAGES[name])
    return _assembled(f"{name}-{profile}", texts)


def families_in(course: CourseSet, split: Split) -> list[str]:
    """Return for each query of a split the family of its passage: what the split kept on one side.

    Queries of one family are found or missed together: give these to `significance` as `groups`.
    """
    if course.name.startswith("attack"):
        return [course.ids[row].partition(".")[0] for row in split.positives]
    if course.name.startswith("docstrings"):
        return [".".join(course.ids[row].split(".")[:2]) for row in split.positives]
    return families_of(split)


def _fewer(texts: _Texts, queries: int, passages: int | None) -> _Texts:
    """At most so many passages, and queries of each."""
    drawn = sorted(texts.passages, key=lambda one: share(_SALT["kept"], one.id))[:passages]
    there = {one.id for one in drawn}
    kept, taken = set(), Counter[str]()
    for query in sorted(texts.queries, key=lambda one: share(_SALT["kept"], one.text)):
        if query.passage in there and taken[query.passage] < queries:
            taken[query.passage] += 1
            kept.add(query)
    return texts._replace(
        passages=[one for one in texts.passages if one.id in there],
        queries=[query for query in texts.queries if query in kept],
    )


def _assembled(name: str, texts: _Texts) -> CourseSet:
    passages = texts.passages
    row = {one.id: number for number, one in enumerate(passages)}
    family = {one.id: one.family for one in passages}
    side = sides(Counter(family[query.passage] for query in texts.queries), _SALT["split"])
    searched = [[one.id, one.text] for one in passages]
    corpus = _digest(searched)[:16]
    number: Counter[str] = Counter()
    found: dict[str, list[tuple[str, _Query]]] = {part: [] for part in SHARES}
    for query in texts.queries:
        number[query.passage] += 1
        query_id = f"{query.passage}/{number[query.passage]}"
        found[side[family[query.passage]]].append((query_id, query))
    splits = {part: _split(some, row, corpus) for part, some in found.items()}
    content = [searched, {part: [s.ids, s.queries, s.positives] for part, s in splits.items()}]
    return CourseSet(
        name=name,
        ids=[one.id for one in passages],
        passages=[one.text for one in passages],
        titles=[one.title for one in passages],
        branches=[one.branch for one in passages],
        parents=[one.parents for one in passages],
        **splits,
        source=texts.source,
        licence=texts.licence,
        version=texts.version,
        checksum=_digest(content),
    )


def _split(some: list[tuple[str, _Query]], row: Mapping[str, int], corpus: str) -> Split:
    return Split(
        [query_id for query_id, _ in some],
        [query.text for _, query in some],
        [{query.passage: 1} for _, query in some],
        [row[query.passage] for _, query in some],
        corpus,
    )


def _digest(content: object) -> str:
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
