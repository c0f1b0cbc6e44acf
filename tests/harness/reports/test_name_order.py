"""People are sorted as people look for them."""

import random

from harness.reports.name_order import name_order


def _sorted(*names: str) -> list[str]:
    shuffled = list(names)
    random.Random(1).shuffle(shuffled)
    return sorted(shuffled, key=name_order)


def test_a_letter_with_a_stroke_stands_where_its_letter_does():
    names = ["Adam", "adele", "Æther", "Đorđe", "Éva", "Łukasz", "Lund", "Oak", "Ömer", "Ørsted"]
    assert _sorted(*names, "Þor", "Zeta") == [*names, "Þor", "Zeta"]


def test_capitals_and_apostrophes_make_no_difference():
    assert _sorted("O'Neil", "Oak", "oneida", "Onyx") == ["Oak", "oneida", "O'Neil", "Onyx"]


def test_two_names_that_differ_have_two_keys_and_one_order():
    assert _sorted("Øst", "Ost", "ost") == ["Ost", "ost", "Øst"]
    assert len({name_order(name) for name in ("Øst", "Ost", "ost", "Öst")}) == 4


def test_other_alphabets_stay_in_their_own_order_behind_the_latin_one():
    assert _sorted("Ζωή", "Ánna", "Άννα", "Ян", "Anna") == ["Anna", "Ánna", "Άννα", "Ζωή", "Ян"]
