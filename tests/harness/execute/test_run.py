import json
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import psutil
import pytest

from harness import paths
from harness.author import build, notebooks
from harness.author.lesson import start_file
from harness.execute import one as execute
from harness.execute import run
from harness.lock import hold
from tests.harness import tiny

CLAIM = "bool((pooled == 1).all())"


def course(root, *arguments: str) -> subprocess.CompletedProcess:
    """`course ...` as a user starts it, in a terminal of 120 columns without colours."""
    kept = {k: v for k, v in os.environ.items() if k not in ("COURSE_HEADLESS", "COURSE_PROGRESS")}
    return subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *arguments],
        env=kept | {"COURSE_ROOT": str(root), "COLUMNS": "120", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=960,
    )


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The tiny lesson run and saved, once for the tests below."""
    root = tiny.lay_out(tmp_path_factory.mktemp("course"))
    done = course(root, "run", "--save", "--seed", "3")
    return SimpleNamespace(root=root, done=done, folder=root / "build" / "run")


@pytest.mark.slow
def test_a_run_ends_well_with_a_table(executed):
    assert executed.done.returncode == 0, executed.done.stdout + executed.done.stderr
    lines = [line for line in executed.done.stdout.splitlines() if "90 A tiny lesson" in line]
    assert len(lines) == 1
    for part in ("7/9", "mean 1.0"):  # two wait for a person
        assert part in lines[0], part
    assert "Traceback" not in executed.done.stdout + executed.done.stderr


@pytest.mark.slow
def test_a_run_says_where_the_time_went(executed):
    said = executed.done.stdout
    assert "Where the time went" in said
    assert re.search(r"\d+\.\d s +\d+%  90 (setup and imports|kernel start)", said)
    (result,) = json.loads((executed.folder / "results.json").read_text())
    assert sum(took for _, took in result["sections"]) == pytest.approx(result["seconds"], abs=0.5)


def test_what_lessons_found_in_full_is_kept_lesson_by_lesson(tmp_path):
    left = paths.run_folder(tmp_path) / "full"
    left.mkdir(parents=True)
    (tmp_path / "lib").mkdir()
    kept = tmp_path / "lib" / "full_results.json"
    kept.write_text('{"03": {"date": "then"}, "05": {"date": "then"}}')
    for lesson in ("04", "05", "06"):
        (left / f"{lesson}.json").write_text('{"date": "now"}')
    run._save_full_results(tmp_path, {"04", "05"})
    dates = {lesson: found["date"] for lesson, found in json.loads(kept.read_text()).items()}
    assert dates == {"03": "then", "04": "now", "05": "now"}, "06 did not run through"


def test_sections_hold_the_time_of_their_cells_and_the_rest():
    def code(duration):
        return nbformat.v4.new_code_cell("1", metadata={"papermill": {"duration": duration}})

    def text(source):
        return nbformat.v4.new_markdown_cell(source)

    cells = [code(1.0), text("## 1. One\n\n### Inside"), code(2.0), text("no heading"), code(0.5)]
    cells += [text("## 2. Two"), code(None), code(4.0)]
    found = dict(execute.sections(nbformat.v4.new_notebook(cells=cells), 9.0))
    assert found == {
        "kernel start and papermill": 1.5,
        "setup and imports": 1.0,
        "1. One": 2.5,
        "2. Two": 4.0,
    }


@pytest.mark.slow
def test_a_run_leaves_results_and_html(executed):
    (result,) = json.loads((executed.folder / "results.json").read_text())
    assert result["slug"] == "90_tiny"
    assert result["number"] == "90"
    assert result["failure"] is None
    assert result["claims"] == 1
    assert result["headline"] == "mean 1.0"
    assert result["points"] == {"score": 7.0, "max_score": 7.0, "manual": 2.0}
    assert 0 < result["seconds"] < 200
    html = (executed.folder / "90_tiny.html").read_text()
    assert "Claim holds: The mean of ones is one." in html
    assert "data:image/png;base64," in html


@pytest.mark.slow
def test_points_are_nbgraders_own(executed):
    from nbgrader.api import Gradebook

    database = executed.root / "build" / "nbgrader" / "gradebook.db"
    with Gradebook(f"sqlite:///{database}") as gradebook:
        submission = gradebook.find_submission("90_tiny", "worked")
        points = {
            grade.name: (grade.auto_score, grade.max_score, grade.needs_manual_grade)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
    assert points["check_mean_pool"] == (1, 1, False)
    assert points["hidden_mean_pool"] == (2, 2, False)
    assert all(points[f"grade-90-q{n}"][0] == 1 for n in (1, 2, 3, 4))
    assert points["90-q5"][1:] == (2, True)


@pytest.mark.slow
def test_what_is_saved_has_outputs_alt_text_and_no_drift(executed):
    path = executed.root / "solutions" / "90_tiny.ipynb"
    notebook = nbformat.read(path, as_version=4)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert any(o.get("data", {}).get("image/png") for o in outputs)
    assert "A straight line that rises from zero to one." in path.read_text()
    build.build(executed.root)
    assert build.drift(executed.root) == []
    assert "### " not in "".join(c.source for c in notebook.cells if c.cell_type == "code")


@pytest.mark.slow
def test_parameters_reach_the_lesson(executed):
    notebook = nbformat.read(executed.folder / "90_tiny.ipynb", as_version=4)
    (injected,) = [cell for cell in notebook.cells if notebooks.is_injected(cell)]
    assert "SEED = 3" in injected.source
    assert 'PROFILE = "fast"' in injected.source
    assert notebook.metadata.papermill.parameters.SEED == 3


@pytest.mark.slow
def test_the_front_door_is_executed_and_graded_by_nobody(tmp_path):
    root = tiny.lay_out(tmp_path)
    front = start_file(paths.root())
    assert front is not None
    for path in (front, front.with_suffix(".quiz.yaml")):
        (root / "lessons" / path.name).write_text(path.read_text(encoding="utf-8"))
    done = course(root, "run", "00", "--save")
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = json.loads((root / "build" / "run" / "results.json").read_text())
    assert (result["number"], result["points"], result["failure"]) == ("00", {}, None)
    saved = nbformat.read(root / "solutions" / "00_start.ipynb", as_version=4)
    said = [record["status"] for record in execute.records(saved) if record["kind"] == "check"]
    assert said == ["passed"]
    assert root / "solutions" / "00_start.ipynb" not in [d.path for d in build.drift(root)]


@pytest.mark.slow
def test_a_failing_cell_is_shown_with_its_error_and_what_to_do_next(tmp_path):
    assert CLAIM in tiny.LESSON
    broken = tiny.LESSON.replace(CLAIM, "bool((pooled == 2).all())")
    root = tiny.lay_out(tmp_path, broken)
    done = course(root, "run", "90")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed" in done.stdout
    notebook = nbformat.read(root / "build" / "run" / "source" / "90_tiny.ipynb", as_version=4)
    (number,) = [i for i, cell in enumerate(notebook.cells) if "pooled == 2" in cell.source]
    assert f"90_tiny, cell {number}" in done.stdout
    assert "AssertionError: claim does not hold: The mean of ones is one." in done.stdout
    assert "pooled == 2" in done.stdout
    assert "Next: look at build/run/90_tiny.ipynb" in done.stdout
    assert "`course run 90`" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    (result,) = json.loads((root / "build" / "run" / "results.json").read_text())
    assert result["failure"]["cell"] == number
    assert result["points"] == {}
    assert not (root / "solutions" / "90_tiny.ipynb").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "options", "says"),
    [
        ("time.sleep(200)", ["--cell-timeout", "3"], "the limit of 3 s"),
        ("os.kill(os.getpid(), 9)", [], "SIGKILL"),
    ],
)
def test_a_lesson_that_hangs_or_dies_says_where_and_how_far(tmp_path, body, options, says):
    ending = f"import os, time\n{body}\n"
    assert "import matplotlib.pyplot as plt\n" in tiny.LESSON
    lesson = tiny.LESSON.replace("import matplotlib.pyplot as plt\n", ending)
    root = tiny.lay_out(tmp_path, lesson)
    done = course(root, "run", "90", *options)
    assert done.returncode == 1, done.stdout + done.stderr
    (result,) = json.loads((root / "build/run/results.json").read_text())
    failure = result["failure"]
    assert failure["source"].startswith(ending)
    assert f"90_tiny, cell {failure['cell']}" in done.stdout
    assert says in done.stdout
    assert f"{failure['cell']} of {failure['total']} cells were done after" in done.stdout
    assert "    import os, time" in done.stdout
    assert "Next: look at build/run/90_tiny.ipynb" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert nbformat.read(root / "build/run/90_tiny.ipynb", as_version=4).cells


@pytest.mark.slow
def test_a_run_that_is_told_to_end_leaves_no_process_behind(tmp_path):
    pids = tmp_path / "pid"
    sleeping = (
        f"import os, time\nopen({str(pids)!r}, 'w').write(str(os.getpid()))\ntime.sleep(200)\n"
    )
    assert "import matplotlib.pyplot as plt\n" in tiny.LESSON
    lesson = tiny.LESSON.replace("import matplotlib.pyplot as plt\n", sleeping)
    root = tiny.lay_out(tmp_path / "course", lesson)
    command = [sys.executable, "-m", "harness.cli.main", "run"]
    with subprocess.Popen(
        command, env=os.environ | {"COURSE_ROOT": str(root)}, stdout=subprocess.DEVNULL
    ) as running:
        try:
            until = time.monotonic() + 120
            while not (pids.is_file() and pids.read_text()) and time.monotonic() < until:
                time.sleep(0.1)
            started = psutil.Process(running.pid).children(recursive=True)
            kernel = psutil.Process(int(pids.read_text()))
            assert kernel in started
            running.terminate()
            assert running.wait(20) == 128 + signal.SIGTERM
        finally:
            running.kill()
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


@pytest.mark.slow
def test_a_second_run_in_the_same_folder_is_refused_in_one_sentence(tmp_path):
    root = tiny.lay_out(tmp_path)
    folder = paths.run_folder(root)
    folder.mkdir(parents=True)
    with hold(folder / "lock", folder):
        done = course(root, "run")
    assert done.returncode == 2
    assert f"{folder} is being written to by another process" in done.stdout.replace("\n", "")
    assert f"(number {os.getpid()})" in done.stdout.replace("\n", " ")
    assert "Traceback" not in done.stdout + done.stderr


def test_jobs_are_bounded_by_lessons_cores_and_memory(monkeypatch):
    memory = SimpleNamespace(available=7 * 2**30)
    monkeypatch.setattr(run.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(run.os, "cpu_count", lambda: 8)
    assert run.default_jobs(1, "fast") == 1
    assert run.default_jobs(10, "fast") == int(7 / run.GIB_PER_LESSON["fast"])
    assert run.default_jobs(10, "full") == 1
    memory.available = 2**30
    assert run.default_jobs(10, "fast") == 1
    memory.available = 2**40
    assert run.default_jobs(10, "fast") == 8


def test_several_jobs_run_with_one_thread_each(tmp_path):
    assert run.environment(2, tmp_path)["OMP_NUM_THREADS"] == "1"
    assert "OMP_NUM_THREADS" not in run.environment(1, tmp_path)
    assert run.environment(1, tmp_path)["COURSE_LEADERBOARD"] == str(tmp_path)


def test_records_are_read_from_outputs():
    fact = {"kind": "headline", "text": "x"}
    output = nbformat.v4.new_output("display_data", data={execute.RECORD: fact, "text/plain": "x"})
    other = nbformat.v4.new_output("stream", text="x")
    cells = [
        nbformat.v4.new_code_cell("", outputs=[other, output]),
        nbformat.v4.new_markdown_cell(""),
    ]
    assert execute.records(nbformat.v4.new_notebook(cells=cells)) == [fact]


def test_a_progress_bar_leaves_no_trace_also_when_it_came_in_pieces():
    pieces = ["start\n\r 10%", "\r 50%", "\r100%\nend\n"]
    outputs = [nbformat.v4.new_output("stream", text=text) for text in pieces]
    cell = nbformat.v4.new_code_cell("", outputs=outputs)
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "bar"}
    cell.outputs.append(nbformat.v4.new_output("display_data", data=widget))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    run._tidy(notebook)
    assert [o.output_type for o in cell.outputs] == ["stream"]
    assert cell.outputs[0].text == "start\nend\n"


def test_a_bar_that_is_done_leaves_no_trace_and_one_of_a_dead_kernel_says_so():
    running = {"progress_bar": {"state": "running"}}
    outputs = [
        nbformat.v4.new_output("display_data", data={"text/plain": ""}),
        nbformat.v4.new_output(
            "display_data", data={"text/plain": "Training: 50%"}, metadata=running
        ),
        nbformat.v4.new_output("display_data", data={"text/plain": "a figure", "image/png": ""}),
    ]
    cell = nbformat.v4.new_code_cell("", outputs=outputs)
    run._tidy(nbformat.v4.new_notebook(cells=[cell]))
    assert [(o.data["text/plain"], o.metadata) for o in cell.outputs] == [
        ("The kernel ended at: Training: 50%", {}),
        ("a figure", {}),
    ]
