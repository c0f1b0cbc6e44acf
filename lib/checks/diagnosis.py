"""What went wrong: which named mistake, pattern or error explains a learner's wrong results.

Nothing is said that some case contradicts. A named mistake is the learner's if it gives their results on
every case, right ones included; a pattern holds on every case that goes wrong; and where only some of
them are explained, the message says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lib.checks import _arguments, _errors, _limits, _patterns, values
from lib.checks.calling import Case, Outcome, Raised, Returned, argument_names, call
from lib.checks.values import Tolerance

Agree = Callable[[Outcome, Outcome], bool]


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that a learner would plausibly write, and what to tell them.

    hint: the number, from 1, of the lesson's hint that is about it; 0 if none is.
    also: the same mistake written otherwise, where that gives other results (an order among equals).
    by_hash: what it gives goes by the order of a set of texts, which is another in each process: nobody can
        record it.
    """

    name: str
    message: str
    wrong: Callable
    hint: int = 0
    also: Sequence[Callable] = ()
    by_hash: bool = False


@dataclass(frozen=True)
class Tried:
    """What came of the cases: expected, got, and whether it is right; all of one length.

    `given` are the cases as the learner's function got them, `cases` as the oracle and mistakes did.
    """

    cases: list[Case]
    given: list[Case]
    expected: list[Outcome]
    outcomes: list[Outcome]
    right: list[bool]

    def outcomes_of(self, function: Callable) -> Callable[[int], Iterator[Outcome]]:
        """What a function gives on a case: as the learner got it, then as its author drew it."""
        caller = call(function)

        def outcomes(place: int) -> Iterator[Outcome]:
            yield caller(self.given[place])
            yield caller(self.cases[place])

        return outcomes

    def size(self, place: int) -> int:
        """How many numbers a result holds; 0 if there is none."""
        outcome = self.outcomes[place]
        return values.size(outcome.value) if isinstance(outcome, Returned) else 0

    @property
    def failing(self) -> list[int]:
        return [i for i, right in enumerate(self.right) if not right]

    @property
    def passing(self) -> list[int]:
        return [i for i, right in enumerate(self.right) if right]


@dataclass(frozen=True)
class Explanation:
    """What explains the wrong results: a name, words, and the cases to which both apply.

    hidden: the same words without any number that an input could be read from.
    """

    name: str
    message: str
    cases: list[int]
    hidden: str
    of_results: bool = False  # a pattern of what was returned, not of an error


def explain(
    mistakes: Sequence[Mistake],
    tried: Tried,
    agree: Agree,
    tolerance: Tolerance,
    oracle: Callable,
    names: Sequence[str] = (),
) -> Explanation | None:
    """The best explanation there is, None if there is none. `names`: those of the arguments."""
    found = _mistakes_that_fit(mistakes, tried, agree)
    theirs = next((one for one in found if len(one[1]) == len(tried.failing)), None)
    if theirs is not None:
        mistake, cases = theirs
        return Explanation(mistake.name, mistake.message, cases, mistake.message)
    pattern = _arguments.of_arguments(
        oracle, agree, tried.cases, tried.failing, tried.outcomes, names or argument_names(oracle)
    )
    if pattern is not None:
        details = _details(tried, tried.failing, tolerance)
        whole = f"{details} {pattern.message}"
        hidden = pattern.hidden or pattern.message
        return Explanation(pattern.name, whole, tried.failing, hidden)
    common = _pattern(tried, tolerance)
    if common is not None and common.name not in _patterns.WEAK and common.of_results:
        return common
    return _in_part(found, tried) or common


def _mistakes_that_fit(
    mistakes: Sequence[Mistake], tried: Tried, agree: Agree
) -> list[tuple[Mistake, list[int]]]:
    """Mistakes that are right where the learner is, each with the failing cases that it explains.

    Of a mistake's forms it is the one that explains most.
    """
    fitting = []
    for mistake in mistakes:
        forms = (_explained(form, tried, agree) for form in (mistake.wrong, *mistake.also))
        found = [explained for explained in forms if explained is not None]
        if not found:
            continue
        explained = max(found, key=len)
        if len(explained) == len(tried.failing):
            return [(mistake, explained)]
        fitting.append((mistake, explained))
    return fitting


def _explained(wrong: Callable, tried: Tried, agree: Agree) -> list[int] | None:
    """The failing cases on which a wrong function gives the learner's results; None if it is wrong
    where the learner is right."""
    outcomes = tried.outcomes_of(wrong)

    def gives(place: int, outcome: Outcome) -> bool:
        return any(agree(one, outcome) for one in outcomes(place))

    if not all(gives(i, tried.expected[i]) for i in tried.passing):
        return None
    return [i for i in tried.failing if gives(i, tried.outcomes[i])]


def _in_part(found: list[tuple[Mistake, list[int]]], tried: Tried) -> Explanation | None:
    """The mistake that explains most of the wrong results, where one does; others go wrong otherwise.

    A mistake that explains only that something raised explains nothing, and one that explains the lesser
    part, or a single number or two, may do so by chance.
    """
    wrong = [i for i in tried.failing if isinstance(tried.outcomes[i], Returned)]
    best: list[tuple[Mistake, list[int]]] = []
    for mistake, explained in found:
        returned = [i for i in explained if i in wrong]
        few = len(returned) < 2 and sum(map(tried.size, returned)) < 4
        if few or 2 * len(returned) < len(wrong):
            continue
        if not best or len(returned) > len(best[0][1]):
            best = [(mistake, returned)]
        elif len(returned) == len(best[0][1]):
            best.append((mistake, returned))
    if len(best) != 1:
        return None
    mistake, cases = best[0]
    others = (
        "There is a second mistake in other cases."
        if len(cases) < len(wrong)
        else "There is a second mistake: other cases raise an error."
    )
    message = (
        f"On this case your result is exactly what one mistake gives. {mistake.message} {others}"
    )
    return Explanation(mistake.name, message, cases, message)


def _pattern(tried: Tried, tolerance: Tolerance) -> Explanation | None:
    """What all wrong results have in common; of those that returned something, if any did."""
    returned = [i for i in tried.failing if isinstance(tried.outcomes[i], Returned)]
    cases = returned or tried.failing
    kinds = {one.kind if isinstance(one, Raised) else None for one in _of(tried.expected, cases)}
    pattern = None
    if kinds == {None}:
        if returned:
            pairs = list(zip(_values(tried.expected, cases), _values(tried.outcomes, cases)))
            pattern = _patterns.of_results(pairs, tolerance)
        else:
            raised = [one for one in _of(tried.outcomes, cases) if isinstance(one, Raised)]
            said = [(one.kind, one.message) for one in raised]
            pattern = _errors.of_errors(said, own=all(one.own for one in raised))
    elif len(kinds) == 1:
        came = [one.kind if isinstance(one, Raised) else None for one in _of(tried.outcomes, cases)]
        pattern = _errors.of_error_expected(str(kinds.pop()), came)
    if pattern is None:
        return None
    rest = " On other cases it raises an error." if len(cases) < len(tried.failing) else ""
    details = "" if pattern.alone else _details(tried, cases, tolerance)
    whole = f"{details} {pattern.message}{rest}" if details else pattern.message + rest
    hidden = (pattern.hidden or pattern.message) + rest
    return Explanation(pattern.name, whole, cases, hidden, bool(returned))


def _details(tried: Tried, cases: list[int], tolerance: Tolerance) -> str:
    """What the shown case's values or error say by themselves, which the pattern then puts in words."""
    place = smallest(tried, cases)
    truth, outcome = tried.expected[place], tried.outcomes[place]
    if isinstance(outcome, Raised):
        if not outcome.message or outcome.kind == _limits.TookTooLong.__name__:
            return outcome.message
        text = f"{outcome.kind}: {outcome.message}"
        return text if text.endswith((".", "!", "?")) else f"{text}."
    if outcome.value is None:
        return ""
    if isinstance(truth, Raised):
        came = values.with_article(values.kind(outcome.value))
        return f"Your function returned {came}, it was expected to raise {truth.kind}."
    return values.difference(truth.value, outcome.value, tolerance)


def _nothing(outcome: Outcome) -> bool:
    """Whether an empty result is expected, which shows little."""
    array = values.as_array(outcome.value) if isinstance(outcome, Returned) else None
    return array is not None and array.size == 0


def smallest(tried: Tried, cases: list[int]) -> int:
    """The case that says most: the smallest on which something was returned."""
    return min(
        cases,
        key=lambda i: (
            isinstance(tried.outcomes[i], Raised),
            _nothing(tried.expected[i]),
            values.size(tried.cases[i].args),
        ),
    )


def _of(outcomes: Sequence[Outcome], cases: Iterable[int]) -> list[Outcome]:
    return [outcomes[i] for i in cases]


def _values(outcomes: Sequence[Outcome], cases: Iterable[int]) -> list:
    return [one.value for one in _of(outcomes, cases) if isinstance(one, Returned)]
