"""A teacher in formgrader, in a real browser, on a class that `course classroom` has graded."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest

from harness import paths
from harness.author import loading
from harness.classroom import Classroom
from tests.journeys import jupyter
from tests.journeys.classroom import BESIDE
from tests.journeys.test_classroom import (
    ISOLATION,
    LESSON,
    WRONG,
    _course,
    _environment,
    _hand_in,
)

CHROMIUM = jupyter.find_chromium()
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on this machine's PATH"),
]
LATE = """from nbgrader.plugins import BasePlugin


class OneOff(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.0
"""


@pytest.fixture
def handed_in(tmp_path):
    """A class of two that nobody has graded; bob was late, which costs him a point."""
    lesson = next(x for x in loading.load(paths.root()) if x.slug == LESSON)
    folder, inbox = tmp_path / "class", tmp_path / "inbox"
    inbox.mkdir()
    assert _course("init", folder) == 0
    assert _course("release", folder, "02") == 0
    _hand_in(inbox, lesson, "ann")
    _hand_in(inbox, lesson, "bob", mean_pool=WRONG)
    assert _course("collect", folder, inbox) == 0
    (folder / "late.py").write_text(LATE)
    with open(folder / "nbgrader_config.py", "a") as config:
        config.write("\nimport sys; sys.path.insert(0, c.CourseDirectory.root)\n")
        config.write('c.AssignLatePenalties.plugin_class = "late.OneOff"\n')
    with Classroom(folder).gradebook() as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-02 12:00:00")
    for student, day in (("ann", 1), ("bob", 3)):
        stamp = folder / "submitted" / student / LESSON / "timestamp.txt"
        stamp.write_text(f"2026-01-0{day} 12:00:00 UTC")
    return Classroom(folder)


@pytest.fixture
def room(handed_in):
    """The same, graded."""
    assert _course("autograde", handed_in.folder, "--isolation", ISOLATION) == 0
    return handed_in


@pytest.fixture
def page():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox"] if jupyter.AS_ROOT else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(jupyter.ANSWERS_WITHIN_MS)
        yield page
        browser.close()


def _row(room, student):
    with room.gradebook() as book:
        found = book.find_submission(LESSON, student)
        marked = next(
            g for g in found.notebooks[0].grades if g.needs_manual_grade or g.manual_score
        )
        return found.score, found.late_submission_penalty, marked.manual_score, marked.name


def test_points_and_words_of_the_teacher_stay_when_an_exercise_is_graded_again(
    room, page, tmp_path
):
    _, penalty, _, marked = _row(room, "bob")
    assert penalty == 1.0
    home = tmp_path / "home"
    home.mkdir()
    with jupyter.server(
        [str(jupyter.COURSE.with_name("jupyter")), "lab"], room.folder, home
    ) as address:
        page.goto(f"{address}/tree?token={jupyter.TOKEN}")  # which gives the browser its cookie
        page.goto(f"{address}/formgrader/manage_submissions/{LESSON}")
        page.get_by_role("link", name="bob").or_(
            page.get_by_text("bob", exact=True)
        ).first.wait_for()
        page.screenshot(path=tmp_path / "submissions.png", full_page=True)
        page.goto(f"{address}/formgrader/gradebook/{LESSON}/{LESSON}")
        page.get_by_role("link", name="Submission #1").wait_for()
        page.screenshot(path=tmp_path / "gradebook.png")
        with room.gradebook() as book:
            notebook = book.find_submission_notebook(LESSON, LESSON, "bob").id
        page.goto(f"{address}/formgrader/submissions/{notebook}")
        score = page.locator("input.score").nth(_place(room, marked))
        score.wait_for()
        score.fill("2")
        score.press("Enter")
        page.wait_for_timeout(1000)
        page.screenshot(path=tmp_path / "submission.png")
        shown = page.content()
        # The check's message, where nbgrader shows a traceback:
        assert "You average over all positions, padding too" in shown
        assert "students do not see this cell" in shown  # the rubric, above the written answer
        assert "cannot bring back what the shortlist left out" in shown
    score, _, by_hand, _ = _row(room, "bob")
    assert by_hand == 2.0
    again = ("--student", "bob", "--isolation", ISOLATION)
    assert _course("regrade", room.folder, LESSON, "mean_pool", *again) == 0
    assert _row(room, "bob") == (score, 1.0, 2.0, marked)


def _place(room, name):
    with room.gradebook() as book:
        grades = book.find_submission_notebook(LESSON, LESSON, "bob").grades
    notebook = nbformat.read(
        room.folder / "autograded" / "bob" / LESSON / f"{LESSON}.ipynb", as_version=4
    )
    graded = [
        c.metadata.nbgrader.grade_id
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    ]
    assert len(graded) == len(grades)
    return graded.index(name)


def test_the_buttons_grade_by_our_grader_and_write_our_feedback(handed_in, page, tmp_path):
    room, home = handed_in, tmp_path / "home"
    home.mkdir()
    with (room.folder / "nbgrader_config.py").open("a") as config:
        config.write(f'c.CourseAutograde.isolation = "{ISOLATION}"\n')
    with jupyter.server(
        [str(jupyter.COURSE.with_name("jupyter")), "lab"], room.folder, home
    ) as address:
        page.goto(f"{address}/tree?token={jupyter.TOKEN}")
        page.goto(f"{address}/formgrader/manage_submissions/{LESSON}")
        row = page.get_by_role("row").filter(has_text="bob")
        row.locator(".autograde a").click()
        shown = page.locator(".modal-dialog").filter(has_text="Successfully autograded")
        shown.wait_for(timeout=jupyter.RUNS_WITHIN_MS)
        page.wait_for_timeout(1000)  # it fades in
        page.screenshot(path=tmp_path / "autograded.png")
        assert "1 graded, 0 as before" in shown.inner_text()
        shown.get_by_role("button", name="Close").last.click()
        row.locator(".generate-feedback a").click()
        page.locator(".modal-dialog").filter(has_text="Successfully generated feedback").wait_for()
    score, penalty, *_ = _row(room, "bob")
    (report,) = room.reports(LESSON)
    assert (report.student, report.score, penalty) == ("bob", score, 1.0)
    assert any(cell.mistake for cell in report.cells)
    text = (room.folder / "feedback" / "bob" / LESSON / f"{LESSON}.html").read_text()
    assert "BEGIN HIDDEN TESTS" not in text
    # So does nbgrader's own command, which takes nobody who was graded already.
    done = subprocess.run(
        [BESIDE / "nbgrader", "autograde", LESSON],
        cwd=room.folder,
        env=_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "1 graded, 1 as before" in done.stderr
    assert {one.student for one in room.reports(LESSON)} == {"ann", "bob"}
