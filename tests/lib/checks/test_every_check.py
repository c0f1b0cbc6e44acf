"""Each exercise proves its own check: what must pass passes, what must fail fails by its own name."""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

import lib
from harness.author import mutation, notebooks, proof
from harness.author.lesson import Lesson, parse_hints
from harness.judge.codec import decode, encode
from lib import checks
from lib.checks import Case, Raised, Returned, _state, call
from lib.checks._limits import TookTooLong
from lib.device import pick_device
from tests.lib.checks.alternatives import alternatives, mistakes
from tests.tiers import some

ROOT = Path(lib.__file__).parents[1]
HIDDEN = (1, 20_417)
# Hints that are about no named mistake, and why they are worth their place all the same.
OF_NO_MISTAKE = {
    ("sgns_loss", 1): "it is about shapes that do not fit, which a pattern names",
    ("break_analogy", 1): "it is about a case that rejects a right solver, which is no suspect",
    ("max_pool", 2): "it is about a pair of values and places, which a pattern names",
    ("cached_gradient", 2): "it says how to begin, to who has nothing yet that could be wrong",
}
# Exercises whose three hints leave most of the mistakes to the check's own words.
OF_FEW_MISTAKES = {
    "cached_gradient": "most of the mistakes are slips that one sentence of the check mends",
}

every_exercise = pytest.mark.parametrize(
    "exercise", checks.every(), ids=lambda e: f"{e.lesson}-{e.name}"
)


@functools.cache
def _lessons() -> dict[str, Lesson]:
    return {name: lesson for lesson in proof.lessons(ROOT) for name in lesson.exercises()}


@functools.cache
def _release(slug: str):
    lesson = next(lesson for lesson in _lessons().values() if lesson.slug == slug)
    return notebooks.release_notebook(lesson)


def _lesson(exercise) -> Lesson:
    if exercise.name not in _lessons():
        pytest.fail(f"no lesson has an answer cell for the exercise {exercise.name}")
    return _lessons()[exercise.name]


def _function(exercise, source: str):
    namespace = proof.namespace(_lesson(exercise), exercise.name)
    return mutation.function_of(source, exercise.name, namespace)


def _through_codec(function):
    """A caller as the grader's: arguments and result cross a socket as JSON."""

    def cross(value):
        return decode(json.loads(json.dumps(encode(value))))

    def caller(case: Case):
        args, kwargs = cross(list(case.args)), cross(dict(case.kwargs))
        try:
            result = function(*args, **kwargs)
        except (Exception, TookTooLong) as error:
            return Raised(type(error).__name__, str(error))
        return Returned(cross(result))

    return caller


WAYS = {"here": call, "codec": _through_codec}
CALLERS = pytest.mark.parametrize("caller", WAYS.values(), ids=WAYS)


@every_exercise
@CALLERS
@pytest.mark.parametrize("hidden", [None, *HIDDEN])
def test_the_worked_answer_passes(exercise, caller, hidden):
    solution = _function(exercise, _lesson(exercise).solution(exercise.name))
    verdict = exercise.verdict(caller(solution), hidden)
    assert verdict.passed, verdict


@every_exercise
@CALLERS
def test_the_untouched_stub_is_not_attempted(exercise, caller):
    notebook = _release(_lesson(exercise).slug)
    cells = [
        cell.source
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise.name
    ]
    assert len(cells) == 1
    stub = caller(_function(exercise, cells[0]))
    assert exercise.verdict(stub).status == "not attempted"
    assert exercise.verdict(stub, HIDDEN[0]).status == "not attempted"


@every_exercise
@CALLERS
def test_every_alternative_passes(exercise, caller):
    assert len(alternatives(exercise.name)) >= 2
    for alternative in alternatives(exercise.name):
        for hidden in (None, *HIDDEN):
            verdict = exercise.verdict(caller(alternative), hidden)
            assert verdict.passed, (getattr(alternative, "__name__", alternative), verdict)


def _with_tensors(change):
    """A function of another that sees its tensors changed: in another precision, on another device."""

    def wrap(function):
        def changed(value):
            if isinstance(value, torch.Tensor):
                return change(value)
            return [changed(v) for v in value] if isinstance(value, list) else value

        @functools.wraps(function)
        def wrapped(*args):
            return function(*map(changed, args))

        return wrapped

    return wrap


MANNERS = {
    "float32": _with_tensors(lambda x: x.float() if x.is_floating_point() else x),
    "float64": _with_tensors(lambda x: x.double() if x.is_floating_point() else x),
    "the machine's device": _with_tensors(lambda x: x.to(pick_device())),
}
STATES = {
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
    "no gradients": lambda: torch.set_grad_enabled(False),
    "seeds": lambda: (torch.manual_seed(5), np.random.seed(5)),
    "numpy raises": lambda: np.seterr(all="raise"),
}


def _right_answers(exercise):
    solution = _function(exercise, _lesson(exercise).solution(exercise.name))
    return [solution, *alternatives(exercise.name)]


@pytest.mark.slow
@every_exercise
@pytest.mark.parametrize("manner", MANNERS)
def test_right_answers_pass_in_every_precision_and_place(exercise, manner):
    if manner == "float32" and exercise.name == "sample_negatives":
        pytest.skip("its card asks for float64")
    for answer in _right_answers(exercise):
        verdict = exercise.verdict(call(MANNERS[manner](answer)))
        assert verdict.passed, (answer, verdict)


@pytest.mark.slow
@every_exercise
@pytest.mark.parametrize("state", STATES)
def test_the_learner_s_state_changes_no_verdict(exercise, state):
    with _state.known():
        STATES[state]()
        verdicts = [exercise.verdict(call(answer)) for answer in _right_answers(exercise)]
    assert [v for v in verdicts if not v.passed] == []


@every_exercise
@pytest.mark.parametrize("way", some(WAYS, keep=lambda way: way == "here"))
def test_every_mistake_fails_by_its_own_name(exercise, way):
    for mistake in mistakes(exercise.name):
        for form in (mistake.wrong, *mistake.also):
            verdict = exercise.verdict(WAYS[way](form))
            assert verdict.status in ("wrong", "crashed"), (mistake.name, verdict)
            assert verdict.mistake == mistake.name, (mistake.name, verdict)
            # A break-it says first how many suspects the test catches.
            assert verdict.message.endswith(mistake.message)


def _first_of_its_lesson(exercise) -> bool:
    return next(e for e in checks.every() if e.lesson == exercise.lesson).name == exercise.name


@pytest.mark.slow
@pytest.mark.parametrize(
    "exercise",
    some(
        [pytest.param(e, id=f"{e.lesson}-{e.name}") for e in checks.every()],
        keep=_first_of_its_lesson,
        of=lambda value: value.values[0],
    ),
)
@pytest.mark.parametrize("forms", some(["first", "others"], lambda forms: forms == "first"))
def test_no_mistake_passes_the_hidden_check(exercise, forms):
    for mistake in mistakes(exercise.name):
        for form in (mistake.wrong,) if forms == "first" else mistake.also:
            assert not exercise.verdict(call(form), HIDDEN[0]).passed, mistake.name


@every_exercise
def test_there_are_five_mistakes_or_more_each_with_words_of_its_own(exercise):
    assert len(mistakes(exercise.name)) >= 5
    for field in ("name", "message"):
        counts = Counter(getattr(mistake, field) for mistake in mistakes(exercise.name))
        assert max(counts.values()) == 1, counts.most_common(1)
    for mistake in mistakes(exercise.name):
        assert len(mistake.message.split()) >= 6, f"{mistake.name} says hardly anything"
        assert mistake.message.endswith((".", "?", "!")), mistake.name


@every_exercise
def test_a_mistake_names_a_hint_of_its_lesson_and_most_mistakes_have_one(exercise):
    kinds = exercise.suspects if isinstance(exercise, checks.BreakIt) else exercise.mistakes
    count = len(parse_hints(_lesson(exercise).cell("hints", exercise.name).source))
    for kind in kinds:
        assert kind.hint in range(count + 1), f"{kind.name}: the lesson has no hint {kind.hint}"
    helped = [kind.name for kind in kinds if kind.hint]
    few = exercise.name in OF_FEW_MISTAKES
    assert len(helped) >= len(kinds) * (1 / 3 if few else 1 / 2), helped
    assert not few or len(helped) < len(kinds) / 2, "strike it from OF_FEW_MISTAKES"
    without = {(exercise.name, n + 1) for n in range(count)}
    without -= {(exercise.name, kind.hint) for kind in kinds}
    excused = {key for key in OF_NO_MISTAKE if key[0] == exercise.name}
    assert without == excused, "hints of no mistake, and those that OF_NO_MISTAKE lists"


def test_hints_are_excused_only_of_exercises_that_there_are():
    names = {exercise.name for exercise in checks.every()}
    assert {name for name, _ in OF_NO_MISTAKE} | set(OF_FEW_MISTAKES) <= names


@every_exercise
def test_the_visible_cases_are_always_the_same_and_hidden_ones_follow_their_seed(exercise):
    def text(hidden):
        return [json.dumps(encode(list(case.args))) for case in exercise.draw(hidden)]

    assert text(None) == text(None)
    assert text(5) == text(5)
    if not isinstance(exercise, checks.BreakIt):
        assert text(5) != text(6)
        assert all(case.label for case in exercise.draw())


@pytest.mark.filterwarnings("ignore")  # a mutant may do anything
@pytest.mark.slow
@pytest.mark.thorough
@every_exercise
def test_the_check_rejects_nearly_every_mutant_of_the_worked_answer(exercise, record_property):
    lesson = _lesson(exercise)
    scope = proof.namespace(lesson, exercise.name)
    found = mutation.score(exercise, lesson.solution(exercise.name), scope)
    record_property(
        "mutation score",
        (f"{exercise.lesson} {exercise.name}", found.total, found.rejected)
        + (found.equivalent, found.rate),
    )
    survivors = "\n".join(found.survivors)
    assert found.total >= 20, f"only {found.total} mutants: the worked answer has little substance"
    assert found.rate >= 0.95, f"{found.rate:.1%} rejected; these survive:\n{survivors}"
    assert not found.unused, f"excuses that no accepted mutant needs: {found.unused}"
