"""What the build refuses of an exercise: its cells, its stub and worked answer, its check."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from harness.author.asked import PARTS, asked
from harness.author.lesson import (
    BEGIN_SOLUTION,
    END_SOLUTION,
    Cell,
    Lesson,
    Problem,
    between_marks,
    is_mark,
    parse_hints,
)


def problems(lesson: Lesson) -> Iterator[Problem]:
    """All that is wrong with the exercises of one lesson."""
    yield from _exercises(lesson)
    yield from _unchecked(lesson)


def _exercises(lesson: Lesson) -> Iterator[Problem]:
    names: dict[str, Cell] = {}
    parts = asked(lesson).parts
    for cell in lesson.cells:
        if cell.role in PARTS:
            names.setdefault(cell.target, cell)
        if cell.role in {*PARTS, "map"} - {*parts, *(() if lesson.graded else ("map",))}:
            message = (
                f"a {cell.role} cell has no place {'in a lesson' if lesson.graded else 'here'}"
            )
            yield Problem(lesson.path, cell.line, message)
    for name, first in names.items():
        for part in parts:
            cells = [c for c in lesson.cells if c.role == part and c.target == name]
            if not cells:
                yield Problem(lesson.path, first.line, f"exercise {name} has no {part} cell")
            for extra in cells[1:]:
                yield Problem(lesson.path, extra.line, f"exercise {name} has a second {part} cell")
        order = [c.role for c in lesson.cells if c.target == name and c.role in PARTS]
        if order != [part for part in PARTS if part in order]:
            line = f"exercise {name}: its cells stand in the order {', '.join(PARTS)}"
            yield Problem(lesson.path, first.line, line)
    for cell in lesson.cells:
        if "nbgrader" in cell.metadata:
            message = "nbgrader's metadata is the build's; say answer=, check= or hidden= instead"
            yield Problem(lesson.path, cell.line, message)
        if cell.role == "answer":
            yield from _answer(lesson, cell)
        elif cell.role in ("check", "hidden"):
            if asked(lesson).points and (
                not isinstance(cell.points, int | float) or cell.points <= 0
            ):
                yield Problem(lesson.path, cell.line, f"{cell.role} {cell.target} has no points")
            yield from _check(lesson, cell)
        elif cell.role == "hints":
            count = len(parse_hints(cell.source))
            if count != 3:
                message = f"exercise {cell.target} has {count} hints `- **Symptom.** Hint.`, not 3"
                yield Problem(lesson.path, cell.line, message)
        elif cell.role == "card" and not cell.source.startswith("### Exercise: "):
            yield Problem(lesson.path, cell.line, "a card begins `### Exercise: ` and a title")
        elif cell.role is None and any(map(is_mark, cell.source.split("\n"))):
            yield Problem(lesson.path, cell.line, "a mark outside an answer cell")


def _unchecked(lesson: Lesson) -> Iterator[Problem]:
    """An exercise needs a check of its name; a lesson's own list of checks is that of its exercises."""
    from lib import checks

    places = {cell.target: cell.line for cell in lesson.cells if cell.role == "answer"}
    exercises = [name for name in lesson.exercises() if name]
    folder = f"lib/checks/lesson_{lesson.number}"
    try:
        own = checks.names(lesson.number)
        listed = {*checks.names(), *own}
    except checks.BrokenCheck as error:
        yield Problem(lesson.path, 1, str(error))
        return
    for name in exercises:
        if name not in listed or not checks.has_file(name):
            message = (
                f"exercise {name} has no check: write {folder}/{name}.py with an EXERCISE, and name "
                f"it in EXERCISES of {folder}/__init__.py"
            )
            yield Problem(lesson.path, places[name], message)
    for name in own:
        if name not in exercises:
            message = f"{folder}/__init__.py names {name}, which is no exercise of this lesson"
            yield Problem(lesson.path, 1, message)
    if own and sorted(own) == sorted(exercises) and own != exercises:
        message = f"{folder}/__init__.py has another order than the lesson: {', '.join(exercises)}"
        yield Problem(lesson.path, 1, message)


def _answer(lesson: Lesson, cell: Cell) -> Iterator[Problem]:
    lines = [line.strip() for line in cell.source.split("\n")]
    asked = lesson.functions(cell.target)
    if {lines.count(BEGIN_SOLUTION), lines.count(END_SOLUTION)} != {len(asked)}:
        each = "" if len(asked) == 1 else " in each function"
        message = (
            f"answer {cell.target} needs one `{BEGIN_SOLUTION}` and one `{END_SOLUTION}`{each}"
        )
        yield Problem(lesson.path, cell.line, message)
        return
    if not any(line.strip() for line in between_marks(cell.source)):
        yield Problem(lesson.path, cell.line, f"answer {cell.target} has no worked solution")
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1)
        yield Problem(lesson.path, line, f"answer {cell.target}: {error.msg}")
        return
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = [function.name for function in functions]
    if names != asked:
        wanted = (
            "one function of that name" if asked == [cell.target] else f"{asked}, in this order"
        )
        message = f"answer {cell.target} defines {names}; it defines {wanted}"
        yield Problem(lesson.path, cell.line, message)
        return
    begins = [place for place, line in enumerate(lines, 1) if line == BEGIN_SOLUTION]
    for function, begin in zip(functions, begins):
        if not ast.get_docstring(function):
            yield Problem(lesson.path, cell.line, f"the stub {function.name} has no docstring")
        # What stands before the mark is the stub that a learner gets.
        if not (function.body[0].end_lineno or 0) < begin <= (function.end_lineno or 0):
            message = f"the stub {function.name}: signature and docstring stand before the solution"
            yield Problem(lesson.path, cell.line + begin, message)


def _check(lesson: Lesson, cell: Cell) -> Iterator[Problem]:
    if cell.role == "hidden":
        if not isinstance(cell.metadata.get("seed"), int):
            yield Problem(lesson.path, cell.line, f"hidden {cell.target} has no whole `seed`")
        if cell.source.strip():
            message = f"hidden {cell.target} has a body; the build writes it"
            yield Problem(lesson.path, cell.line, message)
    elif lesson.check_call(cell.target) not in cell.source:
        message = f"the check cell calls `{lesson.check_call(cell.target)}`"
        yield Problem(lesson.path, cell.line, message)
