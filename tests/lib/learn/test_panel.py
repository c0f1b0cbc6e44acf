import html
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.learn.panel import _STATES, Code, Grids, Panel, Table

STATES = list(_STATES)
HOSTILE = "<img src=x onerror='alert(1)'> \" & </section> `<b>`"


class Elements(HTMLParser):
    """The tags, attributes and text of a piece of HTML; it fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.open, self.text = [], [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "


def panel(text: str, state: str = "wrong") -> Panel:
    table = Table(["Column", text], [[text, "b"], [text, "d"]])
    grids = Grids(["yours", text], [np.eye(2), np.eye(2)])
    return Panel(state, text, [text, Code(text, text), table, grids])


ALLOWED = {
    *("section", "div", "strong", "span", "p", "pre", "code", "table", "thead", "tbody"),
    *("tr", "th", "td", "figure", "figcaption"),
}


@pytest.mark.parametrize("state", STATES)
def test_no_text_can_bring_in_a_tag_or_an_attribute(state):
    found = Elements(panel(HOSTILE, state).html())
    assert set(found.tags) <= ALLOWED
    assert not any(name.startswith("on") for _, pairs in found.attributes for name in pairs)
    assert "onerror" in found.text
    assert found.text.count("alert(1)") == 8


@given(st.text())
def test_any_text_stays_text(text):
    found = Elements(panel(text).html())
    assert set(found.tags) <= ALLOWED


@pytest.mark.parametrize("state", STATES)
def test_a_screen_reader_is_told_the_state_in_words(state):
    title = 'mean_pool: it\'s "wrong" & more'
    section = next(
        pairs for tag, pairs in Elements(Panel(state, title).html()).attributes if tag == "section"
    )
    assert section["role"] == "status"
    assert section["aria-label"] == title


def test_signs_are_hidden_from_screen_readers_and_differ_by_state():
    signs = {state: sign for state, (_, sign) in _STATES.items()}
    assert len(set(signs.values())) == len(signs)
    for state, sign in signs.items():
        assert f"<span aria-hidden='true'>{html.escape(sign)}</span>" in Panel(state, "t").html()
        assert Panel(state, "t").plain() == f"[{sign}] t"


def test_tables_have_column_headers():
    found = Elements(Table(["One", "Two"], [["1", "2"]]).html())
    assert [pairs["scope"] for tag, pairs in found.attributes if tag == "th"] == ["col", "col"]


def test_plain_says_all_that_the_html_says():
    parts = ["a paragraph", Code("x = 1\ny = 2", "Given"), Table(["Name", "N"], [["one", "1"]])]
    shown = Panel("wrong", "title", parts)
    plain = shown.plain().split()
    for word in Elements(shown.html()).text.split():
        assert word in plain or word == "✗" or any(word in p for p in plain), word
    assert "Given:\n    x = 1\n    y = 2" in shown.plain()
    assert "Name  N\none   1" in shown.plain()


def test_code_between_backticks_is_set_as_code_and_a_single_one_stays():
    assert "<code>hint(&quot;x&quot;)</code>" in Panel("info", 'Try `hint("x")`.').html()
    assert "a ` b" in Panel("info", "a ` b").html()
    assert 'Try `hint("x")`.' in Panel("info", 'Try `hint("x")`.').plain()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3)),
        np.array([[math.nan, math.inf], [-math.inf, 1e308]]),
        np.full((2, 2), math.nan),
        np.array([[True, False]]),
        np.array([[1, -2]], dtype=np.int8),
        np.array([[-128, 1]], dtype=np.int8),
        np.array([[200, 1]], dtype=np.uint8),
        np.zeros((0, 3)),
    ],
    ids=str,
)
def test_any_matrix_can_be_drawn(array):
    shown = Elements(Grids(["yours"], [array]).html())
    assert shown.tags.count("td") == array.size
    assert "yours" in shown.text


def test_strength_of_colour_follows_the_value():
    shown = Grids(["yours"], [np.array([[0.0, 1.0, -2.0]])]).html()
    blue = [float(a) for a in re.findall(r"rgba\(0,114,178,([\d.]+)\)", shown)]
    (vermilion,) = (float(a) for a in re.findall(r"rgba\(213,94,0,([\d.]+)\)", shown))
    assert blue[0] == 0
    assert blue[1] == pytest.approx(vermilion / 2, abs=0.01)
    assert vermilion > 0.4


def test_a_record_travels_beside_and_is_never_shown():
    shown = Panel("info", "title", ["text"], {"kind": "headline", "text": "secret"})
    bundle = shown._repr_mimebundle_()
    assert bundle["application/vnd.embeddings-course+json"] == {
        "kind": "headline",
        "text": "secret",
    }
    assert "secret" not in bundle["text/plain"] + bundle["text/html"]
    assert len(Panel("info", "title")._repr_mimebundle_()) == 2


def test_outside_of_jupyter_a_panel_prints(capsys):
    Panel("passed", "title", ["text"]).display()
    assert capsys.readouterr().out == "[✓] title\ntext\n"
    assert repr(Panel("passed", "title")) == "[✓] title"
