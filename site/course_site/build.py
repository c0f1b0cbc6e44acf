"""Building the site: sources into build/site/source, pages by Sphinx into build/site/html.

Copies of the lessons for Colab go to build/site/colab. `python site/make.py` calls it; docs/site.md says what is where.
"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course_site import (
    colab,
    executed,
    front,
    guides,
    leaderboard,
    lesson_page,
    reference,
    repository,
)
from course_site import sections as searched
from course_site.sections import Section
from harness.author.notebooks import to_text
from harness.execute import page


@dataclass(frozen=True)
class Places:
    """The folders of one build, below `top`."""

    root: Path
    top: Path

    @property
    def source(self) -> Path:
        return self.top / "source"

    @property
    def html(self) -> Path:
        return self.top / "html"

    @property
    def doctrees(self) -> Path:
        return self.top / "doctrees"

    @property
    def static(self) -> Path:
        return self.top / "static"

    @property
    def colab(self) -> Path:
        return self.top / colab.FOLDER


def prepare(places: Places, only: list[str] | None = None, run: Path | None = None) -> list[str]:
    """Write the sources of all pages; returns what is to be told of it, a line a lesson."""
    root, source, static = places.root, places.source, places.static
    for folder in (source, static, places.colab):
        shutil.rmtree(folder, ignore_errors=True)
    static.mkdir(parents=True)
    (source / "lessons").mkdir(parents=True)
    repo = repository.load(root)
    lessons = executed.load(root, only, run)
    releases = {
        lesson.slug: nbformat.read(root / "notebooks" / f"{lesson.slug}.ipynb", as_version=4)
        for lesson in lessons
    }
    colab.write(places.colab, releases, repo)
    for lesson in lessons:
        made = lesson_page.notebook(lesson, releases[lesson.slug], repo, static)
        (source / "lessons" / f"{lesson.slug}.ipynb").write_text(to_text(made), encoding="utf-8")
    guides.copy(root, source)
    reference.write(root, source)
    board = leaderboard.page(leaderboard.rows(root / "solutions" / "leaderboard"))
    (source / "leaderboard.md").write_text(board, encoding="utf-8")
    front.write(root, source, lessons, repo)
    _shared_scripts(root, static)
    return [
        f"{lesson.slug}: {lesson.origin}" + (f" ({lesson.instead})" if lesson.instead else "")
        for lesson in lessons
    ]


def _shared_scripts(root: Path, static: Path) -> None:
    """The site's own files, plotly's script from its package, and what draws figures with it."""
    shutil.copytree(root / "site" / "static", static, dirs_exist_ok=True)
    shutil.copy(page.plotly_script(), static / page.PLOTLY_SCRIPT)
    shutil.copy(page.TEMPLATE / "figures.js", static / "figures.js")


def render(places: Places, jobs: int = 1) -> None:
    """Let Sphinx write the pages; raises RuntimeError if it fails or warns."""
    from sphinx.cmd.build import main as sphinx

    places.html.mkdir(parents=True, exist_ok=True)
    options = ["-b", "html", "-c", str(places.root / "site"), "-d", str(places.doctrees)]
    options += [
        "-q",
        "-W",
        "--keep-going",
        "-j",
        str(jobs),
        "-D",
        f"html_static_path={places.static}",
    ]
    code = sphinx([*options, str(places.source), str(places.html)])
    if code:
        raise RuntimeError(f"Sphinx ended with {code}; its messages stand above")


def sections(places: Places) -> Iterator[Section]:
    """The sections of all pages that Sphinx has written."""
    folder = places.doctrees
    for path in sorted(folder.rglob("*.doctree")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if (places.html / f"{name}.html").is_file():
            yield from searched.of_document(name, pickle.loads(path.read_bytes()))


def index(places: Places, *, within: str = "", whole: bool = True) -> int:
    """Write what the search by meaning reads; returns its bytes.

    within: of what the names of pages begin with, such as "lessons/".  whole: whether the pieces of
    the vocabulary that no page has get vectors, too.
    """
    from course_site import meaning
    from lib.models import load_encoder

    model = load_encoder()
    found = [section for section in sections(places) if section.page.startswith(within)]
    made = meaning.make(model, found, whole=whole)
    folder = places.html / "_static" / meaning.FOLDER
    return meaning.write(made, meaning.vocabulary(model), folder)
