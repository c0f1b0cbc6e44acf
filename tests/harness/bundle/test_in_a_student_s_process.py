"""In a process that has the bundle alone, every exercise is checked as it is with the whole course."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

from harness.author import notebooks, proof
from harness.author.lesson import Lesson
from lib import checks
from tests.harness.bundle import student
from tests.harness.bundle.conftest import ROOT
from tests.tiers import some

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def _asked(lesson: Lesson) -> dict[str, dict]:
    """Of each exercise that is no contest: what runs before it, the worked answer, the stub."""
    released = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source
        for cell in notebooks.release_notebook(lesson).cells
    }
    scope: list[str] = []
    asked = {}
    for cell in lesson.cells:
        if cell.role == "answer":
            answer = lesson.solution(cell.target)
            if not isinstance(checks.find(cell.target), checks.Contest):
                stub = released[cell.target]
                asked[cell.target] = {"scope": list(scope), "answer": answer, "stub": stub}
            scope.append(answer)
        elif cell.role is None and cell.kind == "code":
            nodes = ast.parse(cell.source).body
            imports = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
            scope.append(ast.unparse(ast.Module([*imports], [])))
    return asked


def _said(asked: dict, library, tmp_path) -> dict:
    """What is said in a fresh Python that has this `lib` alone. The seed of hashes is one: some wrong answers
    go through a set."""
    without = ("PYTHONPATH", "COURSE_ROOT")
    ran = subprocess.run(
        [sys.executable, "-P", "-s", student.__file__, str(library), str(ROOT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k not in without} | {"PYTHONHASHSEED": "0"},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


@pytest.mark.parametrize(
    "lesson",
    some(proof.lessons(ROOT), lambda one: one.number == "02"),
    ids=lambda one: one.number,
)
def test_every_answer_gets_the_verdict_that_it_gets_with_the_whole_course(
    lesson, unpacked, tmp_path
):
    asked = _asked(lesson)
    there, here = _said(asked, unpacked, tmp_path), _said(asked, ROOT, tmp_path)
    assert {name: (one["answer"][0], one["stub"][0]) for name, one in there["own"].items()} == (
        dict.fromkeys(asked, ("passed", "not attempted"))
    )
    assert there["own"] == here["own"]
    for name in asked:
        pairs = list(zip(here["others"][name], there["others"][name], strict=True))
        assert len(pairs) >= 12
        own = checks.find(name)
        kinds = own.mistakes if isinstance(own, checks.Exercise) else ()
        by_hash = {
            kind.name for kind in kinds if kind.by_hash
        }  # wrong there, too, but without a name
        assert [(a, b) for a, b in pairs if a != b and a[2] not in by_hash] == []
        assert all(b[0] == a[0] for a, b in pairs)
