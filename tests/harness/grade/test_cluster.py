"""Grading on a real cluster of two worker processes: right, whole and once, whatever happens to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="grading on a cluster needs the extra `cluster`")

import yaml
from distributed.cli import dask_scheduler, dask_worker
from typer.testing import CliRunner

from harness.cli.main import app
from harness.grade import cluster as clusters
from harness.grade import cluster_run, cluster_worker
from harness.grade.cluster import ClusterEngine, ClusterError
from harness.grade.engine import LocalEngine, grade_all
from harness.grade.journal import Journal
from harness.grade.session import NoIsolation
from harness.grade.submissions import Submission
from harness.sandbox import Level
from tests.harness.grade.cluster_fakes import SentSession, by_text, restore, restore_other
from tests.harness.grade.fakes import FakeSession

ROOT = Path(__file__).parents[3]
LAST_S = 60.0


def _submissions(folder: Path, *texts: str) -> list[Submission]:
    (folder / "in").mkdir(exist_ok=True)
    found = []
    for number, text in enumerate(texts):
        path = folder / "in" / f"s{number:02}.ipynb"
        path.write_text(text)
        found.append(Submission(f"s{number:02}", path))
    return found


@pytest.fixture(scope="module")
def engine():
    said: list[str] = []
    with ClusterEngine("local:2", said.append, restore=restore) as engine:
        engine.said = said
        yield engine
        engine.limit_s = None


def _log(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "log").read_text().splitlines()]


def _wait_for(holds) -> None:
    end = time.monotonic() + LAST_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    "address", ["", "host:8786", "local:0", "local:x", "tcp://host", "http://h:1"]
)
def test_an_address_that_is_none_is_refused_with_what_to_give(address):
    with pytest.raises(ValueError, match="give tcp://HOST:PORT"):
        ClusterEngine(address)


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install -e '\.\[cluster\]'"):
        ClusterEngine("local:1").__enter__()


def test_a_graded_submission_goes_through_its_text_whole(tmp_path):
    (one,) = _submissions(tmp_path, "right")
    graded = by_text(one, tmp_path)
    back = cluster_worker.from_json(cluster_worker.to_json(graded))
    assert back == graded
    assert (back.report.seconds, back.report.own_s) == (1.5, 0.5)
    with pytest.raises((ValueError, KeyError, TypeError)):
        cluster_worker.from_json("{}")


def test_what_differs_is_named_with_the_worker():
    told = {"machine": "m2", "versions": {"Python": "3.11.2", "torch": "2.12.0"}}
    said = clusters.differing("tcp://b:1", told, {"Python": "3.11.2", "torch": "2.13.0", "x": "1"})
    assert said == (
        "worker tcp://b:1 on m2: torch is 2.12.0 there and 2.13.0 here, x is unknown there and 1 here"
    )
    assert clusters.differing("tcp://b:1", told, dict(told["versions"])) == ""
    assert clusters.other_course("worker tcp://b:1", None) == "worker tcp://b:1 has no such course"
    assert "its code is 12 there" in clusters.other_course("the scheduler", "12")


def test_the_versions_name_what_a_verdict_depends_on():
    named = cluster_worker.versions()
    assert set(named) == {"the course", "the course's code", "Python", "nbgrader", "torch", "numpy"}
    assert "not installed" not in named.values()


@pytest.mark.slow
def test_it_gives_what_the_local_engine_gives(engine, tmp_path):
    todo = _submissions(tmp_path, *(f"text {n}" for n in range(12)))
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "x.ipynb").write_text("in a folder")
    todo += [Submission("Žofie Ω", folder, frozenset({"a", "b"}))]
    session = SentSession(tmp_path)
    cluster = dict(engine.grade(session, todo))
    local = dict(LocalEngine().grade(FakeSession(lambda one: by_text(one, tmp_path)), todo))
    assert cluster == local
    assert [cluster[n].report.to_plain() for n in cluster] == [
        local[n].report.to_plain() for n in cluster
    ]
    # One warm parent in each worker, which is ended.
    _wait_for(lambda: _log(tmp_path).count("closed") == 2)
    assert _log(tmp_path).count("opened") == 2
    assert list(engine.grade(session, [])) == []


@pytest.mark.slow
def test_a_killed_worker_a_hang_and_a_fault_cost_nobody_else_anything(
    engine, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster_run, "RESTART_S", 1.0)
    monkeypatch.setattr(cluster_run, "TRIES", 2)
    engine.limit_s = 3.0
    texts = ["right"] * 6 + ["die", "hang once", "raise x"] + ["sleep 0.01"] * 8
    todo = _submissions(tmp_path, *texts)
    (tmp_path / "gone").mkdir()
    todo.append(Submission("gone", tmp_path / "gone" / "nothing.ipynb"))
    journal = Journal(tmp_path / "journal")
    reports = grade_all(SentSession(tmp_path), todo, engine, journal=journal)
    engine.limit_s = None
    assert [r.student for r in reports] == [one.student for one in todo]
    bad = {r.student: r.reason for r in reports if r.status != "graded"}
    assert bad.keys() == {"s06", "s08", "gone"}
    assert "2 times: its worker ended or hung" in bad["s06"]
    assert "RuntimeError: x" in bad["s08"]
    assert "cannot be sent" in bad["gone"]
    kept = [json.loads(x)["student"] for x in journal.path.read_text().splitlines() if x.strip()]
    assert sorted(kept) == sorted({one.student for one in todo} - bad.keys())
    assert any("for over 3 s and is started anew" in text for text in engine.said)


@pytest.mark.slow
def test_closing_ends_all_work(engine, tmp_path):
    todo = _submissions(tmp_path, "right", *["sleep 2"] * 30)
    results = engine.grade(SentSession(tmp_path), todo)
    assert next(results)[0] == 0
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 10
    _wait_for(lambda: _log(tmp_path).count("closed") == _log(tmp_path).count("opened"))
    _wait_for(lambda: not any(engine.client.processing().values()))
    assert engine.client.futures == {}


@pytest.mark.slow
def test_a_worker_with_other_checks_is_refused_before_any_work(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "restore", restore_other)
    todo = _submissions(tmp_path, "right")
    with pytest.raises(
        ClusterError, match=r"worker tls://\S+ on .*: the checks of 02 is other there"
    ):
        list(engine.grade(SentSession(tmp_path), todo))
    assert not (tmp_path / "log").exists()


@pytest.mark.slow
def test_a_worker_with_less_isolation_is_named(engine, tmp_path, monkeypatch):
    def ask(isolation, session=None):
        told = {"machine": "m", "versions": engine.expected(session)}
        return {
            "tcp://a:1": told | {"level": "namespaces"},
            "tcp://b:1": told | {"no isolation": "landlock cannot be had: old kernel"},
        }

    monkeypatch.setattr(engine, "_ask", ask)
    with pytest.raises(NoIsolation, match="worker tcp://b:1 on m: landlock cannot be had"):
        engine.level("landlock")
    with pytest.raises(NoIsolation, match="tcp://b:1"):
        list(engine.grade(SentSession(tmp_path, level=Level.LANDLOCK), _submissions(tmp_path, "x")))
    with pytest.raises(ValueError, match="there is no isolation 'good'"):
        engine.level("good")


@pytest.mark.slow
def test_the_level_is_the_best_of_the_weakest_worker(engine, monkeypatch):
    assert engine.level("none") is Level.NONE
    asked = []

    def ask(isolation, session=None):
        asked.append(isolation)
        levels = {"a": "landlock", "b": "namespaces" if isolation == "auto" else "landlock"}
        return {w: {"machine": "m", "versions": {}, "level": one} for w, one in levels.items()}

    monkeypatch.setattr(engine, "_ask", ask)
    assert engine.level("auto") is Level.LANDLOCK
    assert asked == ["auto", "landlock"]


@pytest.mark.slow
def test_a_lesson_that_no_worker_can_open_ends_in_its_reason(engine, tmp_path):
    todo = _submissions(tmp_path, "right")
    with pytest.raises(ClusterError, match=r"can work any more.*the prefix failed"):
        list(engine.grade(SentSession(tmp_path, fails="the prefix failed"), todo))


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT_S", 1.0)
    with pytest.raises(ClusterError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        ClusterEngine("tcp://127.0.0.1:9").__enter__()


def _command(folder: Path, to: Path, *how: str) -> bytes:
    """What `course grade` writes as JSON of a worked lesson and an empty one."""
    folder.mkdir()
    for name, place in (("ada", "solutions"), ("bob", "notebooks")):
        content = (ROOT / place / "02_pooling.ipynb").read_bytes()
        (folder / f"{name}_02_pooling.ipynb").write_bytes(content)
    command = [sys.executable, "-m", "harness.cli.main", "grade", str(folder), *how]
    run = subprocess.run(
        [*command, "--json", str(to), "--no-resume"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=960,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return to.read_bytes()


@pytest.mark.slow
def test_the_command_grades_on_two_processes(tmp_path):
    found = _command(tmp_path / "in", tmp_path / "to.json", "--cluster", "local:2")
    assert [one["score"] for one in json.loads(found)["reports"]] == [31.0, 0.0]


@pytest.mark.thorough
def test_the_command_writes_the_same_bytes_with_and_without_a_cluster(tmp_path):
    ways = [("--cluster", "local:2"), ("--jobs", "2")]
    found = [_command(tmp_path / w[1], tmp_path / "to.json", *w) for w in ways]
    assert found[0] == found[1]


def test_a_cluster_and_jobs_exclude_each_other(tmp_path):
    (tmp_path / "02_pooling.ipynb").write_text("{}")
    said = CliRunner().invoke(app, ["grade", str(tmp_path), "--cluster", "local:1", "--jobs", "2"])
    assert said.exit_code == 2
    assert "give --cluster or --jobs" in " ".join(said.output.replace("│", "").split())


def test_help_does_not_import_dask():
    code = "import sys; from harness.cli.main import app; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_example_for_kubernetes_is_whole_and_takes_options_that_dask_has():
    text = (ROOT / "docs" / "kubernetes" / "grading.yaml").read_text(encoding="utf-8")
    found = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text)}
    configured = found["ConfigMap", "dask"]["data"]
    for name, program in (("scheduler", dask_scheduler), ("worker", dask_worker)):
        pod = found["Deployment", name]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        known = {
            option for one in program.main.params for option in (*one.opts, *one.secondary_opts)
        }
        assert {word for word in container["command"] if word.startswith("--")} <= known
        mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert mounted.keys() == {one["name"] for one in pod["volumes"]}
        assert container["envFrom"] == [{"configMapRef": {"name": "dask"}}]
        for what in ("CERT", "KEY"):
            path = configured[f"DASK_DISTRIBUTED__COMM__TLS__{name.upper()}__{what}"]
            assert path.startswith(f"{mounted['tls']}/")
