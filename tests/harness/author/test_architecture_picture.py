"""The picture of the imports: what the code gives, without a circle, the same bytes each time."""

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from harness.author import architecture, layered_picture
from harness.author.architecture import Import, circles, main, picture, problems, read_house
from harness.author.layered_picture import Arrow, Box, apart, draw

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"
FILES = {
    "lessons/01_words.py": "from lib import pooling\nfrom lib.learn import check\n",
    "lib/__init__.py": "",
    "lib/pooling.py": "import lib.search\n",
    "lib/search.py": "",
    "lib/learn/__init__.py": "from lib.learn.checking import check\n",
    "lib/learn/checking.py": "import lib\nfrom lib import checks\n",
    "lib/checks/__init__.py": "",
    "lib/checks/lesson_01/__init__.py": "",
    "lib/checks/lesson_01/loss.py": "from lib.checks import every\n",
    "lib/checks/lesson_02/mean.py": "import lib.checks\n",
    "harness/__init__.py": "",
    "harness/limits.py": "",
    "harness/grade/__init__.py": "",
    "harness/grade/grader.py": "def run():\n    from harness.limits import Limits\n",
    "harness/grade/inner/deep.py": "from harness import limits\n",
    "harness/kernels/warm.py": (
        "import importlib\n"
        "NAMES = ['lib.checks', 'lib.checks.nothing at all', 'torch.nn']\n"
        "importlib.import_module(NAMES[0])\n"
    ),
}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_the_picture_in_docs_is_what_the_imports_give_and_there_is_no_circle():
    assert problems(ROOT) == []


def test_rooms_are_folders_and_imports_are_read_wherever_they_stand(root):
    house = read_house(root)
    assert house.rooms == {
        "harness": ["limits"],
        "harness/grade": ["grader", "inner/"],
        "harness/kernels": ["warm"],
        "lessons": ["01_words"],
        "lib": ["pooling", "search"],
        "lib/checks": [],
        "lib/checks/lesson_NN": ["lesson_01/", "lesson_02/"],
        "lib/learn": ["checking"],
    }
    assert house.imports == {
        ("harness/grade", "harness"): [
            Import("harness.grade.grader", "harness.limits"),
            Import("harness.grade.inner.deep", "harness.limits"),
        ],
        ("harness/kernels", "lib/checks"): [Import("harness.kernels.warm", "lib.checks")],
        ("lessons", "lib"): [Import("lessons.01_words", "lib.pooling")],
        ("lessons", "lib/learn"): [Import("lessons.01_words", "lib.learn")],
        ("lib/checks/lesson_NN", "lib/checks"): [
            Import("lib.checks.lesson_01.loss", "lib.checks"),
            Import("lib.checks.lesson_02.mean", "lib.checks"),
        ],
        ("lib/learn", "lib/checks"): [Import("lib.learn.checking", "lib.checks")],
    }
    assert circles(house) == []


def test_a_new_folder_is_a_room_and_shared_modules_are_one(root):
    write(root, "harness/astrology/stars.py", "from lib import _files\n")
    write(root, "lib/_files.py", "")
    house = read_house(root)
    assert house.rooms["harness/astrology"] == ["stars"]
    assert ("harness/astrology", "lib shared") in house.imports
    text = picture(house)
    assert "harness/astrology" in text
    assert "harness/astrology imports from lib: files, places (1)" in text


def test_a_drift_is_found_and_drawing_anew_mends_it(root, capsys):
    assert main(["--check"], root) == 1
    assert "architecture.svg is not what the imports give" in capsys.readouterr().err
    assert main([], root) == 0
    assert main(["--check"], root) == 0
    write(root, "harness/limits.py", "from lib.learn import check\n")
    assert main(["--check"], root) == 1


def test_a_circle_between_rooms_is_named_by_its_modules_and_drawn_dashed(root, capsys):
    write(root, "lib/checks/values.py", "def show():\n    from lib.learn import checking\n")
    assert main([], root) == 0  # it draws, and says so
    assert main(["--check"], root) == 1
    said = capsys.readouterr().err.splitlines()
    sentence = (
        "lib.learn.checking imports lib.checks, but lib.checks.values imports lib.learn.checking: "
        "a circle"
    )
    assert said == [sentence, sentence]
    drawn = ET.parse(root / architecture.PICTURE)
    assert len(drawn.findall(f"{SVG}path[@class='against']")) == 1
    assert len(drawn.findall(f"{SVG}path[@class='against-tip']")) == 1


def test_of_a_circle_over_three_rooms_the_arrow_with_the_fewest_imports_closes_it(root):
    write(root, "lib/checks/values.py", "from harness.grade import grader\n")
    write(root, "harness/grade/grader.py", "from harness.kernels import warm\n")
    write(root, "harness/kernels/other.py", "import lib.checks\nimport lib.checks.values\n")
    write(root, "lib/checks/more.py", "from harness.grade import grader\n")
    house = read_house(root)
    assert architecture.against(house) == [("harness/grade", "harness/kernels")]
    (sentence,) = circles(house)
    assert sentence == (
        "harness.grade.grader imports harness.kernels.warm, but harness.kernels.other imports "
        "lib.checks and lib.checks.more imports harness.grade.grader: a circle"
    )


def test_the_picture_is_the_same_whatever_the_hash_seed():
    code = (
        "import hashlib; from pathlib import Path; from harness.author import architecture as a\n"
        f"print(hashlib.sha256(a.picture(a.read_house(Path({str(ROOT)!r}))).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def rectangles(svg: ET.Element) -> list[tuple[float, float, float, float]]:
    found = [r for r in svg.iter(f"{SVG}rect") if r.get("class") != "ground"]
    return [
        (x, y, x + w, y + h)
        for x, y, w, h in ([float(r.get(k)) for k in ("x", "y", "width", "height")] for r in found)
    ]


def points(path: str) -> list[tuple[float, float]]:
    """Many points of a path of M, V and C."""
    at, found = (0.0, 0.0), []
    for letter, body in re.findall(r"([MVC])([^MVC]*)", path):
        numbers = [float(n) for n in body.split()]
        if letter == "C":
            p = [at, *zip(numbers[::2], numbers[1::2])]
            for t in (i / 20 for i in range(1, 21)):
                w = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3]
                found.append(tuple(sum(a * q[i] for a, q in zip(w, p)) for i in (0, 1)))
        else:
            end = (numbers[0], numbers[1]) if letter == "M" else (at[0], numbers[0])
            found += [(end[0], at[1] + (end[1] - at[1]) * i / 20) for i in range(21)]
        at = found[-1]
    return found[21:]  # without the way to the first point


@pytest.mark.parametrize("extra", [{}, {"lib/checks/x.py": "import lib.learn.checking\n"}])
@pytest.mark.parametrize("house", ["tiny", "real"])
def test_nothing_is_cut_off_and_no_arrow_runs_behind_a_box(root, house, extra):
    for name, text in extra.items():
        write(root, name, text)
    svg = ET.fromstring(picture(read_house(root if house == "tiny" else ROOT)))
    width, height = float(svg.get("width")), float(svg.get("height"))
    boxes = rectangles(svg)
    assert width >= layered_picture.WIDTH
    for x0, y0, x1, y1 in boxes:
        assert 0 < x0 < x1 < width
        assert 0 < y0 < y1 < height
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    lines = [p for p in svg.iter(f"{SVG}path") if "tip" not in p.get("class")]
    assert lines
    for line in lines:
        for x, y in points(line.get("d")):
            inside = [b for b in boxes if b[0] < x < b[2] and b[1] + 0.2 < y < b[3] - 0.2]
            assert inside == [], line.get("d")
    for text in svg.iter(f"{SVG}text"):
        letter = {"small": 6.65, "title": 8.6, "note": 7.2}[text.get("class")]
        assert float(text.get("x")) + letter * len(text.text) < width
        if text.get("class") == "small":
            x, y = float(text.get("x")), float(text.get("y"))
            assert any(
                b[0] < x and x + letter * len(text.text) <= b[2] and b[1] < y < b[3] for b in boxes
            )


def test_the_picture_says_in_words_what_it_shows_and_has_two_themes(root):
    svg = ET.fromstring(picture(read_house(root)))
    assert svg.get("role") == "img"
    assert svg.find(f"{SVG}title").text
    described = svg.find(f"{SVG}desc").text
    for source, target in read_house(root).imports:
        names = [architecture.TITLES.get(room, room) for room in (source, target)]
        assert f"{names[0]} imports from {names[1]} (" in described
    assert "prefers-color-scheme: dark" in svg.find(f"{SVG}style").text
    assert svg.find(f"{SVG}rect").get("class") == "ground"


def test_a_row_that_is_wider_than_the_page_widens_it():
    boxes = [Box(f"b{i}", f"b{i}", ["x" * 12] * 20, "lib") for i in range(6)]
    svg = ET.fromstring(draw(boxes, [], title="t", description="d"))
    assert float(svg.get("width")) > layered_picture.WIDTH
    assert max(x1 for _, _, x1, _ in rectangles(svg)) < float(svg.get("width"))


def test_a_box_stands_above_all_that_it_points_to():
    arrows = [Arrow("a", "b", 1), Arrow("b", "c", 1), Arrow("a", "c", 1), Arrow("c", "a", 1, True)]
    assert layered_picture.layers(["a", "b", "c", "d"], arrows) == {"a": 2, "b": 1, "c": 0, "d": 0}


def test_places_keep_their_order_and_gaps_and_stay_near():
    assert apart([0, 10], [5], 0, 100) == [0, 10]
    assert apart([10, 10], [6], 0, 100) == [7, 13]
    assert apart([9, 3, 40], [2, 2], 0, 100) == [5, 7, 40]
    assert apart([-5, 200], [5], 0, 100) == [0, 100]
