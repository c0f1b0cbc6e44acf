"""The form of what a capstone's functions return, and what its check finds wrong, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lib.checks import Slip, values

DEPTH = 10

SLIPS = {
    slip.name: slip
    for slip in (
        Slip(
            "not-files",
            "build_index has to return the files of an index: a dict from each file's name, a text, to "
            "its content as bytes, such as {'vectors': codes.numpy().tobytes()}.",
            hint=1,
        ),
        Slip(
            "not-a-list-a-query",
            "search has to return one list for each query that it is given, in the same order, and gives "
            "another number of them.",
            hint=2,
        ),
        Slip(
            "not-rows",
            "search has to return the rows of passages, whole numbers from 0: for each query a list such "
            "as [17, 4, 230], not scores, texts or pairs.",
            hint=2,
        ),
        Slip(
            "no-such-row",
            "search returns a row that no passage has: rows go from 0 to the number of passages minus 1, "
            "and there is no -1 for a place that stays empty. Leave it out, the list may be shorter.",
            hint=2,
        ),
        Slip(
            "row-twice",
            "search names a passage twice for one query. Each passage can be found once: a merged ranking "
            "has to drop what it holds already.",
            hint=2,
        ),
        Slip(
            "worst-first",
            "Read backwards, your lists are the better ones: the best passage stands last. Sort by falling "
            "score, or by rising distance.",
            hint=2,
        ),
        Slip(
            "rows-of-the-course-set",
            "Your rows are those of the course set. The passages that build_index is given stand in "
            "another order: take rows from there, and build nothing before it is called.",
            hint=1,
        ),
        Slip(
            "uses-the-notebook",
            "When it is graded, each of the two runs in a fresh process that has nothing of your notebook's "
            "data.",
            hint=1,
        ),
        Slip(
            "left-in-memory",
            "When it is graded, search runs in another process than build_index, which has ended by then. "
            "Return what search needs as files.",
            hint=1,
        ),
        Slip(
            "reads-the-course",
            "When it is graded, the files of the course's data cannot be read. build_index is given all "
            "that it needs: the passages and the training pairs.",
            hint=1,
        ),
        Slip(
            "too-large",
            "The index takes twice the bytes that it may take, or more, and earns nothing. Keep int8 codes "
            "or bits in place of float32, or fewer dimensions (lesson 05), and keep nothing twice.",
            hint=3,
        ),
        Slip(
            "too-slow",
            "A query takes twice the time that it may take, or more, and earns nothing. Prepare everything "
            "in build_index, and look closely at few passages only.",
            hint=3,
        ),
    )
}


class Wrong(Exception):
    """Something of the form is wrong: a slip's name, and what came in words that are fit to be shown."""

    def __init__(self, slip: str, came: str = "") -> None:
        super().__init__(slip)
        self.slip, self.came = SLIPS[slip], came


def came(value: Any) -> str:
    """What came in place of what was expected, in a sentence."""
    for name, body in value.items() if type(value) is dict else ():
        if type(name) is not str:
            return f"A file's name is {values.with_article(values.kind(name))}."
        if type(body) is not bytes:
            return f"The file {name!r} holds {values.with_article(values.kind(body))}."
    return f"It returned {values.with_article(values.kind(value))}."


def rows_of(value: Any, queries: int, passages: int) -> list[list[int]]:
    """The rows of each query as plain numbers; of more than ten the first ten.

    Raises:
        Wrong: they are none.
    """
    if isinstance(value, np.ndarray | torch.Tensor):
        value = value.tolist()
    if not isinstance(value, list | tuple) or len(value) != queries:
        got = f"{len(value)} lists" if isinstance(value, list | tuple) else came(value)
        raise Wrong("not-a-list-a-query", f"For {queries} queries: {got.rstrip('.')}.")
    ranked = []
    for found in value:
        if isinstance(found, np.ndarray | torch.Tensor):
            found = found.tolist()
        if not isinstance(found, list | tuple):
            raise Wrong("not-rows", came(found))
        rows = [_whole(row) for row in found[:DEPTH]]
        if any(not 0 <= row < passages for row in rows):
            raise Wrong("no-such-row")
        if len(set(rows)) != len(rows):
            raise Wrong("row-twice")
        ranked.append(rows)
    return ranked


def _whole(row: Any) -> int:
    if isinstance(row, np.ndarray | torch.Tensor | np.generic) and row.ndim == 0:
        row = row.item()
    if type(row) is not int:
        raise Wrong("not-rows", f"A row is {values.with_article(values.kind(row))}.")
    return row


def files(index: Any) -> dict[str, bytes]:
    """The files of an index as they came.

    Raises:
        Wrong: they are none.
    """
    if type(index) is not dict or not all(
        type(name) is str and type(body) is bytes for name, body in index.items()
    ):
        raise Wrong("not-files", came(index))
    return index
