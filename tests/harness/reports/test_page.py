from harness.reports.page import page, text


def test_a_page_allows_nothing_but_its_own_style():
    found = page("A </title><script>", "<p>x</p>")
    assert "default-src 'none'; style-src 'unsafe-inline'" in found
    assert "<script" not in found
    assert '<html lang="en">' in found


def test_text_shows_what_anybody_wrote():
    assert text("<b>\x1b[31m\u202e&") == "&lt;b&gt;&amp;"
    assert len(text("x" * 99, 10)) == 10
