import json
import re
from pathlib import Path

import pytest

from tests.attacks import table
from tests.attacks.elsewhere import ELSEWHERE
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


@pytest.mark.parametrize("one", ELSEWHERE, ids=lambda one: one.test)
def test_a_test_that_another_folder_has_is_there(one):
    text = (table.DOCUMENT.parents[1] / one.file).read_text(encoding="utf-8")
    assert re.search(rf"^def {one.test}\(", text, re.MULTILINE)


def test_every_row_of_the_threats_has_an_attack():
    text = table.DOCUMENT.read_text(encoding="utf-8")
    named = {int(row) for row in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert named == set(range(1, 68))
