"""`course grade` as its user: a folder with all sorts of things in it, graded for real."""

import json
import os
import re
import sys

import nbformat
import pytest

from harness import paths, sandbox
from harness.author import loading, notebooks
from harness.cli import main as cli
from lib import checks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]
LESSON = "02_pooling"
ISOLATION = "auto" if sys.platform == "linux" and len(sandbox.available()) > 1 else "none"


def _answered(worked, **sources):
    for cell in worked.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in sources:
            cell.source = sources[name]
    return worked


@pytest.fixture(scope="module")
def submissions(tmp_path_factory):
    """A class: right, untouched, a named mistake, one that ends its process, and no notebook."""
    folder = tmp_path_factory.mktemp("class")
    lesson = next(x for x in loading.load(paths.root()) if x.slug == LESSON)

    def worked():
        return notebooks.worked_notebook(lesson)

    wrong = (
        "def mean_pool(token_embeddings, attention_mask):\n    return token_embeddings.mean(dim=1)"
    )
    ends = "import os\nos._exit(0)"
    handed_in = {
        "ann": worked(),
        "bob": notebooks.release_notebook(lesson),
        "cid": _answered(worked(), mean_pool=wrong),
        "dee": _answered(worked(), max_pool=ends),
    }
    for name, notebook in handed_in.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    (folder / "eve.ipynb").write_text('{"cells": [')
    return folder


def _grade(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["course", "grade", *map(str, arguments)])
    try:
        cli.main()
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    return code, " ".join(capsys.readouterr().out.split())


def test_a_class_is_graded_whole_and_the_same_for_any_number_of_workers(
    monkeypatch, capsys, submissions, tmp_path
):
    files = [tmp_path / "1.json", tmp_path / "2.json"]
    for jobs, file in enumerate(files, 1):
        code, said = _grade(
            *(monkeypatch, capsys, submissions, "--lesson", "02", "--jobs", jobs),
            *("--json", file, "--isolation", ISOLATION),
        )
        assert code == 3
        assert "eve: ungradable" in said
    assert files[0].read_bytes() == files[1].read_bytes()
    reports = {r["student"]: r for r in json.loads(files[0].read_text())["reports"]}
    assert reports["ann"]["score"] == reports["ann"]["max_score"] == 31
    assert reports["bob"]["score"] == 0
    cells = {c["grade_id"]: c for c in reports["cid"]["cells"]}
    missing = {name for name, cell in cells.items() if cell["points"] == 0}
    assert missing == {"check_mean_pool", "hidden_mean_pool"}
    asked = cells["check_mean_pool"]
    mistakes = {m.name: m.message for m in checks.find("mean_pool").mistakes}
    assert asked["message"] == mistakes[asked["mistake"]]
    assert asked["hint"]
    missing = {c["grade_id"] for c in reports["dee"]["cells"] if c["points"] == 0}
    assert missing == {"check_max_pool", "hidden_max_pool"}
    assert reports["eve"]["status"] == "ungradable"
    assert reports["eve"]["ask"]


def test_one_s_own_notebook_is_graded_with_messages(monkeypatch, capsys, submissions):
    own = submissions / "cid.ipynb"
    code, said = _grade(monkeypatch, capsys, own, "--isolation", "none", "--min-score", "95")
    assert code == 1
    assert re.search(r"check_mean_pool: wrong \([\w-]+\)\. \w", said)
    assert "isolation: none" in said


def test_the_front_door_in_a_folder_of_one_s_own_is_no_submission(
    monkeypatch, capsys, submissions, tmp_path
):
    for name in ("00_start.ipynb", "02_pooling.ipynb"):
        (tmp_path / name).write_text((submissions / "bob.ipynb").read_text())
    file = tmp_path / "found.json"
    arguments = (tmp_path, "--isolation", "none", "--json", file)
    code, said = _grade(monkeypatch, capsys, *arguments)
    assert code == 0
    assert "00_start.ipynb is for trying things out: nobody grades it" in said
    (report,) = json.loads(file.read_text())["reports"]
    assert report["lesson"].startswith("02")


def test_other_people_s_notebooks_are_refused_where_nothing_isolates_them(
    monkeypatch, capsys, submissions
):
    monkeypatch.setattr(sandbox, "available", lambda: [sandbox.Level.NONE])
    monkeypatch.setattr(sandbox, "why", lambda level: "user namespaces are off")
    code, said = _grade(monkeypatch, capsys, submissions)
    assert code == 4
    assert "user namespaces are off" in said
    assert "--isolation none" in said


def test_a_path_that_is_not_there_is_said(monkeypatch, capsys, tmp_path):
    code, said = _grade(monkeypatch, capsys, tmp_path / "nobody.ipynb", "--isolation", "none")
    assert code == 2
    assert "is not there" in said


def test_all_forms_are_written_and_a_killed_run_goes_on(monkeypatch, capsys, submissions, tmp_path):
    import signal
    import subprocess
    import time

    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "harness.cli.main", "grade", submissions, "--lesson", "02"]
    command += ["--jobs", "1", "--isolation", ISOLATION]
    environment = os.environ | {"COURSE_CACHE": str(cache)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if any('"key"' in kept.read_text() for kept in cache.glob("grading/*.jsonl")):
            break  # one is graded and kept
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (journal,) = cache.glob("grading/*.jsonl")
    assert 1 <= journal.read_text().count('"key"') < 5
    monkeypatch.setenv("COURSE_CACHE", str(cache))
    files = {name: tmp_path / f"out.{name}" for name in ("json", "junit", "markdown")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    code, _ = _grade(
        *(monkeypatch, capsys, submissions, "--lesson", "02", "--isolation", ISOLATION, *options)
    )
    assert code == 3
    assert not list(cache.glob("grading/*.jsonl"))  # it is written where it was wanted
    students = [r["student"] for r in json.loads(files["json"].read_text())["reports"]]
    assert students == ["ann", "bob", "cid", "dee", "eve"]
    assert 'testsuite name="02_pooling cid"' in files["junit"].read_text()
    assert "| cid | 02\\_pooling |" in files["markdown"].read_text()


def test_github_and_gradescope_get_theirs(monkeypatch, capsys, submissions, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    file = tmp_path / "results.json"
    own = submissions / "cid.ipynb"
    code, said = _grade(
        *(monkeypatch, capsys, own, "--lesson", "02", "--isolation", "none"),
        *("--github", "--gradescope", file),
    )
    assert code == 0
    assert "::error file=cid.ipynb,title=cid%3A mean_pool%2C wrong::" in said
    assert "mean" in (tmp_path / "summary").read_text()
    assert (tmp_path / "output").read_text().startswith("result<<")
    tests = json.loads(file.read_text())["tests"]
    assert sum(t["score"] for t in tests) < sum(t["max_score"] for t in tests) == 31


def test_gradescope_s_file_is_for_one_submission(monkeypatch, capsys, submissions, tmp_path):
    code, _ = _grade(
        *(monkeypatch, capsys, submissions, "--lesson", "02", "--isolation", "none"),
        *("--gradescope", tmp_path / "results.json"),
    )
    assert code == 2


def test_a_function_of_the_library_earns_points_only_where_the_teacher_allows_it(
    monkeypatch, capsys, submissions, tmp_path
):
    notebook = nbformat.read(submissions / "ann.ipynb", as_version=4)
    own = tmp_path / f"{LESSON}.ipynb"
    nbformat.write(_answered(notebook, mean_pool="from lib.pooling import mean_pool"), own)
    scores = []
    for choice in ("deny", "allow"):
        file = tmp_path / f"{choice}.json"
        how = ("--library-answers", choice, "--isolation", ISOLATION, "--json", file)
        code, said = _grade(monkeypatch, capsys, own, *how, "--junit", tmp_path / "x.xml")
        assert code == 0
        assert "mean_pool is lib.pooling.mean_pool, not an answer of one's own" in said
        assert "lib.pooling.mean_pool" in (tmp_path / "x.xml").read_text()
        (report,) = json.loads(file.read_text())["reports"]
        scores.append(report["score"])
    assert scores == [28, 31]


def test_hidden_queries_that_cannot_be_used_are_refused_before_anything_runs(
    monkeypatch, capsys, submissions, tmp_path
):
    monkeypatch.setenv("COURSE_HIDDEN_QUERIES", "")
    path = tmp_path / "queries.jsonl"
    path.write_text('{"query": "ringing ears", "passage": "HP:0"}', encoding="utf-8")
    argv = ["course", "grade", str(submissions / "ann.ipynb"), "--hidden-queries", str(path)]
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "there is no passage 'HP:0'" in " ".join(
        capsys.readouterr().err.replace("│", "").split()
    )
