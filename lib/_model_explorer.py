"""The table of models as a part of a page: the reader filters and sorts it, no kernel is asked."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lib.model_table import MODELS, TASKS, Model
from lib.prefixes import Prefix

__all__ = ["ModelTable", "model_table"]

# name of the column, whether numbers stand in it, and what is better: more, less, or neither
_COLUMNS = (
    ("model", False, 0),
    ("MTEB", True, 1),
    ("dimensions", True, 0),
    ("token limit", True, 1),
    ("million parameters", True, -1),
    ("$ for your tokens", True, -1),
    ("MB for your vectors", True, -1),
    ("$ per million tokens", True, -1),
    ("prefix to write", False, 0),
    ("pooling", False, 0),
    ("licence", False, 0),
)


@dataclass(frozen=True)
class ModelTable:
    """A page's part that holds the table and its script."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def model_table(
    *, title: str, texts: int, tokens: int, models: Mapping[str, Model] = MODELS
) -> ModelTable:
    """The models as a table to filter and to sort, with what they cost for a corpus of this size.

    texts, tokens: of the corpus to start with; the reader changes both. The script recomputes prices
    (dollars a million tokens, for services) and bytes (4 a number and text, float32). Sources and
    dates stand folded below, and a figure that none states is "not stated".
    Raises ValueError for an empty title or a corpus without texts or tokens.
    """
    if not title.strip() or texts < 1 or tokens < 1:
        raise ValueError(
            f"model_table: title {title!r}, {texts} texts, {tokens} tokens; expected a title and at "
            "least one text and token"
        )
    rows = "".join(_row(card, texts, tokens) for card in models.values())
    spec = {"columns": [[name, number, better] for name, number, better in _COLUMNS]}
    return ModelTable(
        f'<section class="model-table" aria-label="{html.escape(title)}" '
        f'data-spec="{html.escape(json.dumps(spec))}"><style>{_part("model_table.css")}</style>'
        f"<p><strong>{html.escape(title)}</strong></p>{_form(texts, tokens)}"
        '<p role="status"></p><div class="model-table-scroll" tabindex="0" role="region" '
        f'aria-label="Table of models"><table><thead><tr>{_head()}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{_sources(models.values())}"
        f"<script>{_part('model_table.js')}</script></section>"
    )


def _form(texts: int, tokens: int) -> str:
    fields = (
        ("texts", "Texts in your corpus", texts),
        ("tokens", "Their tokens in all", tokens),
        ("limit", "Tokens of your longest text", 0),
        ("mteb", "MTEB of at least", 0),
        ("parameters", "Million parameters at most", ""),
        ("dollars", "Dollars at most", ""),
    )
    numbers = "".join(
        f'<label>{said} <input type="number" min="0" step="any" name="{name}" value="{value}"></label>'
        for name, said, value in fields
    )
    options = (("", "any"), ("open", "open weights"), ("service", "service"))
    chosen = "".join(f'<option value="{value}">{said}</option>' for value, said in options)
    return (
        f'<form class="model-table-form">{numbers}<label>Where it runs '
        f'<select name="kind">{chosen}</select></label>'
        '<button type="reset">Start again</button></form>'
    )


def _head() -> str:
    return "".join(
        f'<th scope="col" aria-sort="none"><button type="button">{name}</button></th>'
        for name, _, _ in _COLUMNS
    )


def _row(card: Model, texts: int, tokens: int) -> str:
    rate = None if card.dollars is None else card.dollars.value
    facts = {
        "kind": "service" if card.is_service else "open",
        "limit": card.max_tokens,
        "mteb": card.mteb.value,
        "parameters": card.parameters,
        "rate": rate,
        "dim": card.dim,
    }
    price = card.price(tokens)
    cells = (
        _number(card.mteb.value, "not stated"),
        f"{card.dim:,}",
        f"{card.max_tokens:,}",
        _number(card.parameters, "not stated"),
        "your machine" if price is None else _number(price, ""),
        f"{card.index_bytes(texts) / 1e6:,.1f}",
        _number(rate, "your machine"),
        html.escape(_prefix(card.prefix)),
        card.pooling if card.pooling != "service" else "not shown",
        card.licence,
    )
    filled = "".join(f"<td>{cell}</td>" for cell in cells)
    return (
        f'<tr data-facts="{html.escape(json.dumps(facts))}"><th scope="row">{card.key}</th>'
        f"{filled}</tr>"
    )


def _number(value: float | None, missing: str) -> str:
    return missing if value is None else f"{float(f'{value:.4g}'):,g}"


def _prefix(prefix: Prefix) -> str:
    """What one writes before a text: before a query, then before a document, where it is something."""
    told = prefix.query.replace("{task}", "(the task)").replace("\n", " (line break) ")
    sides = {"query": told, "document": prefix.document}
    return "; ".join(f'{side} "{words}"' for side, words in sides.items() if words) or "none"


def _sources(cards: Iterable[Model]) -> str:
    lines = []
    for card in cards:
        said = [f"row: {card.source}, as of {card.as_of}"]
        said += [f"MTEB: {card.mteb.source}, as of {card.mteb.as_of}"]
        if card.dollars is not None:
            said += [f"price: {card.dollars.source}, as of {card.dollars.as_of}"]
        said += [f"prefix: {card.prefix.source}"]
        lines.append(f"<li><strong>{card.key}</strong>: {html.escape('; '.join(said))}</li>")
    return (
        '<details><summary data-lm-suppress-shortcuts="true">Sources and dates</summary>'
        f"<p>MTEB: {TASKS}.</p><ul>{''.join(lines)}</ul></details>"
    )


@cache
def _part(name: str) -> str:
    return files("lib").joinpath("browser", name).read_text(encoding="utf-8").strip()
