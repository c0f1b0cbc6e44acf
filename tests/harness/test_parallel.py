import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.parallel import finished


@given(st.lists(st.integers()), st.integers(1, 4), st.integers(1, 9))
def test_every_item_comes_once_with_its_result(items, jobs, window):
    with ThreadPoolExecutor(jobs) as pool:
        found = [(item, future.result()) for item, future in finished(pool, str, items, window)]
    assert sorted(found) == sorted((item, str(item)) for item in items)


def test_an_item_that_raises_comes_with_its_error_and_stops_nothing():
    with ThreadPoolExecutor(2) as pool:
        found = {i: f.exception() for i, f in finished(pool, lambda i: 1 / i, [1, 0, 2], 3)}
    assert isinstance(found.pop(0), ZeroDivisionError)
    assert found == {1: None, 2: None}


def test_no_more_are_begun_than_the_window_lets_wait():
    begun = []
    with ThreadPoolExecutor(8) as pool:
        todo = finished(pool, begun.append, range(100), 3)
        next(todo)
        assert len(begun) <= 3
        assert [item for item, _ in todo] != []
    assert len(begun) == 100


def test_what_has_not_begun_is_given_up_when_it_is_closed():
    begun, go_on = [], threading.Event()

    def work(item):
        begun.append(item)
        if item:
            go_on.wait(5)

    with ThreadPoolExecutor(1) as pool:
        todo = finished(pool, work, range(50), 10)
        next(todo)
        todo.close()
        go_on.set()
    assert len(begun) <= 3


def test_an_error_of_who_takes_the_results_ends_the_work():
    begun = []

    def take():
        with ThreadPoolExecutor(1) as pool:
            for _ in finished(pool, begun.append, range(1000), 4):
                raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        take()
    assert len(begun) < 1000
