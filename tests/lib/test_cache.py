import multiprocessing
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
import torch

from lib.cache import EmbeddingCache, remember

KEY = "abc123"


def vectors(n, dim=8, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def test_what_is_put_comes_back_bit_for_bit_and_the_rest_is_none(tmp_path):
    texts = [f"text {i}" for i in range(1_200)] + ["", "ünï\ud800"]
    rows = vectors(len(texts))
    EmbeddingCache(tmp_path).put(KEY, texts, rows)
    found = EmbeddingCache(tmp_path).get(KEY, [*texts, "unknown", texts[3]])
    assert torch.equal(torch.stack(found[: len(texts)]), rows)
    assert found[-2] is None
    assert torch.equal(found[-1], rows[3])
    assert EmbeddingCache(tmp_path).get("other", texts[:1]) == [None]


def test_rows_must_match_texts_and_fingerprints_be_plain(tmp_path):
    cache = EmbeddingCache(tmp_path)
    with pytest.raises(ValueError, match=r"2 texts came with vectors of shape \(3, 8\)"):
        cache.put(KEY, ["a", "b"], vectors(3))
    with pytest.raises(ValueError, match="letters and digits"):
        cache.get("../x", ["a"])


@pytest.mark.parametrize("damage", ["garbage", "truncated", "overwritten"])
def test_damaged_file_is_set_aside_with_a_message_and_rebuilt(tmp_path, capsys, damage):
    cache = EmbeddingCache(tmp_path)
    texts = [f"text {i}" for i in range(500)]
    cache.put(KEY, texts, vectors(500, 64))
    path = cache.path(KEY)
    content = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"this is no database at all" * 500)
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 3])
    else:
        path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert cache.get(KEY, texts) == [None] * 500
    assert "is damaged" in capsys.readouterr().out
    assert len(list(tmp_path.glob("*.damaged"))) == 1
    cache.put(KEY, texts, vectors(500, 64))
    assert torch.equal(torch.stack(cache.get(KEY, texts)), vectors(500, 64))


def test_put_on_a_damaged_file_rebuilds_it(tmp_path, capsys):
    cache = EmbeddingCache(tmp_path)
    cache.path(KEY).write_bytes(b"x" * 5_000)
    cache.put(KEY, ["a"], vectors(1))
    assert "is damaged" in capsys.readouterr().out
    assert torch.equal(cache.get(KEY, ["a"])[0], vectors(1)[0])


def test_flipped_bit_in_a_vector_counts_as_not_kept(tmp_path):
    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, ["a"], vectors(1))
    with sqlite3.connect(cache.path(KEY)) as link:
        (blob,) = link.execute("SELECT vector FROM vectors").fetchone()
        link.execute("UPDATE vectors SET vector = ?", (bytes([blob[0] ^ 1]) + blob[1:],))
    link.close()
    assert cache.get(KEY, ["a"]) == [None]


def test_disk_that_cannot_be_written_is_said_once_and_survived(tmp_path, capsys, monkeypatch):
    cache = EmbeddingCache(tmp_path)

    def full(path, rows):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(cache, "_write", full)
    cache.put(KEY, ["a"], vectors(1))
    cache.put(KEY, ["b"], vectors(1))
    assert capsys.readouterr().out.count("going on without it") == 1


def _put_many(folder, offset):
    cache = EmbeddingCache(folder)
    for i in range(15):
        cache.put(KEY, [f"{offset}-{i}", f"shared {i}"], vectors(2, seed=i))


def test_two_processes_write_at_once_and_lose_nothing(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_put_many, args=(tmp_path, n)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    texts = [f"{n}-{i}" for n in range(2) for i in range(15)]
    assert all(found is not None for found in EmbeddingCache(tmp_path).get(KEY, texts))


@pytest.mark.slow
def test_killed_writer_leaves_whole_transactions(tmp_path):
    code = (
        "import itertools, sys, torch; from lib.cache import EmbeddingCache\n"
        "cache = EmbeddingCache(sys.argv[1])\n"
        "for i in itertools.count():\n"
        f"    cache.put('{KEY}', [f'{{i}}/{{j}}' for j in range(400)], torch.full((400, 256), i + 0.0))\n"
        "    print(i, flush=True)\n"
    )
    for seconds in (0.0, 0.013, 0.037):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        done = int(writer.stdout.readline())
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        done = max([done, *(int(line) for line in writer.stdout if line.strip())])
        writer.wait(10)
        writer.stdout.close()
        cache = EmbeddingCache(tmp_path)
        for i in range(done + 3):
            rows = cache.get(KEY, [f"{i}/{j}" for j in range(400)])
            kept = [row for row in rows if row is not None]
            assert len(kept) in ((400,) if i <= done else (0, 400))
            assert all(torch.equal(row, torch.full((256,), i + 0.0)) for row in kept)
    assert not list(tmp_path.glob("*.damaged"))


FACTS = {"seed": 0, "lr": 1e-3, "layers": ["a", "b"]}


class Made:
    """Gives a small model's tensors and counts how often it was asked."""

    def __init__(self):
        self.times = 0
        weight = vectors(3, 5).requires_grad_(True)
        self.tensors = {
            "weight": weight,
            "tied": weight.T,  # shares memory with weight, and its rows are not in order
            "loss": torch.tensor(0.1, dtype=torch.float64),
            "half": vectors(2, 2).bfloat16(),
            "mask": torch.tensor([True, False]),
            "none": torch.empty(0, 4),
        }

    def __call__(self):
        self.times += 1
        return self.tensors


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name
        assert found[name].dtype == tensor.dtype
        assert found[name].device.type == "cpu"
        assert not found[name].requires_grad


def test_what_is_remembered_is_made_once_and_comes_back_bit_for_bit(tmp_path, capfd):
    make = Made()
    for facts in (FACTS, dict(reversed(FACTS.items())), {**FACTS, "layers": ("a", "b")}):
        assert_same(remember("a-model-2", facts, make, tmp_path / "new" / "folder"), make.tensors)
    assert make.times == 1
    (file,) = (tmp_path / "new" / "folder").iterdir()
    assert file.name.startswith("a-model-2-")
    assert file.suffix == ".safetensors"
    assert capfd.readouterr() == ("", "")
    remember("a-model-2", {**FACTS, "seed": 1}, make, tmp_path)
    remember("another", FACTS, make, tmp_path)
    assert make.times == 3


def test_remembered_tensors_may_be_changed_without_harm(tmp_path):
    make = Made()
    for _ in range(3):
        found = remember("model", FACTS, make, tmp_path)
        assert_same(found, make.tensors)
        found["weight"] += 1
    assert make.times == 1


def test_remembered_tensors_lie_in_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    remember("model", FACTS, Made())
    (file,) = (tmp_path / "trained").iterdir()
    assert file.name.startswith("model-")


def test_damage_anywhere_in_a_remembered_file_is_noticed_and_mended(tmp_path, capfd):
    make = Made()
    remember("model", FACTS, make, tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    checksum = content.index(b"checksum") + 12
    weight = content.index(b"weight")
    places = [0, 3, 7, 8, length - 1, checksum, weight, length, length + 9, len(content) - 1]
    flipped = [content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :] for i in places]
    cut = [content[:n] for n in (0, 5, 50, length, len(content) - 1)]
    others = [content + b"x", b"no tensors at all" * 50, b"\x02" + b"\0" * 7 + b"{}"]
    for damaged in flipped + cut + others:
        file.write_bytes(damaged)
        before = make.times
        assert_same(remember("model", FACTS, make, tmp_path), make.tensors)
        assert make.times == before + 1
        shown = capfd.readouterr()
        assert shown.out.count("made anew") == 1
        assert (shown.out.count("\n"), shown.err) == (1, "")
        assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_a_disk_that_cannot_be_written_costs_only_the_keeping(tmp_path, capsys, monkeypatch):
    make = Made()

    def full(*args):
        raise OSError("disk full")

    monkeypatch.setattr("lib._files.os.replace", full)
    assert_same(remember("model", FACTS, make, tmp_path), make.tensors)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("no folder")
    assert_same(remember("model", FACTS, make, tmp_path / "file"), make.tensors)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "below"))
    assert_same(remember("model", FACTS, make), make.tensors)
    lines = capsys.readouterr().out.splitlines()
    assert ["disk full" in lines[0], len(lines)] == [True, 3]
    assert make.times == 3


def test_an_error_while_making_is_raised_and_nothing_is_kept(tmp_path):
    def fail():
        raise FloatingPointError("the loss is nan")

    with pytest.raises(FloatingPointError, match="nan"):
        remember("model", FACTS, fail, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../model", "a b", "-", "modèle"])
def test_remembered_names_are_plain(tmp_path, name):
    with pytest.raises(ValueError, match="letters, digits and hyphens"):
        remember(name, FACTS, Made(), tmp_path)


def test_facts_that_cannot_be_written_are_refused(tmp_path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        remember("model", {"weights": torch.ones(2)}, Made(), tmp_path)
