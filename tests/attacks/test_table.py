import json
from pathlib import Path

from tests.attacks import table
from tests.attacks.inside import INSIDE
from tests.attacks.outside import OUTSIDE
from tests.attacks.structure import STRUCTURE


def test_the_document_says_what_was_found():
    assert table.DOCUMENT.read_text(encoding="utf-8") == table.document()


def test_every_attack_was_tried_against_stock_and_many_won():
    stock = json.loads(Path(table.__file__).with_name("stock.json").read_text())
    names = [attack.name for attack in [*INSIDE, *STRUCTURE, *OUTSIDE]]
    assert set(stock) == set(names)
    assert len(names) >= 45
    assert sum("**" in table._said(stock[a.name], a) for a in [*INSIDE, *STRUCTURE, *OUTSIDE]) > 40
