import pytest

from benchmarks.fuzz import codec, hand_ins


@pytest.mark.parametrize("path", sorted(codec.SEEDS.iterdir()), ids=lambda p: p.stem)
def test_every_kept_seed_is_read_or_refused(path):
    codec.one(path.read_bytes())


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_every_hand_in_is_read_or_refused_in_time_and_memory(first):
    assert [hand_ins.broken(seed) for seed in range(first, first + 10)] == [None] * 10


def test_what_breaks_a_promise_is_told(monkeypatch, tmp_path, capsys):
    def fault(*_):
        raise ValueError("a fault")

    monkeypatch.setattr(hand_ins.reading, "read_submission", fault)
    assert hand_ins.broken(1) == "ValueError"
    assert hand_ins.main(["--count", "1", "--seed", "1", "--keep", str(tmp_path)]) == 1
    assert "seed 1: ValueError" in capsys.readouterr().out
    assert len(list(tmp_path.iterdir())) == 1


def test_a_hand_in_that_takes_too_much_memory_is_told(monkeypatch):
    monkeypatch.setattr(hand_ins.reading, "read_submission", lambda *_: bytearray(1 << 30))
    assert hand_ins.broken(1, mebibytes=200) == "memory"
