"""The page of the leaderboard: what every lesson's system reaches on the course's test queries."""

from __future__ import annotations

import html
import os
from collections import Counter
from pathlib import Path

from lib import leaderboard
from lib.leaderboard import Row
from lib.metrics import Interval

OPENING = """# Leaderboard

One search task runs through all lessons: which term of the Human Phenotype Ontology does a layperson's
phrase mean? Each lesson adds the systems that it builds. All are measured on the same {queries:,} test
queries, with 95% bootstrap intervals in brackets. Where two intervals overlap, that alone does not say
that the systems are equal: [lesson 07](lessons/07_metrics.ipynb) compares them query by query.
"""


def rows(folder: Path) -> list[Row]:
    """The rows kept in a folder, of the task that most of them have; best first."""
    before = os.environ.get("COURSE_LEADERBOARD")
    os.environ["COURSE_LEADERBOARD"] = str(folder)
    try:
        found = leaderboard.load_rows()
    finally:
        if before is None:
            del os.environ["COURSE_LEADERBOARD"]
        else:
            os.environ["COURSE_LEADERBOARD"] = before
    if not found:
        raise ValueError(f"{folder} holds no row of the leaderboard; run `course run --save`")
    task = Counter(row.task for row in found).most_common(1)[0][0]
    return sorted((r for r in found if r.task == task), key=lambda row: -row.ndcg_at_10.mean)


def page(found: list[Row]) -> str:
    """The page, in Markdown with a table in HTML."""
    lines = [
        OPENING.format(queries=found[0].queries),
        '<div class="wide" tabindex="0" role="region" aria-label="Leaderboard">',
        '<table class="leaderboard"><thead><tr><th scope="col">System</th><th scope="col">Lesson</th>',
        '<th scope="col" colspan="2">nDCG@10</th><th scope="col">Recall@10</th>'
        '<th scope="col">MRR@10</th></tr></thead><tbody>',
    ]
    for row in found:
        lines.append(
            f'<tr><th scope="row">{html.escape(row.system)}</th><td>{html.escape(row.lesson)}</td>'
            f"<td>{_words(row.ndcg_at_10)}</td><td>{_bar(row.ndcg_at_10)}</td>"
            f"<td>{_words(row.recall_at_10)}</td><td>{_words(row.mrr_at_10)}</td></tr>"
        )
    return "\n".join([*lines, "</tbody></table></div>", ""])


def _words(value: Interval) -> str:
    low, high = f"{value.low:.3f}".lstrip("0"), f"{value.high:.3f}".lstrip("0")
    return f"<b>{f'{value.mean:.3f}'.lstrip('0')}</b> [{low}, {high}]"


def _bar(value: Interval) -> str:
    """The mean as a bar and the interval as a line; the words beside it say the same."""
    return (
        '<span class="bar" aria-hidden="true">'
        f'<span style="width: {value.mean:.1%}"></span>'
        f'<i style="left: {value.low:.1%}; width: {value.high - value.low:.1%}"></i></span>'
    )
