"""A report as a page for the student: score, message, mistake and hint, and nothing hidden."""

from __future__ import annotations

from html import escape

from harness.grade.verdicts import CellVerdict, Report
from harness.reports.sanitize import clean

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
section { border-left: .4rem solid #767676; padding: .1rem 1rem; margin: 1rem 0; background: #f6f6f6; }
section.passed { border-color: #00664f; } section.wrong { border-color: #a33b00; }
.score { font-size: 1.4rem; } pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161616; }
  section { background: #262626; } }
"""
_WORDS = {
    "passed": "right",
    "wrong": "wrong",
    "failed": "wrong",
    "crashed": "ended in an error",
    "not attempted": "not attempted",
    "not run": "could not be run",
    "manual": "waits for a person",
}


def feedback_html(report: Report, title: str) -> str:
    """A page of its own, without scripts; only what the verdicts say goes into it.

    Args:
        title: the lesson's title, for a person.
    """
    head = clean(title, 200)
    score = f"{report.score:g} of {report.max_score:g} points"
    if report.manual:
        score += f"; {report.manual:g} more wait for a person"
    parts = [f"<h1>{escape(head)}</h1>", f"<p>{escape(clean(report.student, 200))}</p>"]
    if report.status == "ungradable":
        parts += [
            "<p class=score>This could not be graded.</p>",
            f"<p>{escape(clean(report.reason))}</p><p>{escape(clean(report.ask))}</p>",
        ]
    else:
        parts += [f"<p class=score>{escape(score)}</p>", *map(_section, report.cells)]
    if report.remarks:
        notes = "".join(f"<li>{escape(clean(remark.text))}</li>" for remark in report.remarks)
        parts.append(f"<h2>Notes</h2><ul>{notes}</ul>")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(head)}: feedback</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _section(cell: CellVerdict) -> str:
    kind = {"passed": "passed", "manual": ""}.get(cell.status, "wrong")
    name = clean(cell.exercise or cell.grade_id, 200) + (" (hidden tests)" if cell.hidden else "")
    points = f"{cell.max_points:g} points" if cell.points is None else None
    points = points or f"{cell.points:g} of {cell.max_points:g} points"
    word = "right in part" if cell.status == "passed" and not cell.fine else _WORDS[cell.status]
    lines = [f"<h2>{escape(name)}: {word}</h2><p>{points}</p>"]
    if cell.message:
        lines.append(f"<pre>{escape(clean(cell.message))}</pre>")
    if cell.mistake:
        lines.append(f"<p><strong>Likely mistake:</strong> {escape(clean(cell.mistake))}</p>")
    if cell.hint:
        lines.append(f"<p><strong>Hint:</strong> {escape(clean(cell.hint))}</p>")
    return f'<section class="{kind}">{"".join(lines)}</section>'
