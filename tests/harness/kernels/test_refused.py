"""What a graded notebook asks of the system does nothing, says so, and ends neither cell nor process."""

import socket
import sys
import time

import pytest

from harness.kernels.client import WarmParent
from harness.kernels.student import StudentKernel
from harness.limits import Limits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]


@pytest.fixture(scope="module")
def run():
    """Runs cells in one kernel, and gives the error and the text of each."""
    agents, judges = socket.socketpair()
    with (
        WarmParent(preload=()) as warm,
        StudentKernel(warm, lambda sockets, work: None, Limits(), agents) as kernel,
    ):

        def one(source):
            ran = kernel.run(source, 20)
            return ran.error, "".join(str(output.get("text", "")) for output in ran.outputs)

        yield one
    agents.close(), judges.close()


@pytest.mark.parametrize(
    "asked",
    [
        "!echo WON",
        "%pip install WON",
        "!!echo WON",
        "x = !echo WON",
        "x = %sx echo WON",
        "%conda install WON",
        "%system echo WON",
        "if True:\n    !echo WON",
        "get_ipython().system('echo WON')",
        "exit()",
        "quit()",
        "exit(keep_kernel=True)",
        "get_ipython().kernel.do_shutdown(False)",
    ],
)
def test_the_rest_of_the_cell_is_run(run, asked):
    error, text = run(f"{asked}\nafter = 7")
    assert error is None
    assert "does nothing while a notebook is graded" in text
    assert not any(line == "WON" for line in text.split("\n"))
    assert run("print(after)") == (None, "7\n")


def test_a_bare_exit_ends_nothing(run):
    assert run("exit")[0] is None
    time.sleep(0.3)  # it would end the process a little later
    assert run("print(7)") == (None, "7\n")


@pytest.mark.parametrize("asked", ["%%bash\necho WON", "%%script sh\necho WON", "%%sh\necho WON"])
def test_a_cell_of_another_language_does_nothing(run, asked):
    error, text = run(asked)
    assert (error, "WON" in text) == (None, False)
    assert "does nothing while a notebook is graded" in text


def test_what_a_command_would_have_printed_is_an_empty_list(run):
    run("x = !ls")
    assert run("print(len(x), list(x), repr(x.n), [y for y in x.grep('a')])")[1] == "0 [] '' []\n"
