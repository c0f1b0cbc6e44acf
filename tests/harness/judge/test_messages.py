import contextlib
import json
import socket
import struct
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge import messages

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def _soon(seconds=1.0):
    return time.monotonic() + seconds


def _raw(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@given(st.dictionaries(st.text(max_size=8), PLAIN))
def test_what_is_sent_is_what_is_received(message):
    left, right = socket.socketpair()
    with left, right:
        messages.send(left, message, _soon())
        assert messages.receive(right, _soon()) == message | {"v": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"v": 2}',
        b'{"v": true}',
        b'{"v": 1, "x": NaN}',
        b'{"v": 1, "x": -Infinity}',
        b'{"v": 1, "v": 1}',
        b'{"v": 1, "x": {"a": 1, "a": 2}}',
        b"\xff\xfe",
        b'{"v": 1, "x": ' + b"[" * 201 + b"]" * 201 + b"}",
        b"[" * 1_000_000,
        b'{"v": 1',
    ],
    ids=range(13),
)
def test_what_is_no_message_is_refused(pair, body):
    threading.Thread(target=pair[0].sendall, args=(_raw(body),), daemon=True).start()
    with pytest.raises(messages.MessageError):
        messages.receive(pair[1], _soon())


def test_brackets_in_texts_are_not_depth():
    text = "[" * 1000 + '\\"{' * 1000
    assert messages.parse(json.dumps({"v": 1, "x": text}).encode())["x"] == text


def test_a_message_over_the_limit_is_refused_before_it_is_read(pair):
    pair[0].sendall(struct.pack(">I", 1 << 31))
    with pytest.raises(messages.MessageError, match="at most 100"):
        messages.receive(pair[1], _soon(), 100)


def test_a_message_that_trickles_is_late(pair):
    stop = threading.Event()

    def trickle():
        for byte in _raw(b'{"v": 1, "x": "' + b"y" * 1000):
            if stop.wait(0.02):
                return
            pair[0].send(bytes([byte]))

    thread = threading.Thread(target=trickle)
    thread.start()
    started = time.monotonic()
    with pytest.raises(messages.Late):
        messages.receive(pair[1], _soon(0.2))
    assert time.monotonic() - started < 1.0
    stop.set()
    thread.join()


def test_a_peer_that_is_gone_or_does_not_read_is_told_apart(pair):
    with pytest.raises(messages.Late):
        messages.send(pair[0], {"x": "y" * 10_000_000}, _soon(0.1))
    pair[1].close()
    with pytest.raises(messages.Closed):
        messages.receive(pair[0], _soon())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(body):
    with contextlib.suppress(messages.MessageError):
        assert messages.parse(body)["v"] == 1
