"""The class report for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from harness.classroom.item_analysis import FEW, ItemFigures
from harness.classroom.marks import WORDS, Status
from harness.classroom.report import ClassReport, LessonReport, PartReport
from harness.reports.sanitize import line, markdown

if TYPE_CHECKING:
    from rich.console import RenderableType

LESSONS = ("lesson", "class", "graded", "waiting", "nothing", "mean", "median", "of", "late")
PARTS = (
    "part",
    "right",
    "check",
    "hidden",
    "difficulty",
    "discrimination",
    "most frequent mistakes",
)
EXPLAINED = (
    "graded: has points, final or not; waiting: some answers of theirs wait for a person, so that their "
    "points are those so far; nothing: handed in nothing; mean and median: of the points of those who have "
    "some; of: what the lesson is worth; late: who lost points for it, and how many in all."
)
MOST_MISTAKES = 3
MISTAKE_CHARACTERS = 110
_OTHERS: tuple[Status, ...] = ("ungradable", "not graded")


def lesson_row(one: LessonReport) -> list[str]:
    """A lesson's figures, in the order of `LESSONS`, its name left out."""
    scores = ["" if x is None else f"{x:.2f}" for x in (one.mean, one.median)]
    late, taken = one.late
    return [
        str(one.students),
        str(one.graded),
        str(one.statuses.get("waiting", 0)),
        str(len(one.missing)),
        *scores,
        f"{one.maximum:g}",
        f"{late} (-{taken:g})" if late else "0",
    ]


def part_row(one: PartReport) -> list[str]:
    """A part's figures, in the order of `PARTS`, its title and its mistakes left out."""
    shown = [_full(x) for x in (one.whole, one.visible, one.hidden)]
    return [*shown, decimal(one.whole.difficulty), decimal(one.whole.discrimination)]


def decimal(value: float | None) -> str:
    """Two decimals, nothing for what cannot be reckoned."""
    return "" if value is None else f"{value:.2f}"


def _full(found: ItemFigures | None) -> str:
    return f"{found.full} of {found.count}" if found is not None and found.count else ""


def mistakes(one: PartReport, clean: Callable[[str], str], most: int = MOST_MISTAKES) -> str:
    """The most frequent mistakes in words; `clean` makes them harmless where they go."""
    said = [f"{clean(_short(words))} ({count})" for words, count in one.mistakes[:most]]
    if one.waiting:
        said.append(f"{one.waiting} wait for a person")
    return "; ".join(said)


def _short(words: str) -> str:
    """The first sentence, cut if it is long."""
    words = line(words, 2000)
    words = words if ". " not in words else f"{words.partition('. ')[0]}."
    return words if len(words) <= MISTAKE_CHARACTERS else f"{words[: MISTAKE_CHARACTERS - 2]} …"


def warnings(found: ClassReport) -> list[str]:
    """Which figures mean little, and why."""
    few = [one.lesson for one in found.lessons if 0 < one.graded < FEW and one.parts]
    if not few:
        return []
    return [
        f"Fewer than {FEW} students were graded in {', '.join(few)}: difficulty and discrimination say "
        "little there; one student more or less changes them much."
    ]


def left_out(found: ClassReport) -> str:
    """Of whom neither points nor that they handed in nothing is said above, in a sentence."""
    said = [
        f"{one.lesson}: "
        + ", ".join(f"{one.statuses[s]} {WORDS[s]}" for s in _OTHERS if one.statuses.get(s))
        for one in found.lessons
        if any(one.statuses.get(s) for s in _OTHERS)
    ]
    return f"Neither graded nor with nothing handed in: {'; '.join(said)}." if said else ""


def progress(found: ClassReport) -> str:
    """How many students handed in how many of the lessons, in a sentence."""
    if not found.handed_in or len(found.handed_in) < 3:  # of one lesson the table says it
        return ""
    last = len(found.handed_in) - 1
    parts = [
        f"{count} handed in {'all' if n == last else 'none' if n == 0 else n} of {last}"
        for n, count in reversed(list(enumerate(found.handed_in)))
        if count
    ]
    return f"Lessons handed in: {'; '.join(parts)}." if parts else ""


def to_markdown(found: ClassReport, names: bool = False) -> str:
    """The report as Markdown.

    Args:
        names: whether students are named: who was ungradable, who handed in nothing.
    """
    lines = ["# Class report", "", *_table(LESSONS)]
    lines += [
        "| " + " | ".join([markdown(one.lesson), *lesson_row(one)]) + " |" for one in found.lessons
    ]
    notes = [EXPLAINED, left_out(found), progress(found), *warnings(found)]
    for note in filter(None, notes):
        lines += ["", markdown(note)]
    for one in found.lessons:
        if one.parts:
            lines += ["", f"## {markdown(one.title)}", "", *_table(PARTS)]
            for part in one.parts:
                row = [markdown(part.title), *part_row(part), mistakes(part, markdown)]
                lines.append("| " + " | ".join(row) + " |")
        if names:
            lines += _named(one)
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]


def _named(one: LessonReport) -> Iterator[str]:
    if one.ungradable:
        yield from ("", f"Ungradable in {markdown(one.lesson)}:", "")
        yield from (f"- {markdown(who)}: {markdown(why)}" for who, why in one.ungradable)
    if one.missing:
        yield from ("", f"Nothing handed in for {markdown(one.lesson)}:", "")
        yield from (f"- {markdown(who)}" for who in one.missing)


def to_tables(found: ClassReport) -> RenderableType:
    """The report for the teacher's terminal, with names."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    def table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
        made = Table(title=Text(line(title)))
        made.add_column(names[0], overflow="fold")
        for name in names[1:]:
            made.add_column(name, justify="right", no_wrap=True)
        for row in rows:
            made.add_row(*map(Text, row))
        return made

    rows = [[line(one.lesson), *lesson_row(one)] for one in found.lessons]
    shown: list[RenderableType] = [table("Class report", LESSONS, rows)]
    notes = [left_out(found), progress(found), *warnings(found)]
    shown += [Text(line(note, 2000)) for note in notes if note]
    for one in found.lessons:
        rows = [[line(part.title), *part_row(part)] for part in one.parts]
        if rows:
            shown.append(table(one.title, PARTS[:-1], rows))
        said = [(part.name, mistakes(part, line)) for part in one.parts]
        shown += [Text(f"{line(name)}: {text}") for name, text in said if text]
        shown += [Text(line(f"ungradable: {who}: {why}")) for who, why in one.ungradable]
        if one.missing:
            shown.append(Text(line(f"nothing handed in: {', '.join(one.missing)}", 2000)))
    return Group(*shown)
