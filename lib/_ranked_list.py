"""A ranked list that the reader reorders, and what each order is worth."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lib import metrics

GRADES = {0: "not relevant", 1: "related", 2: "relevant"}
_METRICS = ("recall@{k}", "reciprocal rank", "average precision", "nDCG@{k}")


@dataclass(frozen=True)
class RankedList:
    """A page's part that holds the list, its script and the values of the first order."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def ranked_list(
    passages: Sequence[tuple[str, int]],
    *,
    title: str,
    query: str,
    k: int = 10,
    elsewhere: Sequence[int] = (),
    grades: Mapping[int, str] = GRADES,
) -> RankedList:
    """A ranked list to reorder by mouse, finger or keyboard, with its metrics at each order.

    passages: (text, grade), best first; k: where recall and nDCG cut, so that in a list of more than
    k passages recall moves too; elsewhere: grades of judged passages that the list does not hold,
    which count for recall, average precision and the ideal order; grades: a name for each grade.
    The values are those of `lib.metrics`: relevant is a grade of 1 or more, a gain is the grade, and
    reciprocal rank and average precision go through the whole list.
    Raises ValueError for an empty list or title, k < 1, and a grade that is negative or has no name.
    """
    if not passages or not title.strip() or k < 1:
        raise ValueError(
            f"ranked_list: {len(passages)} passages, title {title!r} and k={k}; expected at least "
            "one passage, a title that says what is ranked, and k of at least 1"
        )
    found = [grade for _, grade in passages]
    if strange := sorted({g for g in [*found, *elsewhere] if g < 0 or g not in grades}):
        raise ValueError(
            f"ranked_list: the grades {strange} have no name; expected some of {sorted(grades)}: "
            "name the others in grades="
        )
    names = [name.format(k=k) for name in _METRICS]
    values = values_of(found, elsewhere, k)
    spec = {"k": k, "elsewhere": list(elsewhere), "grades": found, "names": names}
    items = "".join(_item(rank, *one, grades, k) for rank, one in enumerate(passages, 1))
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td data-metric="{i}">{value:.3f}</td><td></td></tr>'
        for i, (name, value) in enumerate(zip(names, values))
    )
    cut = f", those below the line count for neither recall@{k} nor nDCG@{k}"
    return RankedList(
        f'<section class="ranked-list" aria-label="{html.escape(title)}" '
        f'data-spec="{html.escape(json.dumps(spec))}">'
        f"<style>{_part('ranked_list.css')}</style>"
        f"<p><strong>{html.escape(title)}</strong></p><p>Query: <q>{html.escape(query)}</q></p>"
        '<p class="ranked-list-how">Drag a passage to another rank; or go to its handle ⠿ by the '
        "Tab key and press the arrow keys, or use the two buttons at its right. "
        f"{len(passages)} passages{cut if len(passages) > k else ''}.</p>"
        f'<div class="ranked-list-both"><ol>{items}</ol><div>'
        "<table><thead><tr><th scope='col'>metric</th><th scope='col'>now</th>"
        f"<th scope='col'>change</th></tr></thead><tbody>{rows}</tbody></table>"
        '<p class="ranked-list-orders"></p><p role="status"></p></div></div>'
        f"<script>{_part('ranked_list.js')}</script></section>"
    )


def values_of(found: Sequence[int], elsewhere: Sequence[int], k: int) -> list[float]:
    """Recall@k, reciprocal rank, average precision and nDCG@k of these grades in ranked order."""
    ranked = [list(range(len(found)))]
    relevant = [dict(enumerate([*found, *elsewhere]))]
    hits = [grade >= 1 for grade in found]
    precisions = [sum(hits[:rank]) / rank for rank, hit in enumerate(hits, 1) if hit]
    total = sum(grade >= 1 for grade in relevant[0].values())
    return [
        float(metrics.recall_at_k(ranked, relevant, k)[0]),
        float(metrics.mrr_at_k(ranked, relevant, len(found))[0]),
        sum(precisions) / max(total, 1),
        float(metrics.ndcg_at_k(ranked, relevant, k)[0]),
    ]


def _item(rank: int, text: str, grade: int, grades: Mapping[int, str], k: int) -> str:
    name = html.escape(text)
    return (
        f'<li data-grade="{grade}"{" class=cut" if rank == k else ""}>'
        f'<button type="button" class="handle" aria-label="Move: {name}">⠿</button>'
        f'<span class="rank">{rank}</span>'
        f'<span class="passage">{name}<span class="grade" data-grade="{grade}">grade {grade}: '
        f"{html.escape(grades[grade])}</span></span>"
        f'<button type="button" class="up" aria-label="Up: {name}">↑</button>'
        f'<button type="button" class="down" aria-label="Down: {name}">↓</button></li>'
    )


@cache
def _part(name: str) -> str:
    return files("lib").joinpath("browser", name).read_text(encoding="utf-8").strip()
