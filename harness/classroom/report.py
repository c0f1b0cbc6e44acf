"""What a teacher wants to know of a class: scores, the mistakes that were made, who to ask."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.grade.verdicts import Report
from harness.reports.sanitize import line, markdown

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.classroom.folder import Classroom

BINS = 5


@dataclass(frozen=True)
class LessonReport:
    """One lesson of a class.

    Args:
        graded: how many submissions were graded; `ungradable`: (student, reason) of the others.
        mean, median: of the points of the graded ones; None if there are none.
        maximum: the points that can be earned without a person.
        distribution: how many got 0 to 20 %, 20 to 40 %, ... of them.
        passed: how many passed, by exercise.
        mistakes: (mistake, how many students) by exercise, the most frequent first.
    """

    lesson: str
    graded: int
    mean: float | None
    median: float | None
    maximum: float
    distribution: tuple[int, ...]
    passed: dict[str, int]
    mistakes: dict[str, list[tuple[str, int]]]
    ungradable: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ClassReport:
    """All lessons of a class."""

    lessons: tuple[LessonReport, ...]

    def markdown(self) -> str:
        """The report as Markdown."""
        lines = ["# Class report", ""]
        lines += ["| lesson | graded | mean | median | points | 0-20 % | -40 | -60 | -80 | -100 |"]
        lines += ["|" + "---|" * 10]
        for one in self.lessons:
            lines.append("| " + " | ".join([markdown(one.lesson), *_figures(one)]) + " |")
        for one in self.lessons:
            if one.passed:
                lines += ["", f"## {markdown(one.lesson)}", ""]
                lines += ["| exercise | passed | most frequent mistakes |", "|---|---|---|"]
                for name, count in one.passed.items():
                    common = _common(one.mistakes.get(name, []), markdown)
                    lines.append(f"| {markdown(name)} | {count} of {one.graded} | {common} |")
            if one.ungradable:
                lines += ["", f"Ungradable in {markdown(one.lesson)}:", ""]
                lines += [
                    f"- {markdown(student)}: {markdown(why)}" for student, why in one.ungradable
                ]
        return "\n".join(lines) + "\n"

    def tables(self) -> RenderableType:
        """The report for a terminal."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        main = Table(title="Class report")
        for name in (
            "lesson",
            "graded",
            "mean",
            "median",
            "points",
            "0-20 %",
            "-40",
            "-60",
            "-80",
            "-100",
        ):
            main.add_column(name, justify="left" if name == "lesson" else "right")
        for one in self.lessons:
            main.add_row(*map(Text, [line(one.lesson), *_figures(one)]))
        parts: list[RenderableType] = [main]
        for one in self.lessons:
            table = Table(title=Text(line(one.lesson)))
            for name in ("exercise", "passed", "most frequent mistakes"):
                table.add_column(name)
            for name, count in one.passed.items():
                common = _common(one.mistakes.get(name, []), line)
                table.add_row(Text(line(name)), f"{count} of {one.graded}", Text(common))
            if one.passed:
                parts.append(table)
            parts += [Text(line(f"ungradable: {who}: {why}")) for who, why in one.ungradable]
        return Group(*parts)


def report(classroom: Classroom, lessons: Sequence[str] | None = None) -> ClassReport:
    """The report of the class on some lessons, or on all that were graded."""
    chosen = classroom.lessons if lessons is None else lessons
    return ClassReport(tuple(of_lesson(name, classroom.reports(name)) for name in chosen))


def of_lesson(lesson: str, reports: Sequence[Report]) -> LessonReport:
    """Sum up the reports of one lesson."""
    graded = [one for one in reports if one.status == "graded"]
    scores = [one.score for one in graded]
    bins = [0] * BINS
    passed: dict[str, int] = {}
    mistakes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in graded:
        share = one.score / one.max_score if one.max_score else 0.0
        bins[min(BINS - 1, max(0, int(share * BINS)))] += 1
        cells = defaultdict(list)
        for cell in one.cells:
            if cell.points is not None:
                cells[cell.exercise or cell.grade_id].append(cell)
        for name, own in cells.items():
            passed[name] = passed.get(name, 0) + all(cell.status == "passed" for cell in own)
            wrong = [cell for cell in own if cell.status != "passed"]
            if wrong:  # a student counts once for each exercise
                named = next((cell.mistake for cell in wrong if cell.mistake), None)
                mistakes[name][named or wrong[0].status] += 1
    return LessonReport(
        lesson,
        len(graded),
        statistics.fmean(scores) if scores else None,
        statistics.median(scores) if scores else None,
        max((one.max_score for one in graded), default=0.0),
        tuple(bins),
        passed,
        {k: sorted(v.items(), key=lambda pair: (-pair[1], pair[0])) for k, v in mistakes.items()},
        tuple((one.student, one.reason) for one in reports if one.status == "ungradable"),
    )


def _figures(one: LessonReport) -> list[str]:
    scores = ["" if x is None else f"{x:.2f}" for x in (one.mean, one.median)]
    return [str(one.graded), *scores, f"{one.maximum:g}", *map(str, one.distribution)]


def _common(mistakes: list[tuple[str, int]], clean: Callable[[str], str], most: int = 3) -> str:
    """The most frequent mistakes in a line; `clean` makes their names harmless where they go."""
    return ", ".join(f"{clean(name)} ({count})" for name, count in mistakes[:most])
