"""What the lessons' leading cells leave in the warm parent: no thread, and the same each time."""

import sys

import pytest

from harness import paths
from harness.author import loading, notebooks
from harness.grade.assignment import Assignment
from harness.grade.grader import Grader
from harness.kernels.client import WarmParent
from tests.attacks import assignment
from tests.tiers import some

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
]


@pytest.mark.parametrize(
    "lesson",
    some(loading.load(paths.root()), keep=lambda lesson: lesson.number == "02"),
    ids=lambda x: x.slug,
)
def test_every_lesson_s_prefix_can_be_forked_and_shows_the_same_each_time(lesson):
    prefix = notebooks.assignment(lesson).prefix
    shown = []
    for _ in range(2):
        with WarmParent(prefix=prefix) as warm:
            assert warm.prefix_ok, warm.note
            shown.append(warm.prefix_outputs)
    assert len(shown[0]) == len(prefix)
    assert shown[0] == shown[1]


def test_a_prefix_that_leaves_a_thread_is_run_in_each_kernel_instead(tmp_path):
    import nbformat

    source = assignment.source()
    source.cells[
        1
    ].source += "\nimport threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    from harness.author.nbgrader_release import clear

    what = Assignment(assignment.NAME, source, clear(source, {}))
    path = tmp_path / "ps1.ipynb"
    nbformat.write(assignment.submission(assignment.RIGHT), path)
    with WarmParent(preload=("numpy", "torch"), prefix=what.prefix) as warm:
        assert not warm.prefix_ok
        assert "thread" in warm.note
        report = Grader(what, warm).grade("ada", path).report
    assert report.score == report.max_score
