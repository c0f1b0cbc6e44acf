import zipfile
from pathlib import Path

import pytest

import lib
from harness.author import loading, notebooks
from harness.bundle import folder

ROOT = Path(lib.__file__).parents[1]


@pytest.fixture(scope="session")
def files():
    """The files of a bundle of all lessons."""
    lessons = loading.load(ROOT)
    given = {
        one.slug: {f"{one.slug}.ipynb": notebooks.to_text(notebooks.release_notebook(one)).encode()}
        for one in lessons
    }
    return folder.files(ROOT, lessons, given)


@pytest.fixture(scope="session")
def written(files, tmp_path_factory):
    """The bundle as a student has it: a folder of its own."""
    place = tmp_path_factory.mktemp("bundle") / "course"
    folder.write(files, place)
    return place


@pytest.fixture(scope="session")
def unpacked(written, tmp_path_factory):
    """What the wheel installs, in a folder that has nothing else."""
    place = tmp_path_factory.mktemp("installed")
    (wheel,) = written.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place
