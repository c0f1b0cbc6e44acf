"""How much a lesson explains and how much code it gives to read, section by section.

    python -m harness.author.lengths 03
    python -m harness.author.lengths 03 --of ANOTHER_CHECKOUT

Words are those of prose and cards, as the reckoning of minutes counts them. Lines of code are those of
cells that the author wrote, without imports, answers and checks: given ones stand open, folded ones open
by a click.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.author import folding, lint_cells, minutes
from harness.author.lesson import Lesson, read


@dataclass(frozen=True)
class Length:
    """A section's words, and its lines of given and of folded code."""

    title: str
    words: int = 0
    given: int = 0
    folded: int = 0

    def __add__(self, other: Length) -> Length:
        return Length(
            self.title,
            self.words + other.words,
            self.given + other.given,
            self.folded + other.folded,
        )


def sections(lesson: Lesson) -> list[Length]:
    """The lesson's sections in order; what stands above the first one has the lesson's title."""
    found = [Length(lesson.title)]
    for cell in lesson.cells:
        if cell.kind == "markdown" and cell.source.startswith("## "):
            found.append(Length(cell.source.partition("\n")[0].removeprefix("## ")))
        if cell.is_prose:
            found[-1] += Length("", words=minutes.words(cell.source))
        elif cell.kind == "code" and not cell.role:
            lines = lint_cells.own_lines(cell)
            kind = "folded" if folding.is_folded(cell) else "given"
            found[-1] += Length("", **{kind: lines})
    return found


def table(lesson: Lesson) -> str:
    """The sections and their sum as a table in Markdown."""
    found = sections(lesson)
    rows = [*found, sum(found, Length("all"))]
    lines = ["| section | words | given lines | folded lines |", "|---|---|---|---|"]
    lines += [f"| {r.title} | {r.words:,} | {r.given} | {r.folded} |" for r in rows]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """Print the tables of the lessons that are asked for, of all if none; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m harness.author.lengths")
    parser.add_argument("lessons", nargs="*", help="numbers, such as 03; all if none")
    parser.add_argument("--of", type=Path, help="a checkout of another version of the course")
    asked = parser.parse_args(arguments)
    folder = (asked.of or root or Path(__file__).resolve().parents[2]) / "lessons"
    for path in sorted(folder.glob("[0-9][0-9]_*.py")):
        if not asked.lessons or path.stem[:2] in asked.lessons:
            print(f"## {path.stem}\n\n{table(read(path))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
