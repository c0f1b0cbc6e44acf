"""Contests: what a stage calls, what it measures, and what `check` makes of a share of the points."""

import types

import pytest

from lib import checks
from lib.checks import Contest, Raised, Returned, Slip, Stage
from lib.checks.contest import NotStarted, used
from lib.checks.verdict import Verdict
from lib.learn import checking
from lib.learn.checking import CheckFailed, check


class Far:
    """A function in another process, as the grader's stand-in for one has it."""

    def __init__(self, log, answer=None, error=None, fresh=True):
        self.log, self.answer, self.error, self.can = log, answer, error, fresh

    def __call__(self, *args):
        self.log.append(("call", args))
        if self.error:
            raise self.error
        return self.answer

    def kept(self):
        return self.log[0]

    def need(self, seconds):
        self.log.append(("need", seconds))

    def within(self, seconds):
        self.log.append(("within", seconds))

    def afresh(self, names, folder, without):
        self.log.append(("afresh", tuple(names), folder, tuple(without)))
        if not self.can:
            raise SystemExit("no process")
        return dict.fromkeys(names, Far(self.log, "from the fresh one")), 77

    def changed_argument(self):
        return None

    def altered_setting(self):
        return None

    def told_started(self):
        return True


def test_here_functions_are_called_as_they_are_and_their_text_is_measured():
    def double(x):
        return 2 * x

    stage = Stage({"double": double})
    assert not stage.apart
    assert stage.afresh() > len("def double(x):")
    heard = stage.call("double", 21, seconds=5)
    assert heard.outcome == Returned(42)
    assert heard.seconds >= 0
    stage.kept["a"] = 1
    assert stage.kept == {}  # a notebook keeps nothing from check to check


def test_elsewhere_calls_go_to_the_fresh_process_and_have_their_time(tmp_path):
    log = [{}]
    stage = Stage({"find": Far(log, "from the first one")})
    assert stage.apart
    assert stage.call("find", 1, seconds=9).outcome == Returned("from the first one")
    assert stage.afresh(tmp_path, [tmp_path / "data"]) == 77
    assert stage.call("find", 2, seconds=9).outcome == Returned("from the fresh one")
    stage.need(100)
    assert ("afresh", ("find",), str(tmp_path), (str(tmp_path / "data"),)) in log
    assert log.count(("within", 9)) == 2
    assert log[-1] == ("need", 100)
    stage.kept["a"] = 1
    assert log[0] == {"a": 1}


def test_a_process_that_is_lost_is_an_outcome_and_one_that_does_not_start_an_error():
    stage = Stage({"find": Far([{}], error=SystemExit("gone"))})
    assert stage.call("find", seconds=1).outcome == Raised("SystemExit", "gone")
    with pytest.raises(NotStarted, match="no process"):
        Stage({"find": Far([{}], fresh=False)}).afresh()


def test_the_learner_s_own_interrupt_gets_through():
    with pytest.raises(KeyboardInterrupt):
        Stage({"find": Far([{}], error=KeyboardInterrupt())}).call("find", seconds=1)


def test_what_a_function_uses_is_found_through_its_helpers_and_not_by_attributes():
    notebook = types.ModuleType("__main__")
    exec(
        "table = [1]\nother = [2]\n"
        "def helper(x):\n    return [x.other, table]\n"
        "def find(x):\n    return [helper(y) for y in x]\n",
        vars(notebook),
    )
    assert dict(used(notebook.find)) == {"helper": notebook.helper, "table": [1]}


def _contest(verdict):
    return Contest("race", "99", ("build", "run"), lambda stage, hidden: verdict, [Slip("s", "S.")])


@pytest.fixture
def race(monkeypatch):
    def start(verdict):
        monkeypatch.setenv("COURSE_HEADLESS", "1")
        monkeypatch.setattr(checks, "find", lambda name: _contest(verdict))
        monkeypatch.setattr(checking.stored_progress, "record_check", lambda *a: None)

    return start


def test_check_gives_the_points_that_a_share_is_worth(race, capsys):
    race(Verdict("race", "passed", "Good.", share=0.3333, more=("More of it.",)))
    assert check("race", len, len, hidden=1, points=20) == 6.67
    assert check("race", len, len) is None
    assert "More of it." in capsys.readouterr().out


def test_check_fails_where_nothing_is_earned(race):
    race(Verdict("race", "wrong", "Bad.", share=0.0))
    with pytest.raises(CheckFailed, match="Bad"):
        check("race", len, len, hidden=1, points=20)


def test_check_says_which_functions_are_asked_for(race):
    race(Verdict("race", "passed", "Good.", share=1.0))
    with pytest.raises(TypeError, match="a check of 2 functions, build, run; 1 came"):
        check("race", len)
