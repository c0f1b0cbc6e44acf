"""The library keeps its tensors on one device, shown without a GPU."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_library_keeps_to_one_device():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, "-o", "addopts=", "tests/lib/pretended/cases.py"],
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout
