"""What a notebook's own checks say when it is run from top to bottom in a fresh kernel.

This is what a learner wants to know before handing in, and what a repository can show for each push. It runs
the notebook as it stands, on the learner's own machine and with their own rights: it is no grader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib._files import printable

SECONDS = 900  # of one cell
_FACTS = "application/vnd.embeddings-course+json"


class CannotBeRun(ValueError):
    """A notebook that cannot be read, or whose kernel does not start; the message says why."""


@dataclass(frozen=True)
class Said:
    """What a check said, or "not run"; message: one line, empty where there is nothing to say."""

    exercise: str
    status: str
    message: str = ""

    @property
    def passed(self) -> bool:
        return self.status == "passed"


def run(path: Path) -> list[Said]:
    """Run a notebook and return what its checks said, in their order; those of its lesson that did not come
    to run at the end.

    Raises:
        CannotBeRun: it is no notebook, or nothing can run it here.
    """
    import nbclient
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever the file made it stumble over
        raise CannotBeRun(f"{printable(str(path))} is no notebook: {_line(str(error))}") from error
    where = {"metadata": {"path": str(path.resolve().parent)}}
    client = nbclient.NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        allow_errors=True,
        resources=where,
        extra_arguments=[
            "--IPKernelApp.log_level=40"
        ],  # of its own warnings nobody can do anything
    )
    try:
        client.execute()
    except (
        Exception
    ) as error:  # a dead kernel, a cell without an end: what was said before it counts
        stopped = _line(f"{type(error).__name__}: {error}")
    else:
        stopped = ""
    heard = {one.exercise: one for cell in notebook.cells for one in _of(cell)}
    missing = [name for name in _asked(path.stem) if name not in heard]
    return [*heard.values(), *(Said(name, "not run", stopped) for name in missing)]


def table(found: Sequence[tuple[Path, Sequence[Said]]]) -> str:
    """The checks of notebooks as a Markdown table."""
    rows = ["| notebook | exercise | |", "|---|---|---|"]
    for path, said in found:
        for one in said:
            text = one.status + (f": {one.message}" if one.message else "")
            cells = (path.name, one.exercise, text)
            rows.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(rows) + "\n"


def _of(cell: Any) -> Iterator[Said]:
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        facts = data.get(_FACTS)
        if not isinstance(facts, dict) or facts.get("kind") != "check":
            continue
        lines = str(data.get("text/plain", "")).splitlines()
        says_more = facts.get("status") in ("wrong", "crashed") and len(lines) > 1
        message = lines[1] if says_more else ""
        yield Said(_line(facts.get("exercise")), _line(facts.get("status")), _line(message))


def _asked(slug: str) -> list[str]:
    """The exercises of a lesson, by the catalogue; none of what is no lesson."""
    catalogue = Path(__file__).with_name("learn") / "catalogue.json"
    lessons = json.loads(catalogue.read_text(encoding="utf-8"))["lessons"]
    return [e["name"] for one in lessons if one["slug"] == slug for e in one["exercises"]]


def _line(text: Any) -> str:
    return printable(" ".join(str(text).split()))[:300]


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
