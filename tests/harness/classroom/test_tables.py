"""Tables are read in whatever form a teacher's program saved them."""

import pytest

from harness.classroom.errors import ClassroomError
from harness.classroom.tables import read

ROWS = [["id", "name"], ["ada", "Žofie, Ω"], ["bob", 'a "b"\nc']]


def _quoted(mark: str) -> str:
    cells = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in ROWS]
    return "\r\n".join(mark.join(row) for row in cells) + "\r\n"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_separator_and_encoding_gives_the_same_rows(tmp_path, mark, coding):
    path = tmp_path / "x.csv"
    path.write_bytes(_quoted(mark).encode(coding))
    table = read(path)
    assert table.headings == ["id", "name"]
    assert [row for _, row in table.rows] == [
        {"id": "ada", "name": "Žofie, Ω"},
        {"id": "bob", "name": 'a "b"\nc'},
    ]
    assert table.remark == ""


def test_lines_are_those_of_the_file_and_empty_rows_are_none(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("sep=;\nid;name\n\n;\nada;A\n")
    assert [number for number, _ in read(path).rows] == [5]


def test_an_old_encoding_is_guessed_and_said(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("id,name\nada,Müller\n".encode("cp1252"))
    table = read(path)
    assert table.rows[0][1]["name"] == "Müller"
    assert "look at names with accents" in table.remark


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no headings"),
        (b"PK\x03\x04x", "workbook: save it as CSV"),
        (b"id,id\n1,2\n", "two columns 'id'"),
        (b"\xff\xfea", "damaged"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, content, said):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(ClassroomError, match=said):
        read(path)
    (tmp_path / "link.csv").symlink_to(path)
    with pytest.raises(ClassroomError, match="cannot be read"):
        read(tmp_path / "link.csv")
