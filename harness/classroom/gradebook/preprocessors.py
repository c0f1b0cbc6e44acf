"""The steps of nbgrader's autograding that are ours: show the verdicts, save them, and help the marker.

They find the report in `resources["grading"]`, where `verdict_autograde.VerdictAutograde` puts it.
"""

from __future__ import annotations

import math
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from harness.classroom.gradebook.safe_outputs import safe_markdown, safe_outputs, verdict_output
from harness.grade import cells as grading
from harness.grade.verdicts import CellVerdict

MISSING = "There is no verdict on this cell, so it earns nothing: tell the teacher."


def verdict_of(cell: NotebookNode, resources: dict[str, Any]) -> CellVerdict | None:
    """The verdict on a graded cell that no person marks; None for every other cell.

    A cell of which the report says nothing earns 0: whatever was not run is not right.
    """
    if not grading.is_check(cell):
        return None
    name = grading.grade_id(cell) or ""
    found = resources["grading"]["verdicts"].get(name)
    if found is None or found.points is None or not math.isfinite(found.points):
        return CellVerdict(name, "not run", 0.0, grading.points(cell), MISSING)
    return found


class PutVerdicts(NbGraderPreprocessor):
    """Replaces the outputs of check cells by their verdicts, and makes all others safe to show."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        count = 0
        for cell in nb.cells:
            if cell.cell_type != "code":
                cell.pop("attachments", None)
                continue
            count += 1
            verdict = verdict_of(cell, resources)
            cell.outputs = [verdict_output(verdict)] if verdict else safe_outputs(cell.outputs)
            cell.execution_count = count if verdict or cell.outputs else None
        return nb, resources


class SaveVerdicts(SaveAutoGrades):
    """Writes the verdicts' points, where nbgrader would look at the outputs.

    Cells that a person marks, comments and manual scores are nbgrader's own affair, untouched. When
    `resources["grading"]["only"]` names grade ids, all other cells are left as they are.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        only = resources["grading"]["only"]
        if only is not None and grading.grade_id(cell) not in only:
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        verdict = verdict_of(cell, resources)
        if verdict is None:
            self._add_written(cell, resources)
            return
        grade = self.gradebook.find_grade(
            verdict.grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        grade.auto_score = min(max(verdict.points or 0.0, 0.0), grading.points(cell))
        # As nbgrader does: a score that a person gave is to be looked at again.
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()

    def _add_written(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        """A written answer's points by hand are to be looked at again where the answer has changed, only."""
        name = grading.grade_id(cell) or ""
        grade = self.gradebook.find_grade(
            name, self.notebook_id, self.assignment_id, self.student_id
        )
        marked = grade.manual_score is not None and not grade.needs_manual_grade
        super()._add_score(cell, resources)
        if marked and name in resources["grading"].get("unchanged", ()):
            grade.needs_manual_grade = False
            self.gradebook.db.commit()


class SafeMarkdown(NbGraderPreprocessor):
    """Makes the text cells that a student could write safe to show; comes after `SaveVerdicts`."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        if cell.cell_type != "code" and not utils.is_locked(cell):
            theirs = utils.is_solution(cell) or not grading.metadata(cell)
            if theirs and cell.source not in resources["grading"]["trusted"]:
                cell.cell_type = "markdown"
                cell.source = safe_markdown(cell.source)
        return cell, resources


class PutRubrics(NbGraderPreprocessor):
    """Puts what a marker needs above each written answer, for formgrader; comes last.

    Students never get these notebooks: the release holds no rubric, and feedback is a page of its own.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        rubrics = resources["grading"].get("rubrics", {})
        cells: list[NotebookNode] = []
        for cell in nb.cells:
            name = grading.grade_id(cell)
            if grading.is_manual(cell) and name in rubrics:
                note = nbformat.v4.new_markdown_cell(rubrics[name], id=f"rubric-{len(cells)}")
                if (nb.nbformat, nb.nbformat_minor) < (4, 5):
                    del note["id"]
                cells.append(note)
            cells.append(cell)
        nb.cells = cells
        return nb, resources
