"""Warm kernels behind nbclient, papermill and jupyter_client, against cold ones."""

import json
import logging
import os
import sys
import time

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from harness.kernels import kernelspec, provisioner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]
CELLS = [
    "import os, sys, torch\nprint(os.getcwd(), os.environ['MARK'], sorted(k for k in os.environ if k.startswith('COURSE_X')))",
    "torch.manual_seed(3)\nprint(torch.randn(3).tolist(), sum(hash(x) for x in (1, 2.5)))",
    "from IPython.display import HTML\ndisplay(HTML('<b>x</b>'))\n6 * 7",
    "print('to stderr', file=sys.stderr)",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, 2])",
    "__name__, sys.argv[0].endswith('ipykernel_launcher.py')",
]


@pytest.fixture(scope="module", autouse=True)
def spec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jupyter")
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
    patch.setenv("MARK", "mark")
    made = kernelspec.install(prefix=str(folder))
    assert made.parent == folder / "share" / "jupyter" / "kernels"
    yield
    patch.undo()


def _outputs(folder, kernel):
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    client = NotebookClient(notebook, kernel_name=kernel, resources={"metadata": {"path": folder}})
    return [cell.outputs for cell in client.execute().cells]


def test_a_warm_kernel_gives_what_a_cold_one_gives(tmp_path):
    assert _outputs(str(tmp_path), kernelspec.NAME) == _outputs(str(tmp_path), "python3")


def test_papermill_runs_on_a_warm_kernel(tmp_path):
    import papermill

    notebook = new_notebook(cells=[new_code_cell("print(6 * 7)")])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    done = papermill.execute_notebook(
        tmp_path / "in.ipynb",
        tmp_path / "out.ipynb",
        kernel_name=kernelspec.NAME,
        progress_bar=False,
        log_output=False,
    )
    assert "42" in json.dumps(done.cells)


def _said(client, code):
    said = []
    client.execute_interactive(
        code, timeout=80, output_hook=lambda m: said.append(m["content"].get("text", ""))
    )
    return "".join(said).strip()


def test_it_is_interrupted_restarted_and_shut_down():
    manager, client = start_new_kernel(kernel_name=kernelspec.NAME)
    try:
        first = int(_said(client, "import os\nprint(os.getpid())"))
        asked = client.execute("import time\ntime.sleep(60)")
        time.sleep(0.3)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=10)
        assert reply["parent_header"]["msg_id"] == asked
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=20)
        second = int(_said(client, "import os\nprint(os.getpid())"))
        assert second != first
        assert not os.path.exists(f"/proc/{first}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not manager.is_alive()
    assert not os.path.exists(f"/proc/{second}")


def test_two_kernels_have_their_own_random_numbers():
    found = []
    for _ in range(2):
        manager, client = start_new_kernel(kernel_name=kernelspec.NAME)
        found.append(
            _said(
                client,
                "import random, numpy, torch\nprint(random.random(), numpy.random.rand(), torch.rand(1))",
            )
        )
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert found[0] != found[1]


def test_where_there_is_no_fork_a_kernel_is_started_as_ever_and_it_is_said(monkeypatch, caplog):
    monkeypatch.setattr(provisioner, "can_fork", lambda: False)
    logging.getLogger("traitlets").propagate = True
    with caplog.at_level(logging.WARNING):
        manager, client = start_new_kernel(kernel_name=kernelspec.NAME)
    try:
        assert _said(client, "print(6 * 7)") == "42"
        assert "slower" in caplog.text
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_kernelspec_that_an_earlier_version_installed_goes_on_working():
    """Its kernel.json names the provisioner by its entry point, which has moved with the code."""
    from importlib.metadata import entry_points

    installed = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Embeddings (warm)",
        "language": "python",
        "metadata": {"debugger": False, "kernel_provisioner": {"provisioner_name": "warm-fork"}},
    }
    assert kernelspec.content() == installed
    (point,) = entry_points(group="jupyter_client.kernel_provisioners", name="warm-fork")
    assert point.load() is provisioner.WarmProvisioner
