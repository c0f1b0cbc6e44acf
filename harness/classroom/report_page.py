"""The class report as a page: figures and, beside each, the table that it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness.classroom.report import BINS, OUTCOMES, ClassReport, LessonReport
from harness.classroom.report_text import (
    EXPLAINED,
    LESSONS,
    PARTS,
    left_out,
    lesson_row,
    mistakes,
    part_row,
    progress,
    warnings,
)
from harness.reports import figures
from harness.reports.page import page, text

_STYLE = f"""{figures.STYLE}
body {{ max-width: 64rem; }} .wide {{ overflow-x: auto; }}
th, td {{ overflow-wrap: normal; white-space: nowrap; }}
td:first-child, td:last-child {{ white-space: normal; }}
td:first-child {{ min-width: 9rem; }} td:last-child:nth-child(7) {{ min-width: 16rem; }}
@media (max-width: 44rem) {{ /* the list below the table has them in full */
  .wide th:nth-child(7):last-child, .wide td:nth-child(7):last-child {{ display: none; }} }}
"""
MOST_MISTAKES = 8


def to_page(found: ClassReport, names: bool = False) -> str:
    """The report as a page of its own, without scripts.

    Args:
        names: whether students are named: who was ungradable, who handed in nothing.
    """
    parts = ["<h1>Class report</h1>"]
    parts += [f"<p>{text(said)}</p>" for said in [progress(found), *warnings(found)] if said]
    rows = [[one.lesson, *lesson_row(one)] for one in found.lessons]
    parts.append(_table("Lessons", LESSONS, rows))
    parts += [f"<p class=soft>{text(said)}</p>" for said in (EXPLAINED, left_out(found)) if said]
    if len(found.lessons) > 1:
        shares = [(one.lesson, _share(one), _percent(_share(one))) for one in found.lessons]
        said = "; ".join(f"{name} {shown}" for name, _, shown in shares)
        parts.append(
            figures.bars(shares, "Mean share of the points, lesson by lesson", f"Bars: {said}.")
        )
    for one in found.lessons:
        parts.append(_lesson(one, names))
    return page("Class report", "".join(parts), _STYLE)


def _lesson(one: LessonReport, names: bool) -> str:
    parts = [f"<h2>{text(one.title, 200)}</h2>"]
    if one.graded:
        parts.append(_totals(one))
    if one.graded and one.parts:
        parts += [_passes(one), _outcomes(one)]
    rows = [[part.title, *part_row(part), mistakes(part, str)] for part in one.parts]
    if rows:
        parts.append(_table(f"Parts of {one.lesson}", PARTS, rows))
        parts.append(_all_mistakes(one))
    if names:
        if one.ungradable:
            parts.append(_list("Ungradable", [f"{who}: {why}" for who, why in one.ungradable]))
        if one.missing:
            parts.append(_list("Nothing handed in", one.missing))
    return "".join(parts)


def _totals(one: LessonReport) -> str:
    edges = [f"{100 * n // BINS}" for n in range(BINS + 1)]
    labels = [f"{low}-{high}" for low, high in pairwise(edges)]
    said = ", ".join(
        f"{count} with {label}%" for count, label in zip(one.distribution, labels) if count
    )
    so_far = " so far" if one.statuses.get("waiting") else ""
    title = f"Students by their share of the {one.maximum:g} points{so_far}, in percent"
    return figures.histogram(one.distribution, edges, title, f"Histogram: students {said}.")


def _passes(one: LessonReport) -> str:
    rows: list[tuple[str, float | None, str]] = []
    for part in one.parts:
        both = (("check", part.visible), ("hidden", part.hidden))
        apart = [(word, x) for word, x in both if x is not None]
        for word, x in apart or [("", part.whole)]:
            label = f"{part.name} {word}".strip()
            share = x.full / x.count if x.count else None
            said = f"{x.full} of {x.count}" if x.count else f"{part.waiting} waiting"
            rows.append((label, share, said))
    said = "; ".join(f"{label} {shown}" for label, _, shown in rows)
    title = "Students with all points, by check; an exercise's visible and hidden checks apart"
    return figures.bars(rows, title, f"Bars: {said}.")


def _outcomes(one: LessonReport) -> str:
    of = [part for part in one.parts if part.outcomes]
    columns = [name for name in OUTCOMES if any(part.outcomes.get(name) for part in of)]
    rows = [(part.name, [part.outcomes.get(name, 0) for name in columns]) for part in of]
    said = "; ".join(
        f"{name}: " + ", ".join(f"{count} {word}" for word, count in zip(columns, counts) if count)
        for name, counts in rows
    )
    return figures.heat_map(rows, columns, "What became of the answers", f"Heat map: {said}.")


def _all_mistakes(one: LessonReport) -> str:
    """The mistakes at length, and what waits: the table's are cut, and on a phone not shown."""
    items = [
        f"<li>{text(part.title, 200)}<ul>"
        + "".join(
            f"<li>{count} × {text(said, 600)}</li>" for said, count in part.mistakes[:MOST_MISTAKES]
        )
        + (f"<li>{part.waiting} × waiting for a person</li>" if part.waiting else "")
        + "</ul></li>"
        for part in one.parts
        if part.mistakes or part.waiting
    ]
    if not items:
        return ""
    return f"<details><summary>All mistakes in full, and what is waiting</summary><ul>{''.join(items)}</ul></details>"


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{text(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{text(cell, 600)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption, 200)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _list(title: str, entries: Sequence[str]) -> str:
    return f"<h3>{text(title)}</h3><ul>{''.join(f'<li>{text(one)}</li>' for one in entries)}</ul>"


def _share(one: LessonReport) -> float | None:
    return one.mean / one.maximum if one.mean is not None and one.maximum else None


def _percent(share: float | None) -> str:
    return "nobody graded" if share is None else f"{100 * share:.0f}%"
