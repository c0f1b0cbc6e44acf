"""Similar hand-ins side by side, as a page for the teacher: the lines that both have are marked."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.classroom.similar import Found, Match, Pair, Reading, alike_lines
from harness.reports.page import page, text
from harness.reports.sanitize import clean

MEANING = (
    "Alike is not copied: a short exercise has few ways to be written, and people who learn together write "
    "alike. Read both, and ask, before you decide anything. No points depend on this page."
)
_STYLE = """
body { max-width: 80rem; }
.both { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 1rem; }
mark { background: none; color: inherit; border-left: .3rem solid var(--wrong); padding-left: .3rem;
  display: inline-block; } pre span { padding-left: .6rem; display: inline-block; }
"""
_LINES = 400  # of an answer that are shown


def describe(match: Match, compared: int) -> str:
    """One answer of a pair in words."""
    rare = (
        "that nobody else has"
        if match.holders < 2.05
        else f"that {match.holders:.1f} of {compared} hand-ins have on average"
    )
    return (
        f"{match.cell}: {100 * match.share:.0f}% of what is the student's own is the same "
        f"({match.shared} fingerprints {rare})"
    )


def pairs_alike(count: int, of: str = "") -> str:
    """How many pairs are alike; `of`: what stands behind their number."""
    return f"{count} pair{'' if count == 1 else 's'}{of} {'is' if count == 1 else 'are'} alike"


def to_page(
    found: Found, title: str, texts: Mapping[str, Mapping[str, str]], reading: Reading, most: int
) -> str:
    """The page.

    Args:
        texts: the answers' text by student and grade_id.
        most: how many pairs are shown.
    """
    parts = [f"<h1>{text(title, 200)}: similar hand-ins</h1>", f"<p>{text(MEANING)}</p>"]
    parts.append(
        f"<p>{found.compared} hand-ins were compared; {pairs_alike(len(found.pairs))}. What the lesson "
        f"gives, what the worked answers hold, and what more than {found.many} hand-ins have is left out."
        "</p>"
    )
    parts += [
        _pair(number, pair, found.compared, texts, reading)
        for number, pair in enumerate(found.pairs[:most], 1)
    ]
    return page(f"{clean(title, 200)}: similar hand-ins", "".join(parts), _STYLE)


def _pair(
    number: int,
    pair: Pair,
    compared: int,
    texts: Mapping[str, Mapping[str, str]],
    reading: Reading,
) -> str:
    one, other = pair.students
    parts = [f"<h2>{number}. {text(one, 200)} and {text(other, 200)}</h2>"]
    for match in pair.matches:
        sources = [texts[student].get(match.cell, "") for student in pair.students]
        tokens = [reading.tokens(match.cell, source) for source in sources]
        marked = alike_lines(tokens[0], tokens[1], reading.lesson_s_own(match.cell))
        parts.append(f"<h3>{text(describe(match, compared))}</h3>")
        columns = (
            f"<div><p>{text(student, 200)}</p>{_code(source, lines)}</div>"
            for student, source, lines in zip(pair.students, sources, marked)
        )
        parts.append(f'<div class="both">{"".join(columns)}</div>')
    return f"<section>{''.join(parts)}</section>"


def _code(source: str, marked: Collection[int]) -> str:
    lines = []
    for number, line in enumerate(source.split("\n")[:_LINES]):
        shown = text(line, 400)
        lines.append(f"<mark>{shown}</mark>" if number in marked else f"<span>{shown}</span>")
    return f"<pre>{chr(10).join(lines)}</pre>"
