"""What a lesson says of its exercises and questions, as a classroom keeps it since it was released.

A released notebook does not hold it: titles, cards, the sentence of each named mistake, and of questions
the choices, the key, what is said of each answer, and the rubric. It lies in `.grading/texts/`, which
nbgrader never copies to students. A lesson that no course knows has none, and pages then say less.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from lib._files import write_whole


@dataclass(frozen=True)
class ExerciseText:
    """An exercise: its title, its card in Markdown, its hints, and what each named mistake is."""

    title: str
    card: str = ""
    hints: tuple[str, ...] = ()
    mistakes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class QuestionText:
    """A question, as in the lesson's quiz file.

    Args:
        kind: single, multiple, ordering, numeric or free.
        prompt: in Markdown.
        rubric: of a free one: what earns points, for the marker alone.
        item: the whole entry, with choices, key and what is said of each answer.
    """

    kind: str
    prompt: str
    rubric: tuple[str, ...] = ()
    item: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The prompt with its choices, in Markdown."""
        choices = self.item.get("choices", {})
        lines = [f"- **{key})** {choice['text'].strip()}" for key, choice in choices.items()]
        return "\n".join([self.prompt.strip(), *([""] if lines else []), *lines])

    @property
    def good_answer(self) -> str:
        """What a good answer to a free question holds."""
        said = self.item.get("feedback")
        return said.strip() if self.kind == "free" and isinstance(said, str) else ""


@dataclass(frozen=True)
class LessonText:
    """The text of one lesson; empty where the classroom has none."""

    title: str = ""
    exercises: Mapping[str, ExerciseText] = field(default_factory=dict)
    questions: Mapping[str, QuestionText] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """From the form that `harness.author.lesson_text` makes.

        Raises:
            KeyError, TypeError, AttributeError: it is none.
        """
        exercises = {
            name: ExerciseText(one["title"], one["card"], tuple(one["hints"]), one["mistakes"])
            for name, one in plain["exercises"].items()
        }
        questions = {
            name: QuestionText(
                one["kind"], one["prompt"], tuple(map(str, one.get("rubric", ()))), one
            )
            for name, one in plain["questions"].items()
        }
        return cls(plain["title"], exercises, questions)

    def title_of(self, name: str) -> str:
        """What a part of the lesson is called: an exercise by its title, a question by its name."""
        if name in self.exercises:
            title = self.exercises[name].title
            return f"{title[:1].upper()}{title[1:]} ({name})"
        return f"Question {name}" if name in self.questions else name


def rubrics(text: LessonText) -> dict[str, str]:
    """What a marker sees above each written answer in formgrader, in Markdown."""
    found = {}
    for name, question in text.questions.items():
        if question.kind != "free":
            continue
        lines = ["**For the marker** (students do not see this cell)", ""]
        lines += [f"- {line}" for line in question.rubric]
        if question.good_answer:
            lines += ["", f"A good answer: {question.good_answer}"]
        found[name] = "\n".join(lines)
    return found


def keep_text(classroom: Path, lesson: str, plain: Mapping[str, Any]) -> None:
    """Keep a lesson's text in a classroom."""
    path = _path(classroom, lesson)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, (json.dumps(plain, indent=1, ensure_ascii=False) + "\n").encode())


def read_text(classroom: Path, lesson: str) -> LessonText:
    """A lesson's text as it was kept; an empty one if there is none that can be read."""
    try:
        return LessonText.from_plain(json.loads(_path(classroom, lesson).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return LessonText()


def has_text(classroom: Path, lesson: str) -> bool:
    """Whether the classroom keeps a text of the lesson."""
    return _path(classroom, lesson).is_file()


def _path(classroom: Path, lesson: str) -> Path:
    return Path(classroom, ".grading", "texts", f"{lesson}.json")
