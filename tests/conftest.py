"""What all tests share: no network, folders of their own, one thread, one encoder."""

from __future__ import annotations

import os
import tempfile

# Before torch, transformers or the course are imported: they read these once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")
# One cache for all processes of a run: what one test has encoded or trained, the others read.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _FOLDER = tempfile.TemporaryDirectory(prefix="course-tests-")
    os.environ["COURSE_CACHE"] = os.path.join(_FOLDER.name, "cache")
_OWN = tempfile.TemporaryDirectory(prefix="course-tests-")
os.environ["COURSE_LEADERBOARD"] = os.path.join(_OWN.name, "leaderboard")

import pytest  # noqa: E402
from xdist.scheduler import LoadScopeScheduling  # noqa: E402

from tests.postgresql import server  # noqa: E402, F401 - a fixture

# Here each lesson has a class of its own, so that two processes can share them.
CLASSES = ("tests/journeys/test_nbgrader_class.py",)


class _ByFile(LoadScopeScheduling):
    """One process takes all tests of a file, since these share what takes long to make.

    Where a process ends in a test, that test has failed, and another process goes on with the rest: in
    pytest-xdist 3.8 the run ends in an error then, or never.
    """

    def remove_node(self, node):
        work = self.assigned_work.pop(node)
        left = [(unit, test) for unit in work.values() for test, done in unit.items() if not done]
        if left:
            left[0][0][left[0][1]] = True  # or the next process would end in it, too
        # What is done stays out: a process that gets nothing to do from it waits without end.
        self.workqueue.update({name: unit for name, unit in work.items() if False in unit.values()})
        for other in self.assigned_work:
            self._reschedule(other)
        return left[0][1] if left else None

    def _reschedule(self, node):
        if node in self.registered_collections:  # else it is still collecting
            super()._reschedule(node)

    def add_node_collection(self, node, collection):
        if self.collection_is_completed and set(self.collection) <= set(collection):
            # More has come since, which is left out.
            self.registered_collections[node] = list(collection)
        else:
            super().add_node_collection(node, collection)

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file in CLASSES:
            return f"{file}[{test.rpartition('[')[2]}"
        return file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return _ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items):
    """Files that take long go first: were they last, one process would wait for the other."""
    long = {
        item.path
        for item in items
        if item.get_closest_marker("slow") or item.get_closest_marker("journey")
    }
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def encoder():
    """The course's own model on the CPU, loaded once; tests that change weights copy it."""
    from lib.models import load_encoder

    return load_encoder(device="cpu")


@pytest.fixture(scope="session")
def encoded(encoder):
    """A function from texts to their float32 vectors, computed once for all tests."""
    from lib.search import encode_cached

    return lambda texts: encode_cached(encoder, texts, precision="float32", progress=False)


def pytest_terminal_summary(terminalreporter):
    """A table of mutation scores, also where the tests ran in other processes."""
    rows = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for key, value in report.user_properties
        if key == "mutation score"
    ]
    if not rows:
        return
    terminalreporter.section("mutation scores")
    line = "{:<28} {:>7} {:>8} {:>10} {:>7}".format
    terminalreporter.write_line(line("exercise", "mutants", "rejected", "equivalent", "score"))
    for name, total, rejected, equivalent, rate in sorted(rows):
        terminalreporter.write_line(line(name, total, rejected, equivalent, f"{rate:.1%}"))
