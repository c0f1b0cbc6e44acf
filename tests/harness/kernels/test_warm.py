"""The warm parent with real kernels and judges."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness import paths, sandbox
from harness.kernels.client import WarmError, WarmParent
from harness.kernels.judge import JudgeClient
from harness.kernels.student import Lost, StudentKernel
from harness.limits import Limits
from harness.sandbox import Box

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]
PREFIX = [
    {"source": "import torch\nbase = torch.arange(3)", "grade_id": "setup"},
    {"source": "print('seen')\nbase.sum()", "grade_id": None},
]


@pytest.fixture(scope="module")
def warm():
    with WarmParent(preload=("numpy", "torch"), prefix=PREFIX) as parent:
        yield parent


def _kernel(warm, channel=None, **limits):
    return StudentKernel(warm, lambda sockets, work: None, Limits(**limits), channel)


def _text(ran):
    return "".join(o.get("text", "") for o in ran.outputs)


def test_a_kernel_starts_from_what_the_prefix_left(warm):
    assert warm.prefix_ok
    assert warm.prefix_outputs[1][0]["text"].startswith("seen\n")
    with _kernel(warm) as kernel:
        assert _text(kernel.run("print(base.tolist())", 10)) == "[0, 1, 2]\n"
        assert kernel.run("1 / 0", 10).error == "ZeroDivisionError: division by zero"
        assert _text(kernel.run("print('on')", 10)) == "on\n"


def test_kernels_do_not_see_each_other_and_draw_other_numbers(warm):
    drawn = []
    for _ in range(2):
        with _kernel(warm) as kernel:
            code = (
                "import random\nprint(random.random(), torch.rand(1).item(), 'mine' in globals())"
            )
            drawn.append(_text(kernel.run(code, 10)).split())
            kernel.run("mine = base.fill_(9)", 10)
    assert drawn[0][2] == drawn[1][2] == "False"
    assert drawn[0][:2] != drawn[1][:2]
    with _kernel(warm) as kernel:
        assert _text(kernel.run("torch.manual_seed(3); print(torch.rand(1).item())", 10)) == (
            f"{_seeded()}\n"
        )


def _seeded():
    import torch

    return torch.rand(1, generator=torch.Generator().manual_seed(3)).item()


def test_a_cell_that_runs_too_long_is_interrupted_and_the_kernel_lives_on(warm):
    with _kernel(warm) as kernel:
        assert "longer than 0 s" in kernel.run("while True: pass", 0.3).error
        assert _text(kernel.run("print('alive')", 10)) == "alive\n"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(1)", "SIGSEGV"),
        ("print('x' * 3_000_000)", "printed more than"),
    ],
)
def test_a_kernel_that_ends_or_floods_is_lost_with_its_reason(warm, code, says):
    with _kernel(warm) as kernel, pytest.raises(Lost, match=says):
        kernel.run(code, 10)


def test_nothing_is_left_of_many_kernels(warm):
    server = psutil.Process(warm._process.pid)
    with _kernel(warm):
        pass
    before = len(os.listdir("/proc/self/fd")), server.num_fds(), server.num_threads()
    folders = []
    for _ in range(5):
        with _kernel(warm) as kernel:
            folders.append(kernel.folder)
    end = time.monotonic() + 5
    while server.children(recursive=True) and time.monotonic() < end:
        time.sleep(0.02)
    assert server.children(recursive=True) == []
    assert (len(os.listdir("/proc/self/fd")), server.num_fds(), server.num_threads()) == before
    assert not any(Path(folder).exists() for folder in folders)


def test_the_judge_calls_what_the_kernel_defines(warm):
    agents, judges = socket.socketpair()
    with judges, _kernel(warm, agents) as kernel:
        agents.close()
        kernel.run("def f(x):\n    return x + base", 10)
        judge = JudgeClient(warm, kernel.folder, judges)
        how = {"grade_id": "check_f", "hidden": False, "call_s": 5, "seconds": 10}
        right = "assert (f(torch.ones(3)) == torch.tensor([1, 2, 3])).all()"
        assert judge.run(right, ["f"], **how)["outcome"] == "passed"
        assert judge.run("f('a')", ["f"], **how)["kind"] == "TypeError"
        kernel.run("import os\ndef f(x): os._exit(1)", 10)
        assert "ended during the call" in judge.run("f('a')", ["f"], **how)["lost"]
        judge.close()


def test_the_parent_has_nothing_to_read_in_its_environment(warm, monkeypatch):
    environ = Path(f"/proc/{warm._process.pid}/environ").read_bytes()
    names = {part.split(b"=")[0].decode() for part in environ.split(b"\0") if part}
    assert names <= {
        *("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "HOME", "PYTHONPATH"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED"),
        *("HF_HUB_OFFLINE", "TOKENIZERS_PARALLELISM", "JE_ARROW_MALLOC_CONF", "LC_CTYPE"),
        "PYDEVD_DISABLE_FILE_VALIDATION",
    } | {name for name in names if name.startswith("COURSE_")}


def test_a_prefix_that_fails_is_refused_with_its_error():
    broken = [{"source": "1 / 0", "grade_id": "setup"}]
    with pytest.raises(WarmError, match=r"cell setup .* ZeroDivisionError"):
        WarmParent(preload=("numpy",), prefix=broken).__enter__()


LOOK = "import sys\nfound = sorted(n for n in sys.modules if n.startswith('lib.checks.lesson_'))\n"


def test_judges_have_the_checks_that_are_asked_for_and_kernels_have_none():
    prefix = [{"source": f"{LOOK}print(found)", "grade_id": "look"}]
    with WarmParent(("numpy",), prefix, exercises=["mean_pool", "nobody_s"]) as parent:
        assert parent.prefix_outputs[0][0]["text"] == "[]\n"
        agents, judges = socket.socketpair()
        with judges, _kernel(parent, agents) as kernel:
            agents.close()
            assert _text(kernel.run(f"{LOOK}print(found)", 10)) == "[]\n"
            judge = JudgeClient(parent, kernel.folder, judges)
            how = {"grade_id": "c", "hidden": False, "call_s": 5, "seconds": 10}
            said = judge.run(f"{LOOK}print(found)", [], **how)["output"]
            judge.close()
    assert "lib.checks.lesson_02.mean_pool" in said
    assert "lesson_05" not in said


def test_the_server_of_the_judges_ends_with_the_other_one():
    with WarmParent(("numpy",), exercises=["mean_pool"]) as parent:
        (server,) = psutil.Process(parent._process.pid).children()
        os.kill(parent._process.pid, signal.SIGKILL)
        assert _gone(server.pid)
    with WarmParent(("numpy",), exercises=["mean_pool"]) as parent:
        (server,) = psutil.Process(parent._process.pid).children()
        with _kernel(parent):
            pass  # what a kernel leaves behind is ended; the server is nothing of it
        assert server.is_running()
    assert not psutil.pid_exists(server.pid)


def test_a_check_that_cannot_be_imported_is_said(monkeypatch):
    from harness.kernels import warm as server
    from lib import checks

    def find(name):
        raise ImportError("lib/checks/lesson_02/mean_pool.py cannot be loaded: SyntaxError")

    monkeypatch.setattr(checks, "find", find)
    with pytest.raises(
        server.CheckError, match="the check of mean_pool cannot be used: lib/checks"
    ):
        server.load_checks(["mean_pool"])
    said = server._serve_judges("/nowhere/judges", {}, ["mean_pool"])[1]
    assert said.startswith("the check of mean_pool cannot be used")


def test_a_prefix_that_leaves_a_thread_is_done_without():
    source = (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    )
    with WarmParent(preload=("numpy",), prefix=[{"source": source, "grade_id": "s"}]) as parent:
        assert not parent.prefix_ok
        assert "more than one thread" in parent.note


def test_everything_ends_with_the_parent():
    with WarmParent(preload=("numpy",)) as parent, _kernel(parent) as kernel:
        pid = kernel.child.pid
        os.kill(parent._process.pid, signal.SIGKILL)
        end = time.monotonic() + 5
        while psutil.pid_exists(pid) and time.monotonic() < end:
            time.sleep(0.02)
        assert not psutil.pid_exists(pid)


def _gone(*pids):
    def there(pid):
        return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE

    end = time.monotonic() + 5
    while any(map(there, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(there, pids))


DAEMON = """
import os, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(write, str(os.getpid()).encode())
        time.sleep(99)
    os._exit(0)
print(os.read(read, 99).decode())
"""


def test_a_daemon_without_a_sandbox_ends_with_its_kernel(warm):
    with _kernel(warm) as kernel:
        daemon = int(_text(kernel.run(DAEMON, 10)))
        assert psutil.pid_exists(daemon)
    assert _gone(daemon)


def test_a_killed_grader_leaves_no_process():
    code = (
        "import time\n"
        "from harness.kernels.client import WarmParent\n"
        "from harness.kernels.student import StudentKernel\n"
        "from harness.limits import Limits\n"
        "warm = WarmParent(preload=('numpy',)).__enter__()\n"
        "kernel = StudentKernel(warm, lambda s, w: None, Limits(), None).__enter__()\n"
        f"daemon = kernel.run({DAEMON!r}, 10).outputs[0]['text']\n"
        "print(warm._process.pid, kernel.child.pid, int(daemon), flush=True)\n"
        "time.sleep(99)\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in grader.stdout.readline().split()]
    assert len(pids) == 3
    assert all(map(psutil.pid_exists, pids))
    grader.kill()
    grader.wait()
    grader.stdout.close()
    assert _gone(*pids)


def test_closing_waits_for_all_that_was_forked():
    with WarmParent(preload=("numpy",)) as parent:
        kernel = _kernel(parent).__enter__()
        pids = [kernel.child.pid, int(_text(kernel.run(DAEMON, 10)))]
    left = [pid for pid in pids if psutil.pid_exists(pid)]
    kernel.__exit__()
    assert left == []


def test_what_the_prefix_shows_stands_in_order_and_by_kind():
    from harness.kernels import launch

    source = "import sys\nprint('a')\nprint('b', file=sys.stderr)\ndisplay(1)\nprint('c')\n2"
    (shown,) = launch.run_prefix([{"source": source, "grade_id": None}])["outputs"]
    assert [o.get("name") or o["output_type"] for o in shown] == [
        *("stdout", "stderr", "display_data", "stdout", "execute_result")
    ]
    assert [o.get("text") or o["data"]["text/plain"] for o in shown] == [
        "a\n",
        "b\n",
        "1",
        "c\n",
        "2",
    ]


def test_a_progress_bar_of_the_prefix_leaves_no_trace():
    from harness.kernels import launch

    bars = [
        "print('\\r 10%|#  |', end='')\nprint('\\r 90%|###|', end='')\nprint('\\r       \\rdone')"
    ]
    bars.append("print('\\r 10%|#  |', end='')\nprint('\\r      \\r', end='')")
    found = launch.run_prefix([{"source": bar, "grade_id": None} for bar in bars])["outputs"]
    assert [[o["text"] for o in shown] for shown in found] == [["done\n"], []]


def test_a_kernel_in_a_box_takes_and_gives_long_messages(warm):
    level = sandbox.available()[0]
    limits = Limits()
    with StudentKernel(
        warm, lambda s, w: Box(level, s, w, paths.CODE, limits), limits, None
    ) as one:
        text = "a" * 100_000  # beyond what pyzmq sends by a thread of its own
        assert _text(one.run(f"print({text!r})", 20)) == f"{text}\n"


def test_a_kernel_can_be_held_and_goes_on(warm):
    with _kernel(warm) as kernel:
        process = psutil.Process(kernel.child.pid)
        kernel.hold(True)
        end = time.monotonic() + 10
        while process.status() != psutil.STATUS_STOPPED and time.monotonic() < end:
            time.sleep(0.01)
        assert process.status() == psutil.STATUS_STOPPED
        kernel.hold(False)
        assert _text(kernel.run("print(1)", 10)) == "1\n"
