"""Imports run one way: lessons, lib/learn, lib/checks, teaching library; the harness stands aside."""

import ast
import fnmatch
import functools
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIB, HARNESS = ROOT / "lib", ROOT / "harness"
LEARN, CHECKS = "lib.learn", "lib.checks"
# Neither teaches nor grades: places, files and what a bundle holds, for all.
BASE = {"lib._files", "lib._machine", "lib._places", "lib._sealed"}


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
    "classroom": "what a question says of an answer, once its due date is over",
    "bundle": "records the checks for students",
    "cli": "starts whatever a command needs",
    "execute": "runs the course's lessons",
    "grade": "hints of the catalogue",
    "kernels": "a warm parent imports the checks of its lesson",
    "judge": "values",
}


@pytest.mark.parametrize("package", sorted(p.parent.name for p in HARNESS.glob("*/__init__.py")))
def test_what_grades_any_notebook_does_not_know_the_course_s_own_lessons(package):
    found = _of(HARNESS / package, "**/*.py") if any((HARNESS / package).glob("*.py")) else set()
    if package not in OWN:
        assert found & {LEARN, CHECKS} == set()


def _tracked() -> list[Path]:
    """The files of the repository, by git: what lies about beside them is nobody's."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout: nothing tells which files are the repository's")
    said = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [Path(name) for name in said.stdout.split("\0") if name and (ROOT / name).exists()]


def _lesson_nn(folder: Path) -> str:
    """A folder as the map calls it: `lesson_NN` is all lessons'."""
    return re.sub(r"lesson_\d\d\b", "lesson_NN", folder.as_posix()) + "/"


def _mapped() -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("## How the repository is laid out")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+/)` \|", table, re.M)


def test_the_map_names_every_folder_of_the_repository():
    folders = {path.parents[-2] for path in _tracked() if len(path.parts) > 1}
    for path in _tracked():
        if path.parts[0] in ("lib", "harness", "benchmarks"):
            folders |= set(path.parents) - {Path()}
        if path.parts[0] == "tests":  # what mirrors a folder of lib or harness is said at once
            folders |= {
                f for f in path.parents if len(f.parts) > 1 and not Path(*f.parts[1:]).is_dir()
            }
    # Below a folder that is named, what is not Python's is that folder's own affair.
    named = _mapped()
    missing = {
        _lesson_nn(folder)
        for folder in folders
        if _lesson_nn(folder) not in named
        and not _lesson_nn(folder).startswith("tests/lib/checks/alternatives/lesson_NN/")
        and folder != Path("benchmarks/fuzz/seeds")
    }
    assert missing == set()
    assert len(named) == len(set(named))


# Where a module is tested that has no test file at its own place, and by what.
TESTED_IN = {
    "lib/checks/__init__.py": "tests/lib/checks/test_registry.py",
    "lib/checks/_arguments.py": "tests/lib/checks/test_diagnosis.py",
    "lib/checks/_errors.py": "tests/lib/checks/test_errors.py",
    "lib/checks/_gradient.py": "tests/lib/checks/test_unseen.py",
    "lib/checks/_limits.py": "tests/lib/checks/test_limits.py",
    "lib/checks/_loops.py": "tests/lib/checks/test_loops.py",
    "lib/checks/_origin.py": "tests/lib/checks/test_origin.py",
    "lib/checks/_memory.py": "tests/lib/checks/test_diagnosis.py",
    "lib/checks/_recorded_values.py": "tests/lib/checks/test_recorded.py",
    "lib/checks/canonical.py": "tests/lib/checks/test_every_check.py",
    "lib/checks/_pattern*.py": "tests/lib/checks/test_patterns.py",
    "lib/checks/_*_patterns.py": "tests/lib/checks/test_patterns.py",
    "lib/checks/_state.py": "tests/lib/checks/test_exercise.py",
    "lib/checks/calling.py": "tests/lib/checks/test_exercise.py",
    "lib/checks/verdict.py": "tests/lib/checks/test_exercise.py",
    "lib/checks/lesson_*": "tests/lib/checks/test_every_check.py",
    "lib/_family_split.py": "tests/lib/test_domains.py",
    "lib/attack_techniques.py": "tests/lib/test_domains.py",
    "lib/docstrings.py": "tests/lib/test_domains.py",
    "lib/judgements.py": "tests/lib/test_word_vectors.py",
    "lib/ontology.py": "tests/lib/test_data.py",
    "lib/_arrays.py": "tests/lib/test_arrays.py",
    "lib/_choice.py": "tests/lib/test_negatives.py",
    "lib/_coarse.py": "tests/lib/test_coarse.py",
    "lib/_arguments.py": "tests/lib/test_arguments.py",
    "lib/_explore_*.py": "tests/lib/test_explore.py",
    "lib/_explore_batch.py": "tests/lib/test_explore_batch.py",
    "lib/_explore_budget.py": "tests/lib/test_explore_budget.py",
    "lib/_explore_margin.py": "tests/lib/test_explore_margin.py",
    "lib/_explore_words.py": "tests/lib/test_explore_words.py",
    "lib/_explore_pooling.py": "tests/lib/test_explore_pooling.py",
    "lib/_max_sim_map.py": "tests/lib/test_explore.py",
    "lib/_model_explorer.py": "tests/lib/test_model_explorer.py",
    "lib/_neighbours.py": "tests/lib/test_neighbours.py",
    "lib/_files.py": "tests/lib/test_files.py",
    "lib/lower_states.py": "tests/lib/test_late_layers.py",
    "lib/_kept_training.py": "tests/lib/test_colbert_training.py",
    "lib/_finite.py": "tests/lib/test_finite.py",
    "lib/_places.py": "tests/lib/test_places.py",
    "lib/_bundle_*.py": "tests/lib/test_bundle_command.py",
    "lib/_machine.py": "tests/harness/cli/test_doctor.py",
    "lib/_sealed.py": "tests/harness/bundle/test_sealing.py",
    "lib/_diagram_*.py": "tests/lib/test_diagrams.py",
    "lib/_plot_*.py": "tests/lib/test_plots.py",
    "lib/_plot_rules.py": "tests/lib/test_plot_rules.py",
    "lib/_offline_protocols.py": "tests/lib/test_providers_offline.py",
    "lib/_positives.py": "tests/lib/test_negatives.py",
    "lib/_provider_*.py": "tests/lib/test_providers.py",
    "lib/_ranks_by_size.py": "tests/lib/test_explore.py",
    "lib/_ranked_list.py": "tests/lib/test_explore.py",
    "lib/_rankings.py": "tests/lib/test_metrics.py",
    "lib/_search_*.py": "tests/lib/test_search_page.py",
    "lib/learn/_same_code.py": "tests/lib/learn/test_checking.py",
    "lib/learn/catalogue.py": "tests/lib/learn/test_stored_progress.py",
    "harness/limits.py": "tests/harness/sandbox/test_boxes.py",
    "harness/lock.py": "tests/harness/execute/test_run.py",
    "harness/paths.py": "tests/harness/cli/test_cli.py",
    "harness/author/architecture.py": "tests/harness/author/test_architecture_picture.py",
    "harness/author/layered_picture.py": "tests/harness/author/test_architecture_picture.py",
    "harness/author/asked.py": "tests/harness/author/test_start.py",
    "harness/author/leaks.py": "tests/harness/author/test_lint.py",
    "harness/author/lint_*.py": "tests/harness/author/test_lint.py",
    "harness/author/loading.py": "tests/harness/author/test_start.py",
    "harness/author/nbgrader_release.py": "tests/harness/author/test_notebooks.py",
    "harness/author/proof.py": "tests/harness/cli/test_cli.py",
    "harness/classroom/errors.py": "tests/harness/classroom/test_folder.py",
    "harness/classroom/grading.py": "tests/harness/classroom/test_folder.py",
    "harness/classroom/private.py": "tests/harness/classroom/gradebook/test_recorder.py",
    "harness/classroom/roster_forms.py": "tests/harness/classroom/test_roster_import.py",
    "harness/classroom/lateness.py": "tests/harness/classroom/test_due.py",
    "harness/classroom/lms/*": "tests/harness/classroom/lms/test_systems.py",
    "harness/classroom/hand_ins.py": "tests/harness/classroom/test_collect.py",
    "harness/classroom/identity.py": "tests/harness/classroom/test_collect.py",
    "harness/classroom/placing.py": "tests/harness/classroom/test_collect.py",
    "harness/classroom/downloads.py": "tests/harness/classroom/test_collect.py",
    "harness/classroom/participants.py": "tests/harness/classroom/test_collect.py",
    "harness/classroom/gradebook/*": "tests/harness/classroom/gradebook/test_recorder.py",
    "harness/cli/build.py": "tests/harness/cli/test_cli.py",
    "harness/cli/classroom_collect.py": "tests/harness/classroom/test_collect.py",
    "harness/cli/classroom_roster.py": "tests/harness/classroom/test_roster_import.py",
    "harness/cli/classroom_due.py": "tests/harness/classroom/test_due.py",
    "harness/cli/classroom_export.py": "tests/harness/classroom/test_grade_tables.py",
    "harness/cli/classroom_options.py": "tests/journeys/test_classroom.py",
    "harness/bundle/github.py": "tests/harness/bundle/test_folder.py",
    "harness/bundle/standing_in.py": "tests/harness/bundle/test_library.py",
    "harness/cli/classroom_bundle.py": "tests/harness/bundle/test_installed.py",
    "harness/cli/cluster.py": "tests/harness/grade/test_cluster.py",
    "harness/cli/console.py": "tests/harness/cli/test_cli.py",
    "harness/cli/hidden.py": "tests/harness/cli/test_grade.py",
    "harness/cli/lab.py": "tests/journeys/test_jupyterlab.py",
    "harness/cli/library_answers.py": "tests/harness/cli/test_grade.py",
    "harness/cli/main.py": "tests/harness/cli/test_cli.py",
    "harness/cli/prove.py": "tests/harness/cli/test_cli.py",
    "harness/cli/run.py": "tests/harness/execute/test_run.py",
    "harness/execute/engine.py": "tests/harness/execute/test_failing.py",
    "harness/execute/one.py": "tests/harness/execute/test_run.py",
    "harness/execute/scoring.py": "tests/harness/execute/test_run.py",
    "harness/grade/assignment.py": "tests/harness/grade/test_session.py",
    "harness/grade/cluster_*.py": "tests/harness/grade/test_cluster.py",
    "harness/grade/passes.py": "tests/attacks/test_scores.py",
    "harness/grade/running.py": "tests/attacks/test_scores.py",
    "harness/grade/matching.py": "tests/malformed/test_malformed.py",
    "harness/grade/reading.py": "tests/malformed/test_malformed.py",
    "harness/grade/verdicts.py": "tests/harness/reports/test_reports.py",
    "harness/grade/fresh.py": "tests/attacks/test_contest.py",
    "harness/judge/agent.py": "tests/harness/judge/test_judge.py",
    "harness/judge/examiner.py": "tests/harness/judge/test_judge.py",
    "harness/judge/handing.py": "tests/harness/judge/test_judge.py",
    "harness/judge/proxy.py": "tests/harness/judge/test_judge.py",
    "harness/judge/shell.py": "tests/harness/kernels/test_prefix.py",
    "harness/kernels/client.py": "tests/harness/kernels/test_warm.py",
    "harness/kernels/interface.py": "tests/harness/kernels/test_warm.py",
    "harness/kernels/judge.py": "tests/harness/kernels/test_warm.py",
    "harness/kernels/kernelspec.py": "tests/harness/kernels/test_provisioner.py",
    "harness/kernels/launch.py": "tests/harness/kernels/test_warm.py",
    "harness/kernels/student.py": "tests/harness/kernels/test_warm.py",
    "harness/reports/*": "tests/harness/reports/test_reports.py",
    "harness/sandbox/__init__.py": "tests/harness/sandbox/test_boxes.py",
    "harness/sandbox/calls.py": "tests/harness/sandbox/test_seccomp.py",
    "harness/sandbox/landlock.py": "tests/harness/sandbox/test_boxes.py",
    "harness/sandbox/linux.py": "tests/harness/sandbox/test_boxes.py",
    "harness/sandbox/probe.py": "tests/harness/sandbox/test_boxes.py",
    "harness/sandbox/readable.py": "tests/harness/sandbox/test_boxes.py",
}


@functools.cache
def _modules() -> list[Path]:
    """The modules of `lib` and `harness`; a package's own file where it defines something."""
    found = []
    for path in sorted([*LIB.rglob("*.py"), *HARNESS.rglob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defines = any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in tree.body)
        if path.name != "__init__.py" or defines:
            found.append(path.relative_to(ROOT))
    assert len(found) > 100
    return found


def _mirror(module: Path) -> Path:
    name = module.parent.name if module.name == "__init__.py" else module.stem
    return Path("tests", module.parent, f"test_{name}.py")


def test_every_module_is_tested_at_its_place_or_where_the_table_says():
    elsewhere = [m for m in _modules() if not (ROOT / _mirror(m)).is_file()]
    unknown = [
        module.as_posix()
        for module in elsewhere
        if not any(fnmatch.fnmatch(module.as_posix(), pattern) for pattern in TESTED_IN)
    ]
    assert unknown == [], "write a test at the module's place, or say in TESTED_IN where it is"


@pytest.mark.parametrize("pattern", TESTED_IN)
def test_the_table_of_tests_names_what_is_there(pattern):
    assert (ROOT / TESTED_IN[pattern]).is_file()
    of = [m for m in _modules() if fnmatch.fnmatch(m.as_posix(), pattern)]
    assert of, f"no module is {pattern}"
    assert not all((ROOT / _mirror(m)).is_file() for m in of), f"{pattern} is tested at its place"


def test_the_map_and_the_page_on_architecture_name_what_is_there():
    folders = {_lesson_nn(f) for path in _tracked() for f in path.parents if f != Path()}
    assert set(_mapped()) <= folders
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:lib|harness|tests|docs)/[\w./]+)`", page):
        at = Path(name.replace("lesson_NN", "lesson_01"))
        assert (ROOT / at).exists(), f"docs/architecture.md names {name}"
