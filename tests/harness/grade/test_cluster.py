"""Grading on a real cluster of two worker processes: right, whole and once, whatever happens to them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="grading on a cluster needs the extra `cluster`")

import dask
import yaml
from distributed import Client, LocalCluster, Scheduler
from distributed.cli import dask_scheduler, dask_worker
from typer.testing import CliRunner

from harness.cli.main import app
from harness.grade import cluster as clusters
from harness.grade import cluster_run, cluster_worker
from harness.grade.cluster import ClusterEngine, ClusterError
from harness.grade.cluster_local import local_cluster
from harness.grade.engine import LocalEngine, grade_all
from harness.grade.journal import Journal
from harness.grade.session import NoIsolation
from harness.grade.submissions import Submission
from harness.sandbox import Level
from tests.harness.grade.cluster_fakes import (
    NewcomersLackIsolation,
    SentSession,
    by_text,
    close_when_idle_for,
    lack_isolation,
    restore,
    restore_other,
)
from tests.harness.grade.fakes import FakeSession

ROOT = Path(__file__).parents[3]
LAST_S = 120.0


def _submissions(folder: Path, *texts: str) -> list[Submission]:
    (folder / "in").mkdir(exist_ok=True)
    found = []
    for number, text in enumerate(texts):
        path = folder / "in" / f"s{number:02}.ipynb"
        path.write_text(text)
        found.append(Submission(f"s{number:02}", path))
    return found


@pytest.fixture(scope="module")
def connected():
    said: list[str] = []
    with ClusterEngine("local:2", said.append, restore=restore) as engine:
        engine.said = said
        yield engine


@pytest.fixture
def engine(connected):
    """The engine with both its workers, of which the test before may have ended one."""
    connected.client.wait_for_workers(2, timeout=LAST_S)
    yield connected
    connected.limit_s = None


def _processes(engine: ClusterEngine) -> set[int]:
    """Those of the workers that are there."""
    return set(engine.client.run(os.getpid, on_error="ignore").values())


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


def _each_once(found: list, todo: list[Submission]) -> None:
    """Each submission has one result, and a right one."""
    assert Counter(number for number, _ in found) == dict.fromkeys(range(len(todo)), 1)
    assert [result.fault for _, result in found if result.fault] == []
    assert {n: result.report.student for n, result in found} == {
        n: one.student for n, one in enumerate(todo)
    }


@pytest.mark.slow
def test_a_lesson_that_was_closed_meanwhile_is_opened_again(engine, tmp_path):
    """As after a long recording: a worker that is asked for nothing ends its warm parent."""
    todo = _submissions(tmp_path, *["sleep 0.05"] * 12)
    engine.client.run(close_when_idle_for, 2.0)
    try:
        results = engine.grade(SentSession(tmp_path), todo)
        found = [next(results)]
        # While nobody takes a result, nothing is sent.
        _wait_for(lambda: _log(tmp_path).count("closed") == _log(tmp_path).count("opened"))
        before = _log(tmp_path).count("opened")
    finally:
        engine.client.run(close_when_idle_for, cluster_worker.IDLE_S)
    found += results
    _each_once(found, todo)
    assert _log(tmp_path).count("opened") > before
    _wait_for(lambda: _log(tmp_path).count("closed") == _log(tmp_path).count("opened"))


@pytest.mark.slow
def test_a_worker_that_stops_and_comes_back_doubles_nothing(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_run, "RESTART_S", 5.0)
    monkeypatch.setattr(engine, "limit_s", 1.5)
    engine.said.clear()
    todo = _submissions(tmp_path, *["sleep 0.3"] * 16)
    results = engine.grade(SentSession(tmp_path), todo)
    found = [next(results)]
    stopped = max(_processes(engine))
    os.kill(stopped, signal.SIGSTOP)
    try:
        for one in results:
            found.append(one)
            if engine.said:  # it counts as hanging, and now goes on as if nothing had been
                os.kill(stopped, signal.SIGCONT)
                break
    finally:
        os.kill(stopped, signal.SIGCONT)
    found += results
    assert "has been at one submission for over 2 s and is started anew" in engine.said[0]
    _each_once(found, todo)
    _wait_for(lambda: stopped not in _processes(engine))


@pytest.mark.slow
def test_a_worker_that_comes_back_slowly_is_waited_for():
    """On a busy machine it reads libraries for longer than Dask waits by itself before it gives one up."""
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "100 ms"}),
        local_cluster(1) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(1, timeout=LAST_S)
        nanny = next(iter(cluster.workers.values()))
        os.kill(nanny.pid, signal.SIGKILL)
        _wait_for(lambda: not client.scheduler_info()["workers"])
        time.sleep(0.5)
        client.wait_for_workers(1, timeout=LAST_S)
        assert list(cluster.workers.values()) == [nanny]


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
def test_a_worker_with_less_isolation_is_named(engine, tmp_path):
    workers = list(engine.client.scheduler_info()["workers"])
    engine.client.run(lack_isolation, "old kernel", workers=workers[1:])
    named = rf"^worker {workers[1]} on \S+: old kernel$"  # and not the other
    try:
        with pytest.raises(NoIsolation, match=named):
            engine.level("none")
        with pytest.raises(NoIsolation, match=named):
            list(engine.grade(SentSession(tmp_path), _submissions(tmp_path, "right")))
    finally:
        engine.client.run(lack_isolation, "")
    assert not (tmp_path / "log").exists()
    assert engine.level("none") is Level.NONE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "error", "said"),
    [
        ("good", ValueError, "there is no isolation 'good'"),
        ("user", NoIsolation, "`user` is for a container that grades one submission"),
    ],
)
def test_a_level_that_no_cluster_gives_is_refused(engine, wanted, error, said):
    with pytest.raises(error, match=said):
        engine.level(wanted)


@pytest.mark.slow
def test_a_worker_that_comes_late_with_less_isolation_is_left_out(engine, tmp_path):
    todo = _submissions(tmp_path, *["sleep 0.3"] * 16)
    results = engine.grade(SentSession(tmp_path), todo)
    found = [next(results)]
    # Those that grade are asked no more; the one that is started in place of the killed one is.
    engine.client.register_plugin(NewcomersLackIsolation("old kernel"))
    before = _processes(engine)
    try:
        os.kill(max(before), signal.SIGKILL)
        _wait_for(lambda: len(now := _processes(engine)) == 2 and now != before)
        found += results
    finally:
        engine.client.unregister_worker_plugin(NewcomersLackIsolation.name)
    _each_once(found, todo)
    assert any(text.endswith(": old kernel. It is left out") for text in engine.said)
    assert _log(tmp_path).count("opened") == 2  # by the two of the beginning


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


@pytest.mark.slow
def test_the_dashboard_s_address_is_given_where_it_is_shown(engine):
    assert engine.dashboard.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(engine.dashboard, timeout=LAST_S) as page:
        assert b"bokeh" in page.read()


@pytest.fixture
def without_dashboard() -> Iterator[str]:
    """The address of a scheduler that was told to show none, as `dask scheduler --no-dashboard`."""
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_scheduler_without_a_dashboard_has_no_address_of_one(without_dashboard):
    with ClusterEngine(without_dashboard, restore=restore) as engine:
        # It has a web server, whose address Dask would give.
        assert "dashboard" in engine.client.scheduler_info()["services"]
        assert engine.dashboard == ""


@pytest.mark.parametrize("bokeh", [True, False])
def test_without_bokeh_a_scheduler_shows_nothing(monkeypatch, bokeh):
    if not bokeh:
        monkeypatch.setitem(sys.modules, "distributed.dashboard.scheduler", None)

    async def shows() -> bool:
        where = {"host": "127.0.0.1", "port": 0, "dashboard_address": "127.0.0.1:0"}
        async with Scheduler(dashboard=True, **where) as scheduler:
            return cluster_worker.serves_dashboard(scheduler)

    routes = list(dask.config.get("distributed.scheduler.http.routes"))  # Dask adds one to the list
    with dask.config.set({"distributed.scheduler.http.routes": routes}):
        assert asyncio.run(shows()) is bokeh


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
