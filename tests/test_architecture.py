"""Imports run one way: lessons, lib/learn, lib/checks, teaching library; the harness stands aside."""

import ast
from pathlib import Path

import pytest

LIB = Path(__file__).parents[1] / "lib"
PACKAGES = ("checks", "learn", "course", "grading")
TEACHING = sorted(p.stem for p in LIB.glob("*.py") if p.stem != "__init__")


def _imported(path: Path) -> set[str]:
    """The parts of `lib` that a file imports anywhere: `pooling`, `checks`, ..."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        parts |= {name.split(".")[1] for name in names if name.startswith("lib.")}
    return parts & {*PACKAGES, *TEACHING}


def _of(folder: Path, pattern: str) -> set[str]:
    return set().union(*(_imported(path) for path in folder.glob(pattern)))


def test_the_teaching_library_knows_nothing_of_the_packages():
    assert _of(LIB, "*.py") & set(PACKAGES) == set()
    assert "device" in _of(LIB, "*.py"), "the reader of imports finds nothing"


HARNESS = [name for name in ("course", "grading") if (LIB / name).is_dir()]


@pytest.mark.parametrize("package", HARNESS)
def test_the_harness_never_imports_the_teaching_library(package):
    assert _of(LIB / package, "**/*.py") & set(TEACHING) == set()


def test_checks_know_neither_the_learner_s_side_nor_the_harness():
    assert _of(LIB / "checks", "**/*.py") & {"learn", "course", "grading"} == set()


def test_the_learner_s_side_does_not_know_the_harness():
    assert _of(LIB / "learn", "**/*.py") & {"course", "grading"} == set()
    assert "checks" in _of(LIB / "learn", "**/*.py")


def test_the_grader_knows_neither_lessons_nor_the_learner_s_side():
    grading = LIB / "grading"
    assert _of(grading, "**/*.py") & {"course", "learn"} == set()
    of_checks = {
        f"{node.module}.{alias.name}"
        for path in grading.glob("**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lib.checks")
        for alias in node.names
    }
    assert of_checks == {"lib.checks.codec"}
