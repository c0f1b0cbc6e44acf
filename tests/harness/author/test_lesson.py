"""Which lessons are there, found by file names alone; and how a hints cell is read."""

import pytest

from harness.author.lesson import lesson_files, parse_hints

LESSONS = ["01_words", "02_pooling", "10_end"]


@pytest.fixture
def lessons(tmp_path):
    """A course of three lessons that nobody could read."""
    for name in LESSONS:
        path = tmp_path / "lessons" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("def half written")
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ([], ["01_words", "02_pooling", "10_end"]),
        (["02"], ["02_pooling"]),
        (["2"], ["02_pooling"]),
        (["10", "01"], ["01_words", "10_end"]),
        (["02_pooling"], ["02_pooling"]),
        (["notebooks/02_pooling.ipynb", "2"], ["02_pooling"]),
    ],
)
def test_lessons_are_chosen_by_number_name_or_file_and_come_in_order(wanted, chosen, lessons):
    assert [path.stem for path in lesson_files(lessons, wanted)] == chosen


@pytest.mark.parametrize("wanted", ["3", "pooling", "0", "", "02_pool"])
def test_a_lesson_that_is_not_there_is_told_with_those_that_are(wanted, lessons):
    with pytest.raises(ValueError, match=r"there is no lesson .*01_words, 02_pooling, 10_end"):
        lesson_files(lessons, ["01", wanted])


def test_a_hint_may_run_over_several_lines():
    hints = parse_hints("- **One\n  two.** Three\n  four.\n- **Five.** Six.\n- no hint\n")
    assert hints == [
        {"symptom": "One two.", "hint": "Three four."},
        {"symptom": "Five.", "hint": "Six."},
    ]
