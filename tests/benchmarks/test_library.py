"""The benchmarks against other libraries run, compare like with like and say when results differ.

What they measure is not looked at here: that is for the machine they run on.
"""

import json

import pytest
import torch

from benchmarks.library import losses, measure, mining, search
from lib import _coarse

TINY = ((1, 300), (40, 2_500))


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch):
    """Threads and the 16-bit pass, which the benchmarks set for the whole process."""
    monkeypatch.setattr(_coarse, "pays", _coarse.pays)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("shape", TINY)
def test_every_search_finds_what_sorting_finds(shape):
    queries, passages = search.vectors(*shape)
    expected = (queries @ passages.T).topk(search.K).indices
    for name, prepare in search.SYSTEMS.items():
        found = prepare(queries, passages)()
        if name != "product alone":
            assert torch.equal(found, expected), name


def test_the_product_alone_is_that_of_all_queries_and_passages():
    queries, passages = search.vectors(3, 20)
    scores = search.product(queries, passages)()
    torch.testing.assert_close(scores, passages @ queries.T)


def test_a_search_that_finds_something_else_is_not_timed(monkeypatch):
    def wrong(queries, passages):
        return lambda: search.ours(queries, passages)().flip(1)

    monkeypatch.setitem(search.SYSTEMS, "faiss Flat", wrong)
    with pytest.raises(AssertionError, match="faiss Flat finds other passages"):
        search.times(TINY[0], 1)


def test_without_16_bits_the_first_pass_is_never_taken():
    queries, passages = torch.ones(20, 4), torch.ones(5_000, 4)
    measure.only_32_bits()
    assert not _coarse.pays(queries, passages, 10)


def test_all_systems_run_in_turn_and_ratios_are_between_neighbours():
    order = []
    systems = {name: lambda name=name: order.append(name) for name in ("ours", "other")}
    took = measure.turns(systems, rounds=3, repeat=2)
    there, back = ["ours"] * 2 + ["other"] * 2, ["other"] * 2 + ["ours"] * 2
    assert order == there + back + there
    assert {name: len(seconds) for name, seconds in took.items()} == {"ours": 3, "other": 3}
    assert measure.ratios({"ours": [1.0, 2.0], "other": [3.0, 2.0]})["other"] == [1.0, 3.0]


def test_a_process_gives_its_numbers_or_says_why_not():
    assert measure.in_a_process("print('a line')\nprint(1.5, 2)") == [1.5, 2.0]
    with pytest.raises(RuntimeError, match="no such thing"):
        measure.in_a_process("raise SystemExit('no such thing')")


def test_memory_is_what_was_held_at_most():
    [most] = measure.in_a_process(
        "from benchmarks.library import measure\n"
        "before = measure.high_water(reset=True)\n"
        "held = b'1' * (40 << 20)\ndel held\n"
        "print(measure.high_water() - before)"
    )
    assert 39 < most < 42


@pytest.mark.parametrize("bits", [[], ["--bits32"]])
def test_the_search_benchmark_prints_and_writes_a_row_each(bits, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(search, "SHAPES", TINY[:1])
    asked = []
    monkeypatch.setattr(
        search,
        "peaks",
        lambda name, shapes, threads, bits32: asked.append(bits32) or [1.0] * len(shapes),
    )
    path = tmp_path / "rows.json"
    search.main(["--rounds", "1", "--json", str(path), *bits])
    rows = json.loads(path.read_text())
    assert [row["system"] for row in rows] == list(search.SYSTEMS)
    assert set(asked) == {bool(bits)}
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(rows)


def test_both_miners_find_the_same_negatives():
    mining.quiet()
    arguments = mining.task((20, 300))
    assert mining.ours(*arguments) == mining.library(*mining.prepared(*arguments))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ours", "library"])
def test_the_mining_benchmark_measures_memory_of_both_alike(name):
    [small, large] = mining.peaks(name, [(20, 300), (3_000, 3_000)], 1)
    assert 0 <= small < large


def test_the_mining_benchmark_prints_and_writes_a_row_a_shape(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mining, "SHAPES", ((20, 300), (30, 200)))
    monkeypatch.setattr(mining, "peaks", lambda name, shapes, *_: [1.0, 2.0])
    path = tmp_path / "rows.json"
    mining.main(["--rounds", "1", "--json", str(path)])
    rows = json.loads(path.read_text())
    assert [(row["queries"], row["peak_mib"]) for row in rows] == [(20, [1, 1]), (30, [2, 2])]
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(rows)


@pytest.mark.slow
def test_all_training_steps_leave_the_same_gradient():
    model = losses.encoder()
    steps = losses.steps(model, 4)
    expected = losses.gradient(model, steps.pop("MNRL, library"))
    for name, step in steps.items():
        found = losses.gradient(model, step)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3, msg=name)
