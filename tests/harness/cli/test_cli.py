import json
import re

import pytest
from typer.testing import CliRunner

from harness.author import mutation, proof
from harness.cli import doctor
from harness.cli import main as cli
from lib import _machine
from tests.harness import tiny

runner = CliRunner()
COMMANDS = {
    "build": [
        "Build notebooks/ from lessons/",
        "--check",
        "nothing is written",
        "--overwrite-answers",
    ],
    "run": [
        "Execute lessons",
        "--profile",
        "--jobs",
        "--seed",
        "--device",
        "--save",
        "results.json",
    ],
    "lab": ["Open the notebooks in JupyterLab", "my/", "--fresh", "--teacher"],
    "doctor": ["Look at this machine"],
    "grade": [
        "Grade notebooks",
        "--lesson",
        "--json",
        "--jobs",
        "--isolation",
        "--min-score",
        "--junit",
        "--markdown",
        "--github",
        "--gradescope",
        "--resume",
    ],
    "classroom": [
        "Keep a class",
        "init",
        "release",
        "collect",
        "autograde",
        "regrade",
        "feedback",
        "export",
        "report",
    ],
    "prove": ["Break every worked answer", "--least"],
}


def main(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    """The program as it is started: exit code, and what it printed on both streams."""
    monkeypatch.setattr("sys.argv", ["course", *arguments])
    try:
        cli.main()
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    said = capsys.readouterr()
    return code, " ".join((said.out + said.err).split())


@pytest.fixture
def course(monkeypatch, capsys):
    return lambda *arguments: main(monkeypatch, capsys, *arguments)


def plain(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


def test_the_program_lists_its_commands_and_exit_codes():
    done = runner.invoke(cli.app, ["--help"])
    assert done.exit_code == 0
    text = plain(done.output)
    for command in COMMANDS:
        assert command in text
    assert "Exit codes: 0 all is well, 1 something was found, 2" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_says_what_it_does_and_takes(command):
    done = runner.invoke(cli.app, [command, "--help"])
    assert done.exit_code == 0
    for part in COMMANDS[command]:
        assert part in plain(done.output), part


def test_every_command_is_listed_above():
    names = {c.name or c.callback.__name__ for c in cli.app.registered_commands}
    names |= {group.name for group in cli.app.registered_groups}
    assert names == set(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sing"], "No such command 'sing'"),
        (["build", "--nonsense"], "No such option: --nonsense"),
        (["run", "--profile", "slow"], "it is fast or full"),
        (["run", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["run", "--cell-timeout", "-1"], "Invalid value for '--cell-timeout'"),
        (["run", "--seed", "x"], "Invalid value for '--seed'"),
        (["run", "7"], "there is no lesson '7'; there are: 90_tiny"),
        (["run", "[red]"], "there is no lesson '[red]'"),
        (["prove", "nothing"], "no exercise with a check is named 'nothing'; there are: mean_pool"),
        (["lab"], "notebooks/ is empty: run `course build` first"),
        (["lab", "--fresh", "90"], "notebooks/ is empty: run `course build` first"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_argument_exits_with_2_and_a_sentence(arguments, says, course, root):
    code, said = course(*arguments)
    assert code == 2
    assert says in plain(said)
    assert "Traceback" not in said


def test_without_lessons_every_command_says_where_it_works(course, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    for command in ("build", "run", "lab", "doctor", "prove"):
        code, said = course(command)
        assert code == 2, command
        assert f"no lessons/ in {tmp_path}" in said
        assert "set COURSE_ROOT" in said


def test_build_tells_what_it_wrote_and_then_that_all_is_well(course, root):
    code, said = course("build")
    assert code == 0
    assert "wrote notebooks/90_tiny.ipynb" in said
    assert course("build") == (0, "notebooks/ is up to date")


def test_build_names_a_notebook_that_was_worked_in_and_says_what_to_do(course, root):
    course("build")
    notebook = root / "notebooks" / "90_tiny.ipynb"
    worked = json.loads(notebook.read_text())
    cell = next(c for c in worked["cells"] if c["id"] == "mean_pool")
    cell["source"] = "def mean_pool(t, m):\n    return t.mean(1)"
    notebook.write_text(json.dumps(worked))
    code, said = course("build")
    assert code == 1
    assert "notebooks/90_tiny.ipynb holds work that was not built: mean_pool" in said
    assert "`course build --overwrite-answers` keeps a copy in my/" in said
    assert "t.mean(1)" in notebook.read_text()
    code, said = course("build", "--overwrite-answers")
    assert code == 0
    assert "wrote my/90_tiny.yours-" in said
    assert "t.mean(1)" not in notebook.read_text()


def test_build_check_writes_nothing_and_fails_on_drift(course, root):
    code, said = course("build", "--check")
    assert code == 1
    assert "notebooks/90_tiny.ipynb: is missing" in said
    assert "solutions/90_tiny.ipynb: is missing: run `course run --save`" in said
    assert not list((root / "notebooks").iterdir())


@pytest.mark.parametrize("command", [["build"], ["build", "--check"], ["run"], ["prove"]])
def test_a_refused_lesson_is_told_with_file_and_line(command, course, root):
    if command == ["prove"]:
        tiny.lay_out(root, tiny.LESSON.replace("  course:", "  curse:"))
        where, what = "90_tiny.py:1:", "the file's header has no `course:`"
    else:
        tiny.lay_out(root, tiny.LESSON.replace("def mean_pool(", "def mean_pooling("))
        where, what = "90_tiny.py:", "defines ['mean_pooling']"
    code, said = course(*command)
    assert code == 1
    assert where in said
    assert what in said
    assert not list((root / "notebooks").iterdir())


def test_an_expected_failure_shows_its_stack_only_when_asked_to(course, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setenv("COURSE_DEBUG", "1")
    with pytest.raises(FileNotFoundError):
        course("build")


def test_prove_prints_a_score_and_fails_below_the_share_asked_for(course, root):
    code, said = course("prove", "mean_pool")
    found = re.search(r"mean_pool │ +(\d+) │ +(\d+) │ +(\d+) │ +([\d.]+)%", said)
    assert found, said
    assert int(found[1]) >= 20
    (score,) = proof.scores(root, ["mean_pool"])
    assert (score.total, score.rejected) == (int(found[1]), int(found[2]))
    assert isinstance(score, mutation.Score)
    assert code == (1 if score.rate < 0.95 or score.unused else 0)
    assert course("prove", "mean_pool", "--least", "1.01")[0] == 1


def test_prove_takes_the_exercises_it_is_asked_for_or_all(root, monkeypatch):
    answer = tiny.LESSON[tiny.LESSON.index('# %% answer="mean_pool"') :]
    answer = answer[: answer.index("# %% check")].replace("mean_pool", "max_pool")
    tiny.lay_out(root, tiny.LESSON + "\n" + answer)
    monkeypatch.setattr(mutation, "score", lambda exercise, solution, names: exercise.name)
    assert proof.scores(root) == ["mean_pool", "max_pool"]
    assert proof.scores(root, ["max_pool"]) == ["max_pool"]
    with pytest.raises(ValueError, match="there are: mean_pool, max_pool"):
        proof.scores(root, ["cls_pool"])


def test_an_answer_sees_the_imports_and_answers_before_it_and_no_other_code(root):
    text = tiny.LESSON.replace(
        '# %% [markdown] card="mean_pool"',
        '# %%\nimport math as m\n\n1 / 0\n\n# %% [markdown] card="mean_pool"',
    )
    tiny.lay_out(root, text)
    (lesson,) = proof.lessons(root)
    scope = proof.namespace(lesson, "mean_pool")
    assert scope["m"].pi > 3
    assert "torch" in scope
    assert "mean_pool" not in scope
    assert "SEED" not in scope
    with pytest.raises(KeyError, match="has no exercise 'max_pool'"):
        proof.namespace(lesson, "max_pool")


@pytest.mark.slow
def test_doctor_has_a_line_for_everything_and_exits_well_where_the_course_works(course, root):
    code, said = course("doctor")
    assert code == 0, said
    for name in (
        *("Python", "Packages", "Model", "Retrieval set", "Word vectors", "Word tests"),
        *("GPU", "Memory", "Disk", "Isolation"),
    ):
        assert re.search(rf"(ok|note) +{name} ", said), name
    assert "missing" not in said


def _findings(monkeypatch, *findings):
    monkeypatch.setattr(doctor, "examine", lambda root: list(findings))


def test_doctor_exits_with_1_if_something_is_missing_and_says_what_to_do(course, root, monkeypatch):
    note = _machine.Finding("note", "GPU", "none", "Not needed.")
    lack = _machine.Finding("missing", "Model", "it is not installed", "Run `pip install it`.")
    _findings(monkeypatch, note, lack)
    code, said = course("doctor")
    assert code == 1
    assert "missing Model it is not installed. Run `pip install it`." in said
    _findings(monkeypatch, note)
    assert course("doctor")[0] == 0


def test_doctor_compares_installed_packages_with_the_lock(tmp_path):
    import numpy
    import yaml

    lock = tmp_path / "requirements.lock"
    assert doctor._packages(tmp_path).state == "note"
    lock.write_text(
        f"numpy=={numpy.__version__}  # why\nPyYAML=={yaml.__version__}; extra\n\n# x\n"
    )
    assert _machine.pins(lock) == {"numpy": numpy.__version__, "pyyaml": yaml.__version__}
    assert doctor._packages(tmp_path).state == "ok"
    lock.write_text("numpy==0.0.1\n")
    other = doctor._packages(tmp_path)
    assert other.state == "note"
    assert f"numpy {numpy.__version__} (tested: 0.0.1)" in other.text
    lock.write_text("numpy==0.0.1\nno-such-package-here==1.0\n")
    lack = doctor._packages(tmp_path)
    assert lack.state == "missing"
    assert "no-such-package-here" in lack.text
    assert "make setup" in lack.todo


def test_doctor_tells_a_python_that_is_too_old(monkeypatch):
    monkeypatch.setattr(_machine.sys, "version_info", (3, 9, 1))
    assert _machine.python().state == "missing"
    monkeypatch.setattr(_machine.sys, "version_info", (3, 12, 0))
    assert _machine.python().state == "ok"


def test_doctor_tells_of_little_memory_and_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "MIN_MEMORY_GIB", 1e6)
    monkeypatch.setattr(_machine, "MIN_DISK_GIB", 1e6)
    assert "--jobs 1" in doctor._memory().todo
    assert _machine.disk(tmp_path).state == "note"


def test_doctor_tells_of_a_model_or_data_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(_machine, "package_file", lambda package, *parts: None)
    findings = [_machine.model(), *_machine.data()]
    assert {f.state for f in findings} == {"missing"}
    assert all(f.todo.startswith("Run `pip install ") for f in findings)
