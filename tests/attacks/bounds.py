"""Hand-ins that would make the grader slow or large, or leave something behind: rows 57 to 64.

`FOUND` says what they did before there was a defence; `READ` are those that are in the file itself, and
`CELLS` those that a cell does while it runs, which prints `WON` when it got what it wanted.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import nbformat

from tests.attacks import assignment
from tests.attacks.outside import Cell


@dataclass(frozen=True)
class Found:
    """An attack that got through, and what it did."""

    row: int
    name: str
    before: str


FOUND = [
    Found(57, "cells that make parsing quadratic", "hours, without a limit"),
    Found(57, "more than 500 magics in a cell", "the grader's own error"),
    Found(57, "a script of 150,000 cells", "hours, without a limit"),
    Found(57, "a zip whose list of files is long", "3 GiB in the grader"),
    Found(58, "huge arrays for a check to keep", "2 GiB and more in the judge"),
    Found(59, "a small zip of a large JSON", "1.2 GiB from 47 kB"),
    Found(59, "messages sent while a check runs", "2.1 GiB in the grader"),
    Found(60, "cells that block only when repeated", "46 s at a limit of 8 s"),
    Found(61, "sockets replaced by links to the warm parent's", "other students wait for seconds"),
    Found(62, "the socket folder as a disk", "700 MiB, without a limit"),
    Found(62, "paths longer than can be named", "not counted"),
    Found(63, "nested and closed folders", "a submission lost, a folder left"),
    Found(64, "the grader killed", "students' files left for good"),
]


@dataclass(frozen=True)
class Read:
    """A file to hand in; `made` gives its name and bytes."""

    name: str
    made: Callable[[], tuple[str, bytes]]


def _with_cells(*sources: str) -> tuple[str, bytes]:
    plain = json.loads(nbformat.writes(assignment.submission(assignment.RIGHT)))
    own = [
        {"cell_type": "code", "source": s, "metadata": {}, "outputs": [], "execution_count": None}
        for s in sources
    ]
    plain["cells"][2:2] = own
    return f"{assignment.NAME}.ipynb", json.dumps(plain).encode()


def _zipped(*members: tuple[str, bytes]) -> tuple[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return f"{assignment.NAME}.zip", packed.getvalue()


def _json(text: bytes) -> tuple[str, bytes]:
    return f"{assignment.NAME}.ipynb", text


def bomb(count: int) -> bytes:
    """A notebook that is nothing but lists and objects."""
    return b'{"cells":[' + b"[{}]," * count + b"1]}"


READ = [
    Read("20,000 empty lines", lambda: _with_cells("\n" * 20_000 + "x = 1")),
    Read("empty lines of 2 MiB", lambda: _with_cells("\n" * (2 << 20) + "x = 1")),
    Read("empty lines and a magic", lambda: _with_cells("\n" * 120_000 + "!ls")),
    Read("600 magics", lambda: _with_cells("%ls\n" * 600)),
    Read("a megabyte of magics", lambda: _with_cells(*["%\n" * 50_000] * 3)),
    Read("11,000 functions", lambda: _with_cells("def f(x):\n    return x\n" * 5_500)),
    Read("expressions", lambda: _with_cells(*["a\n" * 60_000] * 3)),
    Read("nested lambdas", lambda: _with_cells("lambda:" * 900 + "1", "-" * 9_000 + "1")),
    Read("a chain of cells", lambda: _with_cells(*[f"a{i + 1} = a{i}" for i in range(1_900)])),
    Read(
        "a million cells", lambda: _json(b'{"cells":[' + b'{"cell_type":"code"},' * 10**6 + b"1]}")
    ),
    Read(
        "a million things that are no cells", lambda: _json(b'{"cells":[' + b"1," * 10**6 + b"1]}")
    ),
    Read("nested lists", lambda: _json(b'{"cells":' + b"[" * 100_000)),
    Read("strings that are not closed", lambda: _json(b'{"cells":[' + b'"\\' * 5_000_000)),
    Read("a large JSON in a small zip", lambda: _zipped(("a.ipynb", bomb(9_000_000)))),
    Read(
        "many notebooks in a zip",
        lambda: _zipped(*[(f"{number}.ipynb", bomb(1_300)) for number in range(1_500)]),
    ),
    Read("60,000 files in a zip", lambda: _zipped(*[(f"{n}", b"") for n in range(60_000)])),
    Read("a script of many cells", lambda: ("ps1.py", b"# %%\nx\n" * 150_000)),
    Read("a script with a long beginning", lambda: ("ps1.py", b"# %% " + b"(" * 1_000_000)),
    Read("a script with a long header", lambda: ("ps1.py", b"# ---\n" + b"#   a: [\n" * 30_000)),
]

_SOCKETS = """
where = os.path.join(os.path.dirname(os.getcwd()), "s")
"""
CELLS = [
    Cell(
        "sockets replaced by links to the warm parent's",
        61,
        _SOCKETS
        + """
def links():
    names = os.listdir(where)
    for name in names:
        try:
            os.unlink(os.path.join(where, name))
            os.symlink("{warm}", os.path.join(where, name))
            return name
        except OSError:
            pass
def renames():
    os.rename(where, where + "-old")
    return True
def opens():
    os.chmod(where, 0o700)
    return os.access(where, os.W_OK)
attack(opens); attack(links); attack(renames)""",
    ),
    Cell(
        "the socket folder as a disk",
        62,
        _SOCKETS
        + """
def fills():
    return open(os.path.join(where, "file"), "wb").write(bytes(1 << 20))
def nests():
    os.mkdir(os.path.join(where, "deep"))
    return True
def listens():
    socket.socket(socket.AF_UNIX).bind(os.path.join(where, "own"))
    return True
attack(fills); attack(nests); attack(listens)""",
    ),
    Cell(
        "paths longer than can be named",
        62,
        """
here, written = os.open(".", os.O_RDONLY), 0
def fills():
    global written
    for _ in range(40):
        os.mkdir("n" * 200)
        os.chdir("n" * 200)
    for number in range(8):
        with open(f"fill-{number}", "wb") as file:
            for _ in range(64):
                written += file.write(bytes(1 << 20))
                time.sleep(0.005)
    return written
attack(fills)
os.fchdir(here)
assert written < 500 << 20, print("WON", written)""",
        True,
    ),
    Cell(
        "nested folders",
        63,
        """
here = os.open(".", os.O_RDONLY)
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
os.fchdir(here)""",
    ),
    Cell(
        "closed folders",
        63,
        """
for place in (".", os.environ["HOME"]):
    try:
        os.makedirs(os.path.join(place, "closed", "in"))
        open(os.path.join(place, "closed", "in", "file"), "w").close()
        os.symlink("/", os.path.join(place, "closed", "link"))
        os.chmod(os.path.join(place, "closed", "in"), 0)
        os.chmod(os.path.join(place, "closed"), 0)
    except OSError:
        pass""",
    ),
]
