import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from lib import checks
from lib.checks import Case, Exercise
from lib.checks.calling import Limits
from lib.learn import CheckFailed, catalogue, check, checking, hint, solution, yours
from lib.learn.panel import _RECORD as RECORD
from tests.lib.checks.toy import BREAK, TOY, T, row_means


def define(body: str) -> str:
    return f"def row_means(x):\n    {body}\ncheck('row_means', row_means)"


# In front of a person.


SLOW = "while True: pass"


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(checking, "LIMITS", Limits(0.2))


def test_a_call_that_does_not_come_back_is_shown_with_its_arguments(shell, hasty):
    seen = shell(define(SLOW))
    assert "did not come back within 0.2 seconds" in seen.text
    assert "It happened on this case: five random rows." in seen.text
    assert "Given" in seen.text


def test_of_a_large_case_on_which_a_call_does_not_come_back_the_shapes_are_shown(hasty):
    large = Exercise(
        "row_means",
        "99",
        lambda rng, hidden: [Case((torch.ones(40, 30),), "many rows")],
        row_means,
        TOY.mistakes,
    )

    def slow(x):
        while True:
            pass

    verdict = large.verdict(checks.call(slow, Limits(0.2)))
    assert "x = tensor of shape (40, 30)" in str(checking.panel(verdict))


def test_where_nobody_watches_the_message_says_on_what_a_call_did_not_come_back(
    monkeypatch, capsys, hasty
):
    monkeypatch.setenv("COURSE_HEADLESS", "1")

    def slow(x):
        while True:
            pass

    with pytest.raises(CheckFailed) as failed:
        check("row_means", slow)
    for said in (str(failed.value), failed.value.verdict["message"]):
        assert "was stopped. Is there a loop whose end is never reached?" in said
        assert "It was on this case: five random rows.\nx =\n[[" in said
    with pytest.raises(CheckFailed) as failed:
        check("row_means", slow, hidden=7)
    assert "case" not in str(failed.value)
    assert "[[" not in str(failed.value)


def test_a_right_answer_is_told_and_nothing_raised(shell):
    seen = shell(define("return x.mean(dim=1)"))
    assert seen.error is None
    assert "row_means: passed. Right on all 3 cases." in seen.text
    assert "hint(" not in seen.text
    assert seen.data[0][RECORD] == {
        "kind": "check",
        "exercise": "row_means",
        "status": "passed",
        "mistake": None,
    }


def test_a_named_mistake_is_told_with_yours_and_the_expected_result(shell):
    seen = shell(define("return x.sum(dim=1)"))
    assert seen.error is None
    assert "row_means: wrong" in seen.text
    assert "You sum and do not divide." in seen.text
    assert "The smallest case that goes wrong: two rows." in seen.text
    for part in ("Given", "You returned", "Expected", "[ 4. 11.]", "2. , 5.5", 'hint("row_means")'):
        assert part in seen.text, part
    assert "(tensor of shape (2,))" in seen.text
    assert "(list of 2)" in seen.text
    assert seen.data[0][RECORD]["mistake"] == "sum"


def test_a_wrong_shape_is_told_as_shapes(shell):
    seen = shell(define("return x.mean(dim=1, keepdim=True)"))
    assert "Your result has shape (3, 1), shape (3,) was expected." in seen.text
    assert "(tensor of shape (3, 1))" in seen.text


def test_a_wrong_matrix_is_drawn_beside_the_expected_one(shell):
    shell("import lib.pooling")
    seen = shell(
        "def mean_pool(tokens, mask):\n    return tokens.mean(dim=1)\ncheck('mean_pool', mean_pool)"
    )
    assert "mean_pool: wrong" in seen.text
    for part in ("<figcaption>yours", "<figcaption>expected", "<figcaption>difference"):
        assert part in seen.html, part


@pytest.mark.parametrize("value", ["x > 0", "x * float('nan')", "x / 0", "x.to(torch.int64)"])
def test_a_matrix_of_any_numbers_can_be_drawn(shell, value):
    seen = shell(
        f"def mean_pool(tokens, mask):\n    x = tokens[:, 0]\n    return {value}\n"
        "check('mean_pool', mean_pool)"
    )
    assert seen.error is None
    assert "mean_pool: wrong" in seen.text


def test_a_crash_shows_the_learners_own_line_and_its_number(shell):
    seen = shell(
        "def helper(x):\n    return x.no_such_thing  # here\n\n"
        "def row_means(x):\n    y = x * 2\n    return helper(y)\n\n"
        "check('row_means', row_means)"
    )
    assert seen.error is None
    assert "row_means: crashed" in seen.text
    assert "return x.no_such_thing  # here" in seen.text
    assert "Line 2 of your cell" in seen.text
    assert "AttributeError: 'Tensor' object has no attribute 'no_such_thing'" in seen.text
    assert "exercise.py" not in seen.text


def test_a_crash_inside_a_library_shows_the_line_that_called_it(shell):
    seen = shell(define("return torch.stack([x, x[0]])"))
    assert "return torch.stack([x, x[0]])" in seen.text
    assert "Line 2 of your cell" in seen.text
    assert "It happened on this case:" in seen.text


def test_a_wrong_number_of_arguments_is_a_crash_in_words(shell):
    seen = shell("def row_means():\n    pass\ncheck('row_means', row_means)")
    assert "row_means: crashed" in seen.text
    assert "takes 0 positional arguments" in seen.text


@pytest.mark.parametrize("body", ["raise NotImplementedError()", "pass", "..."])
def test_a_stub_is_not_attempted_and_no_fault(shell, body):
    seen = shell(define(body))
    assert seen.error is None
    assert "row_means: not attempted yet" in seen.text
    assert "Fill in the function above" in seen.text
    assert "wrong" not in seen.text


def test_what_the_function_prints_is_shown_once_and_short(shell):
    seen = shell(define("print('shape', tuple(x.shape))\n    return x.mean(dim=1)"))
    assert seen.stdout == ""
    assert seen.text.count("shape (2, 2)") == 1
    assert "Your function printed" in seen.text
    seen = shell(define("print('line\\n' * 500)\n    return x.mean(dim=1)"))
    assert "more lines)" in seen.text
    assert len(seen.text.splitlines()) < 20


def test_warnings_stand_apart_from_what_is_printed_and_each_comes_once(shell):
    seen = shell(
        "import warnings\n"
        + define("print('shape')\n    warnings.warn('mind')\n    return x.mean(dim=1)")
    )
    printed, warned = seen.text.split(
        "Python warned while your function ran (this alone is no mistake)"
    )
    assert "shape" in printed
    assert "mind" not in printed
    assert warned.count("UserWarning: mind") == 1


def test_a_long_line_that_the_function_prints_is_cut_between_words(shell):
    words = " ".join(f"word{number}" for number in range(100))
    seen = shell(define(f"print({words!r})\n    return x.mean(dim=1)"))
    line = next(line for line in seen.text.splitlines() if line.strip().startswith("word0"))
    assert line.endswith(" ...")
    assert set(line.split()) < {*words.split(), "..."}
    place = "(Triggered internally at /torch/aten/src/ATen/native/ReduceOps.cpp:1857.)"
    seen = shell(define(f"print('It warns. {place}')\n    return x.mean(dim=1)"))
    assert "It warns." in seen.text
    assert "Triggered" not in seen.text


def test_markup_in_a_message_is_shown_as_text(shell):
    seen = shell(define("raise ValueError('<script>alert(1)</script> & \"quotes\"')"))
    assert "<script>" in seen.text
    assert "<script>" not in seen.html
    assert "&lt;script&gt;" in seen.html


def test_a_break_it_shows_which_suspect_got_through(shell):
    seen = shell(f"def break_clamped():\n    return {T[:1]}\ncheck('break_clamped', break_clamped)")
    assert "Nothing is above." in seen.text


def test_an_unknown_exercise_is_told_with_those_there_are(shell):
    seen = shell("check('no_such', print)")
    assert isinstance(seen.error, KeyError)
    assert "mean_pool" in str(seen.error)


# Where nobody watches.


def test_headless_a_failed_check_raises_and_shows_all_the_same(capsys):
    with pytest.raises(CheckFailed, match=r"^row_means: wrong\. You sum and do not divide\.$"):
        check("row_means", lambda x: x.sum(dim=1))
    assert "row_means: wrong" in capsys.readouterr().out
    with pytest.raises(CheckFailed, match="not attempted"):
        check("row_means", lambda x: None)
    with pytest.raises(CheckFailed, match="crashed"):
        check("row_means", lambda x: x.nothing)
    check("row_means", row_means)


@pytest.mark.parametrize("variable", ["COURSE_HEADLESS", "NBGRADER_EXECUTION"])
def test_a_shell_that_is_told_so_is_headless_and_the_error_is_one_line(
    shell, monkeypatch, variable
):
    monkeypatch.setenv(variable, "1")
    seen = shell(define("return x.sum(dim=1)"))
    assert isinstance(seen.error, CheckFailed)
    assert "CheckFailed: row_means: wrong. You sum and do not divide." in seen.stdout
    assert "Traceback" not in seen.stdout


def test_a_hidden_check_shows_no_value(capsys):
    with pytest.raises(CheckFailed):
        check("row_means", lambda x: row_means(x) + 1, hidden=7)
    said = capsys.readouterr().out
    assert "Your result differs from the expected one." in said
    for part in ("Given", "You returned", "Expected\n"):
        assert part not in said
    check("row_means", row_means, hidden=7)


def _noisy(x):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.write(2, b"past Python\n")
    return row_means(x)


def test_nothing_of_what_a_function_says_reaches_stderr(capfd):
    import logging

    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("tests.lib.learn.noisy")
    logger.addHandler(handler)
    try:

        def logs(x):
            logger.warning("a log line")
            return _noisy(x)

        check("row_means", logs)
        check("row_means", logs, hidden=3)
    finally:
        logger.removeHandler(handler)
    said = capfd.readouterr()
    assert said.err == ""
    for part in ("to stdout", "to stderr", "a log line", "passed"):
        assert part in said.out, part


def test_a_log_handler_made_inside_a_check_works_on_after_it(capsys, monkeypatch):
    import logging

    logger = logging.getLogger("tests.lib.learn.first")
    monkeypatch.setattr(logger, "handlers", [])

    def logs(x):
        if not logger.handlers:
            logger.addHandler(logging.StreamHandler())  # as the first `logging.warning` does
        logger.warning("inside")
        return row_means(x)

    check("row_means", logs)
    check("row_means", logs)
    said = capsys.readouterr()
    assert said.out.count("Your function printed") == 2
    assert said.err == ""
    logger.warning("outside")
    assert capsys.readouterr().err == "outside\n"


_WARNS = """
import logging, warnings
from lib.learn import check
from lib.pooling import mean_pool as pool

def mean_pool(tokens, mask):
    warnings.warn("a warning")
    logging.getLogger("x").warning("the last resort")
    return pool(tokens, mask)

check("mean_pool", mean_pool)
"""


@pytest.mark.slow
def test_a_warning_reaches_no_stderr_and_fails_no_check_even_where_warnings_are_errors():
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", _WARNS], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    for part in ("UserWarning: a warning", "the last resort", "mean_pool: passed"):
        assert part in done.stdout, part


# Your own function further on.


def test_yours_is_the_learners_only_after_its_check_and_only_that_one(capsys):
    mine, library = lambda x: x.mean(dim=1), lambda x: "library"
    assert yours("row_means", mine, instead=library) is library
    assert "using the library's version until yours passes" in capsys.readouterr().out
    check("row_means", mine)
    capsys.readouterr()
    assert yours("row_means", mine, instead=library) is mine
    assert capsys.readouterr().out == ""
    again = lambda x: x.mean(dim=1)  # noqa: E731 # the cell is run again
    assert yours("row_means", again, instead=library) is again
    assert yours("row_means", lambda x: x.mean(dim=-1), instead=library) is library
    with pytest.raises(CheckFailed):
        check("row_means", lambda x: x)
    assert yours("row_means", mine, instead=library) is library


def test_a_function_that_changes_its_argument_spoils_no_later_case_and_is_told_so(capsys):
    def spoils(x):
        means = row_means(x)
        x.fill_(float("nan"))
        return means

    with pytest.raises(CheckFailed, match="your function changes its argument `x` in place"):
        check("row_means", spoils)
    assert "Your results are right" in capsys.readouterr().out


def test_yours_goes_on_in_the_precision_of_its_arguments(capsys):
    mine = lambda x: row_means(x.double())  # noqa: E731
    check("row_means", mine)
    assert "the lesson goes on with it in float32" in capsys.readouterr().out
    found = yours("row_means", mine, instead=row_means)(torch.ones(2, 3))
    assert found.dtype == torch.float32
    assert (
        yours("row_means", mine, instead=row_means)(torch.ones(2, 3).double()).dtype
        == torch.float64
    )


def test_where_an_error_is_expected_the_arguments_are_shown(capsys):
    with pytest.raises(CheckFailed):
        check(
            "token_index_bytes",
            lambda passages, tokens, dim, bits, centroids: (
                tokens * (4 + -(-dim * bits // 8))
                + 4 * centroids * dim
                + 4 * 2**bits
                + 8 * passages
                + 8
            ),
        )
    said = capsys.readouterr().out
    assert "passages = -1" in said
    assert "an error: ValueError" in said


# Hints and worked answers.


def test_hints_come_in_order_and_start_again(course):
    said = [str(hint("mean_pool")) for _ in range(4)]
    for number, symptom in enumerate(("Your mean moves", "Your mean is too small", "You get NaN")):
        title = f"Hint {number + 1} of 3 for mean_pool, if this is so: {symptom}"
        assert title in said[number]
    assert "The mask says which tokens count." in said[0]
    assert said[3] == said[0]


def test_hints_go_on_where_a_person_left_off(course, shell, monkeypatch):
    from lib.learn import stored_progress as record

    assert "Hint 1 of 3" in shell("hint('mean_pool')").stdout
    monkeypatch.setattr(record, "_session_hints", {})  # another notebook, another day
    assert "Hint 2 of 3" in shell("hint('mean_pool')").stdout


def _with_hints(kinds, **numbers):
    return [replace(kind, hint=numbers.get(kind.name.replace("-", "_"), 0)) for kind in kinds]


@pytest.fixture
def hinted(monkeypatch):
    """The toys with three hints each, some of them about a mistake or a suspect."""
    own = {
        TOY.name: replace(TOY, mistakes=_with_hints(TOY.mistakes, sum=2, max=3)),
        BREAK.name: replace(BREAK, suspects=_with_hints(BREAK.suspects, no_high=3)),
    }
    hints = [
        {"symptom": "You do not know how to begin.", "hint": "Print the shape."},
        {"symptom": "It is too large.", "hint": "Divide."},
        {"symptom": "A row is NaN.", "hint": "It has no column."},
    ]
    monkeypatch.setattr(checks, "find", own.__getitem__)
    monkeypatch.setattr(catalogue, "exercise", lambda name: {"name": name, "hints": hints})


def _fail(function, name="row_means"):
    with pytest.raises(CheckFailed):
        check(name, function)


def _hints(times, name="row_means"):
    """The numbers of the next hints."""
    return [int(re.search(r"(\d) of 3", str(hint(name)))[1]) for _ in range(times)]


@pytest.mark.parametrize(
    ("wrong", "first"),
    [
        (lambda x: x.sum(dim=1), 2),
        (lambda x: x.max(dim=1).values, 3),
        (lambda x: x.mean(dim=0), 1),  # named, but no hint is about it
        (lambda x: x.mean(dim=1) * float("nan"), 3),  # a pattern, known by the hint's symptom
    ],
    ids=["sum", "max", "columns", "nan"],
)
def test_hints_begin_with_the_one_that_fits_the_mistake(hinted, wrong, first):
    _fail(wrong)
    shown = _hints(3)
    assert shown[0] == first
    assert sorted(shown) == [1, 2, 3]
    assert _hints(1) == [first]  # they start again, the mistake is still the same


def test_a_hint_out_of_turn_says_that_it_fits_the_mistake_and_the_others_only_their_number(hinted):
    _fail(lambda x: x.sum(dim=1))
    said = [str(hint("row_means")) for _ in range(3)]
    assert "The hint that fits your mistake (2 of 3) for row_means: It is too large." in said[0]
    assert "Hint 1 of 3 for row_means, if this is so: You do not know" in said[1]
    assert "Hint 3 of 3 for row_means, if this is so: A row is NaN." in said[2]


def test_a_symptom_that_is_a_condition_already_stays_as_it_is(hinted, monkeypatch):
    hints = [{"symptom": "If it is too large.", "hint": "Divide."}]
    monkeypatch.setattr(catalogue, "exercise", lambda name: {"name": name, "hints": hints})
    assert "Hint 1 of 1 for row_means: If it is too large." in str(hint("row_means"))


def test_another_mistake_brings_its_own_hint_next(hinted):
    _fail(lambda x: x.max(dim=1).values)
    assert _hints(1) == [3]
    _fail(lambda x: x.sum(dim=1))
    assert _hints(2) == [2, 1]


def test_once_the_check_passes_the_earlier_mistake_is_forgotten(hinted):
    _fail(lambda x: x.max(dim=1).values)
    check("row_means", row_means)
    assert _hints(3) == [1, 2, 3]


def test_a_suspect_that_got_through_has_its_hint_first(hinted):
    _fail(lambda: T[:1], "break_clamped")
    assert _hints(1, "break_clamped") == [3]


def test_the_third_hint_offers_the_worked_answer_and_none_before_does(hinted):
    _fail(lambda x: x.sum(dim=1))
    said = [str(hint("row_means")) for _ in range(4)]
    assert ['solution("row_means")' in text for text in said] == [False, False, True, False]


def test_a_hint_for_no_exercise_names_those_there_are(course):
    with pytest.raises(KeyError, match="there is no exercise 'x'; there are: mean_pool"):
        hint("x")


def test_a_solution_is_shown_where_it_is_and_else_said_who_has_it(course, monkeypatch, tmp_path):
    from harness.author import lesson, notebooks

    assert "course run --save" in str(solution("mean_pool"))
    worked = notebooks.worked_notebook(lesson.read(course / "lessons" / "90_tiny.py"))
    path = course / "solutions" / "90_tiny.ipynb"
    path.write_text(notebooks.to_text(worked))
    shown = str(solution("mean_pool"))
    assert "mean_pool: one worked answer" in shown
    assert "weights = attention_mask.unsqueeze(-1)" in shown
    assert "###" not in shown
    worked.cells = []
    path.write_text(notebooks.to_text(worked))
    assert "is not here" in str(solution("mean_pool"))
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "a class"))
    assert "In a class the teacher keeps it." in str(solution("mean_pool"))


def test_a_large_failing_case_is_not_poured_out():
    from lib.checks.exercise import Shown, Verdict

    shown = Shown((torch.zeros(30, 30),), torch.zeros(30, 30), torch.ones(30, 30))
    said = checking.panel(Verdict("x", "wrong", "Message.", shown=shown, label="large")).plain()
    assert "Given" not in said
    assert "The smallest case that goes wrong: large." in said
