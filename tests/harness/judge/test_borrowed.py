"""What is told of the library's functions, in the process that calls them."""

import functools
import importlib
import pkgutil

import numpy as np
import pytest
import torch

import lib
from harness.judge import borrowed
from harness.judge.proxy import Channel, library_name
from lib import checks, pooling
from tests.lib.checks.alternatives import alternatives

NAMES = [check.name for check in checks.every() if isinstance(check, checks.Exercise)]


def _told(function, name):
    """What the judge makes of a function's calls on the visible cases."""
    channel = Channel(None)
    for case in list(checks.find(name).draw())[:12]:
        try:
            seen = borrowed.called(function, case.args, dict(case.kwargs))[1]
        except Exception:
            continue
        channel.borrowed.setdefault(name, []).append(seen)
    return channel.library_answers()


@pytest.mark.parametrize("name", NAMES)
def test_no_accepted_answer_is_told_to_be_the_library_s(name):
    for function in alternatives(name):
        if function.__module__.startswith("lib.checks"):  # made of the check's own parts
            continue
        assert borrowed.named(function) is None
        assert _told(function, name) == {}, function.__name__


def _of_the_library():
    """Functions of the teaching library that bear an exercise's name."""
    for found in pkgutil.iter_modules(lib.__path__):
        if found.ispkg:
            continue
        module = importlib.import_module(f"lib.{found.name}")
        for name in NAMES:
            function = vars(module).get(name)
            if callable(function) and function.__module__ == module.__name__:
                yield name, function


def test_the_library_s_functions_are_told_by_themselves_and_within_wrappers():
    right = 0
    for name, function in _of_the_library():
        assert borrowed.named(function) == f"{function.__module__}.{name}"
        assert borrowed.named(functools.partial(function)) == borrowed.named(function)

        def wrapper(*args, _function=function, **kwargs):
            return _function(*args, **kwargs)

        assert borrowed.named(wrapper) is None
        if checks.find(name).verdict(checks.call(function)).passed:
            assert _told(wrapper, name) == {name: borrowed.named(function)}
            right += 1
    assert right > 15  # the others take other arguments than the exercise asks for


def test_what_wraps_a_learner_s_own_function_is_not_the_library_s():
    def own(x):
        return x

    assert borrowed.named(functools.wraps(own)(lambda x: own(x))) is None
    assert borrowed.named(functools.wraps(pooling.mean_pool)(own)) == "lib.pooling.mean_pool"
    assert borrowed.named(np.mean) is borrowed.named(torch.nn.Linear) is None
    assert borrowed.named(3) is borrowed.named(borrowed.named) is None


def test_the_library_may_do_a_part_of_the_work():
    tokens, mask = torch.randn(2, 3, 4), torch.ones(2, 3, dtype=torch.long)

    def normalised(t, m):
        return pooling.normalize(pooling.mean_pool(t, m))

    def changed(t, m):
        pooled = pooling.mean_pool(t, m)
        pooled += 1
        return pooled

    def part(t, m):
        return pooling.mean_pool(t[:1], m[:1])

    for function in (normalised, changed, part):
        result, told = borrowed.called(function, (tokens, mask), {})
        assert told == ""
        assert torch.equal(result, function(tokens, mask))
    copies = borrowed.called(
        lambda t, m: pooling.mean_pool(t.clone(), m).double(), (tokens, mask), {}
    )
    assert copies[1] == "lib.pooling.mean_pool"


def test_errors_go_through_and_a_learner_s_own_tracing_comes_back():
    import sys

    def fails(x):
        raise KeyError("no")

    def profile(*args):
        return None

    sys.setprofile(profile)
    try:
        with pytest.raises(KeyError):
            borrowed.called(fails, (1,), {})
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)


def test_what_a_process_tells_is_bounded():
    assert library_name("lib.pooling.mean_pool") == "lib.pooling.mean_pool"
    for told in (None, 3, "", "os.system", "lib." + "a" * 100, "lib.x\n", "lib.\u0431", ["lib.a"]):
        assert library_name(told) is None
