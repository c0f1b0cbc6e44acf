"""Points of executed lessons, by the real nbgrader: its converters, its gradebook, its rules.

The notebooks have been executed already, by papermill; nbgrader's autograder runs with its two
lists of preprocessors less `ClearOutput` and `Execute`, and everything else as it is.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import sys
from pathlib import Path

from harness.execute.one import Result

STUDENT = "worked"


class ScoringError(RuntimeError):
    """nbgrader could not take a notebook; the message holds its log."""


def score(root: Path, results: list[Result]) -> dict[str, dict[str, float]]:
    """The points of each lesson: `{slug: {score, max_score, manual}}`, `manual` awaiting a person.

    The classroom folder is `build/nbgrader`: an ordinary nbgrader course to look into.

    Raises:
        ScoringError: nbgrader refused a notebook.
    """
    if not results:
        return {}
    folder = root / "build" / "nbgrader"
    shutil.rmtree(folder, ignore_errors=True)
    for result in results:
        source = folder / "source" / result.slug / f"{result.slug}.ipynb"
        submitted = folder / "submitted" / STUDENT / result.slug / f"{result.slug}.ipynb"
        for path in (source, submitted):
            path.parent.mkdir(parents=True)
        shutil.copy(Path(result.notebook).parent / "source" / source.name, source)
        shutil.copy(result.notebook, submitted)
    api = _api(folder)
    for result in results:
        _quietly(result.slug, api.generate_assignment, result.slug)
        _quietly(result.slug, api.autograde, result.slug, STUDENT)
    points = {}
    with api.gradebook as gradebook:
        for result in results:
            submission = gradebook.find_submission(result.slug, STUDENT)
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            auto = [grade for grade in grades if not grade.needs_manual_grade]
            points[result.slug] = {
                "score": sum(grade.score for grade in auto),
                "max_score": sum(grade.max_score for grade in auto),
                "manual": sum(grade.max_score for grade in grades if grade.needs_manual_grade),
            }
    return points


def _api(folder: Path):
    from nbgrader.apps import NbGraderAPI
    from nbgrader.converters import Autograde
    from traitlets.config import Config

    # A new gradebook calls the program `alembic`, which stands beside this Python.
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = beside + os.pathsep + os.environ.get("PATH", "")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "embeddings"
    traits = Autograde.class_traits()
    sanitize = traits["sanitize_preprocessors"].default()
    grade = traits["autograde_preprocessors"].default()
    config.Autograde.sanitize_preprocessors = [p for p in sanitize if p.__name__ != "ClearOutput"]
    config.Autograde.autograde_preprocessors = [p for p in grade if p.__name__ != "Execute"]
    return NbGraderAPI(config=config)


def _quietly(slug: str, action, *arguments: str) -> None:
    """Run an nbgrader converter with its log kept for the case that it fails."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        answer = action(*arguments)
    if not answer.get("success"):
        log = answer.get("log") or answer.get("error") or said.getvalue()
        raise ScoringError(f"nbgrader could not take {slug}:\n{log}")
