import html.parser
from dataclasses import replace

from harness.classroom.similar import pairs
from harness.classroom.similar_page import describe, to_page
from tests.harness.classroom.test_similar import READING, _class, _own, _renamed

HOSTILE = "<script>alert(1)</script>\x1b[2J"
TEXTS = _class(30) | {HOSTILE: {"mean": f"# {HOSTILE}\n" + _renamed(_own(7))}}


class _Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_both_stand_side_by_side_with_marked_lines_and_nothing_runs():
    found = pairs(TEXTS, READING)
    page = to_page(found, HOSTILE, TEXTS, READING, 20)
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert "script" not in tags.seen
    assert tags.seen.count("mark") > 20
    assert "\x1b" not in page
    assert "Alike is not copied" in page
    assert "31 hand-ins were compared; 1 pair" in page


def test_a_match_is_told_in_words():
    (pair,) = pairs(TEXTS, READING).pairs
    said = describe(pair.matches[0], 31)
    assert said.startswith("mean: 100% of what is the student's own is the same (")
    assert "hand-ins have on average)" in said
    assert "that nobody else has" in describe(replace(pair.matches[0], holders=2.0), 31)
