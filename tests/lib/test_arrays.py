"""Arrays in a folder: written whole or not at all, mapped, and counted by the file system."""

import json

import numpy as np
import pytest

from lib import _arrays
from lib._arrays import bytes_on_disk, read_arrays, write_arrays

ARRAYS = {
    "numbers": np.arange(12, dtype=np.float16).reshape(3, 4),
    "bytes": np.arange(5, dtype=np.uint8),
    "nothing": np.empty((0, 4), dtype=np.int32),
}


def test_what_was_written_is_read_and_mapped(tmp_path):
    write_arrays(tmp_path / "index", ARRAYS, {"kind": "test"})
    facts, arrays = read_arrays(tmp_path / "index")
    assert facts == {"kind": "test"}
    assert set(arrays) == set(ARRAYS)
    for name, expected in ARRAYS.items():
        assert arrays[name].dtype == expected.dtype
        assert np.array_equal(arrays[name], expected)
    assert isinstance(arrays["numbers"], np.memmap)


def test_writing_into_a_mapped_array_leaves_the_file_alone(tmp_path):
    write_arrays(tmp_path, ARRAYS, {})
    read_arrays(tmp_path)[1]["numbers"][0] = 99
    assert np.array_equal(read_arrays(tmp_path)[1]["numbers"], ARRAYS["numbers"])


def test_bytes_are_those_of_the_files(tmp_path):
    write_arrays(tmp_path, ARRAYS, {})
    sizes = bytes_on_disk(tmp_path)
    assert set(sizes) == {*ARRAYS, "index.json"}
    assert sum(sizes.values()) == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert sizes["numbers"] == 128 + 24  # NumPy's header, and two bytes a number


def test_a_second_index_takes_the_place_of_the_first(tmp_path):
    (tmp_path / "notes-mine.npy").write_bytes(b"not ours")
    write_arrays(tmp_path, ARRAYS, {"number": 1})
    mapped = read_arrays(tmp_path)[1]["numbers"]
    write_arrays(tmp_path, {**ARRAYS, "numbers": ARRAYS["numbers"] + 1}, {"number": 2})
    assert read_arrays(tmp_path)[0] == {"number": 2}
    assert read_arrays(tmp_path)[1]["numbers"][0, 0] == 1
    assert mapped[0, 0] == 0, "a reader keeps what it has mapped"
    assert len(list(tmp_path.iterdir())) == len(ARRAYS) + 2
    assert (tmp_path / "notes-mine.npy").exists()


def test_a_writer_that_is_stopped_leaves_the_old_index(tmp_path, monkeypatch):
    write_arrays(tmp_path, ARRAYS, {"number": 1})
    write = _arrays.write_whole

    def stopped(path, content):
        if path.name.startswith("bytes"):
            raise OSError("no space left")
        write(path, content)

    monkeypatch.setattr(_arrays, "write_whole", stopped)
    changed = {name: array + 1 for name, array in ARRAYS.items()}
    with pytest.raises(OSError, match="no space left"):
        write_arrays(tmp_path, changed, {"number": 2})
    facts, arrays = read_arrays(tmp_path)
    assert facts == {"number": 1}
    assert np.array_equal(arrays["numbers"], ARRAYS["numbers"])


def test_a_folder_without_an_index_and_a_damaged_one_are_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match="build one there first"):
        read_arrays(tmp_path)
    write_arrays(tmp_path, ARRAYS, {})
    file = next(tmp_path.glob("numbers-*.npy"))
    whole = file.read_bytes()
    for damaged, message in (
        (lambda: file.write_bytes(whole[:-1]), "has 151 bytes, not 152"),
        (lambda: file.write_bytes(b"x" * len(whole)), "damaged"),
        (file.unlink, "build it again"),
        (lambda: (tmp_path / "index.json").write_text("{"), "damaged"),
        (lambda: (tmp_path / "index.json").write_text(json.dumps({"files": []})), "damaged"),
    ):
        damaged()
        with pytest.raises(ValueError, match=message):
            read_arrays(tmp_path)
