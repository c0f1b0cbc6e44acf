"""`course doctor` and the extras of pyproject.toml; the rest of it is tested in `test_cli.py`."""

import importlib.metadata
from pathlib import Path

import pytest

from harness.cli import doctor
from lib import _machine

PROJECT = """
[project]
name = "embeddings-course"
dependencies = ["numpy>=2"]

[project.optional-dependencies]
teacher = ["nbgrader", "papermill"]
dev = ["Embeddings_Course[teacher]", "pytest"]
"""


@pytest.fixture
def root(tmp_path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "requirements.lock").write_text(
        "\n".join(
            f"{name}=={importlib.metadata.version(name).split('+')[0]}"
            for name in ("numpy", "nbgrader", "papermill", "alembic", "pytest")
        )
    )
    return tmp_path


@pytest.fixture
def without(monkeypatch):
    """A function that makes packages look as if they were not installed."""

    def hide(*names: str) -> None:
        for function in ("version", "requires"):
            known = getattr(importlib.metadata, function)

            def look(name: str, known=known):
                if name in names:
                    raise importlib.metadata.PackageNotFoundError(name)
                return known(name)

            monkeypatch.setattr(_machine.importlib.metadata, function, look)

    return hide


def test_a_project_asks_for_its_base_and_its_extras_and_not_for_itself(root):
    groups = doctor.wanted(root / "pyproject.toml")
    names = {group: [r.name for r in requirements] for group, requirements in groups.items()}
    assert names == {"": ["numpy"], "teacher": ["nbgrader", "papermill"], "dev": ["pytest"]}


def test_what_a_package_needs_in_turn_is_needed():
    groups = doctor.wanted(Path(__file__).parents[3] / "pyproject.toml")
    assert {"torch", "ipython", "traitlets", "pyzmq"} <= _machine.needed(groups[""])
    assert "nbgrader" not in _machine.needed(groups[""])
    assert {"nbgrader", "sqlalchemy", "alembic"} <= _machine.needed(groups["teacher"])


def test_all_packages_are_counted_where_all_are_there(root):
    assert doctor._packages(root).text == "all 5 at the tested versions"


def test_a_learner_lacks_nothing_without_the_extras(root, without):
    without("nbgrader", "papermill", "alembic", "pytest")
    found = doctor._packages(root)
    assert found.state == "ok"
    assert "all that notebooks need at the tested versions" in found.text
    assert "without what is for teachers and developers" in found.text


def test_a_teacher_lacks_nothing_without_the_developers_packages(root, without):
    without("pytest")
    found = doctor._packages(root)
    assert found.state == "ok"
    assert found.text.endswith("without what is for developers")


def test_a_package_of_the_base_is_missed_whatever_else_is_absent(root, without):
    without("numpy", "nbgrader", "papermill", "alembic", "pytest")
    found = doctor._packages(root)
    assert (found.state, found.text) == ("missing", "not installed: numpy")


def test_half_an_extra_is_a_fault(root, without):
    without("papermill", "pytest")
    found = doctor._packages(root)
    assert (found.state, found.text) == ("missing", "not installed: papermill")


def test_a_package_that_another_brings_is_missed_where_all_extras_are_there(root, without):
    without("alembic")
    found = doctor._packages(root)
    assert (found.state, found.text) == ("missing", "not installed: alembic")
