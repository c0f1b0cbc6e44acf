from tests.malformed import table


def test_the_document_has_every_kind():
    assert table.DOCUMENT.read_text(encoding="utf-8") == table.document()
