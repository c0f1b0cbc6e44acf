"""The judge and the agent over a socket, without kernels: agreement with the instant checks, lies."""

import contextlib
import socket
import struct
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.judge import agent, handing, messages
from harness.judge.examiner import SILENT, Examiner, Grader
from harness.judge.proxy import Channel, Remote, StudentError, StudentLost
from lib import checks
from tests.lib.checks.alternatives import alternatives, mistakes
from tests.lib.checks.toy import TOY
from tests.tiers import some


@contextlib.contextmanager
def student(namespace, call_s=10.0):
    """A channel to an agent that serves these names, in a thread."""
    ours, theirs = socket.socketpair()
    handles = {}

    def serve():
        with contextlib.suppress(messages.Closed, messages.Late, OSError):
            while True:
                agent.serve_one(theirs, namespace, handles)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Channel(ours, call_s)
    finally:
        ours.close()
        thread.join(5)
        theirs.close()


def _run(channel, source, names=("f",), hidden=False, namespace=None):
    examiner = Examiner(channel, {"torch": torch, "np": np} if namespace is None else namespace)
    message = {"source": source, "names": list(names), "call_s": 5.0, "hidden": hidden}
    return examiner.run(message)


def _parts(verdict):
    return verdict.status, verdict.mistake, verdict.message, verdict.label


EXERCISES = checks.every()
FIRST = {
    exercise.lesson: exercise.name for exercise in reversed(EXERCISES)
}.values()  # of each lesson


@pytest.mark.slow
@pytest.mark.parametrize(
    "exercise", some(EXERCISES, keep=lambda one: one.name in FIRST), ids=lambda x: x.name
)
def test_the_judge_never_disagrees_with_the_instant_check(exercise):
    def stub(*args, **kwargs):
        raise NotImplementedError

    wrong = [mistake.wrong for mistake in mistakes(exercise.name)]
    tried = [stub, *alternatives(exercise.name), *wrong]
    for function in tried:
        here = exercise.verdict(checks.call(function))
        with student({"f": function}) as channel:
            there = exercise.verdict(checks.call(Remote(channel, {"name": "f"})))
        assert _parts(there) == _parts(here), getattr(function, "__name__", function)


def test_a_loop_that_the_card_forbids_is_counted_in_the_student_s_process():
    def pack_codes(codes, bits):
        if codes.shape[1] * bits % 8:
            raise ValueError("no whole bytes")
        return torch.cat([right(row[None], bits) for row in codes])

    right, exercise = alternatives("pack_codes")[0], checks.find("pack_codes")
    with student({"f": pack_codes, "g": right}) as channel:
        told = exercise.verdict(checks.call(Remote(channel, {"name": "f"})))
        assert told.mistake == "loop", told
        assert exercise.verdict(checks.call(Remote(channel, {"name": "g"}))).passed


def test_a_check_passes_fails_and_names_the_error():
    with student({"f": lambda x: 2 * x}) as channel:
        assert _run(channel, "assert f(2) == 4")["outcome"] == "passed"
        failed = _run(channel, "assert f(2) == 5, 'no'")
        assert (failed["kind"], failed["message"]) == ("AssertionError", "AssertionError: no")


def test_a_number_at_the_end_is_partial_credit():
    with student({"f": lambda x: 2 * x}) as channel:
        assert _run(channel, "f(1) / 4")["result"] == 0.5
        assert _run(channel, "'text'")["result"] is None
        assert _run(channel, "float('nan')")["result"] == 0.0
        for number in ("np.float64(1.5)", "np.array([1.5])", "torch.tensor(1.5)"):
            assert _run(channel, number)["result"] == 1.5
        assert _run(channel, "np.int64(0)")["result"] == 0.0
        for other in ("np.ones(2)", "torch.ones(2)", "np.array(['1'])", "torch.tensor(1j)", "True"):
            assert _run(channel, other)["result"] is None


def test_a_name_that_is_not_there_says_that_its_cell_did_not_run():
    with student({}) as channel:
        assert "its cell did not run" in _run(channel, "f(1)")["message"]


def test_names_that_are_not_the_student_s_to_define_are_never_asked_for():
    with student({"f": lambda: 1, "helper": lambda: 1}) as channel:
        assert _run(channel, "helper()")["kind"] == "NameError"
        namespace = {"torch": torch, "f": lambda: "ours"}
        assert _run(channel, "assert f() == 'ours'", namespace=namespace)["outcome"] == "passed"


def test_a_hidden_check_says_nothing_of_its_inputs_or_of_the_student_s_error():
    def tells(x, *more):
        raise type(f"Input_{int(x.sum())}", (Exception,), {})(f"it was {x}")

    with student({"f": tells}) as channel:
        outcome = _run(channel, "print('4711')\nf(torch.tensor([4711]))", hidden=True)
    assert "4711" not in str(outcome)
    assert outcome["message"] == SILENT
    with student({"f": tells}) as channel:
        verdict = checks.find("mean_pool").verdict(
            checks.call(Remote(_hidden(channel), {"name": "f"})), 7
        )
    assert verdict.message == "StudentError"


@pytest.mark.parametrize(
    ("given", "status"), [(None, "not attempted"), ("b", "wrong"), ("a letter", "wrong")]
)
def test_a_hidden_quiz_check_tells_its_verdict(given, status):
    check = 'from lib.learn import grade_answer\ngrade_answer("02-q1", f, kind="single", key="a")'
    with student({"f": given}) as channel:
        outcome = _run(channel, check, hidden=True)
    assert outcome["verdict"]["exercise"] == "02-q1"
    assert outcome["verdict"]["status"] == status


@pytest.mark.parametrize("hidden", [False, True])
def test_a_student_s_own_lack_of_memory_is_not_the_judge_s(hidden):
    def f():
        raise MemoryError("a list of a terabyte")

    with student({"f": f}) as channel:
        outcome = _run(channel, "f()", hidden=hidden)
        assert outcome["full"] is None
        assert outcome["message"] == (SILENT if hidden else "MemoryError: a list of a terabyte")
        assert _run(channel, "raise MemoryError", hidden=hidden)["full"] is True


def _hidden(channel):
    channel.hidden = True
    return channel


def test_objects_stay_where_they_are_and_answer_by_allowed_methods():
    class Model(torch.nn.Linear):
        secret = 1

    with student({"f": lambda: Model(2, 1)}) as channel:
        model = Remote(channel, {"name": "f"})()
        assert model(torch.ones(1, 2)).shape == (1, 1)
        assert model.forward(torch.ones(1, 2)).shape == (1, 1)
        for name in ("secret", "__dict__", "__class_getitem__", "eval_all"):
            with pytest.raises(AttributeError):
                getattr(model, name)
        for use in (bool, len, iter, float, lambda m: m == m, lambda m: m[0], np.asarray):
            with pytest.raises(TypeError, match="no plain form"):
                use(model)


def test_a_call_that_does_not_return_is_given_up_and_so_is_the_process():
    with student({"f": lambda: time.sleep(1.5)}) as channel:
        examiner = Examiner(channel, {})
        message = {"source": "f()", "names": ["f"], "call_s": 0.2, "hidden": False}
        assert "did not return within 0.2 s" in examiner.run(message)["lost"]
        assert examiner.run(message)["lost"]


@pytest.mark.parametrize("hidden", [None, 7])
def test_it_is_told_on_which_visible_case_a_call_did_not_return(hidden):
    with student({"row_means": lambda x: time.sleep(1.5)}) as channel:
        examiner = Examiner(channel, {"toy": TOY, "call": checks.call})
        source = f"toy.verdict(call(row_means), {hidden})"
        message = {"source": source, "names": ["row_means"], "call_s": 0.2}
        outcome = examiner.run(message | {"hidden": hidden is not None})
    assert "did not return within 0.2 s" in outcome["lost"]
    if hidden is not None:
        assert outcome["case"] is None
        return
    assert outcome["case"].startswith("It was on this case: five random rows.\nx =\n[[")
    assert len(outcome["case"]) < 600


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), RecursionError(), OSError()])
def test_whatever_the_function_raises_is_an_outcome(error):
    def raises():
        raise error

    with student({"f": raises}) as channel:
        outcome = _run(channel, "f()")
        assert outcome["outcome"] == "error"
        assert outcome["lost"] is None


def _lying(answers):
    """A channel whose other end sends these bytes whatever it is asked."""
    ours, theirs = socket.socketpair()

    def serve():
        with contextlib.suppress(OSError):
            theirs.recv(1 << 16)
            for answer in answers:
                theirs.sendall(answer)
            theirs.shutdown(socket.SHUT_WR)

    threading.Thread(target=serve, daemon=True).start()
    return Channel(ours, 0.5)


def _framed(text):
    body = text.encode() if isinstance(text, str) else text
    return struct.pack(">I", len(body)) + body


LIES = {
    "nothing": b"",
    "half a length": b"\0\0",
    "a huge length": b"\xff\xff\xff\xff",
    "not json": _framed("ok"),
    "another id": _framed('{"v":1,"id":2,"ok":1}'),
    "no id": _framed('{"v":1,"ok":1}'),
    "both": _framed('{"v":1,"id":1,"ok":1,"error":{}}'),
    "neither": _framed('{"v":1,"id":1}'),
    "nested": _framed('{"v":1,"id":1,"ok":' + "[" * 5000 + "]" * 5000 + "}"),
    "nan": _framed('{"v":1,"id":1,"ok":NaN}'),
}
HALF_LIES = {
    "a list": "[1]",
    "an unknown kind": '{"t":"pickle","v":"gASV"}',
    "ten gigabytes": '{"t":"tensor","dtype":"float32","shape":[2500000000],"v":""}',
    "a negative shape": '{"t":"ndarray","dtype":"<f8","shape":[-1],"v":""}',
    "an object array": '{"t":"ndarray","dtype":"|O","shape":[1],"v":"AAAAAAAAAAA="}',
    "a forged handle": '{"t":"handle","v":"__import__"}',
    "a handle of another type": '{"t":"handle","v":{"a":1}}',
    "an unhashable key": '{"t":"dict","v":[[{"t":"list","v":[]},1]]}',
    "a shape that overflows": '{"t":"tensor","dtype":"float32","shape":[4294967296,4294967296,4294967296],"v":""}',
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_an_answer_that_breaks_the_rules_loses_the_process(lie):
    with pytest.raises(StudentLost):
        Remote(_lying([lie]), {"name": "f"})(1)


@pytest.mark.parametrize("lie", HALF_LIES.values(), ids=HALF_LIES)
def test_an_answer_without_a_plain_form_is_the_student_s_error(lie):
    with pytest.raises(StudentError):
        Remote(_lying([_framed('{"v":1,"id":1,"ok":' + lie + "}")]), {"name": "f"})(1)


def test_an_answer_before_the_question_is_not_taken():
    early = _framed('{"v":1,"id":1,"ok":1}')
    channel = _lying([early + early])
    assert Remote(channel, {"name": "f"})() == 1
    with pytest.raises(StudentLost):
        Remote(channel, {"name": "f"})()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_no_answer_whatever_breaks_the_judge(body):
    outcome = _run(_lying([_framed(body)]), "f(1)")
    assert outcome["outcome"] == "error"


def _raising(error):
    def f(*args):
        raise error

    return f


@pytest.mark.parametrize("error", [StopIteration(), StopAsyncIteration()])
def test_an_exception_that_ends_loops_does_not_skip_the_asserts_of_a_check(error):
    with student({"f": _raising(error)}) as channel:
        for hidden in (False, True):
            outcome = _run(
                channel, "for got in map(f, [1, 2]):\n    assert got == 5", hidden=hidden
            )
            assert outcome["outcome"] == "error"


def test_an_exception_that_needs_more_than_a_message_keeps_its_name():
    with student({"f": _raising(UnicodeDecodeError("utf-8", b"", 0, 1, "no"))}) as channel:
        assert _run(channel, "f()")["kind"] == "UnicodeDecodeError"


def test_python_s_own_function_never_stands_in_for_an_answer():
    source = "assert max([1, 2]) == 2"
    with student({"max": lambda values: 0}) as channel:
        assert _run(channel, source, names=["max"])["kind"] == "AssertionError"
    with student({}) as channel:
        assert _run(channel, source, names=["max"])["kind"] == "NameError"


def test_an_unreadable_answer_carries_nothing_out_of_a_hidden_check():
    outcome = _run(_lying([b"\xfe\xdc\xba\x98"]), "f(1)", hidden=True)
    assert outcome["lost"]
    assert str(0xFEDCBA98) not in str(outcome)


@contextlib.contextmanager
def grader(serve):
    """The judge's side of a socket to a grader that answers each question by `serve(question, sock)`."""
    ours, theirs = socket.socketpair()

    def answer():
        with contextlib.suppress(messages.Closed, messages.Late, OSError):
            while True:
                serve(messages.receive(theirs, time.monotonic() + 10)["ask"], theirs)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield Grader(ours)
    finally:
        ours.close()
        thread.join(5)
        theirs.close()


def test_a_check_can_go_on_in_a_fresh_process_of_the_student_s():
    asked = []

    def serve(question, sock):
        asked.append(question)
        if question["op"] == "time":
            messages.send(sock, {"given": True}, time.monotonic() + 5)
            return
        messages.send(sock, {"size": 12, "shared": None}, time.monotonic() + 5)
        handing.hand(sock, fresh.sock)

    with (
        student({"f": lambda: "first"}) as channel,
        student({"f": lambda: "fresh"}) as fresh,
        grader(serve) as host,
    ):
        channel.host = host
        first = Remote(channel, {"name": "f"})
        first.need(30)
        again, size = first.afresh(["f"], "/folder", ["/data"])
        assert (again["f"](), size, first()) == ("fresh", 12, "first")
        assert again["f"].kept() is not first.kept()
    wanted = {"names": ["f"], "folder": "/folder", "without": ["/data"]}
    assert asked == [{"op": "time", "seconds": 30}, {"op": "fresh"} | wanted]


def test_a_fresh_process_that_does_not_start_is_said():
    def serve(question, sock):
        messages.send(sock, {"lost": "it ended itself"}, time.monotonic() + 5)

    with student({"f": len}) as channel, grader(serve) as host:
        first = Remote(channel, {"name": "f"})
        with pytest.raises(StudentLost, match="nobody"):
            first.afresh(["f"])
        first.need(30)  # where nobody can be asked for time, a check has what it has
        channel.host = host
        with pytest.raises(StudentLost, match="it ended itself"):
            first.afresh(["f"])


def test_a_message_without_a_socket_is_an_error():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"s")
        with pytest.raises(ConnectionError):
            handing.taken(ours, None)
