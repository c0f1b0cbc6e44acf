from io import StringIO

import pytest
from rich.console import Console

from harness.classroom.item_analysis import ItemFigures
from harness.classroom.report import ClassReport, LessonReport, PartReport
from harness.classroom.report_text import to_markdown, to_tables, warnings

HOSTILE = "\x1b[2J<script>|`x`\n::error::"
PARTS = (
    PartReport(
        "mean",
        "The mean (mean)",
        ItemFigures(12, 7, 0.625, 0.314),
        ItemFigures(12, 9, 0.75, 0.2),
        ItemFigures(12, 7, 0.58, 0.4),
        {"right": 7, "named mistake": 5},
        [(f"You add {HOSTILE}. Then more.", 4), ("x" * 200, 1)],
    ),
    PartReport("why", "Question why", ItemFigures(0, 0, None, None), waiting=12),
)
ONE = LessonReport(
    "02_pooling",
    "02 Pooling",
    {"graded": 10, "waiting": 2, "missing": 1, "ungradable": 1},
    20.5,
    21.0,
    33.0,
    (0,) * 9 + (12,),
    PARTS,
    (2, 3.5),
    (("eve", f"No notebook {HOSTILE}"),),
    ("max",),
)
CLASS = ClassReport((ONE, ONE), (1, 3, 10))


@pytest.mark.parametrize("width", [80, 160])
def test_the_screen_shows_figures_mistakes_and_names(width):
    console = Console(file=StringIO(), width=width)
    console.print(to_tables(CLASS))
    said = console.file.getvalue()
    for part in ("20.50", "2 (-3.5)", "0.62", "0.31", "eve", "max"):
        assert part in said
    assert "\x1b" not in said


def test_the_file_names_nobody_unless_it_is_asked_to():
    said = to_markdown(CLASS)
    assert "| 7 of 12 | 9 of 12 | 7 of 12 | 0.62 | 0.31 |" in said
    assert "12 wait for a person" in said
    assert "x" * 120 not in said
    assert "10 handed in all of 2; 3 handed in 1 of 2; 1 handed in none of 2" in said
    assert "eve" not in said
    assert "<script>" not in said
    assert "eve" in to_markdown(CLASS, names=True)
    assert "- max" in to_markdown(CLASS, names=True)


def test_figures_of_few_students_are_marked():
    assert warnings(CLASS) == []
    few = LessonReport(**{**vars(ONE), "statuses": {"graded": 9}})
    assert "Fewer than 10 students" in warnings(ClassReport((few,)))[0]
