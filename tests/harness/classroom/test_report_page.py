import html.parser

from harness.classroom.report import ClassReport
from harness.classroom.report_page import to_page
from tests.harness.classroom.test_report_text import CLASS, ONE


class _Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.alts = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        if tag == "svg":
            self.alts.append(dict(attrs)["aria-label"])


def _tags(text):
    reader = _Tags()
    reader.feed(text)
    return reader


def test_every_figure_says_in_words_what_it_shows_and_has_its_table():
    tags = _tags(to_page(CLASS))
    assert len(tags.alts) == 1 + 2 * 3
    assert "02_pooling 62%" in tags.alts[0]
    assert "12 with 90-100%" in tags.alts[1]
    assert "mean check 9 of 12; mean hidden 7 of 12" in tags.alts[2]
    assert "mean: 7 right, 5 named mistake" in tags.alts[3]
    assert tags.found.count("table") == 3
    assert not {"script", "img", "a", "link"} & set(tags.found)


def test_nobody_is_named_unless_it_is_asked_for():
    assert "eve" not in to_page(CLASS)
    named = to_page(CLASS, names=True)
    assert "<li>eve: No notebook &lt;script&gt;" in named
    assert "<li>max</li>" in named


def test_a_class_of_nobody_has_a_page():
    empty = type(ONE)(**{**vars(ONE), "statuses": {}, "mean": None, "median": None})
    assert "<svg" not in to_page(ClassReport((empty,)))
    assert "Class report" in to_page(ClassReport(()))
