"""The benchmarks against other libraries run, compare like with like and say when results differ.

What they measure is not looked at here: that is for the machine they run on.
"""

import json

import pytest
import torch

from benchmarks.library import late_interaction, losses, measure, mining, search
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


_VECTORS = late_interaction.vectors


@pytest.fixture
def few_documents(monkeypatch):
    """The late-interaction benchmark on 3 queries and 12 documents."""
    monkeypatch.setattr(late_interaction, "vectors", lambda: _VECTORS(3, 12))
    return _VECTORS(3, 12)


def test_every_max_sim_gives_the_scores_of_loops(few_documents):
    queries, documents = few_documents
    expected = torch.tensor(
        [[float((q @ d.T).max(dim=1).values.sum()) for d in documents] for q in queries]
    )
    for name, prepare in late_interaction.SYSTEMS.items():
        found = prepare(queries, documents)()
        if name != "product alone":
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-6, msg=name)
    tokens = torch.cat(documents)
    part = late_interaction.product(queries, documents)()[: len(tokens) % 1_024]
    expected = tokens[len(tokens) // 1_024 * 1_024 :] @ queries.flatten(0, 1).T
    torch.testing.assert_close(part, expected)


def test_the_documents_of_max_sim_are_as_long_as_it_says():
    queries, documents = late_interaction.vectors(2, 200)
    assert queries.shape == (2, 32, 128)
    lengths = [len(document) for document in documents]
    assert (min(lengths) >= 20, max(lengths) <= 146, len(set(lengths)) > 50) == (True,) * 3
    torch.testing.assert_close(documents[7].norm(dim=1), torch.ones(lengths[7]))


@pytest.mark.usefixtures("few_documents")
def test_a_max_sim_that_gives_other_scores_is_not_timed(monkeypatch):
    def wrong(queries, documents):
        return lambda: late_interaction.ours(queries, documents)() + 1e-3

    monkeypatch.setitem(late_interaction.SYSTEMS, "ours, padded", wrong)
    with pytest.raises(AssertionError, match="ours, padded gives other scores"):
        late_interaction.times(1)


class _Set:
    """A course set of 30 passages and 20 test queries, which ask for the first."""

    ids = tuple(f"p{i}" for i in range(30))

    class test:
        relevant = tuple({f"p{i}": 1} for i in range(20))


@pytest.fixture
def small_index(monkeypatch):
    from lib import data
    from lib.late_interaction import TokenVectors

    documents = TokenVectors.from_list(_VECTORS(1, 30)[1])
    queries = torch.stack([documents[i][:5] for i in range(20)])
    encoded = documents, queries, torch.ones(20, 5)
    monkeypatch.setattr(data, "load_course_set", lambda profile: _Set)
    monkeypatch.setattr(late_interaction, "encoded", lambda *a: encoded)
    monkeypatch.setattr(late_interaction, "CENTROIDS", 64)
    monkeypatch.setattr(late_interaction, "PROBES", 64)
    return encoded


def test_the_ways_to_search_an_index_differ_in_bytes_and_bits(small_index, tmp_path):
    ways = late_interaction.searches(tmp_path, *small_index)
    _, queries, mask = small_index
    for name, (find, size) in ways.items():
        assert find(queries, mask, 1)[:, 0].tolist() == list(range(20)), name
        folder = tmp_path / ("float16" if name == "float16" else name[0])
        if name != "float32, memory":
            assert size == sum(path.stat().st_size for path in folder.iterdir())
    sizes = [size for _, size in ways.values()]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.usefixtures("few_documents", "small_index")
@pytest.mark.parametrize("index", [True, False])
def test_the_late_interaction_benchmark_prints_and_writes_a_row_each(index, tmp_path, capsys):
    path = tmp_path / "rows.json"
    options = [] if index else ["--no-index"]
    late_interaction.main(["--rounds", "1", "--no-memory", "--json", str(path), *options])
    found = json.loads(path.read_text())
    assert [row["system"] for row in found["max_sim"]] == list(late_interaction.SYSTEMS)
    printed = capsys.readouterr().out
    assert ("two stages" in printed) is index
    if index:
        assert len(found["index"]) == 8
        by_name = {row["index"]: row for row in found["index"]}
        assert by_name["float32, memory"]["same"] == 1
        assert by_name["float16"]["smaller"] == 1 < by_name["4 bits, exact"]["smaller"]
        assert all(row["ndcg_at_10"]["mean"] > 0.9 for row in found["index"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ours", "maxsim"])
def test_the_late_interaction_benchmark_measures_memory_in_a_process(name):
    assert 0 < late_interaction.peak(name, 1) < 1_000


def test_the_late_interaction_benchmark_explains_itself(capsys):
    with pytest.raises(SystemExit):
        late_interaction.main(["--help"])
    printed = capsys.readouterr().out
    assert "First table" in printed
    assert "--no-index" in printed
