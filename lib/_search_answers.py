"""What the search page says: a learner's search, called and checked, as plain values for a browser.

The functions are a learner's, and half written: whatever they raise or return becomes a sentence, and
the page goes on.
"""

from __future__ import annotations

import linecache
import math
import os
import re
import secrets
import statistics
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lib._arguments import as_texts, shown
from lib._finite import require_finite
from lib.corpus_map import CorpusMap
from lib.matched_words import Match, shared_words

HITS = 10
LONGEST_QUERY = 500  # characters
_LONGEST_ERROR = 300
_TITLE = 70  # characters of a passage's beginning that stand for a title
_MOST_WORDS = 40  # of a hit that are marked
_TIMES = 1_000

Search = Callable[[str, int], Iterable[Any]]
Pieces = list[tuple[str, bool]]  # a text cut up, and whether each piece is marked


class WrongAnswer(Exception):
    """What a learner's function did wrong, in a sentence."""


class Answers:
    """A search over passages and what is known of them."""

    def __init__(
        self,
        search: Search,
        passages: Iterable[str],
        titles: Iterable[str] | None,
        why: Callable[[str, int], Iterable[Any]] | None,
        places: CorpusMap | Tensor | None,
        title: str,
        examples: Iterable[str],
    ) -> None:
        for name, function in (("search", search), ("why", why or search)):
            if not callable(function):
                raise TypeError(f"serve: {name} is {shown(function)}; expected a function")
        self.search = search
        self.passages = as_texts("serve", passages, "passages")
        if not self.passages:
            raise ValueError("serve: passages is empty; expected at least one passage")
        self.titles = self._named(titles)
        self.why = why or shared_words(self.passages)
        self.map = _placed(places, len(self.passages))
        self.title = title
        self.examples = as_texts("serve", examples, "examples")
        self.times: deque[float] = deque(maxlen=_TIMES)
        self.serving = secrets.token_hex(8)  # so that a page that is open learns of another corpus

    def about(self) -> dict[str, Any]:
        """What the page needs to know before the first query."""
        return {
            "serving": self.serving,
            "title": self.title,
            "passages": len(self.passages),
            "examples": self.examples,
            "map": self.map and {**self.map, "titles": self.titles},
        }

    def answer(self, query: str) -> dict[str, Any]:
        """The best passages for a query and how long the search took, or an error in a sentence."""
        said = {"serving": self.serving, "query": query}
        query = query.strip()
        if not query:
            return {**said, "error": "The query is empty: type a question or a few words."}
        if len(query) > LONGEST_QUERY:
            return {
                **said,
                "error": f"The query has {len(query):,} characters; expected at most {LONGEST_QUERY}.",
            }
        try:
            start = time.perf_counter()
            found = _called("search", self.search, query, HITS)
            took = 1_000 * (time.perf_counter() - start)
            hits = self._hits(found)
        except WrongAnswer as error:
            return {**said, "error": str(error)}
        self.times.append(took)
        return {
            **said,
            "milliseconds": round(took, 2),
            "median": round(statistics.median(self.times), 2),
            "queries": len(self.times),
            "hits": hits,
        }

    def explain(self, query: str, rows: Sequence[int]) -> dict[str, Any]:
        """Which words matched, for each row that a search has found: marked texts and pairs of words."""
        hits: list[dict[str, Any]] = []
        for row in rows:
            try:
                matches = _matches(_called("why", self.why, query, row))
            except WrongAnswer as error:
                return {"serving": self.serving, "error": str(error)}
            title, text = self._shown(row)
            words = [match.passage for match in matches]
            hits.append(
                {
                    "row": row,
                    "title": marked(title, words),
                    "text": marked(text, words),
                    "matches": [
                        (m.query, m.passage, "" if m.weight is None else f"{m.weight:.2f}")
                        for m in matches
                    ],
                }
            )
        return {"serving": self.serving, "hits": hits}

    def _hits(self, found: Any) -> list[dict[str, Any]]:
        hits: list[dict[str, Any]] = []
        for rank, (row, score) in enumerate(_pairs(found, len(self.passages)), 1):
            title, text = self._shown(row)
            hits.append(
                {
                    "rank": rank,
                    "row": row,
                    "score": "" if score is None else _digits(score),
                    "title": [(title, False)],
                    "text": [(text, False)],
                }
            )
        return hits

    def _shown(self, row: int) -> tuple[str, str]:
        """A passage's title, and its text without the title that it begins with."""
        title, text = self.titles[row], self.passages[row]
        rest = text.removeprefix(title).lstrip(" .:\n") if title else text
        return title, (rest or text) if text.startswith(title) else text

    def _named(self, titles: Iterable[str] | None) -> list[str]:
        if titles is None:
            return [_beginning(text) for text in self.passages]
        names = as_texts("serve", titles, "titles")
        if len(names) != len(self.passages):
            raise ValueError(
                f"serve: {len(names)} titles for {len(self.passages)} passages; expected one title a "
                "passage, in the same order"
            )
        return [name.strip() or _beginning(text) for name, text in zip(names, self.passages)]


def marked(text: str, words: Iterable[str]) -> Pieces:
    """Return the text in pieces that are marked where one of the words stands, whatever its case."""
    wanted = list(dict.fromkeys(word for word in words if word.strip()))[:_MOST_WORDS]
    if not wanted:
        return [(text, False)]
    longest_first = sorted(wanted, key=len, reverse=True)
    pattern = rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)"
    pieces = re.split(pattern, text, flags=re.IGNORECASE)
    return [(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def _called(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a learner's function returns; raises WrongAnswer with what it raised, and where."""
    try:
        with torch.no_grad():
            found = function(*arguments)
            return (
                list(found) if isinstance(found, Iterable) and not isinstance(found, str) else found
            )
    except BaseException as error:  # a learner's exit() ends no page either
        said = " ".join(str(error).split())[:_LONGEST_ERROR]
        what = f"{type(error).__name__}: {said}" if said else type(error).__name__
        raise WrongAnswer(f"{name} raised {what}{_where(error)}") from error


def _where(error: BaseException) -> str:
    """The last line of a learner's own code on the way to the error, as the end of a sentence."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    library = str(Path(__file__).parent) + os.sep
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith((library, "<frozen"))
        and "site-packages" not in frame.filename
        and "/lib/python" not in frame.filename
    ]
    if not own:
        return "."
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    at = f", in line {own[-1].lineno} of {own[-1].name}"
    return f"{at}: {line}" if line else f"{at}."


def _pairs(found: Any, passages: int) -> list[tuple[int, float | None]]:
    """What a search returned as (row, score or None), checked; raises WrongAnswer."""
    expected = f"expected a list of (row, score), best first, with rows of 0 to {passages - 1}"
    if not isinstance(found, list):
        raise WrongAnswer(f"search returned {shown(found)}; {expected}.")
    pairs: list[tuple[int, float | None]] = []
    for place, hit in enumerate(found[:HITS]):
        parts = [hit] if isinstance(hit, Integral) else hit
        parts = parts.tolist() if isinstance(parts, Tensor) or hasattr(parts, "tolist") else parts
        parts = [parts] if isinstance(parts, int) else parts
        if not isinstance(parts, (list, tuple)) or len(parts) not in (1, 2):
            raise WrongAnswer(f"search returned {shown(hit)} at place {place}; {expected}.")
        row, *scores = (part.item() if hasattr(part, "item") else part for part in parts)
        # a table of floats gives its rows as floats, too
        whole = type(row) is not bool and isinstance(row, Real) and float(row).is_integer()
        if not whole or not 0 <= row < passages:
            raise WrongAnswer(f"search returned row {shown(row)} at place {place}; {expected}.")
        for score in scores:
            if not isinstance(score, Real) or math.isnan(score):
                raise WrongAnswer(
                    f"search returned score {shown(score)} at place {place}; {expected}."
                )
        if int(row) in [earlier for earlier, _ in pairs]:
            raise WrongAnswer(f"search returned row {int(row)} twice; expected each passage once.")
        pairs.append((int(row), float(scores[0]) if scores else None))
    return pairs


def _matches(found: Any) -> list[Match]:
    """What `why` returned as matches, checked; raises WrongAnswer."""
    expected = "expected a list of (word of the query, word of the passage, weight or None)"
    if not isinstance(found, list):
        raise WrongAnswer(f"why returned {shown(found)}; {expected}.")
    matches = []
    for one in found:
        parts = (one, one) if isinstance(one, str) else one
        if not isinstance(parts, (list, tuple)) or len(parts) not in (2, 3):
            raise WrongAnswer(f"why returned {shown(one)}; {expected}.")
        query, passage, weight = (*parts, None)[:3]
        if not isinstance(query, str) or not isinstance(passage, str):
            raise WrongAnswer(f"why returned {shown(one)}; {expected}.")
        try:
            matches.append(Match(query, passage, None if weight is None else float(weight)))
        except (TypeError, ValueError):
            raise WrongAnswer(f"why returned the weight {shown(weight)}; {expected}.") from None
    return matches


def _placed(places: CorpusMap | Tensor | None, passages: int) -> dict[str, Any] | None:
    """The map for a browser: places within 0 to 1 each way, on one scale."""
    if places is None:
        return None
    known = places if isinstance(places, CorpusMap) else None
    at = known.places if known else torch.as_tensor(places)
    if tuple(at.shape) != (passages, 2):
        raise ValueError(
            f"serve: places is {tuple(at.shape)} for {passages} passages; expected ({passages}, 2), as "
            "corpus_map(vectors) gives"
        )
    at = at.detach().double().cpu()
    require_finite("serve", "places", at)
    low, high = at.amin(dim=0), at.amax(dim=0)
    size = float((high - low).max()) or 1.0
    middle = (low + high) / 2

    def scaled(x: Tensor) -> list[list[float]]:
        moved = (x - middle) / size + 0.5
        return [[round(value, 4) for value in column] for column in moved.T.tolist()]

    x, y = scaled(at)
    regions = known.regions if known else ()
    centres = torch.tensor([[r.x, r.y] for r in regions], dtype=at.dtype).reshape(-1, 2)
    named = zip(_short([r.label for r in regions]), *scaled(centres))
    share = round(float(known.share.sum()), 4) if known else None
    return {"x": x, "y": y, "share": share, "regions": [*named]}


def _short(labels: list[str]) -> list[str]:
    """The labels without the words that half of them or more begin with, such as "Abnormality of the"."""
    words = [label.split() for label in labels]
    shared: list[str] = []
    while True:
        begun = [
            row for row in words if row[: len(shared)] == shared and len(row) > len(shared) + 1
        ]
        following = Counter(row[len(shared)] for row in begun).most_common(1)
        if not following or following[0][1] * 2 < len(labels) or len(labels) < 3:
            break
        shared.append(following[0][0])
    short = []
    for row in words:
        same = [a == b for a, b in zip(row, shared)]
        count = same.index(False) if False in same else len(same)
        short.append(" ".join(row[count:] if 2 * count > len(shared) else row))
    return short


def _beginning(text: str) -> str:
    """The first words of a text in one line."""
    line = " ".join(text[: 2 * _TITLE].split())
    return line if len(line) <= _TITLE else f"{line[:_TITLE].rsplit(' ', 1)[0]} …"


def _digits(score: float) -> str:
    return f"{score:,.3f}" if abs(score) < 1e5 else f"{score:.4g}"
