"""A lesson's minutes are a sum of what a learner has to do, and a header cannot say less."""

from __future__ import annotations

import pytest

from harness.author.lesson import read
from harness.author.minutes import Reckoned, problems, reckon
from tests.harness import tiny


def lesson_of(tmp_path, text: str = tiny.LESSON):
    return read(tiny.lay_out(tmp_path, text) / "lessons" / f"{tiny.SLUG}.py")


def test_the_sum_is_reading_figures_exercises_and_quiz(tmp_path):
    assert reckon(lesson_of(tmp_path)) == Reckoned(words=28, figures=1, exercises=5, items=5)
    assert Reckoned(words=28, figures=1, exercises=5, items=5).total == 1 + 2 + 5 + 15


def test_words_are_those_of_prose_and_cards_at_150_a_minute(tmp_path):
    prose = (
        "\n# %% [markdown]\n# "
        + "word " * 150
        + "- ## "
        + "\n\n# %%\n"
        + "x = 1  # a comment\n" * 30
    )
    assert reckon(lesson_of(tmp_path, tiny.LESSON + prose)).words == 178
    assert [Reckoned(words, 0, 0, 0).total for words in (0, 1, 150, 151)] == [0, 1, 1, 2]


def test_a_header_that_says_less_is_refused_with_the_sum_at_its_line(tmp_path):
    text = tiny.LESSON.replace("minutes: 25", "minutes: 22")
    (problem,) = problems(lesson_of(tmp_path, text))
    assert problem.message == (
        "the header says 22 minutes, but the lesson takes 23 minutes: reading 1 (28 words), "
        "figures 2 (1), exercises 5, quiz 15 (5 items)"
    )
    assert "minutes: 22" in text.splitlines()[problem.line - 1]


@pytest.mark.parametrize("minutes", [23, 23.5, 25, 240])
def test_a_header_may_say_as_much_or_more(minutes, tmp_path):
    text = tiny.LESSON.replace("minutes: 25", f"minutes: {minutes}")
    assert list(problems(lesson_of(tmp_path, text))) == []


def test_a_card_says_its_own_minutes(tmp_path):
    text = tiny.LESSON.replace(" Minutes: 5.", "")
    (problem,) = problems(lesson_of(tmp_path, text))
    assert problem.message == "a card says how long the exercise takes: `Minutes: 10.`"
    assert 'card="mean_pool"' in text.splitlines()[problem.line - 1]


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        ('plots.show(fig, alt="x")', 2),
        ("plots.show(*diagrams.architectures())", 2),
        ('def draw(x):\n    show(x, alt="x")\n\n\ndraw(1)\ndraw(2)', 3),
        ('def draw(x):\n    show(x, alt="x")', 1),
        ('if PROFILE == "full":\n    show(fig, alt="x")', 2),
        ("showing = shown(fig)", 1),
    ],
)
def test_figures_are_counted_where_they_are_shown(code, figures, tmp_path):
    assert reckon(lesson_of(tmp_path, f"{tiny.LESSON}\n# %%\n{code}\n")).figures == figures
