from docutils import nodes
from docutils.core import publish_doctree

from course_site import sections

PAGE = """
Top
===

The whole page has an opening sentence.

One
---

Some words of the first section.

.. code::

   secret = "code is left out"

Deep
~~~~

Below the first section another one.

Short
-----

Too few.
"""


def of(document) -> list[sections.Section]:
    return list(sections.of_document("lessons/x", document))


def document(text: str = PAGE):
    return publish_doctree(text, settings_overrides={"doctitle_xform": False})


def test_each_section_has_its_own_prose_and_no_other_s():
    found = of(document())
    assert [(s.anchor, s.title) for s in found] == [("", "Top"), ("one", "One"), ("deep", "Deep")]
    assert found[1].text == "Some words of the first section."
    assert {s.of for s in found} == {"Top"}


def test_worked_answers_are_left_out():
    made = document()
    section = list(made.findall(nodes.section))[1]
    section += nodes.raw("", '<details class="worked"><summary>Show</summary>', format="html")
    section += nodes.paragraph("", "The answer is that nobody should find this.")
    section += nodes.raw("", "</details>", format="html")
    section += nodes.paragraph("", "And afterwards it goes on.")
    text = of(made)[1].text
    assert text == "Some words of the first section. And afterwards it goes on."


def test_pages_that_only_list_others_are_left_out():
    assert list(sections.of_document("guides", document())) == []
