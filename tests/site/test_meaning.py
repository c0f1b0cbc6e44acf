from pathlib import Path

import pytest
import torch
import yaml

from course_site import distil, meaning
from course_site.sections import Section

ROOT = Path(__file__).parents[2]
TEXTS = {
    "Pooling": "The mean of the token vectors gives one vector for a sentence. Padding is left out.",
    "Negatives": "A negative is a wrong passage. Hard ones are close to the query and teach the most.",
    "Sandbox": "A student's notebook runs in isolation, without the network and without your files.",
    "Cost": "An index of bytes takes less memory on disk than one of float numbers.",
}
SECTIONS = [Section(f"page/{t}", "", t, "Course", text) for t, text in TEXTS.items()]


@pytest.fixture(scope="module")
def index(encoder):
    return meaning.make(encoder, SECTIONS, whole=False)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("average of tokens", "Pooling"),
        ("hard wrong passages", "Negatives"),
        ("run a notebook of a student", "Sandbox"),
        ("memory of an index", "Cost"),
    ],
)
def test_a_query_finds_the_section_that_it_means(index, encoder, query, title):
    vector = meaning.query_vectors(index, encoder, [query])
    assert SECTIONS[int(meaning.scores(index, vector).argmax())].title == title


def test_what_is_written_is_what_the_index_holds(index, encoder, tmp_path):
    names = meaning.vocabulary(encoder)
    size = meaning.write(index, names, tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert size == sum(map(len, files.values()))
    dim = index.passages.shape[1]
    read = torch.frombuffer(bytearray(files["tokens.bin"]), dtype=torch.int8).view(-1, dim)
    assert torch.equal(read, index.tokens)
    assert files["vocabulary.txt"].decode().split("\n")[101] == "[CLS]" == names[101]


def test_fragments_are_the_same_each_time_and_short():
    found = distil.fragments(list(TEXTS.values()))
    assert found == distil.fragments(list(TEXTS.values()))
    assert "Padding is left out." in found
    assert max(len(part.split()) for part in found) <= 40


def test_nothing_to_search_is_refused(encoder):
    with pytest.raises(ValueError, match="texts is empty"):
        distil.distil(encoder, [])


def test_the_questions_name_their_sections():
    asked = yaml.safe_load((ROOT / "site" / "queries.yaml").read_text(encoding="utf-8"))
    assert len(asked) >= 40
    assert len({question["query"] for question in asked}) == len(asked)
    assert all("#" in right for question in asked for right in question["right"])
