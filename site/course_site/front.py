"""The landing page and the lists of pages."""

from __future__ import annotations

import re
from pathlib import Path

from course_site import guides
from course_site.executed import Executed
from course_site.repository import Repository
from harness.author.lesson import Lesson, read
from harness.author.start import duration

_TOC = "```{{toctree}}\n:hidden:\n{options}\n{entries}\n```\n"


def write(root: Path, source: Path, lessons: list[Executed], repository: Repository) -> None:
    """Write the landing page, the lists of lessons and guides, and what stands in site/pages."""
    headers = [read(root / "lessons" / f"{lesson.slug}.py") for lesson in lessons]
    pages = {
        path.name: path.read_text(encoding="utf-8") for path in (root / "site/pages").iterdir()
    }
    pages["index.md"] = pages["index.md"].format(
        opening=opening((root / "README.md").read_text(encoding="utf-8")),
        cards="\n".join(_card(header, _plan(root)) for header in headers),
        pages=_toc("lessons/index", "leaderboard", "reference/index", "guides", "open"),
    )
    pages["open.md"] = pages["open.md"].format(
        address=repository.address,
        folder=repository.name.partition("/")[2],
        codespace=repository.codespace(),
    )
    for name, text in pages.items():
        (source / name).write_text(text, encoding="utf-8")
    entries = "\n".join(_entry(header, _plan(root)) for header in headers)
    listed = f"# Lessons\n\n{entries}\n\n{_toc(*(lesson.slug for lesson in lessons))}"
    (source / "lessons" / "index.md").write_text(listed, encoding="utf-8")
    (source / "guides.md").write_text(_guides(root), encoding="utf-8")


def opening(readme: str) -> str:
    """What the README says below its title, to its first picture and with it."""
    found = re.match(r"# [^\n]+\n+(.+?)\n+(!\[[^\n]+\))\n", readme, re.S)
    if found is None:
        raise ValueError("README.md: expected a title, an introduction and a picture at its top")
    return found[1].replace("\n", "\n\n") + f"\n\n{found[2]}"


def _plan(root: Path) -> dict[str, dict[str, str]]:
    start = root / "lessons" / "00_start.py"
    return read(start).header.get("plan", {}) if start.is_file() else {}


def _question(lesson: Lesson, plan: dict[str, dict[str, str]]) -> str:
    return plan.get(lesson.number, {}).get("question") or lesson.header["objectives"][0]


def _card(lesson: Lesson, plan: dict[str, dict[str, str]]) -> str:
    return (
        f"::::{{grid-item-card}} {lesson.number} {lesson.title}\n"
        f":link: lessons/{lesson.slug}\n:link-type: doc\n\n{_question(lesson, plan)}\n\n"
        f":::{{card-footer}}\n{duration(lesson.header['minutes'])}\n:::\n::::"
    )


def _entry(lesson: Lesson, plan: dict[str, dict[str, str]]) -> str:
    return (
        f"[{lesson.number} {lesson.title}]({lesson.slug}.ipynb)\n: {_question(lesson, plan)} "
        f"About {duration(lesson.header['minutes'])}.\n"
    )


def _toc(*entries: str) -> str:
    return _TOC.format(options="", entries="\n".join(entries))


def _guides(root: Path) -> str:
    teachers = [f"docs/{name}" for name in guides.for_teachers(root)]
    authors = [
        "CONTRIBUTING",
        *(f"docs/{name}" for name in guides.AUTHORS),
        "CHANGELOG",
        "SECURITY",
    ]
    parts = ["# Guides\n"]
    for title, entries in (("For teachers", teachers), ("For authors", authors)):
        listed = "\n".join(entries)
        parts.append(f"## {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n")
    return "\n".join(parts)
