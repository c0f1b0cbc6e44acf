"""Nothing of an answer is in a bundle; and a search that finds nothing would find it if it were."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from harness.author import notebooks, proof
from harness.bundle import library, secrets, standing_in
from harness.bundle.folder import BundleError, see_that_nothing_is_told
from harness.bundle.sealing import sealed
from harness.bundle.secrets import Search, Secret
from tests.harness.bundle.conftest import ROOT

WHEEL = "embeddings_course-0.1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def search():
    return Search(secrets.of_course(ROOT), library.has_to_be_there(ROOT))


def _zipped(**files: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return whole.getvalue()


def test_a_secret_is_found_in_text_json_and_archives_whatever_the_white_space():
    search = Search([Secret("somebody", "scores=vectors@query;order=scores.argsort()")])
    lines = "    scores = vectors @ query;\n\torder = scores.argsort()\n"
    cell = json.dumps({"cells": [{"source": lines.splitlines(keepends=True)}]})
    files = {
        "plain.py": lines.encode(),
        "notebook.ipynb": cell.encode(),
        "a.whl": _zipped(**{"lib/x.py": lines, "lib/y.py": "nothing"}),
        "of-zips.zip": _zipped(**{"note.txt": "nothing"}),
        "binary": b"\xff\xfe" + lines.encode() + b"\x00",
        "clean.py": b"scores = 1",
    }
    assert list(search.in_files(files)) == [
        "plain.py",
        "notebook.ipynb",
        "a.whl/lib/x.py",
        "binary",
    ]


def test_a_secret_is_found_in_packed_text_where_it_does_not_have_to_be():
    line = "scores = vectors @ query; order = scores.argsort()"
    function = f"def ranked(vectors, query):\n    {line}\n    return order\n"
    packed = sealed(function)
    cell = json.dumps({"cells": [{"source": packed.splitlines(keepends=True)}]})
    files = {
        "packed.py": packed.encode(),
        "twice.py": sealed(packed).encode(),
        "notebook.ipynb": cell.encode(),
        "a.whl": _zipped(**{"lib/x.py": f"x = 1\n{packed}", "lib/y.py": sealed("y = 2")}),
        "broken.py": packed.replace('_sealed.run(\n    "', '_sealed.run(\n    "0').encode(),
    }
    secret = Secret("somebody", secrets._bare(line))
    everywhere = ["packed.py", "twice.py", "notebook.ipynb", "a.whl/lib/x.py"]
    assert list(Search([secret]).in_files(files)) == everywhere
    # The function has to run there; its text need not be read there.
    search = Search([secret], packed=function)
    assert search.in_files(files) == {}
    assert list(search.in_files({"plain.py": function.encode()})) == ["plain.py"]


def test_what_has_to_be_there_is_what_stands_in_and_what_that_uses(tmp_path):
    lesson = next(one for one in proof.lessons(ROOT) if one.number == "02")
    module = tmp_path / "pooling.py"
    module.write_text(
        "KEY = 'b'\ndef mean_pool(x):\n    return _real(x)\ndef _real(x):\n    return x\n"
        "def alternative(x):\n    return _real(x)\n"
    )
    assert standing_in.functions([lesson], module) == {"mean_pool", "_real"}
    assert list(library._functions(module, {"_real"})) == ["def _real(x):\n    return x"]
    module.write_text("KEY = 'b'\nRIGHT = [lambda x: x]\nclass A:\n    y = 1\n")
    assert list(library._functions(module)) == ["lambda x: x", "class A:\n    y = 1"]


def test_what_says_nothing_by_itself_is_no_secret():
    lines = [
        "return scores",
        "    ]",
        "# a long comment that says what is done here, in many words",
        "x",
    ]
    assert list(secrets._passages("an answer", lines, "")) == []
    text = 'yield Case((a, b), "one text of two tokens and one padding, as in the card above it")'
    assert list(secrets._passages("an answer", [text], "")) == []
    line = "unit = vectors / vectors.norm(dim=1, keepdim=True)"
    assert [one.of for one in secrets._passages("an answer", [line], "")] == ["an answer"]
    assert list(secrets._passages("an answer", [line], secrets._bare(f"so: {line}"))) == []


@pytest.mark.slow
def test_every_lesson_has_secrets_of_every_kind(search):
    whose = set(search._whose.values())
    for lesson in proof.lessons(ROOT):
        for name in lesson.exercises():
            assert f"the answer {name}" in whose
        assert f"a hidden check of {lesson.number}" in whose
        assert any(one.startswith(f"the quiz item {lesson.number}-") for one in whose)
    assert any(one.endswith("in mean_pool.py") for one in whose)
    assert len(search) > 5_000


@pytest.mark.slow
def test_a_bundle_holds_none(search, files):
    assert search.in_files(files) == {}


@pytest.mark.slow
@pytest.mark.parametrize("number", ["02", "08"])
def test_each_worked_answer_and_check_would_be_found(search, number):
    """Where it were planted: in a notebook, in the wheel, or as the file that it comes from."""
    (lesson,) = (one for one in proof.lessons(ROOT) if one.number == number)
    worked = notebooks.to_text(notebooks.worked_notebook(lesson))
    source = notebooks.to_text(notebooks.source_notebook(lesson))
    found = search.in_files({"a.ipynb": worked.encode()})["a.ipynb"]
    assert {f"the answer {name}" for name in lesson.exercises()} <= set(found.values())
    assert (
        f"a hidden check of {number}" in search.in_text(secrets.readable(source.encode())).values()
    )
    for path in (ROOT / "lib" / "checks" / f"lesson_{number}").glob("[!_]*.py"):
        planted = search.in_files({WHEEL: _zipped(**{"lib/x.py": path.read_text()})})
        assert list(planted) == [f"{WHEEL}/lib/x.py"], path.name
    quiz = search.in_text(lesson.quiz_path.read_text())
    items = {f"the quiz item {item}" for item in lesson.quiz}
    assert (
        len(set(quiz.values()) & items) >= len(items) - 2
    )  # a key alone is written otherwise there


@pytest.mark.slow
def test_an_answer_in_packed_text_would_be_found(search):
    """A module that has to be there is no finding; with one more thing packed into it it is one."""
    lesson = next(one for one in proof.lessons(ROOT) if one.number == "02")
    pooling = (ROOT / "lib" / "pooling.py").read_text()
    checked = (ROOT / "lib" / "checks" / "lesson_02" / "break_last_token.py").read_text()
    for text in (pooling, checked):
        assert search.in_files({"lib/x.py": sealed(text).encode()}) == {}
    graded = [cell.source for cell in notebooks.source_notebook(lesson).cells]
    beside = ROOT / "tests" / "lib" / "checks" / "alternatives" / "lesson_02" / "mean_pool.py"
    kept_back = ROOT / "lib" / "checks" / "lesson_10" / "_kept_back.py"
    more = {
        "the quiz item 02-q": f"QUIZ = {json.dumps(lesson.quiz)}",
        "a hidden check of 02": "\n".join(one for one in graded if "hidden=" in one),
        " in mean_pool.py": beside.read_text(),
        "kept_back in _kept_back.py": kept_back.read_text(),
        "the answer mean_pool": lesson.solution("mean_pool"),
    }
    for whose, text in more.items():
        wheel = {WHEEL: _zipped(**{"lib/pooling.py": sealed(f"{pooling}\n\n{text}\n")})}
        found = search.in_files(wheel)[f"{WHEEL}/lib/pooling.py"]
        assert any(whose in one for one in found.values()), whose


@pytest.mark.slow
def test_a_bundle_that_would_tell_something_is_refused(files):
    lesson = next(one for one in proof.lessons(ROOT) if one.number == "02")
    worked = notebooks.to_text(notebooks.worked_notebook(lesson)).encode()
    with pytest.raises(BundleError, match=r"02_pooling.ipynb would hold a part of the answer"):
        see_that_nothing_is_told(ROOT, files | {"notebooks/02_pooling.ipynb": worked})
