"""A cell that is run before those above it says so, in a real kernel with and without `lib.learn`."""

from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from lib.learn import fresh_kernel

SAYS = "Run the cells above"


@pytest.fixture(scope="module")
def run():
    manager, client = start_new_kernel(
        kernel_name="python3", env={"PYTHONSTARTUP": str(Path(fresh_kernel.__file__))}
    )

    def execute(code: str, person: bool = True) -> tuple[str, list[str]]:
        outputs = []
        client.execute_interactive(
            code, allow_stdin=person, output_hook=outputs.append, timeout=240, stdin_hook=None
        )
        text = "".join(m["content"]["text"] for m in outputs if m["msg_type"] == "stream")
        return text, [m["content"]["ename"] for m in outputs if m["msg_type"] == "error"]

    yield execute
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.slow
def test_the_first_cell_of_a_fresh_kernel_already_says_what_to_do(run):
    text, errors = run('check("mean_pool", mean_pool)')
    assert SAYS in text
    assert errors == ["NameError"]
    assert run("print([n for n in dir() if n in ('install', 'MESSAGE', 'told')])")[0] == "[]\n"
    assert run("1 / 0") == ("", ["ZeroDivisionError"])
    assert run("not_there", person=False) == ("", ["NameError"])
    text, errors = run("def f():\n    return not_there\nf()")
    assert SAYS in text
    assert errors == ["NameError"]


def test_the_message_comes_with_lib_learn_too_and_once(shell):
    fresh_kernel.install()
    seen = shell("not_there")
    assert isinstance(seen.error, NameError)
    assert seen.stdout.count(SAYS) == 1
    assert shell("1 / 0").stdout.count(SAYS) == 0
