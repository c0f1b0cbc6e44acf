"""The guides: the Markdown files of docs/ and of the repository's top, as they stand there.

They lie in the site's source as in the repository, so that links among them work. A link to anything
else of the repository leads to its page on GitHub: conf.py asks `outside` for it.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path, PurePosixPath

from course_site.repository import Repository

# Of docs/: what comes first for teachers, who get all that is not for authors.
TEACHERS = ("classroom", "grading", "malformed", "isolation", "threats", "kernels")
AUTHORS = ("architecture", "benchmarks", "site")
TOP = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_PICTURES = (".svg", ".png")


def for_teachers(root: Path) -> list[str]:
    """The names of the guides for teachers, in order."""
    found = {path.stem for path in (root / "docs").glob("*.md")} - {*AUTHORS}
    first = [name for name in TEACHERS if name in found]
    return [*first, *sorted(found - {*first})]


def copy(root: Path, source: Path) -> None:
    """Bring all guides and their pictures into the site's source."""
    (source / "docs").mkdir(parents=True, exist_ok=True)
    for path in sorted((root / "docs").iterdir()):
        if path.suffix in (".md", *_PICTURES):
            shutil.copy(path, source / "docs" / path.name)
    for name in TOP:
        shutil.copy(root / name, source / name)


def outside(root: Path, page: str, target: str, repository: Repository) -> str | None:
    """The address of what a page links to and the site does not have, None for what is nowhere.

    page: the page's place in the repository, "docs/grading".  target: as the page names it.
    """
    path, _, anchor = target.partition("#")
    if not path:
        return None
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / path).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    if parts[:1] == ["lessons"]:  # a lesson that this build left out
        parts[0] = "notebooks"
    if not parts or not re.fullmatch(r"[\w./-]+", "/".join(parts)):
        return None
    if not (root / Path(*parts)).exists():
        return None
    address = repository.file("/".join(parts))
    return f"{address}#{anchor}" if anchor else address
