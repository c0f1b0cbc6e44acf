"""Imports run one way: lessons, lib/learn, lib/checks, teaching library; the harness stands aside."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIB, HARNESS = ROOT / "lib", ROOT / "harness"
LEARN, CHECKS = "lib.learn", "lib.checks"
# Neither teaches nor grades: places and files, for all.
BASE = {"lib._files", "lib._places"}


def _imported(path: Path) -> set[str]:
    """The parts of the house that a file imports anywhere: `lib.pooling`, `lib.checks`, `harness`."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == "harness":
                parts.add("harness")
            elif first == "lib" and rest:
                parts.add(f"lib.{rest.split('.')[0]}")
    return parts - {"lib.__version__"}


def _of(folder: Path, pattern: str) -> set[str]:
    found = [_imported(path) for path in folder.glob(pattern)]
    assert found, f"no file matches {pattern} in {folder}"
    return set().union(*found)


TEACHING = {f"lib.{p.stem}" for p in LIB.glob("*.py") if p.stem != "__init__"} - BASE


def test_the_teaching_library_knows_only_itself():
    assert _of(LIB, "*.py") <= TEACHING | BASE
    assert "lib.device" in _of(LIB, "*.py"), "the reader of imports finds nothing"


def test_checks_know_neither_the_learner_s_side_nor_the_harness():
    assert _of(CHECKS_FOLDER, "**/*.py") & {LEARN, "harness"} == set()


def test_the_learner_s_side_does_not_know_the_harness():
    assert "harness" not in _of(LIB / "learn", "**/*.py")
    assert CHECKS in _of(LIB / "learn", "**/*.py")


def test_the_harness_never_imports_the_teaching_library():
    assert _of(HARNESS, "**/*.py") <= {LEARN, CHECKS, "lib.__file__", "harness"} | BASE


CHECKS_FOLDER = LIB / "checks"
# Where the harness touches the course's own checks and catalogue, and why.
OWN = {
    "author": "builds the catalogue, proves the checks",
    "cli": "starts whatever a command needs",
    "execute": "runs the course's lessons",
    "grade": "hints of the catalogue",
    "kernels": "a warm parent imports the checks of its lesson",
    "judge": "values",
}


@pytest.mark.parametrize("package", [p.name for p in HARNESS.iterdir() if p.is_dir()])
def test_what_grades_any_notebook_does_not_know_the_course_s_own_lessons(package):
    found = _of(HARNESS / package, "**/*.py") if any((HARNESS / package).glob("*.py")) else set()
    if package not in OWN:
        assert found & {LEARN, CHECKS} == set()
