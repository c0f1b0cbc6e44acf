"""Every lesson through `course grade`: all marks for the worked answer, none for the release."""

import json
import subprocess

import pytest

from harness import paths
from harness.author import loading, notebooks
from tests.journeys.jupyter import COURSE, outside_pytest
from tests.tiers import some

# On a new machine the lessons' leading cells encode their texts first.
pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.timeout(1800)]
LESSONS = loading.load(paths.root())


def _grades(folder, lesson):
    """(points, possible) of the worked notebook and of the released one."""
    files = []
    for kind, make in (
        ("worked", notebooks.source_notebook),
        ("release", notebooks.release_notebook),
    ):
        files.append(folder / f"{lesson.slug}-{kind}.ipynb")
        files[-1].write_text(notebooks.to_text(make(lesson)), encoding="utf-8")
    done = subprocess.run(
        [str(COURSE), "grade", *map(str, files), "--isolation", "none", "--json", "grades.json"],
        cwd=folder,
        env=outside_pytest(),
        capture_output=True,
        text=True,
        timeout=1680,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    found = json.loads((folder / "grades.json").read_text(encoding="utf-8"))["reports"]
    points = {one["student"]: (one["score"], one["max_score"]) for one in found}
    return [points[f"{lesson.slug}-{kind}"] for kind in ("worked", "release")]


@pytest.mark.parametrize(
    "lesson",
    some(LESSONS, keep=lambda lesson: lesson.number == "05"),
    ids=lambda lesson: lesson.slug,
)
def test_the_worked_answer_has_all_points_and_the_release_none(lesson, tmp_path):
    worked, release = _grades(tmp_path, lesson)
    assert worked[0] == worked[1] > 0
    assert release == (0, worked[1])
