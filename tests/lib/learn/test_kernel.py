"""The same in a real kernel, as JupyterLab asks it (a person may be asked) and as nbgrader does."""

from types import SimpleNamespace

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.slow

WRONG = """
def mean_pool(tokens, mask):
    return tokens.mean(dim=1)
check("mean_pool", mean_pool)
"""
NOISY = """
def mean_pool(tokens, mask):
    print("printed")
    print("to stderr", file=sys.stderr)
    warnings.warn("a warning")
    logging.warning("logged")
    os.write(2, b"past Python\\n")
    return pooling.mean_pool(tokens, mask)
check("mean_pool", mean_pool)
check("mean_pool", mean_pool, hidden=3)
"""


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")

    def run(code: str, person: bool) -> SimpleNamespace:
        outputs = []
        client.execute_interactive(
            code, allow_stdin=person, output_hook=outputs.append, timeout=240, stdin_hook=None
        )
        content = [(m["msg_type"], m["content"]) for m in outputs]
        return SimpleNamespace(
            streams=[c["name"] for kind, c in content if kind == "stream"],
            text="\n".join(
                c["data"].get("text/plain", "") for kind, c in content if kind == "display_data"
            ),
            errors=[c for kind, c in content if kind == "error"],
        )

    setup = "import logging, os, sys, warnings\nfrom lib import pooling\nfrom lib.learn import *"
    assert run(setup, True).errors == []
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_before_a_person_a_wrong_answer_is_shown_and_nothing_raised(kernel):
    seen = kernel(WRONG, person=True)
    assert "mean_pool: wrong" in seen.text
    assert seen.errors == []


def test_headless_the_same_cell_raises_one_line(kernel):
    seen = kernel(WRONG, person=False)
    assert "mean_pool: wrong" in seen.text
    (error,) = seen.errors
    assert error["ename"] == "CheckFailed"
    assert len("\n".join(error["traceback"]).splitlines()) == 1


@pytest.mark.parametrize("person", [True, False])
def test_nothing_reaches_a_stream_that_would_cost_points(kernel, person):
    seen = kernel(NOISY, person)
    assert seen.errors == []
    assert "mean_pool: passed" in seen.text
    assert "stderr" not in seen.streams
    for part in ("printed", "to stderr", "a warning", "logged"):
        assert part in seen.text, part


def test_a_crash_shows_the_line_of_the_cell(kernel):
    code = 'def mean_pool(tokens, mask):\n    return tokens.nothing\ncheck("mean_pool", mean_pool)'
    seen = kernel(code, person=True)
    assert "return tokens.nothing" in seen.text
    assert "Line 2 of your cell" in seen.text
