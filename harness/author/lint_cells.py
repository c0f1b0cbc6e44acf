"""What the build refuses of a lesson's cells: their length, the code in them, figures without words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from statistics import median, quantiles

from harness.author import folding
from harness.author.lesson import Cell, Lesson, Problem, is_mark

# Far over the style's lengths (words of a markdown cell, lines of a code cell).
PROSE_LIMITS = {"median": 50, "p90": 110, "one cell": 200}
CODE_LIMITS = {"median": 12, "p90": 32, "one cell": 45}
MIN_ALT = 20
GIVEN_LINES = 10  # of given code that is not folded, a cell


def problems(lesson: Lesson) -> Iterator[Problem]:
    """All that is wrong with the prose and the code of one lesson."""
    yield from _code(lesson)
    yield from _lengths(lesson)
    if lesson.graded:
        yield from _given(lesson)


def _code(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        if cell.kind != "code" or cell.role in ("quiz", "hidden"):
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            yield Problem(lesson.path, cell.line + (error.lineno or 1), f"{error.msg}")
            continue
        for line, message in _figures(tree):
            yield Problem(lesson.path, cell.line + line, message)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.path", "os.chdir"):
                yield Problem(lesson.path, cell.line + node.lineno, "no sys.path, no os.chdir")


def _figures(tree: ast.Module) -> Iterator[tuple[int, str]]:
    drawn, shown = 0, 0
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name == "plt.show":
            yield node.lineno, 'a figure is shown by `show(fig, alt="...")`, not by plt.show()'
        elif name in ("show", "plots.show", "explore", "explore.explore"):
            shown += 1
            alt = next((k.value for k in node.keywords if k.arg == "alt"), None)
            alt = alt or (node.args[1] if len(node.args) > 1 else None)
            both = any(isinstance(argument, ast.Starred) for argument in node.args)
            if alt is None and not both:
                yield node.lineno, "the figure has no alt text"
            elif isinstance(alt, ast.Constant) and len(str(alt.value)) < MIN_ALT:
                yield node.lineno, f"an alt text says what is seen, in {MIN_ALT} characters or more"
        elif name in ("plt.figure", "plt.subplots") or name.startswith(("plots.", "diagrams.")):
            drawn = drawn or node.lineno
    if drawn and not shown:
        yield drawn, 'the figure is not shown by `show(fig, alt="...")` in its cell'


def _lengths(lesson: Lesson) -> Iterator[Problem]:
    prose = [(len(c.source.split()), c) for c in lesson.cells if c.is_prose]
    code = [
        (_code_lines(c.source), c) for c in lesson.cells if c.kind == "code" and c.source.strip()
    ]
    for what, unit, sizes, limits in (
        ("markdown", "words", prose, PROSE_LIMITS),
        ("code", "lines", code, CODE_LIMITS),
    ):
        for length, cell in sizes:
            if length > limits["one cell"]:
                message = f"a {what} cell of {length} {unit}; split it (limit {limits['one cell']})"
                yield Problem(lesson.path, cell.line, message)
        numbers = [length for length, _ in sizes]
        if len(numbers) >= 10:
            measured = {"median": median(numbers), "p90": quantiles(numbers, n=10)[8]}
            for name, value in measured.items():
                if value > limits[name]:
                    message = f"{what} cells: {name} {value:.0f} {unit}, limit {limits[name]}"
                    yield Problem(lesson.path, 1, message)


def _code_lines(source: str) -> int:
    """Lines of code: a docstring explains, it does not count."""
    text = re.sub(r'""".*?"""', "", source, flags=re.S)
    return sum(1 for line in text.split("\n") if line.strip() and not is_mark(line))


def _given(lesson: Lesson) -> Iterator[Problem]:
    """Code that a learner is given to read; what makes a claim or a figure is folded."""
    for cell in lesson.cells:
        if cell.kind != "code" or cell.role or folding.is_folded(cell):
            continue
        lines = own_lines(cell)
        if lines > GIVEN_LINES:
            message = (
                f"{lines} lines of given code in a cell, limit {GIVEN_LINES}: split it, move a "
                "helper into lib, or fold it if it only draws"
            )
            yield Problem(lesson.path, cell.line, message)


def own_lines(cell: Cell) -> int:
    """Return the lines of code of a cell that are no imports."""
    return _code_lines(cell.source) - _import_lines(cell.source)


def _import_lines(source: str) -> int:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # told already
        return 0
    imports = (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in imports)
