"""A call is held to its limits, in the main thread and in others, and the process is as before."""

import signal
import sys
import threading
import time

import pytest

from lib.checks import _limits
from lib.checks._limits import Limits, TookTooLong


def _wait():
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        pass
    return "came back"


def _in(thread, function):
    if not thread:
        return function()
    kept = []
    other = threading.Thread(target=lambda: kept.append(function()))
    other.start()
    other.join()
    return kept[0]


def _told(function):
    try:
        with _limits.held(Limits(0.2)):
            return function()
    except TookTooLong as error:
        return str(error)


@pytest.mark.parametrize("thread", [False, True])
def test_a_call_that_does_not_come_back_is_stopped(thread):
    started = time.monotonic()
    assert _in(thread, lambda: _told(_wait)) == (
        "Your function did not come back within 0.2 seconds and was stopped."
    )
    assert time.monotonic() - started < 10


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm here")
def test_a_sleep_is_stopped_and_somebody_else_s_alarm_goes_on():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        assert "within 0.2 seconds" in _told(lambda: time.sleep(20))
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        assert rung == []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("thread", [False, True])
def test_nothing_comes_after_a_call_that_is_in_time(thread):
    def soon():
        for _ in range(20):
            _told(lambda: 1)
        time.sleep(0.5)
        return "quiet"

    assert _in(thread, soon) == "quiet"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("function", [_wait, lambda: 1])
def test_python_goes_on_as_before_after_a_call_in_another_thread(function):
    _in(True, lambda: _told(function))
    lines = []
    sys.settrace(lambda frame, event, about: lines.append(event))
    try:
        _told(lambda: 1)  # Python would stand still here if it still waited for what was taken back
    finally:
        sys.settrace(None)
    assert "call" in lines


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux alone")
def test_memory_is_limited_inside_alone():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), _limits.held(Limits(20, 100)):
        bytearray(10**9)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert len(bytearray(10**9)) == 10**9
