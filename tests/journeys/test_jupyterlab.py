"""A learner at a lesson in JupyterLab: run, go wrong, read why, mend it, come back later."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from harness import paths
from harness.author.lesson import lesson_files, read, start_file
from harness.kernels import kernelspec
from tests.journeys import jupyter

CHROMIUM = jupyter.find_chromium()
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on this machine's PATH"),
]

# The least contrast of text that WCAG 2.2 asks for (success criterion 1.4.3, level AA).
LEAST_CONTRAST = 4.5
WRONG = ("return token_embeddings.mean(dim=1)",)
RIGHT = (
    "weights = attention_mask.unsqueeze(-1)",
    "count = weights.sum(dim=1).clamp(min=1)",
    "return (token_embeddings * weights).sum(dim=1) / count",
)


def the_lesson() -> Path:
    """Lesson 02; in another course, the first one."""
    files = lesson_files(paths.root())
    return next((path for path in files if path.stem.startswith("02")), files[0])


@pytest.fixture
def course(tmp_path) -> Path:
    """A copy of the course with this one lesson and the front door, built by the command line."""
    root, lesson, front = tmp_path / "course", the_lesson(), start_file(paths.root())
    assert front is not None
    for folder in ("lessons", "solutions"):
        (root / folder).mkdir(parents=True)
    for path in (lesson, front):
        shutil.copy(path, root / "lessons")
        shutil.copy(path.with_suffix(".quiz.yaml"), root / "lessons")
    command = [str(jupyter.COURSE), "build"]
    env = {**jupyter.outside_pytest(), "COURSE_ROOT": str(root)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox"] if jupyter.AS_ROOT else []
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=options)


@pytest.fixture
def kernel() -> str:
    """The display name of the kernel that the notebook asks for."""
    return "Python 3"


@pytest.fixture
def notebook(course, browser, tmp_path, kernel):
    """The lesson, open in the browser; `course lab` ends with the test."""
    home = tmp_path / "home"
    home.mkdir()
    name = f"{the_lesson().stem}.ipynb"
    if kernel == kernelspec.content()["display_name"]:
        _use_warm_kernels(course / "notebooks" / name, home / "jupyter_data_dir")
    with jupyter.course_lab(course, home, **_variables(tmp_path)) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        notebook = jupyter.Notebook(page, course / "my" / name, tmp_path / "screens", kernel)
        notebook.open(address)
        yield notebook
        page.close()


def _variables(tmp_path: Path) -> dict[str, str]:
    """Where a learner's progress and what is computed are kept."""
    return {
        "COURSE_PROGRESS": str(tmp_path / "progress.json"),
        "COURSE_LEADERBOARD": str(tmp_path / "leaderboard"),
        # What another journey has computed is not computed again.
        "COURSE_CACHE": os.environ["COURSE_CACHE"],
    }


def _use_warm_kernels(file: Path, data: Path) -> None:
    spec = data / "kernels" / kernelspec.NAME / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps(kernelspec.content()))
    notebook = nbformat.read(file, as_version=4)
    notebook.metadata.kernelspec.name = kernelspec.NAME
    notebook.metadata.kernelspec.display_name = kernelspec.content()["display_name"]
    nbformat.write(notebook, file)


def too_faint(panel) -> list:
    """Texts of a panel that stand out too little from what is behind them."""
    contrasts = panel.evaluate(jupyter.CONTRASTS)
    assert contrasts
    return [(text, round(ratio, 2)) for text, ratio in contrasts if ratio < LEAST_CONTRAST]


def test_a_learner_goes_wrong_mends_it_and_finds_it_again(notebook, tmp_path):
    lesson = read(the_lesson())
    item = next(i for i in lesson.quiz.values() if i["kind"] == "single")
    answer, check = notebook.place("mean_pool"), notebook.place("check_mean_pool")
    question = notebook.place(item["id"])
    page = notebook.page

    # Run All on the untouched notebook: no error, no stderr, figures that have words.
    notebook.run_all()
    notebook.shoot("run_all")
    for kind in ("stderr", "error"):
        mime = f"application/vnd.jupyter.{kind}"
        assert page.locator(f'[data-mime-type="{mime}"]').all_text_contents() == []
    assert "mean_pool: not attempted yet" in notebook.panel(check).text_content()
    figures = page.locator(".jp-OutputArea-output img")
    alts = [figure.get_attribute("alt") or "" for figure in figures.all()]
    assert len(alts) >= 1
    assert all(len(alt) >= 20 for alt in alts)
    figures.first.scroll_into_view_if_needed()
    notebook.shoot("figure")

    # A mean over padding: the check names the mistake and shows the numbers.
    notebook.type_over_last_line(answer, *WRONG)
    notebook.run(answer)
    notebook.run(check)
    said = notebook.panel(check).text_content()
    assert "mean_pool: wrong" in said
    assert "You average over all positions, padding too" in said
    assert "Expected" in said
    notebook.shoot("wrong_light")
    assert too_faint(notebook.panel(check)) == []
    notebook.theme("JupyterLab Dark")
    notebook.shoot("wrong_dark")
    assert too_faint(notebook.panel(check)) == []
    notebook.theme("JupyterLab Light")

    # Mended.
    notebook.type_over_last_line(answer, *RIGHT)
    notebook.run(answer)
    notebook.run(check)
    assert "mean_pool: passed" in notebook.panel(check).text_content()
    notebook.shoot("passed")

    # A wrong answer to a question, then the right one, each with its own feedback.
    wrong_key = next(key for key in item["choices"] if key != item["key"])
    for key, state in ((wrong_key, "not right"), (item["key"], "right")):
        notebook.answer(question, key)
        notebook.run(question)
        said = notebook.panel(question).text_content()
        assert re.search(rf"Question {item['id']}: {state}", said)
        expected = item["choices"][key]["feedback"].replace("`", "")
        assert " ".join(expected.split()) in " ".join(said.split())
        notebook.shoot(f"quiz_{state.replace(' ', '_')}")

    # Saved, reloaded, the kernel restarted: the work and the progress are still there.
    page.keyboard.press("Control+s")
    page.locator(".jp-mod-dirty").wait_for(state="detached")
    page.reload()
    notebook.wait_for_kernel()
    assert RIGHT[-1] in notebook.source(answer)
    notebook.menu("Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.wait_for_kernel()
    below = notebook.type_into_new_cell_below(check, "from lib.learn import progress", "progress()")
    notebook.run(below)
    said = notebook.panel(below).text_content()
    assert re.search(r"Progress: 1 of \d+ exercises passed", said)
    notebook.shoot("progress")
    stored = json.loads((tmp_path / "progress.json").read_text())
    assert stored["exercises"]["mean_pool"] == {"attempts": 2, "last": "passed", "passed": True}
    assert stored["quiz"][item["id"]] == {"answer": item["key"], "right": True, "tries": 2}


@pytest.mark.skipif(sys.platform != "linux", reason="forks kernels on Linux only")
@pytest.mark.parametrize("kernel", [kernelspec.content()["display_name"]])
def test_a_warm_kernel_runs_is_interrupted_and_restarted(notebook, kernel):
    answer, check = notebook.place("mean_pool"), notebook.place("check_mean_pool")
    notebook.run_all()
    for kind in ("stderr", "error"):
        mime = f"application/vnd.jupyter.{kind}"
        assert notebook.page.locator(f'[data-mime-type="{mime}"]').all_text_contents() == []
    notebook.type_over_last_line(answer, *RIGHT)
    notebook.run(answer)
    notebook.run(check)
    assert "mean_pool: passed" in notebook.panel(check).text_content()
    below = notebook.type_into_new_cell_below(check, "while True: pass")
    notebook.cell(below).locator(".jp-InputPrompt").click()
    notebook.page.keyboard.press("Control+Enter")
    busy = '.jp-Notebook-ExecutionIndicator[data-status="busy"]'
    notebook.page.locator(busy).wait_for()
    notebook.menu("Kernel", "Interrupt Kernel")
    notebook.cell(below).get_by_text("KeyboardInterrupt").first.wait_for()
    notebook.menu("Kernel", "Restart Kernel…")
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.wait_for_kernel()
    notebook.page.keyboard.press("Escape")
    after = notebook.type_into_new_cell_below(below, "print('mean_pool' in globals())")
    notebook.run(after)
    notebook.cell(after).get_by_text("False", exact=True).wait_for()
    notebook.shoot("warm")


FRONT = "00_start.ipynb"
MENUS = "#jp-MainMenu .lm-MenuBar-itemLabel"
TABS = ".jp-mod-current .lm-TabBar-tabLabel"
NEWS = "Would you like to get notified about official Jupyter news?"


def _newcomer(browser, address: str, file: Path, screens: Path) -> jupyter.Notebook:
    """Somebody who opens the address that `course lab` opens, for the first time."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    notebook = jupyter.Notebook(page, file, screens)
    page.goto(f"{address}/?token={jupyter.TOKEN}")
    notebook.wait_for_kernel()
    return notebook


def test_a_newcomer_is_met_by_the_front_door_and_tries_everything(course, browser, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    file = course / "my" / FRONT
    with jupyter.course_lab(course, home, **_variables(tmp_path)) as address:
        notebook = _newcomer(browser, address, file, tmp_path / "screens")
        page = notebook.page
        notebook.shoot("front_door")
        assert page.locator(TABS, has_text=FRONT).count() == 1
        menus = page.locator(MENUS).all_text_contents()
        assert "Run" in menus
        assert [menu for menu in menus if "nbgrader" in menu.lower()] == []
        assert page.get_by_text("Validate", exact=True).count() == 0

        notebook.run_all()
        answer, check = notebook.place("mean_of_two"), notebook.place("check_mean_of_two")
        assert "mean_of_two: not attempted yet" in notebook.panel(check).text_content()
        notebook.type_over_last_line(answer, "return a + b")
        notebook.run(answer)
        notebook.run(check)
        said = notebook.panel(check).text_content()
        assert "mean_of_two: wrong" in said
        assert "This is the sum." in said
        notebook.shoot("wrong")
        notebook.type_over_last_line(answer, "return (a + b) / 2")
        notebook.run(answer)
        notebook.run(check)
        assert "mean_of_two: passed" in notebook.panel(check).text_content()
        question = notebook.place("00-q1")
        notebook.answer(question, "c")
        notebook.run(question)
        assert "Question 00-q1: right" in notebook.panel(question).text_content()
        below = notebook.type_into_new_cell_below(check, "progress()")
        notebook.run(below)
        said = notebook.panel(below).text_content()
        assert re.search(r"Progress: 0 of \d+ exercises passed", said)
        assert re.search(r"00 Start here.*1 of 1.*1 of 1 answered, 1 right", said)
        notebook.shoot("progress")
        page.keyboard.press("Control+s")
        page.locator(".jp-mod-dirty").wait_for(state="detached")
        assert page.get_by_text(NEWS).count() == 0  # by now it would be there
        page.get_by_role("link", name=re.compile(f"^{the_lesson().stem[:2]} ")).first.click()
        page.locator(TABS, has_text=f"{the_lesson().stem}.ipynb").wait_for()
        page.close()
    assert "(a + b) / 2" in file.read_text()

    # The course is updated, and opened again: what is new is there, and so is the answer.
    source = course / "lessons" / "00_start.py"
    source.write_text(source.read_text().replace("# Welcome. In", "# You are welcome. In"))
    env = {**jupyter.outside_pytest(), "COURSE_ROOT": str(course)}
    subprocess.run([str(jupyter.COURSE), "build"], env=env, check=True, timeout=240)
    with jupyter.course_lab(course, home, **_variables(tmp_path)) as address:
        notebook = _newcomer(browser, address, file, tmp_path / "screens")
        notebook.page.locator("p", has_text="You are welcome.").wait_for()
        assert "return (a + b) / 2" in notebook.source(notebook.place("mean_of_two"))
        notebook.shoot("merged")
        notebook.page.close()


def test_a_teacher_has_nbgrader_s_menu_and_what_else_jupyterlab_shows(course, browser, tmp_path):
    pytest.importorskip("nbgrader")
    home = tmp_path / "home"
    home.mkdir()
    with jupyter.course_lab(course, home, "--teacher", **_variables(tmp_path)) as address:
        notebook = _newcomer(browser, address, course / "my" / FRONT, tmp_path / "screens")
        notebook.page.locator(MENUS, has_text="Nbgrader").wait_for()
        notebook.page.get_by_text(NEWS).wait_for()
        notebook.page.close()
