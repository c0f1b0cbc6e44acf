"""What people judged: how alike two words or texts are, and which word completes an analogy.

The sets come with gensim and are read where they lie; only STS-B must be fetched.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from lib.packages import package_folder


@dataclass(frozen=True)
class Similarity:
    """Pairs of words or texts (left, right) and how alike people found them (scores)."""

    name: str
    left: list[str]
    right: list[str]
    scores: list[float]
    source: str
    licence: str

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class AnalogySection:
    """Questions of one kind: (a, b, c, d) reads "a is to b as c is to d"."""

    name: str
    questions: list[tuple[str, str, str, str]]


def _test_data(name: str) -> Path:
    return package_folder("gensim") / "test" / "test_data" / name


def _word_pairs(name: str, file: str, source: str) -> Similarity:
    with _test_data(file).open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines, delimiter="\t") if row and row[0][0] != "#"]
    left, right, scores = zip(*rows)
    return Similarity(
        name, list(left), list(right), [float(score) for score in scores], source, "research use"
    )


def _wordsim353() -> Similarity:
    return _word_pairs(
        "wordsim353",
        "wordsim353.tsv",
        "Finkelstein et al. (2002), Placing Search in Context, ACM TOIS 20(1); relatedness 0 to 10",
    )


def _simlex999() -> Similarity:
    return _word_pairs(
        "simlex999",
        "simlex999.txt",
        "Hill, Reichart and Korhonen (2015), SimLex-999, Computational Linguistics 41(4); "
        "similarity 0 to 10",
    )


def _lee() -> Similarity:
    texts = _test_data("lee.cor").read_text(encoding="latin-1").splitlines()
    matrix = [
        [float(value) for value in line.split()]
        for line in _test_data("similarities0-1.txt").read_text(encoding="ascii").splitlines()
    ]
    pairs = list(combinations(range(len(texts)), 2))  # the judgements fill the upper triangle
    return Similarity(
        "lee",
        [texts[i] for i, _ in pairs],
        [texts[j] for _, j in pairs],
        [matrix[i][j] for i, j in pairs],
        "Lee, Pincombe and Welsh (2005), An Empirical Evaluation of Models of Text Document "
        "Similarity, CogSci 27; mean of people's judgements, 0 to 1",
        "research use, cite",
    )


def _stsb() -> Similarity:
    name = "sentence-transformers/stsb"
    remedy = (
        'load_similarity: "stsb" is the one set that must be fetched once; connect, unset '
        f'HF_HUB_OFFLINE and run `hf download --repo-type dataset {name}`, or use "lee" offline'
    )
    try:
        from datasets import load_dataset

        rows = load_dataset(name, split="test")
    except Exception as error:  # datasets raises many kinds, all meaning: could not be had
        offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
        raise OSError(f"{remedy}{offline}. The cause: {error}") from error
    return Similarity(
        "stsb",
        list(rows["sentence1"]),
        list(rows["sentence2"]),
        list(rows["score"]),
        "Cer et al. (2017), SemEval-2017 Task 1; STS-B test, similarity 0 to 1",
        "see the dataset's card",
    )


_SIMILARITIES: dict[str, Callable[[], Similarity]] = {
    "wordsim353": _wordsim353,
    "simlex999": _simlex999,
    "lee": _lee,
    "stsb": _stsb,
}


def load_similarity(name: str) -> Similarity:
    """Return judgements of similarity: words "wordsim353", "simlex999"; texts "lee", "stsb".

    Words are spelled as in the source ("FBI"): lower them for GloVe. "lee" has all 1,225 pairs of
    50 news texts. "stsb" needs a hub, or its cache. Raises ValueError for another name, OSError
    when STS-B cannot be had.
    """
    if name not in _SIMILARITIES:
        raise ValueError(
            f"load_similarity: name is {name!r}; expected one of {', '.join(_SIMILARITIES)}"
        )
    return _SIMILARITIES[name]()


def load_analogies(lower: bool = True) -> list[AnalogySection]:
    """Return the 19,544 Google analogy questions in 14 sections (Mikolov et al. 2013).

    lower: in lower case, as GloVe's words are; False leaves the names with their capitals.
    """
    sections: list[AnalogySection] = []
    for line in _test_data("questions-words.txt").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == ":":
            sections.append(AnalogySection(" ".join(words[1:]), []))
        else:
            a, b, c, d = (word.lower() if lower else word for word in words)
            sections[-1].questions.append((a, b, c, d))
    return sections
