import multiprocessing
from pathlib import Path

import pytest

from lib import leaderboard
from lib.data import Split, load_course_set
from lib.metrics import ndcg_at_k

LESSONS = Path(__file__).parents[2] / "lessons"
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


def row_of(system: str, lesson: str, split: Split = SPLIT) -> leaderboard.Row:
    return leaderboard.evaluate(system, lesson, RANKED, split)


def test_a_lesson_s_board_shows_no_later_lesson_and_no_other_task():
    other_task = Split(SPLIT.ids, ["x"] * 6, SPLIT.relevant, SPLIT.positives)
    kept = [row_of("GloVe", "01"), row_of("my own", "02"), row_of("mine", "mine")]
    hidden = [row_of("head", "3"), row_of("late", "10"), row_of("GloVe", "01", other_task)]
    for row in kept + hidden:
        leaderboard.save(row)
    assert leaderboard.board(kept[0]) == [kept[0], kept[2]]
    assert leaderboard.board(kept[1]) == kept
    own = row_of("head", "09")
    assert leaderboard.board(own) == [*kept[:2], hidden[0], own, kept[2]]


def test_a_row_is_on_its_own_board_once_saved_or_not():
    row = row_of("GloVe", "01")
    assert leaderboard.board(row) == [row]
    leaderboard.save(row)
    assert leaderboard.board(row) == [row]
    again = leaderboard.evaluate("GloVe", "01", RANKED[::-1], SPLIT)
    assert again != row
    assert leaderboard.board(again) == [again]


@pytest.mark.parametrize("path", sorted(LESSONS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_lessons_show_the_board_of_their_own_row(path):
    source = path.read_text(encoding="utf-8")
    evaluates = "leaderboard.evaluate(" in source
    assert ("plots.leaderboard(" in source or "figures.board(" in source) == evaluates
    assert ("leaderboard.board(row" in source) == evaluates
    assert "load_rows" not in source, "rows of later lessons are hidden by leaderboard.board(row)"
