"""A folder of text files becomes a corpus, and what cannot be read is said."""

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import int8_search
from lib.search_page import serve
from lib.text_folder import TextFolder, load_folder, split_paragraphs

TEXTS = st.text(
    st.sampled_from("ab é.!?\n\n\t\r\u2028“)") | st.characters(exclude_categories=["Cs"]),
    max_size=400,
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(1, 60))
def test_no_passage_is_too_long_and_only_white_space_is_lost(text, longest):
    passages = split_paragraphs(text, longest)
    assert all(0 < len(passage) <= longest for passage in passages)
    assert "".join("".join(passages).split()) == "".join(text.split())


def test_paragraphs_share_a_passage_while_they_fit():
    assert split_paragraphs("one\n\ntwo\n \n\nthree four", 9) == ["one\n\ntwo", "three", "four"]
    assert split_paragraphs("one\r\n\r\ntwo", 100) == ["one\n\ntwo"]
    assert split_paragraphs(" \n ") == []


def test_a_long_paragraph_is_cut_at_the_ends_of_sentences_then_between_words():
    text = "It rains. It pours! “Does it?” it does indeed, and for long."
    assert split_paragraphs(text, 31) == [
        "It rains. It pours! “Does it?”",
        "it does indeed, and for long.",
    ]
    assert split_paragraphs("one two three", 7) == ["one two", "three"]
    assert split_paragraphs("abcdefgh", 3) == ["abc", "def", "gh"]


def _write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_folder_becomes_passages_with_titles_and_folders(tmp_path):
    files = {
        "b.txt": "Bread\n\nFlour and water.",
        "a_first-note.txt": "No heading here, it goes on\nin the next line.",
        "soup__leek.txt": "# Leek soup #\nLeek. " + "Boil it. " * 200,
        "other.md": "not asked for",
        ".hidden.txt": "hidden",
        ".git__config.txt": "hidden",
    }
    _write(tmp_path, **files)
    corpus = load_folder(tmp_path)
    assert corpus.titles[:2] == ["a first note", "Bread"]
    assert corpus.ids[:3] == ["a_first-note.txt", "b.txt", "soup/leek.txt#1"]
    assert corpus.titles[2:] == ["Leek soup", "Leek soup (2)"]
    assert corpus.branches == [tmp_path.name] * 2 + ["soup"] * 2
    assert corpus.passages[1] == "Bread\n\nFlour and water."
    assert all(len(passage) <= 1_000 for passage in corpus.passages)
    assert (len(corpus), corpus.files, corpus.left_out) == (4, 3, [])
    assert str(corpus) == f"{tmp_path.name}: 4 passages from 3 files."
    assert load_folder(tmp_path, "*.md").passages == ["not asked for"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_with_a_mark_is_read_by_it(tmp_path, encoding):
    _write(tmp_path, **{"a.txt": "Ärzte und Übel".encode(encoding)})
    assert load_folder(tmp_path).passages == ["Ärzte und Übel"]


def test_what_cannot_be_read_is_left_out_with_its_reason(tmp_path):
    outside = tmp_path / "outside"
    _write(outside, **{"secret.txt": "not yours", "deep__more.txt": "nor this"})
    folder = tmp_path / "notes"
    _write(
        folder,
        **{
            "good.txt": "Good.",
            "empty.txt": " \n",
            "old.txt": "Müller".encode("cp1252"),
            "picture.txt": b"\x89PNG\0\0",
            "large.txt": b"x" * 2_001,
        },
    )
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "below").symlink_to(outside, target_is_directory=True)
    os.mkfifo(folder / "pipe.txt")
    corpus = load_folder(folder, largest=2_000)
    assert corpus.passages == ["Good."]
    said = dict(one.split(": ", 1) for one in corpus.left_out)
    assert said["empty.txt"] == "it is empty."
    assert re.search(r"byte 1 is not utf-8; .*encoding=\"cp1252\"", said["old.txt"])
    assert "no text" in said["picture.txt"]
    assert "over 0.002 MB" in said["large.txt"]
    assert "link, which is not followed" in said["link.txt"]
    assert "pipe" in said["pipe.txt"]
    assert len(said) == 6
    assert str(corpus).startswith("notes: 1 passage from 1 file; 6 files left out:\n- empty.txt: ")
    assert "- and 1 file more; see left_out" in str(corpus)
    assert load_folder(folder, "old*", encoding="cp1252").passages == ["Müller"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read_is_left_out(tmp_path):
    _write(tmp_path, **{"a.txt": "A", "b.txt": "B"})
    (tmp_path / "b.txt").chmod(0)
    assert load_folder(tmp_path).left_out == ["b.txt: Permission denied."]


def test_a_folder_that_is_none_is_refused_in_a_sentence(tmp_path):
    _write(tmp_path, **{"a.md": "text", "empty__e.txt": ""})
    with pytest.raises(FileNotFoundError, match=r"there is no .*give its whole path"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError, match=r'pattern="a.md"'):
        load_folder(tmp_path / "a.md")
    with pytest.raises(ValueError, match=r"fits the pattern '\*.rst'.* end in \.md"):
        load_folder(tmp_path, "*.rst")
    with pytest.raises(ValueError, match=r"none of 1 file .*\n- empty/e.txt: it is empty"):
        load_folder(tmp_path)
    with pytest.raises(LookupError, match="unknown encoding"):
        load_folder(tmp_path, encoding="none such")
    with pytest.raises(ValueError, match="longest is 0"):
        load_folder(tmp_path, longest=0)


def test_too_many_passages_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("lib.text_folder.MOST_PASSAGES", 3)
    _write(tmp_path, **{"a.txt": "abcd"})
    with pytest.raises(ValueError, match=r"over 3 passages; .*every one is encoded"):
        load_folder(tmp_path, longest=1)


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes there alone")
def test_a_name_that_is_no_text_is_still_a_name(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w") as file:
        file.write("Coffee.")
    corpus = load_folder(tmp_path)
    assert corpus.ids == ["caf?.txt"]
    assert isinstance(corpus, TextFolder)


NOTES = {
    "bread.txt": "Let the dough rest overnight in a cool place, then bake it hot.",
    "garden/tomatoes.txt": "Tomatoes\n\nWater them in the morning, and not over the leaves.",
    "bicycle.txt": "Oil the chain and pump up the tyres before a long ride.",
}


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("how do I make a loaf?", "bread"),
        ("when do plants need a drink", "Tomatoes"),
        ("my wheels are flat", "bicycle"),
    ],
)
def test_a_folder_is_loaded_indexed_searched_and_answered(tmp_path, encoder, question, title):
    for name, text in NOTES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    mine = load_folder(tmp_path)
    files = int8_search.build_index(mine.passages, model=encoder)

    def search(query, k):
        return int8_search.search(files, [query], k, model=encoder)[0]

    with serve(search, mine.passages, mine.titles, title=f"Notes of {title}") as page:
        hits = page.answer(question)["hits"]
    assert mine.titles[hits[0]["row"]] == title
    assert {hit["row"] for hit in hits} == {0, 1, 2}
