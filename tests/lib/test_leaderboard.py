import multiprocessing

import pytest

from lib import leaderboard
from lib.data import Split, load_course_set
from lib.metrics import ndcg_at_k

SPLIT = Split(
    [f"q{i}" for i in range(6)],
    [f"words {i}" for i in range(6)],
    [{f"p{i}": 1} for i in range(6)],
    list(range(6)),
)
# even queries find their passage first, odd ones third
RANKED = [[f"p{i}", "x", "y"] if i % 2 == 0 else ["x", "y", f"p{i}"] for i in range(6)]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_LEADERBOARD", str(tmp_path / "board"))
    return tmp_path / "board"


def test_row_holds_the_mean_of_the_metric_and_its_interval():
    row = leaderboard.evaluate("BM25", "04", RANKED, SPLIT)
    expected = ndcg_at_k(RANKED, SPLIT.relevant, 10).mean().tolist()
    assert row.ndcg_at_10.mean == pytest.approx(expected)
    assert 0 < expected < 1
    assert row.ndcg_at_10.low < expected < row.ndcg_at_10.high
    assert (row.queries, row.system, row.lesson) == (6, "BM25", "04")


def test_rows_come_back_as_saved_in_order_of_lesson():
    rows = [leaderboard.evaluate(s, n, RANKED, SPLIT) for s, n in (("ß/..\\", "10"), ("a", "02"))]
    for row in rows:
        leaderboard.save(row)
    assert leaderboard.load_rows() == rows[::-1]


def test_new_result_replaces_the_old_but_another_system_does_not():
    for system in ("a b", "a-b", "a b"):
        leaderboard.save(leaderboard.evaluate(system, "01", RANKED, SPLIT))
    assert [row.system for row in leaderboard.load_rows()] == ["a b", "a-b"]


def test_system_name_cannot_leave_the_folder(own_folder):
    path = leaderboard.save(leaderboard.evaluate("../../etc/x", "01", RANKED, SPLIT))
    assert path.parent == own_folder
    assert list(own_folder.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"system": "x"}', "null"])
def test_damaged_file_is_named_and_skipped(own_folder, capsys, content):
    row = leaderboard.evaluate("good", "01", RANKED, SPLIT)
    leaderboard.save(row)
    (own_folder / "bad.json").write_text(content)
    assert leaderboard.load_rows() == [row]
    assert "bad.json cannot be read" in capsys.readouterr().out


def test_other_queries_make_another_task():
    other = Split(SPLIT.ids, ["x"] * 6, SPLIT.relevant, SPLIT.positives)
    assert leaderboard.task_hash(other) != leaderboard.task_hash(SPLIT)


def test_more_passages_make_another_task_and_keep_both_rows():
    few, many = (load_course_set(profile).test for profile in ("fast", "full"))
    assert (few.queries, few.relevant) == (many.queries, many.relevant)
    ranked = [list(relevant) for relevant in few.relevant]
    rows = [leaderboard.evaluate("a", "01", ranked, split) for split in (few, many)]
    for row in rows:
        leaderboard.save(row)
    assert rows[0].task != rows[1].task
    assert sorted(map(str, leaderboard.load_rows())) == sorted(map(str, rows))


def test_wrong_number_of_lists_and_empty_names_are_refused():
    with pytest.raises(ValueError, match="5 ranked lists came for 6 queries"):
        leaderboard.evaluate("a", "01", RANKED[:5], SPLIT)
    with pytest.raises(ValueError, match="expected a name"):
        leaderboard.evaluate(" ", "01", RANKED, SPLIT)


def _save_often(name):
    for _ in range(20):
        leaderboard.save(leaderboard.evaluate(name, "01", RANKED, SPLIT))


def test_two_processes_may_save_at_once():
    workers = [
        multiprocessing.get_context("fork").Process(target=_save_often, args=("same",))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [w.exitcode for w in workers] == [0, 0]
    assert [row.system for row in leaderboard.load_rows()] == ["same"]
