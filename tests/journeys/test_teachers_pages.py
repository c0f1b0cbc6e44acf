"""The pages that a class gives, in a real browser: feedback, the class report, similar hand-ins."""

from __future__ import annotations

import pytest

from harness.classroom import Classroom, report
from harness.classroom.answers import answers
from harness.classroom.lesson_text import keep_text
from harness.classroom.report_page import to_page as report_page
from harness.classroom.similar import read_lesson, similar
from harness.classroom.similar_page import to_page as similar_page
from tests.harness.classroom.gradebook.tiny import LESSON, by, classroom, grade, hand_in
from tests.harness.classroom.test_feedback import TEXT
from tests.harness.classroom.test_similar import _own
from tests.journeys import axe, jupyter

CHROMIUM = jupyter.find_chromium()
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on this machine's PATH"),
]
PHONE, DESK = 390, 1280


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """One of each, by name."""
    room: Classroom = classroom(tmp_path_factory.mktemp("room"))
    keep_text(room.folder, LESSON, TEXT)
    hand_in(room, "ada", mean=_own(1), max="max = (", why="So.")
    hand_in(room, "bob", mean=_own(1), max="max = 'right'", why="x" * 500)
    (hand_in(room, "eve") / f"{LESSON}.ipynb").write_text("none")
    room.autograde(LESSON, session=by(grade))
    folder = tmp_path_factory.mktemp("pages")
    found, reading = similar(room, LESSON), read_lesson(room, LESSON)
    assert found.pairs
    texts = {name: answers(room.folder, LESSON, name) for name in ("ada", "bob")}
    (folder / "report.html").write_text(report_page(report(room), names=True))
    (folder / "similar.html").write_text(similar_page(found, LESSON, texts, reading, 20))
    written = room.feedback(LESSON, explain=True)
    return {path.parents[1].name: path for path in written} | {
        name: folder / f"{name}.html" for name in ("report", "similar")
    }


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox"] if jupyter.AS_ROOT else []
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield started
        started.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["ada", "eve", "report", "similar"])
def test_a_page_is_readable_by_all_in_both_themes_and_fits_a_phone(browser, pages, name, scheme):
    for width in (PHONE, DESK):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
        )
        page = context.new_page()
        page.goto(f"file://{pages[name]}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert axe.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()


def test_a_page_asks_for_nothing_and_its_policy_lets_nothing_run(browser, pages):
    for path in pages.values():
        page = browser.new_page()
        asked = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(f"file://{path}")
        assert asked == [f"file://{path}"]
        page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')"
        )
        page.wait_for_timeout(100)
        assert page.evaluate("window.ran") is None
        page.close()
