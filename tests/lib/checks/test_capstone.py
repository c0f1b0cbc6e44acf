"""The capstone's rules, and what its check says to wrong forms; the whole of it is in tests/attacks."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib import checks
from lib.checks import Stage
from lib.checks.contest import Heard
from lib.checks.lesson_10 import _asked, _baselines, _kept_back, _rules, capstone
from lib.checks.lesson_10._asked import Task
from lib.checks.lesson_10._rules import BYTES, MILLISECONDS, Cost
from lib.data import load_course_set
from lib.ontology import load_ontology

BASELINES = {"BM25": 0.5, "base encoder": 0.58, "hybrid": 0.6, "trained head": 0.7}
PASSAGES = [f"passage {number}" for number in range(40)]
TASK = Task(
    PASSAGES,
    [(f"training {row}", row) for row in range(20)],
    [f"query {row}" for row in range(20, 40)],
    [frozenset([row]) for row in range(20, 40)],
    [f"training {row}" for row in range(4)],
    list(range(39, -1, -1)),
    False,
)


class Clock:
    a_query = 0.001

    def __init__(self, task):
        pass

    def __call__(self, queries):
        return 0.0

    def warm_up(self, queries):
        pass


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A task of forty passages; no encoder is loaded."""
    monkeypatch.setattr(capstone, "task", lambda hidden: TASK)
    monkeypatch.setattr(_baselines, "baselines", lambda task: BASELINES)
    monkeypatch.setattr(_baselines, "Clock", Clock)


def build(passages, pairs):
    return {"passages": "\n".join(passages).encode()}


def find(index, queries):
    """Right of every query: its number is the passage's."""
    numbers = [int(query.split()[1]) for query in queries]
    return [[number, 0 if number else 1] for number in numbers]


def verdict(build_index=build, search=find, hidden=None):
    return capstone.EXERCISE.verdict(Stage({"build_index": build_index, "search": search}), hidden)


def test_a_right_search_earns_all_and_is_told_what_was_measured():
    found = verdict()
    assert (found.status, found.share) == ("passed", 1.0), found
    assert "nDCG@10 is 1.000 on 20 validation queries, and that earns 100%" in found.message
    assert "Reached: BM25, base encoder, hybrid, trained head." in found.more[0]
    assert f"of {BYTES:,} bytes" in found.more[1]
    assert "milliseconds" in found.more[2]


@pytest.mark.parametrize(
    "form",
    [
        lambda rows: torch.tensor(rows),
        lambda rows: torch.tensor(rows).numpy(),
        lambda rows: [torch.tensor(row) for row in rows],
        lambda rows: tuple(map(tuple, rows)),
        lambda rows: [list(torch.tensor(row)) for row in rows],
        lambda rows: [[*row, *(n for n in range(1, 20) if n not in row), 99, 99] for row in rows],
    ],
    ids=["tensor", "array", "tensors", "tuples", "numbers of tensors", "more than ten"],
)
def test_every_form_of_rows_is_taken(form):
    assert verdict(search=lambda index, queries: form(find(index, queries))).share == 1.0


def _rows(change):
    return lambda index, queries: [change(row) for row in find(index, queries)]


WRONG = {
    "not-files": (lambda p, q: [b"x"], find),
    "not-a-list-a-query": (build, lambda index, queries: [[1]]),
    "not-rows": (build, _rows(lambda row: [float(row[0])])),
    "no-such-row": (build, _rows(lambda row: [row[0], -1])),
    "row-twice": (build, _rows(lambda row: [row[0], row[0]])),
    "worst-first": (build, _rows(lambda row: [*[n for n in range(10) if n != row[0]][:9], row[0]])),
    "rows-of-the-course-set": (build, _rows(lambda row: [39 - row[0]])),
    "too-large": (lambda p, q: {"x": bytes(2 * BYTES)}, find),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_form_fails_by_its_name(name):
    found = verdict(*WRONG[name])
    assert (found.status, found.mistake, found.share) == ("wrong", name, 0.0), found
    assert found.message.startswith(capstone.SLIPS[name].message)


@pytest.mark.parametrize(
    "files",
    [{"x": "text"}, {1: b"x"}, {"x": bytearray(2)}, {"x": torch.zeros(2)}, b"", 3],
)
def test_files_are_bytes_by_name(files):
    found = verdict(lambda passages, pairs: files)
    assert found.mistake == "not-files", found
    assert "  " not in found.message


def test_a_search_that_returns_its_index_is_told_so():
    assert verdict(search=lambda index, queries: index).mistake == "not-a-list-a-query"


def test_a_slow_search_earns_nothing(monkeypatch):
    monkeypatch.setattr(_rules, "MILLISECONDS", 0.0)
    monkeypatch.setattr(Clock, "a_query", 1e-9)
    assert verdict().mistake == "too-slow"


def test_what_the_first_search_takes_too_long_is_paid_by_all(monkeypatch):
    heard = []

    def call(self, name, *args, seconds):
        outcome = checks.call({"build_index": build, "search": find}[name])(checks.Case(args, name))
        heard.append(name)
        return Heard(outcome, 30.0 if heard.count("search") == 1 else 0.0)

    monkeypatch.setattr(Stage, "call", call)
    assert verdict().mistake == "too-slow"
    monkeypatch.setattr(_rules, "OPENING_S", 31.0)
    heard.clear()
    assert verdict().share == 1.0


def test_data_of_the_notebook_is_noticed_before_it_is_missed():
    scope = {"__name__": "__main__", "vectors": torch.zeros(3), "size": 3}
    exec("def search(index, queries):\n    return [[0] for _ in vectors[:size]]", scope)
    found = verdict(search=scope["search"])
    assert found.mistake == "uses-the-notebook"
    assert "search uses `vectors`, a tensor" in found.message.replace("float32 ", "")
    assert found.message.endswith("to the index as a file.")
    exec("def search(index, queries):\n    return load_course_set()", scope)
    scope["load_course_set"] = load_course_set
    assert verdict(search=scope["search"]).mistake == "reads-the-course"


def test_a_number_computed_from_data_is_noticed_and_one_written_down_is_not():
    scope = {"__name__": "__main__", "course": load_course_set(), "K": 1}
    scope["In"] = ["", "course = load_course_set()", "K = len(course.passages) // 4000"]
    exec("def search(index, queries):\n    return find(index, queries) if K else []", scope)
    scope["find"] = find
    found = verdict(search=scope["search"])
    assert found.mistake == "uses-the-notebook"
    assert "search uses `K`, which was computed from `course`. In place of `K`" in found.message
    scope["In"].append("K = 1")
    assert verdict(search=scope["search"]).status == "passed"


def test_what_is_typed_into_a_cell_or_kept_by_search_itself_is_nobody_s_data():
    scope = {"__name__": "__main__", "find": find, "SHIFTS": torch.tensor([4, 0]), "torch": torch}
    scope |= {"STOP": {f"word{i}": 1 for i in range(200)}, "OPENED": torch.zeros(3)}
    exec(
        "def search(index, queries):\n    global OPENED\n    OPENED = torch.zeros(3)\n"
        "    return find(index, queries) if len(STOP) and len(SHIFTS) else []",
        scope,
    )
    assert verdict(search=scope["search"]).mistake == "uses-the-notebook"  # no cell is known
    scope["In"] = ["SHIFTS = torch.tensor([4, 0])", "STOP = {f'word{i}': 1 for i in range(200)}"]
    assert verdict(search=scope["search"]).status == "passed"
    scope["In"].append("SHIFTS = vectors[:2]\nvectors = load_course_set()")
    scope["load_course_set"] = load_course_set
    assert verdict(search=scope["search"]).mistake == "uses-the-notebook"


def test_build_index_is_sent_to_its_arguments_and_not_to_files():
    scope = {"__name__": "__main__", "course": load_course_set()}
    exec(
        "def build_index(passages, pairs):\n"
        "    return {'texts': '|'.join(course.passages).encode()}",
        scope,
    )
    found = verdict(scope["build_index"])
    assert found.mistake == "uses-the-notebook"
    assert "build_index uses `course`, a CourseSet. Take the texts from `passages`" in found.message
    assert "as a file" not in found.message


LEAVES = {
    "a global": "def build_index(p, q):\n    global CODEC\n    CODEC = 3\n    return {'x': b''}",
    "a helper's global": "def keep(x):\n    global CODEC\n    CODEC = x\n"
    "def build_index(p, q):\n    keep(3)\n    return {'x': b''}",
    "a dictionary": "CODEC = {}\ndef build_index(p, q):\n"
    "    CODEC['x'] = Tensor([1])\n    return {'x': b''}",
}


@pytest.mark.parametrize("text", LEAVES.values(), ids=LEAVES)
def test_what_build_index_leaves_in_memory_is_named(text):
    scope = {"__name__": "__main__", "Tensor": torch.tensor}
    text += "\ndef search(index, queries):\n    return [[0] for _ in queries if CODEC]"
    exec(text, scope)
    found = verdict(scope["build_index"], scope["search"])
    assert found.mistake == "left-in-memory", found
    assert "build_index leaves" in found.message
    assert "`CODEC`" in found.message


def test_a_search_may_keep_what_it_opened():
    scope = {"__name__": "__main__", "find": find, "OPENED": None}
    exec(
        "def search(index, queries):\n"
        "    global OPENED\n"
        "    OPENED = OPENED or dict(index)\n"
        "    return find(OPENED, queries)",
        scope,
    )
    assert verdict(search=scope["search"]).share == 1.0


def test_a_head_that_falls_short_is_asked_how_the_queries_go_through_it(monkeypatch):
    close = {"BM25": 0.5, "base encoder": 0.58, "hybrid": 0.6, "trained head": 1.1}
    monkeypatch.setattr(_baselines, "baselines", lambda task: close)
    assert "apply the same head to the queries" in verdict().more[-1]


def test_a_time_that_the_encoder_sets_says_so(monkeypatch):
    assert "exact search here" not in verdict().more[2]
    monkeypatch.setattr(Clock, "a_query", 0.02)
    assert (
        "of 100.0 milliseconds (5 times the base encoder's exact search here" in verdict().more[2]
    )


def test_an_error_is_told_with_its_words_and_of_hidden_queries_without():
    def search(index, queries):
        raise KeyError("vectors")

    found = verdict(search=search)
    assert (found.status, found.share) == ("crashed", 0.0)
    assert "search raised KeyError" in found.message
    assert "KeyError" not in verdict(search=search, hidden=1).message


def test_the_untouched_stub_is_not_attempted():
    def build_index(passages, pairs):
        """Make an index."""
        raise NotImplementedError

    assert verdict(build_index).status == "not attempted"


def test_every_slip_says_what_to_do_and_names_a_hint():
    for slip in capstone.EXERCISE.mistakes:
        assert len(slip.message.split()) >= 10
        assert slip.message.endswith(".")
        assert slip.hint in (1, 2, 3)


# The rules


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_quality_never_earns_less(low, high):
    low, high = sorted((low, high))
    assert 0 <= _rules.share(low, BASELINES) <= _rules.share(high, BASELINES) <= 1


@given(st.floats(0, 0.999))
def test_a_little_more_quality_earns_a_little_more(quality):
    step = _rules.share(quality + 0.001, BASELINES) - _rules.share(quality, BASELINES)
    assert step < 0.0051


def test_the_baselines_earn_what_is_stated():
    earned = {q: round(_rules.share(q, BASELINES), 6) for q in (0.0, 0.25, 0.5, 0.6, 0.65, 0.7)}
    assert earned == {0.0: 0.0, 0.25: 0.15, 0.5: 0.3, 0.6: 0.5, 0.65: 0.75, 0.7: 1.0}


def test_baselines_in_another_order_are_borne():
    turned = {"BM25": 0.7, "base encoder": 0.5, "hybrid": 0.5, "trained head": 0.6}
    assert [_rules.share(q, turned) for q in (0.5, 0.6, 0.7)] == pytest.approx([0.3, 0.5, 1.0])
    same = dict.fromkeys(turned, 0.5)
    assert (_rules.share(0.499, same) <= 0.3, _rules.share(0.5, same)) == (True, 1.0)


@pytest.mark.parametrize(
    ("size", "seconds", "kept"),
    [(1.0, 1.0, 1.0), (1.5, 1.0, 0.5), (1.0, 1.25, 0.75), (1.5, 1.5, 0.25), (2.0, 0, 0), (0, 3, 0)],
)
def test_beyond_a_budget_points_are_lost_evenly(size, seconds, kept):
    cost = Cost(int(size * BYTES) - 10, 10, seconds * MILLISECONDS / 10, 100, 0.001)
    assert cost.kept == pytest.approx(kept, abs=1e-9)


def test_a_slow_machine_gives_more_time():
    assert Cost(0, 0, 1, 10, 0.001).allowed == MILLISECONDS
    assert Cost(0, 0, 1, 10, 0.1).allowed == pytest.approx(500)
    assert _rules.opening(0.02) == pytest.approx(13)


# What is asked


@pytest.fixture(scope="module")
def course():
    return load_course_set("fast")


def test_what_is_kept_back_is_in_no_split_and_answers_are_its_terms(course):
    found = _kept_back.kept_back(course)
    visible = {*course.train.queries, *course.validation.queries, *course.test.queries}
    assert 100 < len(found) < 300
    assert not visible & {query for query, _ in found}
    terms = load_ontology().terms
    for query, (passage,) in found[:20]:
        assert query in {synonym.text for synonym in terms[passage].synonyms}


def test_the_task_is_the_course_s_in_another_order(course, monkeypatch):
    visible, hidden, other = _asked.task(None), _asked.task(1), _asked.task(2)
    assert sorted(visible.passages) == sorted(course.passages)
    assert visible.passages == hidden.passages != course.passages
    assert visible.pairs == hidden.pairs  # so that an index serves both
    for query, row in visible.pairs[:50]:
        place = course.train.queries.index(query)
        assert visible.passages[row] == course.passages[course.train.positives[place]]
    assert [course.passages[own] for own in visible.own_rows] == visible.passages
    assert not set(visible.queries) & set(hidden.queries)
    assert sorted(hidden.queries) == sorted(other.queries)
    assert hidden.queries != other.queries
    assert set(visible.queries) <= set(course.validation.queries)


def test_a_teacher_s_own_queries_are_asked(course, monkeypatch, tmp_path):
    path = tmp_path / "queries.jsonl"
    path.write_text(f'{{"query": "mine", "passage": "{course.ids[7]}"}}', encoding="utf-8")
    monkeypatch.setenv("COURSE_HIDDEN_QUERIES", str(path))
    asked = _asked.task(1)
    assert asked.queries == ["mine"]
    (row,) = asked.relevant[0]
    assert asked.passages[row] == course.passages[7]
