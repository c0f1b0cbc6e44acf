"""Each submission goes to one worker at a time and has one result, whatever becomes of the workers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.grade.dispatch import Dispatch


def _all(dispatch, now=0.0):
    return list(iter(lambda: dispatch.take(now), None))


def test_twice_as_many_as_there_are_threads_are_sent_evenly():
    dispatch = Dispatch(10, 3, 9)
    dispatch.join("a", 1)
    dispatch.join("b", 2)
    sent = _all(dispatch)
    assert sorted(number for _, number in sent) == list(range(6))
    assert [worker for worker, _ in sent].count("a") == 2
    dispatch.done("a", sent[0][1], 1.0)
    assert dispatch.take(1.0) == ("a", 6)


def test_what_waited_at_a_worker_that_is_lost_comes_first_and_what_ran_last_and_alone():
    dispatch = Dispatch(6, 3, 9)
    dispatch.join("a", 1)
    assert _all(dispatch) == [("a", 0), ("a", 1)]
    assert dispatch.leave("a") == []
    dispatch.join("b", 1)
    assert _all(dispatch) == [("b", 1), ("b", 2)]
    for number in (1, 2, 3, 4, 5):
        dispatch.done("b", number, 1.0)
        _all(dispatch, 1.0)
    assert dispatch._workers["b"].work.keys() == {0}
    assert dispatch._workers["b"].alone


def test_one_that_loses_three_workers_is_given_up_and_no_other():
    dispatch = Dispatch(3, 3, 9)
    given_up = []
    for name in "abcdefg":
        dispatch.join(name, 1)
        for worker, number in _all(dispatch):
            if number == 1 and dispatch._workers[worker].running == [1]:
                given_up += dispatch.leave(worker)
                break
            if number != 1:
                dispatch.done(worker, number, 0.0)
    assert given_up == [1]
    assert dispatch.take(0.0) is None


def test_a_worker_is_overdue_by_what_runs_there_and_not_by_what_waits():
    dispatch = Dispatch(4, 3, 10)
    dispatch.join("a", 1)
    _all(dispatch, 0.0)
    assert dispatch.overdue(10.0) == []
    assert dispatch.overdue(10.1) == ["a"]
    dispatch.done("a", 0, 10.1)
    assert dispatch.overdue(20.0) == []
    assert dispatch.overdue(20.2) == ["a"]


def test_what_waits_moves_to_a_worker_that_has_nothing_to_do():
    dispatch = Dispatch(2, 3, 10)
    dispatch.join("a", 1)
    _all(dispatch)
    assert dispatch.move(0.0) is None
    dispatch.join("b", 1)
    assert dispatch.move(5.0) == ("a", "b", 1)
    assert dispatch.move(5.0) is None
    assert dispatch.overdue(11.0) == ["a"]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nothing_is_lost_or_doubled_however_workers_come_and_go(data):
    count = data.draw(st.integers(1, 12))
    dispatch = Dispatch(count, 3, 9)
    there: dict[str, set[int]] = {}
    results: list[int] = []
    names = iter(range(10_000))

    def out(numbers):
        for number in numbers:
            dispatch.given_up()
            results.append(number)

    for step in range(400):
        if not dispatch.left:
            break
        what = data.draw(st.sampled_from("jlfdtm")) if step < 100 else "jtmd"[step % 4]
        busy = [(w, n) for w, held in there.items() for n in sorted(held)]
        if what == "j" and len(there) < 3:
            worker = f"w{next(names)}"
            there[worker] = set()
            dispatch.join(worker, data.draw(st.integers(1, 2)))
        elif what == "l" and there:
            worker = data.draw(st.sampled_from(sorted(there)))
            del there[worker]
            out(dispatch.leave(worker))
        elif what == "t":
            for worker, number in _all(dispatch):
                assert all(number not in held for held in there.values())
                there[worker].add(number)
        elif what == "m":
            while moved := dispatch.move(0.0):
                source, worker, number = moved
                there[source].remove(number)
                there[worker].add(number)
        elif what in "df" and busy:
            worker, number = data.draw(st.sampled_from(busy)) if step < 100 else busy[0]
            there[worker].remove(number)
            if what == "d":
                dispatch.done(worker, number, 0.0)
                results.append(number)
            elif dispatch.failed(worker, number, 0.0):
                out([number])
    assert sorted(results) == list(range(count))
    assert dispatch.left == 0
