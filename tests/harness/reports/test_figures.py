import xml.etree.ElementTree as ET

import pytest

from harness.reports import figures

HOSTILE = '<script>"&\x1b[2J\u202e' + "x" * 400


@pytest.mark.parametrize(
    "figure",
    [
        figures.bars([(HOSTILE, 0.5, HOSTILE), ("none", None, "")], HOSTILE, HOSTILE),
        figures.histogram([0, 3], [HOSTILE, "b"], HOSTILE, HOSTILE),
        figures.heat_map([(HOSTILE, [1, 0])], [HOSTILE, "two words"], HOSTILE, HOSTILE),
        figures.bars([], "t", "a"),
        figures.histogram([], [], "t", "a"),
        figures.heat_map([], [], "t", "a"),
    ],
)
def test_a_figure_is_whole_xml_with_words_and_nothing_that_runs(figure):
    root = ET.fromstring(figure)
    assert root.find("svg").get("aria-label")
    assert {one.tag for one in root.iter()} <= {
        "figure",
        "svg",
        "rect",
        "text",
        "line",
        "figcaption",
    }
    assert all(len(one.text or "") < 200 for one in root.iter("text"))


def test_a_bar_is_as_long_as_its_share_and_its_value_stands_beside_it():
    root = ET.fromstring(figures.bars([("a", 0.25, "1 of 4"), ("b", 2.0, "all")], "t", "a"))
    long = [x.get("width") for x in root.iter("rect") if x.get("class") == "bar"]
    assert long == ["25.00%", "100.00%"]
    assert {x.get("width") for x in root.iter("rect") if x.get("class") == "track"} == {"100%"}
    assert "1 of 4" in [one.text for one in root.iter("text")]


def test_a_cell_of_a_heat_map_holds_its_number_and_is_darker_for_more():
    root = ET.fromstring(figures.heat_map([("r", [3, 1, 0])], ["a", "b", "c"], "t", "a"))
    dark = [float(x.get("fill-opacity")) for x in root.iter("rect") if x.get("class") == "cell"]
    assert dark[0] > dark[1] > dark[2] == 0
    assert [x.text for x in root.iter("text") if x.text in "310"] == ["3", "1"]
