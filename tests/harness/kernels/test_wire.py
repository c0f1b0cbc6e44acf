"""The grader's own reading of ZeroMQ: what libzmq sends comes whole, what is hostile is given up."""

import contextlib
import os
import socket
import sys
import threading

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.kernels import wire
from harness.kernels.wire import Cut, TooLarge, Wire

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")


@pytest.fixture(scope="module")
def context():
    made = zmq.Context()
    yield made
    made.destroy(linger=0)


@pytest.fixture
def bound(context, tmp_path, monkeypatch):
    """Gives a socket of libzmq's and the path that it is bound to."""
    monkeypatch.chdir(tmp_path)
    made = []

    def bind(kind):
        made.append(context.socket(kind))
        made[-1].bind("ipc://k")
        return made[-1], "k"

    yield bind
    for one in made:
        one.close(linger=0)


def test_what_a_publisher_sends_comes_whole_and_in_order(bound):
    publisher, path = bound(zmq.PUB)
    heard = Wire(path, "SUB", 10)
    while heard.receive(0.05, 1_000) is None:
        publisher.send(b"ready")
    sent = [[b"topic", b"", b"x" * 300], [b"y" * 100_000], [bytes([n]) for n in range(7)]]
    for parts in sent:
        publisher.send_multipart(parts)
    found = []
    while len(found) < 3:
        message = heard.receive(10, 1 << 20)
        found += [message] if message != [b"ready"] else []
    assert found == sent
    heard.close()


def test_a_request_arrives_and_its_answer_comes_back(bound):
    router, path = bound(zmq.ROUTER)
    asking = Wire(path, "DEALER", 10)
    asking.send([b"a", b"b" * 70_000], 10)
    who, *parts = router.recv_multipart()
    assert parts == [b"a", b"b" * 70_000]
    router.send_multipart([who, b"answer"])
    assert asking.receive(10, 1_000) == [b"answer"]
    asking.close()


def test_a_message_over_the_size_is_not_read(bound):
    publisher, path = bound(zmq.PUB)
    heard = Wire(path, "SUB", 10)
    while heard.receive(0.05, 1_000) is None:
        publisher.send(b"ready")
    publisher.send(b"x" * 50_000_000)

    def read():
        while heard.receive(10, 1_000_000):
            pass

    with pytest.raises(TooLarge):
        read()
    assert len(heard._buffer) < 2 << 20
    heard.close()


def test_the_end_of_the_other_side_is_told(bound):
    router, path = bound(zmq.ROUTER)
    asking = Wire(path, "DEALER", 10)
    router.close(linger=0)
    with pytest.raises(Cut):
        asking.receive(10, 100)
    asking.close()


def test_a_link_a_file_and_nothing_are_no_sockets(tmp_path, monkeypatch, bound):
    _, path = bound(zmq.ROUTER)
    os.symlink(path, "link")
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "nothing"):
        with pytest.raises(Cut):
            Wire(name, "DEALER", 1)


class _Wild(Wire):
    """A connection whose other end says what a test wants, past the beginning."""

    def __init__(self, said):
        self._sock, other = socket.socketpair()
        self._buffer = bytearray()

        def say():
            with other, contextlib.suppress(OSError):
                other.sendall(said)

        threading.Thread(target=say, daemon=True).start()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            [b"\0", b"\1", b"\2", b"\3", b"\4", b"\xff" * 8, b"\0" * 7 + b"\5", b"abc"]
        ),
        max_size=40,
    ).map(b"".join)
    | st.binary(max_size=200)
)
def test_whatever_is_said_is_a_message_an_end_or_too_large(said):
    wild = _Wild(said)
    try:
        while (message := wild.receive(1.0, 640)) is not None:
            assert len(message) <= wire._MOST_PARTS
            assert sum(map(len, message)) <= 640
    except (Cut, TooLarge):
        pass
    finally:
        wild.close()


def test_parts_and_commands_without_end_are_given_up(monkeypatch):
    monkeypatch.setattr(wire, "_REST_S", 0.5)
    parts = _Wild(b"\1\1a" * 1_000)
    with pytest.raises(TooLarge):
        parts.receive(1.0, 1_000)
    commands = _Wild(b"\4\0" * 2_000)
    with pytest.raises(TooLarge):
        commands.receive(1.0, 1_000)
    for one in (parts, commands):
        one.close()
