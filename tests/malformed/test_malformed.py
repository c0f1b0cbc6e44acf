"""Whatever is handed in, the batch goes on: each is graded, or ungradable with what to ask for."""

import dataclasses
import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.grade.assignment import Assignment
from harness.grade.engine import LocalEngine, grade_all
from harness.grade.grader import Grader
from harness.grade.matching import rebuild
from harness.grade.reading import Ungradable, read_submission
from harness.grade.submissions import Submission
from harness.kernels.client import WarmParent
from harness.limits import Limits
from tests.attacks import assignment
from tests.harness.grade.fakes import FakeSession
from tests.malformed.kinds import KINDS, NAME, right

RELEASE = assignment.release()


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """All kinds in one batch, by two workers."""
    if sys.platform != "linux":
        pytest.skip("forks kernels on Linux only")
    handed_in = []
    for number, kind in enumerate(KINDS):
        folder = tmp_path_factory.mktemp(f"kind{number}")
        handed_in.append(Submission(kind.name, kind.make(folder, right())))
    what = Assignment(assignment.NAME, assignment.source(), RELEASE)
    with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm:

        def grade(item):
            one = Grader(what, warm, limits=Limits(call_s=3, cell_s=5, notebook_s=30))
            return one.grade(item.student, item.path)

        found = grade_all(FakeSession(grade, NAME), handed_in, LocalEngine(2))
    return {report.student: report for report in found}


def test_there_are_many_kinds():
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 45


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_every_kind_is_graded_or_explained(reports, kind):
    report = reports[kind.name]
    said = json.dumps(dataclasses.asdict(report))
    assert "could not finish" not in said
    assert kind.said in said
    assert "root:" not in said
    if kind.score is None:
        assert report.status == "ungradable", report
        assert report.reason.endswith(".")
        assert report.ask
        assert report.score == 0
    else:
        assert report.status == "graded", report.reason
        assert report.score == kind.score, report.remarks
    assert report.max_score == 10


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


def _places(node, found):
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in list(children):
        found.append((node, key))
        if isinstance(child, dict | list):
            _places(child, found)
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_notebook_changed_anywhere_is_read_or_refused(tmp_path, data):
    notebook = right()
    for _ in range(data.draw(st.integers(1, 4))):
        places = _places(notebook, [])
        if not places:
            break
        node, key = data.draw(st.sampled_from(places))
        match data.draw(st.sampled_from(["replace", "delete", "twice"])):
            case "replace":
                node[key] = data.draw(_JSON)
            case "delete":
                del node[key]
            case "twice" if isinstance(node, list):
                node.append(node[key])
    _read(tmp_path, json.dumps(notebook).encode())


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=st.integers(0, 3000), cut=st.integers(0, 400), put=st.binary(max_size=40))
def test_bytes_changed_anywhere_are_read_or_refused(tmp_path, start, cut, put):
    content = json.dumps(right()).encode()
    _read(tmp_path, content[:start] + put + content[start + cut :])


def _read(folder, content):
    path = folder / NAME
    path.write_bytes(content)
    try:
        notebook, _ = read_submission(path, RELEASE)
        rebuilt = rebuild(RELEASE, notebook)
    except Ungradable as error:
        assert all([error.reason, error.ask])  # noqa: PT017 - either outcome is right
        return
    checks = [
        c.source for c in rebuilt.notebook.cells if c.metadata.get("nbgrader", {}).get("grade")
    ]
    assert checks == [
        c.source for c in RELEASE.cells if c.metadata.get("nbgrader", {}).get("grade")
    ]
