"""What a lesson shows by its name is there in every profile and with every seed."""

from __future__ import annotations

import ast
import types

import pytest
import torch

from lib.data import load_course_set
from tests.lessons.worked import lessons


def named(tree: ast.AST) -> set[str]:
    """Texts that a cell looks up, as in `asked_texts.index("Renal failure")`."""
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "index"
        and ast.unparse(node.func.value) == "asked_texts"
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("profile", ["fast", "full"])
@pytest.mark.parametrize("seed", [0, 1, 7])
def test_lesson_04_finds_in_half_b_what_it_shows(profile, seed):
    sources = [
        cell.source
        for cell in lessons()["mine_negatives"].cells
        if cell.kind == "code" and cell.role is None
    ]
    course = load_course_set(profile)
    own = torch.tensor(course.train.positives)
    facts = {
        "torch": torch,
        "SEED": seed,
        "course": course,
        "own": own,
        "passages": torch.zeros(len(course.passages), 1),
        "queries": torch.zeros(len(own), 1),
        "print": lambda *_: None,
    }
    begin = next(i for i, source in enumerate(sources) if "in_a = " in source)
    for source in sources[begin : begin + 2]:
        exec(source, facts)
    lesson = types.SimpleNamespace(**facts)
    wanted = {*lesson.shown}.union(*(named(ast.parse(source)) for source in sources))
    assert len(wanted) >= 4
    assert wanted <= {*lesson.asked_texts}
    assert 1_500 < len(lesson.half_b) < 2_100
