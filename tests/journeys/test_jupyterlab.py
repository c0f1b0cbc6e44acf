"""A learner at a lesson in JupyterLab: run, go wrong, read why, mend it, come back later."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import platformdirs
import pytest

from harness import paths
from harness.author.build import lesson_files
from harness.author.lesson import read
from harness.kernels import kernelspec
from tests.journeys import jupyter

CHROMIUM = jupyter.find_chromium()
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.timeout(600),
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
    """A copy of the course with this one lesson, its notebook built by the command line."""
    root, lesson = tmp_path / "course", the_lesson()
    for folder in ("lessons", "solutions"):
        (root / folder).mkdir(parents=True)
    for path in (lesson, lesson.with_suffix(".quiz.yaml")):
        shutil.copy(path, root / "lessons")
    command = [str(jupyter.COURSE), "build"]
    env = {**jupyter.outside_pytest(), "COURSE_ROOT": str(root)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
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
    file = course / "notebooks" / f"{the_lesson().stem}.ipynb"
    if kernel == kernelspec.content()["display_name"]:
        _use_warm_kernels(file, home / "jupyter_data_dir")
    variables = {
        "COURSE_PROGRESS": str(tmp_path / "progress.json"),
        "COURSE_LEADERBOARD": str(tmp_path / "leaderboard"),
        # Embeddings that this user has already are not computed again.
        "COURSE_CACHE": platformdirs.user_cache_dir("embeddings-course", appauthor=False),
    }
    with jupyter.course_lab(course, home, **variables) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        notebook = jupyter.Notebook(page, file, tmp_path / "screens", kernel)
        notebook.open(address)
        page.get_by_role("button", name="No", exact=True).click()  # no news from Jupyter, thanks
        yield notebook
        page.close()


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
