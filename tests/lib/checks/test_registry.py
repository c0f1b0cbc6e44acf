"""A check is found by the name of its file, and nothing else is imported for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from lib import checks
from tests.lib.checks.alternatives import alternatives

FOLDER = Path(checks.__path__[0])


def _python(code: str, *path: Path) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "\n".join([f"import sys; sys.path[:0] = {[str(p) for p in path]}", code]),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_to_find_one_check_imports_its_file_and_what_it_shares():
    said = _python(
        "import sys\nfrom lib import checks\nchecks.find('cls_pool')\n"
        "print(*sorted(m for m in sys.modules if m.startswith('lib.checks.lesson_')))"
    )
    assert said.split() == [
        "lib.checks.lesson_02",
        "lib.checks.lesson_02._token_batches",
        "lib.checks.lesson_02._token_pooling",
        "lib.checks.lesson_02.cls_pool",
    ]


def test_names_are_listed_without_importing_a_check():
    said = _python(
        "import sys\nfrom lib import checks\nassert 'mean_pool' in checks.names('02')\n"
        "assert len(checks.names()) > 30\n"
        "print([m for m in sys.modules if m.startswith('lib.checks.lesson_') and m.count('.') > 2])"
    )
    assert said.strip() == "[]"


@pytest.mark.parametrize("lesson", checks.lessons())
def test_every_file_of_a_lesson_is_named_and_every_name_has_a_file(lesson):
    files = {p.stem for p in (FOLDER / f"lesson_{lesson}").glob("*.py") if p.stem[0] != "_"}
    assert files == set(checks.names(lesson))
    assert len(checks.names(lesson)) == len(files)


@pytest.fixture
def copied(tmp_path):
    """The package `lib`, its checks in a copy that may be broken."""
    import shutil

    shutil.copytree(FOLDER.parent, tmp_path / "lib")
    return tmp_path


@pytest.mark.slow
def test_a_broken_file_of_one_lesson_leaves_the_others_working(copied):
    broken = copied / "lib" / "checks" / "lesson_05" / "index_bytes.py"
    broken.write_text(broken.read_text() + "\nraise RuntimeError('half written')\n")
    said = _python(
        "from lib import checks, pooling\nfrom lib.learn import check\n"
        "assert checks.__path__[0].startswith(sys.path[0])\n"
        "check('mean_pool', pooling.mean_pool)\nprint(len(checks.names()), 'names')\n"
        "try:\n    checks.find('index_bytes')\nexcept checks.BrokenCheck as error:\n    print(error)",
        copied,
    )
    assert "mean_pool: passed" in said
    assert f"{len(checks.names())} names" in said
    assert "lib/checks/lesson_05/index_bytes.py cannot be used: RuntimeError: half written" in said


@pytest.mark.slow
def test_a_broken_file_that_two_share_is_the_one_that_is_named(copied):
    shared = copied / "lib" / "checks" / "lesson_02" / "_token_pooling.py"
    shared.write_text(shared.read_text() + "\n1 / 0\n")
    said = _python(
        "from lib import checks\n"
        "try:\n    checks.find('cls_pool')\nexcept checks.BrokenCheck as error:\n    print(error)",
        copied,
    )
    assert "lib/checks/lesson_02/_token_pooling.py cannot be used: ZeroDivisionError" in said


@pytest.mark.slow
def test_a_broken_list_of_one_lesson_is_said_by_what_needs_it(copied):
    (copied / "lib" / "checks" / "lesson_05" / "__init__.py").write_text("EXERCISES = (")
    said = _python(
        "from lib import checks\nprint(checks.find('mean_pool').name, checks.names('02'))\n"
        "try:\n    checks.names()\nexcept checks.BrokenCheck as error:\n    print(error)",
        copied,
    )
    assert "lib/checks/lesson_05/__init__.py cannot be used: SyntaxError" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('name="x"', "says that it is x of lesson 02"),
        ("", "another lesson has an exercise of this name"),
    ],
)
def test_a_file_that_is_another_s_is_refused(copied, change, says):
    folder = copied / "lib" / "checks"
    file = folder / "lesson_02" / "mean_pool.py"
    text = file.read_text()
    assert '    "mean_pool",\n' in text
    if change:
        file.write_text(text.replace('    "mean_pool",\n', '    "x",\n'))
    else:
        (folder / "lesson_03" / "mean_pool.py").write_text(text)
    said = _python(
        "from lib import checks\n"
        "try:\n    checks.find('mean_pool')\nexcept checks.BrokenCheck as error:\n    print(error)",
        copied,
    )
    assert says in said


@pytest.mark.parametrize("name", ["nothing", "", "_token_pooling", "__init__", "../values"])
def test_what_is_no_exercise_is_told_with_those_that_are(name):
    with pytest.raises(KeyError, match=r"there is no exercise .*mean_pool"):
        checks.find(name)


def test_no_right_answer_but_the_oracle_is_in_what_is_installed():
    text = "\n".join(path.read_text() for path in FOLDER.rglob("*.py"))
    assert "alternatives" not in text
    assert "An alternative" not in text
    found = [f for exercise in checks.every() for f in alternatives(exercise.name)]
    assert len(found) >= 2 * len(checks.names())
