"""A benchmark in miniature: MTEB's seven tasks, on texts that the course has.

A task is texts and a score of their vectors; whoever can turn a list of texts into vectors can be
measured. The texts come from the ontology, the pairs of the STS task from Lee's judgements. Whatever a
score is taken on belongs to terms of the validation and test splits, or to none: models that were
trained on the training split are measured on what they have not seen. The capstone's hidden
queries are in none of them.

What is built and what is judged: for STS people have judged the very pairs. In all other tasks the
ontology judges: its editors have said which wording belongs to which term (retrieval, reranking, pair
classification) and which term to which organ system (classification, clustering); the grades of
summaries are ours, from how near two terms stand in it. In MTEB people grade the summaries.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lib import evaluation, evaluation_by_labels
from lib.bm25 import BM25
from lib.data import CourseSet, Split, load_course_set
from lib.evaluation import Result
from lib.judgements import load_similarity
from lib.ontology import PHENOTYPES, Ontology, load_ontology

__all__ = ["Task", "load_tasks", "run_all"]

Encode = Callable[[list[str]], Tensor]

_SHOTS = 8  # labelled texts of each label that a classifier learns from, as in MTEB
_FEWEST = 10  # texts of a label: fewer are left out
_CLUSTERINGS = 40  # MTEB has 10, too few for the ends of an interval
_CANDIDATES = 20
_TERMS = {"fast": (300, 100), "full": (2_000, 1_000)}  # at most, for pairs and for summaries
# Candidate summaries of a definition, how many of each kind and how good: the grades are ours.
_OWN, _PARENT, _SIBLING, _BRANCH, _OTHER = 4, 3, 2, 1, 0
_SIBLINGS, _STRANGERS = 2, 3


@dataclass(frozen=True)
class Task:
    """One task: what its texts are, and the score of their vectors.

    name: as in MTEB.  about: what is asked, and who judges, in a sentence.  texts: the parts that are
    encoded, by name.  score: takes the vectors of each part, (texts of it, dim), by the same names.
    """

    name: str
    about: str
    texts: Mapping[str, list[str]] = field(repr=False)
    score: Callable[..., Result] = field(repr=False)

    def evaluate(self, encode: Encode) -> Result:
        """Return the result of an encoder, a function from texts to vectors (texts, dim).

        Raises ValueError if it returns another number of vectors than texts.
        """
        vectors = {}
        for part, texts in self.texts.items():
            vectors[part] = encode(texts)
            if vectors[part].ndim != 2 or len(vectors[part]) != len(texts):
                raise ValueError(
                    f"Task.evaluate: encode gave vectors of shape {tuple(vectors[part].shape)} for the "
                    f"{len(texts)} texts {part!r} of {self.name}; expected ({len(texts)}, dim)"
                )
        return self.score(**vectors)


def load_tasks(profile: str = "fast", seed: int = 0) -> list[Task]:
    """Return the seven tasks, in the order in which MTEB's paper has them.

    profile: "fast" searches 4,000 passages, "full" all, and has more pairs and summaries; seed: of
    what is drawn. The same texts in every run. Raises ValueError for another profile.
    """
    course, ontology = load_course_set(profile), load_ontology()
    pairs, summaries = _TERMS[profile]
    return [
        _classification(course, ontology),
        _clustering(course, ontology),
        _pair_classification(course, ontology, pairs, random.Random(seed)),
        _reranking(course),
        _retrieval(course),
        _sts(),
        _summarisation(course, ontology, summaries, random.Random(seed)),
    ]


def run_all(
    encode: Encode, tasks: Sequence[Task] | None = None, profile: str = "fast"
) -> list[Result]:
    """Return the result of an encoder at each task, by default those of `load_tasks(profile)`.

    encode: a function from a list of texts to vectors (texts, dim), such as
    `lambda texts: encode_cached(model, texts)`. Texts stand in several tasks: keep their vectors.
    """
    return [task.evaluate(encode) for task in (load_tasks(profile) if tasks is None else tasks)]


def _only_branch(ontology: Ontology, term_id: str) -> str | None:
    """Return the organ system of a term, None if it belongs to several or to none."""
    line = ontology.ancestors(term_id) | {term_id}
    systems = line & set(ontology.children[PHENOTYPES])
    return ontology.terms[systems.pop()].name if len(systems) == 1 else None


def _first_wordings(*splits: Split) -> dict[str, str]:
    """Return the first query of each term that some splits ask for, by id."""
    found: dict[str, str] = {}
    for split in splits:
        for query_id, text in zip(split.ids, split.queries):
            found.setdefault(query_id.split("/")[0], text)
    return found


def _labelled(ontology: Ontology, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the texts of terms in one organ system only, and the system of each."""
    branches = {term_id: _only_branch(ontology, term_id) for term_id in texts}
    kept = [(texts[term_id], branch) for term_id, branch in branches.items() if branch]
    return [text for text, _ in kept], [branch for _, branch in kept]


def _of(labels: set[str], texts: list[str], given: list[str]) -> tuple[list[str], list[str]]:
    kept = [(text, label) for text, label in zip(texts, given) if label in labels]
    return [text for text, _ in kept], [label for _, label in kept]


def _frequent(given: list[str], least: int) -> set[str]:
    return {label for label, count in Counter(given).items() if count >= least}


def _classification(course: CourseSet, ontology: Ontology) -> Task:
    train = _labelled(ontology, _first_wordings(course.train))
    test = _labelled(ontology, _first_wordings(course.validation, course.test))
    labels = _frequent(train[1], _SHOTS) & _frequent(test[1], _FEWEST)
    (train_texts, y), (test_texts, wanted) = _of(labels, *train), _of(labels, *test)
    return Task(
        "classification",
        f"To which of {len(labels)} organ systems do a layperson's words belong? "
        f"{_SHOTS} labelled wordings of each; the ontology judges.",
        {"train": train_texts, "test": test_texts},
        lambda train, test: evaluation_by_labels.classification(
            train, y, test, wanted, shots=_SHOTS
        ),
    )


def _clustering(course: CourseSet, ontology: Ontology) -> Task:
    learned = {term_id for row in course.train.relevant for term_id in row}
    unseen = {i: p for i, p in zip(course.ids, course.passages) if i not in learned}
    texts, given = _labelled(ontology, unseen)
    labels = _frequent(given, _FEWEST)
    texts, given = _of(labels, texts, given)
    return Task(
        "clustering",
        f"Do {len(texts)} definitions fall into their {len(labels)} organ systems by themselves? "
        "The ontology judges.",
        {"texts": texts},
        lambda texts: evaluation_by_labels.clustering(texts, given, repeats=_CLUSTERINGS),
    )


def _pair_classification(
    course: CourseSet, ontology: Ontology, most: int, draw: random.Random
) -> Task:
    left: list[str] = []
    right: list[str] = []
    same: list[bool] = []
    wordings = list(_first_wordings(course.validation, course.test).items())
    for term_id, wording in draw.sample(wordings, len(wordings)):
        siblings = ontology.siblings(term_id)
        if len(siblings) < _SIBLINGS or len(left) >= most * (1 + _SIBLINGS):
            continue
        others = draw.sample(siblings, _SIBLINGS)
        left += [wording] * (1 + len(others))
        right += [ontology.terms[i].name for i in (term_id, *others)]
        same += [True] + [False] * len(others)
    return Task(
        "pair classification",
        "Do a layperson's words and a clinical name mean the same? The wrong names are those of "
        "siblings; the ontology judges.",
        {"left": left, "right": right},
        lambda left, right: evaluation.pair_classification(left, right, torch.tensor(same)),
    )


def _relevant_rows(split: Split) -> list[dict[int, int]]:
    """Return {row of the passage: grade} of each query; each has one right passage."""
    return [{row: 1} for row in split.positives]


def _reranking(course: CourseSet) -> Task:
    split = course.validation
    found = BM25(course.passages).top_k(split.queries, _CANDIDATES)[1]
    own = torch.tensor(split.positives)[:, None]
    # MTEB's candidates hold what is right; where BM25 has not found it, its last find makes room.
    missed = ~(found == own).any(dim=1)
    found[missed, -1] = own[missed, 0]
    return Task(
        "reranking",
        f"Which of BM25's {_CANDIDATES} first finds, the right one among them, is right? "
        "The ontology judges.",
        {"queries": split.queries, "passages": course.passages},
        lambda queries, passages: evaluation.reranking(
            queries, passages, found, _relevant_rows(split)
        ),
    )


def _retrieval(course: CourseSet) -> Task:
    split = course.validation
    return Task(
        "retrieval",
        f"Which of {len(course.passages)} passages is meant? The ontology judges.",
        {"queries": split.queries, "passages": course.passages},
        lambda queries, passages: evaluation.retrieval(queries, passages, _relevant_rows(split)),
    )


def _sts() -> Task:
    lee = load_similarity("lee")
    number = {text: place for place, text in enumerate(dict.fromkeys([*lee.left, *lee.right]))}
    pairs = [(number[a], number[b]) for a, b in zip(lee.left, lee.right)]
    rows, people = torch.tensor(pairs), torch.tensor(lee.scores, dtype=torch.float64)
    return Task(
        "STS",
        "How alike are two news texts? People have judged (Lee, Pincombe and Welsh 2005).",
        {"texts": list(number)},
        lambda texts: evaluation.sts(texts[rows[:, 0]], texts[rows[:, 1]], people, pairs),
    )


def _summarisation(course: CourseSet, ontology: Ontology, most: int, draw: random.Random) -> Task:
    """The definition is the text and its own reference; names are the candidate summaries."""
    texts: list[str] = []
    candidates: list[str] = []
    grades: list[list[int]] = []
    branch = dict(zip(course.ids, course.branches))
    held_out = list(_first_wordings(course.validation, course.test).items())
    for term_id, wording in draw.sample(held_out, len(held_out)):
        term, siblings = ontology.terms[term_id], ontology.siblings(term_id)
        if len(siblings) < _SIBLINGS or len(texts) >= most:
            continue
        line = ontology.ancestors(term_id) | set(ontology.children[term_id]) | {term_id, *siblings}
        others = [i for i in draw.sample(course.ids, len(course.ids)) if i not in line]
        near = [i for i in others if branch[i] == branch[term_id]][:_STRANGERS]
        far = [i for i in others if branch[i] != branch[term_id]][:_STRANGERS]
        drawn = {
            _PARENT: [draw.choice(term.parents)],
            _SIBLING: draw.sample(siblings, _SIBLINGS),
            _BRANCH: near,
            _OTHER: far,
        }
        if len(near) < _STRANGERS:
            continue
        texts.append(term.definition)
        candidates += [term.name, wording]
        grades.append([_OWN, _OWN])
        for grade, ids in drawn.items():
            candidates += [ontology.terms[i].name for i in ids]
            grades[-1] += [grade] * len(ids)
    each = len(grades[0])
    return Task(
        "summarisation",
        f"How well does each of {each} names sum up a definition? The ontology gives the grades: {_OWN} to "
        f"its own name and a layperson's, {_PARENT} to its parent's (true, but less exact), {_SIBLING} to a "
        f"sibling's, {_BRANCH} to others of the organ system, {_OTHER} to the rest. In MTEB people grade.",
        {"texts": texts, "candidates": candidates},
        lambda texts, candidates: evaluation.summarisation(
            texts[:, None], candidates.unflatten(0, (-1, each)), torch.tensor(grades)
        ),
    )
