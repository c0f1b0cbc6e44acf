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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


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


def _said_there(asked: dict, unpacked, tmp_path) -> dict:
    ran = subprocess.run(
        [sys.executable, "-I", student.__file__, str(unpacked), str(ROOT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSE_ROOT")},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "lesson",
    some(proof.lessons(ROOT), lambda one: one.number == "02"),
    ids=lambda one: one.number,
)
def test_every_answer_gets_the_verdict_that_it_gets_with_the_whole_course(
    lesson, unpacked, tmp_path
):
    asked = _asked(lesson)
    there = _said_there(asked, unpacked, tmp_path)
    assert {name: (one["answer"][0], one["stub"][0]) for name, one in there["own"].items()} == (
        dict.fromkeys(asked, ("passed", "not attempted"))
    )
    for name in asked:
        functions = student.of_others(name)
        here = [student.said(checks.find(name), function) for function in functions]
        pairs = zip(functions, here, there["others"][name], strict=True)
        assert [(f, a, b) for f, a, b in pairs if json.loads(json.dumps(a)) != b] == []
