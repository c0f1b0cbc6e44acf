"""What the figures of the saved lessons say to who cannot see them, beside the numbers that were stored."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import nbformat
import pytest

import lib
from harness.author.lint_cells import MIN_ALT
from harness.execute.page import PLOTLY

ROOT = Path(lib.__file__).parents[1]
LESSONS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))
GRADED = [path for path in LESSONS if not path.stem.startswith("00")]
FEWEST_WORDS = 8
_IMAGE = re.compile(r"<img\b[^>]*>")
_ALT = re.compile(r'\balt="([^"]*)"')
_NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?|[−-]?(?<!\d)\.\d+")
# A mean over the states of a figure is in none of them.
_MEAN = re.compile(r"On average [^.]*\d\.\d[^.]*\.")


def of(paths: list[Path]):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def outputs(path: Path) -> Iterator[dict[str, Any]]:
    """What the cells of a saved lesson display, by its kinds."""
    for cell in nbformat.read(path, as_version=4).cells:
        yield from (output.data for output in cell.get("outputs", []) if "data" in output)


def alts(data: dict[str, Any]) -> list[str | None]:
    """The texts of all pictures in one output, None for a picture without one."""
    drawn = [kind for kind in data if kind.startswith("image/") or kind == PLOTLY]
    found = [data.get("text/plain") for _ in drawn]
    for image in _IMAGE.findall(data.get("text/html", "")):
        said = _ALT.search(image)
        found.append(html.unescape(said[1]) if said else None)
    return found


@of(GRADED)
def test_every_picture_of_a_lesson_is_said_in_words(path):
    told = [alt for data in outputs(path) for alt in alts(data)]
    assert told
    for alt in told:
        assert alt is not None
        assert len(alt) >= MIN_ALT
        assert len(alt.split()) >= FEWEST_WORDS, alt


def numbers(content: Any) -> Iterator[float]:
    """All numbers in a figure's JSON, those in its texts among them."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from numbers(part)
    elif isinstance(content, str):
        yield from map(value, _NUMBER.findall(content))
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield float(content)


def value(number: str) -> float:
    return float(number.replace(",", "").replace("−", "-"))


def known(figure: dict[str, Any]) -> set[float]:
    """The numbers that a figure to explore tells: what it says of its states, means of their columns, points.

    Not the squares of a heat map: they are so many that each number of two decimals is among them.
    """
    readings = list(figure["layout"]["meta"]["explore"]["readings"].values())
    points = [trace for trace in figure["data"] if trace["type"] != "heatmap"]
    columns = [column for reading in readings for column in zip(*reading["rows"])]
    shares = [[value(x[:-1]) / 100 for x in column] for column in columns if "%" in column[0]]
    return {abs(number) for number in numbers([readings, points, [mean(x) for x in shares]])}


@of([path for path in LESSONS if f'"{PLOTLY}"' in path.read_text(encoding="utf-8")])
def test_decimals_that_the_text_of_a_figure_to_explore_names_are_the_figure_s(path):
    for data in outputs(path):
        if PLOTLY not in data:
            continue
        drawn = known(data[PLOTLY])
        for told in _NUMBER.findall(_MEAN.sub("", data["text/plain"])):
            places = len(told.partition(".")[2])
            if places:  # whole numbers are counts, or rounded
                half = 0.501 * 10**-places
                assert any(abs(n - abs(value(told))) <= half for n in drawn), told


@of(GRADED)
def test_the_text_of_the_leaderboard_names_the_rows_that_the_lesson_saved(path):
    (board,) = (
        alt
        for data in outputs(path)
        if "image/png" in data and (alt := data["text/plain"]).startswith("Leaderboard, ")
    )
    rows = [
        json.loads(file.read_text(encoding="utf-8"))
        for file in (ROOT / "solutions" / "leaderboard").glob(f"{path.stem[:2]}-*.json")
    ]
    assert rows
    for row in rows:
        (told,) = re.findall(rf"(?:: |, ){re.escape(row['system'])} (\d\.\d+)", board)
        measured = row["ndcg_at_10"]["mean"]
        assert told == f"{measured:.{len(told) - 2}f}", row["system"]
