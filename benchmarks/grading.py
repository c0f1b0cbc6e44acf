"""Grading lesson 02: this grader against stock `nbgrader autograde`, interleaved, in one run.

    python -m benchmarks.grading [ROUNDS]

Each round grades the same submissions (right, untouched, wrong) once by each, one after the other.
Stock's time is that of its command less its start (`nbgrader autograde --version`); ours is that of
one submission in a running warm parent, whose start is given beside it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from lib.course import build, grade, paths
from lib.grading import sandbox
from lib.grading.pool import Submission

LESSON = "02_pooling"


def main(rounds: int) -> None:
    """Print medians, their ratio and the scores."""
    lesson = next(x for x in build.load(paths.root()) if x.slug == LESSON)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        students = _submissions(folder, lesson)
        _course(folder, lesson)
        began = time.perf_counter()
        with grade.means(lesson, sandbox.available()[0]) as means:
            started = time.perf_counter() - began
            ours = means.grader()
            bare = min(_timed(folder, "--version") for _ in range(2))
            took: dict[str, list[float]] = {"ours": [], "stock": []}
            for _ in range(rounds):
                for student in students:
                    begun = time.perf_counter()
                    report = ours(Submission(student, folder / "submitted" / student / LESSON))
                    took["ours"].append(time.perf_counter() - begun)
                    seconds = _timed(folder, LESSON, f"--student={student}", "--force") - bare
                    took["stock"].append(seconds)
                    scores = f"{report.score:g} ours, {_stock_score(folder, student):g} stock"
                    print(
                        f"{student}: {took['ours'][-1]:.2f} s ours, {seconds:.1f} s stock; {scores}"
                    )
    middle = {key: statistics.median(values) for key, values in took.items()}
    print(f"isolation {sandbox.available()[0]}; the warm parent starts in {started:.1f} s, once")
    print(f"median of a submission: {middle['ours']:.2f} s ours, {middle['stock']:.1f} s stock")
    print(f"ratio {middle['stock'] / middle['ours']:.0f}")


def _submissions(folder: Path, lesson) -> list[str]:
    wrong = build.worked_notebook(lesson)
    for cell in wrong.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "mean_pool":
            cell.source = "def mean_pool(token_embeddings, attention_mask):\n    return token_embeddings.mean(dim=1)"
    kinds = {"right": _submitted(lesson), "wrong": _submitted(lesson, wrong)}
    kinds["untouched"] = build.release_notebook(lesson)
    for name, notebook in kinds.items():
        path = folder / "submitted" / name / LESSON / f"{LESSON}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    return list(kinds)


def _submitted(lesson, worked=None):
    """The released notebook with answers, as a student hands it in."""
    worked = worked or build.worked_notebook(lesson)
    answers = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in worked.cells}
    notebook = build.release_notebook(lesson)
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("solution"):
            cell.source = answers[meta["grade_id"]]
    return notebook


def _course(folder: Path, lesson) -> None:
    source = folder / "source" / LESSON / f"{LESSON}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(build.source_notebook(lesson), source)
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(folder)!r}\nc.Execute.timeout = 300\n"
    )
    _nbgrader(folder, "generate_assignment", LESSON)


def _timed(folder: Path, *arguments: str) -> float:
    begun = time.perf_counter()
    _nbgrader(folder, "autograde", *arguments)
    return time.perf_counter() - begun


def _nbgrader(folder: Path, *arguments: str) -> None:
    beside = Path(sys.executable).parent
    path = f"{beside}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [beside / "nbgrader", *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        check=True,
    )


def _stock_score(folder: Path, student: str) -> float:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        return book.find_submission(LESSON, student).score


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
