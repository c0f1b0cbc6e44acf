"""A lesson as the grader has it: the teacher's notebook and the released one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from harness.grade import cells, plan

_CHECK = re.compile(r"\bcheck\(\s*[\"'](\w+)[\"']")


@dataclass(frozen=True)
class Assignment:
    """A lesson's two notebooks.

    Args:
        name: the lesson's name, `02_pooling`.
        source: the teacher's form, with worked answers and hidden checks.
        release: what students were given.
    """

    name: str
    source: NotebookNode
    release: NotebookNode

    @property
    def prefix(self) -> list[dict[str, str | None]]:
        """The leading cells that are run once for all submissions."""
        return plan.prefix(self.release)

    @property
    def exercises(self) -> list[str]:
        """The exercises that its check cells name: `mean_pool` of `check("mean_pool", mean_pool)`."""
        found = (_CHECK.findall(cell["source"]) for _, cell in cells.checks(self.source))
        return sorted({name for names in found for name in names})

    def together(self, only: frozenset[str] | None) -> frozenset[str] | None:
        """These checks, and the others of their exercises: a hidden one says what the visible one says."""
        if only is None:
            return None
        named = {g: set(_CHECK.findall(c["source"])) for g, c in cells.checks(self.source)}
        wanted = set().union(*(named.get(grade_id, set()) for grade_id in only))
        return only | {grade_id for grade_id, names in named.items() if names & wanted}
