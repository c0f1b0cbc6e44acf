"""Lessons to notebooks, byte for byte the same each time.

A lesson has three notebook forms, all made here from the one source:

source    what a teacher gives to nbgrader: worked answers and hidden checks between nbgrader's marks
release   what a learner opens: neither, made from the source form by nbgrader's own preprocessors
worked    the worked answers without marks and without hidden checks; `course run --save` adds outputs
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from harness.author import folding, lint, start
from harness.author.lesson import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_SOLUTION,
    START,
    Cell,
    Lesson,
    LessonError,
    Problem,
    lesson_files,
    parse_hints,
    read,
    start_file,
    without_marks,
)
from harness.author.nbgrader_release import clear
from harness.grade import cells as grading
from harness.grade.assignment import Assignment
from harness.learner import working_copy
from harness.learner.merging import own_cells

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CATALOGUE = Path("lib/learn/catalogue.json")
_EXAMPLES = {"single": '"b"', "multiple": '"ac"', "ordering": '"cab"', "numeric": "0.5"}
_KINDS = {
    "single": "one choice",
    "multiple": "one or more choices",
    "ordering": "put in order",
    "numeric": "a number",
    "free": "a short text, marked by hand",
}


def load(root: Path, wanted: Sequence[str] = ()) -> list[Lesson]:
    """Read and lint the lessons with these numbers or names, or all; no other is looked at.

    Raises:
        LessonError: with every problem of every lesson that was asked for.
        ValueError: there is no lesson of such a name.
    """
    lessons, problems = [], []
    for path in lesson_files(root, wanted):
        try:
            lesson = read(path)
        except LessonError as error:
            problems.extend(error.problems)
            continue
        found = lint.lint(lesson)
        problems.extend(found)
        if not found:
            problems.extend(lint.leaks(lesson, *_both(lesson)))
        lessons.append(lesson)
    if problems:
        raise LessonError(problems)
    return lessons


def load_start(root: Path) -> Lesson | None:
    """The front door with its map of the lessons, linted; None in a course that has none.

    A lesson that cannot be read is left out of the map: it may be half written.

    Raises:
        LessonError: with every problem of the front door.
    """
    path = start_file(root)
    if path is None:
        return None
    lessons = []
    for file in lesson_files(root):
        with contextlib.suppress(LessonError):
            lessons.append(read(file))
    front = start.with_map(read(path), lessons)
    problems = [*lint.lint(front), *lint.leaks(front, *_both(front))]
    if problems:
        raise LessonError(problems)
    return front


def to_run(root: Path, wanted: Sequence[str] = ()) -> list[Lesson]:
    """What `course run` executes: the lessons as `load` gives them, and before them the front door
    where all are wanted, or it is.
    """
    path = start_file(root)
    asked = [name for name in wanted if path and Path(name).stem in (path.stem, START, "0")]
    lessons = load(root, [x for x in wanted if x not in asked]) if len(asked) < len(wanted) else []
    lessons = lessons if wanted else load(root)
    front = load_start(root) if asked or not wanted else None
    return [front, *lessons] if front else lessons


def _both(lesson: Lesson) -> tuple[NotebookNode, NotebookNode]:
    return source_notebook(lesson), release_notebook(lesson)


def source_notebook(lesson: Lesson) -> NotebookNode:
    """The teacher's form: standard nbgrader cells with worked answers and hidden checks."""
    cells = [_markdown(_opening(lesson))]
    setup_seen = False
    for cell in lesson.cells:
        if cell.role == "quiz":
            cells.extend(_quiz(lesson.quiz[cell.target], lesson.graded))
        elif cell.role == "hints":
            continue
        elif cell.role == "answer":
            cells.append(_code(cell.source, _grading(cell.target, solution=True)))
        elif cell.role == "check":
            points = cell.points if lesson.graded else None
            name = f"check_{cell.target}"
            meta = _grading(name, grade=lesson.graded, locked=True, points=points)
            cells.append(_code(cell.source, meta))
        elif cell.role == "hidden":
            cells.append(_hidden_check(cell))
        elif cell.kind == "markdown":
            shown = folding.wrap(cell.source) if folding.is_folded(cell) else cell.source
            cells.append(_markdown(shown))
        elif "parameters" in cell.metadata.get("tags", []):
            meta = _grading("parameters", locked=True)
            cells.append(_code(cell.source, meta | {"tags": ["parameters"]}))
        elif not setup_seen:  # the first code cell after the parameters
            setup_seen = True
            cells.append(_code(cell.source, _grading("setup", locked=True)))
        else:
            cells.append(_code(cell.source, folding.COLLAPSED if folding.is_folded(cell) else {}))
    return _notebook(lesson, cells)


def assignment(lesson: Lesson) -> Assignment:
    """The lesson as the grader needs it."""
    return Assignment(lesson.slug, source_notebook(lesson), release_notebook(lesson))


def release_notebook(lesson: Lesson) -> NotebookNode:
    """The learner's form, made from the source form by nbgrader's own preprocessors."""
    stubs = {item["id"]: quiz_stub(item) for item in lesson.quiz.values() if item["kind"] != "free"}
    notebook = clear(source_notebook(lesson), stubs)
    _sort_metadata(notebook)
    return notebook


def worked_notebook(lesson: Lesson) -> NotebookNode:
    """The worked answers without marks and without the grader's hidden cells; no outputs."""
    return worked(source_notebook(lesson))


def worked(notebook: NotebookNode) -> NotebookNode:
    """Strip marks, hidden cells and folded prose's wrapping from a source-form notebook.

    Outputs stay if it has some. The code of claims and figures stays collapsed: their results stand
    below it.
    """
    kept = [c for c in notebook.cells if BEGIN_HIDDEN not in c.source]
    for cell in kept:
        cell.source = folding.unwrapped(without_marks(cell.source))
    notebook.cells = kept
    return notebook


def saved(executed: NotebookNode) -> NotebookNode:
    """An executed source-form notebook as it goes to `solutions/`: worked, no traces of the run."""
    notebook = worked(executed)
    notebook.cells = [cell for cell in notebook.cells if not is_injected(cell)]
    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
    _sort_metadata(notebook)
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """The notebook file's text: sorted keys, one-space indent, a newline at the end."""
    return nbformat.writes(notebook, version=4, indent=1, sort_keys=True).rstrip("\n") + "\n"


@dataclass(frozen=True)
class Drift:
    """A generated file that is not what its source gives."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def generated(root: Path, lessons: list[Lesson]) -> dict[Path, str]:
    """Every generated file but `solutions/`, with its text."""
    front = load_start(root)
    files = {
        root / "notebooks" / f"{lesson.slug}.ipynb": to_text(release_notebook(lesson))
        for lesson in [*([front] if front else []), *lessons]
    }
    files[root / CATALOGUE] = catalogue_text(lessons, front)
    return files


class Answered(Exception):
    """Notebooks that would be overwritten and hold work; `cells` names what is in each."""

    def __init__(self, cells: dict[Path, list[str]]) -> None:
        self.cells = cells
        super().__init__(", ".join(map(str, cells)))


def build(root: Path, overwrite_answers: bool = False) -> list[Path]:
    """Write every generated file that changed and remove notebooks without a lesson.

    overwrite_answers: also where somebody worked in a notebook, of which a copy is then kept in `my/`.
    Returns the files written or removed, such copies among them.

    Raises:
        LessonError: a lesson is refused; then nothing is written.
        Answered: a notebook holds work that the build did not write; then nothing is written.
    """
    files = generated(root, load(root))
    writing = {
        path: text
        for path, text in files.items()
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text
    }
    removing = stale(root, files)
    worked_in = _worked_in(writing, removing)
    broken = [path for path, cells in worked_in.items() if not cells]
    if len(broken) < len(worked_in) and not overwrite_answers:
        raise Answered({path: cells for path, cells in worked_in.items() if cells})
    changed = [
        working_copy.set_aside(path, root / working_copy.FOLDER, "yours") for path in worked_in
    ]
    for path, text in writing.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed.append(path)
    for path in removing:
        path.unlink(missing_ok=True)
        changed.append(path)
    return changed


def _worked_in(writing: dict[Path, str], removing: Sequence[Path]) -> dict[Path, list[str]]:
    """The notebooks among these in which somebody worked, and in which cells: in none that can be
    told where a file is no notebook and may have been one.
    """
    found: dict[Path, list[str]] = {}
    for path in (*writing, *removing):
        if path.suffix != ".ipynb" or not path.is_file():
            continue
        try:
            notebook = working_copy.read(path)
        except working_copy.Unreadable:
            if b'"source"' in path.read_bytes():
                found[path] = []
            continue
        known = nbformat.reads(writing[path], as_version=4).cells if path in writing else ()
        cells = own_cells(notebook, known)
        if cells:
            found[path] = cells
    return found


def write_sources(root: Path, folder: Path) -> list[Path]:
    """Write the teacher's form of every lesson, for an nbgrader course's `source/` folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for lesson in load(root):
        path = folder / f"{lesson.slug}.ipynb"
        path.write_text(to_text(source_notebook(lesson)), encoding="utf-8")
        written.append(path)
    return written


def stale(root: Path, files: dict[Path, str]) -> list[Path]:
    """Notebooks that no lesson gives."""
    return [path for path in sorted((root / "notebooks").glob("*.ipynb")) if path not in files]


def drift(root: Path) -> list[Drift]:
    """Generated files that are missing, stale or different from what the lessons give."""
    lessons = load(root)
    files = generated(root, lessons)
    found = [Drift(path, "has no lesson") for path in stale(root, files)]
    for path, text in files.items():
        if not path.is_file():
            found.append(Drift(path, "is missing"))
        elif path.read_text(encoding="utf-8") != text:
            found.append(Drift(path, "differs from its lesson"))
    front = load_start(root)
    for lesson in [*([front] if front else []), *lessons]:
        path = root / "solutions" / f"{lesson.slug}.ipynb"
        if not path.is_file():
            found.append(Drift(path, "is missing: run `course run --save`"))
        elif _sources(nbformat.read(path, as_version=4)) != _sources(worked_notebook(lesson)):
            found.append(Drift(path, "differs from its lesson: run `course run --save`"))
    return found


def _sources(notebook: NotebookNode) -> list[tuple[str, str]]:
    return [(c.cell_type, c.source) for c in notebook.cells if not is_injected(c)]


def is_injected(cell: NotebookNode) -> bool:
    """Whether papermill put this cell there."""
    return "injected-parameters" in cell.metadata.get("tags", [])


def catalogue_text(lessons: list[Lesson], front: Lesson | None = None) -> str:
    """What `lib.learn` knows of the lessons in a class: titles, points, hints. No answers, no keys."""
    stored: dict[str, Any] = {"lessons": [_entry(lesson) for lesson in lessons]}
    if front is not None:
        stored["start"] = _entry(front)
    return json.dumps(stored, indent=1, ensure_ascii=False) + "\n"


def _entry(lesson: Lesson) -> dict[str, Any]:
    exercises = []
    for name in lesson.exercises():
        earning = [c for c in lesson.cells if c.role in ("check", "hidden") and c.target == name]
        title = lesson.cell("card", name).source.split("\n")[0]
        exercises.append(
            {
                "name": name,
                "title": title.lstrip("# ").removeprefix("Exercise:").strip(),
                "points": sum(cell.points for cell in earning),
                "hints": parse_hints(lesson.cell("hints", name).source),
            }
        )
    return {
        "number": lesson.number,
        "slug": lesson.slug,
        "title": lesson.title,
        "minutes": lesson.header["minutes"],
        "exercises": exercises,
        "quiz": [
            {"id": item["id"], "kind": item["kind"], "points": item.get("points", 0)}
            for item in lesson.quiz.values()
        ],
    }


def variable(item: str) -> str:
    """The name that holds a quiz answer in the notebook: `02-q3` gives `q3`."""
    return item.split("-")[1]


def quiz_stub(item: dict[str, Any]) -> str:
    """The answer cell as a learner gets it."""
    name = variable(item["id"])
    return (
        f"{name} = None  # your answer, for example {_EXAMPLES[item['kind']]}\n"
        f'quiz("{item["id"]}", {name})'
    )


def _quiz(item: dict[str, Any], graded: bool) -> list[NotebookNode]:
    name, kind = item["id"], item["kind"]
    points = f", {item['points']} point" + ("" if item["points"] == 1 else "s") if graded else ""
    when = "; predict before you run on" if item.get("predict") else ""
    prompt = [f"**Question {name}** ({_KINDS[kind]}{points}{when})", "", item["prompt"].strip()]
    if "choices" in item:
        prompt.append("")
        prompt.extend(f"- **{key})** {c['text'].strip()}" for key, c in item["choices"].items())
    if kind == "free":
        prompt.append(f'\nWrite in the next cell; then run `quiz("{name}", "read")` and compare.')
        body = [BEGIN_SOLUTION, item["feedback"].strip(), END_SOLUTION]
        meta = _grading(name, grade=True, solution=True, points=item["points"])
        return [_markdown("\n".join(prompt)), _markdown("\n".join(body), meta)]
    assign, ask = quiz_stub(item).split("\n")
    key = json.dumps(item["key"])
    answer = [assign, BEGIN_SOLUTION, f"{variable(name)} = {key}", END_SOLUTION, ask]
    tolerance = f", tolerance={item['tolerance']!r}" if kind == "numeric" else ""
    hidden = [
        f"# Question {name} is compared with its key here when the notebook is graded.",
        BEGIN_HIDDEN,
        f'grade_answer("{name}", {variable(name)}, kind="{kind}", key={key}{tolerance})',
        END_HIDDEN,
    ]
    asked = [_markdown("\n".join(prompt)), _code("\n".join(answer), _grading(name, solution=True))]
    if not graded:
        return asked
    meta = _grading(f"grade-{name}", grade=True, locked=True, points=item["points"])
    return [*asked, _code("\n".join(hidden), meta | folding.COLLAPSED)]


def _hidden_check(cell: Cell) -> NotebookNode:
    lines = [
        f"# Further cases of {cell.target} are checked here when the notebook is graded.",
        BEGIN_HIDDEN,
        f'check("{cell.target}", {cell.target}, hidden={cell.metadata["seed"]})',
        END_HIDDEN,
    ]
    meta = _grading(f"hidden_{cell.target}", grade=True, locked=True, points=cell.points)
    return _code("\n".join(lines), meta | folding.COLLAPSED)


def _opening(lesson: Lesson) -> str:
    lines = [f"# {lesson.number} {lesson.title}", "", f"About {lesson.header['minutes']} minutes."]
    for title, key in (("You will", "objectives"), ("You need", "prerequisites")):
        lines += ["", f"**{title}**", "", *(f"- {entry}" for entry in lesson.header[key])]
    lines += [
        "",
        "A check tells you at once what is right and what went wrong. Stuck? "
        '`hint("name")`, then `solution("name")`. Where you stand: `progress()`.',
        "",
        "The code of figures and claims is folded, since it tells what you are about to measure: run "
        "a folded cell to see its result, click on its bar to see its code.",
    ]
    return "\n".join(lines)


def _grading(grade_id: str, points: float | None = None, **flags: bool) -> dict:
    nbgrader: dict[str, Any] = {"grade": False, "locked": False, "solution": False, "task": False}
    nbgrader |= flags
    nbgrader |= {"grade_id": grade_id, "schema_version": 3}
    if points is not None:
        nbgrader["points"] = points
    return {"nbgrader": nbgrader}


def _markdown(source: str, metadata: dict | None = None) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata=metadata or {})


def _code(source: str, metadata: dict) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def _notebook(lesson: Lesson, cells: list[NotebookNode]) -> NotebookNode:
    seen: dict[str, int] = {}
    for cell in cells:
        # An id that follows the content: moving or adding a cell leaves the others' ids alone.
        name = grading.grade_id(cell) or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[name] = seen.get(name, 0) + 1
        cell["id"] = name if seen[name] == 1 else f"{name}-{seen[name]}"
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "course": {"lesson": lesson.number, "slug": lesson.slug, "title": lesson.title},
        },
    )
    notebook.nbformat_minor = 5
    _sort_metadata(notebook)
    return notebook


def _sort_metadata(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata = NotebookNode(dict(sorted(cell.metadata.items())))


__all__ = [
    "Answered",
    "Drift",
    "LessonError",
    "Problem",
    "build",
    "drift",
    "load",
    "release_notebook",
    "source_notebook",
    "to_text",
    "worked_notebook",
]
