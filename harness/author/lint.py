"""What the build refuses, with file and line: the rules of a lesson that a machine can see."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from nbformat import NotebookNode

from harness.author import folding, start
from harness.author.lesson import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_SOLUTION,
    Cell,
    Lesson,
    Problem,
    between_marks,
    is_mark,
    parse_hints,
)
from harness.grade import cells as grading

PARTS = ("card", "answer", "check", "hidden", "hints")
PARAMETERS = ("PROFILE", "SEED", "DEVICE", "MODEL")
KINDS = ("single", "multiple", "numeric", "ordering", "free")
# Far over the style's lengths (words of a markdown cell, lines of a code cell).
PROSE_LIMITS = {"median": 50, "p90": 110, "one cell": 200}
CODE_LIMITS = {"median": 12, "p90": 32, "one cell": 45}
MIN_ALT = 20


@dataclass(frozen=True)
class Asked:
    """What a lesson must have. `SHORT` says, in this one place, what the front door need not."""

    parts: tuple[str, ...]  # of an exercise
    parameters: int  # cells with papermill's parameters
    points: bool  # checks and quiz items are worth some
    items: int  # of the quiz, at least
    kinds: frozenset[str]  # of which the quiz has one each, at least
    predict: bool  # something to predict


WHOLE = Asked(PARTS, 1, True, 5, frozenset({"numeric", "ordering", "free"}), True)
SHORT = Asked(tuple(p for p in PARTS if p != "hidden"), 0, False, 1, frozenset(), False)


def asked(lesson: Lesson) -> Asked:
    """What is asked of a lesson, which is graded, and of the front door, which is tried out."""
    return WHOLE if lesson.graded else SHORT


def lint(lesson: Lesson) -> list[Problem]:
    """All problems of one lesson, or of the front door."""
    problems = [
        *(() if lesson.graded else start.lint(lesson)),
        *_header(lesson),
        *_exercises(lesson),
        *_unchecked(lesson),
        *_quiz(lesson),
        *_code(lesson),
        *_lengths(lesson),
        *folding.problems(lesson),
    ]
    return sorted(problems, key=lambda p: (str(p.path), p.line))


def _header(lesson: Lesson) -> Iterator[Problem]:
    header = lesson.header
    if not lesson.slug.startswith(f"{lesson.number}_"):
        yield Problem(lesson.path, 1, f"the header says lesson {lesson.number!r}")
    for key in ("title", "minutes", "objectives", "prerequisites"):
        if not header.get(key):
            yield Problem(lesson.path, 1, f"the header has no `{key}`")
    if not 3 <= len(header.get("objectives") or []) <= 5:
        yield Problem(lesson.path, 1, "a lesson has three to five objectives")
    tagged = [c for c in lesson.cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != asked(lesson).parameters:
        yield Problem(lesson.path, 1, f"one cell is tagged `parameters`; here are {len(tagged)}")
    for cell in tagged:
        missing = [name for name in PARAMETERS if not re.search(rf"^{name} = ", cell.source, re.M)]
        if missing:
            message = f"the parameters cell does not set {', '.join(missing)}"
            yield Problem(lesson.path, cell.line, message)


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
    if lines.count(BEGIN_SOLUTION) != 1 or lines.count(END_SOLUTION) != 1:
        message = f"answer {cell.target} needs one `{BEGIN_SOLUTION}` and one `{END_SOLUTION}`"
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
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if names != [cell.target]:
        message = f"answer {cell.target} defines {names}; it defines one function of that name"
        yield Problem(lesson.path, cell.line, message)
        return
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    if not ast.get_docstring(function):
        yield Problem(lesson.path, cell.line, f"the stub {cell.target} has no docstring")
    begin = lines.index(BEGIN_SOLUTION) + 1
    # What stands before the mark is the stub that a learner gets.
    if begin <= (function.body[0].end_lineno or 0):
        message = f"the stub {cell.target}: signature and docstring stand before the solution"
        yield Problem(lesson.path, cell.line + begin, message)


def _check(lesson: Lesson, cell: Cell) -> Iterator[Problem]:
    if cell.role == "hidden":
        if not isinstance(cell.metadata.get("seed"), int):
            yield Problem(lesson.path, cell.line, f"hidden {cell.target} has no whole `seed`")
        if cell.source.strip():
            message = f"hidden {cell.target} has a body; the build writes it"
            yield Problem(lesson.path, cell.line, message)
    elif f'check("{cell.target}", {cell.target})' not in cell.source:
        message = f'the check cell calls `check("{cell.target}", {cell.target})`'
        yield Problem(lesson.path, cell.line, message)


def _quiz(lesson: Lesson) -> Iterator[Problem]:
    path = lesson.quiz_path
    placed = [c.target for c in lesson.cells if c.role == "quiz"]
    for cell in lesson.cells:
        if cell.role == "quiz" and cell.target not in lesson.quiz:
            yield Problem(lesson.path, cell.line, f"{path.name} has no item {cell.target}")
        if cell.role == "quiz" and cell.source.strip():
            yield Problem(
                lesson.path, cell.line, f"quiz {cell.target} has a body; the build writes it"
            )
    for name in {n for n in placed if placed.count(n) > 1}:
        yield Problem(lesson.path, lesson.cell("quiz", name).line, f"quiz {name} stands twice")
    wanted = asked(lesson)
    if len(lesson.quiz) < wanted.items:
        words = {1: "one quiz item", 5: "five quiz items"}[wanted.items]
        yield Problem(path, 1, f"a lesson has at least {words}; here are {len(lesson.quiz)}")
    missing = wanted.kinds - {i.get("kind") for i in lesson.quiz.values()}
    if missing:
        yield Problem(path, 1, f"no quiz item of kind {', '.join(sorted(missing))}")
    if wanted.predict and not any(item.get("predict") for item in lesson.quiz.values()):
        yield Problem(path, 1, "no item to predict, then run (`predict: true`)")
    for name, item in lesson.quiz.items():
        line = lesson.quiz_lines.get(name, 1)
        if name not in placed:
            yield Problem(path, line, f"item {name} stands nowhere in the lesson")
        for message in _item(lesson, name, item):
            yield Problem(path, line, f"item {name}: {message}")


def _item(lesson: Lesson, name: str, item: dict) -> Iterator[str]:
    if not re.fullmatch(rf"{lesson.number}-q[0-9]+", name):
        yield f"its id has the form {lesson.number}-q1"
    kind = item.get("kind")
    if kind not in KINDS:
        yield f"kind is {kind!r}, not one of {', '.join(KINDS)}"
        return
    has_points = isinstance(item.get("points"), int | float) and item["points"] > 0
    if asked(lesson).points and not has_points:
        yield "it has no points"
    if not item.get("prompt"):
        yield "it has no prompt"
    if kind == "free":
        if not isinstance(item.get("feedback"), str) or not item.get("rubric"):
            yield "a free item has `feedback` (what a good answer holds) and a `rubric`"
        return
    if "key" not in item:
        yield "it has no key"
        return
    if kind == "numeric":
        if not isinstance(item["key"], int | float) or not isinstance(
            item.get("tolerance"), int | float
        ):
            yield "a numeric item has a number as key and a tolerance"
    else:
        choices = item.get("choices") or {}
        letters = set(str(item["key"]))
        if len(choices) < 3 or not letters <= set(choices):
            yield f"it has {len(choices)} choices and the key {item['key']!r}"
        if kind == "ordering" and letters != set(choices):
            yield "the key of an ordering names every choice"
        if kind == "single" and len(str(item["key"])) != 1:
            yield "the key of a single choice is one letter"
        for letter, choice in choices.items():
            if not choice.get("text"):
                yield f"choice {letter} has no text"
            if kind != "ordering" and not choice.get("feedback"):
                yield f"choice {letter} has no feedback"
    if kind in ("numeric", "ordering"):
        said = item.get("feedback")
        if not isinstance(said, dict) or not said.get("right") or not said.get("wrong"):
            yield "its feedback has `right` and `wrong`"


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
        elif name in ("show", "plots.show", "explore"):
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
    prose = [(len(c.source.split()), c) for c in lesson.cells if _is_prose(c)]
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


def _is_prose(cell: Cell) -> bool:
    return cell.kind == "markdown" and cell.role in (None, "card")


def _code_lines(source: str) -> int:
    """Lines of code: a docstring explains, it does not count."""
    text = re.sub(r'""".*?"""', "", source, flags=re.S)
    return sum(1 for line in text.split("\n") if line.strip() and not is_mark(line))


def leaks(lesson: Lesson, source: NotebookNode, release: NotebookNode) -> list[Problem]:
    """Anything of an answer, a hidden check or a key that the learner's notebook would show."""
    text = "\n".join(cell.source for cell in release.cells)
    released = {line.strip() for line in text.split("\n")}
    problems = []
    for cell in lesson.cells:
        if cell.role != "answer":
            continue
        for offset, line in enumerate(cell.source.split("\n")):
            # Short lines (`return total`) are nobody's secret.
            secret = line in between_marks(cell.source) and len(line.strip()) >= 20
            if secret and line.strip() in released:
                message = f"the released notebook holds this line of the answer {cell.target}"
                problems.append(Problem(lesson.path, cell.line + 1 + offset, message))
    for graded in source.cells:
        for line in between_marks(graded.source, BEGIN_HIDDEN, END_HIDDEN):
            if line.strip() and line.strip() in text:
                message = f"the release holds a hidden line of {grading.grade_id(graded)}"
                problems.append(Problem(lesson.path, 1, message))
    for item in lesson.quiz.values():
        if any(said in text for said in _secrets(item)):
            at = lesson.quiz_lines.get(item["id"], 1)
            message = f"the released notebook holds an answer or feedback of {item['id']}"
            problems.append(Problem(lesson.quiz_path, at, message))
    if any(is_mark(line) for line in text.split("\n")) or "grade_answer(" in text:
        problems.append(Problem(lesson.path, 1, "the released notebook holds a mark or a key"))
    return problems


def _secrets(item: dict) -> Iterator[str]:
    if item["kind"] == "free":
        yield item["feedback"].strip()
        yield from map(str, item["rubric"])
        return
    yield f"{item['id'].split('-')[1]} = {json.dumps(item['key'])}"
    said = item.get("feedback") or {}
    yield from (said[key] for key in ("right", "wrong") if key in said)
    yield from (trap["text"] for trap in said.get("traps", []))
    for choice in (item.get("choices") or {}).values():
        if choice.get("feedback"):
            yield choice["feedback"].strip()
