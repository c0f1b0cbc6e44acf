"""The `lib` of a bundle: complete, without the harness, and packed where its text would be an answer."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from harness.author import proof
from harness.bundle import library, standing_in
from lib import checks
from tests.harness.bundle.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def inside(unpacked):
    return {
        path.relative_to(unpacked).as_posix(): path.read_text(encoding="utf-8")
        for path in unpacked.rglob("*")
        if path.is_file()
    }


def test_every_exercise_has_its_check_and_no_harness_comes_along(inside):
    for number in ("00", *checks.lessons()):
        for name in checks.names(number):
            assert f"lib/checks/lesson_{number}/{name}.py" in inside
    assert {name.split("/")[0] for name in inside if ".dist-info" not in name} == {"lib"}
    assert not [name for name in inside if name.endswith(".pyc")]


def test_a_lesson_s_checks_are_data_a_stub_or_packed(inside):
    for name, text in inside.items():
        if "/lesson_" not in name or name.endswith("/__init__.py"):
            continue
        assert (
            name.endswith(".json") or "recorded.load(__file__)" in text or "_sealed.run(" in text
        ), name
        if name.endswith(".json"):
            assert set(json.loads(text)) >= {"cases", "oracle", "mistakes", "outcomes"}


def test_what_is_kept_back_is_not_there(inside):
    for name in library.LEFT_OUT:
        assert (ROOT / "lib" / name).is_file()
        assert f"lib/{name}" not in inside


def test_what_stands_in_for_an_answer_is_packed_and_the_rest_of_the_library_is_as_it_is(inside):
    packed = standing_in.modules(proof.lessons(ROOT), ROOT / "lib")
    assert {"pooling", "losses", "metrics", "int8_search", "training_pairs"} <= packed
    for path in (ROOT / "lib").glob("*.py"):
        same = inside[f"lib/{path.name}"] == path.read_text(encoding="utf-8")
        assert same != (path.stem in packed), path.name


def test_a_lesson_says_itself_what_stands_in(tmp_path):
    text = (ROOT / "lessons" / "04_hard_negatives.py").read_text()
    assert "instead=bm25_by_library" in text  # a function of the lesson's own, made of lib.bm25
    lesson = next(one for one in proof.lessons(ROOT) if one.number == "04")
    assert "bm25" in standing_in.modules([lesson], ROOT / "lib")


def test_the_catalogue_has_the_lessons_that_are_handed_out():
    lessons = [one for one in proof.lessons(ROOT) if one.number == "02"]
    found = library.files(ROOT, lessons)
    stored = json.loads(found["lib/learn/catalogue.json"])
    assert [one["number"] for one in stored["lessons"]] == ["02"]
    assert stored["start"]["number"] == "00"
    folders = {Path(name).parts[2] for name in found if "/lesson_" in name}
    assert folders == {"lesson_00", "lesson_02"}
    assert (
        b"_sealed.run(" in found["lib/early_stopping.py"]
    )  # it stands in for an answer of lesson 08
    assert not any("key" in item or "feedback" in item for item in stored["lessons"][0]["quiz"])


def test_all_package_data_of_lib_is_in_it(inside):
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "package-data"
    ]
    for package, patterns in asked.items():
        folder = Path(*package.split("."))
        for pattern in patterns if package.startswith("lib") else ():
            for path in (ROOT / folder).glob(pattern):
                assert path.relative_to(ROOT).as_posix() in inside
