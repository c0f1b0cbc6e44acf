"""What comes meanwhile is done at once, in order, each once; an error ends it and is told."""

import threading
import time

import pytest

from harness.batch_queue import BatchQueue


def test_everything_is_done_once_in_order_and_in_few_batches():
    batches = []

    def slowly(batch):
        time.sleep(0.01)
        batches.append(batch)

    with BatchQueue(slowly, 16) as queue:
        for number in range(200):
            queue.put(number)
    assert [number for batch in batches for number in batch] == list(range(200))
    assert len(batches) < 60
    assert max(map(len, batches)) <= 16


def test_the_first_waits_for_no_other():
    seen = threading.Event()
    with BatchQueue(lambda batch: seen.set(), 100) as queue:
        queue.put(1)
        assert seen.wait(10)


def test_an_error_is_told_to_who_puts_in_and_nothing_is_done_after_it():
    done = []

    def failing(batch):
        done.extend(batch)
        if 3 in batch:
            raise OSError("the disk is full")

    def all_of_them():
        with BatchQueue(failing, 4) as queue:
            for number in range(1000):
                queue.put(number)
                time.sleep(0.001)

    def only_one():
        with BatchQueue(failing, 4) as queue:
            queue.put(3)

    for asked in (all_of_them, only_one):
        with pytest.raises(OSError, match="disk is full"):
            asked()
    assert len(done) < 100


def test_what_was_put_in_is_done_when_the_block_ends_by_an_error():
    done = []

    def interrupted():
        with BatchQueue(done.extend, 4) as queue:
            for number in range(3):
                queue.put(number)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == [0, 1, 2]
