"""Every lesson through `course grade`: all marks for the worked answer, none for the release."""

import json
import subprocess

import pytest

from harness import paths
from harness.author import loading, notebooks
from tests.journeys.jupyter import COURSE, outside_pytest

# On a new machine the lessons' leading cells encode their texts first.
pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.timeout(900)]
LESSONS = loading.load(paths.root())


@pytest.fixture(scope="module")
def grades(tmp_path_factory):
    """(points, possible) of "<slug>-worked" and "<slug>-release" of each lesson, graded at once."""
    folder, files = tmp_path_factory.mktemp("grades"), []
    for lesson in LESSONS:
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
        timeout=840,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    found = json.loads((folder / "grades.json").read_text(encoding="utf-8"))["reports"]
    return {one["student"]: (one["score"], one["max_score"]) for one in found}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_the_worked_answer_has_all_points_and_the_release_none(lesson, grades):
    worked, release = (grades[f"{lesson.slug}-{kind}"] for kind in ("worked", "release"))
    assert worked[0] == worked[1] > 0
    assert release == (0, worked[1])
