import numpy as np
import pytest
import torch

from lib.checks import Case, Exercise, Mistake, Raised, Returned, _state, call
from lib.checks.values import difference
from tests.lib.checks.toy import TOY, row_means


def verdict_on(function, hidden=None, exercise=TOY):
    return exercise.verdict(call(function), hidden)


@pytest.mark.parametrize("hidden", [None, 0, 7, 2**31])
def test_a_right_function_passes(hidden):
    verdict = verdict_on(row_means, hidden)
    assert verdict.passed
    assert verdict.cases == (3 if hidden is None else 12)
    assert verdict.mistake is None


def _stub(x):
    raise NotImplementedError()


@pytest.mark.parametrize("function", [_stub, lambda x: None, lambda x: ...])
@pytest.mark.parametrize("hidden", [None, 7])
def test_a_stub_is_not_attempted_and_is_asked_only_twice(function, hidden):
    calls = []

    def counted(case):
        calls.append(case)
        return call(function)(case)

    verdict = TOY.verdict(counted, hidden)
    assert verdict.status == "not attempted"
    assert not verdict.passed
    assert len(calls) == 2


def test_a_function_that_is_unfinished_only_for_some_arguments_was_attempted():
    def half(x):
        return _stub(x) if len(x) == 3 else row_means(x)

    verdict = verdict_on(half)
    assert verdict.status == "crashed"
    assert verdict.mistake == "leftover-raise"


def test_a_wrong_result_shows_the_smallest_failing_case():
    verdict = verdict_on(lambda x: row_means(x) + 1)
    assert verdict.status == "wrong"
    assert verdict.mistake is None
    assert verdict.label == "one column"  # three numbers, fewer than any other case
    assert verdict.shown.args[0].tolist() == [[2.0], [4.0], [9.0]]
    assert verdict.shown.expected == [2.0, 4.0, 9.0]
    assert verdict.shown.got.tolist() == [3.0, 5.0, 10.0]
    assert verdict.message == difference(verdict.shown.expected, verdict.shown.got)
    assert "3 of 3 values differ" in verdict.message


def test_a_crash_on_every_case_is_told_with_its_words():
    def crash(x):
        return x.no_such_thing

    verdict = verdict_on(crash)
    assert verdict.status == "crashed"
    assert verdict.message.startswith("AttributeError: 'Tensor' object has no attribute")
    assert verdict.outcome.kind == "AttributeError"
    assert verdict.shown.args[0].tolist() == [[2.0], [4.0], [9.0]]
    assert verdict_on(crash, 7).shown is None


def test_a_wrong_value_says_more_than_a_crash_elsewhere():
    def both(x):
        if x.shape[1] == 1:
            raise IndexError("smallest case")
        return row_means(x) + 1

    verdict = verdict_on(both)
    assert verdict.status == "wrong"
    assert verdict.label == "two rows"


@pytest.mark.parametrize("mistake", TOY.mistakes, ids=lambda m: m.name)
@pytest.mark.parametrize("hidden", [None, 7])
def test_every_mistake_is_named(mistake, hidden):
    verdict = verdict_on(mistake.wrong, hidden)
    assert not verdict.passed
    assert verdict.mistake == mistake.name
    assert verdict.message == mistake.message


def test_a_mistake_is_not_named_where_a_case_that_is_right_contradicts_it():
    """Who sums rows of two only does not "sum and not divide": other rows are divided."""
    verdict = verdict_on(lambda x: x.sum(dim=1) if x.shape[1] == 2 else row_means(x))
    assert (verdict.status, verdict.mistake) == ("wrong", None)


def test_of_two_mistakes_at_once_the_one_that_explains_the_case_shown_is_named():
    """As in a first draft: one mistake, and a crash on another case."""

    def first_draft(x):
        if x == 3:
            raise IndexError("another mistake")
        return x / 2

    exercise = _doubling([Mistake("half", "You halve.", lambda x: x / 2)])
    verdict = verdict_on(first_draft, exercise=exercise)
    assert verdict.mistake == "half"
    assert verdict.message == (
        "On this case your result is exactly what one mistake gives. You halve. There is a second mistake: "
        "other cases raise an error."
    )
    assert (verdict.shown.got, verdict.shown.expected) == (0.5, 2.0)


def test_when_two_mistakes_would_explain_the_failing_cases_none_is_named():
    twins = [Mistake("zero", "Zero.", lambda x: x * 0), Mistake("also", "Also.", lambda x: x * 0.0)]
    exercise = _doubling(twins)
    assert verdict_on(lambda x: 0.0 if x == 3 else 2 * x, exercise=exercise).mistake is None
    assert verdict_on(lambda x: x * 0, exercise=exercise).mistake == "zero"


def test_a_mistake_that_only_crashes_alike_is_not_named_by_the_fallback():
    def crashing(x):
        if x == 3:
            raise ValueError("mine")
        return x

    exercise = _doubling([Mistake("crash", "You crash.", crashing)])

    def crashes_too(x):
        if x == 3:
            raise ValueError("another reason")
        return 2 * x

    verdict = verdict_on(crashes_too, exercise=exercise)
    assert verdict.status == "crashed"
    assert verdict.mistake == "refuses-what-is-allowed"


def _doubling(mistakes, oracle=lambda x: 2 * x, **more) -> Exercise:
    cases = lambda rng, hidden: [Case((float(n),), f"{n}") for n in (1, 2, 3)]  # noqa: E731
    return Exercise("double", "99", cases, oracle, mistakes, **more)


def test_a_mistake_that_matches_no_case_is_not_named():
    assert (
        verdict_on(lambda x: x + 100, exercise=_doubling([Mistake("x", "X.", lambda x: x)])).mistake
        is None
    )


@pytest.mark.parametrize("mistake", TOY.mistakes, ids=lambda m: m.name)
def test_a_hidden_verdict_carries_no_inputs_and_no_values(mistake):
    verdict = verdict_on(mistake.wrong, 7)
    assert verdict.shown is None
    assert verdict.outcome is None


def test_a_hidden_verdict_without_a_named_mistake_tells_no_number():
    verdict = verdict_on(lambda x: row_means(x) + 1, 7)
    assert verdict.message == "Your result differs from the expected one."
    assert not any(c.isdigit() for c in verdict.message + verdict.label)

    def telling(x):
        raise ValueError(f"the input was {x}")

    verdict = verdict_on(telling, 7)
    assert verdict.message.startswith("Your function itself refuses this input")
    assert not any(c.isdigit() for c in verdict.message)
    assert verdict.outcome is None


def test_hidden_cases_come_from_their_seed_and_visible_ones_never_change():
    def numbers(hidden):
        return [case.args[0].sum().item() for case in TOY.draw(hidden)]

    assert numbers(None) == numbers(None)
    assert numbers(7) == numbers(7)
    assert numbers(7) != numbers(8)
    assert numbers(0) != numbers(None)
    assert len({case.args[0].sum().item() for case in TOY.draw(7)}) > 6  # each round its own


def test_two_exercises_with_one_way_to_draw_get_cases_of_their_own():
    draw = lambda rng, hidden: [Case((rng.normal(),), "random")]  # noqa: E731
    one, two = (Exercise(n, "99", draw, abs, []) for n in ("one", "two"))
    assert next(one.draw()).args != next(two.draw()).args


def test_a_function_that_changes_its_arguments_harms_only_itself():
    def spoils(x):
        means = row_means(x)
        x.zero_()
        return means

    verdict = verdict_on(spoils)
    assert (verdict.status, verdict.mistake) == ("wrong", "changes-an-argument")
    assert "your function changes its argument `x` in place" in verdict.message
    hidden = verdict_on(spoils, 7)
    assert hidden.mistake == "changes-an-argument"
    assert "`x`" not in hidden.message  # a name that the student chose could carry an input out

    def spoils_and_errs(x):
        means = row_means(x) + 1
        x.zero_()
        return means

    verdict = verdict_on(spoils_and_errs)
    assert verdict.shown.args[0].tolist() == [[2.0], [4.0], [9.0]]
    assert verdict.shown.expected == [2.0, 4.0, 9.0]


def test_a_result_that_is_the_argument_itself_is_compared_as_it_was_returned():
    def identity(x):
        return x.squeeze(1) if x.shape[1] == 1 else row_means(x)

    assert verdict_on(identity).passed


def test_keyword_arguments_reach_the_function_as_copies():
    case = Case((1.0,), "keyword", {"weights": [1.0, 2.0]})
    seen = []

    def function(x, *, weights):
        weights.append(9.0)
        seen.append(list(weights))
        return x

    call(function)(case)
    call(function)(case)
    assert seen == [[1.0, 2.0, 9.0]] * 2


def test_an_error_that_is_expected_must_come_and_have_its_kind():
    def oracle(x):
        if x == 2:
            raise ValueError("two")
        return x

    exercise = _doubling([], oracle)

    def other_words(x):
        if x == 2:
            raise ValueError("other words are as good")
        return x

    assert verdict_on(other_words, exercise=exercise).passed
    verdict = verdict_on(lambda x: x, exercise=exercise)
    assert verdict.status == "wrong"
    assert verdict.mistake == "no-error"
    assert verdict.message.startswith(
        "Your function returned a number, it was expected to raise ValueError. "
    )

    def other_kind(x):
        return [1][int(x)] if x == 2 else x

    assert verdict_on(other_kind, exercise=exercise).status == "crashed"


def test_a_canonical_form_forgives_order_and_refuses_what_has_no_such_form():
    exercise = _doubling([], lambda x: [x, 2 * x], canonical=sorted)
    assert verdict_on(lambda x: [2 * x, x], exercise=exercise).passed
    assert verdict_on(lambda x: [2 * x, 2 * x], exercise=exercise).status == "wrong"
    assert verdict_on(lambda x: 5.0, exercise=exercise).status == "wrong"


@pytest.mark.parametrize(
    "result",
    [
        object(),
        "text",
        10**400,
        torch.eye(3).to_sparse(),
        torch.zeros(3, device="meta"),
        np.array([object()]),
        {"a": 1},
        {1, 2},
        [[1], [2, 3]],
        1j,
        torch.nan,
        (n for n in "ab"),
    ],
    ids=lambda r: type(r).__name__,
)
def test_whatever_a_function_returns_gets_a_verdict_in_words(result):
    verdict = verdict_on(lambda x: result)
    assert verdict.status == "wrong"
    assert verdict.message.endswith((".", "?"))


def test_a_call_reports_returned_or_raised():
    assert call(abs)(Case((-2,), "")) == Returned(2)
    outcome = call(abs)(Case(("x",), ""))
    assert isinstance(outcome, Raised)
    assert outcome.kind == "TypeError"


def test_a_function_that_exits_has_crashed():
    def leave(*_):
        raise SystemExit(0)

    verdict = TOY.verdict(call(leave))
    assert verdict.status == "crashed"
    assert verdict.outcome.kind == "SystemExit"


def test_a_mistake_is_named_though_another_one_raises_elsewhere():
    def summed_and_short(x):
        if x.shape[1] == 1:
            raise IndexError("one column")
        return x.sum(dim=1)

    verdict = verdict_on(summed_and_short)
    assert (verdict.status, verdict.mistake) == ("wrong", "sum")


def test_one_result_is_too_few_to_name_a_mistake_of_a_function_that_raises_elsewhere():
    def once(x):
        if x.shape != (2, 2):
            raise IndexError("only two rows")
        return x.sum(dim=1)

    assert verdict_on(once).mistake is None


SPOILING = {
    "fill": lambda x: x.zero_(),
    "resized": lambda x: x.resize_(1, 1),
    "asks for gradients": lambda x: x.requires_grad_(),
}


@pytest.mark.parametrize("spoil", SPOILING)
def test_each_way_to_change_an_argument_is_seen(spoil):
    def function(x):
        means = row_means(x).clone()
        SPOILING[spoil](x)
        return means

    assert verdict_on(function).mistake == "changes-an-argument"


@pytest.mark.parametrize("method", ["pop", "sort", "reverse", "clear"])
def test_a_list_that_is_changed_is_seen_also_deep_inside(method):
    def cases(rng, hidden):
        yield Case(([[3, 1, 2], [5, 4]],), "two lists")

    exercise = Exercise("longest", "99", cases, lambda rows: max(map(len, rows)), [])

    def function(rows):
        found = max(map(len, rows))
        getattr(rows[0], method)()
        return found

    assert verdict_on(function, exercise=exercise).mistake == "changes-an-argument"
    assert verdict_on(lambda rows: max(map(len, rows)), exercise=exercise).passed


def _cells():
    """What learners do to the libraries' state above their check, and how to undo it."""
    return {
        "default dtype": lambda: torch.set_default_dtype(torch.float64),
        "default device": lambda: torch.set_default_device("meta"),
        "no gradients": lambda: torch.set_grad_enabled(False),
        "deterministic": lambda: torch.use_deterministic_algorithms(True),
        "numpy raises": lambda: np.seterr(all="raise"),
        "seeds": lambda: (torch.manual_seed(5), np.random.seed(5)),
    }


@pytest.fixture
def restored():
    with _state.known():
        yield


@pytest.mark.parametrize("cell", _cells())
def test_a_verdict_does_not_depend_on_the_learner_s_state_and_leaves_it_alone(cell, restored):
    _cells()[cell]()
    before = _state._held()
    assert verdict_on(row_means).passed
    assert verdict_on(row_means, 7).passed
    assert _equal(before, _state._held())


@pytest.mark.parametrize("cell", _cells())
def test_what_a_function_changes_of_the_state_ends_with_its_call(cell, restored):
    before = _state._held()

    def function(x):
        _cells()[cell]()
        with torch.device("cpu"):
            return row_means(x)

    verdict_on(function)
    assert _equal(before, _state._held())


def _equal(a, b):
    return all(
        torch.equal(a[k], b[k]) if isinstance(a[k], torch.Tensor) else str(a[k]) == str(b[k])
        for k in a
    )


def test_gradients_flow_inside_a_check_also_where_the_cell_turned_them_off():
    def cases(rng, hidden):
        yield Case((torch.tensor([1.0, 2.0]),), "two numbers")

    def slope(x):
        y = x.clone().requires_grad_()
        return torch.autograd.grad((y**2).sum(), y)[0]

    exercise = Exercise("slope", "99", cases, lambda x: 2 * x, [])
    with torch.inference_mode():
        assert verdict_on(slope, exercise=exercise).passed


class Odd(BaseException):
    """What is no Exception is an outcome, too."""


def test_whatever_a_function_raises_is_an_outcome():
    def raises(x):
        raise Odd("away")

    verdict = verdict_on(raises)
    assert verdict.status == "crashed"
    assert verdict.message.startswith("Odd: away.")
    with pytest.raises(KeyboardInterrupt):
        verdict_on(lambda x: (_ for _ in ()).throw(KeyboardInterrupt))


def test_cases_come_in_float32_whatever_their_author_drew():
    seen = []

    def cases(rng, hidden):
        yield Case((torch.tensor([0.1, 0.7], dtype=torch.float64),), "double")
        yield Case((torch.tensor([0.1, 0.7]).half(),), "half")

    def function(x):
        seen.append(x.dtype)
        return x * torch.tensor([2.0, 2.0])

    exercise = Exercise("twice", "99", cases, lambda x: 2 * x.double(), [])
    assert verdict_on(function, exercise=exercise).passed
    assert set(seen) == {torch.float32}


KINDS = {
    "floats for rows": (
        lambda x: x.argmax(dim=1).float(),
        "another-kind-of-number",
        "whole numbers",
    ),
    "a list for a tensor": (
        lambda x: x.argmax(dim=1).tolist(),
        "not-a-tensor",
        "a tensor is asked for",
    ),
    "another dtype": (lambda x: x.argmax(dim=1).int(), "another-dtype", "int32; int64 is expected"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_right_numbers_of_another_kind_are_told_so(kind):
    def cases(rng, hidden):
        yield Case((torch.tensor([[1.0, 3.0], [5.0, 2.0]]),), "two rows")

    function, name, says = KINDS[kind]
    dtype = torch.int64 if kind == "another dtype" else None
    best = lambda x: [int(row.argmax()) for row in x]  # noqa: E731
    exercise = Exercise("best", "99", cases, best, [], returns="tensor", dtype=dtype)
    verdict = verdict_on(function, exercise=exercise)
    assert (verdict.status, verdict.mistake) == ("wrong", name)
    assert says in verdict.message
    assert verdict_on(lambda x: x.argmax(dim=1), exercise=exercise).passed


@pytest.mark.parametrize("hidden", [None, 7])
@pytest.mark.parametrize(
    ("change", "which"),
    [
        (lambda: torch.set_default_dtype(torch.float64), "torch's default dtype"),
        (lambda: torch.set_default_device("meta"), "torch's default device"),
        (lambda: torch.set_grad_enabled(False), "whether torch keeps gradients"),
    ],
)
def test_a_setting_that_a_function_changes_for_others_is_told(change, which, hidden):
    def function(x):
        found = row_means(x)
        change()
        return found

    verdict = verdict_on(function, hidden)
    assert (verdict.status, verdict.mistake) == ("wrong", "changes-a-setting")
    assert (which in verdict.message) == (hidden is None)


def test_what_is_expected_is_told_as_the_kind_that_the_card_asks_for():
    def cases(rng, hidden):
        yield Case((torch.tensor([[1.0, 3.0], [5.0, 2.0]]),), "two rows")

    best = lambda x: [int(row.argmax()) for row in x]  # noqa: E731
    exercise = Exercise("best", "99", cases, best, [], returns="tensor")
    verdict = verdict_on(lambda x: x.argmin(dim=1), exercise=exercise)
    assert isinstance(verdict.shown.expected, torch.Tensor)
    assert "list" not in verdict_on(lambda x: x.argmax(dim=1).to("meta"), exercise=exercise).message


SLOPES = {
    "a number": (lambda x: torch.tensor(float((x**2).sum())), "no gradient flows"),
    "detached": (lambda x: (x.detach() ** 2).sum(), "no gradient flows"),
    "half detached": (lambda x: (x * x.detach()).sum(), "its gradient to `x` is not"),
}


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("hidden", [None, 7])
def test_a_gradient_that_is_missing_or_wrong_is_told(slope, hidden):
    def cases(rng, hidden):
        yield Case((torch.tensor([1.0, 3.0]),), "two numbers")

    function, says = SLOPES[slope]
    exercise = Exercise("squares", "99", cases, lambda x: (x**2).sum(), [], gradients=(0,))
    verdict = verdict_on(function, hidden, exercise=exercise)
    assert (verdict.status, verdict.mistake) == ("wrong", "gradient")
    assert says in verdict.message if hidden is None else not any(map(str.isdigit, verdict.message))
    assert verdict_on(lambda x: x @ x, hidden, exercise=exercise).passed


def test_a_right_result_in_another_precision_than_its_arguments_is_said_to_be_converted():
    verdict = verdict_on(lambda x: row_means(x.double()))
    assert verdict.passed
    assert verdict.converted
    assert "Your result is float64 where the arguments are float32" in verdict.message
    assert not verdict_on(row_means).converted


def test_where_several_tensors_are_promised_each_has_to_be_one():
    cases = lambda rng, hidden: [Case((torch.ones(2),), "two"), Case((torch.ones(3),), "three")]  # noqa: E731
    exercise = Exercise("pair", "99", cases, lambda x: (x, x + 1), [], returns="tensors")
    assert verdict_on(lambda x: (x, x + 1), exercise=exercise).passed
    told = verdict_on(lambda x: (x, (x + 1).numpy()), exercise=exercise)
    assert told.mistake == "not-a-tensor"
    assert "your result holds an array of shape (2,)" in told.message


def test_who_refuses_what_is_allowed_reads_what_the_docstring_says_and_sees_the_arguments():
    def double(x):
        """Twice the number. Raises ValueError for a negative one. Example: 1 gives 2."""
        if x < 2:
            raise ValueError("too small")
        return 2 * x

    verdict = verdict_on(double, exercise=_doubling([]))
    assert verdict.mistake == "refuses-what-is-allowed"
    assert verdict.message.endswith(
        'Read in the docstring when an error is to be raised: "Raises ValueError for a negative one."'
    )
    assert verdict.shown.args == (1.0,)


def test_a_mistake_may_be_written_in_several_ways():
    mistake = Mistake("off", "You are off by one.", lambda x: 2 * x + 1, also=[lambda x: 2 * x - 1])
    for wrong in (lambda x: 2 * x + 1, lambda x: 2 * x - 1, lambda x: 2 * x + (1 if x > 2 else -1)):
        assert verdict_on(wrong, exercise=_doubling([mistake])).mistake == "off"
