from harness.reports.prose import prose


def test_a_lesson_s_markdown_becomes_html_that_loads_nothing():
    found = prose(
        "### Exercise\n\nA *b* `c<d` <b>x</b> $x^2$ [page](http://a.b) ![picture](p.png)\n\n"
        "- **a)** one\n\n```python\nx < 1\n```\n"
    )
    assert "<strong>Exercise</strong>" in found
    assert "<math" in found
    assert "c&lt;d" in found
    assert "x &lt; 1" in found
    assert "&lt;b&gt;" in found
    for absent in ("<h3", "<a ", "<img", "src="):
        assert absent not in found
