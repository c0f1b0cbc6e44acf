"""The kernelspec of warm kernels.

    python -m harness.kernels.kernelspec [--user]

installs it, into this environment or for the user. Then `papermill -k embeddings-warm ...` and the
kernel "Embeddings (warm)" in JupyterLab start kernels in a fraction of a second.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

NAME = "embeddings-warm"


def content() -> dict:
    """What `kernel.json` holds."""
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Embeddings (warm)",
        "language": "python",
        "metadata": {"debugger": False, "kernel_provisioner": {"provisioner_name": "warm-fork"}},
    }


def install(*, user: bool = False, prefix: str | None = None) -> Path:
    """Install the kernelspec and return its folder.

    Args:
        user: for this user; else under `prefix`, by default this environment's.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(content(), indent=1), encoding="utf-8")
        where = {"user": True} if user else {"prefix": prefix or sys.prefix}
        return Path(KernelSpecManager().install_kernel_spec(folder, NAME, **where))


if __name__ == "__main__":
    print(install(user="--user" in sys.argv[1:]))
