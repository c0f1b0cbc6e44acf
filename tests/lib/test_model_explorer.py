import json

import pytest
from bs4 import BeautifulSoup

from lib import explore
from lib._model_explorer import _COLUMNS
from lib.model_table import MODELS


def page(**options):
    made = explore.model_table(
        title="Models & more", **{"texts": 4_000, "tokens": 2_000_000} | options
    )
    return BeautifulSoup(made.html, "html.parser")


def test_the_table_can_be_read_without_its_script():
    rows = page().select("tbody tr")
    assert [row.th.text for row in rows] == [*MODELS]
    for row, card in zip(rows, MODELS.values()):
        cells = [cell.text for cell in row.select("td")]
        assert len(cells) == len(_COLUMNS) - 1
        assert cells[0] == (f"{card.mteb.value:g}" if card.mteb.value else "not stated")
        assert cells[1:3] == [f"{card.dim:,}", f"{card.max_tokens:,}"]
        assert cells[5] == f"{card.index_bytes(4_000) / 1e6:,.1f}"
        if card.is_service:
            assert float(cells[4]) == pytest.approx(card.price(2_000_000))
            assert float(cells[6]) == card.dollars.value
        else:
            assert cells[4] == cells[6] == "your machine"


def test_the_table_says_what_to_write_before_a_text():
    column = [name for name, _, _ in _COLUMNS].index("prefix to write") - 1
    said = {row.th.text: row.select("td")[column].text for row in page().select("tbody tr")}
    assert said["nomic-embed-text-v1.5"] == 'query "search_query: "; document "search_document: "'
    assert said["gte-Qwen2-7B-instruct"] == 'query "Instruct: (the task) (line break) Query: "'
    assert said["bge-large-en-v1.5"].startswith('query "Represent this sentence')
    assert said["all-MiniLM-L6-v2"] == said["voyage-3"] == "none"
    # no words of a family are left out
    for card in MODELS.values():
        for words in (card.prefix.query, card.prefix.document):
            assert words.partition("{task}")[0].strip() in said[card.key]


def test_every_figure_has_its_source_and_date_on_the_page():
    said = page().select("details li")
    for line, card in zip(said, MODELS.values(), strict=True):
        assert card.source in line.text
        assert f"{card.mteb.source}, as of {card.mteb.as_of}" in line.text
        assert f"prefix: {card.prefix.source}" in line.text


def test_fields_have_labels_and_the_spec_is_what_the_script_reads():
    made = page()
    assert all(field.find_parent("label") is not None for field in made.select("input, select"))
    spec = json.loads(made.section["data-spec"])
    assert [column[0] for column in spec["columns"]] == [
        b.text for b in made.select("thead button")
    ]
    assert made.section["aria-label"] == "Models & more"
    assert made.find(id=True) is None


@pytest.mark.parametrize("wrong", [{"texts": 0}, {"tokens": 0}])
def test_an_empty_corpus_is_refused(wrong):
    with pytest.raises(ValueError, match="expected a title and at least one text and token"):
        page(**wrong)
