"""What holds for every lesson of the course, whatever it teaches."""

from __future__ import annotations

import ast
import itertools
import json
import math
import re
from pathlib import Path

import nbformat
import pytest

import lib
from harness.author import build, catalogue, notebooks, proof
from harness.author.lesson import between_marks, parse_hints
from harness.author.lint_cells import MIN_ALT
from harness.execute.one import records
from lib import checks
from lib.learn import CheckFailed, grade_answer, quiz
from lib.learn.panel import _unmarked

ROOT = Path(lib.__file__).parents[1]
LESSONS = proof.lessons(ROOT)
ITEMS = [(lesson, item) for lesson in LESSONS for item in lesson.quiz.values()]
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)


def keyed(*kinds: str):
    items = [item for _, item in ITEMS if item["kind"] in kinds]
    return pytest.mark.parametrize("item", items, ids=lambda item: item["id"])


@pytest.fixture
def ask(monkeypatch, tmp_path, capsys):
    """`quiz` as the author's learner sees it: the lessons and their keys at hand."""
    (tmp_path / "lessons").symlink_to(ROOT / "lessons")
    (tmp_path / "solutions").mkdir()
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))

    def told(item: dict, answer) -> str:
        quiz(item["id"], answer)
        return capsys.readouterr().out

    return told


def squeezed(text: str) -> str:
    """A text as it is shown where nothing can be set: without marks, on one line."""
    return " ".join(_unmarked(text).split())


def test_lessons_are_numbered_in_order_without_a_gap():
    assert 1 <= len(LESSONS) <= 10
    assert [lesson.number for lesson in LESSONS] == [f"{n:02}" for n in range(1, len(LESSONS) + 1)]


def test_the_build_accepts_every_lesson_and_nothing_has_drifted():
    found = build.drift(ROOT)
    if not list((ROOT / "solutions").glob("*.ipynb")):  # before the first `course run --save`
        found = [drift for drift in found if drift.path.parent.name != "solutions"]
    assert found == [], "\n".join(map(str, found))


def test_every_exercise_has_a_check_in_its_lesson_and_every_check_an_exercise():
    written = [(x.number, name) for x in LESSONS for name in x.exercises()]
    assert sorted(written) == sorted(
        (number, name) for number in checks.lessons() for name in checks.names(number)
    )


@every_lesson
def test_an_exercise_and_its_check_come_in_one_order(lesson):
    assert checks.names(lesson.number) == lesson.exercises()


@keyed("single", "multiple", "numeric", "ordering")
def test_the_key_is_right_by_the_quiz_and_by_the_grader(item, ask):
    text = ask(item, item["key"])
    assert f"[✓] Question {item['id']}: right" in text
    tolerance = item.get("tolerance", 0.0)
    grade_answer(item["id"], item["key"], kind=item["kind"], key=item["key"], tolerance=tolerance)
    if item["kind"] in ("numeric", "ordering"):
        assert squeezed(item["feedback"]["right"]) in squeezed(text)


@keyed("single")
def test_every_single_choice_gets_its_own_feedback(item, ask):
    told = {}
    for letter, choice in item["choices"].items():
        text = ask(item, letter)
        assert squeezed(choice["feedback"]) in squeezed(text)
        assert ("not right" in text) is (letter != item["key"])
        told[letter] = squeezed(choice["feedback"])
        if letter != item["key"]:
            with pytest.raises(CheckFailed):
                grade_answer(item["id"], letter, kind="single", key=item["key"])
    assert len(set(told.values())) == len(told)


@keyed("multiple")
def test_other_sets_of_choices_are_not_right_and_say_why(item, ask):
    letters, key = list(item["choices"]), set(item["key"])
    for letter in letters:
        other = "".join(sorted(key ^ {letter}))
        if not other:
            continue
        text = ask(item, other)
        assert "not right" in text
        for chosen in other:
            assert squeezed(item["choices"][chosen]["feedback"]) in squeezed(text)


@keyed("numeric")
def test_numbers_out_of_tolerance_and_traps_are_not_right(item, ask):
    key, tolerance = item["key"], item["tolerance"]
    assert tolerance >= 0
    assert "not right" in ask(item, key + 2 * tolerance + 1e-6)
    assert "not right" in ask(item, key - 2 * tolerance - 1e-6)
    for trap in item["feedback"].get("traps", []):
        text = ask(item, trap["answer"])
        assert "not right" in text
        assert squeezed(trap["text"]) in squeezed(text)


@keyed("ordering")
def test_another_order_is_not_right(item, ask):
    key = str(item["key"])
    assert "not right" in ask(item, key[::-1])
    assert "not right" in ask(item, key[1] + key[0] + key[2:])
    for trap in item["feedback"].get("traps", []):
        assert squeezed(trap["text"]) in squeezed(ask(item, trap["answer"]))


@keyed("free")
def test_a_free_answer_is_compared_with_what_a_good_one_holds(item, ask):
    assert squeezed(item["feedback"]) in squeezed(ask(item, "my answer"))
    assert len(item["rubric"]) >= 2


@every_lesson
def test_a_right_choice_does_not_stand_out_by_its_place(lesson):
    """A learner who always takes the first choice shall not be right each time."""
    single = [item for item in lesson.quiz.values() if item["kind"] == "single"]
    if len(single) >= 3:
        assert len({item["key"] for item in single}) >= 2
    for item in lesson.quiz.values():
        if item["kind"] == "ordering":
            assert list(item["key"]) != sorted(item["key"])


@every_lesson
def test_the_released_notebook_holds_no_answer_key_feedback_seed_or_mark(lesson):
    notebook = nbformat.read(ROOT / "notebooks" / f"{lesson.slug}.ipynb", as_version=4)
    nbformat.validate(notebook)
    text = squeezed("\n".join(cell.source for cell in notebook.cells))
    everything = (ROOT / "notebooks" / f"{lesson.slug}.ipynb").read_text()
    secrets = ["### BEGIN", "### END", "grade_answer(", "hidden="]
    for item in lesson.quiz.values():
        choices = (item.get("choices") or {}).values()
        secrets += [choice["feedback"] for choice in choices if choice.get("feedback")]
        said = item.get("feedback") or {}
        if isinstance(said, str):
            secrets += [said, *map(str, item["rubric"])]
        else:
            secrets += [said[key] for key in ("right", "wrong") if key in said]
            secrets += [trap["text"] for trap in said.get("traps", [])]
    for secret in map(squeezed, secrets):
        assert secret not in text, secret
    seeds = [cell.metadata["seed"] for cell in lesson.cells if cell.role == "hidden"]
    assert len(seeds) == len(lesson.exercises())
    for seed in seeds:
        assert not re.search(rf"\b{seed}\b", everything), seed
    for item in lesson.quiz.values():
        name = notebooks.variable(item["id"])
        assigned = re.findall(rf"^{name} = (.*)$", everything.replace("\\n", "\n"), re.M)
        assert all(value.startswith("None") for value in assigned), name
    for cell in notebook.cells:
        assert not cell.get("outputs")
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            assert "NotImplementedError" in cell.source or " = None" in cell.source


def visible(notebook: nbformat.NotebookNode) -> list[str]:
    """What a learner sees before the first cell has run: the cells that are not folded."""
    return [
        re.sub(r"<details>.*?</details>", "", cell.source, flags=re.S)
        for cell in notebook.cells
        if not cell.metadata.get("jupyter", {}).get("source_hidden")
    ]


def said(source: str) -> list[str]:
    """The sentences of claims and the titles of figures that stand in a code cell as whole texts."""
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return []
    first = [c.args[0] for c in calls if ast.unparse(c.func).endswith("claim") and c.args]
    titles = [k.value for c in calls for k in c.keywords if k.arg == "title"]
    return [x.value for x in first + titles if isinstance(x, ast.Constant)]


@every_lesson
def test_no_claim_figure_or_takeaway_is_in_sight_before_it_is_run(lesson):
    notebook = notebooks.release_notebook(lesson)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    telling = [c for c in code if re.search(r"^ *(claim|(plots\.)?show)\(", c.source, re.M)]
    assert telling
    assert all(cell.metadata["jupyter"]["source_hidden"] for cell in telling)
    assert not any(cell.get("outputs") for cell in code)
    shown = squeezed("\n".join(visible(notebook)))
    sentences = [text for cell in code for text in said(cell.source)]
    assert len(sentences) >= len(telling) / 2
    assert [text for text in sentences if squeezed(text) in shown] == []
    takeaways = [text for text in visible(notebook) if text.startswith("## Takeaways")]
    assert [text.strip() for text in takeaways] == ["## Takeaways"]


@every_lesson
def test_a_prediction_is_followed_by_a_folded_result_in_its_section(lesson):
    """Up to the next chapter there is something to run that says whether one was right."""
    notebook = notebooks.release_notebook(lesson)
    for item in (i for i in lesson.quiz.values() if i.get("predict")):
        at = next(n for n, c in enumerate(notebook.cells) if f"grade-{item['id']}" == c.id)
        after = itertools.takewhile(
            lambda c: not re.search(r"^## ", c.source, re.M), notebook.cells[at + 1 :]
        )
        assert any(c.metadata.get("jupyter", {}).get("source_hidden") for c in after), item["id"]


def test_the_measure_and_the_profiles_are_explained_before_they_are_first_used():
    """nDCG@10 by a worked example, before it is printed or drawn for the first time."""
    lesson = LESSONS[0]
    cells = [cell for cell in lesson.cells if cell.source.strip()]
    uses = [n for n, c in enumerate(cells) if c.kind == "code" and "nDCG@10" in c.source]
    example, *later = uses
    assert "math.log2(place + 1)" in cells[example].source
    assert "claim(" not in cells[example].source
    assert later
    explained = " ".join(c.source for c in cells[:example] if c.kind == "markdown")
    assert "discounted cumulative gain" in explained
    first = next(n for n, c in enumerate(cells) if "PROFILE" in c.source)
    assert cells[first].kind == "markdown"
    assert '"full"' in cells[first].source


def test_the_worked_example_of_ndcg_prints_the_number_of_the_library_twice(capsys):
    from types import SimpleNamespace

    from lib import metrics

    (source,) = [c.source for c in LESSONS[0].cells if "by lib.metrics" in c.source]
    course_set = SimpleNamespace(test=SimpleNamespace(relevant=[{"x": 1}]))
    exec(source, {"math": math, "metrics": metrics, "course_set": course_set})
    *_, by_hand, by_library, _ = capsys.readouterr().out.splitlines()
    expected = (1 / math.log2(3) + 1 / math.log2(6)) / (1 + 1 / math.log2(3))
    assert by_hand.endswith(f"nDCG@10 {expected:.4f}")
    assert by_library == f"by lib.metrics: {expected:.4f}"


def test_the_readme_says_of_the_leaderboard_what_stands_on_it():
    rows = [
        json.loads(path.read_text()) for path in (ROOT / "solutions/leaderboard").glob("*.json")
    ]
    if not rows:
        pytest.skip("solutions/leaderboard is written by `course run --save`")
    best: dict[str, dict] = {}
    for row in sorted(rows, key=lambda row: row["ndcg_at_10"]["mean"]):
        best[row["lesson"]] = row["ndcg_at_10"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = [line for line in readme.split("\n") if "One search task runs through" in line]
    trained = best["03"]
    told = [
        best["01"]["mean"],
        best["02"]["mean"],
        trained["mean"],
        trained["low"],
        trained["high"],
        *(best["06"][end] for end in ("mean", "low", "high")),
        best["08"]["mean"],
        best["10"]["mean"],
    ]
    assert re.findall(r"\.\d{3}", line) == [f"{number:.3f}".lstrip("0") for number in told]
    assert "lessons 04 and 05 stay within that interval" in line
    for lesson in ("04", "05"):
        assert trained["low"] <= best[lesson]["mean"] <= trained["high"]


@every_lesson
def test_hidden_seeds_differ(lesson):
    seeds = [cell.metadata["seed"] for cell in lesson.cells if cell.role == "hidden"]
    assert len(set(seeds)) == len(seeds)


def test_the_catalogue_holds_no_key_feedback_or_seed():
    text = (ROOT / catalogue.CATALOGUE).read_text(encoding="utf-8")
    entries = json.loads(text)["lessons"]
    assert [entry["slug"] for entry in entries] == [lesson.slug for lesson in LESSONS]
    for entry in entries:
        assert set(entry) == {
            *("number", "slug", "title", "minutes", "exercises", "quiz"),
        }
        for exercise in entry["exercises"]:
            assert set(exercise) == {"name", "title", "points", "hints"}
            assert all(set(hint) == {"symptom", "hint"} for hint in exercise["hints"])
        for item in entry["quiz"]:
            assert set(item) - {"choices"} == {"id", "kind", "points"}
            letters = item.get("choices", "")  # which there are, in the order of the alphabet
            assert letters == "abcdefghij"[: len(letters)]


@every_lesson
def test_only_the_last_hint_may_give_a_line_of_the_answer_away(lesson):
    for name in lesson.exercises():
        hints = parse_hints(lesson.cell("hints", name).source)
        gentle = " ".join(f"{hint['symptom']} {hint['hint']}" for hint in hints[:2])
        for line in map(squeezed, between_marks(lesson.cell("answer", name).source)):
            assert len(line) < 30 or line not in gentle, (name, line)


@every_lesson
def test_the_saved_lesson_ran_through_and_its_claims_held(lesson):
    path = ROOT / "solutions" / f"{lesson.slug}.ipynb"
    if not path.is_file():
        pytest.skip("solutions/ is written by `course run --save`")
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert all(cell.execution_count for cell in code)
    outputs = [output for cell in code for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    found = records(notebook)
    assert all(record["holds"] for record in found if record["kind"] == "claim")
    assert any(record["kind"] == "claim" for record in found)
    assert [record["kind"] for record in found].count("headline") == 1
    passed = {r["exercise"] for r in found if r["kind"] == "check" and r["status"] == "passed"}
    assert passed == set(lesson.exercises())


@every_lesson
def test_every_figure_of_the_saved_lesson_carries_alt_text(lesson):
    path = ROOT / "solutions" / f"{lesson.slug}.ipynb"
    if not path.is_file():
        pytest.skip("solutions/ is written by `course run --save`")
    figures = [
        output
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert figures
    for figure in figures:
        assert len(figure["data"]["text/plain"]) >= MIN_ALT
        assert figure.metadata["image/png"]["alt"] == figure["data"]["text/plain"]
