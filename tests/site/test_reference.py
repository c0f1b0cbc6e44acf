from pathlib import Path

import pytest
from docutils.core import publish_doctree
from docutils.nodes import bullet_list, literal, literal_block, paragraph, problematic, strong

from course_site import reference

ROOT = Path(__file__).parents[2]


def shown(text: str):
    rst = "\n".join(reference.to_rst(text.split("\n")))
    return publish_doctree(rst, settings_overrides={"report_level": 5})


def texts(document, kind) -> list[str]:
    return [node.astext() for node in document.findall(kind)]


def test_arguments_are_a_list_whether_indented_or_not():
    found = shown(
        "Train.\n\nqueries: texts,\n  one a row.  \npassages, others: (n, dim)\nand so on.\nRaises E."
    )
    assert texts(found, strong) == ["queries", "passages, others"]
    items = [item.astext() for item in next(iter(found.findall(bullet_list)))]
    assert items == ["queries: texts, one a row.", "passages, others: (n, dim) and so on."]
    assert texts(found, paragraph)[-1] == "Raises E."


def test_names_in_backticks_are_code_and_signs_stay_as_they_are():
    found = shown("Every row of `a` with `b`s: *args, **kw, |x|, x_ and a_b.")
    assert texts(found, literal) == ["a", "b"]
    assert texts(found, paragraph) == ["Every row of a with bs: *args, **kw, |x|, x_ and a_b."]
    assert texts(found, problematic) == []


def test_what_is_indented_after_a_colon_or_an_empty_line_stands_as_it_is():
    found = shown("Three forms:\n    one  x\n    two  y\nmore.\n\n  apart  z")
    assert [block.split() for block in texts(found, literal_block)] == [
        ["one", "x", "two", "y"], ["apart", "z"]
    ]  # fmt: skip


def test_examples_stay_as_they_are():
    found = shown("A mean.\n\n>>> mean_of_two(2.0, 4.0)\n3.0")
    assert ">>> mean_of_two(2.0, 4.0)\n3.0" in found.astext()


@pytest.mark.parametrize("name", ["lib.pooling", "lib.learn", "lib.explore"])
def test_every_public_module_has_its_page_and_line(name):
    assert reference.modules(ROOT)[name]


def test_modules_that_are_not_public_have_none():
    assert not [name for name in reference.modules(ROOT) if "._" in name or "checks" in name]
