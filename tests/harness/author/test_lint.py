"""Each thing that the build refuses, made by a tiny edit of a lesson that it accepts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from harness.author import loading
from harness.author.lesson import LessonError, read
from harness.author.lint import lint
from tests.harness import tiny

PY, YAML = f"{tiny.SLUG}.py", f"{tiny.SLUG}.quiz.yaml"


@dataclass(frozen=True)
class Edit:
    """What is replaced, what the build says of it, and where: the line that holds `at` (None: 1)."""

    name: str
    old: str
    new: str
    says: str
    at: str | None = None
    file: str = PY

    @property
    def texts(self) -> dict[str, str]:
        texts = {PY: tiny.LESSON, YAML: tiny.QUIZ}
        assert texts[self.file].count(self.old) >= 1, f"{self.name}: nothing to replace"
        texts[self.file] = texts[self.file].replace(self.old, self.new, 1)
        return texts


def cell(marker: str) -> str:
    """One whole cell of the tiny lesson, with the blank line behind it."""
    begin = tiny.LESSON.index(marker)
    return tiny.LESSON[begin : tiny.LESSON.index("# %%", begin + 4)]


CARD, ANSWER = '# %% [markdown] card="mean_pool"', '# %% answer="mean_pool"'
CHECK, HIDDEN = '# %% check="mean_pool" points=1', '# %% hidden="mean_pool" points=2 seed=7'
HINTS = '# %% [markdown] hints="mean_pool"'
SHOW = 'show(fig, alt="A straight line that rises from zero to one.")'
HINT = "# - **You get NaN.** A text may have no token at all.\n"
DOC = [line for line in tiny.LESSON.split("\n") if '"""Average' in line][0] + "\n"  # noqa: RUF015
FIRST = "weights = attention_mask.unsqueeze(-1).to(token_embeddings.dtype)"
SECOND = [line for line in tiny.LESSON.split("\n") if "return (token_emb" in line][0]  # noqa: RUF015
PREDICTION = '# %% quiz="90-q1"'
FREE = tiny.QUIZ[tiny.QUIZ.index("- id: 90-q5") :]

LESSON_EDITS = [
    Edit("no card", cell(CARD), "", "mean_pool has no card cell", ANSWER),
    Edit("no answer", cell(ANSWER), "", "mean_pool has no answer cell", CARD),
    Edit("no check", cell(CHECK), "", "mean_pool has no check cell", CARD),
    Edit("no hidden", cell(HIDDEN), "", "mean_pool has no hidden cell", CARD),
    Edit("no hints", cell(HINTS), "", "mean_pool has no hints cell", CARD),
    Edit("two checks", cell(HIDDEN), cell(CHECK) + cell(HIDDEN), "a second check cell", None),
    Edit("order", cell(CARD) + cell(ANSWER), cell(ANSWER) + cell(CARD), "stand in the order", None),
    Edit("card's title", "# ### Exercise: mean", "# ### Mean", "a card begins", CARD),
    Edit("no docstring", DOC, "", "the stub mean_pool has no docstring", ANSWER),
    Edit("no marks", "    ### END SOLUTION\n", "", "needs one `### BEGIN SOLUTION`", ANSWER),
    Edit(
        "no solution",
        f"    {FIRST}\n{SECOND}\n",
        "",
        "mean_pool has no worked solution",
        ANSWER,
    ),
    Edit(
        "docstring in the solution",
        f"{DOC}    ### BEGIN SOLUTION\n",
        f"    ### BEGIN SOLUTION\n{DOC}",
        "signature and docstring stand before the solution",
        "### BEGIN SOLUTION",
    ),
    Edit("name", "def mean_pool(", "def mean_pooling(", "defines ['mean_pooling']", ANSWER),
    Edit(
        "two functions",
        "def mean_pool(",
        "def helper():\n    pass\n\n\ndef mean_pool(",
        "defines ['helper', 'mean_pool']",
        ANSWER,
    ),
    Edit("syntax", FIRST, "weights = (", "mean_pool: ", None),
    Edit("check's points", f"{CHECK}", CHECK[:-9], "check mean_pool has no points", "check="),
    Edit("hidden's points", "points=2", "points=0", "hidden mean_pool has no points", "hidden="),
    Edit("seed", " seed=7", "", "hidden mean_pool has no whole `seed`", "hidden="),
    Edit("seed in words", "seed=7", 'seed="x"', "no whole `seed`", "hidden="),
    Edit("hidden body", HIDDEN, HIDDEN + "\nprint(1)", "hidden mean_pool has a body", HIDDEN),
    Edit(
        "check's call",
        'check("mean_pool", mean_pool)',
        'check("mean_pool", pool)',
        'calls `check("mean_pool", mean_pool)`',
        CHECK,
    ),
    Edit("two hints", HINT, "", "has 2 hints", HINTS),
    Edit("four hints", HINT, HINT * 2, "has 4 hints", HINTS),
    Edit("hint's symptom", "**You get NaN.**", "You get NaN.", "has 2 hints", HINTS),
    Edit(
        "nbgrader by hand",
        CHECK,
        CHECK + ' nbgrader={"grade": true}',
        "nbgrader's metadata is the build's",
        CHECK,
    ),
    Edit(
        "mark in prose",
        'headline("mean 1.0")',
        "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS",
        "a mark outside an answer cell",
        None,
    ),
    Edit("long prose", "One idea,", "One idea " * 200, "a markdown cell of 4", "# %% [markdown]"),
    Edit("long code", "headline(", "x = 1\n" * 60 + "headline(", "a code cell of 61 lines", None),
    Edit("no alt", SHOW, "show(fig)", "the figure has no alt text", "show(fig)"),
    Edit("short alt", SHOW, 'show(fig, alt="A line.")', "an alt text says what", "show(fig,"),
    Edit("plt.show", SHOW, f"{SHOW}\nplt.show()", "not by plt.show()", "plt.show()"),
    Edit("not shown", SHOW, "fig.tight_layout()", "the figure is not shown", "plt.subplots("),
    Edit(
        "sys.path", "import torch\n", "import torch\nsys.path.append('.')\n", "no sys.path", "sys"
    ),
    Edit("chdir", "import torch\n", "import torch\nos.chdir('/')\n", "no os.chdir", "os.chdir"),
    Edit("code's syntax", 'headline("mean 1.0")', "headline(", "never closed", "headline("),
    Edit(
        "a parameter",
        'MODEL = "all-MiniLM-L6-v2"\n',
        "",
        "the parameters cell does not set MODEL",
        '# %% tags=["parameters"]',
    ),
    Edit("parameters", '# %% tags=["parameters"]', "# %%", "one cell is tagged `parameters`"),
    Edit("objectives", "#       - look at a figure\n", "", "three to five objectives"),
    Edit("minutes", "#     minutes: 25\n", "", "the header has no `minutes`"),
    Edit("number", '#     lesson: "90"', '#     lesson: "91"', "the header says lesson '91'"),
    Edit("header", "#   course:\n", "#   curse:\n", "the file's header has no `course:`"),
    Edit("text before", "# %% [markdown]", "x = 1\n\n# %% [markdown]", "before the first marker"),
    Edit(
        "solution shown",
        "pooled = pool(",
        f"# {FIRST}\ntoken_embeddings = attention_mask = torch.ones(1, 1)\n{FIRST}\npooled = pool(",
        "holds this line of the answer mean_pool",
        FIRST,
    ),
    Edit(
        "hidden shown",
        'headline("mean 1.0")',
        'check("mean_pool", mean_pool, hidden=7)',
        "the release holds a hidden line of hidden_mean_pool",
    ),
    Edit(
        "claim in the setup",
        "from lib.plots import show\n",
        'from lib.plots import show\n\nclaim("One is one.", True, measured="1")\n',
        "as the setup cell is not folded",
        "# %%",
    ),
    Edit(
        "claim in a check",
        'check("mean_pool", mean_pool)\n',
        'check("mean_pool", mean_pool)\nlearn.claim("One is one.", True, measured="1")\n',
        "as the check cell is not folded",
        CHECK,
    ),
    Edit("folded answer", ANSWER, f'{ANSWER} tags=["folded"]', "see the answer cell", ANSWER),
    Edit(
        "folded parameters",
        'tags=["parameters"]',
        'tags=["parameters", "folded"]',
        "see the parameters cell",
        "parameters",
    ),
    Edit(
        "nothing folded",
        PREDICTION,
        f'# %% [markdown] tags=["folded"]\n# ## 2. Only this\n\n{PREDICTION}',
        "there is nothing to fold",
        "folded",
    ),
    Edit(
        "telling heading",
        cell("# %%\npool = yours("),
        '# %% [markdown]\n# ## 2. The mean of equal numbers\n\n# %% quiz="90-q1"\n\n# %%\n'
        'claim("Equal numbers have their own mean.", True, measured="1")\n\n',
        "'The mean of equal numbers' tells before it is run that 'Equal numbers have their own mean.'",
        "# %% [markdown]",
    ),
    Edit("quiz body", '# %% quiz="90-q1"', '# %% quiz="90-q1"\nq1', "quiz 90-q1 has a body", "q1"),
    Edit("unknown item", 'quiz="90-q5"', 'quiz="90-q6"', "has no item 90-q6", "90-q6"),
    Edit(
        "item twice",
        '# %% quiz="90-q2"',
        '# %% quiz="90-q1"\n\n# %% quiz="90-q2"',
        "quiz 90-q1 stands twice",
        "90-q1",
    ),
]


def quiz(name: str, old: str, new: str, says: str, at: str | None = None) -> Edit:
    return Edit(name, old, new, says, at, YAML)


QUIZ_EDITS = [
    quiz("not YAML", "  kind: single", "  kind: [single", "not YAML"),
    quiz("no id", "- id: 90-q1", "- name: 90-q1", "a list of items that begin `- id: `"),
    quiz("same id", "- id: 90-q2", "- id: 90-q1", "item 90-q1 stands twice", None),
    quiz("id's form", "- id: 90-q5", "- id: 90-five", "its id has the form 90-q1", "90-five"),
    quiz("kind", "kind: ordering", "kind: sorting", "kind is 'sorting'", "90-q4"),
    quiz("no free item", FREE, "", "at least five quiz items; here are 4"),
    quiz("kinds", "kind: free", "kind: single", "no quiz item of kind free"),
    quiz("no prediction", "  predict: true\n", "", "no item to predict"),
    quiz("points", "  points: 2\n", "", "item 90-q5: it has no points", "90-q5"),
    quiz("prompt", "  prompt: Half of one?\n", "", "item 90-q3: it has no prompt", "90-q3"),
    quiz("key", "  key: 0.5\n", "", "item 90-q3: it has no key", "90-q3"),
    quiz("tolerance", "  tolerance: 0.01\n", "", "a number as key and a tolerance", "90-q3"),
    quiz("number", "key: 0.5", "key: half", "a number as key and a tolerance", "90-q3"),
    quiz("foreign key", "key: b", "key: d", "3 choices and the key 'd'", "90-q1"),
    quiz("two letters", "key: b", "key: bc", "a single choice is one letter", "90-q1"),
    quiz("half an order", "key: cab", "key: ca", "an ordering names every choice", "90-q4"),
    quiz(
        "choice's feedback",
        '{text: one, feedback: "Yes, whatever their number."}',
        "{text: one}",
        "choice b has no feedback",
        "90-q1",
    ),
    quiz("choice's text", "a: {text: zero,", "a: {", "choice a has no text", "90-q1"),
    quiz("right", 'right: "Right, exactly so.", ', "", "has `right` and `wrong`", "90-q3"),
    quiz(
        "rubric", "  rubric: [Names the summands, Names their number]\n", "", "a `rubric`", "90-q5"
    ),
    quiz(
        "feedback shown",
        "prompt: What is the mean of ones?",
        "prompt: What is the mean of ones? That is their sum.",
        "holds an answer or feedback of 90-q1",
        "90-q1",
    ),
    quiz(
        "key shown",
        "prompt: Half of one?",
        "prompt: Half of one, as in q3 = 0.5?",
        "holds an answer or feedback of 90-q3",
        "90-q3",
    ),
    quiz(
        "rubric shown",
        "prompt: Why is that so?",
        "prompt: Why is that so? Names their number, please.",
        "holds an answer or feedback of 90-q5",
        "90-q5",
    ),
]


def problems(root) -> list:
    with pytest.raises(LessonError) as caught:
        loading.load(root)
    return caught.value.problems


def test_the_lesson_itself_is_accepted(tmp_path):
    (lesson,) = loading.load(tiny.lay_out(tmp_path))
    assert lesson.exercises() == ["mean_pool"]
    assert list(lesson.quiz) == ["90-q1", "90-q2", "90-q3", "90-q4", "90-q5"]


@pytest.mark.parametrize("edit", [*LESSON_EDITS, *QUIZ_EDITS], ids=lambda e: e.name)
def test_the_build_refuses(edit, tmp_path):
    texts = edit.texts
    found = problems(tiny.lay_out(tmp_path, texts[PY], texts[YAML]))
    said = [p for p in found if edit.says in p.message]
    assert said, "\n".join(map(str, found))
    problem = said[0]
    assert problem.path == tmp_path / "lessons" / edit.file
    lines = problem.path.read_text().splitlines()
    if edit.at is not None:
        assert edit.at in lines[problem.line - 1], (problem.line, lines[problem.line - 1])
    else:
        assert 1 <= problem.line <= len(lines)
    assert str(problem) == f"{problem.path}:{problem.line}: {problem.message}"


@pytest.mark.parametrize(
    "new",
    [
        'show(fig, "A straight line that rises from zero to one.")',
        'plots.show(fig, alt=f"A line that rises from zero to {1.0:.0f}.")',
        "show(fig, alt=described)",
        'explore(figure, alt="A line that a slider moves up and down.", still=fig)',
        "show(*diagrams.architectures())",
    ],
)
def test_other_ways_to_show_a_figure_are_accepted(new, tmp_path):
    loading.load(tiny.lay_out(tmp_path, tiny.LESSON.replace(SHOW, new)))


def test_every_problem_of_every_lesson_is_told_at_once(tmp_path):
    root = tiny.lay_out(tmp_path, tiny.LESSON.replace("seed=7", "").replace(HINT, ""))
    other = tiny.LESSON.replace('lesson: "90"', 'lesson: "91"').replace(cell(CHECK), "")
    (root / "lessons" / "91_other.py").write_text(other)
    (root / "lessons" / "92_none.py").write_text("# %%\nx = 1\n")
    found = problems(root)
    messages = "\n".join(map(str, found))
    assert "90_tiny.py" in messages
    assert "seed" in messages
    assert "2 hints" in messages
    assert "91_other.py" in messages
    assert "no check cell" in messages
    assert "at least five quiz items; here are 0" in messages
    assert "92_none.py:1: the file's header" in messages


def test_lengths_are_measured_over_the_lesson_as_a_whole(tmp_path):
    prose = "# %% [markdown]\n# " + "word " * 60 + "\n\n"
    found = problems(tiny.lay_out(tmp_path, tiny.LESSON + "\n" + prose * 12))
    assert any("markdown cells: median 60 words, limit 50" in p.message for p in found)
    code = "# %%\n" + "x = 1\n" * 20 + "\n"
    found = problems(tiny.lay_out(tmp_path, tiny.LESSON + "\n" + code * 12))
    assert any("code cells: median 20 lines, limit 12" in p.message for p in found)
    few = "# %%\n" + "x = 1\n" * 40 + "\n"
    found = problems(tiny.lay_out(tmp_path, tiny.LESSON + "\n" + few * 3))
    assert any("code cells: p90 40 lines, limit 32" in p.message for p in found)


def test_a_docstring_does_not_count_as_code(tmp_path):
    long = DOC.rstrip()[:-3] + "\n" + "    More words.\n" * 60 + '    """\n'
    loading.load(tiny.lay_out(tmp_path, tiny.LESSON.replace(DOC, long)))


def test_an_exercise_without_a_check_is_refused_with_what_to_write(tmp_path):
    """As when `index_bytes` of lesson 05 is renamed in the lesson alone."""
    from harness.paths import root as course_root

    for suffix in (".py", ".quiz.yaml"):
        name = f"05_matryoshka{suffix}"
        text = (course_root() / "lessons" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("index_bytes", "bytes_of_index"), "utf-8")
    lesson = read(tmp_path / "05_matryoshka.py")
    found = {p.message: p.line for p in lint(lesson)}
    folder = "lib/checks/lesson_05"
    missing = (
        f"exercise bytes_of_index has no check: write {folder}/bytes_of_index.py with an EXERCISE, "
        f"and name it in EXERCISES of {folder}/__init__.py"
    )
    assert found[missing] == lesson.cell("answer", "bytes_of_index").line
    assert f"{folder}/__init__.py names index_bytes, which is no exercise of this lesson" in found


def test_checks_in_another_order_than_the_exercises_are_refused(monkeypatch):
    from harness.paths import root as course_root
    from lib import checks

    lesson = read(course_root() / "lessons" / "02_pooling.py")
    assert lint(lesson) == []
    names = checks.names

    def turned(number=None):
        return names(number)[::-1] if number == "02" else names(number)

    monkeypatch.setattr(checks, "names", turned)
    (problem,) = lint(lesson)
    assert "lesson_02/__init__.py has another order than the lesson: mean_pool" in problem.message


TEN = "".join(f"x{i} = {i}\n" for i in range(10))


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        (TEN, False),
        (TEN + "y = 1\n", True),
        ("import json\nfrom lib import (\n    losses,\n    search,\n)\n\n" + TEN, False),
        (TEN + "y = 1\nclaim('One is one.', y == 1, measured='1')\n", False),
    ],
)
def test_given_code_is_at_most_ten_lines_a_cell_unless_it_is_folded(code, refused, tmp_path):
    lesson = read(
        tiny.lay_out(tmp_path, f"{tiny.LESSON}\n# %%\n{code}") / "lessons" / f"{tiny.SLUG}.py"
    )
    said = [p.message for p in lint(lesson) if "of given code in a cell, limit 10" in p.message]
    assert bool(said) == refused
