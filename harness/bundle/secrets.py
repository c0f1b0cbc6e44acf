"""What a bundle must not hold, and the search for it.

A secret is a passage of code: a line that is long enough to say something by itself, or two lines that
follow each other. `return scores` and `with torch.no_grad():` are nobody's secret.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.author.lesson import (
    BEGIN_HIDDEN,
    END_HIDDEN,
    Lesson,
    between_marks,
    lesson_files,
    read,
)
from harness.author.notebooks import release_notebook, source_notebook
from lib import _sealed

ALONE, TOGETHER = 40, 30  # characters of a line that tells something by itself, and of two lines
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_PACKED = re.compile(
    r"_sealed\s*\.\s*run\(\s*((?:\"[^\"]*\"\s*)+)"
)  # a call of `_sealed.run`, and its text


@dataclass(frozen=True)
class Secret:
    """A text that must not be found, with white space left out; `of` says whose it is."""

    of: str
    text: str


def of_course(root: Path) -> Iterator[Secret]:
    """The secrets of all lessons and checks of a course, and of the tests' own right answers.

    What learners are shown, hints included, is no secret.
    """
    lessons = [read(path) for path in lesson_files(root)]
    shown = [cell.source for one in lessons for cell in release_notebook(one).cells]
    shown += [cell.source for one in lessons for cell in one.cells if cell.role == "hints"]
    given = "\n".join(shown)
    for lesson in lessons:
        yield from of_lesson(lesson, given)
    for folder in ("lib/checks", "tests/lib/checks/alternatives"):
        for path in sorted(root.glob(f"{folder}/lesson_*/*.py")):
            yield from of_code(path, given)


def of_lesson(lesson: Lesson, given: str) -> Iterator[Secret]:
    """The secrets of a lesson: worked answers, hidden checks, keys and what a quiz says of an answer.

    given: what the learner's notebook shows, which is no secret.
    """
    shown = _bare(given)
    for cell in lesson.cells:
        if cell.role == "answer":
            lines = between_marks(cell.source)
            yield from _passages(f"the answer {cell.target}", lines, shown)
    for graded in source_notebook(lesson).cells:
        hidden = between_marks(graded.source, BEGIN_HIDDEN, END_HIDDEN)
        for line in hidden:
            if "hidden=" in line or "grade_answer(" in line:
                yield Secret(f"a hidden check of {lesson.number}", _bare(line))
    for item in lesson.quiz.values():
        for text in _of_quiz(item):
            if len(_bare(text)) >= 12 and _bare(text) not in shown:
                yield Secret(f"the quiz item {item['id']}", _bare(text))


def of_code(path: Path, given: str) -> Iterator[Secret]:
    """Every function in a file, as passages of its lines; docstrings and texts of its own are none."""
    source = path.read_text(encoding="utf-8")
    lines, shown = source.splitlines(), _bare(given)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            if body:
                own = lines[body[0].lineno - 1 : node.end_lineno]
                yield from _passages(f"{node.name} in {path.name}", own, shown)
        elif isinstance(node, ast.Lambda):
            text = ast.get_source_segment(source, node) or ""
            yield from _passages(f"a function in {path.name}", [" ".join(text.split())], shown)


def _passages(of: str, lines: Iterable[str], shown: str) -> Iterator[Secret]:
    bare = [_bare(line) for line in lines if line.strip() and not line.strip().startswith("#")]
    code = [
        len(_QUOTED.sub("", line)) for line in bare
    ]  # a text in quotes tells no way to an answer
    for place, one in enumerate(bare):
        after = bare[place + 1] if place + 1 < len(bare) else ""
        if code[place] >= ALONE and one not in shown:
            yield Secret(of, one)
        elif after and sum(code[place : place + 2]) >= TOGETHER and one + after not in shown:
            yield Secret(of, one + after)


def _of_quiz(item: dict) -> Iterator[str]:
    if item["kind"] == "free":
        yield item["feedback"]
        yield from map(str, item["rubric"])
        return
    yield f'"key": {json.dumps(item["key"])}'
    said = item.get("feedback") or {}
    yield from (said[key] for key in ("right", "wrong") if key in said)
    yield from (trap["text"] for trap in said.get("traps", []))
    yield from (c["feedback"] for c in (item.get("choices") or {}).values() if c.get("feedback"))


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


class Search:
    """Looks for secrets in files, in archives within them, in the texts that JSON holds, and in packed text.

    Args:
        secrets: what is looked for.
        packed: code that has to be there packed, since it runs: what it holds is no finding in packed text.
    """

    def __init__(self, secrets: Iterable[Secret], packed: str = "") -> None:
        self._packed = _bare(packed)
        self._whose: dict[str, str] = {}
        for secret in secrets:
            self._whose.setdefault(secret.text, secret.of)
        # By their first characters, so that a file is gone through once and not once a secret.
        self._starts: dict[str, list[str]] = {}
        for text in self._whose:
            self._starts.setdefault(text[:12], []).append(text)

    def __len__(self) -> int:
        return len(self._whose)

    def in_text(self, text: str) -> dict[str, str]:
        """The secrets that a text holds, each with whose it is."""
        bare = _bare(text)
        found = {}
        for place in range(len(bare)):
            for secret in self._starts.get(bare[place : place + 12], ()):
                if bare.startswith(secret, place):
                    found[secret] = self._whose[secret]
        return found

    def in_files(self, files: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
        """By name of a file (`a.whl/lib/x.py` within an archive), what it holds, if anything."""
        found: dict[str, dict[str, str]] = {}
        for name, content in files.items():
            if zipfile.is_zipfile(io.BytesIO(content)):
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    inside = {f"{name}/{one}": archive.read(one) for one in archive.namelist()}
                found |= self.in_files(inside)
            elif secrets := self._in_file(readable(content)):
                found[name] = secrets
        return found

    def _in_file(self, text: str) -> dict[str, str]:
        found = self.in_text(text)
        for inner in unpacked(text):
            told = self.in_text(inner).items()
            found |= {secret: of for secret, of in told if secret not in self._packed}
        return found


def unpacked(text: str) -> Iterator[str]:
    """Each text that is packed in a text (`lib._sealed`), and those that are packed in it."""
    for call in _PACKED.finditer(text):
        with contextlib.suppress(ValueError, zlib.error):  # it is none
            inner = _sealed.unpack("".join(re.findall('"([^"]*)"', call[1])))
            yield inner
            yield from unpacked(inner)


def readable(content: bytes) -> str:
    """What can be read of a file; of JSON its texts as well, with line ends and quotes as they are meant."""
    text = content.decode("utf-8", "replace")
    try:
        stored = json.loads(text)
    except ValueError:
        return text
    return "\n".join([text, *_strings(stored)])


def _strings(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        if node and all(isinstance(one, str) for one in node):
            yield "".join(node)  # a notebook's lines
        for one in node:
            yield from _strings(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _strings(value)
